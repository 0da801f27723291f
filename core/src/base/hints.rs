//! What a program asked of a file for its future blocks.

use serde::{Deserialize, Serialize};

/// The attributes of FS_IOC_FSSETXATTR and FS_IOC_SETFLAGS that change where data goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Hash, Serialize, Deserialize)]
pub struct Hints {
    /// The extent size hint in bytes; 0 for none.
    pub extsize: u32,
    /// The extent size hint of copy on write in bytes; 0 for none.
    pub cowextsize: u32,
    /// Data is overwritten in place (FS_NOCOW_FL).
    pub nocow: bool,
    /// Blocks were preallocated in it once (`BTRFS_INODE_PREALLOC`), where that is remembered.
    pub preallocated: bool,
}
