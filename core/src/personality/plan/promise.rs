//! Questions about promises: for how much of a write, what comes with them, and where they are kept.

/// What a write is promised, and how promises are kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PromisePlan {
    /// How much of a delayed range gets its place when a part of it is written back.
    pub unit: DelayedUnit,
    /// How much of a write is promised a place at once.
    pub reservation: Reservation,
    /// What waits in an index beside the tree; `None` for nothing.
    pub staging: Option<StagingPlan>,
    /// What becomes of space behind the end of a file.
    pub behind_end: BehindEnd,
    /// Whether writeback of anything forgets that the file was cut, so that closing it writes nothing back
    /// (`xfs_vm_writepages`; traces of our own on the running kernel).
    pub writing_forgets_cut: bool,
}

impl PromisePlan {
    /// What each folio needs, and no more.
    pub const PLAIN: Self = Self {
        unit: DelayedUnit::FlushedBlocks,
        reservation: Reservation::Folio,
        staging: None,
        behind_end: BehindEnd::Kept,
        writing_forgets_cut: false,
    };
}

/// How much of a delayed range gets its place when a part of it is written back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DelayedUnit {
    /// The blocks that are written.
    FlushedBlocks,
    /// All of it, as far as the space for the written blocks goes (`xfs_bmapi_convert_delalloc`).
    WholeExtent,
}

/// How much of a write is promised a place at once.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reservation {
    /// What a folio needs.
    Folio,
    /// The rest of the call, as far as the file is all of one kind (`xfs_buffered_write_iomap_begin`).
    Mapping(MappingReservation),
}

/// Promises for the rest of a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MappingReservation {
    /// Bytes over a hole at most.
    pub most: u64,
    /// What a growing file is promised besides.
    pub eof: EofPrealloc,
    /// Blocks of the mapping that delayed blocks may need.
    pub mapping: MappingReserve,
}

/// What a growing file is promised behind its end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct EofPrealloc {
    /// Bytes at least, a power of two; smaller files get nothing.
    pub least: u64,
    /// Blocks of the longest record.
    pub extent_max: u64,
    /// Blocks of the device: space is short when few per cent of them are free.
    pub device_blocks: u64,
}

/// The worst case for the mapping of delayed blocks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MappingReserve {
    /// Records, or children, of a node.
    pub records: u64,
    /// Levels of the highest tree.
    pub levels: u64,
}

/// Writes to shared blocks, and to holes next to them, wait in an index beside the tree.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StagingPlan {
    /// Blocks of the window that is reserved around such a write, where the file has no hint (`XFS_DEFAULT_COWEXTSZ_HINT`).
    pub window: u64,
}

/// What becomes of space behind the end of a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BehindEnd {
    /// It stays.
    Kept,
    /// What was not asked for by name goes at the first close of a descriptor that may write, and when the file leaves
    /// memory (`xfs_free_eofblocks`).
    Trimmed,
}
