//! What the modes of fallocate do.

use super::TruncateTail;

/// What the modes of fallocate do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FallocatePlan {
    /// What is written back before anything else.
    pub flush: FallocateFlush,
    /// Allocating over delayed blocks.
    pub over_delayed: OverDelayed,
    /// Zeroing whole blocks.
    pub zero: ZeroPlan,
    /// A punch that starts at or past the end of the file.
    pub punch_past_eof: PunchPastEof,
    /// When there is no space for everything.
    pub no_space: FallocNoSpace,
    /// Whether the cut blocks at the edges of a punch are written at once.
    pub edges: TruncateTail,
    /// Which of them become zeroes.
    pub edge: PunchEdge,
    /// In which order a punch does what it does.
    pub punch: PunchOrder,
}

/// In which order a punch does what it does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PunchOrder {
    /// Pages and blocks go, then the cut edges become zeroes.
    DropThenEdges,
    /// The pages of the range are written back and go, then the blocks, then the rest becomes zeroes
    /// (`xfs_free_file_space`).
    FlushThenFree,
}

/// What the modes of fallocate write back before they act.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FallocateFlush {
    /// Nothing.
    Nothing,
    /// The range, and what is in flight with it (`btrfs_wait_ordered_range`).
    Range,
}

/// Which block at an edge of a punch becomes zeroes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PunchEdge {
    /// One that has data.
    Data,
    /// One that is not known to be a hole (`find_first_non_hole`).
    NoHole,
}

/// Allocating over delayed blocks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OverDelayed {
    /// They become unwritten in place and stay dirty.
    Convert,
    /// They stay as they are.
    Skip,
}

/// Zeroing whole blocks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ZeroPlan {
    /// Written blocks become unwritten at the same address.
    Convert,
    /// Everything is freed and preallocated anew.
    Replace,
    /// The same, but what is preallocated already stays, and a block that is covered in part gets space where it is a
    /// hole and zeroes where it has data (`btrfs_zero_range`).
    ReplaceWritten,
}

/// A punch that starts at or past the end of the file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PunchPastEof {
    /// Does nothing.
    Ignored,
    /// Frees what is there.
    Frees,
}

/// fallocate without enough space.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FallocNoSpace {
    /// What was got stays, and the size moves to it.
    KeepPart,
    /// Nothing changes.
    AllOrNothing,
}
