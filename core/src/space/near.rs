//! The search for the run of free blocks nearest to a goal that holds everything.
//!
//! Sources: `xfs_alloc_ag_vextent_near`, `xfs_alloc_compute_diff`, `xfs_alloc_vextent_start_ag`. A group has few free runs,
//! so that every one of them is looked at.

use super::{Space, SpaceMap, Want};
use crate::base::{DevBlock, Range};
use crate::personality::plan::NearPlan;

impl Space {
    /// Takes `want.count` blocks in one run: in the goal's group near the goal, else in the next group that has such a
    /// run. `None` where no group has one.
    pub fn allocate_near(&self, plan: &NearPlan, want: Want) -> Option<Range<DevBlock>> {
        let held = self.0.windows.with(|windows| windows.held());
        let found = self.0.map.with(|map| find_near(map, &held, plan, want))?;
        self.take(found);
        Some(found)
    }
}

pub(super) fn find_near(
    map: &SpaceMap,
    held: &[Range<DevBlock>],
    plan: &NearPlan,
    want: Want,
) -> Option<Range<DevBlock>> {
    let (longest, _) = map.lengths.last_key_value()?;
    if *longest < want.count {
        return None;
    }
    let runs = |group: u64| {
        let group = Range::sized(DevBlock(group * plan.group), plan.group);
        let free = map.free.overlapping(group).map(move |(run, ())| run.intersect(&group));
        free.flat_map(|run| without(run, held)).filter(|run| run.len() >= want.count)
    };
    let own = want.goal.0 / plan.group;
    let near = |run: &Range<DevBlock>| {
        let start = start_in(*run, want);
        // Of two runs that are as near the longer one, and the later one of equals.
        (start.0.abs_diff(want.goal.0), std::cmp::Reverse((run.len(), run.start)))
    };
    if let Some(run) = runs(own).min_by_key(near) {
        return Some(Range::sized(start_in(run, want), want.count));
    }
    // Elsewhere the shortest that is long enough.
    let others = (own + 1..plan.groups).chain(0..own.min(plan.groups));
    let run = others.filter_map(|group| runs(group).min_by_key(|run| (run.len(), run.start))).next()?;
    Some(Range::sized(run.start, want.count))
}

/// What of a free run nodes of trees do not hold.
fn without(run: Range<DevBlock>, held: &[Range<DevBlock>]) -> Vec<Range<DevBlock>> {
    held.iter().fold(vec![run], |parts, held| {
        let cut = |part: Range<DevBlock>| <[_; 2]>::from(part.subtract(held));
        parts.into_iter().flat_map(cut).filter(|part| !part.is_empty()).collect()
    })
}

/// Where in a run that is long enough the blocks go: at the goal if they fit there, else at its start, so that a file can
/// grow there.
fn start_in(run: Range<DevBlock>, want: Want) -> DevBlock {
    if run.start < want.goal && run.end >= want.goal + want.count { want.goal } else { run.start }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_run_that_holds_everything() {
        let plan = NearPlan { group: 1000, groups: 2, inodes: DevBlock(16), per_block: 8 };
        let mut map = SpaceMap::all_free(Range::new(DevBlock(0), DevBlock(2000)));
        for (start, end) in [(0, 10), (16, 24), (100, 200), (205, 1010)] {
            map.take(Range::new(DevBlock(start), DevBlock(end)));
        }
        let find = |goal, count| {
            let found = find_near(&map, &[], &plan, Want { goal: DevBlock(goal), count, boundary: 0 });
            found.map(|range| (range.start.0, range.len()))
        };
        // A small file lies in front of the inodes, a larger one behind them.
        assert_eq!(find(16, 6), Some((10, 6)));
        assert_eq!(find(16, 7), Some((24, 7)));
        // At the goal, behind a gap that is too small, and in the next group.
        assert_eq!(find(50, 20), Some((50, 20)));
        assert_eq!(find(200, 5), Some((200, 5)));
        assert_eq!(find(200, 6), Some((24, 6)));
        assert_eq!(find(200, 77), Some((1010, 77)));
        assert_eq!(find(200, 991), None);
    }
}
