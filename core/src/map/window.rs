//! How large a reservation is made: windows of copy on write, and what a growing file gets behind its end.

use crate::base::{BlockSize, FileBlock, Range};
use crate::personality::plan::EofPrealloc;

/// A range rounded out to a hint, in blocks, between its neighbours: the end of the one before, the start of the one
/// behind (`xfs_bmap_extsize_align`).
///
/// Where the rounded range meets the neighbour behind, it is moved down as a whole first, and cut only then.
pub fn aligned(
    range: Range<FileBlock>,
    hint: u64,
    before: Option<FileBlock>,
    behind: Option<FileBlock>,
) -> Range<FileBlock> {
    let mut start = range.start.0 / hint * hint;
    let mut len = (range.end.0 - start).next_multiple_of(hint);
    let before = before.map_or(0, |end| end.0);
    let moved = |start: u64| if start != range.start.0 && start < before { before } else { start };
    start = moved(start);
    if let Some(next) = behind.map(|next| next.0) {
        if start + len != range.end.0 && start + len > next {
            start = moved(next.saturating_sub(len));
        }
        if start + len != range.end.0 && start + len > next {
            len = next - start;
        }
    }
    Range::sized(FileBlock(start), len)
}

/// What a write finds when it grows a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Growth {
    /// Size of the file before, in bytes.
    pub size: u64,
    /// First byte of the write.
    pub pos: u64,
    /// Bytes of the write.
    pub len: u64,
    /// Blocks of the last record right in front of the write, with those that continue into it on the device; 0 for
    /// none.
    pub before: u64,
    /// Free blocks.
    pub free: u64,
}

/// Where a new delayed extent of a growing file ends (`xfs_iomap_prealloc_size`); `None` for no more than the write
/// needs.
pub fn end_behind_eof(plan: &EofPrealloc, block: BlockSize, growth: Growth) -> Option<FileBlock> {
    if growth.size < plan.least {
        return None;
    }
    let least = plan.least / block.bytes();
    let blocks = if growth.before == 0 { least } else { doubled(plan, block, growth).max(least) };
    let last = growth.pos + growth.len - 1;
    Some(block.block_of(last / plan.least * plan.least) + blocks)
}

/// Twice what is there, less where space is short, a power of two.
fn doubled(plan: &EofPrealloc, block: BlockSize, growth: Growth) -> u64 {
    let mut blocks = growth.before * 2;
    if blocks > plan.extent_max {
        blocks = block.count(growth.pos);
    }
    blocks = blocks.min(plan.extent_max.next_power_of_two());
    // Below five per cent free a quarter, and half again for each per cent less.
    let percent = plan.device_blocks / 100;
    let short = (1..=5u64).filter(|part| growth.free < percent * part).count();
    if short > 0 {
        blocks >>= short + 1;
    }
    if blocks > 0 {
        blocks = 1 << blocks.ilog2();
    }
    blocks = blocks.min(plan.extent_max);
    while blocks > 0 && blocks >= growth.free {
        blocks >>= 4;
    }
    blocks
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAN: EofPrealloc = EofPrealloc { least: 64 << 10, extent_max: 0x1f_ffff, device_blocks: 131_072 };

    fn end(size: u64, pos: u64, len: u64, before: u64, free: u64) -> Option<u64> {
        let block = BlockSize::new(4096).expect("4096 is a block size");
        end_behind_eof(&PLAN, block, Growth { size, pos, len, before, free }).map(|end| end.0)
    }

    #[test]
    fn a_growing_file_is_promised_twice_what_it_has() {
        const K: u64 = 1 << 10;
        let free = 107_000;
        // Recordings 076 and 112: files below 64 KiB get nothing, one call on an empty file neither.
        assert_eq!(end(60 * K, 60 * K, 4 * K, 15, free), None);
        assert_eq!(end(0, 0, 128 * K, 0, free), None);
        // 112 c, e, f: calls of 64 KiB, and of 1 MiB.
        assert_eq!(end(64 * K, 64 * K, 64 * K, 16, free), Some(48));
        assert_eq!(end(192 * K, 192 * K, 64 * K, 48, free), Some(112));
        assert_eq!(end(1024 * K, 1024 * K, 1024 * K, 256, free), Some(1008));
        // 112 g: right behind a hole of the list the least.
        assert_eq!(end(68 * K, 68 * K, 64 * K, 0, free), Some(48));
    }

    #[test]
    fn less_is_promised_when_space_is_short() {
        let mib = 1 << 20;
        // Plenty, four per cent, less than one per cent.
        assert_eq!(end(16 * mib, 16 * mib, mib, 4096, 100_000), Some(4336 + 8192));
        assert_eq!(end(16 * mib, 16 * mib, mib, 4096, 6000), Some(4336 + 2048));
        assert_eq!(end(16 * mib, 16 * mib, mib, 4096, 1000), Some(4336 + 128));
        // What is still more than there is shrinks by sixteenths, down to the least.
        assert_eq!(end(16 * mib, 16 * mib, mib, 4096, 100), Some(4336 + 16));
    }

    #[test]
    fn windows_are_aligned_and_keep_to_their_neighbours() {
        let blocks = |start, end| Range::new(FileBlock(start), FileBlock(end));
        let at = |block| Some(FileBlock(block));
        assert_eq!(aligned(blocks(5, 6), 32, None, None), blocks(0, 32));
        assert_eq!(aligned(blocks(40, 70), 32, None, None), blocks(32, 96));
        assert_eq!(aligned(blocks(40, 41), 32, at(36), None), blocks(36, 68));
        // The neighbour behind moves it down; with neighbours on both sides it is cut.
        assert_eq!(aligned(blocks(40, 41), 32, None, at(60)), blocks(28, 60));
        assert_eq!(aligned(blocks(40, 41), 32, at(38), at(60)), blocks(38, 60));
    }
}
