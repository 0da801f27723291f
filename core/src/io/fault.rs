//! Loads and stores through a mapping.

use super::{Fill, Transfer};
use crate::base::{Errno, FsError, Ino, PAGE_SIZE, PageIndex};
use crate::cache::folio_lock;
use crate::inode::invalidate_lock;
use crate::map::Volume;
use crate::map::pending::Change;
use crate::personality::plan::FaultUnit;
use crate::trace::{Frame, Mode};

impl Volume {
    /// Stores `len` bytes at `pos` of the file through a shared mapping. A page past the end of the file, or one that
    /// cannot be had, is SIGBUS.
    pub async fn store(&self, ino: Ino, pos: u64, len: u64, fill: Fill) -> Transfer {
        self.touch(ino, pos, len, Some(fill)).await
    }

    /// Loads through a shared mapping.
    pub async fn load_mapped(&self, ino: Ino, pos: u64, len: u64) -> Transfer {
        self.touch(ino, pos, len, None).await
    }

    async fn touch(&self, ino: Ino, pos: u64, len: u64, fill: Option<Fill>) -> Transfer {
        let _frame = self.cx.frame(Frame::Fault, pos, len);
        let mut at = pos;
        while at < pos + len {
            let page = PageIndex(at / PAGE_SIZE);
            let end = ((page.0 + 1) * PAGE_SIZE).min(pos + len);
            if page.0 * PAGE_SIZE >= self.inodes.size(ino) {
                return Transfer { done: at - pos, error: Some(FsError::SigBus) };
            }
            let cached = self.cache.folio_at(ino, page, |_| ()).is_some();
            let refused = self.is_shut_down() && (fill.is_some() || !cached);
            if refused {
                return Transfer { done: at - pos, error: Some(FsError::SigBus) };
            }
            let done = match fill {
                None => self.fault_in(ino, page).await,
                Some(fill) => self.store_page(ino, page, at, end - at, fill).await,
            };
            if done.is_err() {
                return Transfer { done: at - pos, error: Some(FsError::SigBus) };
            }
            at = end;
        }
        Transfer::whole(len)
    }

    /// The page is in memory (`filemap_fault`).
    async fn fault_in(&self, ino: Ino, page: PageIndex) -> Result<(), Errno> {
        let _shared = self.cx.lock(invalidate_lock(ino), Mode::Shared).await;
        loop {
            if let Some((index, pages)) = self.cache.folio_at(ino, page, |folio| (folio.index, folio.pages)) {
                return self.read_folio(ino, index, pages).await;
            }
            if page.0 * PAGE_SIZE >= self.inodes.size(ino) {
                return Err(Errno::EIO);
            }
            // What is brought in may be dropped again before it is looked at.
            let window = self.readahead_of(ino, |readahead| readahead.fault(self.profile.readahead, page));
            self.bring_in(ino, window).await;
        }
    }

    /// The page may be written (`page_mkwrite`): it, or its whole folio, becomes dirty up to the end of the file.
    async fn store_page(&self, ino: Ino, page: PageIndex, pos: u64, len: u64, fill: Fill) -> Result<(), Errno> {
        // The folio may go or be replaced while the task waits for its lock: then the fault starts again.
        while !self.try_store_page(ino, page, pos, len, fill).await? {}
        Ok(())
    }

    /// Whether the page was there to be stored into.
    async fn try_store_page(&self, ino: Ino, page: PageIndex, pos: u64, len: u64, fill: Fill) -> Result<bool, Errno> {
        self.leave_inode(ino).await?;
        self.fault_in(ino, page).await?;
        let own = self.cache.folio_blocks(page, 1);
        self.settle(ino, own).await?;
        self.make_room(ino, own).await?;
        let when = self.relieve().await;
        let _shared = self.cx.lock(invalidate_lock(ino), Mode::Shared).await;
        let found = || self.cache.folio_at(ino, page, |folio| (folio.index, folio.pages));
        let Some((index, pages)) = found() else { return Ok(false) };
        let _lock = self.cx.lock(folio_lock(ino, index), Mode::Exclusive).await;
        self.wait_stable(ino, index, pages).await;
        self.note_change(ino, Change::Times);
        let block = self.profile.block;
        let size = self.inodes.size(ino);
        if page.0 * PAGE_SIZE >= size {
            return Err(Errno::EIO);
        }
        let stale = self.cache.count(ino, self.cache.folio_blocks(page, 1), |state| !state.uptodate);
        if found() != Some((index, pages)) || stale > 0 || self.ordered.overlaps(ino, own) {
            return Ok(false);
        }
        let folio = match self.profile.fault {
            FaultUnit::Folio => self.cache.folio_blocks(index, pages),
            FaultUnit::Page => self.cache.folio_blocks(page, 1),
        };
        let blocks = crate::base::Range::new(folio.start, folio.end.min(block.block_after(size)).max(folio.start));
        self.cache.keep_states(ino, index);
        let got = self.begin_write_as(ino, blocks, when).await?;
        if got != blocks {
            return Err(Errno::ENOSPC);
        }
        self.cache.set_state(ino, blocks, |mut state| {
            state.dirty = true;
            state
        });
        // Bytes past the end of the file are never seen: writeback zeroes them.
        if pos < size {
            self.copy_in(ino, pos, len.min(size - pos), fill);
        }
        Ok(true)
    }
}
