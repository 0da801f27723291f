//! What nobody asked for by name: all dirty files.

use crate::base::{Errno, Ino, order_by};
use crate::map::Volume;
use crate::trace::Frame;

impl Volume {
    /// Starts writeback of every dirty file, in the order in which they became dirty.
    pub async fn flush_all(&self) -> Result<(), Errno> {
        let _frame = self.cx.frame(Frame::Flush, 0, 0);
        for ino in self.files_as_dirtied() {
            if self.cache.is_dirty(ino) {
                self.write_back(ino, 0, u64::MAX >> 1).await?;
            }
        }
        Ok(())
    }

    /// Files with pages, those first that became dirty first (`queue_io`, `writeback_sb_inodes`).
    fn files_as_dirtied(&self) -> Vec<Ino> {
        let mut files = self.cache.files();
        order_by(&mut files, |ino| self.inodes.get(*ino, |inode| inode.listed));
        files
    }

    /// Writes back every dirty file and waits for all of it.
    pub async fn flush_all_wait(&self) -> Result<(), Errno> {
        self.flush_all().await?;
        for ino in self.cache.files() {
            self.wait_writeback(ino, 0, u64::MAX >> 1).await;
        }
        for ino in self.ordered.files() {
            self.settle_file(ino).await?;
        }
        Ok(())
    }

    /// Starts writeback of everything because space runs short. Errors are told at the next fsync.
    pub async fn push_out(&self) {
        for ino in self.cache.files() {
            if let Err(errno) = self.write_back(ino, 0, u64::MAX >> 1).await {
                self.note_error(ino, errno);
            }
        }
    }

    /// Periodic writeback: every `interval` nanoseconds of virtual time, for as long as something is dirty.
    pub async fn flush_forever(&self, interval: u64) {
        loop {
            self.cx.sleep(interval).await;
            if let Err(errno) = self.flush_all().await {
                for ino in self.cache.files() {
                    self.note_error(ino, errno);
                }
            }
        }
    }
}
