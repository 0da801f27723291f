//! The goal of a search near the neighbours in the file.
//!
//! Source: `xfs_bmap_adjacent`, with what `xfs_bmapi_allocate` hands it for delayed blocks.

use super::Volume;
use crate::base::{DevBlock, Extent, FileBlock, Ino, Range};
use crate::personality::plan::NearPlan;

/// Which of a file's maps blocks are for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum For {
    /// The tree.
    Tree,
    /// What waits beside the tree.
    Beside,
}

/// A gap of at most so many times what is asked for is kept on the device too (`XFS_ALLOC_GAP_UNITS`).
const GAP_UNITS: u64 = 4;

/// What a map has next to a range.
struct Neighbours {
    /// Whether the range has promises in this map.
    delayed: bool,
    /// The end of what is in front, and where it ends on the device if it has a place.
    before: Option<(FileBlock, Option<DevBlock>)>,
    /// The start of what comes behind, and its place.
    behind: Option<(FileBlock, Option<DevBlock>)>,
}

impl Volume {
    /// Where to look for space for `range`: at a neighbour's distance, else at the file's inode.
    pub(super) fn near_goal(&self, plan: &NearPlan, ino: Ino, range: Range<FileBlock>, map: For) -> DevBlock {
        let Neighbours { delayed, before, behind } = match map {
            For::Tree => self.neighbours(ino, range.start),
            For::Beside => self.neighbours_beside(ino, range.start),
        };
        let in_group = |goal: u64, other: DevBlock| goal / plan.group == other.0 / plan.group;
        let before = before.and_then(|(end, addr)| Some((range.start - end, addr?)));
        if !delayed && behind.is_none() {
            // At the end of the file any distance is kept.
            return match before {
                Some((gap, addr)) if in_group(addr.0 + gap, addr - 1) => addr + gap,
                Some((_, addr)) => addr,
                None => plan.home(ino),
            };
        }
        let before = before.map(|(gap, addr)| {
            let keeps = gap <= GAP_UNITS * range.len() && in_group(addr.0 + gap, addr - 1);
            if keeps { (gap, addr + gap) } else { (2 * gap, addr) }
        });
        // Delayed blocks are in the kernel's list themselves: it sees them where the one behind would be.
        let behind = behind.filter(|_| !delayed).and_then(|(start, addr)| Some((start - range.start, addr?)));
        let behind = behind.map(|(gap, addr)| {
            let in_front = |blocks: u64| addr.0.checked_sub(blocks).filter(|goal| in_group(*goal, addr)).map(DevBlock);
            match (in_front(gap).filter(|_| gap <= GAP_UNITS * range.len()), in_front(range.len())) {
                (Some(goal), _) => (gap, goal),
                (None, Some(goal)) => ((2 * gap).saturating_sub(range.len()), goal),
                (None, None) => (2 * gap, addr),
            }
        });
        match (before, behind) {
            (Some((one, goal)), Some((other, _))) if one <= other => goal,
            (_, Some((_, goal))) | (Some((_, goal)), None) => goal,
            (None, None) => plan.home(ino),
        }
    }

    fn neighbours(&self, ino: Ino, at: FileBlock) -> Neighbours {
        let next = self.delalloc.next(ino, at).map(|range| range.start);
        // What is in front of the promise, when only the rest of that gets its place (traces of our own on the running
        // kernel: falloc from inside delayed blocks on).
        let from = next.map_or(at, |start| start.min(at));
        let record = self.extents.prev(ino, from);
        let promise = self.delalloc.prev(ino, from);
        let end = |extent: Extent| (extent.end(), extent.dev_range().map(|range| range.end));
        let record = record.map(end);
        let promise = promise.map(|range| (range.end, None));
        let behind =
            self.extents.next(ino, at).map(|extent| (extent.start, extent.dev_range().map(|range| range.start)));
        Neighbours {
            delayed: next.is_some_and(|start| start <= at),
            before: record.into_iter().chain(promise).max_by_key(|(end, _)| *end),
            behind: behind.into_iter().chain(next.map(|start| (start, None))).min_by_key(|(start, _)| *start),
        }
    }

    fn neighbours_beside(&self, ino: Ino, at: FileBlock) -> Neighbours {
        let index = self.staging.index(ino);
        let before = index.iter().rev().find(|(range, _)| range.start < at);
        let behind = index.at_or_after(at);
        Neighbours {
            delayed: behind.is_some_and(|(range, _)| range.start <= at),
            before: before.map(|(range, staged)| (range.end, staged.addr(range.end))),
            behind: behind.map(|(range, staged)| (range.start, staged.addr(range.start))),
        }
    }
}
