//! The questions, as the types of their answers.

mod commit;
mod defect;
mod direct;
mod fallocate;
mod promise;
mod seek;
mod sharing;
mod small;
mod space;
mod split;

pub use commit::*;
pub use defect::*;
pub use direct::*;
pub use fallocate::*;
pub use promise::*;
pub use seek::*;
pub use sharing::*;
pub use small::*;
pub use space::*;
pub use split::*;

use crate::base::{BlockSize, DevBlock, Errno, ExtentKind, Range};

/// Everything that makes one filesystem behave unlike another.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Profile {
    /// Its name, for documents; never compared.
    pub name: &'static str,
    /// `f_type` of statfs(2).
    pub magic: u32,
    /// The kernel or patch state that it mirrors.
    pub level: String,
    /// Bytes in a block.
    pub block: BlockSize,
    /// Blocks on the device.
    pub device_blocks: u64,
    /// Where file data may go.
    pub data_area: Range<DevBlock>,
    /// Blocks of the data area that formatting takes.
    pub metadata: Vec<Range<DevBlock>>,
    /// Blocks of the data area that ordinary operations never get.
    pub spare_blocks: u64,
    /// What is set aside, and where new data goes.
    pub space: SpacePlan,
    /// Shape of the extent trees.
    pub tree: TreeShape,
    /// Where a block that is dirty over a hole is remembered.
    pub delayed: Delayed,
    /// What happens to a block that has an address when it is written again.
    pub overwrite: Overwrite,
    /// Blocks of an unwritten record that a write without delay may zero around what it writes.
    pub zeroed_at_write: u64,
    /// What one pass of writeback writes.
    pub unit: WritebackUnit,
    /// How large a folio a write adds.
    pub write_folio: WriteFolio,
    /// What a read brings in besides what it asks for.
    pub readahead: ReadaheadPlan,
    /// What of a folio a store through a mapping makes dirty.
    pub fault: FaultUnit,
    /// How new blocks enter the tree at writeback.
    pub placement: Placement,
    /// What a write is promised, and how promises are kept.
    pub promise: PromisePlan,
    /// What fallocate leaves behind.
    pub prealloc: Prealloc,
    /// How long one extent may become.
    pub limits: ExtentLimits,
    /// What FIEMAP looks at and how it answers.
    pub fiemap: FiemapPlan,
    /// What SEEK_DATA and SEEK_HOLE look at.
    pub seek: SeekPlan,
    /// What a change of size does before and after.
    pub truncate: TruncatePlan,
    /// What the modes of fallocate do.
    pub fallocate: FallocatePlan,
    /// Moving what lies behind a range; `None` where the filesystem cannot (EOPNOTSUPP).
    pub shift: Option<ShiftPlan>,
    /// What becomes of size hints for extents.
    pub size_hint: SizeHintPlan,
    /// What becomes of the flag of no copy on write.
    pub nocow: NocowPlan,
    /// Direct I/O.
    pub direct: DirectPlan,
    /// Data that fits into metadata.
    pub inline: Option<InlinePlan>,
    /// Data that is written into the inode.
    pub inode_data: Option<InodeDataPlan>,
    /// What becomes of cached blocks behind the end of the file when their folio is written.
    pub beyond_end: BeyondEnd,
    /// What st_blocks counts.
    pub usage: UsagePlan,
    /// Which blocks several records may use.
    pub share: SharePlan,
    /// The commands that share blocks.
    pub clone: ClonePlan,
    /// What a buffered write does when there is no space.
    pub no_space: NoSpacePlan,
    /// When dirty data is pushed out early because space runs short; `None` for never.
    pub pressure: Option<PressurePlan>,
    /// Largest file in bytes.
    pub max_file_size: u64,
    /// What rename(2) over an existing file writes back.
    pub rename_flush: RenameFlush,
    /// What answers after FS_IOC_GOINGDOWN; `None` where the filesystem has no such call (ENOTTY).
    pub shutdown: Option<ShutdownPlan>,
    /// The least st_blksize in bytes; a larger block of the filesystem is told instead.
    pub least_io_block: u64,
    /// The name under which xfs_io knows the filesystem as its own; `None` for a foreign one.
    pub native_tool: Option<&'static str>,
    /// What fsync of a part of a file writes.
    pub fsync: FsyncPlan,
    /// Which data a commit writes before it.
    pub commit_data: CommitData,
    /// When a commit for one file has something to do.
    pub commit_for: CommitFor,
    /// Whether closing a file that was cut to nothing before writes it back (`ext4_release_file`).
    pub close_flush: CloseFlush,
    /// Whether the last directory operation or write reaches the device without a commit.
    pub crash: CrashPlan,
    /// What it does wrong on purpose.
    pub defect: Option<Defect>,
}

/// What a close writes back of a file that was cut to nothing before.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CloseFlush {
    /// Nothing.
    Nothing,
    /// Everything (`ext4_release_file`, `btrfs_release_file`).
    Cut,
    /// Everything, unless an fsync came in between (`xfs_release`, `xfs_file_fsync`).
    CutSinceFsync,
}

/// One tree for all inodes or one each, and its fan-out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TreeShape {
    /// Entries of a root.
    pub root: u32,
    /// Entries of any other node.
    pub node: u32,
    /// Which files share a tree.
    pub scope: TreeScope,
    /// What a reader or writer of the tree locks.
    pub lock: TreeLock,
}

/// Which files share a tree.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TreeScope {
    /// One tree per inode, its root in the inode.
    Inode,
    /// One tree for all inodes.
    Filesystem,
}

/// What a reader or writer of a tree locks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TreeLock {
    /// One semaphore an inode (`i_data_sem`).
    Inode,
    /// Each node on the path (`six_lock`).
    Nodes,
}

/// Where a block that is dirty over a hole is remembered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Delayed {
    /// In an index of ranges beside the tree (extent status tree).
    Index,
    /// In an index of ranges over the tree: every dirty block is in it, whatever the tree has there (`EXTENT_DELALLOC`).
    Overlay,
    /// In the page cache, per block.
    Cache,
    /// Nowhere: the write allocates at once.
    Never,
}

/// What happens to a block that has an address when it is written again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Overwrite {
    /// The data goes to the same address.
    InPlace,
    /// The data goes to a new address, and the old one is freed.
    Elsewhere,
}

/// What one pass of writeback writes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum WritebackUnit {
    /// The dirty blocks.
    DirtyBlocks,
    /// Every block of a dirty folio that has data.
    Folio,
}

/// What a read brings in besides what it asks for (`struct file_ra_state`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ReadaheadPlan {
    /// Pages of the largest window (`bdi->ra_pages`).
    pub pages: u64,
    /// Pages around a fault through a mapping.
    pub fault_pages: u64,
    /// Folios grow from here.
    pub orders: ReadaheadOrders,
}

/// How large the folios of readahead are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ReadaheadOrders {
    /// The first window has single pages; each further one folios four times as large, and ends where one would.
    GrowWithWindow,
    /// Four times the size of the folio whose use asked for more; windows end anywhere.
    GrowWithFolio,
    /// Single pages always.
    Single,
}

/// What of a folio a store through a mapping makes dirty (`page_mkwrite`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FaultUnit {
    /// All of it up to the end of the file.
    Folio,
    /// The page.
    Page,
}

/// How large a folio a write adds, before alignment and neighbours make it smaller.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum WriteFolio {
    /// As large as the rest of the call.
    RestOfCall,
    /// A page.
    Page,
    /// As large as the whole call, so that the last one may reach behind its end.
    WholeCall,
}

/// How new blocks enter the tree at writeback.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Placement {
    /// As unwritten before the data is sent, converted when it has arrived.
    UnwrittenThenConvert,
    /// As written, after the data has arrived.
    IndexAfterWrite,
    /// One allocation from the first block that goes out to the end of the dirty run. It is in flight, without a
    /// record, until all of it was written (`btrfs_ordered_extent`).
    Ordered,
}

/// What fallocate leaves behind.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Prealloc {
    /// Blocks with an address, unwritten.
    Unwritten,
    /// A reservation without an address.
    Reserved,
}

/// How long one extent may become, in blocks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ExtentLimits {
    /// A written extent.
    pub written: u32,
    /// An unwritten extent.
    pub unwritten: u32,
    /// A reservation.
    pub reserved: u32,
    /// No extent crosses a multiple of this many device blocks; 0 for no such rule.
    pub boundary: u32,
}

impl ExtentLimits {
    /// The longest extent of a kind.
    pub fn most(&self, kind: ExtentKind) -> u32 {
        match kind {
            ExtentKind::Written => self.written,
            ExtentKind::Unwritten => self.unwritten,
            ExtentKind::Reserved => self.reserved,
            ExtentKind::Inline => 1,
        }
    }
}

/// What FIEMAP looks at and how it answers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FiemapPlan {
    /// Where delayed blocks are found.
    pub delayed: FiemapDelayed,
    /// How the walk ends.
    pub tail: FiemapTail,
    /// How the end of a window is computed.
    pub window: FiemapWindow,
    /// Offsets of a window are rounded down to this many bytes.
    pub window_unit: u64,
    /// Which records a cut window and a long file give.
    pub cut: FiemapCut,
    /// How the walk behaves when a folio is locked.
    pub lock: FiemapLock,
    /// Request flags that are accepted besides SYNC.
    pub flags: u32,
    /// First offset that is too large to ask about (EFBIG at or above).
    pub max_start: u64,
}

/// Where FIEMAP finds delayed blocks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FiemapDelayed {
    /// In the index of delayed ranges.
    Index,
    /// In the index and in what is in flight, between records and over preallocation.
    Overlay,
    /// In the page cache, between keys of the tree.
    Cache,
    /// Not at all.
    Unreported,
}

/// How the walk ends when no key is left.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FiemapTail {
    /// The rest of the window is looked at too.
    Scanned,
    /// The walk ends at the last key.
    EndsAtLastKey,
}

/// How the end of a window is computed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FiemapWindow {
    /// Start plus length.
    Exact,
    /// Start divided by 512, plus length (the fault of 6.16.3).
    StartInSectors,
}

/// Which records a cut window gives.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FiemapCut {
    /// Records are cut at both edges of the window.
    BothEdges,
    /// Records are whole.
    Whole,
}

/// What the walk does when it meets a locked folio while it holds the tree.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FiemapLock {
    /// It never looks at folios.
    Untouched,
    /// Waits for the folio with the tree locked.
    Blocking,
    /// Tries, and starts again when it fails.
    TryAndRestart,
    /// Tries; when it fails, drops the tree, waits, and takes the tree again.
    TryThenDrop,
    /// Drops the tree for every look.
    AlwaysDrop,
}

/// What a change of size does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TruncatePlan {
    /// What is written back before.
    pub flush: TruncateFlush,
    /// What happens to the block that the new end lies in.
    pub tail: TruncateTail,
    /// What happens to the old end's block when the file grows past it.
    pub grow: GrowTail,
    /// What keeps a folio whole when a part of it is cut off, here and by holes.
    pub split: FolioSplit,
}

/// What is written back before a change of size.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TruncateFlush {
    /// Nothing.
    Nothing,
    /// Dirty data up to the new size, where the recorded size is smaller than the one in memory.
    UnrecordedSize,
    /// The same, after bytes were zeroed on either side of the end; zeroed ones are written back too, as far as the
    /// recorded size is smaller than the new one (`xfs_setattr_size`).
    ZeroedAndUnrecorded,
}

/// What happens to the block that the new end lies in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TruncateTail {
    /// Zeroed in the cache and left dirty.
    ZeroDirty,
    /// Zeroed in the cache, then written.
    ZeroAndWrite,
    /// Written if it was dirty, then left as it is on the device; the cache has zeroes behind the end.
    WriteAndLeave,
}

/// What happens to the old end's block when the file grows past it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum GrowTail {
    /// Zeroed and dirtied where it is written or delayed.
    ZeroIfMapped,
    /// Zeroed and dirtied, also where it is a hole (`btrfs_truncate_block`).
    ZeroAlways,
    /// Left alone: its tail was zeroed before.
    Nothing,
}

/// Moving what lies behind a range (`FALLOC_FL_COLLAPSE_RANGE`, `FALLOC_FL_INSERT_RANGE`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ShiftPlan {
    /// What is written back before.
    pub flush: ShiftFlush,
    /// How the cache is emptied from there on.
    pub drop: ShiftDrop,
    /// How the size changes.
    pub size: ShiftSize,
}

/// What is written back before a file is shifted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ShiftFlush {
    /// What moves, and the page that the position lies in; not what a collapse takes away.
    Kept,
    /// Everything from the position on.
    FromPosition,
    /// Everything from one block before the position on: its record may merge with the first that moves.
    FromBlockBefore,
}

/// How the cache is emptied before a file is shifted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ShiftDrop {
    /// A folio across the edge is split (`truncate_pagecache`).
    Cut,
    /// Every folio that overlaps goes whole (`invalidate_inode_pages2_range`).
    Folios,
}

/// How a shift changes the size.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ShiftSize {
    /// The sizes are set.
    Set,
    /// As ftruncate(2) would: before an insert, after a collapse (`xfs_falloc_setsize`).
    Truncate,
}

/// What becomes of size hints for extents (FS_IOC_FSSETXATTR).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SizeHintPlan {
    /// They are remembered: multiples of a block, at most so many bytes, else EINVAL.
    Kept {
        /// Bytes at most.
        bytes_max: u64,
    },
    /// The call succeeds and nothing is remembered.
    Ignored,
    /// EOPNOTSUPP for anything but 0.
    Refused,
}

/// What becomes of the flag of no copy on write (FS_IOC_SETFLAGS).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NocowPlan {
    /// EOPNOTSUPP.
    Refused,
    /// Set on an empty file; on another the call succeeds and changes nothing.
    WhenEmpty,
    /// The same, and new files have it from the start (mount option `nodatacow`).
    FromStart,
    /// EOPNOTSUPP, and every file has it: an option of the filesystem.
    Always,
}

/// Data that fits into metadata.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct InlinePlan {
    /// At most so many bytes in one piece of writeback.
    pub bytes_max: u64,
    /// Which pieces.
    pub place: InlinePlace,
    /// Pieces of so many bytes are compressed; `None` where none are.
    pub packed_from: Option<u64>,
}

/// Which data may live in metadata.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum InlinePlace {
    /// Any block that is written alone.
    AnyBlock,
    /// The first block of a file that ends in it.
    WholeFile,
}

/// What st_blocks counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum UsagePlan {
    /// Data, delayed blocks, and the tree's nodes below the root.
    WithTreeNodes,
    /// Data, delayed and reserved blocks.
    DataOnly,
}

/// What a buffered write does when there is no space.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NoSpacePlan {
    /// A folio gets all the blocks it needs or none.
    WholeFolio,
    /// A folio gets the blocks there are, and the call returns short.
    Partial,
    /// All dirty data goes out and freed blocks come free. After that blocks whose data stays in place can be written
    /// without a promise, others not (`btrfs_reserve_data_bytes`, `btrfs_check_nocow_lock`; recordings 080, 082).
    FlushThenInPlace,
}

/// Delayed blocks against free ones (`ext4_nonda_switch`).
///
/// Below twice as many free blocks as delayed ones, writeback starts. Below one and a half times as many, or fewer
/// than `watermark` more, a write allocates at once, as unwritten.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PressurePlan {
    /// Blocks.
    pub watermark: u64,
    /// The counter of delayed blocks is read in steps of this many (`percpu_counter_batch`).
    pub batch: u64,
}

/// What rename(2) over an existing file writes back of the new one. An error is told at the next fsync.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RenameFlush {
    /// Nothing.
    Nothing,
    /// Everything, when it has delayed blocks (`ext4_alloc_da_blocks`).
    Delayed,
    /// Everything, when the file that is replaced has data (`btrfs_rename`).
    OverData,
    /// Everything, and waits for it (`bch2_rename2`).
    AndWait,
}

/// What a filesystem that was shut down still does, and the errno of what it does not.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ShutdownPlan {
    /// Calls that change something or wait until it is durable.
    pub changes: Errno,
    /// Calls that share blocks.
    pub shares: Option<Errno>,
    /// read(2).
    pub reads: Option<Errno>,
    /// fstat(2), FIEMAP, lseek(2).
    pub looks: Option<Errno>,
    /// mmap(2).
    pub maps: Option<Errno>,
    /// The same call again.
    pub again: Option<Errno>,
}
