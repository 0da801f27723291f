//! Every bound in one place.

/// The largest file offset: `MAX_LFS_FILESIZE` on 64-bit Linux.
pub const MAX_FILE_OFFSET: u64 = i64::MAX as u64;
/// A script longer than this is refused before it is read, in bytes.
pub const SCRIPT_BYTES_MAX: usize = 16 << 20;
/// Commands in one script.
pub const COMMANDS_MAX: usize = 200_000;
/// Bytes one read or write call may move (`MAX_RW_COUNT`).
pub const CALL_BYTES_MAX: u64 = 0x7fff_f000;
/// The deepest B-tree path; at fan-out 3 this holds more extents than memory.
pub const TREE_DEPTH_MAX: usize = 32;
