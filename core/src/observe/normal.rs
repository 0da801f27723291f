//! The strings of the normalized view that one observation alone decides: states, cache, seek.

use super::BLOCK;
use super::input::{CacheRun, FileObservation, PageState};
use super::rle::Rle;
use crate::base::fiemap::{FiemapRecord, Segment, SegmentKind, flags};

/// Blocks up to the end of the file or of its last record.
pub(super) fn blocks(file: &FileObservation) -> u64 {
    let ends = file.ext.iter().map(|record| record.logical.saturating_add(record.length));
    ends.fold(file.size, u64::max).div_ceil(BLOCK)
}

/// `st`: what FIEMAP says of each block.
pub(super) fn states(records: &[FiemapRecord], blocks: u64) -> String {
    let mut text = Rle::default();
    let mut at = 0;
    for record in records {
        let start = (record.logical / BLOCK).max(at);
        let end = record.logical.saturating_add(record.length).div_ceil(BLOCK);
        text.push(start - at, '.');
        text.push(end.saturating_sub(start), state(record.flags));
        at = start.max(end);
    }
    text.push(blocks.saturating_sub(at), '.');
    text.finish()
}

/// The character of `st` for a record's flags (`FIEMAP_EXTENT_*`). DELALLOC counts before UNWRITTEN.
pub fn state(bits: u32) -> char {
    let has = |flag| bits & flag != 0;
    let shared = has(flags::SHARED);
    if has(flags::DATA_INLINE) {
        'i'
    } else if has(flags::DELALLOC) {
        'd'
    } else if has(flags::ENCODED) {
        if shared { 'E' } else { 'e' }
    } else if has(flags::UNWRITTEN) {
        if shared { 'v' } else { 'u' }
    } else if shared {
        'S'
    } else if bits & !(flags::LAST | flags::MERGED) != 0 {
        '?'
    } else {
        'D'
    }
}

/// `cs`: the page cache of each block.
pub(super) fn cache(runs: &[CacheRun], blocks: u64) -> String {
    let mut text = Rle::default();
    let mut left = blocks;
    for run in runs {
        let count = run.pages.min(left);
        let c = match run.state {
            PageState::Absent => '-',
            PageState::Clean => 'c',
            PageState::Dirty => 'D',
            PageState::Writeback => 'w',
            PageState::DirtyWriteback => 'W',
        };
        text.push(count, c);
        left -= count;
    }
    text.push(left, '-');
    text.finish()
}

/// cachestat(2) of the whole file: pages cached, dirty, under writeback.
pub(super) fn counters(runs: &[CacheRun]) -> [u64; 3] {
    let count = |states: &[PageState]| {
        runs.iter().filter(|run| states.contains(&run.state)).fold(0u64, |sum, run| sum.saturating_add(run.pages))
    };
    use PageState::{Clean, Dirty, DirtyWriteback, Writeback};
    [
        count(&[Clean, Dirty, Writeback, DirtyWriteback]),
        count(&[Dirty, DirtyWriteback]),
        count(&[Writeback, DirtyWriteback]),
    ]
}

/// `sk`: what SEEK says of each block up to the end of the file. Our own answers are definite: never `?`.
pub(super) fn seek(segments: &[Segment], size: u64) -> String {
    let mut text = Rle::default();
    let mut left = size.div_ceil(BLOCK);
    for segment in segments {
        let touched = segment.end.div_ceil(BLOCK).saturating_sub(segment.start / BLOCK);
        let count = touched.min(left);
        text.push(count, if segment.kind == SegmentKind::Data { 'D' } else { 'H' });
        left -= count;
    }
    text.push(left, '.');
    text.finish()
}
