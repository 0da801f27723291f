//! FIEMAP: one file's records, in the order and with the flags that the personality's plan gives.
//!
//! Sources: `fiemap_prep`, `fiemap_fill_next_extent`, `iomap_fiemap`, `bch2_fiemap`; recordings 001, 093, 094,
//! 301 to 304, 312.

use super::{CacheLook, Encoding, FileFacts};
use crate::base::fiemap::{FiemapRecord, flags, request};
use crate::base::{Errno, Extent, ExtentKind, FileBlock, Range};
use crate::personality::plan::{FiemapCut, FiemapDelayed, FiemapPlan, FiemapTail, FiemapWindow};

/// What FS_IOC_FIEMAP was asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Request {
    /// First byte.
    pub start: u64,
    /// Bytes; 0 is an error.
    pub len: u64,
    /// `FIEMAP_FLAG_*`.
    pub flags: u32,
    /// Records that fit into the caller's array; `None` for no bound.
    pub limit: Option<u32>,
}

impl Request {
    /// Everything, without a flush.
    pub const ALL: Self = Self { start: 0, len: u64::MAX, flags: 0, limit: None };
}

/// The bytes that are looked at, after the checks of `fiemap_prep` in its order. Flushing is the caller's.
pub fn prepare(plan: &FiemapPlan, asked: &Request) -> Result<Range<Byte>, Errno> {
    if asked.len == 0 {
        return Err(Errno::EINVAL);
    }
    if asked.start >= plan.max_start {
        return Err(Errno::EFBIG);
    }
    if asked.flags & !(request::SYNC | plan.flags) != 0 {
        return Err(Errno::EBADR);
    }
    let len = asked.len.min(plan.max_start - asked.start);
    let unit = plan.window_unit;
    let start = asked.start / unit * unit;
    let end = match plan.window {
        FiemapWindow::Exact => asked.start + len,
        FiemapWindow::StartInSectors => asked.start / 512 + len,
    };
    // In whole blocks a window is rounded out, in sectors down (`bch2_fiemap`).
    let end = if unit > 512 { end.div_ceil(unit) * unit } else { end / unit * unit };
    Ok(Range { start: Byte(start), end: Byte(end.max(start)) })
}

/// A byte of a file, for windows.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub struct Byte(pub u64);

impl crate::base::Unit for Byte {
    fn raw(self) -> u64 {
        self.0
    }
    fn of(raw: u64) -> Self {
        Self(raw)
    }
}

/// What one step of the walk found: a record of the tree, or promised data.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Found {
    /// A record of the tree, whole up to where sharing begins or ends.
    Extent(Extent),
    /// Blocks without an address.
    Delayed(Range<FileBlock>),
}

impl Found {
    /// The blocks.
    pub fn range(&self) -> Range<FileBlock> {
        match self {
            Self::Extent(extent) => extent.range(),
            Self::Delayed(range) => *range,
        }
    }
}

/// The first thing at or after byte `at` of the window.
pub fn next(facts: &dyn FileFacts, plan: &FiemapPlan, at: Byte, window: Range<Byte>) -> Option<Found> {
    let block = facts.block();
    let from = block.block_of(at.0);
    let end = block.block_after(window.end.0);
    if at >= window.end {
        return None;
    }
    let extent = facts.extent(from).filter(|extent| extent.start < end);
    if let Some(bytes) = facts.inode_bytes() {
        // Nothing is looked for behind it.
        return extent.filter(|_| at.0 < bytes && from == FileBlock(0)).map(Found::Extent);
    }
    let hole_end = extent.map_or(end, |extent| extent.start);
    if plan.tail == FiemapTail::EndsAtLastKey && extent.is_none() {
        return None;
    }
    let delayed = match plan.delayed {
        _ if from >= hole_end => None,
        FiemapDelayed::Index => facts.delayed(from).filter(|range| range.start < hole_end),
        FiemapDelayed::Cache => facts.cached(Range::new(from, hole_end), CacheLook::Backing),
        FiemapDelayed::Overlay => facts.delayed(from).filter(|range| range.start < hole_end),
        FiemapDelayed::Unreported => None,
    };
    match (delayed, extent) {
        (Some(delayed), _) => Some(Found::Delayed(delayed.intersect(&Range::new(from, hole_end)))),
        (None, Some(extent)) if plan.delayed == FiemapDelayed::Overlay && extent.kind == ExtentKind::Unwritten => {
            Some(over_preallocation(facts, from.max(extent.start), extent))
        }
        (None, extent) => extent.map(|extent| Found::Extent(shared_part(facts, extent, from))),
    }
}

/// Preallocated blocks are delayed where new data for them is on its way (`fiemap_process_hole`).
fn over_preallocation(facts: &dyn FileFacts, from: FileBlock, extent: Extent) -> Found {
    let pending = facts.delayed(from).filter(|range| range.start < extent.end());
    let plain_end = match pending {
        Some(range) if range.start <= from => {
            return Found::Delayed(range.intersect(&Range::new(from, extent.end())));
        }
        Some(range) => range.start,
        None => extent.end(),
    };
    let plain = extent.trimmed(Range::new(from, plain_end)).expect("a part of the extent");
    Found::Extent(shared_part(facts, plain, from))
}

/// The part of a record around `from`, or its first, that is shared or is not; it says which.
fn shared_part(facts: &dyn FileFacts, extent: Extent, from: FileBlock) -> Extent {
    let runs = facts.shared_runs(&extent);
    let (run, shared) = runs.into_iter().find(|(run, _)| run.end > from).expect("the record ends behind the block");
    Extent { shared, ..extent.trimmed(run).expect("a run is a part of its record") }
}

/// A record as user space gets it, cut to the window; `None` when the cut leaves nothing.
pub fn record(facts: &dyn FileFacts, found: Found, window: Range<Byte>) -> Option<FiemapRecord> {
    let block = facts.block();
    if let Some(length) = facts.inode_bytes() {
        // Whole, whatever the window; its place in the inode table is not modelled.
        let flags = flags::DATA_INLINE | flags::NOT_ALIGNED;
        return Some(FiemapRecord { logical: 0, physical: 0, length, flags });
    }
    let range = found.range();
    let start = block.pos(range.start).max(window.start.0);
    let end = block.pos(range.end).min(window.end.0);
    if start >= end {
        return None;
    }
    let moved = start - block.pos(range.start);
    let (physical, mut bits) = match found {
        Found::Delayed(_) => (0, flags::UNKNOWN | flags::DELALLOC),
        Found::Extent(extent) => match extent.kind {
            // A cut of a compressed piece is at the piece's address.
            ExtentKind::Written => match facts.encoding(&extent) {
                Encoding::Plain => (block.dev_pos(extent.addr) + moved, 0),
                Encoding::Marked => (block.dev_pos(extent.addr) + moved, flags::ENCODED),
                Encoding::Piece(start) => (block.dev_pos(start), flags::ENCODED),
            },
            ExtentKind::Unwritten => (block.dev_pos(extent.addr) + moved, flags::UNWRITTEN),
            ExtentKind::Reserved => (0, flags::UNKNOWN | flags::DELALLOC | flags::UNWRITTEN),
            ExtentKind::Inline => match facts.encoding(&extent) {
                Encoding::Plain => (0, flags::DATA_INLINE | flags::NOT_ALIGNED),
                Encoding::Marked | Encoding::Piece(_) => (0, flags::DATA_INLINE | flags::NOT_ALIGNED | flags::ENCODED),
            },
        },
    };
    if let Found::Extent(Extent { shared: true, .. }) = found {
        bits |= flags::SHARED;
    }
    if !block.aligned(start) || !block.aligned(end) {
        bits |= flags::NOT_ALIGNED;
    }
    Some(FiemapRecord { logical: start, physical, length: end - start, flags: bits })
}

/// What a record found at `at` is cut to.
pub fn edges(plan: &FiemapPlan, at: Byte, window: Range<Byte>) -> Range<Byte> {
    let start = if plan.cut == FiemapCut::Whole && at == window.start { Byte(0) } else { at };
    let end = match plan.cut {
        FiemapCut::BothEdges => window.end,
        FiemapCut::Whole => Byte(u64::MAX),
    };
    Range { start, end }
}

/// Whether a walk of the window that came to `at` may call its last record the last one: it may be the last of the
/// answer only, or there is none behind it in the file.
pub fn is_last(facts: &dyn FileFacts, plan: &FiemapPlan, at: Byte) -> bool {
    let rest = Range { start: at, end: Byte(plan.max_start) };
    plan.cut == FiemapCut::BothEdges || at >= rest.end || next(facts, plan, at, rest).is_none()
}

/// The answer as it fills the caller's array.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    records: Vec<FiemapRecord>,
    held: Option<FiemapRecord>,
    limit: Option<u32>,
    copies: u64,
}

impl Answer {
    /// Nothing yet; `limit` records fit. A record with an address comes once for each of `copies` devices.
    pub fn new(limit: Option<u32>, copies: u64) -> Self {
        Self { limit, copies, ..Self::default() }
    }
    /// One more record. Results are one behind, so that the last one can say so. Whether there is room for more.
    pub fn push(&mut self, record: FiemapRecord) -> bool {
        if let Some(before) = self.held.replace(record) {
            let placeless = flags::UNKNOWN | flags::DATA_INLINE;
            let copies = if before.flags & placeless == 0 { self.copies } else { 1 };
            for _ in 0..copies {
                if !self.is_full() {
                    self.records.push(before);
                }
            }
        }
        !self.is_full()
    }
    fn is_full(&self) -> bool {
        self.limit.is_some_and(|limit| self.records.len() >= limit as usize)
    }
    /// The walk is over; `last` says whether its last record may carry the flag.
    pub fn finish(mut self, is_last: bool) -> Vec<FiemapRecord> {
        let full = self.is_full();
        if let Some(mut last) = self.held.take().filter(|_| !full) {
            last.flags |= if is_last { flags::LAST } else { 0 };
            self.records.push(last);
        }
        self.records
    }
}

/// The whole answer at one moment, without a flush and without locks.
pub fn records(facts: &dyn FileFacts, plan: &FiemapPlan, asked: &Request) -> Result<Vec<FiemapRecord>, Errno> {
    let window = prepare(plan, asked)?;
    let mut answer = Answer::new(asked.limit, facts.copies());
    if asked.flags & request::XATTR != 0 {
        return Ok(answer.finish(true));
    }
    let mut at = window.start;
    while let Some(found) = next(facts, plan, at, window) {
        let room = record(facts, found, edges(plan, at, window)).is_none_or(|record| answer.push(record));
        at = Byte(facts.block().pos(found.range().end));
        if !room {
            break;
        }
    }
    Ok(answer.finish(is_last(facts, plan, at)))
}
