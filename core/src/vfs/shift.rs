//! COLLAPSE_RANGE and INSERT_RANGE: what lies behind a range moves, and nothing is copied.
//!
//! Sources: `ext4_collapse_range`, `ext4_insert_range`, `xfs_prepare_shift`, `bchfs_fcollapse_finsert`; recordings 024
//! to 028, 097, 122, 208, 209.

use super::fallocate::Ask;
use super::size::LAST_BLOCK;
use super::{Fs, OpResult};
use crate::base::{Errno, FileBlock, FsResult, Ino, PAGE_SIZE, Range};
use crate::inode::{inode_lock, invalidate_lock};
use crate::personality::plan::{ShiftDrop, ShiftFlush, ShiftPlan, ShiftSize};
use crate::trace::{Frame, Mode};

/// Everything to the end of a file, in bytes.
const TO_THE_END: u64 = u64::MAX >> 1;

impl Fs {
    /// COLLAPSE_RANGE: the range goes, what follows moves down. EINVAL where it is not made of whole blocks or reaches
    /// the end of the file.
    pub async fn collapse(&self, ask: Ask) -> OpResult<()> {
        let volume = self.volume();
        let (pos, len) = ask.bytes(volume)?;
        let plan = volume.profile.shift.ok_or(Errno::EOPNOTSUPP)?;
        let _frame = volume.cx.frame(Frame::Fallocate, pos, len);
        let _lock = volume.cx.lock(inode_lock(ask.ino), Mode::Exclusive).await;
        volume.leave_inode(ask.ino).await?;
        self.whole_blocks_only(pos, len)?;
        let size = volume.inodes.size(ask.ino);
        if pos + len >= size {
            return Err(Errno::EINVAL.into());
        }
        let invalidate = volume.cx.lock(invalidate_lock(ask.ino), Mode::Exclusive).await;
        self.flush_for_shift(ask.ino, plan, pos, pos + len).await?;
        let block = volume.profile.block;
        let (start, end) = (block.block_of(pos), block.block_of(pos + len));
        let removed = volume.extents.update(ask.ino, Range::new(start, end), &[]).await;
        volume.dispose(&removed);
        volume.extents.shift_down(ask.ino, end, end - start).await;
        drop(invalidate);
        match plan.size {
            ShiftSize::Set => self.set_both_sizes(ask.ino, size - len),
            ShiftSize::Truncate => self.shrink(ask.ino, size - len, ask.prov).await?,
        }
        Ok(())
    }

    /// INSERT_RANGE: what lies at the position and behind it moves up and leaves a hole. EINVAL where it is not made of
    /// whole blocks or starts at the end of the file or behind it; EFBIG where the file would become too large.
    pub async fn insert(&self, ask: Ask) -> OpResult<()> {
        let volume = self.volume();
        let (pos, len) = ask.bytes(volume)?;
        let plan = volume.profile.shift.ok_or(Errno::EOPNOTSUPP)?;
        let _frame = volume.cx.frame(Frame::Fallocate, pos, len);
        let _lock = volume.cx.lock(inode_lock(ask.ino), Mode::Exclusive).await;
        volume.leave_inode(ask.ino).await?;
        self.whole_blocks_only(pos, len)?;
        let size = volume.inodes.size(ask.ino);
        if len > volume.profile.max_file_size.saturating_sub(size) {
            return Err(Errno::EFBIG.into());
        }
        if pos >= size {
            return Err(Errno::EINVAL.into());
        }
        let block = volume.profile.block;
        let (start, by) = (block.block_of(pos), block.block_of(len).0);
        // Space behind the end of the file moves too, and may have no room to.
        let last = volume.extents.prev(ask.ino, LAST_BLOCK).map_or(FileBlock(0), |extent| extent.end());
        if last + by > block.block_of(volume.profile.max_file_size) + 1 {
            return Err(Errno::EINVAL.into());
        }
        if plan.size == ShiftSize::Truncate {
            self.grow(ask.ino, size + len, ask.prov).await?;
        }
        let _invalidate = volume.cx.lock(invalidate_lock(ask.ino), Mode::Exclusive).await;
        self.flush_for_shift(ask.ino, plan, pos, pos).await?;
        if plan.size == ShiftSize::Set {
            self.set_both_sizes(ask.ino, size + len);
        }
        volume.extents.shift_up(ask.ino, start, by).await;
        Ok(())
    }

    fn whole_blocks_only(&self, pos: u64, len: u64) -> Result<(), Errno> {
        let block = self.volume().profile.block;
        if block.aligned(pos) && block.aligned(len) { Ok(()) } else { Err(Errno::EINVAL) }
    }

    fn set_both_sizes(&self, ino: Ino, size: u64) {
        self.volume().inodes.set_size(ino, size);
        self.volume().inodes.set_disk_size(ino, size);
    }

    /// What moves is written back, and nothing from there on stays in the cache: it would be at the wrong place. The
    /// bytes between `pos` and `kept` are about to go.
    async fn flush_for_shift(&self, ino: Ino, plan: ShiftPlan, pos: u64, kept: u64) -> FsResult<()> {
        let volume = self.volume();
        volume.space.drop_windows(ino);
        let block = volume.profile.block;
        let from = match plan.flush {
            ShiftFlush::Kept | ShiftFlush::FromPosition => pos,
            ShiftFlush::FromBlockBefore => pos.saturating_sub(block.bytes()),
        };
        // What nobody asked for by name does not move.
        volume.trim_behind_end(ino).await;
        let page = from / PAGE_SIZE * PAGE_SIZE;
        if plan.flush == ShiftFlush::Kept && kept > pos {
            // The page that the range starts in, then what is behind the range.
            volume.write_back_wait(ino, page, pos + 1 - page).await?;
            volume.write_back_wait(ino, kept, TO_THE_END).await?;
        } else {
            volume.write_back_wait(ino, page, TO_THE_END).await?;
        }
        match plan.drop {
            ShiftDrop::Cut => {
                volume.wait_writeback(ino, page, TO_THE_END).await;
                self.lock_and_drop(ino, Range::new(block.block_of(page), LAST_BLOCK)).await?;
            }
            ShiftDrop::Folios => volume.invalidate(ino, page, TO_THE_END).await,
        }
        volume.staging.cancel(ino, Range::new(block.block_of(from), LAST_BLOCK));
        Ok(())
    }
}
