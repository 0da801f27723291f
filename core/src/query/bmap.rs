//! The filesystem's own map of a file's data, for the one tool that asks for it: holes are told, promised blocks only when
//! asked for, and what lies behind the end of the file only where a program asked for space there.
//!
//! Source: `xfs_getbmap`, `xfs_getbmap_report_one`, `xfs_getbmap_report_hole`; conversations with xfs_io on kernel 6.18.

use super::{FileFacts, LiveFacts};
use crate::base::{DevBlock, ExtentKind, FileBlock, FsResult, Ino, Range};
use crate::inode::inode_lock;
use crate::map::Volume;
use crate::map::behind_end::LAST_BLOCK;
use crate::trace::{Frame, Mode};

/// Where a stretch of the file is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Place {
    /// Nowhere.
    Hole,
    /// Promised, not placed.
    Delayed,
    /// From this block of the device on.
    At {
        /// The block.
        addr: DevBlock,
        /// Preallocated.
        unwritten: bool,
        /// Reached through a reference count.
        shared: bool,
    },
}

/// A record of the native map. A hole of an empty file is an empty range.
pub type Record = (Range<FileBlock>, Place);

/// How far the map goes and what it tells.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Scope {
    /// Promised blocks are told.
    pub delayed: bool,
    /// Nothing at or behind this block is looked at.
    pub end: FileBlock,
}

/// The map of a file's data.
pub fn records(facts: &dyn FileFacts, scope: Scope) -> Vec<Record> {
    let eof = facts.block().block_after(facts.size());
    let Some(mut found) = next(facts, FileBlock(0)) else {
        // A file without any record has one hole, for those who ask for promises; it may be empty.
        return if scope.delayed { vec![(Range::new(FileBlock(0), eof), Place::Hole)] } else { Vec::new() };
    };
    let mut told = Vec::new();
    let mut at = FileBlock(0);
    while at < scope.end {
        if found.0.start > at {
            told.push((Range::new(at, found.0.start), Place::Hole));
        }
        let (range, place) = found;
        let kept = Range::new(range.start.min(scope.end), range.end.min(scope.end));
        if !kept.is_empty() && (scope.delayed || place != Place::Delayed) {
            told.push((kept, place));
        }
        at = range.end;
        match next(facts, at) {
            Some(another) => found = another,
            None => {
                if at < eof {
                    told.push((Range::new(at, eof), Place::Hole));
                }
                break;
            }
        }
    }
    told
}

/// The stretch with a record or a promise that covers a block, from there on, or the first behind it.
fn next(facts: &dyn FileFacts, from: FileBlock) -> Option<Record> {
    let extent = facts.extent(from);
    let delayed = facts.delayed(from);
    match (extent, delayed) {
        (Some(extent), delayed) if delayed.is_none_or(|delayed| extent.start < delayed.start) => {
            let runs = facts.shared_runs(&extent);
            let (run, shared) = runs.into_iter().find(|(run, _)| run.end > from)?;
            let part = extent.trimmed(Range::new(run.start.max(from), run.end))?;
            let unwritten = extent.kind == ExtentKind::Unwritten;
            Some((part.range(), Place::At { addr: part.addr, unwritten, shared }))
        }
        (_, Some(delayed)) => Some((Range::new(delayed.start.max(from), delayed.end), Place::Delayed)),
        (_, None) => None,
    }
}

impl Volume {
    /// The native map. Without promised blocks everything dirty is written back before it, where there are any or the
    /// size that a commit records is behind.
    pub async fn native_map(&self, ino: Ino, delayed: bool) -> FsResult<Vec<Record>> {
        let _frame = self.cx.frame(Frame::Bmap, 0, self.inodes.size(ino));
        let _inode = self.cx.lock(inode_lock(ino), Mode::Shared).await;
        let behind = self.inodes.get(ino, |inode| inode.size > inode.disk_size);
        if !delayed && (behind || self.has_promises(ino)) {
            self.write_back_file(ino).await?;
        }
        let _map = self.extents.read_lock(ino, FileBlock(0)).await;
        // Space that was asked for by name, or comes in units, is told behind the end too.
        let whole = self.inodes.get(ino, |inode| inode.preallocated || inode.hints.extsize > 0);
        let end = if whole { LAST_BLOCK } else { self.profile.block.block_after(self.inodes.size(ino)) };
        Ok(records(&LiveFacts::new(self, ino), Scope { delayed, end }))
    }
}
