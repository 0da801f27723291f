//! Zeroes a range wherever it has data.
//!
//! Sources: `iomap_zero_range`, `xfs_zero_range`; recordings 016, 032, 098, 106, 125.

use crate::base::{Errno, FileBlock, Ino, PAGE_SIZE, Prov, Range};
use crate::map::{MappingKind, Volume};
use crate::trace::Frame;

impl Volume {
    /// Zeroes the bytes that have data, or dirty pages; whether there were any. Delayed blocks behind the end of
    /// the file become unwritten.
    pub async fn zero_range(&self, ino: Ino, pos: u64, len: u64, prov: Prov) -> Result<bool, Errno> {
        let _frame = self.cx.frame(Frame::Zero, pos, len);
        let block = self.profile.block;
        let end = pos + len;
        let eof = self.eof_block(ino);
        // The rest of a block is zeroed where it is when its page is dirty, and nothing is written back for it.
        let first_end = block.pos(block.block_after(pos)).min(end);
        let mut zeroed = !block.aligned(pos) && self.zero_dirty_rest(ino, pos, first_end - pos, prov).await?;
        let mut at = if zeroed { first_end } else { pos };
        let mut dirty = self.needs_writeback(ino, at, end - at);
        while at < end {
            let first = block.block_of(at);
            let last = block.block_after(end);
            let limit = if first < eof { last.min(eof) } else { last };
            let hold = self.extents.read_lock(ino, first).await;
            let mapping = self.mapping(ino, Range::new(first, limit));
            drop(hold);
            let stop = block.pos(mapping.range.end).min(end);
            match mapping.kind {
                MappingKind::Delayed if first >= eof => {
                    self.place_delayed(ino, Range::sized(first, 1)).await?;
                }
                // What is dirty over preallocation is zeroed where it is (`iomap_fill_dirty_folios`).
                MappingKind::Unwritten if first < eof => {
                    let here = block.pos(first + 1).min(stop);
                    if self.needs_writeback(ino, at, here - at) {
                        self.zero_in_cache(ino, at, here - at, prov).await?;
                        zeroed = true;
                    }
                    at = here;
                }
                // Over a hole, and over what just got its place behind the end, pages that are dirty are written back once:
                // with small blocks that is the page of the end (`iomap_zero_iter_flush_and_stale`).
                MappingKind::Hole | MappingKind::Unwritten if dirty => {
                    dirty = false;
                    self.write_back_wait(ino, at, end - at).await?;
                }
                MappingKind::Hole | MappingKind::Unwritten | MappingKind::Reserved => at = stop,
                MappingKind::Written | MappingKind::Inline | MappingKind::Delayed => {
                    let here = block.pos(first + 1).min(stop);
                    self.zero_in_cache(ino, at, here - at, prov).await?;
                    zeroed = true;
                    at = here;
                }
            }
        }
        Ok(zeroed)
    }

    /// Zeroes bytes of one block whose page is dirty; whether it is. A hole has nothing to zero, unless its data waits beside
    /// the tree.
    async fn zero_dirty_rest(&self, ino: Ino, pos: u64, len: u64, prov: Prov) -> Result<bool, Errno> {
        if !self.needs_writeback(ino, pos, len) {
            return Ok(false);
        }
        let at = self.profile.block.block_of(pos);
        let staged = self.staging.next(ino, at).is_some_and(|(range, _)| range.contains(at));
        if staged || self.mapping(ino, Range::sized(at, 1)).kind != MappingKind::Hole {
            self.zero_in_cache(ino, pos, len, prov).await?;
        }
        Ok(true)
    }

    /// Whether a folio that the bytes touch is dirty or under writeback (`filemap_range_needs_writeback`).
    fn needs_writeback(&self, ino: Ino, pos: u64, len: u64) -> bool {
        let first = pos / PAGE_SIZE * PAGE_SIZE;
        let last = (pos + len).min(u64::MAX >> 1).next_multiple_of(PAGE_SIZE);
        let blocks = self.profile.block.covering(first, last - first);
        self.cache.folios_in(ino, blocks).into_iter().any(|(index, pages)| {
            let folio: Range<FileBlock> = self.cache.folio_blocks(index, pages);
            self.cache.is_dirty_in(ino, folio) || self.cache.under_writeback(ino, folio)
        })
    }
}
