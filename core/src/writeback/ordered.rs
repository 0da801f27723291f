//! Writeback that goes in flight: one allocation from the first block that is written to the end of the dirty run.
//!
//! Sources: `writepage_delalloc`, `run_delalloc_nocow`, `cow_file_range`, `btrfs_finish_ordered_io`,
//! `btrfs_wait_ordered_range`; recordings 061, 108, 110, 114 to 116, 126, 129.

use super::place::Placed;
use super::select::Which;
use crate::base::{Errno, Extent, ExtentKind, FileBlock, Ino, Range};
use crate::cache::folio_lock;
use crate::delalloc::ordered::Flight;
use crate::map::Volume;
use crate::personality::plan::Unpin;
use crate::sim::Guard;
use crate::trace::{Mode, Reason};

impl Volume {
    /// Places the dirty blocks of `run`, whose folios are locked: blocks in flight have their place, delayed ones begin
    /// a flight together with all delayed blocks behind them. Only the last run of a batch reaches past its folios:
    /// behind another one folios are locked already.
    pub(super) async fn place_ordered(
        &self,
        ino: Ino,
        run: Range<FileBlock>,
        last: bool,
        placed: &mut Placed,
    ) -> Result<(), Errno> {
        let mut at = run.start;
        while at < run.end {
            let Some((part, flight)) = self.ordered.at(ino, at) else {
                let mut whole = self.delayed_run(ino, at);
                // What lies behind the end of the file is about to be dropped by a truncate.
                let limit = if last { self.eof_block(ino).max(run.end) } else { run.end };
                whole.end = whole.end.min(limit);
                let _locks = self.lock_rest(ino, Range::new(run.end.min(whole.end), whole.end)).await;
                // What was not locked yet may have gone while the task waited; what came to it is not locked.
                whole.end = self.delayed_run(ino, at).end.min(whole.end);
                // Files that may be written in place have no inline data (`COW_FILE_RANGE_NO_INLINE`).
                let inline = self.inodes.get(ino, |inode| !inode.hints.nocow && !inode.hints.preallocated);
                if let Some(record) = inline.then(|| self.place_inline(ino, whole)).flatten() {
                    self.delalloc.take(ino, whole);
                    placed.records.push(record);
                    at = whole.end;
                } else {
                    self.begin_flights(ino, whole).await?;
                }
                continue;
            };
            let part = Range::new(at, part.end.min(run.end));
            placed.targets.push(flown(ino, part, &flight));
            placed.flights.push(part);
            at = part.end;
        }
        Ok(())
    }

    /// From a dirty block to the end of the delayed run, at most as long as an extent can be.
    fn delayed_run(&self, ino: Ino, at: FileBlock) -> Range<FileBlock> {
        let run = self.delalloc.next(ino, at).filter(|run| run.start <= at);
        let run = run.expect("a dirty block is delayed or in flight");
        Range::new(at, run.end.min(at + u64::from(self.profile.limits.written)))
    }

    /// The locks of the folios behind a batch whose blocks get their place with it (`lock_delalloc_folios`).
    async fn lock_rest(&self, ino: Ino, rest: Range<FileBlock>) -> Vec<Guard> {
        let mut locks = Vec::new();
        for (index, _) in self.cache.folios_in(ino, rest) {
            locks.push(self.cx.lock(folio_lock(ino, index), Mode::Exclusive).await);
        }
        locks
    }

    /// A delayed run goes in flight: preallocated blocks that were never written keep their place, all others move.
    async fn begin_flights(&self, ino: Ino, run: Range<FileBlock>) -> Result<(), Errno> {
        let mut moving: Option<Range<FileBlock>> = None;
        for (part, stays) in self.in_place_parts(ino, run) {
            match (stays, &mut moving) {
                (None, Some(open)) => open.end = part.end,
                (None, open) => *open = Some(part),
                (Some(extent), open) => {
                    if let Some(before) = open.take() {
                        self.begin_moving(ino, before).await?;
                    }
                    // Each extent on the device is in flight by itself (`run_delalloc_nocow`).
                    for part in self.refs.by_extent(&extent) {
                        self.begin_flight(&part, false);
                    }
                }
            }
        }
        match moving {
            Some(rest) => self.begin_moving(ino, rest).await,
            None => Ok(()),
        }
    }

    async fn begin_moving(&self, ino: Ino, range: Range<FileBlock>) -> Result<(), Errno> {
        for extent in self.take_blocks(ino, range, ExtentKind::Written).await? {
            self.begin_flight(&extent, true);
        }
        Ok(())
    }

    fn begin_flight(&self, extent: &Extent, fresh: bool) {
        self.delalloc.take(extent.ino, extent.range());
        self.learn_blocks(extent.ino, extent.range());
        self.ordered.begin(extent.ino, extent.range(), extent.addr, fresh);
    }

    /// Data of blocks in flight is on the device: what is complete with it gets its record.
    pub(super) async fn arrive(&self, ino: Ino, range: Range<FileBlock>) {
        for id in self.ordered.arrive(ino, range) {
            self.finish_flight(ino, id).await;
        }
    }

    /// Data of blocks in flight did not get to the device: they keep what they had before (`BTRFS_ORDERED_IOERR`).
    pub(super) async fn lose(&self, ino: Ino, range: Range<FileBlock>) {
        for id in self.give_up(ino, range) {
            if self.ordered.of_id(ino, id).iter().all(|(_, flight)| flight.arrived) {
                self.finish_flight(ino, id).await;
            }
        }
    }

    /// Ends the flight of blocks without a record; returns whose they were.
    pub fn give_up(&self, ino: Ino, range: Range<FileBlock>) -> Vec<u64> {
        let mut ids = Vec::new();
        for (part, flight) in self.ordered.end(ino, range) {
            if flight.fresh {
                let before = self.space.pinned();
                self.dispose(&[flown(ino, part, &flight)]);
                // What nothing of was recorded is free at once (`btrfs_free_reserved_extent`).
                if self.profile.space.unpin == Unpin::NotFsync && self.ordered.of_id(ino, flight.id).is_empty() {
                    let fresh: Vec<_> = self.space.pinned().into_iter().filter(|run| !before.contains(run)).collect();
                    self.space.unpin(&fresh);
                }
            }
            if !ids.contains(&flight.id) {
                ids.push(flight.id);
            }
        }
        ids
    }

    /// All data of an ordered extent has arrived: the tree learns of it, and the size is recorded.
    async fn finish_flight(&self, ino: Ino, id: u64) {
        for (part, flight) in self.ordered.of_id(ino, id) {
            let record = flown(ino, part, &flight);
            let hold = self.extents.write_lock(ino, part, 1).await;
            let removed = self.extents.replace(ino, part, &[record]);
            drop(hold);
            self.ordered.end(ino, part);
            self.dispose_replaced(&removed, &[record]);
        }
        // Without hole records the recorded size need not stop at a gap (`btrfs_inode_safe_disk_i_size_write`).
        self.inodes.set_disk_size(ino, self.inodes.size(ino));
    }

    /// Completes everything in flight that overlaps `range`: writes the rest of it, and waits.
    pub async fn settle(&self, ino: Ino, range: Range<FileBlock>) -> Result<(), Errno> {
        while let Some((_, flight)) = self.ordered.parts(ino, range).first().copied() {
            self.settle_flight(ino, flight.id).await?;
        }
        Ok(())
    }

    async fn settle_flight(&self, ino: Ino, id: u64) -> Result<(), Errno> {
        for (part, _) in self.ordered.of_id(ino, id).into_iter().filter(|(_, flight)| !flight.arrived) {
            // The rest may be under way already: then there is nothing to select.
            Box::pin(self.select(ino, part, Which::All)).await?;
        }
        let reason = Reason::Writeback(u64::from(ino.0));
        let over = || self.ordered.of_id(ino, id).is_empty();
        self.ordered.ended().wait_until(&self.cx, reason, over).await;
        Ok(())
    }

    /// Completes everything of a file that is in flight.
    pub async fn settle_file(&self, ino: Ino) -> Result<(), Errno> {
        self.settle(ino, Range::new(FileBlock(0), FileBlock(u64::MAX >> 2))).await
    }

    /// What is left of ordered extents that blocks were cut from is completed (`BTRFS_ORDERED_TRUNCATED`).
    pub async fn complete_cut(&self, ino: Ino, ids: Vec<u64>) -> Result<(), Errno> {
        for id in ids {
            let rest = self.ordered.of_id(ino, id);
            if rest.is_empty() {
                continue;
            }
            if rest.iter().all(|(_, flight)| flight.arrived) {
                self.finish_flight(ino, id).await;
            } else {
                self.settle_flight(ino, id).await?;
            }
        }
        Ok(())
    }

    /// What a file has dirty or in flight, at or after a block: the first such run.
    pub fn next_pending(&self, ino: Ino, at: FileBlock) -> Option<Range<FileBlock>> {
        let mut found: Option<Range<FileBlock>> = None;
        let mut from = at;
        loop {
            let parts = [self.delalloc.next(ino, from), self.ordered.next(ino, from)];
            let next = parts.into_iter().flatten().min_by_key(|part| part.start.max(from));
            match (&mut found, next) {
                (None, Some(next)) => found = Some(next),
                (Some(open), Some(next)) if next.start <= open.end => open.end = next.end.max(open.end),
                (found, _) => return *found,
            }
            from = found.map_or(from, |open| open.end);
        }
    }
}

/// The record of blocks in flight when they have arrived.
fn flown(ino: Ino, part: Range<FileBlock>, flight: &Flight) -> Extent {
    let len = u32::try_from(part.len()).expect("an extent's length fits");
    let addr = flight.target(part.start);
    Extent { ino, start: part.start, len, addr, kind: ExtentKind::Written, shared: false }
}
