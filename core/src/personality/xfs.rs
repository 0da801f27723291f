//! xfs as recorded on Linux 6.18: delayed extents inside the extent list, overwrite in place.

use super::plan::*;
use super::{OptionError, Request, options};
use crate::base::{BlockSize, DevBlock, Errno, Range, limits::MAX_FILE_OFFSET};

/// The filesystem's name.
pub const NAME: &str = "xfs";

/// `XFS_SB_MAGIC`.
pub const MAGIC: u32 = 0x5846_5342;

/// The recorded kernel.
const LEVEL: &str = "6.18";

/// Bytes of a record of the mapping tree, and of a long-format block header with checksum.
const RECORD_BYTES: u64 = 16;
const HEADER_BYTES: u64 = 72;
/// Records that fit into an inode of 512 bytes, behind its core of 176.
const ROOT_RECORDS: u32 = 21;

const FALLOCATE: FallocatePlan = FallocatePlan {
    flush: FallocateFlush::Nothing,
    over_delayed: OverDelayed::Convert,
    zero: ZeroPlan::Replace,
    punch_past_eof: PunchPastEof::Frees,
    no_space: FallocNoSpace::AllOrNothing,
    edges: TruncateTail::ZeroDirty,
    edge: PunchEdge::Data,
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

/// Blocks that mkfs takes: the log (64 MiB from 300 MB on), superblocks, headers and roots of free space and inodes.
fn overhead(blocks: u64, block: u64) -> u64 {
    let bytes = blocks * block;
    if bytes < 16 << 20 { 0 } else { (64 << 20) / block + 4 * 8 }
}

/// `xfs_reflink_remap_prep`, `xfs_reflink_unshare`; recordings 035 to 043, 123.
const CLONE: ClonePlan = ClonePlan {
    remap: Some(RemapPlan {
        flush: RemapFlush::Ranges,
        unwritten: RemapUnwritten::Holes,
        inline: RemapInline::Key,
        gap: RemapGap::WrittenAndDropped,
        target: RemapTarget::Truncated,
        dedupe_drops: true,
    }),
    unshare: UnsharePlan::RewriteAndFill,
    snapshot: SnapshotPlan::Refused,
};

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
    let start = overhead(device_blocks, block.bytes()).min(device_blocks);
    let node = u32::try_from((block.bytes() - HEADER_BYTES) / RECORD_BYTES).expect("a block is at most 4 KiB");
    Ok(Profile {
        name: NAME,
        magic: MAGIC,
        level: LEVEL.to_owned(),
        block,
        device_blocks,
        data_area: Range::new(DevBlock(start), DevBlock(device_blocks)),
        spare_blocks: 0,
        tree: TreeShape { root: ROOT_RECORDS, node, scope: TreeScope::Inode, lock: TreeLock::Inode },
        delayed: Delayed::Index,
        overwrite: Overwrite::InPlace,
        unit: WritebackUnit::DirtyBlocks,
        readahead: ReadaheadPlan { pages: 1024, fault_pages: 1024, orders: ReadaheadOrders::GrowWithWindow },
        fault: FaultUnit::Folio,
        write_folio: WriteFolio::RestOfCall,
        placement: Placement::UnwrittenThenConvert,
        prealloc: Prealloc::Unwritten,
        limits: ExtentLimits { written: 0x1f_ffff, unwritten: 0x1f_ffff, reserved: 0, boundary: 0 },
        fiemap: FiemapPlan {
            delayed: FiemapDelayed::Index,
            tail: FiemapTail::Scanned,
            window: FiemapWindow::Exact,
            window_unit: block.bytes(),
            cut: FiemapCut::BothEdges,
            lock: FiemapLock::Untouched,
            flags: crate::base::fiemap::request::XATTR,
            max_start: MAX_FILE_OFFSET,
        },
        seek: SeekPlan { prealloc: SeekPrealloc::CachedPages, cache: SeekCache::Index },
        truncate: TruncatePlan {
            flush: TruncateFlush::UnrecordedSize,
            tail: TruncateTail::ZeroDirty,
            grow: GrowTail::ZeroIfMapped,
        },
        fallocate: FALLOCATE,
        shift: Some(SHIFT),
        // Half an allocation group, of which there are four (`xfs_inode_validate_extsize`).
        size_hint: SizeHintPlan::Kept { bytes_max: request.size / 8 },
        nocow: NocowPlan::Refused,
        direct: DirectPlan { align: 512, path: DirectPath::Around },
        inline: None,
        usage: UsagePlan::WithTreeNodes,
        share: SharePlan::Blocks,
        clone: CLONE,
        no_space: NoSpacePlan::WholeFolio,
        pressure: None,
        max_file_size: MAX_FILE_OFFSET,
        rename_flush: RenameFlush::Nothing,
        shutdown: Some(SHUTDOWN),
        native_tool: Some(NAME),
        fsync: FsyncPlan::Part,
        flush_on_close_after_truncate: true,
        crash: CrashPlan::LastCommit,
    })
}
