//! fsync and its kin.

use super::{Fs, OpResult};
use crate::base::{Errno, Ino, PAGE_SIZE, PageIndex, Range};
use crate::map::pending::Change;
use crate::personality::plan::{CloseFlush, FsyncPlan};
use crate::trace::Frame;

/// What sync_file_range(2) is asked to do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SyncRange {
    /// Wait for writeback that is under way.
    pub wait_before: bool,
    /// Start writeback.
    pub write: bool,
    /// Wait for it.
    pub wait_after: bool,
}

impl Fs {
    /// fsync(2): the file's data, then the metadata. Reports an error of writeback once.
    pub async fn fsync(&self, ino: Ino) -> OpResult<()> {
        self.fsync_range(ino, 0, u64::MAX >> 1, Change::Times).await
    }

    /// fdatasync(2): the same, where more than times changed.
    pub async fn fdatasync(&self, ino: Ino) -> OpResult<()> {
        self.fsync_range(ino, 0, u64::MAX >> 1, Change::Map).await
    }

    /// The part of a file that msync(MS_SYNC) asks for, then the metadata, if at `least` so much changed.
    pub async fn fsync_range(&self, ino: Ino, pos: u64, len: u64, least: Change) -> OpResult<()> {
        let volume = self.volume();
        let _frame = volume.cx.frame(Frame::Fsync, u64::from(ino.0), 0);
        if volume.profile.close_flush == CloseFlush::CutSinceFsync {
            volume.inodes.set_cut_to_nothing(ino, false);
        }
        let (pos, len) = match volume.profile.fsync {
            FsyncPlan::Part => (pos, len),
            FsyncPlan::WholeFile => (0, u64::MAX >> 1),
        };
        let written = volume.write_back_settled(ino, pos, len).await;
        let told = self.tell(ino);
        written.and(told)?;
        volume.commit_for(ino, least).await?;
        volume.lookups.settle(ino);
        Ok(self.tell(ino)?)
    }

    /// What the descriptor of a file was not told yet of its errors (`file_check_and_advance_wb_err`).
    fn tell(&self, ino: Ino) -> Result<(), Errno> {
        self.0.open.change(|open| {
            let file = open.files.iter_mut().find(|file| file.ino == ino);
            file.map_or(Ok(()), |file| self.volume().tell(ino, &mut file.told))
        })
    }

    /// syncfs(2): every file, then the metadata.
    pub async fn syncfs(&self) -> OpResult<()> {
        let volume = self.volume();
        let _frame = volume.cx.frame(Frame::Syncfs, 0, 0);
        volume.flush_all_wait().await?;
        // It visits every file on the list of dirty ones, also those whose pages were cut or written back since.
        for ino in volume.inodes.table(|table| table.inodes.keys().copied().collect::<Vec<_>>()) {
            if volume.profile.promise.writing_forgets_cut && volume.inodes.get(ino, |inode| inode.listed > 0) {
                volume.inodes.set_cut_to_nothing(ino, false);
            }
            volume.inodes.unlist(ino);
        }
        let committed = volume.commit().await;
        // The call is made by way of a descriptor, the current one.
        let told = self.0.open.change(|open| {
            let current = open.files.iter_mut().find(|file| Some(&file.name) == open.current.as_ref());
            current.map_or(Ok(()), |file| volume.tell_of_all(&mut file.told))
        });
        Ok(committed.and(told)?)
    }

    /// sync_file_range(2): data only, no metadata.
    pub async fn sync_range(&self, ino: Ino, pos: u64, len: u64, what: SyncRange) -> OpResult<()> {
        let volume = self.volume();
        let len = if len == 0 { u64::MAX >> 1 } else { len };
        if what.wait_before {
            volume.wait_writeback(ino, pos, len).await;
            self.tell(ino)?;
        }
        if what.write {
            volume.write_back(ino, pos, len).await?;
        }
        if what.wait_after {
            volume.wait_writeback(ino, pos, len).await;
            self.tell(ino)?;
        }
        Ok(())
    }

    /// posix_fadvise(DONTNEED): starts writeback of the range and drops the pages that are clean already.
    pub async fn dont_need(&self, ino: Ino, pos: u64, len: u64) -> OpResult<()> {
        let volume = self.volume();
        let end = if len == 0 { u64::MAX >> 1 } else { pos.saturating_add(len).min(u64::MAX >> 1) };
        volume.write_back(ino, pos, end.saturating_sub(pos)).await?;
        let size = volume.inodes.size(ino);
        let first = pos.div_ceil(PAGE_SIZE);
        let last = if end >= size { end.div_ceil(PAGE_SIZE) } else { end / PAGE_SIZE };
        if first >= last {
            return Ok(());
        }
        let block = volume.profile.block;
        let range = Range::new(block.first_block(PageIndex(first)), block.first_block(PageIndex(last)));
        for (index, pages) in volume.cache.folios_in(ino, range) {
            // A folio that somebody works on is left alone (`invalidate_mapping_pages`).
            let lock = crate::cache::folio_lock(ino, index);
            let Some(_lock) = volume.cx.try_lock(lock, crate::trace::Mode::Exclusive) else { continue };
            let blocks = volume.cache.folio_blocks(index, pages);
            let idle = volume.cache.folio_at(ino, index, |folio| !folio.writeback) == Some(true);
            if idle && range.covers(&blocks) && !volume.cache.is_dirty_in(ino, blocks) {
                volume.drop_cached(ino, blocks);
            }
        }
        Ok(())
    }
}
