//! Who uses blocks of the device besides their first user, as plain data.

use super::extent::Extent;
use super::range::Range;
use super::rangemap::RangeMap;
use super::sorted::SortedMap;
use super::units::{DevBlock, FileBlock, Ino};

/// Where block 0 of an extent on the device would lie in a file, seen from a record that uses a part of it. Two cuts of
/// one record have the same origin; a clone has another.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub struct Origin {
    /// The file.
    pub ino: Ino,
    /// Its block, which can be before the file's start.
    pub start: i64,
}

/// Blocks that were allocated at once, where a filesystem counts users of those and not of single blocks.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct DiskExtent {
    /// First block behind it.
    pub end: DevBlock,
    /// Blocks of files that use a part of it, by origin; none is 0.
    pub users: SortedMap<Origin, u64>,
}

impl DiskExtent {
    /// The origin of a record that has block `addr` at block `at` of a file, in an extent that starts at `start`.
    pub fn origin(start: DevBlock, ino: Ino, at: FileBlock, addr: DevBlock) -> Origin {
        let signed = |block: u64| i64::try_from(block).expect("a block's number fits 63 bits");
        Origin { ino, start: signed(at.0) - (signed(addr.0) - signed(start.0)) }
    }
    /// Whether records of different origin use it.
    pub fn is_shared(&self) -> bool {
        self.users.len() > 1
    }
}

/// Both ways to keep it; a filesystem uses one of them, or none.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Sharing {
    /// Users of a block besides the first; blocks with one user are not in it.
    pub others: RangeMap<DevBlock, u32>,
    /// What was allocated at once, by first block.
    pub extents: SortedMap<DevBlock, DiskExtent>,
}

impl Sharing {
    /// Parts of a record in order, each with whether another one uses its blocks.
    pub fn runs_by_count(&self, extent: &Extent) -> Vec<(Range<FileBlock>, bool)> {
        let Some(device) = extent.dev_range() else { return vec![(extent.range(), false)] };
        let mut runs = Vec::new();
        let mut at = device.start;
        for (found, _) in self.others.overlapping(device) {
            let found = found.intersect(&device);
            add_run(&mut runs, extent, Range::new(at, found.start), false);
            add_run(&mut runs, extent, found, true);
            at = found.end;
        }
        add_run(&mut runs, extent, Range::new(at, device.end), false);
        runs
    }

    /// Parts of a record in order, each with whether the extent on the device that it lies in is shared.
    pub fn runs_by_extent(&self, extent: &Extent) -> Vec<(Range<FileBlock>, bool)> {
        self.runs_by_rule(extent, |_, whole| whole.is_shared())
    }

    /// The same by any rule over the extents on the device, which are told with their first block.
    pub fn runs_by_rule(
        &self,
        extent: &Extent,
        rule: impl Fn(DevBlock, &DiskExtent) -> bool,
    ) -> Vec<(Range<FileBlock>, bool)> {
        let Some(device) = extent.dev_range() else { return vec![(extent.range(), false)] };
        let mut runs = Vec::new();
        for (found, whole) in self.extents_over(device) {
            add_run(&mut runs, extent, found.intersect(&device), rule(found.start, whole));
        }
        runs
    }

    /// The extents on the device that overlap blocks, whole, in order.
    pub fn extents_over(&self, range: Range<DevBlock>) -> impl Iterator<Item = (Range<DevBlock>, &DiskExtent)> {
        let before = self.extents.range(..range.start).next_back().filter(|(_, found)| found.end > range.start);
        let inside = self.extents.range(range.start..range.end);
        before.into_iter().chain(inside).map(|(start, found)| (Range::new(*start, found.end), found))
    }
}

/// The file's blocks of a part of a record's device blocks, joined to the run before it where it says the same.
fn add_run(runs: &mut Vec<(Range<FileBlock>, bool)>, extent: &Extent, part: Range<DevBlock>, shared: bool) {
    if part.is_empty() {
        return;
    }
    let here = Range::sized(extent.start + (part.start - extent.addr), part.len());
    match runs.last_mut() {
        Some((last, before)) if *before == shared && last.end == here.start => last.end = here.end,
        _ => runs.push((here, shared)),
    }
}
