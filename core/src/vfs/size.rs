//! ftruncate(2).

use super::{Fs, OpResult};
use crate::base::{Errno, FileBlock, FsResult, Ino, PAGE_SIZE, PageIndex, Prov, Range};
use crate::inode::{inode_lock, invalidate_lock};
use crate::map::pending::Change;
use crate::personality::plan::{GrowTail, Reservation, TruncateFlush, TruncateTail, WritebackUnit};
use crate::trace::{Frame, Mode};

pub(super) use crate::map::behind_end::LAST_BLOCK;

impl Fs {
    /// Sets the size of a file. Negative sizes are EINVAL, too large ones EFBIG.
    pub async fn truncate(&self, ino: Ino, size: i64, prov: Prov) -> OpResult<()> {
        let volume = self.volume();
        let size = u64::try_from(size).map_err(|_| Errno::EINVAL)?;
        if size > volume.profile.max_file_size {
            return Err(Errno::EFBIG.into());
        }
        let _lock = volume.cx.lock(inode_lock(ino), Mode::Exclusive).await;
        volume.note_change(ino, Change::Map);
        let old = volume.inodes.size(ino);
        let _frame = volume.cx.frame(Frame::Truncate, old, size);
        if size > old { self.grow(ino, size, prov).await } else { self.shrink(ino, size, prov).await }
    }

    pub(super) async fn grow(&self, ino: Ino, size: u64, prov: Prov) -> FsResult<()> {
        let volume = self.volume();
        if volume.lies_in_inode(ino) {
            volume.leave_inode(ino).await?;
        }
        if volume.profile.truncate.flush == TruncateFlush::ZeroedAndUnrecorded {
            return self.resize(ino, size, prov).await;
        }
        self.flush_unrecorded(ino, u64::MAX >> 1).await?;
        match volume.profile.truncate.grow {
            GrowTail::ZeroAlways => volume.zero_tail(ino, prov).await?,
            GrowTail::ZeroIfMapped | GrowTail::Nothing => {
                volume.zero_old_end(ino, size, crate::io::Fill { byte: 0, prov }).await?;
            }
        }
        let block = volume.profile.block;
        volume.learn_gap(ino, Range::new(block.block_after(volume.inodes.size(ino)), block.block_after(size)));
        volume.inodes.set_size(ino, size);
        volume.inodes.set_disk_size(ino, size);
        Ok(())
    }

    /// Data behind the recorded size is written back before the record changes, where the personality does so.
    pub(super) async fn flush_unrecorded(&self, ino: Ino, end: u64) -> FsResult<()> {
        let volume = self.volume();
        let recorded = volume.inodes.get(ino, |inode| inode.disk_size);
        if volume.profile.truncate.flush == TruncateFlush::UnrecordedSize && end > recorded {
            volume.write_back_wait(ino, recorded, end - recorded).await?;
        }
        Ok(())
    }

    pub(super) async fn shrink(&self, ino: Ino, size: u64, prov: Prov) -> FsResult<()> {
        let volume = self.volume();
        if volume.profile.truncate.flush == TruncateFlush::ZeroedAndUnrecorded {
            return self.resize(ino, size, prov).await;
        }
        let block = volume.profile.block;
        let recorded = volume.inodes.get(ino, |inode| inode.disk_size);
        // Of a file that is empty already, too (`btrfs_setsize`, `ext4_truncate`).
        if size == 0 {
            volume.inodes.set_cut_to_nothing(ino, true);
        }
        let shorter = size < volume.inodes.size(ino);
        if shorter && volume.cut_in_inode(ino, size, crate::io::Fill { byte: 0, prov }).await? {
            return Ok(());
        }
        volume.wait_writeback(ino, size, u64::MAX >> 2).await;
        volume.space.drop_windows(ino);
        volume.inodes.set_size(ino, size);
        volume.lookups.forget(ino, Range::new(block.block_of(size), LAST_BLOCK));
        // Pages first, tail second (`ext4_setattr`): a folio that the tail makes dirty could not be split.
        self.split_pages(ino, size, u64::MAX >> 1).await;
        self.drop_from(ino, block.block_after(size)).await?;
        let mut zeroed = false;
        if volume.profile.truncate.tail == TruncateTail::WriteAndLeave {
            volume.zero_cached_tail(ino, prov);
            if shorter {
                let start = block.pos(block.block_of(size));
                volume.write_back_wait(ino, start, (u64::MAX >> 1) - start).await?;
            }
        } else if !block.aligned(size) && shorter {
            let end = block.pos(block.block_after(size));
            zeroed = volume.zero_if_mapped(ino, size, end - size, prov).await?;
        }
        self.flush_unrecorded(ino, size).await?;
        let page = size / PAGE_SIZE * PAGE_SIZE;
        if zeroed && size <= recorded && volume.profile.truncate.tail == TruncateTail::ZeroAndWrite && page < size {
            volume.write_back_wait(ino, page, size - page).await?;
        }
        volume.inodes.set_disk_size(ino, size);
        Ok(())
    }

    /// Bytes that are cut in the middle of pages split clean folios there, before anything of them becomes dirty.
    pub(super) async fn split_pages(&self, ino: Ino, from: u64, to: u64) {
        let volume = self.volume();
        if volume.profile.unit != WritebackUnit::DirtyBlocks {
            return;
        }
        let _invalidate = volume.cx.lock(invalidate_lock(ino), Mode::Exclusive).await;
        // Both folios are held before one is split: one under writeback must stay as it is.
        let mut held: Vec<(PageIndex, crate::sim::Guard)> = Vec::new();
        for page in [from, to.saturating_sub(1)].map(|at| PageIndex(at / PAGE_SIZE)) {
            let found = volume.cache.folio_at(ino, page, |folio| (folio.index, folio.pages));
            let Some((index, pages)) = found.filter(|(index, _)| held.iter().all(|(other, _)| other != index)) else {
                continue;
            };
            held.push((index, volume.cx.lock(crate::cache::folio_lock(ino, index), Mode::Exclusive).await));
            volume.wait_stable(ino, index, pages).await;
        }
        volume.split_around(ino, from, to);
    }

    /// Everything from a block on goes: pages, promises, extents.
    pub(super) async fn drop_from(&self, ino: Ino, from: FileBlock) -> FsResult<()> {
        let range = Range::new(from, LAST_BLOCK.max(from));
        self.drop_blocks(ino, range).await?;
        self.volume().staging.cancel(ino, range);
        Ok(())
    }

    /// Pages, promises and extents of whole blocks go.
    pub(super) async fn drop_blocks(&self, ino: Ino, range: Range<FileBlock>) -> FsResult<()> {
        let volume = self.volume();
        if range.is_empty() {
            return Ok(());
        }
        let _invalidate = volume.cx.lock(invalidate_lock(ino), Mode::Exclusive).await;
        let pos = volume.profile.block.pos(range.start);
        volume.wait_writeback(ino, pos, volume.profile.block.pos(range.end) - pos).await;
        self.lock_and_drop(ino, range).await?;
        let removed = volume.extents.update(ino, range, &[]).await;
        volume.dispose(&removed);
        volume.delalloc.take(ino, range);
        volume.lookups.forget(ino, range);
        let end = volume.eof_block(ino);
        volume.learn_hole(ino, Range::new(range.start, range.end.min(end).max(range.start)));
        Ok(())
    }

    /// Takes the folios' locks one after the other and their blocks out of the cache, and out of what is in flight.
    pub(super) async fn lock_and_drop(&self, ino: Ino, range: Range<FileBlock>) -> Result<(), Errno> {
        let volume = self.volume();
        let mut cut = Vec::new();
        for (index, pages) in volume.cache.folios_in(ino, range) {
            let _lock = volume.cx.lock(crate::cache::folio_lock(ino, index), Mode::Exclusive).await;
            volume.wait_stable(ino, index, pages).await;
            let blocks = volume.cache.folio_blocks(index, pages);
            if volume.cache.folio_at(ino, index, |folio| folio.pages) == Some(pages) {
                volume.drop_cached(ino, blocks.intersect(&range));
                cut.extend(volume.give_up(ino, blocks.intersect(&range)));
            }
        }
        if volume.profile.promise.reservation == Reservation::Folio {
            volume.delalloc.take(ino, range);
        }
        cut.extend(volume.give_up(ino, range));
        volume.complete_cut(ino, cut).await
    }
}
