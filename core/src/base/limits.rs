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
/// Errors that one reading of a script reports; the rest is not looked for.
pub const PARSE_ERRORS_MAX: usize = 20;
/// One line of a script, in bytes.
pub const LINE_BYTES_MAX: usize = 64 << 10;
/// `repeat` blocks inside each other.
pub const REPEAT_DEPTH_MAX: usize = 8;
/// Rounds of one `repeat`, steps of one `step` or `run`.
pub const REPEAT_MAX: u64 = 1_000_000_000;
/// Bytes in one part of a file name (`NAME_MAX`).
pub const NAME_BYTES_MAX: usize = 255;
/// Characters in the name of a task.
pub const TASK_NAME_MAX: usize = 32;
