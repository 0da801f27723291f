//! bcachefs as recorded on Linux 6.16.3: copy on write always, delayed blocks known only to the page cache.

use super::plan::*;
use super::{OptionError, Request, options};
use crate::base::{BlockSize, DevBlock, Errno, Range, limits::MAX_FILE_OFFSET};

/// The filesystem's name.
pub const NAME: &str = "bcachefs";

/// The recorded kernel, the kernel before the series, and the series as posted in January 2024.
const LEVELS: [&str; 3] = ["6.16", "6.12", "2024"];

const TRUNCATE: TruncatePlan = TruncatePlan {
    flush: TruncateFlush::UnrecordedSize,
    tail: TruncateTail::ZeroAndWrite,
    grow: GrowTail::Nothing,
    split: FolioSplit::DirtyRest,
};

const FALLOCATE: FallocatePlan = FallocatePlan {
    flush: FallocateFlush::Nothing,
    over_delayed: OverDelayed::Skip,
    zero: ZeroPlan::Replace,
    punch_past_eof: PunchPastEof::Frees,
    no_space: FallocNoSpace::AllOrNothing,
    edges: TruncateTail::ZeroDirty,
    edge: PunchEdge::Data,
    punch: PunchOrder::DropThenEdges,
};

const SHIFT: ShiftPlan = ShiftPlan { flush: ShiftFlush::FromPosition, drop: ShiftDrop::Folios, size: ShiftSize::Set };

/// An emergency makes it read-only (`bch2_fs_emergency_read_only`).
const SHUTDOWN: ShutdownPlan = ShutdownPlan {
    changes: Errno::EROFS,
    shares: Some(Errno::EROFS),
    reads: None,
    looks: None,
    maps: None,
    again: None,
};

/// `bch2_remap_file_range`; snapshots as recorded in 313.
const CLONE: ClonePlan = ClonePlan {
    remap: Some(RemapPlan {
        flush: RemapFlush::Ranges,
        unwritten: RemapUnwritten::Holes,
        inline: RemapInline::Key,
        gap: RemapGap::Left,
        target: RemapTarget::Invalidated,
        mixed: RemapMixed::Allowed,
        dedupe_drops: true,
    }),
    unshare: UnsharePlan::Refused,
    snapshot: SnapshotPlan::SharedRecords,
};

/// What the options say, in bytes where they are sizes.
struct Options {
    block: u64,
    bucket: Option<u64>,
    encoded_extent_max: u64,
    checksums: bool,
    nocow: bool,
    compression: bool,
    replicas: u64,
}

fn parse(request: &Request<'_>) -> Result<Options, OptionError> {
    let place = "mkfs.bcachefs";
    let mut options = Options {
        block: request.block_size.unwrap_or(4096),
        bucket: None,
        encoded_extent_max: 64 << 10,
        checksums: true,
        nocow: false,
        compression: false,
        replicas: 1,
    };
    for word in request.mkfs.split_whitespace() {
        let (key, value) = word.split_once('=').unwrap_or((word, ""));
        let bytes = || options::size(value).filter(|size| size.is_power_of_two());
        let refused = || OptionError::not_modelled(place, word);
        match key {
            "--block_size" => options.block = bytes().ok_or_else(refused)?,
            "--bucket_size" => options.bucket = Some(bytes().ok_or_else(refused)?),
            "--encoded_extent_max" => options.encoded_extent_max = bytes().ok_or_else(refused)?,
            "--data_checksum" => options.checksums = value != "none",
            // What is written in place cannot have a checksum.
            "--nocow" => (options.nocow, options.checksums) = (true, false),
            "--compression" => {
                let kind = value.split(':').next().unwrap_or("");
                options.compression = match kind {
                    "none" => false,
                    "lz4" | "gzip" | "zstd" => true,
                    _ => return Err(refused()),
                };
            }
            "--replicas" | "--data_replicas" => {
                options.replicas = value.parse().ok().filter(|count| (1..=4).contains(count)).ok_or_else(refused)?;
            }
            _ => return Err(refused()),
        }
    }
    match request.mount.split([',', ' ']).find(|word| !word.is_empty()) {
        Some(word) => Err(OptionError::not_modelled("mount.bcachefs", word)),
        None => Ok(options),
    }
}

/// The walk of a level, with the single switches applied.
fn fiemap(request: &Request<'_>) -> Result<FiemapPlan, OptionError> {
    let level = request.level.unwrap_or(LEVELS[0]);
    let (delayed, tail, window) = match level {
        "6.16" => (FiemapDelayed::Cache, FiemapTail::Scanned, FiemapWindow::StartInSectors),
        "6.12" => (FiemapDelayed::Unreported, FiemapTail::Scanned, FiemapWindow::Exact),
        "2024" => (FiemapDelayed::Cache, FiemapTail::EndsAtLastKey, FiemapWindow::Exact),
        _ => return Err(OptionError::not_one_of("level", level, &LEVELS)),
    };
    let mut plan = FiemapPlan {
        delayed,
        tail,
        window,
        window_unit: 512,
        cut: FiemapCut::BothEdges,
        lock: FiemapLock::TryThenDrop,
        flags: 0,
        max_start: MAX_FILE_OFFSET,
    };
    for (key, value) in request.patches {
        match (key.as_str(), value.as_str()) {
            ("fiemap_lock", "blocking") => plan.lock = FiemapLock::Blocking,
            ("fiemap_lock", "trylock") => plan.lock = FiemapLock::TryAndRestart,
            ("fiemap_lock", "try_then_drop") => plan.lock = FiemapLock::TryThenDrop,
            ("fiemap_lock", "always_drop") => plan.lock = FiemapLock::AlwaysDrop,
            ("fiemap_window", "exact") => plan.window = FiemapWindow::Exact,
            ("fiemap_window", "start_in_sectors") => plan.window = FiemapWindow::StartInSectors,
            ("fiemap_tail", "scanned") => plan.tail = FiemapTail::Scanned,
            ("fiemap_tail", "ends_at_last_key") => plan.tail = FiemapTail::EndsAtLastKey,
            _ => return Err(OptionError::not_modelled("patch", &format!("{key}={value}"))),
        }
    }
    Ok(plan)
}

/// The bucket of a device, in bytes: 128 KiB, scaled down on small devices so that there are at least eight.
fn bucket_bytes(options: &Options, size: u64) -> u64 {
    let smallest = options.block * 4;
    options.bucket.unwrap_or_else(|| {
        let mut bytes: u64 = 128 << 10;
        while bytes > smallest && bytes * 8 > size {
            bytes /= 2;
        }
        bytes
    })
}

/// A tree's first key brings its root, a bucket each: extents, and behind the write buffer accounting and backpointers
/// of the root; backpointers of data; the reflink tree (recordings 079, 080, 082, 083, 109). The headroom is
/// `RESERVE_FACTOR`.
fn space_plan(options: &Options, small: bool, bucket: u64, encoded: u32) -> SpacePlan {
    // Everything goes through the compressor, in pieces of one extent.
    let compress = CompressPlan {
        blocks: u64::from(encoded.max(1)),
        together: u64::from(encoded.max(1)),
        sent: PackedSent::Folios,
        told: ToldEncoded::All,
    };
    let compress = options.compression.then_some(compress);
    let sums = if options.checksums { DataSums::Kept } else { DataSums::None };
    let plan = SpacePlan { goal: GoalPlan::OpenBucket, compress, sums, copies: options.replicas, ..SpacePlan::PLAIN };
    let growth = MetadataGrowth { record: 3 * bucket, data: bucket, sharing: bucket };
    if small { plan } else { SpacePlan { headroom: 64, growth, ..plan } }
}

/// Direct I/O.
const DIRECT: DirectPlan = DirectPlan {
    align: 512,
    path: DirectPath::Around,
    misaligned: Misaligned::AtOnce,
    misaligned_read: Misaligned::AtOnce,
};

/// SEEK_DATA and SEEK_HOLE.
const SEEK: SeekPlan = SeekPlan {
    prealloc: SeekPrealloc::CachedData,
    cache: SeekCache::ScanToMissingFolio,
    negative: SeekNegative::Nothing,
};

fn limits(options: &Options, encoded: u32, bucket: u32) -> ExtentLimits {
    let written = if options.checksums { encoded.max(1) } else { bucket };
    ExtentLimits { written, unwritten: bucket, reserved: u32::MAX, boundary: bucket }
}

/// Buckets at the start of a device that superblocks have. Too many for a teaching device.
const SUPERBLOCK_BUCKETS: u64 = 8;

/// Blocks that users do not get: 8 % for the copying collector, or twice the buckets that the allocators of tree nodes and
/// of moved data keep back, whichever is more (`bch2_recalc_capacity`).
fn kept_back(device_blocks: u64, bucket: u64) -> u64 {
    let buckets = device_blocks / bucket.max(1);
    let for_allocators = 2 * (2 * 28 + buckets / 64 + 3) * bucket;
    for_allocators.max(device_blocks.saturating_sub(bucket * SUPERBLOCK_BUCKETS) * 8 / 100)
}

/// The profile of a request.
pub fn profile(request: &Request<'_>) -> Result<Profile, OptionError> {
    let options = parse(request)?;
    let block = BlockSize::new(options.block).ok_or_else(|| {
        OptionError::not_one_of("mkfs.bcachefs --block_size", &options.block.to_string(), &["512", "1k", "2k", "4k"])
    })?;
    // Each device has one copy of everything.
    let device_blocks = request.size / options.replicas / block.bytes();
    let bucket = bucket_bytes(&options, request.size) / block.bytes();
    let bucket32 = u32::try_from(bucket).map_err(|_| OptionError::not_modelled("mkfs.bcachefs", "--bucket_size"))?;
    let encoded = u32::try_from(options.encoded_extent_max / block.bytes()).unwrap_or(u32::MAX);
    let small = request.size < 16 << 20;
    let metadata = if small { 0 } else { bucket * SUPERBLOCK_BUCKETS };
    Ok(Profile {
        name: NAME,
        magic: 0xca45_1a4e,
        level: request.level.unwrap_or(LEVELS[0]).to_owned(),
        block,
        device_blocks,
        data_area: Range::new(DevBlock(metadata), DevBlock(device_blocks.max(metadata))),
        metadata: Vec::new(),
        spare_blocks: if small { 0 } else { kept_back(device_blocks, bucket) },
        space: space_plan(&options, small, bucket, encoded),
        tree: TreeShape { root: 1024, node: 1024, scope: TreeScope::Filesystem, lock: TreeLock::Nodes },
        delayed: Delayed::Cache,
        overwrite: Overwrite::Elsewhere,
        zeroed_at_write: 0,
        unit: WritebackUnit::Folio,
        readahead: ReadaheadPlan { pages: 32, fault_pages: 32, orders: ReadaheadOrders::GrowWithFolio },
        fault: FaultUnit::Page,
        write_folio: WriteFolio::WholeCall,
        placement: Placement::IndexAfterWrite,
        promise: PromisePlan::PLAIN,
        prealloc: if options.nocow { Prealloc::Unwritten } else { Prealloc::Reserved },
        limits: limits(&options, encoded, bucket32),
        fiemap: fiemap(request)?,
        seek: SEEK,
        truncate: TRUNCATE,
        fallocate: FALLOCATE,
        shift: Some(SHIFT),
        size_hint: SizeHintPlan::Refused,
        nocow: if options.nocow { NocowPlan::Always } else { NocowPlan::Refused },
        direct: DirectPlan { align: block.bytes(), ..DIRECT },
        inline: Some(InlinePlan {
            bytes_max: (block.bytes() / 2).min(1024),
            place: InlinePlace::AnyBlock,
            packed_from: None,
        }),
        inode_data: None,
        beyond_end: BeyondEnd::Untouched,
        usage: UsagePlan::DataOnly,
        share: SharePlan::Marks,
        clone: CLONE,
        no_space: NoSpacePlan::Partial,
        pressure: None,
        max_file_size: MAX_FILE_OFFSET,
        rename_flush: RenameFlush::AndWait,
        shutdown: Some(SHUTDOWN),
        least_io_block: 0,
        native_tool: None,
        commit_data: CommitData::None,
        commit_for: CommitFor { datasync: Change::Times, name: Change::Map, first_open: false },
        fsync: FsyncPlan::Part,
        close_flush: CloseFlush::Nothing,
        crash: CrashPlan::LastCommit,
        defect: None,
    })
}
