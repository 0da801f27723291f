//! ext4 as recorded on Linux 6.18: delayed allocation in the extent status tree, overwrite in place.

use super::plan::*;
use super::{OptionError, Request, options};
use crate::base::{BlockSize, DevBlock, Errno, Range};

/// The filesystem's name.
pub const NAME: &str = "ext4";

/// The recorded kernel.
const LEVEL: &str = "6.18";

/// Entries of the root in the inode, and of a 4 KiB node (`struct ext4_extent` is 12 bytes, and so is the header).
const ROOT_ENTRIES: u32 = 4;
const NODE_ENTRY_BYTES: u64 = 12;

/// Everything that starts with a system call on a file fails, what only looks at the inode answers.
const SHUTDOWN: ShutdownPlan = ShutdownPlan {
    changes: Errno::EIO,
    shares: None,
    reads: Some(Errno::EIO),
    looks: None,
    maps: Some(Errno::EIO),
    again: None,
};

const TRUNCATE: TruncatePlan = TruncatePlan {
    flush: TruncateFlush::Nothing,
    tail: TruncateTail::ZeroDirty,
    grow: GrowTail::ZeroIfMapped,
    split: FolioSplit::DirtyRest,
};

/// The block pointers of the inode, and what an inode of 256 bytes has left for an attribute.
const INODE_DATA: InodeDataPlan = InodeDataPlan { bytes_min: 60, bytes_max: 128 };

const FALLOCATE: FallocatePlan = FallocatePlan {
    flush: FallocateFlush::Nothing,
    over_delayed: OverDelayed::Convert,
    zero: ZeroPlan::Convert,
    punch_past_eof: PunchPastEof::Ignored,
    no_space: FallocNoSpace::KeepPart,
    edges: TruncateTail::ZeroDirty,
    edge: PunchEdge::Data,
    punch: PunchOrder::DropThenEdges,
};

const SHIFT: ShiftPlan = ShiftPlan { flush: ShiftFlush::Kept, drop: ShiftDrop::Cut, size: ShiftSize::Set };

/// What the options say.
struct Options {
    block: u64,
    delalloc: bool,
    inline_data: bool,
}

fn parse(request: &Request<'_>) -> Result<Options, OptionError> {
    let mut options = Options { block: request.block_size.unwrap_or(4096), delalloc: true, inline_data: false };
    let mut words = request.mkfs.split_whitespace();
    while let Some(word) = words.next() {
        match word {
            "-b" => {
                let value = words.next().unwrap_or("");
                options.block = options::size(value).ok_or_else(|| OptionError::not_modelled("mkfs.ext4", word))?;
            }
            "-O" => {
                let features = words.next().unwrap_or("");
                if features != "inline_data" {
                    return Err(OptionError::not_modelled("mkfs.ext4", &format!("-O {features}")));
                }
                options.inline_data = true;
            }
            _ => return Err(OptionError::not_modelled("mkfs.ext4", &format!("{word} {}", words.next().unwrap_or("")))),
        }
    }
    for word in request.mount.split([',', ' ']).filter(|word| !word.is_empty()) {
        match word {
            "delalloc" => options.delalloc = true,
            "nodelalloc" => options.delalloc = false,
            _ => return Err(OptionError::not_modelled("mount.ext4", word)),
        }
    }
    Ok(options)
}

/// Blocks of inodes, of 256 bytes each.
fn inode_tables(bytes: u64, block: u64) -> u64 {
    let bytes_per_inode = if bytes < 512 << 20 { 4096 } else { 16_384 };
    (bytes / bytes_per_inode) * 256 / block
}

/// Blocks that mke2fs takes: journal, inode tables, superblocks and group descriptors, bitmaps.
fn overhead(blocks: u64, block: u64) -> u64 {
    let bytes = blocks * block;
    let journal = match blocks {
        0..2048 => 0,
        2048..32_768 => 1024,
        32_768..262_144 => 4096,
        _ => 8192,
    };
    let inode_tables = inode_tables(bytes, block);
    let groups = blocks.div_ceil(8 * block);
    let rest = if bytes < 512 << 20 { 12 } else { 209 + groups };
    if bytes < 1 << 20 { 0 } else { journal + inode_tables + rest }
}

fn fiemap(block: BlockSize) -> FiemapPlan {
    FiemapPlan {
        delayed: FiemapDelayed::Index,
        tail: FiemapTail::Scanned,
        window: FiemapWindow::Exact,
        window_unit: block.bytes(),
        cut: FiemapCut::BothEdges,
        lock: FiemapLock::Untouched,
        flags: crate::base::fiemap::request::XATTR | crate::base::fiemap::request::CACHE,
        max_start: max_file_size(block),
    }
}

/// Direct I/O.
const DIRECT: DirectPlan = DirectPlan {
    align: 512,
    path: DirectPath::Around,
    misaligned: Misaligned::AtSending,
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
        OptionError::not_one_of("mkfs.ext4 -b", &options.block.to_string(), &["1024", "2048", "4096"])
    })?;
    let device_blocks = request.size / block.bytes();
    let start = overhead(device_blocks, block.bytes()).min(device_blocks);
    let node = u32::try_from((block.bytes() - NODE_ENTRY_BYTES) / NODE_ENTRY_BYTES).expect("a block is at most 4 KiB");
    Ok(Profile {
        name: NAME,
        magic: 0xef53,
        level: LEVEL.to_owned(),
        block,
        device_blocks,
        data_area: Range::new(DevBlock(start), DevBlock(device_blocks)),
        // `s_resv_clusters`: 2 % of the device, at most 4096 clusters (ext4_calculate_resv_clusters).
        metadata: Vec::new(),
        spare_blocks: if start == 0 { 0 } else { (device_blocks / 50).min(4096) },
        space: if options.delalloc { SpacePlan::PLAIN } else { windows(block, device_blocks, start) },
        tree: TreeShape { root: ROOT_ENTRIES, node, scope: TreeScope::Inode, lock: TreeLock::Inode },
        delayed: if options.delalloc { Delayed::Index } else { Delayed::Never },
        overwrite: Overwrite::InPlace,
        // `s_extent_max_zeroout_kb`.
        zeroed_at_write: (32 << 10) / block.bytes(),
        unit: WritebackUnit::DirtyBlocks,
        // The recordings' loop device: 215 shows a second window of four times the first, which needs more than 64.
        readahead: ReadaheadPlan { pages: 1024, fault_pages: 1024, orders: ReadaheadOrders::GrowWithWindow },
        fault: FaultUnit::Folio,
        write_folio: WriteFolio::RestOfCall,
        placement: Placement::UnwrittenThenConvert,
        promise: PromisePlan::PLAIN,
        prealloc: Prealloc::Unwritten,
        limits: ExtentLimits { written: 32_768, unwritten: 32_767, reserved: 0, boundary: 0 },
        fiemap: fiemap(block),
        seek: SEEK,
        truncate: TRUNCATE,
        fallocate: FALLOCATE,
        shift: Some(SHIFT),
        size_hint: SizeHintPlan::Ignored,
        nocow: NocowPlan::Refused,
        direct: DIRECT,
        inline: None,
        inode_data: options.inline_data.then_some(INODE_DATA),
        beyond_end: BeyondEnd::Zeroed,
        usage: UsagePlan::WithTreeNodes,
        share: SharePlan::Never,
        clone: ClonePlan::NONE,
        no_space: NoSpacePlan::WholeFolio,
        pressure: options.delalloc.then_some(pressure(start)),
        max_file_size: max_file_size(block),
        rename_flush: RenameFlush::Delayed,
        shutdown: Some(SHUTDOWN),
        least_io_block: 0,
        native_tool: None,
        commit_data: CommitData::Ahead,
        commit_for: CommitFor { datasync: Change::Map, name: Change::Times, first_open: true },
        fsync: FsyncPlan::Part,
        close_flush: CloseFlush::Cut,
        crash: CrashPlan::LastCommit,
        defect: None,
    })
}

/// `EXT4_FREECLUSTERS_WATERMARK` on two processors. A device that is too small for metadata of its own is for teaching:
/// there every block counts, or else no write on it would ever be delayed.
fn pressure(overhead: u64) -> PressurePlan {
    if overhead == 0 { PressurePlan { watermark: 0, batch: 1 } } else { PressurePlan { watermark: 256, batch: 32 } }
}

/// Addresses count where a write may zero what is preallocated next to it: without delayed allocation. A copy of the
/// superblock and of the descriptors is followed by room for more descriptors.
fn windows(block: BlockSize, device_blocks: u64, start: u64) -> SpacePlan {
    let group = 8 * block.bytes();
    let (groups, order_max, kept) = ((device_blocks / group).max(1), block.bytes().ilog2() + 1, 65);
    // Behind the bitmaps and inode tables of all groups and the first directories; the journal lies elsewhere there, and
    // at the front here. Chunks of free blocks are of the same sizes as there.
    let first = kept + 2 * groups + inode_tables(device_blocks * block.bytes(), block.bytes()) + 6;
    let chunk = 1 << order_max;
    let plan = WindowPlan {
        block: block.bytes(),
        group,
        groups,
        kept_first: first + start.saturating_sub(first).next_multiple_of(chunk),
        kept,
        order_max,
        small: 16,
        pool: 512,
    };
    SpacePlan { goal: GoalPlan::Windows(plan), ..SpacePlan::PLAIN }
}

/// 2^32 - 1 blocks (`ext4_max_size`).
fn max_file_size(block: BlockSize) -> u64 {
    u64::from(u32::MAX) * block.bytes()
}
