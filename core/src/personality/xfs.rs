//! xfs as recorded on Linux 6.18: delayed extents inside the extent list, overwrite in place.

use super::plan::*;
use super::{OptionError, Request, options};
use crate::base::{BlockSize, DevBlock, Errno, PAGE_SIZE, Range, limits::MAX_FILE_OFFSET};

/// The filesystem's name.
pub const NAME: &str = "xfs";

/// `XFS_SB_MAGIC`.
pub const MAGIC: u32 = 0x5846_5342;

/// The recorded kernel.
const LEVEL: &str = "6.18";

/// Bytes of a record of the mapping tree, and of a long-format block header with checksum.
const RECORD_BYTES: u64 = 16;
const HEADER_BYTES: u64 = 72;
/// Records that fit into an inode of 512 bytes beside its attributes: every recording has a node below the root from the
/// thirteenth on.
const ROOT_RECORDS: u32 = 12;

/// Blocks of the longest record (`XFS_MAX_BMBT_EXTLEN`).
const EXTENT_MAX: u32 = 0x1f_ffff;

const FALLOCATE: FallocatePlan = FallocatePlan {
    flush: FallocateFlush::Nothing,
    over_delayed: OverDelayed::Convert,
    zero: ZeroPlan::Replace,
    punch_past_eof: PunchPastEof::Frees,
    no_space: FallocNoSpace::AllOrNothing,
    edges: TruncateTail::ZeroDirty,
    edge: PunchEdge::Data,
    punch: PunchOrder::FlushThenFree,
};

const TRUNCATE: TruncatePlan = TruncatePlan {
    flush: TruncateFlush::ZeroedAndUnrecorded,
    tail: TruncateTail::ZeroDirty,
    grow: GrowTail::ZeroIfMapped,
    split: FolioSplit::DirtyWithStates,
};

const SHIFT: ShiftPlan =
    ShiftPlan { flush: ShiftFlush::FromBlockBefore, drop: ShiftDrop::Cut, size: ShiftSize::Truncate };

/// Nothing answers but a mapping, for pages that are cached (recording 084).
const SHUTDOWN: ShutdownPlan = ShutdownPlan {
    changes: Errno::EIO,
    shares: Some(Errno::EIO),
    reads: Some(Errno::EIO),
    looks: Some(Errno::EIO),
    maps: None,
    again: Some(Errno::EIO),
};

/// What the options say.
struct Options {
    block: u64,
}

fn parse(request: &Request<'_>) -> Result<Options, OptionError> {
    let place = "mkfs.xfs";
    let mut options = Options { block: request.block_size.unwrap_or(4096) };
    let mut words = request.mkfs.split_whitespace();
    while let Some(word) = words.next() {
        let value = words.next().unwrap_or("");
        let refused = || OptionError::not_modelled(place, &format!("{word} {value}"));
        for part in value.split(',') {
            match (word, part.split_once('=').unwrap_or((part, ""))) {
                ("-b", ("size", bytes)) => options.block = options::size(bytes).ok_or_else(refused)?,
                // What every recording has.
                ("-m", ("crc" | "reflink", "1") | ("rmapbt", "0")) => {}
                _ => return Err(refused()),
            }
        }
    }
    match request.mount.split([',', ' ']).find(|word| !word.is_empty()) {
        Some(word) => Err(OptionError::not_modelled("mount.xfs", word)),
        None => Ok(options),
    }
}

/// Where things are on a device, in blocks (`xfs_info` of the recordings).
struct Geometry {
    /// Blocks on the device.
    blocks: u64,
    /// Blocks of each allocation group.
    group: u64,
    /// Blocks of the log.
    log: u64,
    /// Blocks of the headers of a group, and of what lies behind them.
    head: u64,
    /// Blocks of a chunk of inodes.
    chunk: u64,
}

/// Allocation groups.
const GROUPS: u64 = 4;
/// Blocks at the start of a group besides its four headers of a sector each: roots, the list of free blocks for trees.
const GROUP_ROOTS: u64 = 9;
/// Bytes of a chunk of inodes, at a multiple of which it lies.
const CHUNK_BYTES: u64 = 64 * INODE_BYTES;
/// Blocks of a group's last free ones that its own trees may need besides what is reserved for them.
const GROUP_KEPT: u64 = 15;

impl Geometry {
    /// `None` for a device that is too small for all that: it is for teaching and has no metadata.
    fn new(blocks: u64, block: u64) -> Option<Self> {
        let log = (64 << 20) / block;
        (blocks > 2 * log).then(|| {
            let (head, chunk) = (GROUP_ROOTS + (4 * 512_u64).div_ceil(block), CHUNK_BYTES / block);
            Self { blocks, group: blocks.div_ceil(GROUPS), log, head, chunk }
        })
    }

    /// Blocks that a group keeps for the trees of shared blocks and of inodes
    /// (`xfs_refcountbt_calc_reserves`, `xfs_finobt_calc_reserves`; the free blocks of all recordings agree).
    fn reserved(&self) -> u64 {
        let nodes = if self.group > 50_000 { 3 } else { 1 };
        (self.group.div_ceil(168) + self.group.div_ceil(1008) + nodes).saturating_sub(14)
    }

    /// The first block of inodes.
    fn inodes(&self) -> DevBlock {
        DevBlock(self.head.next_multiple_of(self.chunk))
    }

    /// The start of each group and the log, and what each group keeps: nobody gets those.
    fn metadata(&self) -> Vec<Range<DevBlock>> {
        let mut taken = Vec::new();
        for number in 0..GROUPS {
            let start = number * self.group;
            let end = (start + self.group).min(self.blocks);
            let head = if number == GROUPS / 2 { self.head + self.log } else { self.head };
            taken.push(Range::new(DevBlock(start), DevBlock(start + head)));
            if number == 0 {
                // The first inodes.
                taken.push(Range::sized(self.inodes(), self.chunk));
            }
            taken.push(Range::new(DevBlock(end - self.reserved() - GROUP_KEPT), DevBlock(end)));
        }
        taken
    }

    /// Blocks besides that no ordinary operation gets. statfs of the recordings: the device without the log, without
    /// five per cent or 8192 blocks (`xfs_default_resblks`), and without what the groups reserve.
    fn spare(&self) -> u64 {
        let pool = (self.blocks / 20).min(8192);
        let told = self.blocks - self.log - pool - GROUPS * self.reserved() - 1;
        let taken: u64 = self.metadata().iter().map(Range::len).sum();
        (self.blocks - taken).saturating_sub(told)
    }
}

/// `xfs_reflink_remap_prep`, `xfs_reflink_unshare`; recordings 035 to 043, 123.
const CLONE: ClonePlan = ClonePlan {
    remap: Some(RemapPlan {
        flush: RemapFlush::Ranges,
        unwritten: RemapUnwritten::Holes,
        inline: RemapInline::Key,
        gap: RemapGap::WrittenAndDropped,
        target: RemapTarget::Truncated,
        mixed: RemapMixed::Allowed,
        dedupe_drops: true,
    }),
    unshare: UnsharePlan::RewriteAndFill,
    snapshot: SnapshotPlan::Refused,
};

fn fiemap(block: BlockSize) -> FiemapPlan {
    FiemapPlan {
        delayed: FiemapDelayed::Index,
        tail: FiemapTail::Scanned,
        window: FiemapWindow::Exact,
        window_unit: block.bytes(),
        cut: FiemapCut::BothEdges,
        lock: FiemapLock::Untouched,
        flags: crate::base::fiemap::request::XATTR,
        max_start: MAX_FILE_OFFSET,
    }
}

/// Direct I/O.
const DIRECT: DirectPlan = DirectPlan {
    align: 512,
    path: DirectPath::Around,
    misaligned: Misaligned::AtOnce,
    misaligned_read: Misaligned::AtSending,
};

/// SEEK_DATA and SEEK_HOLE.
const SEEK: SeekPlan =
    SeekPlan { prealloc: SeekPrealloc::CachedPages, cache: SeekCache::Index, negative: SeekNegative::Nothing };

/// The profile of a request.
pub fn profile(request: &Request<'_>) -> Result<Profile, OptionError> {
    if let Some(level) = request.level.filter(|level| *level != LEVEL) {
        return Err(OptionError::not_one_of("level", level, &[LEVEL]));
    }
    if let Some((key, _)) = request.patches.first() {
        return Err(OptionError::not_modelled("patch", key));
    }
    let options = parse(request)?;
    let block = BlockSize::new(options.block).filter(|block| block.bytes() >= 1024).ok_or_else(|| {
        OptionError::not_one_of("mkfs.xfs -b size=", &options.block.to_string(), &["1024", "2048", "4096"])
    })?;
    let device_blocks = request.size / block.bytes();
    let geometry = Geometry::new(device_blocks, block.bytes());
    let node = u32::try_from((block.bytes() - HEADER_BYTES) / RECORD_BYTES).expect("a block is at most 4 KiB");
    Ok(Profile {
        name: NAME,
        magic: MAGIC,
        level: LEVEL.to_owned(),
        block,
        device_blocks,
        data_area: Range::new(DevBlock(0), DevBlock(device_blocks)),
        metadata: geometry.as_ref().map(Geometry::metadata).unwrap_or_default(),
        spare_blocks: geometry.as_ref().map_or(0, Geometry::spare),
        space: SpacePlan { goal: GoalPlan::Near(near(geometry.as_ref(), device_blocks, block)), ..SpacePlan::PLAIN },
        tree: TreeShape { root: ROOT_RECORDS, node, scope: TreeScope::Inode, lock: TreeLock::Inode },
        delayed: Delayed::Index,
        overwrite: Overwrite::InPlace,
        zeroed_at_write: 0,
        unit: WritebackUnit::DirtyBlocks,
        readahead: ReadaheadPlan { pages: 1024, fault_pages: 1024, orders: ReadaheadOrders::GrowWithWindow },
        fault: FaultUnit::Folio,
        write_folio: WriteFolio::RestOfCall,
        placement: Placement::UnwrittenThenConvert,
        promise: promises(device_blocks, block, geometry.is_none()),
        prealloc: Prealloc::Unwritten,
        limits: ExtentLimits { written: EXTENT_MAX, unwritten: EXTENT_MAX, reserved: 0, boundary: 0 },
        fiemap: fiemap(block),
        seek: SEEK,
        truncate: TRUNCATE,
        fallocate: FALLOCATE,
        shift: Some(SHIFT),
        // Half an allocation group, of which there are four (`xfs_inode_validate_extsize`).
        size_hint: SizeHintPlan::Kept { bytes_max: request.size / 8 },
        nocow: NocowPlan::Refused,
        direct: DIRECT,
        inline: None,
        inode_data: None,
        beyond_end: BeyondEnd::Untouched,
        usage: UsagePlan::WithTreeNodes,
        share: SharePlan::Blocks,
        clone: CLONE,
        no_space: NoSpacePlan::WholeFolio,
        pressure: None,
        max_file_size: MAX_FILE_OFFSET,
        rename_flush: RenameFlush::Nothing,
        shutdown: Some(SHUTDOWN),
        least_io_block: PAGE_SIZE,
        native_tool: Some(NAME),
        commit_data: CommitData::None,
        commit_for: CommitFor { datasync: Change::Map, name: Change::Map, first_open: false },
        fsync: FsyncPlan::Part,
        close_flush: CloseFlush::CutSinceFsync,
        crash: CrashPlan::LastCommit,
        defect: None,
    })
}

/// Bytes of an inode.
const INODE_BYTES: u64 = 512;

/// Where files look for space; a device that is too small for metadata is one group.
fn near(geometry: Option<&Geometry>, device_blocks: u64, block: BlockSize) -> NearPlan {
    let per_block = block.bytes() / INODE_BYTES;
    match geometry {
        Some(geometry) => NearPlan { group: geometry.group, groups: GROUPS, inodes: geometry.inodes(), per_block },
        None => NearPlan { group: device_blocks.max(1), groups: 1, inodes: DevBlock(0), per_block: u64::MAX },
    }
}

/// A device that is too small for metadata of its own is for teaching: there nothing is promised for the mapping.
fn promises(device_blocks: u64, block: BlockSize, teaching: bool) -> PromisePlan {
    let records = (block.bytes() - HEADER_BYTES) / RECORD_BYTES;
    PromisePlan {
        unit: DelayedUnit::WholeExtent,
        reservation: Reservation::Mapping(MappingReservation {
            most: 1024 * PAGE_SIZE,
            eof: EofPrealloc { least: 64 << 10, extent_max: u64::from(EXTENT_MAX), device_blocks },
            mapping: MappingReserve { records, levels: if teaching { 0 } else { 5 } },
        }),
        staging: Some(StagingPlan { window: 32 }),
        behind_end: BehindEnd::Trimmed,
        writing_forgets_cut: true,
    }
}
