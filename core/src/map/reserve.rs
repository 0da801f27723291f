//! One promise for as much of a call as the file is all of one kind, and windows beside the tree.
//!
//! Source: `xfs_buffered_write_iomap_begin`, `xfs_bmapi_reserve_delalloc`; recordings 061, 075 to 077, 112, 117, 130.

use super::allocate::Request;
use super::near::For;
use super::window::{self, Growth};
use super::{MappingKind, Volume};
use crate::base::{Errno, Extent, ExtentKind, FileBlock, Ino, Range};
use crate::personality::plan::{MappingReservation, Reservation};
use crate::space::Promise;
use crate::trace::Counter;

/// Why blocks are asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Purpose {
    /// New data.
    Write,
    /// Zeroes, or the same data again: holes stay, and so does what reads as zeroes.
    Keep,
}

impl Volume {
    /// How many of the `len` bytes at `pos` can be copied before space is asked for again, after it was asked for.
    pub async fn reserve_ahead(&self, ino: Ino, pos: u64, len: u64) -> Result<u64, Errno> {
        let Reservation::Mapping(plan) = self.profile.promise.reservation else { return Ok(len) };
        let got = self.reserve_mapping(ino, plan, pos, len, Purpose::Write).await?;
        Ok(self.profile.block.pos(got.end).min(pos + len) - pos)
    }

    /// The same for bytes that stay as they are: holes stay holes. Returns the blocks.
    pub async fn reserve_kept(&self, ino: Ino, pos: u64, len: u64) -> Result<Range<FileBlock>, Errno> {
        let block = self.profile.block;
        let Reservation::Mapping(plan) = self.profile.promise.reservation else { return Ok(block.covering(pos, len)) };
        self.reserve_mapping(ino, plan, pos, len, Purpose::Keep).await
    }

    /// Every block of `range` has a place or a promise; the folio is locked.
    pub(super) async fn reserve_all(&self, ino: Ino, range: Range<FileBlock>, purpose: Purpose) -> Result<(), Errno> {
        let Reservation::Mapping(plan) = self.profile.promise.reservation else { return Ok(()) };
        let block = self.profile.block;
        let size = self.inodes.size(ino);
        let mut at = range.start;
        while at < range.end {
            let pos = block.pos(at);
            // What ends in the last block does not make the file grow.
            let end = if size > pos { block.pos(range.end).min(size) } else { block.pos(range.end) };
            at = self.reserve_mapping(ino, plan, pos, end - pos, purpose).await?.end;
        }
        Ok(())
    }

    /// The blocks from `pos` on that are of one kind and may be written now.
    async fn reserve_mapping(
        &self,
        ino: Ino,
        plan: MappingReservation,
        pos: u64,
        len: u64,
        purpose: Purpose,
    ) -> Result<Range<FileBlock>, Errno> {
        let block = self.profile.block;
        let asked = block.covering(pos, len);
        let hold = self.extents.read_lock(ino, asked.start).await;
        let found = self.mapping(ino, asked);
        let staged = self.staging.next(ino, asked.start).map(|(range, _)| range);
        drop(hold);
        if found.kind == MappingKind::Hole && purpose == Purpose::Keep {
            return Ok(found.range);
        }
        // What waits beside the tree comes first, also over a hole or over delayed blocks.
        if let Some(staged) = staged.filter(|staged| staged.start <= asked.start) {
            return Ok(found.range.intersect(&Range::new(asked.start, staged.end)));
        }
        match (found.kind, found.extent) {
            (MappingKind::Hole, _) if self.hint(ino) > 0 => self.place_hinted(ino, found.range, self.hint(ino)).await,
            (MappingKind::Hole, _) => self.reserve_hole(ino, plan, pos, len).await,
            (MappingKind::Written, Some(extent)) => self.reserve_shared(ino, extent).await,
            _ => Ok(found.range),
        }
    }

    /// A hole: the rest of the call, up to what comes next, and something behind the end of a growing file.
    async fn reserve_hole(
        &self,
        ino: Ino,
        plan: MappingReservation,
        pos: u64,
        len: u64,
    ) -> Result<Range<FileBlock>, Errno> {
        let block = self.profile.block;
        let len = len.min(plan.most);
        let wanted = block.covering(pos, len);
        let next = self.next_mapped(ino, wanted.start);
        let size = self.inodes.size(ino);
        let mut whole = wanted;
        if next.is_none() && pos + len > size {
            let growth = Growth { size, pos, len, before: self.blocks_before(ino, wanted.start), free: self.free() };
            let end = window::end_behind_eof(&plan.eof, block, growth);
            let largest = block.block_of(self.profile.max_file_size);
            whole.end = end.map_or(wanted.end, |end| end.min(largest).max(wanted.end));
        }
        if let Some(next) = next {
            whole.end = whole.end.min(next);
        }
        let (range, promise) = match self.promise_run(whole).await {
            Err(_) if whole.end > wanted.end => (wanted, self.promise_run(wanted).await?),
            done => (whole, done?),
        };
        self.delalloc.insert_whole(ino, range, promise);
        Ok(range.intersect(&wanted))
    }

    /// A promise for delayed blocks in a row and for their mapping.
    async fn promise_run(&self, range: Range<FileBlock>) -> Result<Promise, Errno> {
        self.promise_or_commit(range.len() + self.delalloc.worst(range.len())).await
    }

    /// A record: the part from its start on that is not shared can be written in place, and a part that is shared
    /// waits beside the tree, with a window around it.
    async fn reserve_shared(&self, ino: Ino, extent: Extent) -> Result<Range<FileBlock>, Errno> {
        let runs = self.refs.shared_runs(&extent);
        let (run, shared) = runs.into_iter().next().expect("a record has a part");
        if !shared || self.profile.promise.staging.is_none() {
            return Ok(run);
        }
        self.stage(ino, run).await?;
        let (staged, _) = self.staging.next(ino, run.start).expect("the run is staged");
        Ok(run.intersect(&staged))
    }

    /// Reserves a window around `wanted`, which starts where nothing is staged.
    async fn stage(&self, ino: Ino, wanted: Range<FileBlock>) -> Result<(), Errno> {
        let behind = self.staging.next(ino, wanted.start).map(|(range, _)| range.start);
        let wanted = Range::new(wanted.start, behind.map_or(wanted.end, |start| wanted.end.min(start)));
        let window = window::aligned(wanted, self.window(ino), self.staging.end_before(ino, wanted.start), behind);
        let (range, mut promise) = match self.promise_run(window).await {
            Err(_) if window != wanted => (wanted, self.promise_run(wanted).await?),
            done => (window, done?),
        };
        self.staging.reserve(ino, range, &mut promise);
        Ok(())
    }

    /// What of `range` must not be written in place gets places beside the tree now, as its window does; returns the
    /// records that the tree will get (`xfs_reflink_allocate_cow`).
    pub async fn stage_now(&self, ino: Ino, range: Range<FileBlock>) -> Result<Vec<Extent>, Errno> {
        let mut records = Vec::new();
        if self.profile.promise.staging.is_none() {
            return Ok(records);
        }
        let mut at = range.start;
        while at < range.end {
            let rest = Range::new(at, range.end);
            let next = self.staging.next(ino, at).map(|(range, _)| range).filter(|next| next.start < range.end);
            if let Some(staged) = next.filter(|staged| staged.start <= at) {
                let part = rest.intersect(&staged);
                self.place_staged(ino, part).await?;
                records.extend(self.staging.send(ino, part));
                at = part.end;
                continue;
            }
            let mapping = self.mapping(ino, Range::new(at, next.map_or(range.end, |next| next.start)));
            let run = match mapping.extent.filter(|_| mapping.kind == MappingKind::Written) {
                Some(extent) => self.refs.shared_runs(&extent).into_iter().next().expect("a record has a part"),
                None => (mapping.range, false),
            };
            match run {
                (run, true) => self.stage_places(ino, run).await?,
                (run, false) => at = run.end,
            }
        }
        Ok(records)
    }

    /// A window around `wanted`, which starts where nothing is staged, gets places at once.
    async fn stage_places(&self, ino: Ino, wanted: Range<FileBlock>) -> Result<(), Errno> {
        let behind = self.staging.next(ino, wanted.start).map(|(range, _)| range.start);
        let wanted = Range::new(wanted.start, behind.map_or(wanted.end, |start| wanted.end.min(start)));
        let window = window::aligned(wanted, self.window(ino), self.staging.end_before(ino, wanted.start), behind);
        let range = if self.promise_or_commit(window.len()).await.is_ok() { window } else { wanted };
        drop(self.promise_or_commit(range.len()).await?);
        for extent in self.take_blocks_as(ino, Request { map: For::Beside, ..Request::unwritten(range) }).await? {
            self.staging.place_at_once(&extent);
        }
        Ok(())
    }

    /// Holes of `range` get places as their file's hint says, if it has one.
    pub async fn place_hinted_holes(&self, ino: Ino, range: Range<FileBlock>) -> Result<(), Errno> {
        let hint = self.hint(ino);
        if hint > 0 {
            for hole in self.holes(ino, range) {
                let mut at = hole.start;
                while at < hole.end {
                    at = self.place_hinted(ino, Range::new(at, hole.end), hint).await?.end;
                }
            }
        }
        Ok(())
    }

    /// Blocks of the window around a write to shared blocks of a file.
    pub fn window(&self, ino: Ino) -> u64 {
        let hints = self.inodes.get(ino, |inode| inode.hints);
        let hint = self.profile.block.count(u64::from(hints.cowextsize.max(hints.extsize)));
        if hint > 0 { hint } else { self.profile.promise.staging.map_or(1, |plan| plan.window) }
    }

    /// Blocks of the hint for new records of a file; 0 for none.
    fn hint(&self, ino: Ino) -> u64 {
        self.profile.block.count(u64::from(self.inodes.get(ino, |inode| inode.hints.extsize)))
    }

    /// A hole of a file with a hint gets its places at once, as unwritten, rounded out to the hint
    /// (`xfs_direct_write_iomap_begin`, `xfs_iomap_write_direct`). Where only less is free, less is taken.
    async fn place_hinted(&self, ino: Ino, wanted: Range<FileBlock>, hint: u64) -> Result<Range<FileBlock>, Errno> {
        let next = self.next_mapped(ino, wanted.start);
        let wanted = Range::new(wanted.start, next.map_or(wanted.end, |next| wanted.end.min(next)));
        let before = self.extents.prev(ino, wanted.start).map(|extent| extent.end());
        let before = before.max(self.delalloc.prev(ino, wanted.start).map(|range| range.end));
        let rounded = window::aligned(wanted, hint, before, next);
        let range = if self.promise_or_commit(rounded.len()).await.is_ok() { rounded } else { wanted };
        drop(self.promise_or_commit(range.len()).await?);
        let fresh = self.take_blocks(ino, range, ExtentKind::Unwritten).await?;
        self.enter(ino, range, &fresh).await;
        Ok(wanted)
    }

    /// The first block at or behind `at` that is no hole.
    fn next_mapped(&self, ino: Ino, at: FileBlock) -> Option<FileBlock> {
        let record = self.extents.next(ino, at).map(|extent| extent.start);
        let delayed = self.delalloc.next(ino, at).map(|range| range.start);
        record.into_iter().chain(delayed).min()
    }

    /// Blocks of the record right in front of `at`, with those that continue into it on the device.
    fn blocks_before(&self, ino: Ino, at: FileBlock) -> u64 {
        if let Some(delayed) = self.delalloc.prev(ino, at).filter(|range| range.end == at) {
            return delayed.len();
        }
        let Some(mut last) = self.extents.prev(ino, at).filter(|extent| extent.end() == at) else { return 0 };
        let mut blocks = u64::from(last.len);
        while let Some(before) = self.extents.prev(ino, last.start) {
            let adjoins = before.end() == last.start && before.addr + u64::from(before.len) == last.addr;
            if !adjoins {
                break;
            }
            blocks += u64::from(before.len);
            last = before;
        }
        blocks
    }

    /// Blocks that are free, or will be after a commit.
    fn free(&self) -> u64 {
        self.space.ledger().available() + self.space.ledger().get(Counter::Pinned)
    }
}
