//! Before a write may touch the cache: every block of the range has a place or a promise of one.

use super::Volume;
use crate::base::cache_state::Backing;
use crate::base::{Errno, Extent, ExtentKind, FileBlock, Ino, Range};
use crate::map::reserve::Purpose;
use crate::personality::plan::{Delayed, NoSpacePlan, Reservation};
use crate::space::Promise;
use crate::trace::Counter;

/// When a block gets its place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum When {
    /// At writeback, where the personality delays.
    Later,
    /// At once.
    Now,
}

impl Volume {
    /// [`Volume::begin_write_as`] for a write that can be delayed.
    pub async fn begin_write(&self, ino: Ino, range: Range<FileBlock>) -> Result<Range<FileBlock>, Errno> {
        self.begin_write_as(ino, range, When::Later).await
    }

    /// Gives a place, or the promise of one, to every block of `range` that has none. The folio is locked.
    ///
    /// Returns the range that may be written: all of it, or a shorter one where the personality takes what there is.
    pub async fn begin_write_as(
        &self,
        ino: Ino,
        range: Range<FileBlock>,
        when: When,
    ) -> Result<Range<FileBlock>, Errno> {
        if self.profile.promise.reservation != Reservation::Folio {
            self.reserve_all(ino, range, Purpose::Write).await?;
            return Ok(range);
        }
        // What lies behind the end has no records (`btrfs_set_extent_delalloc`).
        if range.start < self.eof_block(ino) || self.inodes.get(ino, |inode| inode.hints.preallocated) {
            self.look_up(ino, range);
        }
        let hold = self.extents.read_lock(ino, range.start).await;
        let holes = self.unpromised(ino, range);
        drop(hold);
        let needed: u64 = holes.iter().map(Range::len).sum();
        let (mut promise, range) = self.promise_with_commit(ino, range, &holes, needed).await?;
        if promise.blocks() < needed && self.profile.no_space == NoSpacePlan::FlushThenInPlace {
            holes.iter().for_each(|part| self.delalloc.insert_unbacked(ino, *part));
            return Ok(range);
        }
        match self.profile.delayed {
            Delayed::Index if when == When::Now => {
                drop(promise);
                for hole in holes {
                    self.allocate_into(ino, hole, ExtentKind::Unwritten).await?;
                }
            }
            Delayed::Index | Delayed::Overlay => {
                for hole in holes {
                    self.delalloc.insert(ino, hole, &mut promise);
                }
            }
            Delayed::Cache => {
                let blocks = promise.blocks();
                self.mark_promised(ino, range, blocks);
                promise.keep(blocks);
            }
            Delayed::Never => {
                drop(promise);
                // One block at a time, as the kernel asks for each buffer of a page (`ext4_block_write_begin`).
                for at in holes.iter().flat_map(Range::iter) {
                    self.allocate_into(ino, Range::sized(at, 1), ExtentKind::Written).await?;
                    self.note_ahead(ino, Range::sized(at, 1));
                }
                self.convert_at_write(ino, range, self.profile.zeroed_at_write).await?;
            }
        }
        Ok(range)
    }

    /// A write got fewer bytes than it prepared for: blocks of `range` that were newly promised and that no dirty
    /// block needs lose their promise (`iomap_write_delalloc_release`).
    pub fn end_write(&self, ino: Ino, range: Range<FileBlock>) {
        if !matches!(self.profile.delayed, Delayed::Index | Delayed::Overlay) {
            return;
        }
        let mut at = range.start;
        for dirty in self.cache.dirty(ino, range) {
            self.delalloc.take(ino, Range::new(at, dirty.start));
            at = dirty.end;
        }
        self.delalloc.take(ino, Range::new(at, range.end));
    }

    /// The parts of `range` that have no place and no promise.
    fn unpromised(&self, ino: Ino, range: Range<FileBlock>) -> Vec<Range<FileBlock>> {
        match self.profile.delayed {
            Delayed::Cache => self.cache.runs(ino, range, |state| state.backing == Backing::Hole),
            Delayed::Overlay => self.delalloc.gaps(ino, range),
            Delayed::Index | Delayed::Never => self.holes(ino, range),
        }
    }

    /// Metadata that is needed by now has its blocks.
    pub fn count_metadata(&self) {
        let (ledger, growth) = (self.space.ledger(), self.profile.space.growth);
        let counted = ledger.get(Counter::Metadata);
        if counted >= growth.record + growth.data + growth.sharing {
            return;
        }
        let data = ledger.get(Counter::Used) > 0;
        let shared = data && self.refs.state(|sharing| !sharing.others.is_empty());
        let any = data || ledger.get(Counter::Reserved) > 0;
        let needed = [(any, growth.record), (data, growth.data), (shared, growth.sharing)];
        let needed: u64 = needed.iter().filter(|(there, _)| *there).map(|(_, blocks)| blocks).sum();
        // What is promised already comes first.
        let more = needed.saturating_sub(counted).min(ledger.available());
        if more > 0 {
            ledger.add(Counter::Metadata, more);
        }
    }

    /// A promise of `blocks` blocks; when there are not enough, a commit may free some.
    pub async fn promise_or_commit(&self, blocks: u64) -> Result<Promise, Errno> {
        self.count_metadata();
        match self.delalloc.promise(blocks) {
            Err(_) if self.space.ledger().get(Counter::Pinned) > 0 => {
                self.commit().await?;
                self.delalloc.promise(blocks)
            }
            done => done,
        }
    }

    /// A promise for the holes of `range`, or for as many of them as the personality takes.
    async fn promise_with_commit(
        &self,
        ino: Ino,
        range: Range<FileBlock>,
        holes: &[Range<FileBlock>],
        needed: u64,
    ) -> Result<(Promise, Range<FileBlock>), Errno> {
        if let Ok(promise) = self.promise_or_commit(needed).await {
            return Ok((promise, range));
        }
        match self.profile.no_space {
            NoSpacePlan::WholeFolio => Err(Errno::ENOSPC),
            NoSpacePlan::FlushThenInPlace => {
                let parts = || holes.iter().flat_map(|part| self.in_place_parts(ino, *part));
                if parts().any(|(_, stays)| stays.is_none()) {
                    return Err(Errno::ENOSPC);
                }
                Ok((self.delalloc.promise(0)?, range))
            }
            NoSpacePlan::Partial => {
                let mut left = self.delalloc.promisable();
                let mut end = range.start;
                for hole in holes {
                    let got = hole.len().min(left);
                    end = hole.start + got;
                    left -= got;
                    if got < hole.len() {
                        break;
                    }
                }
                if end == range.start {
                    return Err(Errno::ENOSPC);
                }
                let part = Range::new(range.start, end);
                let needed = holes.iter().map(|hole| hole.intersect(&part).len()).sum();
                Ok((self.delalloc.promise(needed)?, part))
            }
        }
    }

    /// Cached blocks take over the promise of the holes they are over.
    fn mark_promised(&self, ino: Ino, range: Range<FileBlock>, blocks: u64) {
        let marked = self.cache.count(ino, range, |state| state.backing == Backing::Hole);
        assert!(marked == blocks, "the promise is for the holes of the range");
        self.cache.set_state(ino, range, |mut state| {
            state.backing = match state.backing {
                Backing::Hole => Backing::Dirty,
                Backing::Reserved => Backing::DirtyReserved,
                other => other,
            };
            state
        });
    }

    /// Puts new records where there is still a hole; otherwise they are given back, and the answer is false.
    pub async fn enter(&self, ino: Ino, range: Range<FileBlock>, fresh: &[Extent]) -> bool {
        let _hold = self.extents.write_lock(ino, range, fresh.len()).await;
        if self.extents.pieces(ino, range).iter().any(|(_, extent)| extent.is_some()) {
            self.dispose(fresh);
            return false;
        }
        self.extents.replace(ino, range, fresh);
        self.place_node(ino);
        self.learn_blocks(ino, range);
        // Where the index lies over the tree, what is dirty there stays delayed.
        if self.profile.delayed != Delayed::Overlay {
            self.delalloc.take(ino, range);
        }
        true
    }

    /// Takes device blocks for `range` and puts them into the tree.
    pub async fn allocate_into(&self, ino: Ino, range: Range<FileBlock>, kind: ExtentKind) -> Result<(), Errno> {
        let extents = self.take_blocks(ino, range, kind).await?;
        let removed = self.extents.update(ino, range, &extents).await;
        self.dispose(&removed);
        self.place_node(ino);
        Ok(())
    }
}
