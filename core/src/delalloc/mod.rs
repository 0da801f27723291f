//! Floor 8, delayed allocation: blocks that are promised a place and have none.
//!
//! Where the filesystem keeps an index of delayed ranges, it is here; where only the page cache knows, this floor
//! keeps the count and the cached blocks keep the rest. Either way the ledger's `Delayed` equals what they hold.

pub mod lookups;
pub mod mapping;
pub mod ordered;
pub mod staging;

use mapping::Held;

use crate::base::{Errno, FileBlock, Ino, Range, RangeMap, SortedMap, StateCell};
use crate::personality::plan::MappingReserve;
use crate::sim::Cx;
use crate::space::{Promise, Space};
use crate::trace::{Counter, Event};
use std::rc::Rc;

/// The index of delayed ranges.
#[derive(Clone)]
pub struct Delalloc(Rc<Shared>);

struct Shared {
    cx: Cx,
    space: Space,
    files: StateCell<SortedMap<Ino, RangeMap<FileBlock, ()>>>,
    unbacked: StateCell<SortedMap<Ino, RangeMap<FileBlock, ()>>>,
    held: Held,
}

impl Delalloc {
    /// Nothing is delayed.
    pub fn new(cx: &Cx, space: &Space, plan: Option<MappingReserve>) -> Self {
        let held = Held::new(plan, space.ledger());
        Self(Rc::new(Shared {
            cx: cx.clone(),
            space: space.clone(),
            files: StateCell::default(),
            unbacked: StateCell::default(),
            held,
        }))
    }

    /// Blocks that the mapping may need for so many delayed ones in a row.
    pub fn worst(&self, blocks: u64) -> u64 {
        self.0.held.worst(blocks)
    }

    fn settle(&self, ino: Ino) {
        let runs: Vec<u64> = self.0.files.with(|files| {
            files.get(&ino).map(|index| index.iter().map(|(range, ())| range.len()).collect()).unwrap_or_default()
        });
        self.0.held.settle(ino, runs.into_iter());
    }

    /// [`Delalloc::insert`] of one range with a promise that is for it alone: the rest of it is for the mapping.
    pub fn insert_whole(&self, ino: Ino, range: Range<FileBlock>, mut promise: Promise) {
        self.insert(ino, range, &mut promise);
        self.0.held.keep(ino, &mut promise);
        self.settle(ino);
    }

    /// The last delayed range that starts before a block.
    pub fn prev(&self, ino: Ino, at: FileBlock) -> Option<Range<FileBlock>> {
        self.0.files.with(|files| {
            let mut before = files.get(&ino)?.iter().rev();
            before.find(|(range, ())| range.start < at).map(|(range, ())| range)
        })
    }

    /// Promises space for `blocks` blocks, or ENOSPC. Dropping the promise returns it.
    pub fn promise(&self, blocks: u64) -> Result<Promise, Errno> {
        self.0.space.ledger().promise(Counter::Delayed, blocks)
    }

    /// Blocks that could still be promised.
    pub fn promisable(&self) -> u64 {
        self.0.space.ledger().available()
    }

    /// A range becomes delayed; its promise is now the index's.
    pub fn insert(&self, ino: Ino, range: Range<FileBlock>, promise: &mut Promise) {
        self.0.files.change(|files| {
            let index = files.entry(ino).or_default();
            assert!(!index.overlaps(range), "a block is promised once");
            index.insert(range, ());
        });
        promise.keep(range.len());
        self.0.cx.emit(|| Event::DelayedAdded { ino, range });
    }

    /// A range becomes delayed without a promise: its data will go where it was.
    pub fn insert_unbacked(&self, ino: Ino, range: Range<FileBlock>) {
        self.0.files.change(|files| {
            let index = files.entry(ino).or_default();
            assert!(!index.overlaps(range), "a block is promised once");
            index.insert(range, ());
        });
        self.0.unbacked.change(|files| files.entry(ino).or_default().insert(range, ()));
        self.0.cx.emit(|| Event::DelayedAdded { ino, range });
        self.0.cx.emit(|| Event::DelayedUnbacked { ino, range });
    }

    /// Delayed blocks of a file that have no promise.
    pub fn unbacked(&self, ino: Ino) -> RangeMap<FileBlock, ()> {
        self.0.unbacked.with(|files| files.get(&ino).cloned().unwrap_or_default())
    }

    /// How many blocks of a range that is not delayed any more had no promise.
    fn forget_unbacked(&self, ino: Ino, range: Range<FileBlock>) -> u64 {
        self.0.unbacked.change(|files| {
            let Some(index) = files.get_mut(&ino) else { return 0 };
            let blocks = index.covered(range);
            index.cut(range);
            if index.is_empty() {
                files.remove(&ino);
            }
            blocks
        })
    }

    /// The delayed parts of `range` are no longer: allocated, or thrown away. Returns them; their promise is returned.
    pub fn take(&self, ino: Ino, range: Range<FileBlock>) -> Vec<Range<FileBlock>> {
        let taken: Vec<_> = self.0.files.change(|files| {
            let Some(index) = files.get_mut(&ino) else { return Vec::new() };
            let taken = index.remove(range).into_iter().map(|(range, ())| range).collect();
            if index.is_empty() {
                files.remove(&ino);
            }
            taken
        });
        for range in &taken {
            let unbacked = self.forget_unbacked(ino, *range);
            self.0.space.ledger().sub(Counter::Delayed, range.len() - unbacked);
            self.0.cx.emit(|| Event::DelayedRemoved { ino, range: *range });
        }
        if !taken.is_empty() {
            self.settle(ino);
        }
        taken
    }

    /// Returns the promise of `blocks` blocks that the page cache kept.
    pub fn release(&self, blocks: u64) {
        if blocks > 0 {
            self.0.space.ledger().sub(Counter::Delayed, blocks);
        }
    }

    /// The first delayed range that ends after `block`, whole.
    pub fn next(&self, ino: Ino, block: FileBlock) -> Option<Range<FileBlock>> {
        self.0.files.with(|files| files.get(&ino)?.at_or_after(block).map(|(range, ())| range))
    }

    /// Cuts `range`, which is not empty, into parts that are delayed and parts that are not, in order.
    pub fn each_part(&self, ino: Ino, range: Range<FileBlock>, mut look: impl FnMut(Range<FileBlock>, bool)) {
        self.0.files.with(|files| {
            let mut at = range.start;
            for (run, ()) in files.get(&ino).into_iter().flat_map(|index| index.overlapping(range)) {
                let run = run.intersect(&range);
                if at < run.start {
                    look(Range::new(at, run.start), false);
                }
                look(run, true);
                at = run.end;
            }
            if at < range.end {
                look(Range::new(at, range.end), false);
            }
        });
    }

    /// The parts of `range` that are not delayed.
    pub fn gaps(&self, ino: Ino, range: Range<FileBlock>) -> Vec<Range<FileBlock>> {
        self.0.files.with(|files| files.get(&ino).map_or_else(|| vec![range], |index| index.gaps(range)))
    }

    /// The whole index of a file.
    pub fn index(&self, ino: Ino) -> RangeMap<FileBlock, ()> {
        self.0.files.with(|files| files.get(&ino).cloned().unwrap_or_default())
    }

    /// Delayed blocks of a file.
    pub fn blocks(&self, ino: Ino) -> u64 {
        self.0.files.with(|files| files.get(&ino).map_or(0, |index| index.iter().map(|(range, ())| range.len()).sum()))
    }

    /// Delayed blocks of all files in the index that have a promise.
    pub fn total(&self) -> u64 {
        let blocks = |index: &RangeMap<FileBlock, ()>| index.iter().map(|(range, ())| range.len()).sum::<u64>();
        let unbacked: u64 = self.0.unbacked.with(|files| files.values().map(blocks).sum());
        self.0.files.with(|files| files.values().map(blocks).sum::<u64>()) - unbacked
    }

    /// Everything in memory is gone.
    pub fn forget_all(&self) {
        self.0.files.change(SortedMap::clear);
        self.0.unbacked.change(SortedMap::clear);
        self.0.held.forget_all();
    }
}
