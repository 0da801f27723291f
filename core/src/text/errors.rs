//! The lines in which xfs_io says that a call failed.

use crate::base::errno::Errno;

/// A call that can fail, as the tool names it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Call {
    /// `open`: the line starts with the file's name.
    Open,
    /// `pwrite`
    Pwrite,
    /// `pread`
    Pread,
    /// `fsync`
    Fsync,
    /// `fdatasync`
    Fdatasync,
    /// `syncfs`
    Syncfs,
    /// `sync_range`
    SyncFileRange,
    /// `truncate`
    Ftruncate,
    /// `falloc` and its relatives
    Fallocate,
    /// `fadvise`
    Fadvise,
    /// `mmap`
    Mmap,
    /// `munmap`
    Munmap,
    /// `msync`
    Msync,
    /// `stat`
    Fstat,
    /// `statfs`
    Fstatfs,
    /// `fiemap`
    Fiemap,
    /// `bmap`, with the bits that it hands over
    Bmap(u32),
    /// `reflink` with a range
    CloneRange,
    /// `reflink` of a whole file
    Clone,
    /// `dedupe`
    Dedupe,
    /// `copy_range`
    CopyRange,
    /// `extsize`
    SetExtsize,
    /// `cowextsize`
    SetCowextsize,
    /// `shutdown`
    Shutdown,
}

/// What `dedupe` says when the contents differ.
pub const DEDUPE_DIFFERS: &str = "XFS_IOC_FILE_EXTENT_SAME: Extents did not match.\n";

/// The line for a call on the file `name` that failed with `errno`.
pub fn failed(call: Call, name: &str, errno: Errno) -> String {
    let prefix = match call {
        Call::Open => name.to_string(),
        Call::Pwrite => "pwrite".to_string(),
        Call::Pread => "pread".to_string(),
        Call::Fsync => "fsync".to_string(),
        Call::Fdatasync => "fdatasync".to_string(),
        Call::Syncfs => "syncfs".to_string(),
        Call::SyncFileRange => "sync_file_range".to_string(),
        Call::Ftruncate => "ftruncate".to_string(),
        Call::Fallocate => "fallocate".to_string(),
        Call::Fadvise => "fadvise".to_string(),
        Call::Mmap => "mmap".to_string(),
        Call::Munmap => "munmap".to_string(),
        Call::Msync => "msync".to_string(),
        Call::Fstat => "fstat".to_string(),
        Call::Fstatfs => "fstatfs".to_string(),
        Call::Fiemap => format!("xfs_io: ioctl(FS_IOC_FIEMAP) [\"{name}\"]"),
        Call::Bmap(flags) => format!("xfs_io: xfsctl(XFS_IOC_GETBMAPX) iflags={flags:#x} [\"{name}\"]"),
        Call::CloneRange => "XFS_IOC_CLONE_RANGE".to_string(),
        Call::Clone => "XFS_IOC_CLONE".to_string(),
        Call::Dedupe => "XFS_IOC_FILE_EXTENT_SAME".to_string(),
        Call::CopyRange => "copy_range".to_string(),
        Call::SetExtsize => format!("xfs_io: FS_IOC_FSSETXATTR {name}"),
        Call::SetCowextsize => format!("xfs_io: XFS_IOC_FSSETXATTR {name}"),
        Call::Shutdown => "XFS_IOC_GOINGDOWN".to_string(),
    };
    format!("{prefix}: {}\n", errno.text())
}
