//! Who owns blocks of the device, counted from the records of one commit: what the items about users and free blocks say.

use super::item::Item;
use super::key::Key;
use crate::base::packed::PACKED;
use crate::base::{DevBlock, Range, RangeMap, SortedMap};

/// Items that a commit changes: a payload, or none for an item that goes.
pub type Edits = SortedMap<Key, Option<Vec<u8>>>;

/// Counts over the blocks of a device.
#[derive(Clone, Debug)]
pub struct Users {
    /// Where data may lie.
    data: Range<DevBlock>,
    /// Records that use a block.
    records: RangeMap<DevBlock, u32>,
    /// Records, extents on the device and pieces that own a block.
    owners: RangeMap<DevBlock, u32>,
    /// Blocks whose counts changed since the items were made.
    changed: RangeMap<DevBlock, ()>,
    shared: RangeMap<DevBlock, u32>,
    free: RangeMap<DevBlock, ()>,
}

/// One owner more, or one less.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Change {
    /// It owns the blocks now.
    More,
    /// It owns them no longer.
    Less,
}

impl Users {
    /// Nothing is owned but what formatting takes.
    pub fn new(data: Range<DevBlock>, metadata: &[Range<DevBlock>]) -> Self {
        let mut users = Self {
            data,
            records: RangeMap::default(),
            owners: RangeMap::default(),
            changed: RangeMap::default(),
            shared: RangeMap::default(),
            free: RangeMap::default(),
        };
        users.changed.insert(data, ());
        metadata.iter().for_each(|range| users.own(*range, Change::More));
        users
    }

    /// A record uses blocks, or no longer. Owning is counted too.
    pub fn record(&mut self, range: Range<DevBlock>, change: Change) {
        count(&mut self.records, range, change);
        self.changed.insert(range, ());
        self.own(range, change);
    }

    /// Records give up blocks, and others use some. Most records that change keep their blocks: those are not looked at.
    pub fn exchange(&mut self, gone: &[Range<DevBlock>], came: &[Range<DevBlock>]) {
        let (mut less, mut more) = (RangeMap::default(), RangeMap::default());
        gone.iter().for_each(|range| count(&mut less, *range, Change::More));
        came.iter().for_each(|range| count(&mut more, *range, Change::More));
        let mut same: Vec<(Range<DevBlock>, u32)> = Vec::new();
        for (run, times) in more.iter() {
            same.extend(less.overlapping(run).map(|(other, less)| (run.intersect(&other), (*times).min(*less))));
        }
        for map in [&mut less, &mut more] {
            for (run, times) in &same {
                (0..*times).for_each(|_| count(map, *run, Change::Less));
            }
        }
        // What stays owned must not be given up in between.
        for (map, change) in [(&more, Change::More), (&less, Change::Less)] {
            map.iter().for_each(|(run, times)| (0..*times).for_each(|_| self.record(run, change)));
        }
    }

    /// Those parts of runs that something owns.
    pub fn owned_of(&self, runs: &RangeMap<DevBlock, u32>) -> RangeMap<DevBlock, u32> {
        let mut owned = RangeMap::default();
        for (run, value) in runs.iter() {
            for (part, _) in self.owners.overlapping(run) {
                owned.insert(part.intersect(&run), *value);
            }
        }
        owned
    }

    /// An extent on the device, or a piece, owns blocks, or no longer.
    pub fn own(&mut self, range: Range<DevBlock>, change: Change) {
        if range.start < PACKED {
            count(&mut self.owners, range, change);
            self.changed.insert(range, ());
        }
    }

    /// Users besides the first, as counted.
    pub fn shared(&self) -> RangeMap<DevBlock, u32> {
        let mut shared = RangeMap::default();
        for (range, records) in self.records.iter().filter(|(_, records)| **records > 1) {
            shared.insert(range, records - 1);
        }
        shared
    }

    /// Blocks that nothing owns.
    pub fn unowned(&self) -> RangeMap<DevBlock, ()> {
        let mut free = RangeMap::default();
        self.owners.gaps(self.data).into_iter().for_each(|gap| free.insert(gap, ()));
        free
    }

    /// Brings the items up to date with the counts, and says which changed.
    pub fn tell(&mut self, edits: &mut Edits) {
        for (range, ()) in std::mem::take(&mut self.changed).iter() {
            let shared: Vec<_> = self.records.overlapping(range).map(|(run, records)| (run, records - 1)).collect();
            let shared = shared.into_iter().filter(|(_, others)| *others > 0);
            replace(&mut self.shared, range, shared.collect(), |run, others| Item::Users(run, *others), edits);
            let inside = range.intersect(&self.data);
            if range.start < PACKED && !inside.is_empty() {
                let free = self.owners.gaps(inside).into_iter().map(|gap| (gap, ())).collect();
                replace(&mut self.free, inside, free, |run, ()| Item::Free(run), edits);
            }
        }
    }
}

/// Within `range` the map says `new` from now on; entries that touch it may merge, and change with it.
fn replace<V: Clone + PartialEq>(
    map: &mut RangeMap<DevBlock, V>,
    range: Range<DevBlock>,
    new: Vec<(Range<DevBlock>, V)>,
    item: impl Fn(Range<DevBlock>, &V) -> Item,
    edits: &mut Edits,
) {
    let around = Range::new(DevBlock(range.start.0.saturating_sub(1)), range.end + 1);
    for (run, value) in map.overlapping(around) {
        edits.insert(item(run, value).encode().0, None);
    }
    map.cut(range);
    for (run, value) in new {
        map.insert(run.intersect(&range), value);
    }
    for (run, value) in map.overlapping(around) {
        let (key, payload) = item(run, value).encode();
        edits.insert(key, Some(payload));
    }
}

fn count(map: &mut RangeMap<DevBlock, u32>, range: Range<DevBlock>, change: Change) {
    let before: Vec<_> = map.overlapping(range).map(|(run, count)| (run.intersect(&range), *count)).collect();
    match change {
        Change::More => {
            map.gaps(range).into_iter().for_each(|gap| map.insert(gap, 1));
            before.into_iter().for_each(|(run, count)| map.insert(run, count.saturating_add(1)));
        }
        Change::Less => {
            let covered: u64 = before.iter().map(|(run, _)| run.len()).sum();
            assert!(covered == range.len(), "only what is owned is given up");
            for (run, count) in before {
                match count - 1 {
                    0 => map.cut(run),
                    left => map.insert(run, left),
                }
            }
        }
    }
}
