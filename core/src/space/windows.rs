//! Space that is held for a file before the file asks for it: what is written next to each other at different times lies
//! next to each other.
//!
//! A file that is larger than a few blocks gets windows: a range of the file and as many device blocks. Small files share a
//! pool, and get its blocks in turn. What is held is free for statfs and for nobody else.
//!
//! Sources: `ext4_mb_normalize_request`, `ext4_mb_pa_adjust_overlap`, `ext4_mb_use_preallocated`,
//! `ext4_mb_regular_allocator`; addresses on the running kernel.

use super::buddy::Group;
use super::near::find_near;
use super::{Space, SpaceMap, Want};
use crate::base::{DevBlock, FileBlock, Ino, Range, SortedMap};
use crate::personality::plan::{NearPlan, WindowPlan};

/// Blocks that one file may get for a range of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Window {
    first: FileBlock,
    place: DevBlock,
    len: u64,
    /// How many of them it did not get yet.
    left: u64,
}

/// What is held.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Windows {
    files: SortedMap<Ino, Vec<Window>>,
    /// What is left of the pools of small files.
    pools: Vec<Range<DevBlock>>,
    /// Blocks of the trees' nodes.
    nodes: SortedMap<Ino, DevBlock>,
    /// Blocks of nodes that are no more, until the next commit.
    spent: Vec<DevBlock>,
    /// The group of the last window.
    last: u64,
}

/// Who asks, and where its neighbours are.
#[derive(Clone, Copy, Debug)]
pub struct Seeker {
    /// The file.
    pub ino: Ino,
    /// Its first block that needs a place.
    pub at: FileBlock,
    /// Blocks, all in one hole.
    pub count: u64,
    /// Bytes of the file.
    pub size: u64,
    /// The last block in front and its place.
    pub before: Option<(FileBlock, DevBlock)>,
    /// The first block behind and its place.
    pub behind: Option<(FileBlock, DevBlock)>,
    /// Whether nothing is wanted but these blocks.
    pub exact: bool,
}

/// What is asked of the groups.
struct Search {
    count: u64,
    group: u64,
    goal: Option<DevBlock>,
    data: bool,
}

impl Windows {
    pub(super) fn held(&self) -> Vec<Range<DevBlock>> {
        let windows = self.files.values().flatten().map(|window| Range::sized(window.place, window.len));
        let nodes = self.nodes.values().chain(&self.spent).map(|node| Range::sized(*node, 1));
        windows.chain(self.pools.iter().copied()).chain(nodes).collect()
    }

    fn group(&self, plan: WindowPlan, map: &SpaceMap, number: u64) -> Group {
        let start = number * plan.group;
        let kept = if number == 0 { plan.kept_first } else { plan.kept };
        let blocks = Range::new(DevBlock(start + kept), DevBlock(start + plan.group));
        let mut held = self.held();
        held.push(Range::new(DevBlock(start), blocks.start));
        Group::new(Range::new(DevBlock(start), blocks.end), &map.free, &held, plan.order_max)
    }

    /// Free blocks as the groups have them: at the goal, else the first group that has a good place, from the given one on.
    fn search(&self, plan: WindowPlan, map: &SpaceMap, search: &Search) -> Option<DevBlock> {
        if let Some(goal) = search.goal {
            let group = self.group(plan, map, goal.0 / plan.group);
            if group.is_free(Range::sized(goal, search.count)) {
                return Some(goal);
            }
        }
        let numbers = || (0..plan.groups).map(|step| (search.group + step) % plan.groups);
        let power = search.count.is_power_of_two() && search.count > 1;
        // The first group is kept for metadata, where there are others and only large chunks are looked at.
        let allowed = |number: &u64| !(search.data && *number == 0 && plan.groups > 1);
        let powers = numbers().filter(|number| power && allowed(number));
        let found = powers.into_iter().find_map(|number| self.group(plan, map, number).power(search.count.ilog2()));
        found.or_else(|| {
            let good = |number| Some(self.group(plan, map, number)).filter(|group| group.is_good(search.count));
            numbers().filter_map(good).find_map(|group| group.best(search.count))
        })
    }

    fn take_of_window(&mut self, seeker: &Seeker) -> Option<Range<DevBlock>> {
        let windows = self.files.get_mut(&seeker.ino)?;
        let covers = |window: &Window| Range::sized(window.first, window.len).contains(seeker.at);
        let index = windows.iter().position(covers)?;
        let window = &mut windows[index];
        let skip = seeker.at - window.first;
        let found = Range::sized(window.place + skip, seeker.count.min(window.len - skip));
        window.left = window.left.saturating_sub(found.len());
        if window.left == 0 {
            windows.remove(index);
        }
        Some(found)
    }

    fn take_of_pool(&mut self, plan: WindowPlan, map: &SpaceMap, seeker: &Seeker) -> Option<Range<DevBlock>> {
        if !self.pools.iter().any(|pool| pool.len() >= seeker.count) {
            if seeker.exact {
                return None;
            }
            let search = Search { count: plan.pool, group: group_of(plan, seeker), goal: None, data: true };
            let place = self.search(plan, map, &search)?;
            self.pools.push(Range::sized(place, plan.pool));
        }
        let pool = self.pools.iter_mut().find(|pool| pool.len() >= seeker.count)?;
        let found = Range::sized(pool.start, seeker.count);
        pool.start = found.end;
        Some(found)
    }

    /// A new window around the request.
    fn new_window(&mut self, plan: WindowPlan, map: &SpaceMap, seeker: &Seeker) -> Option<Range<DevBlock>> {
        let wanted = self.wanted(plan, seeker);
        let behind = seeker.behind.filter(|(at, place)| *at == wanted.end && place.0 >= wanted.len());
        let before = seeker.before.filter(|(at, _)| *at + 1 == wanted.start);
        let goal = before.map(|(_, place)| place + 1);
        let goal = goal.or(behind.map(|(_, place)| DevBlock(place.0 - wanted.len())));
        let search = Search { count: wanted.len(), group: self.last, goal, data: true };
        let place = self.search(plan, map, &search)?;
        self.last = place.0 / plan.group;
        if wanted.len() > seeker.count {
            let window = Window { first: wanted.start, place, len: wanted.len(), left: wanted.len() };
            self.files.entry(seeker.ino).or_default().push(window);
            return self.take_of_window(seeker);
        }
        Some(Range::sized(place, seeker.count))
    }

    /// What of the file a new window is for: as much as the file is thought to become, without what has a place or a
    /// window already.
    fn wanted(&self, plan: WindowPlan, seeker: &Seeker) -> Range<FileBlock> {
        let end = seeker.at + seeker.count;
        let guess = guess(seeker.at.0, end.0, seeker.size.div_ceil(plan.block), plan);
        let mut start = seeker.before.map_or(guess.start, |(at, _)| guess.start.max(at + 1));
        let mut stop = seeker.behind.map_or(guess.end, |(at, _)| guess.end.min(at));
        for window in self.files.get(&seeker.ino).into_iter().flatten() {
            if window.first > seeker.at {
                stop = stop.min(window.first);
            } else {
                start = start.max(window.first + window.len);
            }
        }
        Range::new(start.min(seeker.at), stop.max(end))
    }
}

/// How large a file is thought to become: the next of a table of sizes, aligned where it is large.
fn guess(at: u64, end: u64, size: u64, plan: WindowPlan) -> Range<FileBlock> {
    const MIB: u64 = 1 << 20;
    let bytes = end.max(size) * plan.block;
    let aligned = |unit: u64| {
        let blocks = unit / plan.block;
        Range::sized(FileBlock(at / blocks * blocks), blocks)
    };
    match bytes {
        0..=MIB => Range::sized(FileBlock(0), bytes.next_power_of_two().max(16 << 10) / plan.block),
        _ if bytes <= 4 * MIB => aligned(2 * MIB),
        _ if bytes <= 8 * MIB => aligned(4 * MIB),
        _ if (end - at) * plan.block <= 8 * MIB => aligned(8 * MIB),
        _ => Range::new(FileBlock(at), FileBlock(end)),
    }
}

/// The group that a file's neighbour lies in.
fn group_of(plan: WindowPlan, seeker: &Seeker) -> u64 {
    let near = seeker.before.or(seeker.behind).map(|(_, place)| place.0 / plan.group);
    near.map_or(home(plan), |group| group.min(plan.groups - 1))
}

/// The group where a file begins: the second, since the first is for metadata (`ext4_inode_to_goal_block`).
fn home(plan: WindowPlan) -> u64 {
    1.min(plan.groups - 1)
}

impl Space {
    /// Takes blocks for a file as its windows and pools place them: the first part of what is asked for, or nothing.
    pub fn take_ahead(&self, plan: WindowPlan, seeker: &Seeker) -> Option<Range<DevBlock>> {
        let found = self.0.windows.change(|windows| {
            self.map(|map| {
                let small = seeker.size.div_ceil(plan.block).max(seeker.at.0 + seeker.count) <= plan.small;
                let mut found = windows.take_of_window(seeker);
                if found.is_none() && small {
                    found = windows.take_of_pool(plan, map, seeker);
                }
                if found.is_none() && seeker.exact {
                    let group = if small { group_of(plan, seeker) } else { windows.last };
                    let search = Search { count: seeker.count, group, goal: None, data: true };
                    found = windows.search(plan, map, &search).map(|place| Range::sized(place, seeker.count));
                    if let Some(found) = found.filter(|_| !small) {
                        windows.last = found.start.0 / plan.group;
                    }
                } else if found.is_none() && !small {
                    found = windows.new_window(plan, map, seeker);
                }
                found.filter(|range| map.free.covered(*range) == range.len())
            })
        })?;
        self.take(found);
        Some(found)
    }

    /// A record was added: the tree's node has a block of its own as long as there is one below the root, near the inode
    /// (`ext4_ext_grow_indepth`).
    pub fn place_node(&self, plan: WindowPlan, ino: Ino, has_node: bool) {
        let search = Search { count: 1, group: home(plan), goal: None, data: false };
        self.place_node_by(ino, has_node, |windows, map| windows.search(plan, map, &search));
    }

    /// The same, near the inode (`xfs_bmap_extents_to_btree`).
    pub fn place_node_near(&self, plan: &NearPlan, ino: Ino, has_node: bool) {
        let want = Want { goal: plan.home(ino), count: 1, boundary: 0 };
        self.place_node_by(ino, has_node, |windows, map| {
            find_near(map, &windows.held(), plan, want).map(|found| found.start)
        });
    }

    fn place_node_by(&self, ino: Ino, has_node: bool, find: impl FnOnce(&Windows, &SpaceMap) -> Option<DevBlock>) {
        self.0.windows.change(|windows| {
            if !has_node {
                let spent = windows.nodes.remove(&ino);
                windows.spent.extend(spent);
            } else if !windows.nodes.contains_key(&ino) {
                let found = self.map(|map| find(windows, map));
                found.map(|found| windows.nodes.insert(ino, found));
            }
        });
    }

    /// A file does not need what is held for it any more (`ext4_discard_preallocations`).
    pub fn drop_windows(&self, ino: Ino) {
        self.0.windows.change(|windows| windows.files.remove(&ino));
    }

    /// A file is no more.
    pub fn forget_windows(&self, ino: Ino) {
        self.0.windows.change(|windows| {
            windows.files.remove(&ino);
            let spent = windows.nodes.remove(&ino);
            windows.spent.extend(spent);
        });
    }

    /// A commit is done: blocks of nodes that were freed before it can be used again.
    pub(super) fn forget_spent(&self) {
        self.0.windows.change(|windows| windows.spent.clear());
    }
}
