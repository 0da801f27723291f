//! Makes cached blocks say what the file says.

use crate::base::cache_state::Backing;
use crate::base::{BlockSize, DevBlock, Errno, ExtentKind, FileBlock, Ino, PageIndex, Range, Stamped};
use crate::dev::Runs;
use crate::map::{Mapping, MappingKind, Volume};
use crate::personality::plan::{Delayed, TruncateTail};
use crate::space::sums::{Wrong, first_wrong};
use crate::trace::Frame;

impl Volume {
    /// Reads every block of `range` that is cached and not up to date. Its folio is locked.
    pub async fn fill(&self, ino: Ino, range: Range<FileBlock>) -> Result<(), Errno> {
        for run in self.cache.runs(ino, range, |state| !state.uptodate) {
            let _frame = self.cx.frame(Frame::ReadFolio, run.start.0, run.len());
            let hold = self.extents.read_lock(ino, run.start).await;
            let mappings = self.mappings(ino, run);
            drop(hold);
            self.look_up(ino, run);
            for mapping in mappings {
                self.fill_mapping(ino, &mapping).await?;
            }
            self.zero_behind_end(ino, run);
            self.cache.set_state(ino, run, |mut state| {
                state.uptodate = true;
                state
            });
        }
        Ok(())
    }

    /// The device may hold old bytes behind the end of the file; the cache has zeroes there (`btrfs_do_readpage`).
    fn zero_behind_end(&self, ino: Ino, run: Range<FileBlock>) {
        let (block, size) = (self.profile.block, self.inodes.size(ino));
        let at = block.block_of(size);
        if self.profile.truncate.tail != TruncateTail::WriteAndLeave || block.aligned(size) || !run.contains(at) {
            return;
        }
        if let Some(prov) = self.cache.data(ino, at).map(|stamped| stamped.prov) {
            let rest = block.pos(at + 1) - size;
            self.patch(ino, size, rest, super::Fill { byte: 0, prov });
        }
    }

    /// Data of the device, which is what its checksums are of.
    ///
    /// # Errors
    /// EIO where it is not, and what the device says.
    pub(super) async fn read_checked(&self, range: Range<DevBlock>) -> Result<Runs, Errno> {
        let runs = self.io.read(range).await?;
        if self.sums.check(&runs).is_some() { Err(Errno::EIO) } else { Ok(runs) }
    }

    /// The first block of the device whose data is not what its checksum is of; nothing is read or told. For checks.
    pub fn peek_sums(&self) -> Option<Wrong> {
        let sums = self.sums.all();
        let runs = |range| self.io.device(|device| device.peek(range));
        sums.iter().find_map(|(range, _)| first_wrong(&sums, &runs(range), self.profile.block))
    }

    async fn fill_mapping(&self, ino: Ino, mapping: &Mapping) -> Result<(), Errno> {
        match mapping.kind {
            MappingKind::Written => {
                let extent = mapping.extent.expect("a written mapping has its record");
                let runs = self.read_checked(extent.dev_range().expect("written data has an address")).await?;
                for (range, stamped) in runs {
                    let from = extent.start + (range.start - extent.addr);
                    self.cache.set_data(ino, Range::sized(from, range.len()), &stamped);
                }
            }
            MappingKind::Inline => {
                let extent = mapping.extent.expect("an inline mapping has its record");
                self.cache.set_data(ino, mapping.range, &self.extents.inline().get(extent.addr.0));
            }
            MappingKind::Hole | MappingKind::Delayed | MappingKind::Unwritten | MappingKind::Reserved => {
                self.cache.set_data(ino, mapping.range, &Stamped::ZERO);
            }
        }
        Ok(())
    }

    /// Adds a folio and, where the cache tracks it, asks the tree what backs its blocks.
    pub fn add_folio(&self, ino: Ino, index: PageIndex, pages: u32) {
        self.cache.add(ino, index, pages);
        self.load_backing(ino, self.cache.folio_blocks(index, pages));
    }

    /// What the tree says of the blocks, for a cache that keeps it (`bch2_folio_set`).
    pub fn load_backing(&self, ino: Ino, range: Range<FileBlock>) {
        if self.profile.delayed != Delayed::Cache {
            return;
        }
        for (part, extent) in self.extents.pieces(ino, range) {
            let backing = match extent.map(|extent| extent.kind) {
                None => Backing::Hole,
                Some(ExtentKind::Reserved) => Backing::Reserved,
                Some(ExtentKind::Written | ExtentKind::Unwritten | ExtentKind::Inline) => Backing::Allocated,
            };
            self.cache.set_state(ino, part, |mut state| {
                state.backing = backing;
                state
            });
        }
    }

    /// The bytes of a range of blocks without filling the cache: the cache's where it has them, else the device's.
    /// For observers and checks; takes no lock and no time.
    pub fn peek(&self, ino: Ino, range: Range<FileBlock>) -> Vec<(Range<FileBlock>, Stamped)> {
        let mut found = Vec::new();
        let mut at = range.start;
        while at < range.end {
            let cached = self.cache.state(ino, at).is_some_and(|state| state.uptodate);
            let piece = if cached {
                self.peek_cached(ino, Range::new(at, range.end))
            } else {
                self.peek_mapping(ino, Range::new(at, range.end))
            };
            for (run, stamped) in piece {
                at = run.end;
                found.push((run, stamped));
            }
        }
        found
    }

    fn peek_cached(&self, ino: Ino, range: Range<FileBlock>) -> Vec<(Range<FileBlock>, Stamped)> {
        let block: BlockSize = self.profile.block;
        let page = block.page_of(range.start);
        let folio = self.cache.folio_at(ino, page, |folio| folio.range()).expect("the block is cached");
        let states = self.cache.states(ino, range.intersect(&folio));
        let end =
            states.iter().find(|(_, state)| !state.uptodate).map_or(folio.end.min(range.end), |(run, _)| run.start);
        self.cache.data_runs(ino, Range::new(range.start, end))
    }

    /// From the device, up to the next cached block.
    fn peek_mapping(&self, ino: Ino, range: Range<FileBlock>) -> Vec<(Range<FileBlock>, Stamped)> {
        let block = self.profile.block;
        if let Some((_, flight)) = self.ordered.at(ino, range.start) {
            // It is not cached, so it has arrived.
            let runs = self.io.device(|device| device.peek(Range::sized(flight.target(range.start), 1)));
            return runs.into_iter().map(|(_, stamped)| (Range::sized(range.start, 1), stamped)).collect();
        }
        let flight = self.ordered.next(ino, range.start).map_or(range.end, |next| next.start.min(range.end));
        let mapping = self.mapping(ino, Range::new(range.start, flight));
        let mut end = mapping.range.end;
        for (run, state) in self.next_cached(ino, mapping.range) {
            if state {
                end = end.min(run.start);
                break;
            }
        }
        let part = Range::new(range.start, end.max(range.start + 1).min(mapping.range.end));
        debug_assert!(block.bytes() > 0, "blocks have bytes");
        match (mapping.kind, mapping.extent.and_then(|extent| extent.trimmed(part))) {
            (MappingKind::Written, Some(extent)) => {
                let on_device = extent.dev_range().expect("written data has an address");
                let runs = self.io.device(|device| device.peek(on_device));
                let place = |run: Range<_>| Range::sized(extent.start + (run.start - extent.addr), run.len());
                runs.into_iter().map(|(run, stamped)| (place(run), stamped)).collect()
            }
            (MappingKind::Inline, Some(extent)) => vec![(part, self.extents.inline().get(extent.addr.0))],
            _ => vec![(part, Stamped::ZERO)],
        }
    }

    /// Runs of cached blocks in `range`, each with whether it is up to date.
    fn next_cached(&self, ino: Ino, range: Range<FileBlock>) -> Vec<(Range<FileBlock>, bool)> {
        self.cache.states(ino, range).into_iter().map(|(run, state)| (run, state.uptodate)).collect()
    }
}
