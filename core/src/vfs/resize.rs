//! A change of size that zeroes first, then writes back what the recorded size would expose.
//!
//! Source: `xfs_setattr_size`; recordings 013, 029, 031, 059, 092, 102, 106, 114, 130.

use super::Fs;
use super::size::LAST_BLOCK;
use crate::base::{FileBlock, FsResult, Ino, Prov, Range};
use crate::inode::invalidate_lock;
use crate::io::Fill;
use crate::trace::Mode;

impl Fs {
    /// Sets the size, up or down; the inode is locked.
    pub(super) async fn resize(&self, ino: Ino, size: u64, prov: Prov) -> FsResult<()> {
        let volume = self.volume();
        let block = volume.profile.block;
        let old = volume.inodes.size(ino);
        let nothing = volume.extents.next(ino, FileBlock(0)).is_none() && volume.delalloc.blocks(ino) == 0;
        if size == 0 && old == 0 && nothing {
            return Ok(());
        }
        let mut zeroed = false;
        if size > old {
            zeroed = volume.zero_range(ino, old, size - old, prov).await?;
        } else if !block.aligned(size) {
            let rest = block.pos(block.block_after(size)) - size;
            zeroed = volume.zero_range(ino, size, rest, prov).await?;
        }
        volume.inodes.set_size(ino, size);
        let recorded = volume.inodes.get(ino, |inode| inode.disk_size);
        if size <= old {
            let from = block.block_after(size);
            let pos = block.pos(from);
            volume.wait_writeback(ino, pos, u64::MAX >> 2).await;
            self.lock_and_drop(ino, Range::new(from, LAST_BLOCK.max(from))).await?;
            // What is cached of the last block reads as zeroes behind the end, whatever the tree has there.
            let last = block.block_of(size);
            if last < from && volume.cache.state(ino, last).is_some_and(|state| state.uptodate) {
                volume.patch(ino, size, pos - size, Fill { byte: 0, prov });
            }
        }
        if size > recorded && (zeroed || old != recorded) {
            volume.write_back_wait(ino, recorded, size - recorded).await?;
        }
        volume.inodes.set_disk_size(ino, size);
        if size <= old {
            // The cache was cut before the flush, and only then.
            let behind = Range::new(block.block_after(size), LAST_BLOCK.max(block.block_after(size)));
            let invalidate = volume.cx.lock(invalidate_lock(ino), Mode::Exclusive).await;
            volume.wait_writeback(ino, block.pos(behind.start), u64::MAX >> 2).await;
            volume.cut_map(ino, behind).await;
            drop(invalidate);
            volume.inodes.set_cut_to_nothing(ino, true);
            if volume.extents.next(ino, FileBlock(0)).is_none() {
                volume.inodes.set_shares(ino, false);
            }
        }
        Ok(())
    }
}
