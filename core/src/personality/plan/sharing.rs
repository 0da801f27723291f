//! Questions about blocks that several records use, and about the commands that make them so.

/// Which device blocks several records may use, and how that is counted and told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SharePlan {
    /// None.
    Never,
    /// Each block has a count; it is shared while somebody else has it.
    Blocks,
    /// What was allocated at once is one extent on the device: shared as a whole while records of different origin use
    /// any part of it, and freed with its last record.
    DiskExtents,
    /// Each block has a count for freeing; what is told is a mark on the record, which stays.
    Marks,
}

/// The commands that share blocks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ClonePlan {
    /// reflink and dedupe; `None` where they are EOPNOTSUPP.
    pub remap: Option<RemapPlan>,
    /// What UNSHARE_RANGE does.
    pub unshare: UnsharePlan,
    /// Whether there are snapshots of the whole filesystem.
    pub snapshot: SnapshotPlan,
}

impl ClonePlan {
    /// None of them.
    pub const NONE: Self = Self { remap: None, unshare: UnsharePlan::Refused, snapshot: SnapshotPlan::Refused };
}

/// How blocks of one file become blocks of another too.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RemapPlan {
    /// What is written back before.
    pub flush: RemapFlush,
    /// What becomes of preallocated blocks of the source.
    pub unwritten: RemapUnwritten,
    /// Where data inside a key of the source goes.
    pub inline: RemapInline,
    /// What happens to the bytes between the target's old end and the place that the clone goes to.
    pub gap: RemapGap,
    /// How the target's cached pages of the range go.
    pub target: RemapTarget,
    /// What happens between a file that is overwritten in place and one that is not.
    pub mixed: RemapMixed,
    /// Whether they go after a dedupe too, which changes no byte.
    pub dedupe_drops: bool,
}

/// Two files, of which one is overwritten in place and the other is not.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RemapMixed {
    /// They may share blocks.
    Allowed,
    /// EINVAL: one has checksums and the other has none (`btrfs_remap_file_range_prep`).
    Refused,
}

/// What is written back before blocks are shared.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RemapFlush {
    /// Both ranges, after the checks of sizes (`generic_remap_file_range_prep`).
    Ranges,
    /// The whole source and the target's range, before any check (`btrfs_remap_file_range_prep`).
    WholeSource,
}

/// What becomes of preallocated blocks of the source.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RemapUnwritten {
    /// Holes in the target (recording 038).
    Holes,
    /// They are shared like written ones (recording 038).
    Shared,
}

/// Where data inside a key of the source goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RemapInline {
    /// Into a key of the target.
    Key,
    /// Into a key where the target's file begins and has no data; elsewhere through the cache (`clone_copy_inline_extent`).
    KeyAtStart,
}

/// What happens between the target's old end and the place that the clone goes to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RemapGap {
    /// Nothing.
    Left,
    /// The old end's block is zeroed behind it and written back (`btrfs_cont_expand`).
    Written,
    /// The same, and the cache of the gap is dropped with the range's (`xfs_reflink_remap_prep`).
    WrittenAndDropped,
}

/// How the target's cached pages of the range go.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RemapTarget {
    /// Folios that touch the range go whole (`invalidate_inode_pages2_range`).
    Invalidated,
    /// Pages of the range go, and folios are split for it (`truncate_inode_pages_range`).
    Truncated,
}

/// What UNSHARE_RANGE does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum UnsharePlan {
    /// EOPNOTSUPP.
    Refused,
    /// Shared blocks are made dirty and written back, holes are preallocated (`xfs_reflink_unshare`).
    RewriteAndFill,
}

/// Snapshots of the whole filesystem.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SnapshotPlan {
    /// There are none (ENOTTY).
    Refused,
    /// Everything is written back; the copies' records have the same blocks.
    SharedRecords,
}
