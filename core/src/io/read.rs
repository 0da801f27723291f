//! Buffered read: through the cache, with readahead.

use super::Transfer;
use crate::base::{Errno, Ino, PAGE_SIZE, PageIndex};
use crate::cache::folio_lock;
use crate::cache::readahead::{Readahead, Window};
use crate::inode::invalidate_lock;
use crate::map::Volume;
use crate::trace::{Frame, Mode};

impl Volume {
    /// Reads `len` bytes at `pos` into the cache; returns how many there are before the end of the file.
    pub async fn read(&self, ino: Ino, pos: u64, len: u64) -> Transfer {
        let _frame = self.cx.frame(Frame::Read, pos, len);
        self.note_read(ino);
        let end = (pos.saturating_add(len)).min(self.inodes.size(ino));
        if pos >= end {
            return Transfer::whole(0);
        }
        let last = PageIndex((end - 1) / PAGE_SIZE);
        let mut page = PageIndex(pos / PAGE_SIZE);
        // The file may be cut while the task waits: what is behind its end then is not read (`filemap_read`).
        while page <= last && page.0 * PAGE_SIZE < self.inodes.size(ino) {
            match self.read_page(ino, page, last).await {
                Ok(next) => page = next,
                Err(errno) => return Transfer::stopped((page.0 * PAGE_SIZE).saturating_sub(pos), errno),
            }
        }
        self.readahead_of(ino, |readahead| readahead.ended(last));
        Transfer::whole(end.min(self.inodes.size(ino)).saturating_sub(pos))
    }

    /// Makes one page up to date; returns the first page behind its folio.
    async fn read_page(&self, ino: Ino, page: PageIndex, last: PageIndex) -> Result<PageIndex, Errno> {
        let wanted = last.0 - page.0 + 1;
        let found = self.cache.folio_at(ino, page, |folio| (folio.index, folio.pages));
        let marked = found.is_some_and(|(index, _)| self.cache.take_mark(ino, index));
        let stale =
            |(index, pages)| self.cache.count(ino, self.cache.folio_blocks(index, pages), |state| !state.uptodate) > 0;
        if !marked && found.is_some_and(|found| !stale(found)) {
            return Ok(found.map_or(page, |(index, pages)| PageIndex(index.0 + u64::from(pages))));
        }
        // Nobody takes blocks away between the look at the tree and the page that says what they hold.
        let _shared = self.cx.lock(invalidate_lock(ino), Mode::Shared).await;
        if let Some((index, pages)) = found.filter(|_| marked) {
            let window = self.readahead_of(ino, |readahead| {
                readahead.marked(self.profile.readahead, index, u64::from(pages), wanted)
            });
            self.bring_in(ino, window).await;
        } else if found.is_none() {
            let before = self.cached_before(ino, page);
            let window =
                self.readahead_of(ino, |readahead| readahead.missing(self.profile.readahead, page, wanted, before));
            self.bring_in(ino, window).await;
        }
        let Some((index, pages)) = self.cache.folio_at(ino, page, |folio| (folio.index, folio.pages)) else {
            return Ok(page);
        };
        self.read_folio(ino, index, pages).await?;
        Ok(PageIndex(index.0 + u64::from(pages)))
    }

    /// Fills a folio that is in the cache.
    pub async fn read_folio(&self, ino: Ino, index: PageIndex, pages: u32) -> Result<(), Errno> {
        let blocks = self.cache.folio_blocks(index, pages);
        if self.cache.count(ino, blocks, |state| !state.uptodate) == 0 {
            return Ok(());
        }
        // What is in flight has no record that says where it is (`lock_extents_for_read`).
        self.settle(ino, blocks).await?;
        let _lock = self.cx.lock(folio_lock(ino, index), Mode::Exclusive).await;
        self.cache.keep_states(ino, index);
        self.fill(ino, blocks).await
    }

    /// Adds the missing folios of a window and fills them, as far as the device answers.
    pub async fn bring_in(&self, ino: Ino, window: Window) {
        let size = self.inodes.size(ino);
        if size == 0 || window.start.0 > (size - 1) / PAGE_SIZE {
            return;
        }
        let last = PageIndex((size - 1) / PAGE_SIZE);
        let mut added = Vec::new();
        let mut rest = window;
        for (index, pages) in window.folios(last) {
            if self.cache.has_folio_in(ino, self.cache.folio_blocks(index, pages)) {
                break;
            }
            self.add_folio(ino, index, pages);
            added.push((index, pages));
            rest.start = PageIndex(index.0 + u64::from(pages));
        }
        // Something is cached already: the rest comes in single pages (the fallback of `page_cache_ra_order`).
        rest.pages = (window.start.0 + window.pages).saturating_sub(rest.start.0);
        for (index, pages) in (Window { order: 0, ..rest }).folios(last) {
            if self.cache.folio_at(ino, index, |_| ()).is_none() {
                self.add_folio(ino, index, pages);
                added.push((index, pages));
            }
        }
        // Only a folio that this window brought in carries its mark.
        let marked = |(index, pages): &&(PageIndex, u32)| {
            window.mark.is_some_and(|mark| *index <= mark && mark.0 < index.0 + u64::from(*pages))
        };
        if let Some((index, _)) = added.iter().find(marked) {
            self.cache.set_mark(ino, *index);
        }
        for (index, pages) in added {
            if self.cache.folio_at(ino, index, |folio| folio.pages) == Some(pages) {
                // Nobody waits for what is read ahead: whoever needs a page that failed reads it again, and is told
                // (`filemap_update_page`).
                let _untold = self.read_folio(ino, index, pages).await;
            }
        }
    }

    /// Pages right in front of `page` that are cached, at most a window's worth.
    fn cached_before(&self, ino: Ino, page: PageIndex) -> u64 {
        let mut count = 0;
        while count < page.0.min(self.profile.readahead.pages)
            && self.cache.folio_at(ino, PageIndex(page.0 - count - 1), |_| ()).is_some()
        {
            count += 1;
        }
        count
    }

    /// The readahead state of a file.
    pub fn readahead_of<R>(&self, ino: Ino, change: impl FnOnce(&mut Readahead) -> R) -> R {
        self.readahead.change(|all| change(all.entry(ino).or_default()))
    }
}
