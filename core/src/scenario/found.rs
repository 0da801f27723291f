//! Filesystems in files: making one, finding the one that is there, and checking it.

use super::devices::{Devices, Start};
use super::script::Directives;
use super::setup::{Setup, SetupError};
use crate::base::{DevBlock, Errno, Range};
use crate::dev::Disk;
use crate::dev::file::{ByteFile, FileMedium};
use crate::store::read::{self, Image};
use crate::store::superblock::SECTOR;
use crate::store::{Finding, Rule, Superblock, fsck};
use std::fmt;

/// Why there is no filesystem to run on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Trouble {
    /// Rules that the device breaks.
    Broken(Vec<Finding>),
    /// What is there is not what is wanted.
    Unwanted(SetupError),
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Broken(findings) => {
                let lines: Vec<String> = findings.iter().map(Finding::to_string).collect();
                f.write_str(&lines.join("\n"))
            }
            Self::Unwanted(error) => error.fmt(f),
        }
    }
}

/// The newest superblock of a file.
///
/// # Errors
/// The rules that the superblocks break.
pub fn superblock<F: ByteFile>(file: &F) -> Result<Superblock, Vec<Finding>> {
    let size = file.size().map_err(|errno| vec![Finding::new(Rule::Read, "device", None, errno.text())])?;
    read::superblock(size, None, &mut |at| {
        let mut sector = vec![0; SECTOR];
        file.read_at(at, &mut sector).map(|()| sector)
    })
}

/// What a file holds behind its superblock, and every rule that it breaks.
pub fn look<F: ByteFile>(file: &F, superblock: Superblock, setup: &Setup) -> (Option<Image>, Vec<Finding>) {
    let mut read = reader(file, setup.block_size());
    let mut findings = Vec::new();
    if superblock.layout != setup.layout() {
        let what = format!("{:?}, the settings say {:?}", superblock.layout, setup.layout());
        let at = superblock.layout.superblock(superblock.generation).start;
        return (None, vec![Finding::new(Rule::SuperblockGeometry, "superblock", Some(at), what)]);
    }
    let image = read::image(superblock, &mut read, &mut |finding| findings.push(finding));
    // What could not be read would be missed everywhere.
    if findings.is_empty() {
        fsck::check(&image.contents, setup.profile(), &mut |finding| findings.push(finding));
    }
    (Some(image), findings)
}

fn reader<F: ByteFile>(file: &F, block: u64) -> impl FnMut(Range<DevBlock>) -> Result<Vec<u8>, Errno> + '_ {
    move |range| {
        let mut bytes = vec![0; usize::try_from(range.len() * block).map_err(|_| Errno::EIO)?];
        file.read_at(range.start.0 * block, &mut bytes).map(|()| bytes)
    }
}

/// Everything that is wrong with a file, its data included, and the newest commit, where there is one. Wrong data keeps
/// nobody from mounting: only the file that has it cannot be read.
pub fn check<F: ByteFile>(file: &F) -> (Option<u64>, Vec<Finding>) {
    let superblock = match superblock(file) {
        Ok(superblock) => superblock,
        Err(findings) => return (None, findings),
    };
    let generation = Some(superblock.generation);
    match Setup::of_device(&superblock.settings, &Directives::default()) {
        Ok(setup) => {
            let (image, mut findings) = look(file, superblock, &setup);
            if let Some(image) = image.filter(|_| findings.is_empty()) {
                let mut read = reader(file, setup.block_size());
                fsck::data(&image.contents, setup.profile(), &mut read, &mut |finding| findings.push(finding));
            }
            (generation, findings)
        }
        Err(error) => {
            let finding = Finding::new(Rule::SuperblockGeometry, "superblock", None, error.to_string());
            (generation, vec![finding])
        }
    }
}

/// The setup of the filesystem in a file, which keeps every rule; a run begins there.
///
/// # Errors
/// What is wrong, or that another filesystem is wanted.
pub fn find<F: ByteFile>(medium: &FileMedium<F>, directives: &Directives) -> Result<Setup, Trouble> {
    let setup = medium.file(|file| {
        let superblock = superblock(file).map_err(Trouble::Broken)?;
        let setup = Setup::of_device(&superblock.settings, directives).map_err(Trouble::Unwanted)?;
        let (_, findings) = look(file, superblock, &setup);
        if findings.is_empty() { Ok(setup) } else { Err(Trouble::Broken(findings)) }
    })?;
    medium.begin(setup.block_size());
    Ok(setup)
}

/// Makes a file as large as a setup's device: the whole size is had before anything is written.
///
/// # Errors
/// ENOSPC where there is no room.
pub fn make<F: ByteFile>(medium: &FileMedium<F>, setup: &Setup) -> Result<(), Errno> {
    medium.begin(setup.block_size());
    medium.file(|file| {
        file.resize(setup.layout().bytes())?;
        if setup.prefill() != 0 {
            let part = vec![setup.prefill(); 1 << 16];
            let whole = setup.layout().bytes();
            for at in (0..whole).step_by(part.len()) {
                let len = part.len().min(usize::try_from(whole - at).unwrap_or(part.len()));
                file.write_at(at, &part[..len])?;
            }
        }
        Ok(())
    })
}

/// The device in a file, each time as it was when the run began.
pub fn devices<F: ByteFile + 'static>(medium: &FileMedium<F>, setup: &Setup, start: Start) -> Devices {
    let (medium, blocks) = (medium.clone(), setup.layout().blocks());
    Devices::new(move || {
        // A file that cannot be put back does not hold what was found in it, which the mount says.
        let _said_by_the_mount = medium.rewind();
        let disk = Disk::over(blocks, Box::new(medium.clone()));
        (Box::new(if start == Start::ReadOnly { disk.read_only() } else { disk }), start)
    })
}
