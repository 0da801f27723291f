//! Ordered extents: blocks that have their place on the device and no record yet, until all of their run was written.
//!
//! One [`Flight`] begins at the first block that goes out and reaches to the end of the dirty run; its other blocks stay
//! dirty in the cache until somebody writes them. Only then does the tree learn of it.

use crate::base::{DevBlock, FileBlock, Ino, Range, RangeMap, SortedMap, StateCell};
use crate::sim::{Cx, WaitQueue};
use crate::trace::Event;
use std::rc::Rc;

/// What is known of a block in flight; equal for all blocks of one ordered extent that are equally far.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Flight {
    /// Which ordered extent, numbered from 1.
    pub id: u64,
    /// Its first block in the file when it began.
    pub start: FileBlock,
    /// Where that block goes on the device.
    pub addr: DevBlock,
    /// Whether the device blocks are new; else a record has them already and only becomes written.
    pub fresh: bool,
    /// Whether the data is on the device.
    pub arrived: bool,
}

impl Flight {
    /// Where a block goes.
    pub fn target(&self, block: FileBlock) -> DevBlock {
        self.addr + (block - self.start)
    }
}

/// All blocks in flight.
#[derive(Clone)]
pub struct Ordered(Rc<Shared>);

struct Shared {
    cx: Cx,
    state: StateCell<State>,
    ended: WaitQueue,
}

#[derive(Default)]
struct State {
    last: u64,
    files: SortedMap<Ino, RangeMap<FileBlock, Flight>>,
}

impl Ordered {
    /// Nothing is in flight.
    pub fn new(cx: &Cx) -> Self {
        Self(Rc::new(Shared { cx: cx.clone(), state: StateCell::default(), ended: WaitQueue::default() }))
    }

    /// Woken whenever an ordered extent is over.
    pub fn ended(&self) -> &WaitQueue {
        &self.0.ended
    }

    fn file<R>(&self, ino: Ino, look: impl FnOnce(&RangeMap<FileBlock, Flight>) -> R) -> Option<R> {
        self.0.state.with(|state| state.files.get(&ino).map(look))
    }

    fn change<R>(&self, ino: Ino, change: impl FnOnce(&mut RangeMap<FileBlock, Flight>) -> R) -> R {
        self.0.state.change(|state| {
            let file = state.files.entry(ino).or_default();
            let result = change(file);
            if file.is_empty() {
                state.files.remove(&ino);
            }
            result
        })
    }

    /// Blocks begin their flight to `addr`. None of them is in flight.
    pub fn begin(&self, ino: Ino, range: Range<FileBlock>, addr: DevBlock, fresh: bool) {
        let id = self.0.state.change(|state| {
            state.last += 1;
            state.last
        });
        self.change(ino, |file| {
            assert!(!file.overlaps(range), "a block is in flight once");
            file.insert(range, Flight { id, start: range.start, addr, fresh, arrived: false });
        });
        self.0.cx.emit(|| Event::OrderedBegan { ino, range, id, addr, fresh });
    }

    /// The data of these blocks is on the device. Returns the ordered extents that have all of theirs there.
    pub fn arrive(&self, ino: Ino, range: Range<FileBlock>) -> Vec<u64> {
        let parts = self.parts(ino, range);
        let mut ids: Vec<u64> = Vec::new();
        for (part, flight) in parts {
            self.change(ino, |file| file.insert(part, Flight { arrived: true, ..flight }));
            self.0.cx.emit(|| Event::OrderedArrived { ino, range: part });
            if !ids.contains(&flight.id) {
                ids.push(flight.id);
            }
        }
        ids.retain(|id| self.is_whole(ino, *id));
        ids
    }

    /// The flight of `range` is over, by a record or by a cut. Returns what it was.
    pub fn end(&self, ino: Ino, range: Range<FileBlock>) -> Vec<(Range<FileBlock>, Flight)> {
        let ended = self.change(ino, |file| file.remove(range));
        for (part, _) in &ended {
            self.0.cx.emit(|| Event::OrderedEnded { ino, range: *part });
        }
        if !ended.is_empty() {
            self.0.ended.wake_all(&self.0.cx);
        }
        ended
    }

    /// The parts of `range` that are in flight, cut to it.
    pub fn parts(&self, ino: Ino, range: Range<FileBlock>) -> Vec<(Range<FileBlock>, Flight)> {
        let cut = |file: &RangeMap<FileBlock, Flight>| {
            file.overlapping(range).map(|(part, flight)| (part.intersect(&range), *flight)).collect()
        };
        self.file(ino, cut).unwrap_or_default()
    }

    /// What an ordered extent still has in flight, in order.
    pub fn of_id(&self, ino: Ino, id: u64) -> Vec<(Range<FileBlock>, Flight)> {
        let own = |file: &RangeMap<FileBlock, Flight>| {
            file.iter().filter(|(_, flight)| flight.id == id).map(|(part, flight)| (part, *flight)).collect()
        };
        self.file(ino, own).unwrap_or_default()
    }

    fn is_whole(&self, ino: Ino, id: u64) -> bool {
        self.of_id(ino, id).iter().all(|(_, flight)| flight.arrived)
    }

    /// The flight of a block.
    pub fn at(&self, ino: Ino, block: FileBlock) -> Option<(Range<FileBlock>, Flight)> {
        self.file(ino, |file| file.get(block).map(|(part, flight)| (part, *flight)))?
    }

    /// Whether any block of `range` is in flight.
    pub fn overlaps(&self, ino: Ino, range: Range<FileBlock>) -> bool {
        self.file(ino, |file| file.overlaps(range)) == Some(true)
    }

    /// The first blocks in flight that end after `block`.
    pub fn next(&self, ino: Ino, block: FileBlock) -> Option<Range<FileBlock>> {
        self.file(ino, |file| file.at_or_after(block).map(|(part, _)| part))?
    }

    /// Files that have something in flight.
    pub fn files(&self) -> Vec<Ino> {
        self.0.state.with(|state| state.files.keys().copied().collect())
    }

    /// Everything of a file.
    pub fn index(&self, ino: Ino) -> RangeMap<FileBlock, Flight> {
        self.file(ino, Clone::clone).unwrap_or_default()
    }

    /// Everything in memory is gone.
    pub fn forget_all(&self) {
        self.0.state.change(|state| state.files.clear());
    }
}
