//! An ordered map of ranges to values that merges equal neighbours.

use super::range::Range;
use super::sorted::SortedMap;
use super::units::Unit;

/// Disjoint ranges in order; touching ranges with equal values are one entry.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RangeMap<U: Unit, V> {
    entries: SortedMap<U, (U, V)>,
}

impl<U: Unit, V: Clone + PartialEq> Default for RangeMap<U, V> {
    fn default() -> Self {
        Self { entries: SortedMap::new() }
    }
}

impl<U: Unit, V: Clone + PartialEq> RangeMap<U, V> {
    /// Entries, after merging.
    pub fn len(&self) -> usize {
        self.entries.len()
    }
    /// Whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
    /// The entry that covers `at`.
    pub fn get(&self, at: U) -> Option<(Range<U>, &V)> {
        let (start, (end, value)) = self.entries.range(..=at).next_back()?;
        (at < *end).then_some((Range { start: *start, end: *end }, value))
    }
    /// The entry that covers `at`, or the first one after it.
    pub fn at_or_after(&self, at: U) -> Option<(Range<U>, &V)> {
        self.get(at).or_else(|| {
            let (start, (end, value)) = self.entries.range(at..).next()?;
            Some((Range { start: *start, end: *end }, value))
        })
    }
    /// The entries that overlap `range`, whole, in order.
    pub fn overlapping(&self, range: Range<U>) -> impl Iterator<Item = (Range<U>, &V)> + '_ {
        let from = self.get(range.start).map_or(range.start, |(found, _)| found.start);
        let end = if range.is_empty() { from } else { range.end };
        let inside = self.entries.range(from..).take_while(move |(start, _)| **start < end);
        inside.map(|(start, (stop, value))| (Range { start: *start, end: *stop }, value))
    }
    /// Whether an entry overlaps `range`.
    pub fn overlaps(&self, range: Range<U>) -> bool {
        let last = self.entries.range(..range.end).next_back();
        !range.is_empty() && last.is_some_and(|(_, (end, _))| *end > range.start)
    }
    /// All entries in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (Range<U>, &V)> + '_ {
        self.entries.iter().map(|(start, (end, value))| (Range { start: *start, end: *end }, value))
    }
    /// Units covered inside `range`.
    pub fn covered(&self, range: Range<U>) -> u64 {
        self.overlapping(range).map(|(found, _)| found.intersect(&range).len()).sum()
    }
    /// The parts of `range` that no entry covers, in order.
    pub fn gaps(&self, range: Range<U>) -> Vec<Range<U>> {
        let mut at = range.start;
        let mut gaps = Vec::new();
        for (found, _) in self.overlapping(range) {
            if at < found.start {
                gaps.push(Range { start: at, end: found.start });
            }
            at = at.max(found.end);
        }
        if at < range.end {
            gaps.push(Range { start: at, end: range.end });
        }
        gaps
    }
    /// Makes `range` map to `value`, over whatever was there.
    pub fn insert(&mut self, range: Range<U>, value: V) {
        if range.is_empty() {
            return;
        }
        // The last entry that starts in or at the end of the range decides, most of the time, with one look.
        match self.entries.last_mut(&range.end, true) {
            Some((start, (end, before))) if *start < range.start => {
                if *end == range.start && *before == value {
                    *end = range.end;
                    return;
                }
                if *end >= range.end && *before == value {
                    return;
                }
                if *end > range.start {
                    self.insert_over(range, value);
                    return;
                }
            }
            Some(_) => {
                self.insert_over(range, value);
                return;
            }
            None => {}
        }
        self.entries.insert(range.start, (range.end, value));
    }
    /// [`Self::insert`] where entries overlap the range or begin at its end.
    fn insert_over(&mut self, range: Range<U>, value: V) {
        self.cut(range);
        let mut whole = range;
        if let Some((start, (end, before))) = self.entries.range(..range.start).next_back()
            && *end == range.start
            && *before == value
        {
            whole.start = *start;
        }
        if let Some((end, after)) = self.entries.get(&range.end)
            && *after == value
        {
            whole.end = *end;
            self.entries.remove(&range.end);
        }
        self.entries.insert(whole.start, (whole.end, value));
    }
    /// Forgets `range`.
    pub fn cut(&mut self, range: Range<U>) {
        if range.is_empty() {
            return;
        }
        let Some((start, (end, value))) = self.entries.last_mut(&range.end, false) else { return };
        let (start, stop) = (*start, *end);
        if stop <= range.start {
            return;
        }
        if start > range.start {
            drop(self.remove(range));
            return;
        }
        // No other entry overlaps the range.
        let rest = (stop > range.end).then(|| (stop, value.clone()));
        if start < range.start {
            *end = range.start;
        } else {
            self.entries.remove(&start);
        }
        if let Some(rest) = rest {
            self.entries.insert(range.end, rest);
        }
    }
    /// Forgets `range`; returns what was there, cut to it.
    pub fn remove(&mut self, range: Range<U>) -> Vec<(Range<U>, V)> {
        let hit: Vec<_> = self.overlapping(range).map(|(found, value)| (found, value.clone())).collect();
        let mut removed = Vec::with_capacity(hit.len());
        for (found, value) in hit {
            self.entries.remove(&found.start);
            let (before, after) = found.subtract(&range);
            for rest in [before, after] {
                if !rest.is_empty() {
                    self.entries.insert(rest.start, (rest.end, value.clone()));
                }
            }
            removed.push((found.intersect(&range), value));
        }
        removed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::FileBlock;

    /// The obviously correct twin: one value per unit.
    fn dense(map: &RangeMap<FileBlock, u8>, size: u64) -> Vec<Option<u8>> {
        (0..size).map(|at| map.get(FileBlock(at)).map(|(_, value)| *value)).collect()
    }

    #[test]
    fn equals_a_dense_twin() {
        const SIZE: u64 = 48;
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let mut next = move |bound: u64| {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (state >> 33) % bound
        };
        let mut map = RangeMap::default();
        let mut twin = vec![None; 48];
        for round in 0..5_000 {
            let start = next(SIZE);
            let range = Range::new(FileBlock(start), FileBlock(start + next(SIZE - start + 1)));
            let value = if next(3) == 0 { None } else { Some(u8::try_from(next(3)).expect("small")) };
            for at in range.iter() {
                twin[usize::try_from(at.0).expect("small")] = value;
            }
            match value {
                Some(value) => map.insert(range, value),
                None if round % 2 == 0 => map.cut(range),
                None => drop(map.remove(range)),
            }
            let covered = map.covered(range) > 0;
            assert_eq!(map.overlaps(range), covered, "round {round}");
            assert_eq!(dense(&map, SIZE), twin, "round {round}");
            let all: Vec<_> = map.iter().collect();
            for pair in all.windows(2) {
                let touching = pair[0].0.end == pair[1].0.start;
                assert!(!(touching && pair[0].1 == pair[1].1), "equal neighbours are one entry");
            }
        }
    }
}
