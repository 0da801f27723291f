//! Zeroes bytes through the cache.

use super::Fill;
use crate::base::{Errno, FileBlock, Ino, PAGE_SIZE, PageIndex, Prov, Range};
use crate::cache::folio_lock;
use crate::map::{MappingKind, Volume};
use crate::personality::plan::{CommitData, FolioSplit, Reservation, WritebackUnit};
use crate::trace::{Frame, Mode};

impl Volume {
    /// Zeroes bytes of one block where the file has data there; a hole, or space that reads as zeroes and is not
    /// dirty, is left alone (`ext4_block_zero_page_range`, `bch2_truncate_folio`). Whether anything was zeroed.
    pub async fn zero_if_mapped(&self, ino: Ino, pos: u64, len: u64, prov: Prov) -> Result<bool, Errno> {
        let block = self.profile.block;
        let at = block.block_of(pos);
        assert!(len > 0 && block.block_after(pos + len) == at + 1, "the bytes lie in one block");
        let _frame = self.cx.frame(Frame::Zero, pos, len);
        // What is on its way to the device is data too, although the tree does not say so yet.
        let on_its_way = self.cache.under_writeback(ino, Range::sized(at, 1));
        let dirty = self.cache.state(ino, at).is_some_and(|state| state.dirty || (state.uptodate && on_its_way));
        let cached = self.cache.state(ino, at).is_some() && self.profile.unit == WritebackUnit::Folio;
        let hold = self.extents.read_lock(ino, at).await;
        let kind = self.mapping(ino, Range::sized(at, 1)).kind;
        drop(hold);
        let data = matches!(kind, MappingKind::Written | MappingKind::Inline | MappingKind::Delayed) || dirty || cached;
        if data {
            self.zero_in_cache(ino, pos, len, prov).await?;
            // Old bytes must not come back with the new size (`ext4_block_zero_page_range`).
            if kind == MappingKind::Written && self.profile.commit_data == CommitData::Ahead {
                self.note_ahead(ino, Range::sized(at, 1));
            }
        } else if self.profile.unit == WritebackUnit::DirtyBlocks {
            // The look at the block leaves its page in the cache, clean and not read: the block has no buffer that could
            // be (`ext4_load_tail_bh`; recordings 106, 207). A later write finds a folio of one page there.
            self.folio_or_page(ino, PageIndex(pos / PAGE_SIZE));
        }
        Ok(data)
    }

    /// Zeroes bytes of one block and makes it dirty, whatever it is (`btrfs_truncate_block`).
    pub async fn zero_block(&self, ino: Ino, pos: u64, len: u64, prov: Prov) -> Result<(), Errno> {
        let _frame = self.cx.frame(Frame::Zero, pos, len);
        self.zero_in_cache(ino, pos, len, prov).await
    }

    /// Cached bytes of one block behind the end of the file are zeroes; it gets no dirtier (`truncate_pagecache`).
    pub fn zero_cached_tail(&self, ino: Ino, prov: Prov) {
        let size = self.inodes.size(ino);
        let block = self.profile.block;
        let rest = block.pos(block.block_after(size)) - size;
        if rest > 0 && self.cache.state(ino, block.block_of(size)).is_some_and(|state| state.uptodate) {
            self.patch(ino, size, rest, Fill { byte: 0, prov });
        }
    }

    pub(super) async fn zero_in_cache(&self, ino: Ino, pos: u64, len: u64, prov: Prov) -> Result<(), Errno> {
        let page = PageIndex(pos / PAGE_SIZE);
        let own = self.profile.block.covering(pos, len);
        let (index, pages, _lock) = loop {
            self.settle(ino, own).await?;
            self.make_room(ino, own).await?;
            let (index, pages) = self.folio_or_page(ino, page);
            let lock = self.cx.lock(folio_lock(ino, index), Mode::Exclusive).await;
            self.wait_stable(ino, index, pages).await;
            // It may have been dropped while the task waited.
            let there = self.cache.folio_at(ino, page, |folio| (folio.index, folio.pages)) == Some((index, pages));
            if there && !self.ordered.overlaps(ino, own) {
                break (index, pages, lock);
            }
        };
        let block = self.profile.block;
        self.cache.keep_states(ino, index);
        let touched = match self.profile.unit {
            WritebackUnit::DirtyBlocks => block.covering(pos, len),
            WritebackUnit::Folio => self.cache.folio_blocks(index, pages),
        };
        self.fill(ino, touched).await?;
        match self.profile.unit {
            WritebackUnit::DirtyBlocks => {
                self.begin_write(ino, touched).await?;
                self.copy_in(ino, pos, len, Fill { byte: 0, prov });
            }
            WritebackUnit::Folio => {
                self.patch(ino, pos, len, Fill { byte: 0, prov });
                self.dirty_rest(ino, touched);
            }
        }
        Ok(())
    }

    /// The folio of a page, or a new one of that page alone.
    pub(super) fn folio_or_page(&self, ino: Ino, page: PageIndex) -> (PageIndex, u32) {
        if self.cache.folio_at(ino, page, |_| ()).is_none() {
            self.add_folio(ino, page, 1);
        }
        self.cache.folio_at(ino, page, |folio| (folio.index, folio.pages)).expect("the page is cached")
    }

    /// Takes blocks out of the cache: whole folios go, blocks of a folio that stays become empty. Their promises are
    /// returned. The caller has waited for writeback.
    pub fn drop_cached(&self, ino: Ino, range: Range<FileBlock>) {
        for (index, pages) in self.cache.folios_in(ino, range) {
            let blocks = self.cache.folio_blocks(index, pages);
            let part = blocks.intersect(&range);
            let whole = self.stays_whole(ino, index, blocks, part);
            self.release_promises(ino, part);
            if part != blocks {
                match self.profile.unit {
                    // It stays, with zeroes in it.
                    WritebackUnit::DirtyBlocks if whole => {}
                    WritebackUnit::DirtyBlocks => {
                        let block = self.profile.block;
                        self.split_around(ino, block.pos(part.start), block.pos(part.end));
                    }
                    WritebackUnit::Folio => self.dirty_rest(ino, blocks),
                }
            }
        }
        for (index, pages) in self.cache.folios_in(ino, range) {
            if range.covers(&self.cache.folio_blocks(index, pages)) {
                self.cache.remove(ino, index);
            }
        }
        // A promise for the rest of a call may be larger than what is cached: it goes with the blocks, not the pages.
        if self.profile.promise.reservation == Reservation::Folio {
            self.delalloc.take(ino, range);
        }
    }

    /// Whether a folio cannot be split when `leaves` is cut out of it. What leaves whole does not count as dirty.
    fn stays_whole(&self, ino: Ino, index: PageIndex, blocks: Range<FileBlock>, leaves: Range<FileBlock>) -> bool {
        match self.profile.truncate.split {
            FolioSplit::DirtyRest => {
                let (before, behind) = blocks.subtract(&leaves);
                [before, behind].iter().any(|part| self.cache.is_dirty_in(ino, *part))
            }
            FolioSplit::DirtyWithStates => self.cache.is_dirty_in(ino, blocks) && self.cache.has_states(ino, index),
        }
    }

    /// Bytes are about to leave the cache: in a folio that they do not cover whole and that can be split, the pages in
    /// which they begin and end become folios of their own, and what is left as large ones as alignment allows
    /// (`truncate_inode_partial_folio`). The folios are locked.
    pub fn split_around(&self, ino: Ino, from: u64, to: u64) {
        let leaves = self.profile.block.inside(from, to.saturating_sub(from));
        let around = |at: u64| {
            let found = self.cache.folio_at(ino, PageIndex(at / PAGE_SIZE), |folio| (folio.index, folio.pages))?;
            let (start, end) = (found.0.0 * PAGE_SIZE, (found.0.0 + u64::from(found.1)) * PAGE_SIZE);
            let whole = self.stays_whole(ino, found.0, self.cache.folio_blocks(found.0, found.1), leaves);
            (!whole && found.1 > 1).then_some((start, end))
        };
        let begins = around(from).is_some_and(|(start, end)| from > start || to < end);
        let ends = around(to.saturating_sub(1)).is_some_and(|(_, end)| to < end);
        for (at, _) in [(from, begins), (to, ends)].into_iter().filter(|(_, splits)| *splits) {
            let page = PageIndex(at / PAGE_SIZE);
            if let Some(index) = self.cache.folio_at(ino, page, |folio| folio.index) {
                self.cache.split(ino, index, self.cache.folio_blocks(page, 1));
            }
        }
    }

    /// Where a folio is written whole, cutting it leaves the rest of it dirty (recordings 016, 316).
    fn dirty_rest(&self, ino: Ino, folio: Range<FileBlock>) {
        self.cache.set_state(ino, folio, |mut state| {
            state.dirty |= state.uptodate && state.backing.is_data();
            state
        });
    }

    /// Cached blocks of `range` are neither dirty nor promised any more; they stay in the cache, as zeroes.
    fn release_promises(&self, ino: Ino, range: Range<FileBlock>) {
        use crate::base::cache_state::Backing;
        self.delalloc.release(self.cache.count(ino, range, |state| state.backing == Backing::Dirty));
        self.cache.set_state(ino, range, |mut state| {
            state.dirty = false;
            state.backing = Backing::Hole;
            state
        });
        for run in self.cache.runs(ino, range, |state| state.uptodate) {
            self.cache.set_data(ino, run, &crate::base::Stamped::ZERO);
        }
    }
}
