//! Questions about commits: what they write, and what they keep.

/// What a crash keeps besides the last commit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CrashPlan {
    /// The state of the last commit.
    LastCommit,
}

/// What fsync, asked for a part of a file (msync), writes back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FsyncPlan {
    /// The part.
    Part,
    /// The whole file (`btrfs_sync_file`).
    WholeFile,
}

/// Which data a commit writes before it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CommitData {
    /// None: a record is never ahead of its data.
    None,
    /// With `data=ordered`: bytes of written blocks that were zeroed, and, without delayed allocation, data whose blocks
    /// entered the tree as written at the write (`ext4_jbd2_inode_add_write`).
    Ahead,
}

/// What changed of a file.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Change {
    /// Its times, or what waits as long as they do.
    Times,
    /// Its blocks or its size.
    Map,
}

/// When a commit for one file has something to do. Where it has not, the device's cache is flushed and that is all.
///
/// Sources: `ext4_fsync_journal` (i_sync_tid, i_datasync_tid), `xfs_fsync_seq` (ili_fsync_fields), `btrfs_sync_file`,
/// `bch2_flush_inode`; copies of mounted filesystems of kernel 6.18 after fsync and fdatasync.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CommitFor {
    /// The least change that fdatasync commits.
    pub datasync: Change,
    /// What a new name is.
    pub name: Change,
    /// The first open after a mount counts as a change of the files that are read with it (`ext4_sample_last_mounted`,
    /// `ext4_iget`).
    pub first_open: bool,
}
