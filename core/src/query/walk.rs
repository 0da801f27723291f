//! The walks as tasks: they take the tree's locks, look, and let go, so that others run in between.

use super::fiemap::{Answer, Byte, Found, Request, edges, is_last, next, prepare, record};
use super::{FileFacts, LiveFacts};
use crate::base::fiemap::{FiemapRecord, request};
use crate::base::{Errno, FsResult, Ino, Range};
use crate::cache::folio_lock;
use crate::inode::inode_lock;
use crate::map::Volume;
use crate::personality::plan::FiemapLock;
use crate::trace::{Frame, Mark, Mode};

/// What one look under the tree's lock gave.
enum Look {
    Found(Option<Found>),
    /// A folio in the way is locked; it is the one at this page.
    Busy(crate::base::PageIndex),
}

impl Volume {
    /// FIEMAP, with the flush that the VFS does when asked.
    pub async fn fiemap(&self, ino: Ino, asked: &Request) -> FsResult<Vec<FiemapRecord>> {
        let _frame = self.cx.frame(Frame::Fiemap, asked.start, asked.len);
        let plan = self.profile.fiemap;
        let window = prepare(&plan, asked)?;
        if asked.flags & request::SYNC != 0 {
            self.write_back_file(ino).await?;
        }
        let mut answer = Answer::new(asked.limit, self.profile.space.copies);
        if asked.flags & request::XATTR != 0 {
            return Ok(answer.finish(true));
        }
        let _inode = match plan.lock {
            FiemapLock::Untouched => Some(self.cx.lock(inode_lock(ino), Mode::Shared).await),
            FiemapLock::Blocking | FiemapLock::TryAndRestart | FiemapLock::TryThenDrop | FiemapLock::AlwaysDrop => None,
        };
        let mut at = window.start;
        while let Some(found) = self.look(ino, at, window).await? {
            let facts = LiveFacts::new(self, ino);
            // Since the last look the extent may have grown over what was told already.
            let rest = edges(&plan, at, window);
            let room = record(&facts, found, rest).is_none_or(|record| answer.push(record));
            at = Byte(facts.block().pos(found.range().end));
            if !room {
                break;
            }
        }
        Ok(answer.finish(is_last(&LiveFacts::new(self, ino), &plan, at)))
    }

    /// One look: the tree's lock, the record at or after `at`, and the folios in front of it.
    async fn look(&self, ino: Ino, at: Byte, window: Range<Byte>) -> Result<Option<Found>, Errno> {
        let plan = self.profile.fiemap;
        let block = self.profile.block.block_of(at.0);
        loop {
            let hold = self.extents.read_lock(ino, block).await;
            match self.try_look(ino, at, window) {
                Look::Found(found) => return Ok(found),
                Look::Busy(page) => match plan.lock {
                    FiemapLock::Untouched => unreachable!("this walk looks at no folio"),
                    FiemapLock::Blocking => {
                        drop(self.cx.lock(folio_lock(ino, page), Mode::Exclusive).await);
                        drop(hold);
                    }
                    FiemapLock::TryAndRestart => {
                        drop(hold);
                        self.cx.give_way(Mark::Look).await;
                    }
                    FiemapLock::TryThenDrop | FiemapLock::AlwaysDrop => {
                        drop(hold);
                        drop(self.cx.lock(folio_lock(ino, page), Mode::Exclusive).await);
                        // What lies there may have changed: the tree is asked again, then the cache.
                        let found = next(&LiveFacts::new(self, ino), &plan, at, window);
                        return Ok(found);
                    }
                },
            }
        }
    }

    fn try_look(&self, ino: Ino, at: Byte, window: Range<Byte>) -> Look {
        let plan = self.profile.fiemap;
        let found = next(&LiveFacts::new(self, ino), &plan, at, window);
        let scans = !matches!(plan.lock, FiemapLock::Untouched);
        let start = self.profile.block.block_of(at.0);
        let end = match found {
            Some(Found::Delayed(range)) => range.end,
            Some(Found::Extent(extent)) => extent.start.max(start),
            None => self.profile.block.block_after(window.end.0),
        };
        if !scans || start >= end {
            return Look::Found(found);
        }
        for (index, _) in self.cache.folios_in(ino, Range::new(start, end)) {
            match self.cx.try_lock(folio_lock(ino, index), Mode::Exclusive) {
                Some(_seen) => {}
                None => return Look::Busy(index),
            }
        }
        Look::Found(found)
    }
}
