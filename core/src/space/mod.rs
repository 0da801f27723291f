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

mod buddy;
pub mod groups;
pub mod ledger;
mod near;
pub mod packed;
pub mod point;
pub mod refs;
pub mod sums;
pub mod windows;

pub use ledger::{Ledger, Promise};
pub use refs::Refs;
pub use sums::Sums;

use crate::base::packed::PACKED;
use crate::base::{DevBlock, Range, RangeMap, SortedMap, StateCell};
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
    /// How many free runs there are of each length: says at once how long the longest is.
    lengths: SortedMap<u64, u64>,
}

impl SpaceMap {
    fn all_free(data: Range<DevBlock>) -> Self {
        let mut map = Self { free: RangeMap::default(), pinned: RangeMap::default(), lengths: SortedMap::new() };
        map.give(data);
        map
    }
    /// Blocks are not free any more.
    fn take(&mut self, range: Range<DevBlock>) {
        self.change_free(range, |free| free.cut(range));
    }
    /// Blocks are free.
    fn give(&mut self, range: Range<DevBlock>) {
        self.change_free(range, |free| free.insert(range, ()));
    }
    fn change_free(&mut self, range: Range<DevBlock>, change: impl FnOnce(&mut RangeMap<DevBlock, ()>)) {
        // Runs that touch the range may merge with it.
        let around = Range::new(DevBlock(range.start.0.saturating_sub(1)), range.end + 1);
        for (run, ()) in self.free.overlapping(around) {
            let count = self.lengths.get_mut(&run.len()).expect("the length of a free run is counted");
            *count -= 1;
            if *count == 0 {
                self.lengths.remove(&run.len());
            }
        }
        change(&mut self.free);
        for (run, ()) in self.free.overlapping(around) {
            *self.lengths.entry(run.len()).or_default() += 1;
        }
    }
}

/// Free space and the ledger of one filesystem.
#[derive(Clone)]
pub struct Space(Rc<Shared>);

struct Shared {
    cx: Cx,
    data: Range<DevBlock>,
    metadata: Vec<Range<DevBlock>>,
    map: StateCell<SpaceMap>,
    ledger: Ledger,
    point: StateCell<DevBlock>,
    pieces: StateCell<packed::Pieces>,
    windows: StateCell<windows::Windows>,
    classes: StateCell<groups::Classes>,
}

impl Space {
    /// All blocks of `data` are free but those of `metadata`; `spare` blocks of them are never handed out (metadata
    /// that is not modelled).
    ///
    /// A promise of `headroom` blocks sets one more aside; 0 for none.
    pub fn new(
        cx: &Cx,
        data: Range<DevBlock>,
        metadata: &[Range<DevBlock>],
        spare: u64,
        headroom: u64,
        batch: u64,
    ) -> Self {
        let map = StateCell::new(SpaceMap::all_free(data));
        let ledger = Ledger::new(cx, data.len().saturating_sub(spare), headroom, batch);
        let space = Self(Rc::new(Shared {
            cx: cx.clone(),
            data,
            metadata: metadata.to_vec(),
            map,
            ledger,
            point: StateCell::default(),
            pieces: StateCell::default(),
            windows: StateCell::default(),
            classes: StateCell::default(),
        }));
        space.take_metadata();
        space
    }

    fn take_metadata(&self) {
        self.0.metadata.iter().for_each(|range| self.take(*range));
    }

    /// These blocks are not free any more.
    fn take(&self, range: Range<DevBlock>) {
        self.0.map.change(|map| map.take(range));
        self.0.cx.emit(|| Event::SpaceTaken { range });
        self.0.ledger.add(Counter::Used, range.len());
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
        let found = self.0.map.with(|map| find(map, want))?;
        self.take(found);
        Some(found)
    }

    /// Gives blocks back; they can be allocated again after the next commit.
    pub fn free(&self, range: Range<DevBlock>) {
        if range.start >= PACKED {
            return self.free_packed(range);
        }
        self.0.map.change(|map| {
            assert!(!map.free.overlaps(range), "free blocks are not freed again");
            assert!(!map.pinned.overlaps(range), "pinned blocks are not freed again");
            map.pinned.insert(range, ());
        });
        self.0.cx.emit(|| Event::SpacePinned { range });
        self.0.ledger.sub(Counter::Used, range.len());
        self.0.ledger.add(Counter::Pinned, range.len());
    }

    /// What was freed and waits for a commit.
    pub fn pinned(&self) -> Vec<Range<DevBlock>> {
        self.map(|map| map.pinned.iter().map(|(range, ())| range).collect())
    }

    /// A commit is done: what was freed before it can be used again.
    pub fn unpin(&self, freed: &[Range<DevBlock>]) {
        self.forget_spent();
        for range in freed.iter().copied() {
            self.0.map.change(|map| {
                assert!(map.pinned.covered(range) == range.len(), "what waits for a commit stays until then");
                map.pinned.cut(range);
                map.give(range);
            });
            self.0.cx.emit(|| Event::SpaceFreed { range });
            self.0.ledger.sub(Counter::Pinned, range.len());
        }
    }

    /// Everything in memory is gone: all blocks are free until a mount finds which are not.
    pub fn forget_all(&self) {
        self.0.map.change(|map| *map = SpaceMap::all_free(self.0.data));
        self.0.ledger.reset();
        self.0.point.change(|point| *point = DevBlock::default());
        self.0.windows.change(|windows| *windows = windows::Windows::default());
        self.forget_pieces();
    }

    /// A mount found these blocks in use. The space is fresh.
    pub fn load(&self, used: &RangeMap<DevBlock, ()>) {
        self.take_metadata();
        used.iter().for_each(|(range, ())| self.take(range));
    }
}

fn find(map: &SpaceMap, want: Want) -> Option<Range<DevBlock>> {
    let cut = |run: Range<DevBlock>| {
        let room = if want.boundary == 0 { u64::MAX } else { want.boundary - run.start.0 % want.boundary };
        Range::sized(run.start, run.len().min(want.count).min(room))
    };
    if let Some((run, ())) = map.free.get(want.goal) {
        let here = Range::new(want.goal, run.end);
        if here.len() >= want.count || want.boundary != 0 {
            return Some(cut(here));
        }
    }
    let (longest, _) = map.lengths.last_key_value()?;
    let enough = want.count.min(*longest);
    let behind = map.free.overlapping(Range { start: want.goal, end: DevBlock(u64::MAX) });
    let ahead = map.free.iter().take_while(|(run, ())| run.start < want.goal);
    behind.chain(ahead).map(|(run, ())| run).find(|run| run.len() >= enough).map(cut)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The rule of [`Space::allocate`] by looking at every run.
    fn slow(map: &SpaceMap, want: Want) -> Option<Range<DevBlock>> {
        let mut runs: Vec<Range<DevBlock>> = map.free.iter().map(|(run, ())| run).collect();
        let goal = runs.iter().position(|run| run.end > want.goal).unwrap_or(runs.len());
        let here = runs.get(goal).filter(|run| run.contains(want.goal)).map(|run| Range::new(want.goal, run.end));
        if let Some(here) = here.filter(|here| here.len() >= want.count) {
            return Some(Range::sized(here.start, want.count));
        }
        runs.rotate_left(goal);
        let fits = runs.iter().find(|run| run.len() >= want.count);
        // Of several longest the first: `max_by_key` would give the last.
        let longest = runs.iter().rev().max_by_key(|run| run.len());
        fits.or(longest).map(|run| Range::sized(run.start, run.len().min(want.count)))
    }

    #[test]
    fn allocations_follow_the_rule() {
        let data = Range::new(DevBlock(10), DevBlock(400));
        let mut map = SpaceMap::all_free(data);
        let mut rng = crate::sim::rng::Rng::stream(7, "space");
        for _ in 0..3_000 {
            let want = Want { goal: DevBlock(rng.below(420)), count: 1 + rng.below(24), boundary: 0 };
            let found = find(&map, want);
            assert_eq!(found, slow(&map, want));
            if let Some(found) = found {
                map.take(found);
            }
            let start = DevBlock(10 + rng.below(380));
            let range = Range::sized(start, 1 + rng.below(8));
            if !map.free.overlaps(range) && data.covers(&range) && rng.below(3) > 0 {
                map.give(range);
            }
            let longest = map.free.iter().map(|(run, ())| run.len()).max();
            assert_eq!(map.lengths.last_key_value().map(|(length, _)| *length), longest);
        }
    }
}
