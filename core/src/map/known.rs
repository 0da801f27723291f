//! What was looked up of a file: where the search for free blocks begins, and how far a hole is known.

use super::Volume;
use crate::base::{DevBlock, ExtentKind, FileBlock, Ino, Range};
use crate::delalloc::lookups::Looked;
use crate::personality::plan::GoalPlan;

impl Volume {
    fn keeps_lookups(&self) -> bool {
        matches!(self.profile.space.goal, GoalPlan::Groups(_))
    }

    /// Near what of the file is known in memory (`btrfs_get_extent_allocation_hint`), if that is no hole.
    pub(super) fn known_goal(&self, ino: Ino, at: FileBlock) -> Option<DevBlock> {
        let near = |at: FileBlock| {
            let (range, looked) = self.lookups.near(ino, at)?;
            let inside = at.max(range.start).min(range.end - 1);
            (looked == Looked::Blocks).then(|| self.known_address(ino, inside)).flatten()
        };
        near(at).or_else(|| near(FileBlock(0)))
    }

    /// The device address of the first of the blocks that belong together around a block.
    fn known_address(&self, ino: Ino, at: FileBlock) -> Option<DevBlock> {
        if let Some((part, flight)) = self.ordered.at(ino, at) {
            return Some(self.device_address(flight.target(part.start)));
        }
        let record = self.extents.get(ino, at).filter(|record| record.kind.has_address())?;
        Some(self.device_address(record.addr))
    }

    fn device_address(&self, at: DevBlock) -> DevBlock {
        self.space.piece_of(at).unwrap_or(at)
    }

    /// Somebody needs the mapping of a range: records are known whole from now on, holes as far as was looked
    /// (`btrfs_get_extent`).
    pub fn look_up(&self, ino: Ino, range: Range<FileBlock>) {
        if !self.keeps_lookups() {
            return;
        }
        for part in self.lookups.gaps(ino, range) {
            for (piece, record) in self.extents.pieces(ino, part) {
                match record {
                    Some(_) => {
                        let whole = self.extents.get(ino, piece.start).map_or(piece, |record| record.range());
                        self.learn_blocks(ino, whole);
                    }
                    None => self.lookups.learn(ino, piece, Looked::Hole(0)),
                }
            }
        }
    }

    /// The hole that the first block of a range lies in, if it does: as far as it is known, or as the range reaches
    /// (`btrfs_get_extent`).
    pub fn known_hole(&self, ino: Ino, range: Range<FileBlock>) -> Option<Range<FileBlock>> {
        if self.lookups.at(ino, range.start).is_none() {
            self.look_up(ino, range);
        }
        let (hole, _) = self.lookups.at(ino, range.start).filter(|(_, looked)| matches!(looked, Looked::Hole(_)))?;
        // What is in memory must not hide a record.
        let end = self.extents.next(ino, range.start).map_or(hole.end, |record| record.start.min(hole.end));
        let hole = Range::new(range.start, end.max(range.start));
        (!hole.is_empty()).then_some(hole)
    }

    /// A range in the pieces in which the mapping is known: direct I/O takes them one by one (`btrfs_dio_iomap_begin`).
    pub fn known_pieces(&self, ino: Ino, range: Range<FileBlock>) -> Vec<Range<FileBlock>> {
        if !self.keeps_lookups() {
            return vec![range];
        }
        let mut pieces = Vec::new();
        let mut at = range.start;
        while at < range.end {
            let end = match (self.known_hole(ino, Range::new(at, range.end)), self.extents.get(ino, at)) {
                (Some(hole), _) => hole.end,
                (None, Some(record)) => record.end(),
                (None, None) => range.end,
            };
            pieces.push(Range::new(at, end.min(range.end)));
            at = end.min(range.end);
        }
        pieces
    }

    /// Blocks got their place.
    pub fn learn_blocks(&self, ino: Ino, range: Range<FileBlock>) {
        if self.keeps_lookups() && !range.is_empty() {
            self.lookups.learn(ino, range, Looked::Blocks);
        }
    }

    /// A hole was made.
    pub fn learn_hole(&self, ino: Ino, range: Range<FileBlock>) {
        if self.keeps_lookups() && !range.is_empty() {
            self.lookups.learn_new_hole(ino, range);
        }
    }

    /// A write begins behind the end of the file, in another block (`btrfs_write_check`).
    pub fn learn_gap_before(&self, ino: Ino, pos: u64, len: u64) {
        let (block, size) = (self.profile.block, self.inodes.size(ino));
        if block.pos(block.block_of(pos)) > size {
            self.learn_gap(ino, Range::new(block.block_after(size), block.block_after(pos + len)));
        }
    }

    /// The file grew over a gap: what is not preallocated there is a hole from now on (`btrfs_cont_expand`).
    pub fn learn_gap(&self, ino: Ino, range: Range<FileBlock>) {
        if !self.keeps_lookups() || range.is_empty() {
            return;
        }
        for (piece, record) in self.extents.pieces(ino, range) {
            match record.map(|record| record.kind) {
                Some(ExtentKind::Unwritten) => self.learn_blocks(ino, piece),
                _ => self.learn_hole(ino, piece),
            }
        }
    }
}
