//! What can be seen of an open file without disturbing it: fstat, FIEMAP without a flush, lseek, cachestat.

use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt;

use extentscope_core::base::fiemap::{FiemapRecord, Segment, SegmentKind, flags};
use extentscope_core::observe::{CacheRun, PageState};

use super::errors::name;
use super::sys::{self, Cached};

const PAGE: u64 = 4096;
const SEEK_DATA: i32 = 3;
const SEEK_HOLE: i32 = 4;

/// Records of one call of FIEMAP; a file with more is asked again from where the answer ended.
const ROOM: u32 = 400;

/// All records of a range, at most `limit`.
pub fn fiemap(file: &File, start: u64, len: u64, flags: u32, limit: Option<u32>) -> io::Result<Vec<FiemapRecord>> {
    let mut records: Vec<FiemapRecord> = Vec::new();
    let room = limit.map_or(ROOM, |limit| limit.clamp(1, ROOM));
    let end = start.saturating_add(len);
    let mut at = start;
    loop {
        let (mapped, answer) = sys::fiemap(file, at, len.min(end - at), flags, room)?;
        let ended = mapped < room || answer.last().is_some_and(|record| record.flags & flags::LAST != 0);
        for record in answer {
            // Asked from the middle of a record, it comes again.
            let border = records.last().map_or(0, |last| last.logical + last.length);
            if records.is_empty() || record.logical >= border {
                records.push(record);
            }
        }
        at = records.last().map_or(end, |last| last.logical.saturating_add(last.length));
        let enough = limit.is_some_and(|limit| records.len() >= limit as usize);
        if ended || enough || at >= end {
            break;
        }
    }
    if let Some(limit) = limit {
        records.truncate(limit as usize);
    }
    Ok(records)
}

/// The whole file without a flush.
pub fn all_records(file: &File) -> io::Result<Vec<FiemapRecord>> {
    fiemap(file, 0, u64::MAX, 0, None)
}

/// Data and holes from `start` to the end of the file.
pub fn segments(file: &File, start: u64, size: u64) -> Vec<Segment> {
    let seek = |off: u64, whence| sys::seek(file, i64::try_from(off).unwrap_or(i64::MAX), whence);
    let mut found = Vec::new();
    let mut at = start;
    while at < size {
        let Ok(data) = seek(at, SEEK_DATA) else {
            found.push(Segment { kind: SegmentKind::Hole, start: at, end: size });
            break;
        };
        if data > at {
            found.push(Segment { kind: SegmentKind::Hole, start: at, end: data });
        }
        let hole = seek(data, SEEK_HOLE).unwrap_or(size);
        found.push(Segment { kind: SegmentKind::Data, start: data, end: hole });
        if hole <= data {
            break;
        }
        at = hole;
    }
    found
}

/// The page cache, page by page, found by halving.
pub fn cache(file: &File, pages: u64) -> io::Result<Vec<CacheRun>> {
    let mut runs: Vec<CacheRun> = Vec::new();
    let mut waiting = vec![(0, pages)];
    while let Some((first, count)) = waiting.pop() {
        if count == 0 {
            continue;
        }
        let found = sys::cachestat(file, first * PAGE, count * PAGE)?;
        match state(found, count) {
            Some(state) => push(&mut runs, count, state),
            None => {
                let half = count / 2;
                waiting.push((first + half, count - half));
                waiting.push((first, half));
            }
        }
    }
    Ok(runs)
}

/// The state that all pages have, if they have one.
fn state(found: Cached, pages: u64) -> Option<PageState> {
    match (found.cached, found.dirty, found.writeback) {
        (0, _, _) => Some(PageState::Absent),
        (cached, dirty, 0) if cached == pages && dirty == pages => Some(PageState::Dirty),
        (cached, 0, 0) if cached == pages => Some(PageState::Clean),
        (cached, 0, writeback) if cached == pages && writeback == pages => Some(PageState::Writeback),
        _ if pages == 1 => Some(PageState::DirtyWriteback),
        _ => None,
    }
}

fn push(runs: &mut Vec<CacheRun>, pages: u64, state: PageState) {
    match runs.last_mut() {
        Some(last) if last.state == state => last.pages += pages,
        _ => runs.push(CacheRun { pages, state }),
    }
}

/// What was seen of one file.
#[derive(Clone, PartialEq, Debug)]
pub struct Seen {
    /// Bytes.
    pub size: u64,
    /// 512-byte units.
    pub blocks: u64,
    /// FIEMAP without a flush.
    pub records: Vec<FiemapRecord>,
    /// Why there are no records.
    pub fiemap_error: Option<String>,
    /// SEEK_DATA and SEEK_HOLE.
    pub seek: Vec<Segment>,
    /// The page cache.
    pub cache: Vec<CacheRun>,
}

/// Looks at one file. The error is that of fstat, as on a filesystem that was shut down.
pub fn look(file: &File) -> io::Result<Seen> {
    let stat = file.metadata()?;
    let (records, fiemap_error) = match all_records(file) {
        Ok(records) => (records, None),
        Err(error) => (Vec::new(), Some(name(&error))),
    };
    let ends = records.iter().map(|record| record.logical.saturating_add(record.length));
    let pages = ends.fold(stat.size(), u64::max).div_ceil(PAGE);
    Ok(Seen {
        size: stat.size(),
        blocks: stat.blocks(),
        seek: segments(file, 0, stat.size()),
        cache: cache(file, pages)?,
        records,
        fiemap_error,
    })
}
