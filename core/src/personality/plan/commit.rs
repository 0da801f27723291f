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
    /// Data whose blocks entered the tree as written at the write (`data=ordered` without delayed allocation). fsync of a
    /// file that did not change commits nothing.
    Ahead,
}
