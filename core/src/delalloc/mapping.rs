//! Blocks that the mapping itself may need when delayed blocks get their places.
//!
//! How many is not known before the places are, so the worst is promised: a record for each block, in nodes as full as
//! they can be, and a path to the root (`xfs_bmap_worst_indlen`).

use crate::base::{Ino, SortedMap, StateCell};
use crate::personality::plan::MappingReserve;
use crate::space::{Ledger, Promise};
use crate::trace::Counter;

/// The worst case for `blocks` delayed blocks in a row; 0 for none.
pub fn worst(plan: MappingReserve, blocks: u64) -> u64 {
    let mut level = 0;
    let mut nodes = blocks;
    let mut all = 0;
    while blocks > 0 && level < plan.levels {
        nodes = nodes.div_ceil(plan.records);
        all += nodes;
        level += 1;
        if nodes == 1 {
            return all + plan.levels - level;
        }
    }
    all
}

/// What is promised for the mapping of each file's delayed blocks.
pub struct Held {
    plan: Option<MappingReserve>,
    ledger: Ledger,
    blocks: StateCell<SortedMap<Ino, u64>>,
}

impl Held {
    /// Nothing is delayed.
    pub fn new(plan: Option<MappingReserve>, ledger: &Ledger) -> Self {
        Self { plan, ledger: ledger.clone(), blocks: StateCell::default() }
    }

    /// The worst case for a run of delayed blocks, where the filesystem promises it.
    pub fn worst(&self, blocks: u64) -> u64 {
        self.plan.map_or(0, |plan| worst(plan, blocks))
    }

    /// The rest of a promise is for the mapping of a file.
    pub fn keep(&self, ino: Ino, promise: &mut Promise) {
        let blocks = promise.blocks();
        if self.plan.is_some() && blocks > 0 {
            promise.keep(blocks);
            self.blocks.change(|held| *held.entry(ino).or_default() += blocks);
        }
    }

    /// The delayed runs of a file changed: what is too much is returned, what is missing is taken if it is there.
    pub fn settle(&self, ino: Ino, runs: impl Iterator<Item = u64>) {
        if self.plan.is_none() {
            return;
        }
        let wanted: u64 = runs.map(|blocks| self.worst(blocks)).sum();
        let held = self.blocks.with(|held| held.get(&ino).copied().unwrap_or(0));
        let now = if wanted > held { held + (wanted - held).min(self.ledger.available()) } else { wanted };
        self.blocks.change(|all| match now {
            0 => drop(all.remove(&ino)),
            _ => drop(all.insert(ino, now)),
        });
        if now > held {
            self.ledger.add(Counter::Delayed, now - held);
        } else if now < held {
            self.ledger.sub(Counter::Delayed, held - now);
        }
    }

    /// Everything in memory is gone.
    pub fn forget_all(&self) {
        self.blocks.change(SortedMap::clear);
    }
}

#[cfg(test)]
mod tests {
    use super::worst;
    use crate::personality::plan::MappingReserve;

    #[test]
    fn the_worst_case_is_a_path_and_full_leaves() {
        let plan = MappingReserve { records: 251, levels: 5 };
        assert_eq!(worst(plan, 0), 0);
        assert_eq!(worst(plan, 1), 5);
        assert_eq!(worst(plan, 251), 5);
        assert_eq!(worst(plan, 252), 6);
        // Recording 079: 54,832 delayed blocks leave 8 of 55,063.
        assert_eq!(worst(plan, 54_832), 223);
    }
}
