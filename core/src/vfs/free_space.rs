//! Punching and zeroing where the pages of the range are written back first.
//!
//! Sources: `xfs_free_file_space`, `xfs_falloc_zero_range`; recordings 016 to 023, 096, 107, 115, 121.

use super::fallocate::{Ask, SizeRule};
use super::{Fs, OpResult};
use crate::base::{PAGE_SIZE, Range};
use crate::inode::invalidate_lock;
use crate::trace::Mode;

impl Fs {
    /// Frees the whole blocks of the range and zeroes the rest of it, up to the end of the file.
    pub(super) async fn free_space(&self, ask: &Ask, pos: u64, len: u64) -> OpResult<()> {
        let volume = self.volume();
        let block = volume.profile.block;
        let end = pos + len;
        let first = pos / PAGE_SIZE * PAGE_SIZE;
        let last = end.next_multiple_of(PAGE_SIZE);
        {
            let _invalidate = volume.cx.lock(invalidate_lock(ask.ino), Mode::Exclusive).await;
            volume.write_back_wait(ask.ino, first, last - first).await?;
            self.lock_and_drop(ask.ino, block.covering(first, last - first)).await?;
            let (start, stop) = (block.block_after(pos), block.block_of(end));
            if stop > start {
                let removed = volume.extents.update(ask.ino, Range::new(start, stop), &[]).await;
                volume.dispose(&removed);
                volume.delalloc.take(ask.ino, Range::new(start, stop));
            }
        }
        let size = volume.inodes.size(ask.ino);
        if pos >= size {
            return Ok(());
        }
        let end = end.min(size);
        volume.zero_range(ask.ino, pos, end - pos, ask.prov).await?;
        if end >= size && !end.is_multiple_of(PAGE_SIZE) {
            // What the page has behind the end of the file becomes zeroes when it is written.
            volume.write_back_wait(ask.ino, end / PAGE_SIZE * PAGE_SIZE, u64::MAX >> 1).await?;
        }
        Ok(())
    }

    /// Frees the range and preallocates it anew, with the blocks that it covers in part.
    pub(super) async fn replace_space(&self, ask: &Ask, pos: u64, len: u64) -> OpResult<()> {
        self.free_space(ask, pos, len).await?;
        let covering = self.volume().profile.block.covering(pos, len);
        self.preallocate(ask.ino, covering).await.map_err(|(_, errno)| errno)?;
        if ask.size == SizeRule::Extend {
            self.extend_to(ask, pos + len).await?;
        }
        Ok(())
    }
}
