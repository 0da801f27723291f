//! Devices in files: making, checking and listing them, and running scripts on them.

use super::{Failure, input};
use crate::base::{DevBlock, Errno, Range};
use crate::dev::file::{ByteFile, FileMedium, Remember};
use crate::dev::{BlockDevice, Disk};
use crate::personality;
use crate::scenario::devices::{Devices, Start};
use crate::scenario::machine::Machine;
use crate::scenario::script::Directives;
use crate::scenario::setup::{RECORDED_SIZE, Setup};
use crate::sim::cx::Recording;
use crate::store::read::{self, Image};
use crate::store::{Finding, Superblock, fsck};
use crate::view::json;
use clap::Args;
use serde::Serialize;
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// A file that is open for reading, and for writing where that is wanted.
struct OsFile(std::cell::RefCell<File>);

impl ByteFile for OsFile {
    fn read_at(&self, at: u64, to: &mut [u8]) -> Result<(), Errno> {
        let mut file = self.0.borrow_mut();
        let read = file.seek(SeekFrom::Start(at)).and_then(|_| file.read_exact(to));
        read.map_err(|_| Errno::EIO)
    }
    fn write_at(&mut self, at: u64, from: &[u8]) -> Result<(), Errno> {
        let file = self.0.get_mut();
        let written = file.seek(SeekFrom::Start(at)).and_then(|_| file.write_all(from));
        written.map_err(|error| match error.kind() {
            std::io::ErrorKind::StorageFull => Errno::ENOSPC,
            _ => Errno::EIO,
        })
    }
    fn sync(&mut self) -> Result<(), Errno> {
        self.0.get_mut().sync_data().map_err(|_| Errno::EIO)
    }
}

fn complaint(path: &Path, what: impl std::fmt::Display) -> Failure {
    Failure::Input(format!("extentscope: {}: {what}", path.display()))
}

fn size_of(path: &Path) -> Result<u64, Failure> {
    std::fs::metadata(path).map(|found| found.len()).map_err(|error| complaint(path, error))
}

fn open(path: &Path, write: bool) -> Result<OsFile, Failure> {
    let file = OpenOptions::new().read(true).write(write).open(path).map_err(|error| complaint(path, error))?;
    Ok(OsFile(std::cell::RefCell::new(file)))
}

/// The device of a setup in a file, the same one each time it is asked for.
fn device_in(file: OsFile, setup: &Setup, start: Start) -> Devices {
    let medium = FileMedium::new(file, setup.block_size(), Remember::No);
    let blocks = setup.layout().blocks();
    Devices::new(move || -> (Box<dyn BlockDevice>, Start) {
        (Box::new(Disk::over(blocks, Box::new(medium.clone()))), start)
    })
}

/// The filesystem that is on a device, or a new one where the file is missing or empty: its setup and the device.
///
/// # Errors
/// What is wrong with the device, the settings or the file.
pub fn open_on(path: &Path, personality: Option<&str>, directives: &Directives) -> Result<(Setup, Devices), Failure> {
    if path.exists() && size_of(path)? > 0 {
        let file = open(path, true)?;
        let superblock = superblock(&file, size_of(path)?).map_err(|findings| broken(path, &findings))?;
        let mut directives = directives.clone();
        directives.personality = personality.map(str::to_owned).or(directives.personality);
        let setup = Setup::of_device(&superblock.settings, &directives).map_err(|error| complaint(path, error))?;
        let image = image(&file, superblock, &setup);
        image.map_err(|findings| broken(path, &findings))?;
        let devices = device_in(file, &setup, Start::Mount);
        return Ok((setup, devices));
    }
    let own = directives.personality.as_deref();
    let name = personality.or(own).unwrap_or(personality::DEFAULT);
    let setup = Setup::sized(name, directives, RECORDED_SIZE).map_err(|error| complaint(path, error))?;
    let file = create(path, &setup)?;
    let devices = device_in(file, &setup, Start::Format);
    Ok((setup, devices))
}

/// A file as large as the device of a setup, full of its prefill.
fn create(path: &Path, setup: &Setup) -> Result<OsFile, Failure> {
    let mut options = OpenOptions::new();
    let file = options.read(true).write(true).create(true).truncate(false).open(path);
    let file = file.map_err(|error| complaint(path, error))?;
    file.set_len(setup.layout().bytes()).map_err(|error| complaint(path, error))?;
    let mut file = OsFile(std::cell::RefCell::new(file));
    if setup.prefill() != 0 {
        let block = vec![setup.prefill(); 1 << 16];
        let mut at = 0;
        while at < setup.layout().bytes() {
            let part = block.len().min(usize::try_from(setup.layout().bytes() - at).unwrap_or(block.len()));
            file.write_at(at, &block[..part]).map_err(|errno| complaint(path, errno.text()))?;
            at += part as u64;
        }
    }
    Ok(file)
}

fn superblock(file: &OsFile, bytes: u64) -> Result<Superblock, Vec<Finding>> {
    read::superblock(bytes, &mut |at| {
        let mut sector = vec![0; crate::store::superblock::SECTOR];
        file.read_at(at, &mut sector).map(|()| sector)
    })
}

/// What the device holds, if it keeps every rule.
fn image(file: &OsFile, superblock: Superblock, setup: &Setup) -> Result<Image, Vec<Finding>> {
    let block = setup.block_size();
    let mut read = |range: Range<DevBlock>| {
        let mut bytes = vec![0; usize::try_from(range.len() * block).map_err(|_| Errno::EIO)?];
        file.read_at(range.start.0 * block, &mut bytes).map(|()| bytes)
    };
    let mut findings = Vec::new();
    if superblock.layout != setup.layout() {
        let what = format!("{:?}, the settings say {:?}", superblock.layout, setup.layout());
        findings.push(Finding::new(crate::store::Rule::SuperblockGeometry, "superblock", None, what));
        return Err(findings);
    }
    let image = read::image(superblock, &mut read, &mut |finding| findings.push(finding));
    fsck::check(&image.contents, setup.profile(), &mut |finding| findings.push(finding));
    if findings.is_empty() { Ok(image) } else { Err(findings) }
}

fn broken(path: &Path, findings: &[Finding]) -> Failure {
    let lines: Vec<String> = findings.iter().map(|finding| format!("{}: {finding}", path.display())).collect();
    Failure::Input(lines.join("\n"))
}

/// Make a filesystem on a device
///
/// The device is a file; it is made as large as the filesystem needs. What was on it is gone.
#[derive(Args, Debug)]
pub struct Mkfs {
    /// The filesystem to make
    #[arg(short, long, value_name = "NAME", default_value = personality::DEFAULT)]
    personality: String,
    /// Bytes for data, such as 64m
    #[arg(long, value_name = "BYTES", value_parser = input::size, default_value = "64m")]
    size: u64,
    /// Options of the filesystem's own mkfs, such as "-b 1024"
    #[arg(long, value_name = "OPTIONS", default_value = "", allow_hyphen_values = true)]
    options: String,
    /// The file
    #[arg(value_name = "DEVICE")]
    device: PathBuf,
}

impl Mkfs {
    pub fn run(&self, out: &mut impl Write) -> Result<(), Failure> {
        let mut directives = Directives { size: Some(self.size), ..Directives::default() };
        if !self.options.is_empty() {
            directives.mkfs.insert(self.personality.clone(), self.options.clone());
        }
        let setup = Setup::new(&self.personality, &directives).map_err(|error| complaint(&self.device, error))?;
        File::create(&self.device).map_err(|error| complaint(&self.device, error))?;
        let file = create(&self.device, &setup)?;
        let devices = device_in(file, &setup, Start::Format);
        drop(Machine::on(&setup, &devices, Recording::Off));
        let layout = setup.layout();
        writeln!(
            out,
            "{}: {}, {} blocks of {} bytes for data, {} nodes, {} bytes in all",
            self.device.display(),
            self.personality,
            layout.data_blocks,
            layout.block.bytes(),
            layout.nodes,
            layout.bytes()
        )?;
        Ok(())
    }
}

/// Check a device, and change nothing
///
/// Names each broken rule with the object and the block; docs/FORMAT.md lists the rules. Exit status 1 when one is broken.
#[derive(Args, Debug)]
pub struct Fsck {
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    /// The file
    #[arg(value_name = "DEVICE")]
    device: PathBuf,
}

/// The report of `fsck --json`.
#[derive(Serialize)]
struct Report {
    device: String,
    clean: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    generation: Option<u64>,
    findings: Vec<Finding>,
}

impl Fsck {
    pub fn run(&self, out: &mut impl Write) -> Result<(), Failure> {
        let file = open(&self.device, false)?;
        let (generation, findings) = check(&file, size_of(&self.device)?);
        if self.json {
            let device = self.device.display().to_string();
            let report = Report { device, clean: findings.is_empty(), generation, findings: findings.clone() };
            json::write(&mut *out, &report)?;
            out.write_all(b"\n")?;
        } else {
            for finding in &findings {
                writeln!(out, "{finding}")?;
            }
            if let (true, Some(generation)) = (findings.is_empty(), generation) {
                writeln!(out, "{}: clean, commit {generation}", self.device.display())?;
            }
        }
        match findings.len() {
            0 => Ok(()),
            count => Err(Failure::Finding(format!("{}: {count} rules broken", self.device.display()))),
        }
    }
}

/// The newest commit and what is wrong.
fn check(file: &OsFile, bytes: u64) -> (Option<u64>, Vec<Finding>) {
    let superblock = match superblock(file, bytes) {
        Ok(superblock) => superblock,
        Err(findings) => return (None, findings),
    };
    let generation = Some(superblock.generation);
    let setup = match Setup::of_device(&superblock.settings, &Directives::default()) {
        Ok(setup) => setup,
        Err(error) => {
            let rule = crate::store::Rule::SuperblockGeometry;
            return (generation, vec![Finding::new(rule, "superblock", None, error.to_string())]);
        }
    };
    (generation, image(file, superblock, &setup).err().unwrap_or_default())
}

/// Print what a device holds, one item a line
#[derive(Args, Debug)]
pub struct Dump {
    /// The file
    #[arg(value_name = "DEVICE")]
    device: PathBuf,
}

impl Dump {
    pub fn run(&self, out: &mut impl Write) -> Result<(), Failure> {
        let file = open(&self.device, false)?;
        let superblock = superblock(&file, size_of(&self.device)?).map_err(|found| broken(&self.device, &found))?;
        writeln!(out, "commit {}, root {:?}", superblock.generation, superblock.root)?;
        writeln!(out, "{:?}", superblock.layout)?;
        out.write_all(superblock.settings.as_bytes())?;
        let layout = superblock.layout;
        let mut findings = Vec::new();
        let mut node = |address: u32| {
            let range = layout.node(address);
            let mut bytes = vec![0; usize::try_from(range.len() * layout.block.bytes()).map_err(|_| Errno::EIO)?];
            file.read_at(range.start.0 * layout.block.bytes(), &mut bytes).map(|()| bytes)
        };
        let mut walk = crate::store::tree::Walk {
            layout: &layout,
            generation: superblock.generation,
            read: &mut node,
            report: &mut |finding| findings.push(finding),
            live: std::collections::BTreeMap::new(),
            items: std::collections::BTreeMap::new(),
        };
        if let Some(root) = &superblock.root {
            walk.run(root);
        }
        let (items, nodes) = (walk.items, walk.live.len());
        for (key, payload) in &items {
            match crate::store::Item::decode(key, payload) {
                Some(item) => writeln!(out, "{item:?}")?,
                None => writeln!(out, "{key}: {} bytes that say nothing", payload.len())?,
            }
        }
        writeln!(out, "{} items in {nodes} nodes", items.len())?;
        if findings.is_empty() { Ok(()) } else { Err(broken(&self.device, &findings)) }
    }
}
