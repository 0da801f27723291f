//! The index beside the tree: where the new data of blocks goes that must not be written in place.
//!
//! A range enters as promised ([`Staging::reserve`]), gets its places at writeback ([`Staging::place`]), is sent
//! ([`Staging::send`]) and leaves for the tree when the data has arrived ([`Staging::arrived`]). What was promised or
//! placed and never written stays until the file is cut, or until nobody has it in memory ([`Staging::cancel`]).

use super::mapping::Held;
use crate::base::{DevBlock, Extent, ExtentKind, FileBlock, Ino, Range, RangeMap, SortedMap, Staged, StateCell};
use crate::personality::plan::MappingReserve;
use crate::sim::Cx;
use crate::space::{Promise, Space};
use crate::trace::{Counter, Event};

/// One file's index.
pub type Index = RangeMap<FileBlock, Staged>;

/// The index of every file.
pub struct Staging {
    cx: Cx,
    space: Space,
    files: StateCell<SortedMap<Ino, Index>>,
    held: Held,
}

impl Staging {
    /// Nothing waits.
    pub fn new(cx: &Cx, space: &Space, plan: Option<MappingReserve>) -> Self {
        let held = Held::new(plan, space.ledger());
        Self { cx: cx.clone(), space: space.clone(), files: StateCell::default(), held }
    }

    fn look<R>(&self, ino: Ino, look: impl FnOnce(&Index) -> R) -> Option<R> {
        self.files.with(|files| files.get(&ino).map(look))
    }

    /// Blocks that the mapping may need for so many in a row.
    pub fn worst(&self, blocks: u64) -> u64 {
        self.held.worst(blocks)
    }

    /// Whether a file has anything here.
    pub fn is_empty(&self, ino: Ino) -> bool {
        self.files.with(|files| !files.contains_key(&ino))
    }

    /// The range that covers a block, or the first behind it, all of one state.
    pub fn next(&self, ino: Ino, at: FileBlock) -> Option<(Range<FileBlock>, Staged)> {
        self.look(ino, |index| index.at_or_after(at).map(|(range, staged)| (range, *staged)))?
    }

    /// Where the last range that starts before a block ends.
    pub fn end_before(&self, ino: Ino, at: FileBlock) -> Option<FileBlock> {
        self.look(ino, |index| index.iter().rev().find(|(range, _)| range.start < at).map(|(range, _)| range.end))?
    }

    /// The whole index of a file.
    pub fn index(&self, ino: Ino) -> Index {
        self.look(ino, Clone::clone).unwrap_or_default()
    }

    /// Blocks of a file that are here.
    pub fn blocks(&self, ino: Ino) -> u64 {
        self.look(ino, |index| index.iter().map(|(range, _)| range.len()).sum()).unwrap_or(0)
    }

    /// Blocks of all files that are promised and have no place.
    pub fn delayed(&self) -> u64 {
        let delayed = |index: &Index| {
            index.iter().filter(|(_, staged)| **staged == Staged::Delayed).map(|(range, _)| range.len()).sum::<u64>()
        };
        self.files.with(|files| files.values().map(delayed).sum())
    }

    /// The places of a file's blocks.
    pub fn places(&self, ino: Ino) -> Vec<Range<DevBlock>> {
        let place = |(range, staged): (Range<FileBlock>, &Staged)| {
            staged.addr(range.start).map(|addr| Range::sized(addr, range.len()))
        };
        self.look(ino, |index| index.iter().filter_map(place).collect()).unwrap_or_default()
    }

    /// The gate: blocks get a state, or leave.
    fn set(&self, ino: Ino, range: Range<FileBlock>, staged: Option<Staged>) {
        self.files.change(|files| {
            let index = files.entry(ino).or_default();
            match staged {
                Some(staged) => index.insert(range, staged),
                None => index.cut(range),
            }
            if index.is_empty() {
                files.remove(&ino);
            }
        });
        self.cx.emit(|| match staged {
            Some(state) => Event::StagingSet { ino, range, state },
            None => Event::StagingEnded { ino, range },
        });
    }

    fn settle(&self, ino: Ino) {
        let runs: Vec<u64> = self
            .look(ino, |index| {
                let delayed = index.iter().filter(|(_, staged)| **staged == Staged::Delayed);
                delayed.map(|(range, _)| range.len()).collect()
            })
            .unwrap_or_default();
        self.held.settle(ino, runs.into_iter());
    }

    /// A range that is not here is promised a place; the promise, with what the mapping may need, is now this index's.
    pub fn reserve(&self, ino: Ino, range: Range<FileBlock>, promise: &mut Promise) {
        let overlaps = self.look(ino, |index| index.overlaps(range)).unwrap_or(false);
        assert!(!overlaps, "a block is staged once");
        promise.keep(range.len());
        self.held.keep(ino, promise);
        self.set(ino, range, Some(Staged::Delayed));
        self.settle(ino);
    }

    /// Promised blocks got these places.
    pub fn place(&self, extent: &Extent) {
        let range = extent.range();
        let promised = self.parts(extent.ino, range).into_iter().all(|(_, staged)| staged == Staged::Delayed);
        assert!(promised, "only promised blocks get a place");
        self.space.ledger().sub(Counter::Delayed, range.len());
        self.set(extent.ino, range, Some(Staged::Reserved(Staged::distance(extent.start, extent.addr))));
        self.settle(extent.ino);
    }

    /// A range that is not here got these places at once, without a promise.
    pub fn place_at_once(&self, extent: &Extent) {
        let overlaps = self.look(extent.ino, |index| index.overlaps(extent.range())).unwrap_or(false);
        assert!(!overlaps, "a block is staged once");
        let staged = Staged::Reserved(Staged::distance(extent.start, extent.addr));
        self.set(extent.ino, extent.range(), Some(staged));
    }

    /// The data of blocks that have a place is sent there; returns the records that the tree will get.
    pub fn send(&self, ino: Ino, range: Range<FileBlock>) -> Vec<Extent> {
        let mut records = Vec::new();
        for (part, staged) in self.parts(ino, range) {
            let addr = staged.addr(part.start).expect("only placed blocks are sent");
            self.set(ino, part, Some(Staged::Sent(Staged::distance(part.start, addr))));
            let len = u32::try_from(part.len()).expect("an extent's length fits");
            records.push(Extent { ino, start: part.start, len, addr, kind: ExtentKind::Written, shared: false });
        }
        records
    }

    /// The data has arrived: what was sent leaves, and belongs to the caller.
    pub fn arrived(&self, ino: Ino, range: Range<FileBlock>) -> Vec<Extent> {
        let mut records = Vec::new();
        for (part, staged) in self.parts(ino, range) {
            if let Staged::Sent(_) = staged {
                let addr = staged.addr(part.start).expect("sent blocks have a place");
                let len = u32::try_from(part.len()).expect("an extent's length fits");
                records.push(Extent { ino, start: part.start, len, addr, kind: ExtentKind::Written, shared: false });
                self.set(ino, part, None);
            }
        }
        records
    }

    /// What waits in `range` is given back (`xfs_reflink_cancel_cow_blocks`).
    pub fn cancel(&self, ino: Ino, range: Range<FileBlock>) {
        for (part, staged) in self.parts(ino, range) {
            match staged.addr(part.start) {
                None => self.space.ledger().sub(Counter::Delayed, part.len()),
                Some(addr) => self.space.free(Range::sized(addr, part.len())),
            }
            self.set(ino, part, None);
        }
        self.settle(ino);
    }

    /// The parts of `range` that are here, in order.
    pub fn parts(&self, ino: Ino, range: Range<FileBlock>) -> Vec<(Range<FileBlock>, Staged)> {
        let cut = |index: &Index| {
            index.overlapping(range).map(|(part, staged)| (part.intersect(&range), *staged)).collect::<Vec<_>>()
        };
        self.look(ino, cut).unwrap_or_default()
    }

    /// Everything in memory is gone.
    pub fn forget_all(&self) {
        self.files.change(SortedMap::clear);
        self.held.forget_all();
    }
}
