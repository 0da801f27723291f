//! btrfs as recorded on Linux 6.18: copy on write, ordered extents, delayed bits over everything that is dirty.

use super::plan::*;
use super::{OptionError, Request};
use crate::base::{BlockSize, DevBlock, Range, limits::MAX_FILE_OFFSET};

/// The filesystem's name.
pub const NAME: &str = "btrfs";

/// `f_type` of statfs(2).
pub const MAGIC: u32 = 0x9123_683e;

/// The recorded kernel.
const LEVEL: &str = "6.18";

/// `BTRFS_MAX_EXTENT_SIZE`: 128 MiB, and what one preallocation is cut to: 256 MiB (`__btrfs_prealloc_file_range`).
const EXTENT_BYTES_MAX: u64 = 128 << 20;
const PREALLOC_BYTES_MAX: u64 = 256 << 20;

/// Where mkfs puts the first chunk of data, and the smallest device that it takes.
const FIRST_DATA_BYTE: u64 = 13_631_488;
const SMALLEST: u64 = 109 << 20;
/// What the first megabyte and the two copies of the system chunk take, and the unit of chunks.
const SYSTEM_BYTES: u64 = 17 << 20;
const STRIPE_BYTES: u64 = 64 << 10;
/// What mkfs gives data and the system chunk, and the largest small allocation (`btrfs_calc_block_group_size_class`).
const MKFS_CHUNK: u64 = 8 << 20;
const SMALL_BYTES: u64 = 128 << 10;

/// Bytes from which one byte repeated gets smaller (asked of the running kernel).
const ZLIB_LEAST: u64 = 20;
const ZSTD_LEAST: u64 = 18;

/// Largest file that goes inline (`max_inline`, mkfs and mount default).
const INLINE_BYTES_MAX: u64 = 2048;

/// Items of a node of 16 KiB (`struct btrfs_key_ptr` is 33 bytes) and of a leaf (item and file extent: 78 bytes).
const NODE_ENTRIES: u32 = 208;

const FALLOCATE: FallocatePlan = FallocatePlan {
    flush: FallocateFlush::Range,
    over_delayed: OverDelayed::Skip,
    zero: ZeroPlan::ReplaceWritten,
    punch_past_eof: PunchPastEof::Frees,
    no_space: FallocNoSpace::AllOrNothing,
    edges: TruncateTail::ZeroDirty,
    edge: PunchEdge::NoHole,
    punch: PunchOrder::DropThenEdges,
};

const TRUNCATE: TruncatePlan = TruncatePlan {
    flush: TruncateFlush::Nothing,
    tail: TruncateTail::WriteAndLeave,
    grow: GrowTail::ZeroAlways,
    split: FolioSplit::DirtyRest,
};

const CLONE: ClonePlan = ClonePlan {
    remap: Some(RemapPlan {
        flush: RemapFlush::WholeSource,
        unwritten: RemapUnwritten::Shared,
        inline: RemapInline::KeyAtStart,
        gap: RemapGap::Written,
        target: RemapTarget::Truncated,
        mixed: RemapMixed::Refused,
        dedupe_drops: false,
    }),
    unshare: UnsharePlan::Refused,
    snapshot: SnapshotPlan::SharedRecords,
};

/// What the options say.
struct Options {
    datacow: bool,
    /// Bytes from which one byte repeated gets smaller, where data is compressed.
    compress: Option<u64>,
}

fn parse(request: &Request<'_>) -> Result<Options, OptionError> {
    let mut options = Options { datacow: true, compress: None };
    if let Some(word) = request.mkfs.split_whitespace().next() {
        return Err(OptionError::not_modelled("mkfs.btrfs", word));
    }
    for word in request.mount.split([',', ' ']).filter(|word| !word.is_empty()) {
        match word {
            "datacow" => options.datacow = true,
            "nodatacow" => options.datacow = false,
            "compress" | "compress-force" => options.compress = Some(ZLIB_LEAST),
            _ => match word.split_once('=').and_then(|(key, kind)| compresses(key, kind)) {
                Some(least) => options.compress = Some(least),
                None => return Err(OptionError::not_modelled("mount.btrfs", word)),
            },
        }
    }
    Ok(options)
}

/// Where data begins, and how many bytes its chunks come to when the device is full: metadata has two copies of 5 % of
/// the device, at least of 32 MiB (measured with devices of 114 MiB to 1 GiB). A device that mkfs would not take is for
/// teaching: all of it is data.
fn data_chunks(size: u64) -> (u64, u64) {
    if size < SMALLEST {
        return (0, size);
    }
    (FIRST_DATA_BYTE, size - SYSTEM_BYTES - 2 * metadata_bytes(size))
}

fn metadata_bytes(size: u64) -> u64 {
    (size / 20 / STRIPE_BYTES * STRIPE_BYTES).max(32 << 20)
}

/// Data begins in a small chunk; the system's and the metadata's addresses come behind it.
fn space(size: u64, block: BlockSize, options: &Options) -> SpacePlan {
    let blocks = |bytes: u64| bytes / block.bytes();
    let first = if size < SMALLEST { size } else { MKFS_CHUNK };
    let next = if size < SMALLEST { size } else { 2 * MKFS_CHUNK + metadata_bytes(size) };
    SpacePlan {
        goal: GoalPlan::Groups(GroupPlan { first: blocks(first), next: blocks(next), small: blocks(SMALL_BYTES) }),
        compress: options.compress.map(|_| compress(block)),
        unpin: Unpin::NotFsync,
        sums: DataSums::Kept,
        ..SpacePlan::PLAIN
    }
}

fn fiemap(block: BlockSize) -> FiemapPlan {
    FiemapPlan {
        delayed: FiemapDelayed::Overlay,
        tail: FiemapTail::Scanned,
        window: FiemapWindow::Exact,
        window_unit: block.bytes(),
        cut: FiemapCut::Whole,
        lock: FiemapLock::Untouched,
        flags: 0,
        max_start: MAX_FILE_OFFSET,
    }
}

/// Direct I/O.
const DIRECT: DirectPlan = DirectPlan {
    align: 512,
    path: DirectPath::ThroughCache,
    misaligned: Misaligned::AtOnce,
    misaligned_read: Misaligned::AtOnce,
};

/// SEEK_DATA and SEEK_HOLE.
const SEEK: SeekPlan =
    SeekPlan { prealloc: SeekPrealloc::Delayed, cache: SeekCache::Index, negative: SeekNegative::Start };

/// The profile of a request.
pub fn profile(request: &Request<'_>) -> Result<Profile, OptionError> {
    if let Some(level) = request.level.filter(|level| *level != LEVEL) {
        return Err(OptionError::not_one_of("level", level, &[LEVEL]));
    }
    if let Some((key, _)) = request.patches.first() {
        return Err(OptionError::not_modelled("patch", key));
    }
    let options = parse(request)?;
    let bytes = request.block_size.unwrap_or(4096);
    let block = BlockSize::new(bytes)
        .filter(|block| block.bytes() == 4096)
        .ok_or_else(|| OptionError::not_one_of("blocksize", &bytes.to_string(), &["4096"]))?;
    let device_blocks = request.size / block.bytes();
    let (start, room) = data_chunks(request.size);
    let (start, room) = (start / block.bytes(), room / block.bytes());
    Ok(Profile {
        name: NAME,
        magic: MAGIC,
        level: LEVEL.to_owned(),
        block,
        device_blocks,
        data_area: Range::new(DevBlock(start), DevBlock(device_blocks)),
        metadata: Vec::new(),
        spare_blocks: (device_blocks - start).saturating_sub(room),
        space: space(request.size, block, &options),
        tree: TreeShape { root: NODE_ENTRIES, node: NODE_ENTRIES, scope: TreeScope::Filesystem, lock: TreeLock::Nodes },
        delayed: Delayed::Overlay,
        overwrite: Overwrite::Elsewhere,
        zeroed_at_write: 0,
        unit: WritebackUnit::DirtyBlocks,
        readahead: ReadaheadPlan { pages: 1024, fault_pages: 1024, orders: ReadaheadOrders::Single },
        fault: FaultUnit::Page,
        write_folio: WriteFolio::Page,
        placement: Placement::Ordered,
        promise: PromisePlan::PLAIN,
        prealloc: Prealloc::Unwritten,
        limits: limits(block),
        fiemap: fiemap(block),
        seek: SEEK,
        truncate: TRUNCATE,
        fallocate: FALLOCATE,
        shift: None,
        size_hint: SizeHintPlan::Refused,
        nocow: if options.datacow { NocowPlan::WhenEmpty } else { NocowPlan::FromStart },
        direct: DirectPlan { align: block.bytes(), ..DIRECT },
        inline: Some(inline(block, &options)),
        share: SharePlan::DiskExtents,
        clone: CLONE,
        inode_data: None,
        beyond_end: BeyondEnd::Untouched,
        usage: UsagePlan::DataOnly,
        no_space: NoSpacePlan::FlushThenInPlace,
        pressure: None,
        max_file_size: MAX_FILE_OFFSET,
        rename_flush: RenameFlush::OverData,
        shutdown: None,
        least_io_block: 0,
        native_tool: None,
        commit_data: CommitData::None,
        commit_for: CommitFor { datasync: Change::Times, name: Change::Map, first_open: false },
        fsync: FsyncPlan::WholeFile,
        close_flush: CloseFlush::Cut,
        crash: CrashPlan::LastCommit,
        defect: None,
    })
}

/// Bytes from which a kind of compression makes one byte repeated smaller.
fn compresses(key: &str, kind: &str) -> Option<u64> {
    if !matches!(key, "compress" | "compress-force") {
        return None;
    }
    match kind.split(':').next().unwrap_or("") {
        "zlib" => Some(ZLIB_LEAST),
        "zstd" => Some(ZSTD_LEAST),
        // It keeps what it made, larger or not.
        "lzo" => Some(1),
        _ => None,
    }
}

/// What gets smaller counts with what is left of it (`can_cow_file_range_inline`).
fn inline(block: BlockSize, options: &Options) -> InlinePlan {
    let bytes_max = if options.compress.is_some() { block.bytes() } else { INLINE_BYTES_MAX };
    InlinePlan { bytes_max, place: InlinePlace::WholeFile, packed_from: options.compress }
}

/// `BTRFS_MAX_UNCOMPRESSED`; recording 132.
fn compress(block: BlockSize) -> CompressPlan {
    CompressPlan {
        blocks: (128 << 10) / block.bytes(),
        together: (512 << 10) / block.bytes(),
        sent: PackedSent::Run,
        told: ToldEncoded::Packed,
    }
}

fn limits(block: BlockSize) -> ExtentLimits {
    let blocks = |bytes: u64| u32::try_from(bytes / block.bytes()).expect("an extent is short");
    ExtentLimits { written: blocks(EXTENT_BYTES_MAX), unwritten: blocks(PREALLOC_BYTES_MAX), reserved: 0, boundary: 0 }
}
