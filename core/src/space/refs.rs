//! Who else uses device blocks: the counts behind reflink, dedupe and snapshots.
//!
//! Blocks come here when they are allocated ([`Refs::created`]) and go when nobody uses them any more
//! ([`Refs::drop`]). In between every record that uses them is counted, those of operations under way included: the
//! records in the trees are never more than the count says (`check`).

use crate::base::packed::PACKED;
use crate::base::{DevBlock, DiskExtent, Extent, FileBlock, Ino, Origin, Range, Sharing, SortedSet, StateCell};
use crate::personality::plan::SharePlan;
use crate::sim::Cx;
use crate::trace::Event;
use std::rc::Rc;

/// The counts of one filesystem.
#[derive(Clone)]
pub struct Refs(Rc<Shared>);

struct Shared {
    cx: Cx,
    plan: SharePlan,
    state: StateCell<Sharing>,
    past: StateCell<Past>,
}

/// What an overwrite in place asks besides the users of now: whoever used an extent since the last commit is still noted
/// for it (`check_committed_ref`, `check_delayed_ref`), and a snapshot keeps what it found (`btrfs_root_last_snapshot`).
#[derive(Default)]
struct Past {
    /// Origins that used an extent since the last commit, or at it, and do not any more.
    left: SortedSet<(DevBlock, Origin)>,
    kept: SortedSet<DevBlock>,
}

impl Past {
    fn changed(&mut self, user: (DevBlock, Origin), before: u64, now: u64) {
        match (before, now) {
            (0, 1..) => drop(self.left.remove(&user)),
            (1.., 0) => drop(self.left.insert(user)),
            _ => {}
        }
    }

    fn knows_others(&self, start: DevBlock) -> bool {
        let first = (start, Origin { ino: Ino(0), start: i64::MIN });
        self.kept.contains(&start) || self.left.range(first..).next().is_some_and(|(found, _)| *found == start)
    }

    fn forget(&mut self, start: DevBlock) {
        self.kept.remove(&start);
        self.left.retain(|(found, _)| *found != start);
    }
}

impl Refs {
    /// Nothing is used.
    pub fn new(cx: &Cx, plan: SharePlan) -> Self {
        Self(Rc::new(Shared { cx: cx.clone(), plan, state: StateCell::default(), past: StateCell::default() }))
    }

    /// Looks at the counts.
    pub fn state<R>(&self, look: impl FnOnce(&Sharing) -> R) -> R {
        self.0.state.with(look)
    }

    /// Fresh blocks, allocated at once, have their first user.
    pub fn created(&self, extent: &Extent) {
        let Some(range) = extent.dev_range() else { return };
        if self.0.plan == SharePlan::DiskExtents {
            self.make(range);
            self.use_part(range, extent, i64::from(extent.len));
        }
    }

    /// One more record uses the blocks.
    pub fn add(&self, extent: &Extent) {
        let Some(range) = extent.dev_range() else { return };
        match self.0.plan {
            SharePlan::Never => panic!("a filesystem that shares nothing adds no user"),
            SharePlan::Blocks | SharePlan::Marks => {
                for (part, others) in self.counts(range) {
                    self.set(part, others + 1);
                }
            }
            SharePlan::DiskExtents => self.use_all(range, extent, 1),
        }
    }

    /// One record less uses the blocks. Returns those that nobody uses any more: they are to be freed.
    pub fn drop(&self, extent: &Extent) -> Vec<Range<DevBlock>> {
        let Some(range) = extent.dev_range() else { return Vec::new() };
        match self.0.plan {
            SharePlan::Never => vec![range],
            SharePlan::Blocks | SharePlan::Marks => {
                let mut unused = Vec::new();
                for (part, others) in self.counts(range) {
                    match others.checked_sub(1) {
                        Some(left) => self.set(part, left),
                        None => unused.push(part),
                    }
                }
                unused
            }
            SharePlan::DiskExtents => {
                self.use_all(range, extent, -1);
                let empty = self.state(|sharing| {
                    let over = sharing.extents_over(range).filter(|(_, found)| found.users.is_empty());
                    over.map(|(whole, _)| whole).collect::<Vec<_>>()
                });
                for whole in &empty {
                    self.0.state.change(|sharing| sharing.extents.remove(&whole.start));
                    self.0.past.change(|past| past.forget(whole.start));
                    self.0.cx.emit(|| Event::DiskExtentGone { start: whole.start });
                }
                empty
            }
        }
    }

    /// Parts of a record in order, each with whether it is told as shared.
    pub fn shared_runs(&self, extent: &Extent) -> Vec<(Range<FileBlock>, bool)> {
        self.state(|sharing| shared_runs(self.0.plan, sharing, extent))
    }

    /// Parts of a record in order, each with whether its blocks may be overwritten in place: nobody else uses them, they
    /// carry no mark, and they are not compressed.
    pub fn own_runs(&self, extent: &Extent) -> Vec<(Range<FileBlock>, bool)> {
        if extent.shared || extent.dev_range().is_none_or(|device| device.start >= PACKED) {
            return vec![(extent.range(), false)];
        }
        let shared = self.state(|sharing| match self.0.plan {
            SharePlan::DiskExtents => sharing.runs_by_rule(extent, |start, found| self.was_shared(start, found)),
            SharePlan::Never | SharePlan::Blocks | SharePlan::Marks => sharing.runs_by_count(extent),
        });
        shared.into_iter().map(|(run, shared)| (run, !shared)).collect()
    }

    /// Whether any part of a record is told as shared.
    pub fn is_shared(&self, extent: &Extent) -> bool {
        self.shared_runs(extent).iter().any(|(_, shared)| *shared)
    }

    fn was_shared(&self, start: DevBlock, found: &DiskExtent) -> bool {
        found.is_shared() || self.0.past.with(|past| past.knows_others(start))
    }

    /// A record's blocks by the extents on the device that they lie in; all of it where those are not kept.
    pub fn by_extent(&self, extent: &Extent) -> Vec<Extent> {
        let Some(range) = extent.dev_range().filter(|_| self.0.plan == SharePlan::DiskExtents) else {
            return vec![*extent];
        };
        let part = |found: Range<DevBlock>| {
            let inside = found.intersect(&range);
            extent.trimmed(Range::sized(extent.start + (inside.start - extent.addr), inside.len()))
        };
        self.state(|sharing| sharing.extents_over(range).filter_map(|(found, _)| part(found)).collect())
    }

    /// A snapshot has the record too: it is not overwritten in place any more, whoever else uses it later.
    pub fn keep(&self, extent: &Extent) {
        let Some(range) = extent.dev_range() else { return };
        let found: Vec<_> = self.state(|sharing| sharing.extents_over(range).map(|(whole, _)| whole.start).collect());
        self.0.past.change(|past| past.kept.extend(found));
    }

    /// A commit is done: who uses extents now is what the device knows of them.
    pub fn settle(&self) {
        self.0.past.change(|past| past.left.clear());
    }

    /// Everything in memory is gone.
    pub fn forget_all(&self) {
        self.0.past.change(|past| *past = Past::default());
        self.0.state.change(|sharing| *sharing = Sharing::default());
    }

    /// The extents on the device: what of the counts does not follow from the trees.
    pub fn made(&self) -> Vec<Range<DevBlock>> {
        self.state(|sharing| sharing.extents.iter().map(|(start, found)| Range::new(*start, found.end)).collect())
    }

    /// A mount found these extents on the device, and records in the trees. Returns the blocks in use.
    pub fn load(&self, made: &[Range<DevBlock>], records: &[Extent]) -> Vec<Range<DevBlock>> {
        let ranges = || records.iter().filter_map(Extent::dev_range);
        if self.0.plan != SharePlan::DiskExtents {
            let mut used = crate::base::RangeMap::default();
            for (extent, range) in records.iter().filter_map(|extent| Some((extent, extent.dev_range()?))) {
                let again: Vec<Range<DevBlock>> =
                    used.overlapping(range).map(|(found, ()): (Range<DevBlock>, _)| found.intersect(&range)).collect();
                for part in again {
                    self.add(&part_of(extent, part));
                }
                used.insert(range, ());
            }
            return used.iter().map(|(range, ())| range).collect();
        }
        let mut used = crate::base::RangeMap::default();
        ranges().for_each(|range| used.insert(range, ()));
        let kept: Vec<_> = made.iter().copied().filter(|range| used.overlaps(*range)).collect();
        kept.iter().for_each(|range| self.make(*range));
        for extent in records {
            if let Some(range) = extent.dev_range() {
                self.use_all(range, extent, 1);
            }
        }
        self.settle();
        kept
    }

    /// Runs of blocks with as many users besides the first, in order.
    fn counts(&self, range: Range<DevBlock>) -> Vec<(Range<DevBlock>, u32)> {
        self.state(|sharing| {
            let mut runs = Vec::new();
            let mut at = range.start;
            for (found, others) in sharing.others.overlapping(range) {
                let found = found.intersect(&range);
                runs.push((Range::new(at, found.start), 0));
                runs.push((found, *others));
                at = found.end;
            }
            runs.push((Range::new(at, range.end), 0));
            runs.retain(|(run, _)| !run.is_empty());
            runs
        })
    }

    /// The gate of the counts.
    fn set(&self, range: Range<DevBlock>, others: u32) {
        self.0.state.change(|sharing| match others {
            0 => sharing.others.cut(range),
            _ => sharing.others.insert(range, others),
        });
        self.0.cx.emit(|| Event::BlocksShared { range, others });
    }

    fn make(&self, range: Range<DevBlock>) {
        self.0.state.change(|sharing| {
            assert!(sharing.extents_over(range).next().is_none(), "fresh blocks belong to no extent on the device");
            sharing.extents.insert(range.start, DiskExtent { end: range.end, ..DiskExtent::default() });
        });
        self.0.cx.emit(|| Event::DiskExtentMade { range });
    }

    /// A record's blocks count for, or no longer count for, every extent on the device that they lie in.
    fn use_all(&self, range: Range<DevBlock>, extent: &Extent, sign: i64) {
        let over: Vec<_> = self.state(|sharing| sharing.extents_over(range).map(|(whole, _)| whole).collect());
        let covered: u64 = over.iter().map(|whole| whole.intersect(&range).len()).sum();
        assert!(covered == range.len(), "used blocks belong to extents on the device");
        for whole in over {
            let blocks = i64::try_from(whole.intersect(&range).len()).expect("a length fits 63 bits");
            self.use_part(whole, extent, sign * blocks);
        }
    }

    /// The gate of an extent's users: so many more blocks, or fewer, of the record's origin.
    fn use_part(&self, whole: Range<DevBlock>, extent: &Extent, more: i64) {
        let origin = DiskExtent::origin(whole.start, extent.ino, extent.start, extent.addr);
        let (before, blocks) = self.0.state.change(|sharing| {
            let found = sharing.extents.get_mut(&whole.start).expect("the extent on the device is known");
            (found.users.get(&origin).copied().unwrap_or(0), change_users(found, origin, more))
        });
        self.0.past.change(|past| past.changed((whole.start, origin), before, blocks));
        let (start, ino, origin) = (whole.start, origin.ino, origin.start);
        self.0.cx.emit(|| Event::DiskExtentUsed { start, ino, origin, blocks });
    }
}

fn change_users(found: &mut DiskExtent, origin: Origin, more: i64) -> u64 {
    let before = found.users.get(&origin).copied().unwrap_or(0);
    let blocks = before.checked_add_signed(more).expect("only blocks that are used stop being used");
    match blocks {
        0 => drop(found.users.remove(&origin)),
        _ => drop(found.users.insert(origin, blocks)),
    }
    blocks
}

/// The part of a record that has some of its device blocks.
pub fn part_of(extent: &Extent, part: Range<DevBlock>) -> Extent {
    let start = extent.start + (part.start - extent.addr);
    extent.trimmed(Range::sized(start, part.len())).expect("the record has the blocks")
}

/// Parts of a record in order, each with whether it is told as shared: for the engine and for the picture.
pub fn shared_runs(plan: SharePlan, sharing: &Sharing, extent: &Extent) -> Vec<(Range<FileBlock>, bool)> {
    match plan {
        SharePlan::Never => vec![(extent.range(), false)],
        SharePlan::Marks => vec![(extent.range(), extent.shared)],
        SharePlan::Blocks => sharing.runs_by_count(extent),
        SharePlan::DiskExtents => sharing.runs_by_extent(extent),
    }
}

#[cfg(test)]
#[path = "refs_tests.rs"]
mod tests;
