//! Where flushed blocks lie for good, below a device's write cache.

use super::queue::Runs;
use crate::base::{DevBlock, Errno, Payload, Prov, Range, RangeMap, Stamped, order_by};

/// Storage that keeps what it was given when the power goes. Synchronous: nothing below waits.
pub trait Medium {
    /// Contents of a range, in order, covering it.
    ///
    /// # Errors
    /// What the storage says.
    fn read(&self, range: Range<DevBlock>) -> Result<Runs, Errno>;
    /// Takes blocks, in the order of their addresses. They are durable after [`Medium::sync`].
    ///
    /// # Errors
    /// What the storage says.
    fn write(&mut self, runs: &[(Range<DevBlock>, Stamped)]) -> Result<(), Errno>;
    /// What was written is durable.
    ///
    /// # Errors
    /// What the storage says.
    fn sync(&mut self) -> Result<(), Errno>;
}

/// Storage in memory: as durable as the run.
#[derive(Clone, Debug)]
pub struct Memory {
    contents: RangeMap<DevBlock, Stamped>,
    prefill: Stamped,
}

impl Memory {
    /// Every block holds `prefill`.
    pub fn new(prefill: u8) -> Self {
        let prefill = Stamped { data: Payload::Fill(prefill), prov: Prov(0) };
        Self { contents: RangeMap::default(), prefill }
    }
    /// Blocks hold what the map says, and zeroes elsewhere.
    pub fn holding(contents: RangeMap<DevBlock, Stamped>) -> Self {
        Self { contents, prefill: Stamped::ZERO }
    }
}

impl Medium for Memory {
    fn read(&self, range: Range<DevBlock>) -> Result<Runs, Errno> {
        let mut found: Runs =
            self.contents.overlapping(range).map(|(run, one)| (run.intersect(&range), one.clone())).collect();
        found.extend(self.contents.gaps(range).into_iter().map(|gap| (gap, self.prefill.clone())));
        Ok(in_order(found))
    }
    fn write(&mut self, runs: &[(Range<DevBlock>, Stamped)]) -> Result<(), Errno> {
        for (range, stamped) in runs {
            self.contents.insert(*range, stamped.clone());
        }
        Ok(())
    }
    fn sync(&mut self) -> Result<(), Errno> {
        Ok(())
    }
}

/// Runs of a medium's parts, by their blocks.
pub(super) fn in_order(mut runs: Runs) -> Runs {
    order_by(&mut runs, |(run, _)| run.start.0);
    runs
}
