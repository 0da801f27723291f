//! Floor 4, space: which device blocks are free, and how many are promised.
//!
//! Life of a delayed block (blocks, from left to right; `free` is what statfs would count):
//!
//! | stage | Delayed | Used | free |
//! |---|---|---|---|
//! | promise taken | +1 | | -1 |
//! | allocated at writeback | -1 | +1 | |
//! | freed | | -1, Pinned +1 | |
//! | committed | | Pinned -1 | +1 |
//!
//! A reservation key counts in Reserved instead of Delayed. Freed blocks stay pinned until the commit that forgets
//! them, so that no command gets back what it freed itself and a crash finds the old data in place.

pub mod ledger;

pub use ledger::{Ledger, Promise};

use crate::base::{DevBlock, Range, RangeMap, StateCell};
use crate::sim::Cx;
use crate::trace::{Counter, Event};
use std::rc::Rc;

/// What an allocation asks for.
#[derive(Clone, Copy, Debug)]
pub struct Want {
    /// Where to look first.
    pub goal: DevBlock,
    /// Blocks at most.
    pub count: u64,
    /// An allocation must not cross a multiple of this many blocks; 0 for no such rule.
    pub boundary: u64,
}

/// The map of free blocks. State is plain data, so that a commit can keep a copy.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SpaceMap {
    /// Free runs.
    pub free: RangeMap<DevBlock, ()>,
    /// Freed, waiting for a commit.
    pub pinned: RangeMap<DevBlock, ()>,
}

/// Free space and the ledger of one filesystem.
#[derive(Clone)]
pub struct Space(Rc<Shared>);

struct Shared {
    cx: Cx,
    data: Range<DevBlock>,
    map: StateCell<SpaceMap>,
    ledger: Ledger,
}

impl Space {
    /// All blocks of `data` are free; `spare` blocks of them are never handed out (metadata that is not modelled).
    pub fn new(cx: &Cx, data: Range<DevBlock>, spare: u64) -> Self {
        let mut free = RangeMap::default();
        free.insert(data, ());
        let map = SpaceMap { free, pinned: RangeMap::default() };
        let ledger = Ledger::new(cx, data.len().saturating_sub(spare));
        Self(Rc::new(Shared { cx: cx.clone(), data, map: StateCell::new(map), ledger }))
    }

    /// The promises.
    pub fn ledger(&self) -> &Ledger {
        &self.0.ledger
    }

    /// Looks at the map.
    pub fn map<R>(&self, look: impl FnOnce(&SpaceMap) -> R) -> R {
        self.0.map.with(look)
    }

    /// Takes one run of at most `want.count` free blocks; `None` when nothing is free.
    ///
    /// Prefers the run at the goal, then the first run behind it that holds everything, then the longest.
    pub fn allocate(&self, want: Want) -> Option<Range<DevBlock>> {
        let found = self.0.map.with(|map| find(&map.free, want))?;
        self.0.map.change(|map| map.free.cut(found));
        self.0.cx.emit(|| Event::SpaceTaken { range: found });
        self.0.ledger.add(Counter::Used, found.len());
        Some(found)
    }

    /// Gives blocks back; they can be allocated again after the next commit.
    pub fn free(&self, range: Range<DevBlock>) {
        self.0.map.change(|map| {
            assert!(!map.free.overlaps(range), "free blocks are not freed again");
            assert!(!map.pinned.overlaps(range), "pinned blocks are not freed again");
            map.pinned.insert(range, ());
        });
        self.0.cx.emit(|| Event::SpacePinned { range });
        self.0.ledger.sub(Counter::Used, range.len());
        self.0.ledger.add(Counter::Pinned, range.len());
    }

    /// A commit is done: what was freed before it can be used again.
    pub fn unpin(&self) {
        let pinned = self.0.map.change(|map| std::mem::take(&mut map.pinned));
        for (range, ()) in pinned.iter() {
            self.0.map.change(|map| map.free.insert(range, ()));
            self.0.cx.emit(|| Event::SpaceFreed { range });
            self.0.ledger.sub(Counter::Pinned, range.len());
        }
    }

    /// Everything in memory is gone: all blocks are free until a mount finds which are not.
    pub fn forget_all(&self) {
        let mut free = RangeMap::default();
        free.insert(self.0.data, ());
        self.0.map.change(|map| *map = SpaceMap { free, pinned: RangeMap::default() });
        self.0.ledger.reset();
    }

    /// A mount found these blocks in use. The space is fresh.
    pub fn load(&self, used: &RangeMap<DevBlock, ()>) {
        for (range, ()) in used.iter() {
            self.0.map.change(|map| map.free.cut(range));
            self.0.cx.emit(|| Event::SpaceTaken { range });
            self.0.ledger.add(Counter::Used, range.len());
        }
    }
}

fn find(free: &RangeMap<DevBlock, ()>, want: Want) -> Option<Range<DevBlock>> {
    let cut = |run: Range<DevBlock>| {
        let room = if want.boundary == 0 { u64::MAX } else { want.boundary - run.start.0 % want.boundary };
        Range::sized(run.start, run.len().min(want.count).min(room))
    };
    if let Some((run, ())) = free.get(want.goal) {
        let here = Range::new(want.goal, run.end);
        if here.len() >= want.count || want.boundary != 0 {
            return Some(cut(here));
        }
    }
    let behind = free.overlapping(Range { start: want.goal, end: DevBlock(u64::MAX) });
    let ahead = free.iter().take_while(|(run, ())| run.start < want.goal);
    let mut longest: Option<Range<DevBlock>> = None;
    for (run, ()) in behind.chain(ahead) {
        if run.len() >= want.count {
            return Some(cut(run));
        }
        if longest.is_none_or(|best| best.len() < run.len()) {
            longest = Some(run);
        }
    }
    longest.map(cut)
}
