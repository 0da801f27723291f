//! Devices in files: making, checking and listing them, and running scripts on them.

use super::{Failure, input};
use crate::base::{Errno, SortedMap};
use crate::dev::file::{ByteFile, FileMedium, Remember};
use crate::personality;
use crate::scenario::devices::{Devices, Start};
use crate::scenario::found::{self, Trouble};
use crate::scenario::machine::Machine;
use crate::scenario::script::Directives;
use crate::scenario::setup::{RECORDED_SIZE, Setup};
use crate::sim::cx::Recording;
use crate::store::Finding;
use crate::view::json;
use clap::Args;
use serde::Serialize;
use std::cell::RefCell;
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

const MKFS_EXAMPLES: &str = "\
Examples:
  extentscope mkfs --personality xfs --size 64m disk.img
  extentscope mkfs --personality ext4 --options '-b 1024' disk.img";
const FSCK_EXAMPLES: &str = "\
Examples:
  extentscope fsck disk.img
  extentscope fsck --json disk.img";
const DUMP_EXAMPLES: &str = "\
Examples:
  printf 'open -f a\\npwrite 0 64k\\nfsync\\n' | extentscope run --device disk.img -
  extentscope dump disk.img";

/// A file that is open for reading, and for writing where that is wanted.
struct OsFile(RefCell<File>);

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
    fn size(&self) -> Result<u64, Errno> {
        self.0.borrow().metadata().map(|found| found.len()).map_err(|_| Errno::EIO)
    }
    fn resize(&mut self, bytes: u64) -> Result<(), Errno> {
        self.0.get_mut().set_len(bytes).map_err(|_| Errno::ENOSPC)
    }
}

fn complaint(path: &Path, what: impl std::fmt::Display) -> Failure {
    Failure::Input(format!("extentscope: {}: {what}", path.display()))
}

/// What is to be done with a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Access {
    Read,
    Write,
}

fn open(path: &Path, access: Access) -> Result<OsFile, Failure> {
    let file = OpenOptions::new().read(true).write(access == Access::Write).open(path);
    file.map(|file| OsFile(RefCell::new(file))).map_err(|error| complaint(path, error))
}

/// The filesystem that is on a device, or a new one where the file is missing or empty: its setup and the device.
///
/// # Errors
/// What is wrong with the device, the settings or the file.
pub fn open_on(path: &Path, personality: Option<&str>, directives: &Directives) -> Result<(Setup, Devices), Failure> {
    let mut directives = directives.clone();
    directives.personality = personality.map(str::to_owned).or(directives.personality);
    if path.exists() && std::fs::metadata(path).map_err(|error| complaint(path, error))?.len() > 0 {
        let medium = FileMedium::new(open(path, Access::Write)?, 512, Remember::No);
        let setup = found::find(&medium, &directives).map_err(|trouble| complaint(path, trouble))?;
        let devices = found::devices(&medium, &setup, Start::Mount);
        return Ok((setup, devices));
    }
    let name = directives.personality.as_deref().unwrap_or(personality::DEFAULT);
    let setup = Setup::sized(name, &directives, RECORDED_SIZE).map_err(|error| complaint(path, error))?;
    let devices = create(path, &setup)?;
    Ok((setup, devices))
}

/// A file as large as the device of a setup, to be formatted.
fn create(path: &Path, setup: &Setup) -> Result<Devices, Failure> {
    File::create(path).map_err(|error| complaint(path, error))?;
    let medium = FileMedium::new(open(path, Access::Write)?, setup.block_size(), Remember::No);
    found::make(&medium, setup).map_err(|errno| complaint(path, errno.text()))?;
    Ok(found::devices(&medium, setup, Start::Format))
}

fn broken(path: &Path, findings: Vec<Finding>) -> Failure {
    complaint(path, Trouble::Broken(findings))
}

/// Make a filesystem on a device
///
/// The device is a file; it is made as large as the filesystem needs. What was on it is gone.
#[derive(Args, Debug)]
#[command(after_help = MKFS_EXAMPLES)]
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
        let devices = create(&self.device, &setup)?;
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
#[command(after_help = FSCK_EXAMPLES)]
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
        let (generation, findings) = found::check(&open(&self.device, Access::Read)?);
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

/// Print what a device holds, one item a line
#[derive(Args, Debug)]
#[command(after_help = DUMP_EXAMPLES)]
pub struct Dump {
    /// The file
    #[arg(value_name = "DEVICE")]
    device: PathBuf,
}

impl Dump {
    pub fn run(&self, out: &mut impl Write) -> Result<(), Failure> {
        let file = open(&self.device, Access::Read)?;
        let superblock = found::superblock(&file).map_err(|findings| broken(&self.device, findings))?;
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
            live: SortedMap::new(),
            items: SortedMap::new(),
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
        if findings.is_empty() { Ok(()) } else { Err(broken(&self.device, findings)) }
    }
}
