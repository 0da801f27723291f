//! fallocate(2): allocate, punch, zero.

use super::size::LAST_BLOCK;
use super::{Fs, OpResult};
use crate::base::cache_state::Backing;
use crate::base::hints::Hints;
use crate::base::{DevBlock, Errno, Extent, ExtentKind, FileBlock, FsResult, Ino, Prov, Range};
use crate::inode::inode_lock;
use crate::map::allocate::{Request, Room};
use crate::map::pending::Change;
use crate::map::{MappingKind, Volume};
use crate::personality::plan::{
    Delayed, FallocNoSpace, FallocateFlush, GrowTail, NoSpacePlan, OverDelayed, Prealloc, PunchOrder, TruncateFlush,
    ZeroPlan,
};
use crate::trace::{Counter, Frame, Mode};

/// Which size change a mode of fallocate makes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SizeRule {
    /// The file grows to the end of the range.
    Extend,
    /// FALLOC_FL_KEEP_SIZE.
    Keep,
}

/// What fallocate(2) is asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ask {
    /// The file.
    pub ino: Ino,
    /// First byte.
    pub off: i64,
    /// Bytes.
    pub len: i64,
    /// The size afterwards.
    pub size: SizeRule,
    /// The command.
    pub prov: Prov,
}

impl Ask {
    /// First byte and bytes, after the checks of `vfs_fallocate`.
    pub(super) fn bytes(&self, volume: &Volume) -> FsResult<(u64, u64)> {
        let (Ok(pos), Ok(len)) = (u64::try_from(self.off), u64::try_from(self.len)) else {
            return Err(Errno::EINVAL.into());
        };
        if len == 0 {
            return Err(Errno::EINVAL.into());
        }
        if pos + len > volume.profile.max_file_size {
            return Err(Errno::EFBIG.into());
        }
        volume.note_change(self.ino, Change::Map);
        Ok((pos, len))
    }
}

impl Fs {
    /// Mode 0 and KEEP_SIZE: holes of the range become preallocated.
    pub async fn allocate(&self, ask: Ask) -> OpResult<()> {
        let volume = self.volume();
        let (pos, len) = ask.bytes(volume)?;
        let _frame = volume.cx.frame(Frame::Fallocate, pos, len);
        let _lock = volume.cx.lock(inode_lock(ask.ino), Mode::Exclusive).await;
        volume.leave_inode(ask.ino).await?;
        self.before_change(&ask, pos, len).await?;
        let result = self.preallocate(ask.ino, volume.profile.block.covering(pos, len)).await;
        let done = match result {
            Ok(()) => pos + len,
            Err((got, _)) if volume.profile.fallocate.no_space == FallocNoSpace::KeepPart => {
                // Where nothing was got the size stays (recording 109).
                let nothing = got <= volume.profile.block.block_of(pos);
                if nothing { 0 } else { volume.profile.block.pos(got) }
            }
            Err((_, errno)) => return Err(errno.into()),
        };
        if ask.size == SizeRule::Extend {
            self.extend_to(&ask, done.min(pos + len)).await?;
        }
        result.map_err(|(_, errno)| errno.into())
    }

    /// What comes before space changes: the old end's block, and the data of the range written back.
    async fn before_change(&self, ask: &Ask, pos: u64, len: u64) -> FsResult<()> {
        let volume = self.volume();
        if pos + len > volume.inodes.size(ask.ino) && volume.profile.truncate.grow == GrowTail::ZeroAlways {
            volume.zero_tail(ask.ino, ask.prov).await?;
        }
        self.flush_before(ask.ino, pos, len).await
    }

    pub(super) async fn flush_before(&self, ino: Ino, pos: u64, len: u64) -> FsResult<()> {
        match self.volume().profile.fallocate.flush {
            FallocateFlush::Nothing => Ok(()),
            FallocateFlush::Range => Ok(self.volume().write_back_wait(ino, pos, len).await?),
        }
    }

    pub(super) async fn extend_to(&self, ask: &Ask, end: u64) -> FsResult<()> {
        let volume = self.volume();
        if end > volume.inodes.size(ask.ino) && volume.profile.truncate.flush == TruncateFlush::ZeroedAndUnrecorded {
            self.resize(ask.ino, end, ask.prov).await?;
        } else if end > volume.inodes.size(ask.ino) {
            if volume.profile.truncate.grow != GrowTail::ZeroAlways {
                volume.zero_old_end(ask.ino, end, crate::io::Fill { byte: 0, prov: ask.prov }).await?;
            }
            volume.inodes.set_size(ask.ino, end);
            volume.inodes.set_disk_size(ask.ino, end);
        }
        Ok(())
    }

    /// Preallocates what is a hole; on failure says up to where it got.
    pub(super) async fn preallocate(&self, ino: Ino, range: Range<FileBlock>) -> Result<(), (FileBlock, Errno)> {
        let volume = self.volume();
        match volume.profile.prealloc {
            Prealloc::Unwritten if volume.profile.delayed != Delayed::Cache => {
                self.preallocate_unwritten(ino, range).await
            }
            Prealloc::Unwritten | Prealloc::Reserved => {
                self.reserve(ino, range).await.map_err(|errno| (range.start, errno))
            }
        }
    }

    async fn preallocate_unwritten(&self, ino: Ino, range: Range<FileBlock>) -> Result<(), (FileBlock, Errno)> {
        let volume = self.volume();
        if volume.profile.no_space == NoSpacePlan::FlushThenInPlace {
            self.room_for_all(ino, range).await.map_err(|errno| (range.start, errno))?;
        }
        let convert = volume.profile.fallocate.over_delayed == OverDelayed::Convert;
        if volume.profile.fallocate.no_space == FallocNoSpace::AllOrNothing {
            drop(volume.promise_or_commit(range.len()).await.map_err(|errno| (range.start, errno))?);
        }
        volume.inodes.set_preallocated(ino);
        let end = volume.eof_block(ino);
        volume.learn_gap(ino, Range::new(end.min(range.start), range.start));
        volume.look_up(ino, range);
        let mut behind = None;
        let mut at = range.start;
        while at < range.end {
            let mapping = volume.mapping(ino, Range::new(at, range.end));
            let delayed = mapping.kind == MappingKind::Delayed;
            if mapping.kind == MappingKind::Hole {
                volume.place_hinted_holes(ino, mapping.range).await.map_err(|errno| (at, errno))?;
            }
            if mapping.kind == MappingKind::Hole || (delayed && convert) {
                let got = self.unwritten_part(ino, mapping.range, &mut behind).await;
                if got < mapping.range.end {
                    return Err((got, Errno::ENOSPC));
                }
            }
            at = mapping.range.end;
        }
        Ok(())
    }

    /// There are blocks for every hole of the range, or else ENOSPC and nothing changes.
    async fn room_for_all(&self, ino: Ino, range: Range<FileBlock>) -> Result<(), Errno> {
        let volume = self.volume();
        let needed = volume.holes(ino, range).iter().map(Range::len).sum();
        volume.make_room_for(needed).await?;
        if needed > volume.space.ledger().available() {
            return Err(Errno::ENOSPC);
        }
        let old = self.hints(ino);
        if needed > 0 && volume.profile.inline.is_some() {
            volume.inodes.set_hints(ino, Hints { preallocated: true, ..old });
        }
        Ok(())
    }

    /// Unwritten blocks for a hole, or for delayed blocks, which bring their promise. Returns where it ended.
    async fn unwritten_part(&self, ino: Ino, range: Range<FileBlock>, behind: &mut Option<DevBlock>) -> FileBlock {
        let volume = self.volume();
        let mut at = range.start;
        let most = u64::from(volume.profile.limits.unwritten);
        while at < range.end {
            // Writeback may have been here while the task waited.
            let mapping = volume.mapping(ino, Range::new(at, range.end));
            let delayed = mapping.kind == MappingKind::Delayed;
            if mapping.kind != MappingKind::Hole && !delayed {
                at = mapping.range.end;
                continue;
            }
            let ledger = volume.space.ledger();
            if !delayed && ledger.available() == 0 && ledger.get(Counter::Pinned) > 0 && volume.commit().await.is_err()
            {
                return at;
            }
            let room = if delayed { u64::MAX } else { ledger.available() };
            let part = Range::sized(at, mapping.range.len().min(most).min(room));
            if part.is_empty() {
                return at;
            }
            let request = Request { room: Room::Exact, behind: *behind, ..Request::unwritten(part) };
            let Ok(fresh) = volume.take_blocks_as(ino, request).await else { return at };
            *behind = fresh.last().map(|last| last.addr + u64::from(last.len));
            if volume.enter(ino, part, &fresh).await {
                at = part.end;
            }
        }
        at
    }

    /// Reservation keys where there is neither a key nor data in the cache, which may be on its way to one. All or nothing.
    async fn reserve(&self, ino: Ino, range: Range<FileBlock>) -> Result<(), Errno> {
        let volume = self.volume();
        let mut parts: Vec<Range<FileBlock>> = Vec::new();
        for (hole, extent) in volume.extents.pieces(ino, range) {
            if extent.is_some() {
                continue;
            }
            let mut at = hole.start;
            while let Some(dirty) =
                volume.cache.find_run(ino, Range::new(at, hole.end), |state| state.backing.is_data())
            {
                parts.push(Range::new(at, dirty.start));
                at = dirty.end;
            }
            parts.push(Range::new(at, hole.end));
        }
        parts.retain(|part| !part.is_empty());
        let blocks: u64 = parts.iter().map(Range::len).sum();
        volume.count_metadata();
        if blocks > volume.space.ledger().available() && volume.space.ledger().get(Counter::Pinned) > 0 {
            volume.commit().await?;
        }
        if volume.profile.prealloc == Prealloc::Unwritten {
            return self.take_unwritten(ino, parts, blocks).await;
        }
        let mut promise = volume.space.ledger().promise(Counter::Reserved, blocks)?;
        promise.keep(blocks);
        for part in parts {
            let len = u32::try_from(part.len()).map_err(|_| Errno::ENOSPC)?;
            let key =
                Extent { ino, start: part.start, len, addr: DevBlock(0), kind: ExtentKind::Reserved, shared: false };
            if !volume.enter(ino, part, &[key]).await {
                // Writeback was here while the task waited: what it left out is looked for again.
                Box::pin(self.reserve(ino, part)).await?;
                continue;
            }
            volume.cache.set_state(ino, part, |mut state| {
                if state.backing == Backing::Hole {
                    state.backing = Backing::Reserved;
                }
                state
            });
        }
        Ok(())
    }

    /// Blocks with an address for holes that the cache has no data for. All or nothing.
    async fn take_unwritten(&self, ino: Ino, parts: Vec<Range<FileBlock>>, blocks: u64) -> Result<(), Errno> {
        let volume = self.volume();
        let promise = volume.space.ledger().promise(Counter::Reserved, blocks)?;
        let mut fresh = Vec::new();
        for part in parts {
            match volume.take_blocks(ino, part, ExtentKind::Unwritten).await {
                Ok(taken) => fresh.push((part, taken)),
                Err(errno) => {
                    fresh.iter().for_each(|(_, taken)| volume.dispose(taken));
                    return Err(errno);
                }
            }
        }
        drop(promise);
        for (part, taken) in fresh {
            if volume.enter(ino, part, &taken).await {
                volume.load_backing(ino, part);
            } else {
                // Writeback was here while the task waited: what it left out is looked for again.
                Box::pin(self.reserve(ino, part)).await?;
            }
        }
        Ok(())
    }

    /// Data that a commit would have recorded the size for is about to go: the size is recorded now
    /// (`ext4_update_disksize_before_punch`).
    pub(super) fn record_size(&self, ino: Ino, end: u64) {
        let inodes = &self.volume().inodes;
        let size = inodes.size(ino);
        if end >= size && inodes.get(ino, |inode| inode.disk_size) < size {
            inodes.set_disk_size(ino, size);
        }
    }

    /// ZERO_RANGE: the range reads as zeroes and keeps its space.
    pub async fn zero_range(&self, ask: Ask) -> OpResult<()> {
        let volume = self.volume();
        let (pos, len) = ask.bytes(volume)?;
        let _frame = volume.cx.frame(Frame::Fallocate, pos, len);
        let _lock = volume.cx.lock(inode_lock(ask.ino), Mode::Exclusive).await;
        volume.leave_inode(ask.ino).await?;
        if volume.profile.fallocate.punch == PunchOrder::FlushThenFree {
            return self.replace_space(&ask, pos, len).await;
        }
        self.before_change(&ask, pos, len).await?;
        self.record_size(ask.ino, pos + len);
        let block = volume.profile.block;
        let inside = block.inside(pos, len);
        match volume.profile.fallocate.zero {
            ZeroPlan::ReplaceWritten => {
                self.replace_written(&ask, pos, len).await?;
                return if ask.size == SizeRule::Extend { self.extend_to(&ask, pos + len).await } else { Ok(()) };
            }
            ZeroPlan::Convert => {
                // The cut blocks at the edges get space too (`ext4_zero_range`).
                self.preallocate(ask.ino, block.covering(pos, len)).await.map_err(|(_, errno)| errno)?;
                self.split_pages(ask.ino, pos, pos + len).await;
                self.convert_to_unwritten(ask.ino, inside).await?;
            }
            ZeroPlan::Replace => {
                self.drop_blocks(ask.ino, inside).await?;
                if !inside.is_empty() {
                    self.preallocate(ask.ino, inside).await.map_err(|(_, errno)| errno)?;
                }
            }
        }
        for edge in edges(block.covering(pos, len), inside) {
            let from = pos.max(block.pos(edge));
            let to = (pos + len).min(block.pos(edge + 1));
            volume.zero_if_mapped(ask.ino, from, to - from, ask.prov).await?;
        }
        if ask.size == SizeRule::Extend {
            self.extend_to(&ask, pos + len).await?;
        }
        Ok(())
    }

    /// Written blocks become unwritten where they are; what the cache has of them goes.
    async fn convert_to_unwritten(&self, ino: Ino, range: Range<FileBlock>) -> FsResult<()> {
        let volume = self.volume();
        if range.is_empty() {
            return Ok(());
        }
        let pos = volume.profile.block.pos(range.start);
        volume.wait_writeback(ino, pos, volume.profile.block.pos(range.end) - pos).await;
        self.lock_and_drop(ino, range).await?;
        for (part, extent) in volume.extents.pieces(ino, range) {
            if let Some(extent) = extent.filter(|extent| extent.kind == ExtentKind::Written) {
                let unwritten = Extent { kind: ExtentKind::Unwritten, ..extent };
                let removed = volume.extents.update(ino, part, &[unwritten]).await;
                volume.dispose_replaced(&removed, &[unwritten]);
            }
        }
        debug_assert!(range.end <= LAST_BLOCK, "the range lies in a file");
        Ok(())
    }
}

/// The first and the last block of `touched` that are not in `whole`.
pub(super) fn edges(touched: Range<FileBlock>, whole: Range<FileBlock>) -> impl Iterator<Item = FileBlock> {
    let last = touched.end - 1;
    let first = (touched.start != last).then_some(touched.start);
    first.into_iter().chain([last]).filter(move |at| !whole.contains(*at))
}
