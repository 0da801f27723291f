//! SEEK_DATA and SEEK_HOLE.
//!
//! Sources: `iomap_seek_data`, `iomap_seek_hole`, `mapping_seek_hole_data`, `bch2_seek_data`, `bch2_seek_hole`;
//! recordings 007, 008, 059, 060, 303.

use super::{CacheLook, FileFacts};
use crate::base::fiemap::{Segment, SegmentKind};
use crate::base::{Errno, ExtentKind, FileBlock, PAGE_SIZE, Range};
use crate::personality::plan::{SeekCache, SeekPlan, SeekPrealloc};

/// The first byte at or after `from` that is data (or hole); ENXIO when there is none.
pub fn seek(facts: &dyn FileFacts, plan: SeekPlan, from: u64, what: SegmentKind) -> Result<u64, Errno> {
    let size = facts.size();
    if from >= size {
        return Err(Errno::ENXIO);
    }
    if let Some(bytes) = facts.inode_bytes() {
        return in_inode(bytes, size, from, what);
    }
    let block = facts.block();
    let at = block.block_of(from);
    let end = block.block_after(size);
    let found = match what {
        SegmentKind::Data => next_data(facts, plan, Range::new(at, end)),
        SegmentKind::Hole => Some(next_hole(facts, plan, Range::new(at, end))),
    };
    match found.map(|found| block.pos(found).max(from)) {
        Some(pos) if pos < size => Ok(pos),
        Some(_) | None if what == SegmentKind::Hole => Ok(size),
        Some(_) | None => Err(Errno::ENXIO),
    }
}

/// The map of data in the inode ends with it: what lies behind is ENOENT (`ext4_iomap_begin_report`).
fn in_inode(bytes: u64, size: u64, from: u64, what: SegmentKind) -> Result<u64, Errno> {
    match what {
        SegmentKind::Data if from < bytes => Ok(from),
        SegmentKind::Hole if from < bytes && bytes >= size => Ok(size),
        SegmentKind::Data | SegmentKind::Hole => Err(Errno::ENOENT),
    }
}

/// The whole map, as a program finds it by alternating both questions.
pub fn segments(facts: &dyn FileFacts, plan: SeekPlan) -> Vec<Segment> {
    let size = facts.size();
    let mut segments = Vec::new();
    let mut at = 0;
    while at < size {
        let data = seek(facts, plan, at, SegmentKind::Data).unwrap_or(size);
        if data > at {
            segments.push(Segment { kind: SegmentKind::Hole, start: at, end: data });
        }
        if data >= size {
            break;
        }
        let hole = seek(facts, plan, data, SegmentKind::Hole).unwrap_or(size);
        segments.push(Segment { kind: SegmentKind::Data, start: data, end: hole });
        // Both answers may contradict each other (`look`): the program gives up.
        if hole <= data {
            break;
        }
        at = hole;
    }
    segments
}

/// What a block is before the page cache is asked, and how far.
enum Ground {
    Data(Range<FileBlock>),
    /// Data only where the page cache has some.
    Ask(Range<FileBlock>),
}

/// The ground at `range.start`, cut to `range`.
fn ground(facts: &dyn FileFacts, plan: SeekPlan, range: Range<FileBlock>) -> Ground {
    let at = range.start;
    let extent = facts.extent(at);
    if let Some(extent) = extent.filter(|extent| extent.start <= at) {
        let here = Range::new(at, extent.end().min(range.end));
        return match (extent.kind, plan.prealloc) {
            (ExtentKind::Written | ExtentKind::Inline, _) => Ground::Data(here),
            (ExtentKind::Unwritten, SeekPrealloc::CachedData) => Ground::Data(here),
            (ExtentKind::Unwritten, SeekPrealloc::Delayed) => over_preallocation(facts, here),
            (ExtentKind::Unwritten | ExtentKind::Reserved, _) => Ground::Ask(here),
        };
    }
    let hole_end = extent.map_or(range.end, |next| next.start.min(range.end));
    let hole = Range::new(at, hole_end);
    // What waits beside the tree ends a hole, and the cache is asked where it does.
    let hole = match facts.staged(at) {
        Some(staged) if staged.start <= at => return covered_hole(facts, hole.intersect(&staged)),
        Some(staged) => Range::new(at, hole_end.min(staged.start)),
        None => hole,
    };
    let hole_end = hole.end;
    match (plan.cache, facts.delayed(at)) {
        (SeekCache::Index, Some(delayed)) if delayed.start <= at => {
            Ground::Data(Range::new(at, delayed.end.min(hole_end)))
        }
        // The cache over a hole that the index does not know is never data.
        (SeekCache::Index, Some(delayed)) if delayed.start < hole_end => Ground::Ask(Range::new(at, delayed.start)),
        _ => Ground::Ask(hole),
    }
}

/// Preallocated blocks are data where new data for them is on its way.
fn over_preallocation(facts: &dyn FileFacts, here: Range<FileBlock>) -> Ground {
    match facts.delayed(here.start) {
        Some(delayed) if delayed.start <= here.start => Ground::Data(Range::new(here.start, delayed.end.min(here.end))),
        Some(delayed) if delayed.start < here.end => Ground::Ask(Range::new(here.start, delayed.start)),
        _ => Ground::Ask(here),
    }
}

/// A hole of the tree where new data waits beside it: delayed blocks are data, else the cache says what is
/// (`xfs_seek_iomap_begin`).
fn covered_hole(facts: &dyn FileFacts, hole: Range<FileBlock>) -> Ground {
    match facts.delayed(hole.start) {
        Some(delayed) if delayed.start <= hole.start => Ground::Data(hole.intersect(&delayed)),
        Some(delayed) => Ground::Ask(Range::new(hole.start, hole.end.min(delayed.start))),
        None => Ground::Ask(hole),
    }
}

fn look(facts: &dyn FileFacts, plan: SeekPlan, range: Range<FileBlock>) -> Option<Range<FileBlock>> {
    match plan.prealloc {
        SeekPrealloc::CachedData => facts.cached(range, CacheLook::Backing),
        SeekPrealloc::Delayed => None,
        SeekPrealloc::CachedPages => {
            let preallocated = facts.extent(range.start).is_some_and(|extent| extent.start <= range.start);
            let staged = facts.staged(range.start).is_some_and(|staged| staged.start <= range.start);
            if preallocated || staged { cached_pages(facts, range) } else { None }
        }
    }
}

/// The first run of blocks that are up to date. The kernel looks through a page to its end: where the first such block
/// of the last page lies behind the range, the answer is the range's end, as if data began there
/// (`mapping_seek_hole_data`; seen with blocks of 1 KiB).
fn cached_pages(facts: &dyn FileFacts, range: Range<FileBlock>) -> Option<Range<FileBlock>> {
    let found = facts.cached(range, CacheLook::Uptodate);
    let block = facts.block();
    let rest = Range::new(range.end, block.block_after(block.pos(range.end).next_multiple_of(PAGE_SIZE)));
    if found.is_some() || rest.is_empty() || range.end >= block.block_after(facts.size()) {
        return found;
    }
    facts.cached(rest, CacheLook::Uptodate).map(|_| Range::new(range.end, range.end))
}

fn next_data(facts: &dyn FileFacts, plan: SeekPlan, range: Range<FileBlock>) -> Option<FileBlock> {
    let mut at = range.start;
    while at < range.end {
        match ground(facts, plan, Range::new(at, range.end)) {
            Ground::Data(_) => return Some(at),
            Ground::Ask(part) => {
                if let Some(run) = look(facts, plan, part) {
                    return Some(run.start);
                }
                at = part.end;
            }
        }
    }
    None
}

fn next_hole(facts: &dyn FileFacts, plan: SeekPlan, range: Range<FileBlock>) -> FileBlock {
    let mut at = range.start;
    while at < range.end {
        match ground(facts, plan, Range::new(at, range.end)) {
            Ground::Data(part) => at = part.end,
            Ground::Ask(part) => {
                let scanned = match plan.cache {
                    SeekCache::Index => part,
                    SeekCache::ScanToMissingFolio => Range::new(at, range.end),
                };
                let data_end = look(facts, plan, scanned).filter(|run| run.start == at).map_or(at, |run| run.end);
                if data_end < part.end || plan.cache == SeekCache::ScanToMissingFolio {
                    return data_end;
                }
                at = data_end;
            }
        }
    }
    range.end
}
