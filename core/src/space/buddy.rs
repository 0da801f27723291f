//! Free space as a buddy allocator sees it: aligned chunks of powers of two, and two ways to search them.
//!
//! Sources: `mb_find_extent`, `ext4_mb_simple_scan_group`, `ext4_mb_complex_scan_group`, `ext4_mb_measure_extent`.

use crate::base::{DevBlock, Range, RangeMap};

/// How many extents that are long enough are looked at before the best of them is taken (`s_mb_min_to_scan`).
const ENOUGH: u32 = 10;

/// One group of blocks and its free runs, in order.
#[derive(Debug)]
pub(super) struct Group {
    /// Chunks are aligned to it.
    start: DevBlock,
    free: Vec<Range<DevBlock>>,
    /// The order of the largest chunk.
    order_max: u32,
}

impl Group {
    /// What is free in `blocks` and not held.
    pub(super) fn new(
        blocks: Range<DevBlock>,
        free: &RangeMap<DevBlock, ()>,
        held: &[Range<DevBlock>],
        order_max: u32,
    ) -> Self {
        let mut left = RangeMap::default();
        free.overlapping(blocks).for_each(|(run, ())| left.insert(run.intersect(&blocks), ()));
        held.iter().filter(|range| !range.is_empty()).for_each(|range| left.cut(*range));
        Self { start: blocks.start, free: left.iter().map(|(run, ())| run).collect(), order_max }
    }

    /// Whether a range is free whole.
    pub(super) fn is_free(&self, range: Range<DevBlock>) -> bool {
        self.free.iter().any(|run| run.covers(&range))
    }

    /// Whether the mean free run is long enough to look closer (`ext4_mb_good_group`).
    pub(super) fn is_good(&self, count: u64) -> bool {
        let blocks: u64 = self.free.iter().map(Range::len).sum();
        !self.free.is_empty() && blocks / self.free.len() as u64 >= count
    }

    /// The order of the largest aligned chunk of a free run that a block lies in.
    fn order(&self, run: Range<DevBlock>, at: DevBlock) -> u32 {
        let whole = |order: u32| {
            let from = self.start + ((at - self.start) >> order << order);
            run.covers(&Range::sized(from, 1 << order))
        };
        (0..=self.order_max).rev().find(|order| whole(*order)).unwrap_or(0)
    }

    fn chunks(&self, run: Range<DevBlock>) -> impl Iterator<Item = (DevBlock, u32)> {
        let mut at = run.start;
        std::iter::from_fn(move || {
            let here = (at < run.end).then(|| (at, self.order(run, at)))?;
            at += 1 << here.1;
            Some(here)
        })
    }

    /// The first of the smallest chunks that hold 2^order blocks.
    pub(super) fn power(&self, order: u32) -> Option<DevBlock> {
        let all = || self.free.iter().flat_map(|run| self.chunks(*run));
        let least = all().map(|(_, found)| found).filter(|found| *found >= order).min()?;
        all().find(|(_, found)| *found == least).map(|(at, _)| at)
    }

    /// The start of the best of the first extents that hold `count` blocks. An extent begins where the one before it
    /// ended, and ends with the chunk that makes it long enough.
    pub(super) fn best(&self, count: u64) -> Option<DevBlock> {
        let mut best: Option<Range<DevBlock>> = None;
        let mut seen = 0;
        for run in self.free.iter().filter(|run| run.len() >= count) {
            let mut at = run.start;
            while run.end - at >= count {
                let found = self.extent(*run, at, count);
                seen += 1;
                if found.len() == count {
                    return Some(found.start);
                }
                if best.is_none_or(|best| found.len() < best.len()) {
                    best = Some(found);
                }
                if seen > ENOUGH {
                    return best.map(|best| best.start);
                }
                at = found.end;
            }
        }
        best.map(|best| best.start)
    }

    fn extent(&self, run: Range<DevBlock>, at: DevBlock, count: u64) -> Range<DevBlock> {
        let end_of = |at: DevBlock| {
            let order = self.order(run, at);
            self.start + ((((at - self.start) >> order) + 1) << order)
        };
        let mut end = end_of(at);
        while end - at < count && end < run.end {
            end = end_of(end);
        }
        Range::new(at, end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(free: &[(u64, u64)]) -> Group {
        let mut map = RangeMap::default();
        free.iter().for_each(|(start, end)| map.insert(Range::new(DevBlock(*start), DevBlock(*end)), ()));
        Group::new(Range::new(DevBlock(0), DevBlock(32_768)), &map, &[], 13)
    }

    #[test]
    fn chunks_are_aligned_and_the_smallest_that_holds_it_is_taken() {
        let fresh = group(&[(65, 32_768)]);
        assert_eq!(fresh.power(4), Some(DevBlock(80)));
        assert_eq!(fresh.power(5), Some(DevBlock(96)));
        assert_eq!(fresh.power(6), Some(DevBlock(128)));
        assert_eq!(fresh.power(9), Some(DevBlock(512)));
        assert_eq!(fresh.power(14), None);
    }

    #[test]
    fn the_best_extent_is_the_tightest_of_the_first() {
        assert_eq!(group(&[(65, 32_768)]).best(5), Some(DevBlock(65)));
        assert_eq!(group(&[(65, 75), (80, 85)]).best(5), Some(DevBlock(80)), "as long as what is asked for");
        assert_eq!(group(&[(65, 67)]).best(5), None);
    }
}
