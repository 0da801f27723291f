//! The search in groups of blocks that are each for small or for large allocations.
//!
//! A goal that is not the first block of its group means the lowest run that holds everything, no goal the longest
//! (`find_free_extent`, `find_free_space`; traces of our own on the running kernel).

use super::{Space, SpaceMap, Want};
use crate::base::{DevBlock, Range};
use crate::personality::plan::GroupPlan;

/// What the first allocation of a group was, by group.
pub(super) type Classes = [Option<bool>; 2];

impl Space {
    /// Takes `want.count` blocks in one run of a group; `None` where no group has one.
    pub fn allocate_in_groups(&self, plan: GroupPlan, want: Want) -> Option<Range<DevBlock>> {
        let data = self.0.data;
        let found = self.map(|map| self.0.classes.change(|classes| in_groups(map, data, plan, classes, want)))?;
        self.take(found);
        Some(found)
    }
}

/// In the first group that has allocations of this size and room, then in any; `data` is where blocks may lie. Tells
/// what the group is for from now on.
fn in_groups(
    map: &SpaceMap,
    data: Range<DevBlock>,
    plan: GroupPlan,
    classes: &mut Classes,
    want: Want,
) -> Option<Range<DevBlock>> {
    let small = want.count <= plan.small;
    let edge = |blocks: u64| data.start + blocks.min(data.len());
    let groups = [Range::new(data.start, edge(plan.first)), Range::new(edge(plan.next), data.end)];
    for (group, class) in groups.iter().zip(classes.iter_mut()) {
        if class.is_none_or(|class| class == small)
            && let Some(found) = in_group(map, *group, want)
        {
            *class = Some(small);
            return Some(found);
        }
    }
    groups.iter().find_map(|group| in_group(map, *group, want))
}

fn in_group(map: &SpaceMap, group: Range<DevBlock>, want: Want) -> Option<Range<DevBlock>> {
    let runs = map.free.overlapping(group).map(|(run, ())| run.intersect(&group));
    let mut fitting = runs.filter(|run| run.len() >= want.count);
    let found = if group.contains(want.goal) && want.goal != group.start {
        fitting.next()
    } else {
        // Of several longest the lowest.
        fitting.reduce(|best, run| if run.len() > best.len() { run } else { best })
    };
    found.map(|run| Range::sized(run.start, want.count))
}
