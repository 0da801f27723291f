//! fallocate(2) PUNCH_HOLE: whole blocks go, the rest is zeroed.

use super::fallocate::{Ask, edges};
use super::{Fs, OpResult};
use crate::base::{FileBlock, FsResult, Ino, PAGE_SIZE, Range};
use crate::inode::inode_lock;
use crate::personality::plan::{PunchEdge, PunchOrder, PunchPastEof};
use crate::trace::{Frame, Mode};

impl Fs {
    /// PUNCH_HOLE: whole blocks are freed, the edges become zeroes.
    pub async fn punch(&self, ask: Ask) -> OpResult<()> {
        let volume = self.volume();
        let (pos, len) = ask.bytes(volume)?;
        let _frame = volume.cx.frame(Frame::Fallocate, pos, len);
        let _lock = volume.cx.lock(inode_lock(ask.ino), Mode::Exclusive).await;
        volume.leave_inode(ask.ino).await?;
        let size = volume.inodes.size(ask.ino);
        let len = match volume.profile.fallocate.punch_past_eof {
            PunchPastEof::Ignored if pos >= size => return Ok(()),
            PunchPastEof::Ignored => len.min(size.next_multiple_of(PAGE_SIZE) - pos),
            PunchPastEof::Frees => len,
        };
        if volume.profile.fallocate.punch == PunchOrder::FlushThenFree {
            return self.free_space(&ask, pos, len).await;
        }
        self.flush_before(ask.ino, pos, len).await?;
        self.record_size(ask.ino, pos + len);
        let Some((edges, first)) = self.edges_to_zero(ask.ino, pos, len) else { return Ok(()) };
        self.split_pages(ask.ino, pos, pos + len).await;
        // Pages first, edges second (`ext4_punch_hole`): a folio that the edge makes dirty could not be split.
        let whole = self.whole_blocks(ask.ino, pos, len);
        let whole = Range::new(whole.start.max(first).min(whole.end), whole.end);
        if !whole.is_empty() {
            volume.space.drop_windows(ask.ino);
        }
        self.drop_blocks(ask.ino, whole).await?;
        self.zero_edges(&ask, pos, len, &edges).await
    }

    /// The blocks that a punch covers whole. A block that holds the end of the file counts when its data is covered, but
    /// not where edges are zeroed wherever there is no hole (`btrfs_punch_hole` rounds its end down).
    fn whole_blocks(&self, ino: Ino, pos: u64, len: u64) -> Range<FileBlock> {
        let volume = self.volume();
        let block = volume.profile.block;
        let (size, end) = (volume.inodes.size(ino), pos + len);
        let last = block.block_after(size);
        let start = block.block_after(pos);
        let counts = volume.profile.fallocate.edge == PunchEdge::Data;
        let end = if counts && end >= size && block.block_of(end) < last { last } else { block.block_of(end) };
        Range::new(start, end.max(start))
    }

    /// The blocks to zero in part, and the first to free, as the personality sees to them; `None` when it finds nothing to
    /// do at all.
    fn edges_to_zero(&self, ino: Ino, pos: u64, len: u64) -> Option<(Vec<FileBlock>, FileBlock)> {
        let volume = self.volume();
        let block = volume.profile.block;
        let size = volume.inodes.size(ino);
        match volume.profile.fallocate.edge {
            PunchEdge::Data => {
                let whole = self.whole_blocks(ino, pos, len);
                let edges = edges(block.covering(pos, len), whole).filter(|at| block.pos(*at) < size);
                Some((edges.collect(), FileBlock(0)))
            }
            PunchEdge::NoHole => self.edges_outside_holes(ino, pos, pos + len),
        }
    }

    /// Edges as `btrfs_punch_hole` comes to them: what it is told of as a hole is skipped, with a look that reaches as far
    /// as the length from the first block on, and no further when the hole is not known in memory.
    fn edges_outside_holes(&self, ino: Ino, pos: u64, end: u64) -> Option<(Vec<FileBlock>, FileBlock)> {
        let volume = self.volume();
        let block = volume.profile.block;
        let size = block.pos(block.block_after(volume.inodes.size(ino)));
        let behind_hole = |from: u64| -> Option<u64> {
            let looked = Range::sized(block.block_of(from), block.count(end - from));
            let hole = volume.known_hole(ino, looked).map_or(from, |hole| block.pos(hole.end));
            (hole < end).then_some(hole)
        };
        let first = behind_hole(pos)?;
        let last = block.block_of(end - 1);
        if block.block_of(first) == last && end - first < block.bytes() {
            return Some((if first < size { vec![last] } else { Vec::new() }, last + 1));
        }
        let mut edges = Vec::new();
        if first < size && !block.aligned(first) {
            edges.push(block.block_of(first));
        }
        let mut whole = block.pos(block.block_after(first));
        if first == pos && whole < end {
            let Some(behind) = behind_hole(whole) else { return Some((edges, last + 1)) };
            whole = behind;
        }
        let tail = block.pos(block.block_of(end));
        if tail < end && end < size && behind_hole(tail) == Some(tail) {
            edges.push(last);
        }
        Some((edges, block.block_of(whole)))
    }

    /// Zeroes what of the range lies in these blocks.
    async fn zero_edges(&self, ask: &Ask, pos: u64, len: u64, edges: &[FileBlock]) -> FsResult<()> {
        let volume = self.volume();
        let block = volume.profile.block;
        for edge in edges {
            let from = pos.max(block.pos(*edge));
            let to = (pos + len).min(block.pos(*edge + 1));
            match volume.profile.fallocate.edge {
                PunchEdge::Data => drop(volume.zero_if_mapped(ask.ino, from, to - from, ask.prov).await?),
                PunchEdge::NoHole => volume.zero_block(ask.ino, from, to - from, ask.prov).await?,
            }
        }
        Ok(())
    }
}
