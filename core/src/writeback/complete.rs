//! The data has arrived: records, sizes, bits, wake-ups.

use crate::base::{Errno, Extent, FileBlock, Ino, Range};
use crate::map::{Ioend, Volume};
use crate::trace::{Frame, Reason};

impl Volume {
    /// The background task that completes what was sent, in order of sending.
    pub async fn complete_forever(&self) {
        loop {
            let ready = || self.ioends.with(|ioends| !ioends.is_empty());
            self.ioend_work.wait_until(&self.cx, Reason::Work, ready).await;
            let Some(ioend) = self.ioends.change(|ioends| ioends.pop_front()) else { continue };
            let _frame = self.cx.frame(Frame::Ioend, ioend.range.start.0, ioend.range.len());
            self.complete(ioend).await;
        }
    }

    async fn complete(&self, ioend: Ioend) {
        let mut result: Result<(), Errno> = Ok(());
        for ticket in ioend.tickets {
            if let Err(errno) = self.io.wait(ticket).await {
                result = Err(errno);
            }
        }
        match result {
            Ok(()) => {
                for extent in &ioend.extents {
                    self.record(*extent).await;
                }
                for flight in &ioend.flights {
                    self.arrive(ioend.ino, *flight).await;
                }
                for range in &ioend.staged {
                    self.unstage(ioend.ino, *range).await;
                }
                let arrived = ioend.end.min(self.inodes.size(ioend.ino));
                let recorded = self.inodes.get(ioend.ino, |inode| inode.disk_size);
                self.inodes.set_disk_size(ioend.ino, arrived.max(recorded));
            }
            Err(errno) => {
                self.note_error(ioend.ino, errno);
                for flight in &ioend.flights {
                    self.lose(ioend.ino, *flight).await;
                }
            }
        }
        for index in ioend.folios {
            self.cache.set_writeback(ioend.ino, index, false);
        }
    }

    /// What waited beside the tree enters it; what it replaces gives back what it had (`xfs_reflink_end_cow`).
    pub async fn unstage(&self, ino: Ino, range: Range<FileBlock>) {
        for extent in self.staging.arrived(ino, range) {
            self.record(extent).await;
            self.delalloc.take(ino, extent.range());
        }
    }

    /// The tree gets the record; what it replaces gives back what it had.
    async fn record(&self, extent: Extent) {
        let hold = self.extents.write_lock(extent.ino, extent.range(), 1).await;
        let removed = self.extents.replace(extent.ino, extent.range(), &[extent]);
        drop(hold);
        self.place_node(extent.ino);
        self.dispose_replaced(&removed, &[extent]);
    }
}
