//! The counters: how many blocks are used, promised, reserved, pinned.

use crate::base::{Errno, StateCell};
use crate::sim::Cx;
use crate::trace::{Counter, Event};
use std::collections::BTreeMap;
use std::rc::Rc;

const COUNTERS: [Counter; 5] = [Counter::Used, Counter::Delayed, Counter::Reserved, Counter::Pinned, Counter::Metadata];

struct State {
    total: u64,
    headroom: u64,
    /// By counter; `None` for one that was never set.
    counters: [Option<u64>; COUNTERS.len()],
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
    /// Nothing used of `total` blocks. A promise of `headroom` blocks sets one more aside; 0 for none.
    pub fn new(cx: &Cx, total: u64, headroom: u64) -> Self {
        let state = State { total, headroom, counters: [None; COUNTERS.len()] };
        Self(Rc::new(Shared { cx: cx.clone(), state: StateCell::new(state) }))
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
    pub fn counters(&self) -> BTreeMap<Counter, u64> {
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
        self.0.state.change(|state| state.counters[counter as usize] = Some(value));
        self.0.cx.emit(|| Event::LedgerChanged { counter, value });
    }
    /// Everything in memory is gone: counters start again.
    pub fn reset(&self) {
        self.0.state.change(|state| state.counters = [None; COUNTERS.len()]);
    }
}
