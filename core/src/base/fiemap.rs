//! What FIEMAP and SEEK answer: raw records as the ioctl and lseek(2) give them.

use serde::{Deserialize, Serialize};

/// One record of a FIEMAP answer (`struct fiemap_extent`). All numbers are bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, Serialize, Deserialize)]
pub struct FiemapRecord {
    /// Offset in the file.
    pub logical: u64,
    /// Offset on the device; 0 where there is none.
    pub physical: u64,
    /// Length in the file.
    pub length: u64,
    /// `FIEMAP_EXTENT_*` bits, see [`flags`].
    pub flags: u32,
}

/// `FIEMAP_EXTENT_*` of `linux/fiemap.h`.
pub mod flags {
    /// The last extent of the answer or of the file.
    pub const LAST: u32 = 0x1;
    /// The address is not known (yet).
    pub const UNKNOWN: u32 = 0x2;
    /// Delayed allocation: promised, not placed. Always comes with [`UNKNOWN`].
    pub const DELALLOC: u32 = 0x4;
    /// The data cannot be read from the device as it is (compressed, encrypted).
    pub const ENCODED: u32 = 0x8;
    /// Offsets are not multiples of the block size.
    pub const NOT_ALIGNED: u32 = 0x100;
    /// The data lies inside metadata.
    pub const DATA_INLINE: u32 = 0x200;
    /// Allocated, reads as zeroes.
    pub const UNWRITTEN: u32 = 0x800;
    /// Merged by the filesystem out of single blocks.
    pub const MERGED: u32 = 0x1000;
    /// Reached through a reference count.
    pub const SHARED: u32 = 0x2000;

    /// Bit and name, in the order in which recordings list them (by bit).
    pub const NAMES: [(u32, &str); 9] = [
        (LAST, "LAST"),
        (UNKNOWN, "UNKNOWN"),
        (DELALLOC, "DELALLOC"),
        (ENCODED, "ENCODED"),
        (NOT_ALIGNED, "NOT_ALIGNED"),
        (DATA_INLINE, "DATA_INLINE"),
        (UNWRITTEN, "UNWRITTEN"),
        (MERGED, "MERGED"),
        (SHARED, "SHARED"),
    ];

    /// The names of the bits that are set, with `|` between; bits without a name as one hex number at the end.
    pub fn text(bits: u32) -> String {
        let named = NAMES.iter().filter(|(bit, _)| bits & bit != 0);
        let rest = NAMES.iter().fold(bits, |rest, (bit, _)| rest & !bit);
        let rest = (rest != 0).then(|| format!("{rest:#x}"));
        named.map(|(_, name)| name.to_string()).chain(rest).collect::<Vec<_>>().join("|")
    }
}

/// `FIEMAP_FLAG_*` of the request.
pub mod request {
    /// Flush the file before answering. The VFS does it (`fiemap_prep`).
    pub const SYNC: u32 = 0x1;
    /// Map the extended attributes instead of the data.
    pub const XATTR: u32 = 0x2;
    /// Load the mapping into the cache only.
    pub const CACHE: u32 = 0x4;
}

/// Whether a stretch of a file is data or hole for lseek(2).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, Serialize, Deserialize)]
pub enum SegmentKind {
    /// `SEEK_DATA` stops here.
    #[serde(rename = "D")]
    Data,
    /// `SEEK_HOLE` stops here.
    #[serde(rename = "H")]
    Hole,
}

/// `[start, end)` in bytes, as walked by alternating `SEEK_DATA` and `SEEK_HOLE`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, Serialize, Deserialize)]
pub struct Segment {
    /// Data or hole.
    pub kind: SegmentKind,
    /// First byte.
    pub start: u64,
    /// First byte after.
    pub end: u64,
}
