//! Where the selected blocks go, and off they go.

use super::select::Batch;
use crate::base::cache_state::Backing;
use crate::base::{DevBlock, Errno, Extent, ExtentKind, FileBlock, Ino, Range, Staged, Stamped};
use crate::dev::Op;
use crate::dev::queue::Ticket;
use crate::map::allocate::Request;
use crate::map::near::For;
use crate::map::{Ioend, MappingKind, Volume};
use crate::personality::plan::{BeyondEnd, DataSums, DelayedUnit, InlinePlace, Placement};
use crate::sim::Guard;
use crate::trace::Mark;

/// Blocks with their new records.
#[derive(Default)]
pub(super) struct Placed {
    /// Where the data goes, for blocks that go to the device.
    pub(super) targets: Vec<Extent>,
    /// Records that the tree gets when the data has arrived.
    pub(super) records: Vec<Extent>,
    /// Blocks in flight whose record comes when all of their flight has arrived.
    pub(super) flights: Vec<Range<FileBlock>>,
    /// Blocks whose record waits beside the tree.
    pub(super) staged: Vec<Range<FileBlock>>,
    /// Records that no tree has yet in any form.
    pub(super) fresh: Vec<Extent>,
}

impl Volume {
    /// Places the runs of a batch, marks its folios, lets go of their locks and hands the data to the device.
    pub(super) async fn send(&self, batch: Batch, locks: Vec<Guard>) -> Result<(), Errno> {
        let ino = batch.ino;
        let mut placed = Placed::default();
        for (at, run) in batch.runs.iter().enumerate() {
            let last = at + 1 == batch.runs.len();
            let done = match self.profile.placement {
                Placement::UnwrittenThenConvert => self.place_run(ino, *run, &mut placed).await,
                Placement::IndexAfterWrite => self.place_elsewhere(ino, *run, &mut placed).await,
                Placement::Ordered => self.place_ordered(ino, *run, last, &mut placed).await,
            };
            if done.is_err() {
                // Nothing of the batch is sent: what no tree has yet goes back.
                if self.profile.placement == Placement::IndexAfterWrite {
                    self.dispose(&placed.fresh);
                }
                return done;
            }
        }
        let whole = Range::new(batch.runs[0].start, batch.runs[batch.runs.len() - 1].end);
        let data: Vec<_> = placed.targets.iter().map(|target| self.device_data(target)).collect();
        data.iter().for_each(|data| self.keep_sums(ino, data));
        for (index, pages) in &batch.folios {
            let blocks = self.cache.folio_blocks(*index, *pages);
            let eof = self.eof_block(ino);
            for run in batch.runs.iter().map(|run| run.intersect(&blocks)).filter(|run| !run.is_empty()) {
                self.clean(ino, run);
            }
            // What lies behind the end of the file is not written, and not kept dirty either.
            if eof < blocks.end {
                self.clean_behind_end(ino, Range::new(eof.max(blocks.start), blocks.end));
            }
            self.cache.keep_states(ino, *index);
            self.cache.set_writeback(ino, *index, true);
        }
        drop(locks);
        self.cx.step(Mark::Io).await;
        let tickets: Vec<Ticket> = placed
            .targets
            .iter()
            .zip(data)
            .map(|(target, data)| {
                let range = target.dev_range().expect("a target has an address");
                self.io.submit(Op::Write { data, fua: false }, range)
            })
            .collect();
        let folios = batch.folios.iter().map(|(index, _)| *index).collect();
        // What only takes off has not arrived: its size is recorded at the end of the flight.
        let end = if placed.flights.is_empty() { self.profile.block.pos(whole.end) } else { 0 };
        let Placed { records: extents, flights, staged, .. } = placed;
        let ioend = Ioend { ino, range: whole, folios, extents, flights, staged, end, tickets };
        self.ioends.change(|ioends| ioends.push_back(ioend));
        self.ioend_work.wake_all(&self.cx);
        Ok(())
    }

    /// Blocks that have their place are dirty no more, and need no promise.
    fn clean(&self, ino: Ino, run: Range<FileBlock>) {
        self.delalloc.release(self.cache.count(ino, run, |state| state.backing == Backing::Dirty));
        self.cache.set_state(ino, run, |mut state| {
            state.dirty = false;
            if self.profile.placement == Placement::IndexAfterWrite {
                state.backing = Backing::Allocated;
            }
            state
        });
    }

    fn clean_behind_end(&self, ino: Ino, range: Range<FileBlock>) {
        self.delalloc.release(self.cache.count(ino, range, |state| state.backing == Backing::Dirty));
        self.cache.set_state(ino, range, |mut state| {
            state.dirty = false;
            state.backing = match state.backing {
                Backing::Dirty => Backing::Hole,
                Backing::DirtyReserved => Backing::Reserved,
                other => other,
            };
            state
        });
        if self.profile.beyond_end == BeyondEnd::Zeroed {
            for run in self.cache.runs(ino, range, |state| !state.uptodate) {
                self.cache.set_data(ino, run, &Stamped::ZERO);
                self.cache.set_state(ino, run, |mut state| {
                    state.uptodate = true;
                    state
                });
            }
        }
    }

    /// What waits beside the tree goes there, the rest where the tree says.
    async fn place_run(&self, ino: Ino, run: Range<FileBlock>, placed: &mut Placed) -> Result<(), Errno> {
        let mut at = run.start;
        while at < run.end {
            let staged = self.staging.next(ino, at).map(|(range, _)| range).filter(|range| range.start < run.end);
            at = match staged {
                Some(range) if range.start <= at => {
                    let part = Range::new(at, range.end.min(run.end));
                    self.place_staged(ino, part).await?;
                    placed.targets.extend(self.staging.send(ino, part));
                    placed.staged.push(part);
                    part.end
                }
                next => {
                    let end = next.map_or(run.end, |range| range.start);
                    self.place_in_tree(ino, Range::new(at, end), placed).await?;
                    end
                }
            };
        }
        Ok(())
    }

    /// Gives places to promised blocks beside the tree: to all that are promised with them, as far as the space for
    /// `part` goes (`xfs_bmapi_convert_delalloc`).
    pub async fn place_staged(&self, ino: Ino, part: Range<FileBlock>) -> Result<(), Errno> {
        while let Some((range, _)) =
            self.staging.parts(ino, part).into_iter().find(|(_, staged)| *staged == Staged::Delayed)
        {
            let (whole, _) = self.staging.next(ino, range.start).expect("the part is staged");
            for extent in self
                .take_blocks_as(ino, Request { enough: range.end, map: For::Beside, ..Request::unwritten(whole) })
                .await?
            {
                self.staging.place(&extent);
            }
        }
        Ok(())
    }

    /// Delayed blocks around `part` get their places as unwritten, as many as the personality places at once.
    pub async fn place_delayed(&self, ino: Ino, part: Range<FileBlock>) -> Result<Vec<Extent>, Errno> {
        let whole = match self.profile.promise.unit {
            DelayedUnit::FlushedBlocks => part,
            DelayedUnit::WholeExtent => {
                self.delalloc.next(ino, part.start).filter(|range| range.start <= part.start).unwrap_or(part)
            }
        };
        let fresh = self.take_blocks_as(ino, Request { enough: part.end, ..Request::unwritten(whole) }).await?;
        let got = Range::new(whole.start, fresh.last().map_or(whole.start, Extent::end));
        Ok(if self.enter(ino, got, &fresh).await { fresh } else { Vec::new() })
    }

    /// Delayed blocks get an address as unwritten; blocks that have one keep it.
    async fn place_in_tree(&self, ino: Ino, run: Range<FileBlock>, placed: &mut Placed) -> Result<(), Errno> {
        for mapping in self.mappings(ino, run) {
            match mapping.kind {
                MappingKind::Written => placed.targets.extend(mapping.extent),
                MappingKind::Unwritten => {
                    let extent = mapping.extent.expect("an unwritten mapping has its record");
                    placed.targets.push(extent);
                    placed.records.push(Extent { kind: ExtentKind::Written, ..extent });
                }
                MappingKind::Delayed | MappingKind::Hole => {
                    let fresh = self.place_delayed(ino, mapping.range).await?;
                    if fresh.is_empty() {
                        // fallocate was faster: its blocks are taken.
                        Box::pin(self.place_in_tree(ino, mapping.range, placed)).await?;
                        continue;
                    }
                    let written = |extent: Extent| Extent { kind: ExtentKind::Written, ..extent };
                    let sent = fresh.iter().filter_map(|extent| extent.trimmed(mapping.range));
                    placed.records.extend(sent.clone().map(written));
                    placed.targets.extend(sent);
                }
                MappingKind::Reserved | MappingKind::Inline => {
                    unreachable!("a filesystem that places in the tree keeps neither reservations nor inline keys")
                }
            }
        }
        Ok(())
    }

    /// Every block gets a new address, or goes into the key when it is small enough. In a file without copy on write
    /// blocks that nobody else uses keep theirs (`bch2_nocow_write`).
    async fn place_elsewhere(&self, ino: Ino, run: Range<FileBlock>, placed: &mut Placed) -> Result<(), Errno> {
        if let Some(record) = self.place_inline(ino, run) {
            placed.records.push(record);
            placed.fresh.push(record);
            return Ok(());
        }
        if !self.inodes.get(ino, |inode| inode.hints.nocow) {
            return self.place_fresh(ino, run, placed).await;
        }
        let mut at = run.start;
        for own in self.in_place_parts(ino, run).into_iter().filter_map(|(_, own)| own) {
            self.place_fresh(ino, Range::new(at, own.start), placed).await?;
            at = own.end();
            placed.records.push(Extent { kind: ExtentKind::Written, ..own });
            placed.targets.push(own);
        }
        self.place_fresh(ino, Range::new(at, run.end), placed).await
    }

    /// New blocks for a range.
    async fn place_fresh(&self, ino: Ino, run: Range<FileBlock>, placed: &mut Placed) -> Result<(), Errno> {
        if !run.is_empty() {
            let fresh = self.take_blocks(ino, run, ExtentKind::Written).await?;
            placed.records.extend(fresh.iter().copied());
            placed.fresh.extend(fresh.iter().copied());
            placed.targets.extend(fresh);
        }
        Ok(())
    }

    pub(super) fn place_inline(&self, ino: Ino, run: Range<FileBlock>) -> Option<Extent> {
        let plan = self.profile.inline?;
        let pos = self.profile.block.pos(run.start);
        let size = self.inodes.size(ino);
        let end = self.profile.block.pos(run.end).min(size);
        let fits = match plan.place {
            InlinePlace::AnyBlock => true,
            InlinePlace::WholeFile => pos == 0 && end == size,
        };
        if run.len() != 1 || end - pos > plan.bytes_max || !fits {
            return None;
        }
        let data = self.cache.data(ino, run.start).expect("a dirty block has bytes");
        let packed = plan.packed_from.is_some_and(|least| end - pos >= least);
        let id = if packed { self.extents.inline().put_packed(data) } else { self.extents.inline().put(data) };
        Some(Extent { ino, start: run.start, len: 1, addr: DevBlock(id), kind: ExtentKind::Inline, shared: false })
    }

    /// Data of a file is about to be sent. A file that is overwritten in place has no checksums (`BTRFS_INODE_NODATASUM`).
    pub(crate) fn keep_sums(&self, ino: Ino, data: &[(Range<DevBlock>, Stamped)]) {
        if self.profile.space.sums == DataSums::Kept && !self.inodes.get(ino, |inode| inode.hints.nocow) {
            self.sums.keep(data);
        }
    }

    /// The bytes of a target's blocks, at their place on the device.
    fn device_data(&self, target: &Extent) -> Vec<(Range<DevBlock>, Stamped)> {
        let runs = self.cache.data_runs(target.ino, target.range());
        let covered: u64 = runs.iter().map(|(run, _)| run.len()).sum();
        assert!(covered == u64::from(target.len), "every block that is written has bytes");
        let place = |run: Range<FileBlock>| Range::sized(target.addr + (run.start - target.start), run.len());
        runs.into_iter().map(|(run, stamped)| (place(run), stamped)).collect()
    }
}
