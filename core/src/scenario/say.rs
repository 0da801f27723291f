//! The text that the tools print, from what the engine answered.

use super::help::COMMANDS;
use super::script::{ByteRange, Command, Fiemap, Filefrag, Seek};
use crate::base::fiemap::FiemapRecord;
use crate::base::{FsError, Ino};
use crate::vfs::Fs;
use crate::vfs::open::OpenFile;

/// What xfs_io says to a command without a file.
pub const NO_FILE: &str = "no files are open, try 'help open'\n";

/// Which way bytes went.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Moved {
    /// pwrite.
    Wrote,
    /// pread.
    Read,
}

/// The word that the tool puts in front of an errno's text.
fn caller(command: &Command) -> &'static str {
    match command {
        Command::Pwrite(_) => "pwrite",
        Command::Pread(_) => "pread",
        Command::Truncate(_) => "ftruncate",
        Command::Fallocate(_) => "fallocate",
        Command::Fsync => "fsync",
        Command::Fdatasync => "fdatasync",
        Command::SyncRange(_) => "sync_file_range",
        Command::Fiemap(_) => "xfs_io: ioctl(FS_IOC_FIEMAP)",
        Command::Mwrite(_) | Command::Mread(_) => "xfs_io",
        Command::Msync(_) => "msync",
        Command::Mmap(_) => "mmap",
        Command::Fadvise(_) => "fadvise",
        Command::Syncfs => "syncfs",
        _ => "xfs_io",
    }
}

/// A failed call.
pub fn error(command: &Command, error: FsError) -> String {
    if let Command::Open(open) = command {
        return format!("{}: {error}\n", open.name);
    }
    format!("{}: {error}\n", caller(command))
}

/// A command that parses and is not modelled yet.
pub fn not_modelled(_command: &Command) -> String {
    "this command is not modelled yet\n".to_owned()
}

/// The result line of pwrite and pread.
pub fn moved(_what: Moved, _done: u64, _range: ByteRange, _calls: u64) -> String {
    String::new()
}

/// The bytes that a read saw.
pub fn dump(_fs: &Fs, _ino: Ino, _pos: i64, _len: u64) -> String {
    String::new()
}

/// `file` without a name.
pub fn files(_fs: &Fs, _name: Option<&str>) -> String {
    String::new()
}

/// `help`.
pub fn help(name: Option<&str>) -> String {
    let wanted = COMMANDS.iter().filter(|help| name.is_none_or(|name| name == help.name));
    wanted.map(|help| format!("{} -- {}\n", help.usage, help.meaning)).collect()
}

/// `statfs`.
pub fn statfs(_fs: &Fs) -> String {
    String::new()
}

/// `stat`.
pub fn stat(_fs: &Fs, _file: &OpenFile) -> String {
    String::new()
}

/// `fiemap`.
pub fn fiemap(_fs: &Fs, _ino: Ino, _ask: &Fiemap, _records: &[FiemapRecord]) -> String {
    String::new()
}

/// `filefrag`.
pub fn filefrag(_fs: &Fs, _name: &str, _ino: Ino, _ask: &Filefrag, _records: &[FiemapRecord]) -> String {
    String::new()
}

/// `seek`.
pub fn seek(_fs: &Fs, _ino: Ino, _ask: &Seek, _command: &Command) -> String {
    String::new()
}
