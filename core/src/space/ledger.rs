//! The counters: how many blocks are used, promised, reserved, pinned.

use crate::base::{Errno, SortedMap, StateCell};
use crate::sim::Cx;
use crate::trace::{Counter, Event};
use std::rc::Rc;

const COUNTERS: [Counter; 5] = [Counter::Used, Counter::Delayed, Counter::Reserved, Counter::Pinned, Counter::Metadata];

struct State {
    total: u64,
    headroom: u64,
    /// By counter; `None` for one that was never set.
    counters: [Option<u64>; COUNTERS.len()],
    delayed: Rough,
    taken: Rough,
}

/// A counter as somebody reads it who does not add up what each processor still keeps to itself (`percpu_counter`): a
/// change is seen when it has grown to a batch.
#[derive(Clone, Copy, Default)]
struct Rough {
    seen: i64,
    kept: i64,
}

impl Rough {
    fn change(&mut self, by: i64, batch: i64) {
        self.kept += by;
        if self.kept.abs() >= batch {
            self.seen += std::mem::take(&mut self.kept);
        }
    }
    /// The same for `by` changes of one, up.
    fn count(&mut self, by: i64, batch: i64) {
        let whole = (self.kept + by).div_euclid(batch).max(0) * batch;
        self.seen += whole;
        self.kept += by - whole;
    }
    fn read(self) -> u64 {
        u64::try_from(self.seen).unwrap_or(0)
    }
}

impl State {
    /// What is left, less what promises set aside besides their blocks (`reserve_factor`, `avail_factor`).
    fn available(&self) -> u64 {
        let left = self.total.saturating_sub(self.counters.iter().flatten().sum());
        if self.headroom == 0 {
            return left;
        }
        let promised = [Counter::Delayed, Counter::Reserved].map(|at| self.counters[at as usize].unwrap_or(0));
        let aside = promised.iter().sum::<u64>().div_ceil(self.headroom);
        left.saturating_sub(aside) * self.headroom / (self.headroom + 1)
    }
}

/// One gate for every counter. Invariant: the counters together never exceed the blocks there are.
#[derive(Clone)]
pub struct Ledger(Rc<Shared>);

struct Shared {
    cx: Cx,
    state: StateCell<State>,
    batch: i64,
}

/// Blocks that were set aside and not yet put to use. Dropping it returns what is left.
#[must_use]
pub struct Promise {
    ledger: Ledger,
    counter: Counter,
    blocks: u64,
}

impl Promise {
    /// Blocks left in it.
    pub fn blocks(&self) -> u64 {
        self.blocks
    }
    /// `blocks` of it now belong to something that will return them itself.
    pub fn keep(&mut self, blocks: u64) {
        assert!(blocks <= self.blocks, "only what was promised is kept");
        self.blocks -= blocks;
    }
}

impl Drop for Promise {
    fn drop(&mut self) {
        if self.blocks > 0 {
            self.ledger.sub(self.counter, self.blocks);
        }
    }
}

impl Ledger {
    /// Nothing used of `total` blocks. A promise of `headroom` blocks sets one more aside; 0 for none. A rough reading
    /// sees changes in steps of `batch`.
    pub fn new(cx: &Cx, total: u64, headroom: u64, batch: u64) -> Self {
        let (counters, delayed, taken) = ([None; COUNTERS.len()], Rough::default(), Rough::default());
        let state = State { total, headroom, counters, delayed, taken };
        let batch = i64::try_from(batch.max(1)).expect("a batch is small");
        Self(Rc::new(Shared { cx: cx.clone(), state: StateCell::new(state), batch }))
    }
    /// Blocks there are.
    pub fn total(&self) -> u64 {
        self.0.state.with(|state| state.total)
    }
    /// A counter's value in blocks.
    pub fn get(&self, counter: Counter) -> u64 {
        self.0.state.with(|state| state.counters[counter as usize].unwrap_or(0))
    }
    /// All counters that were ever set.
    pub fn counters(&self) -> SortedMap<Counter, u64> {
        let set = |state: &State| {
            let pairs = COUNTERS.into_iter().zip(state.counters);
            pairs.filter_map(|(counter, value)| Some((counter, value?))).collect()
        };
        self.0.state.with(set)
    }
    /// Blocks that nobody uses, was promised or has pinned.
    pub fn available(&self) -> u64 {
        self.0.state.with(State::available)
    }
    /// Delayed blocks and taken ones (used, reserved, pinned) as they are read without looking closely.
    pub fn rough(&self) -> (u64, u64) {
        self.0.state.with(|state| (state.delayed.read(), state.taken.read()))
    }
    /// Sets blocks aside, or says that there are not enough.
    pub fn promise(&self, counter: Counter, blocks: u64) -> Result<Promise, Errno> {
        if blocks > self.available() {
            return Err(Errno::ENOSPC);
        }
        if blocks > 0 {
            self.add(counter, blocks);
        }
        Ok(Promise { ledger: self.clone(), counter, blocks })
    }
    /// The gate, up.
    pub fn add(&self, counter: Counter, blocks: u64) {
        self.set(counter, self.get(counter) + blocks);
    }
    /// The gate, down. Panics when the counter would go below zero: somebody returned what he did not have.
    pub fn sub(&self, counter: Counter, blocks: u64) {
        let left = self.get(counter).checked_sub(blocks);
        self.set(counter, left.unwrap_or_else(|| panic!("{counter:?} goes below zero")));
    }
    fn set(&self, counter: Counter, value: u64) {
        self.0.state.change(|state| {
            let old = state.counters[counter as usize].replace(value).unwrap_or(0);
            let blocks = |value| i64::try_from(value).expect("a device is not that large");
            let by = blocks(value) - blocks(old);
            match counter {
                // Each delayed block is promised by itself, and they are placed together.
                Counter::Delayed if by > 0 => state.delayed.count(by, self.0.batch),
                Counter::Delayed => state.delayed.change(by, self.0.batch),
                _ => state.taken.change(by, self.0.batch),
            }
        });
        self.0.cx.emit(|| Event::LedgerChanged { counter, value });
    }
    /// Everything in memory is gone: counters start again.
    pub fn reset(&self) {
        self.0.state.change(|state| {
            state.counters = [None; COUNTERS.len()];
            (state.delayed, state.taken) = (Rough::default(), Rough::default());
        });
    }
}
