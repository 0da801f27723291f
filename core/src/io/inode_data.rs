//! Small files whose data lies in the inode: written there at once, and taken out when they outgrow it.
//!
//! A file may be small from its creation until it was too large once. While it is, a record of its first block says
//! that the data is inline. A write that does not fit any more leaves the record where it is until writeback: the page
//! becomes dirty and delayed, the inode keeps its old bytes. Everything but a write takes the data out at once, to a
//! block of its own.
//!
//! Sources: `ext4_try_to_write_inline_data`, `ext4_da_convert_inline_data_to_extent`, `ext4_convert_inline_data`,
//! `ext4_inline_data_truncate`, `ext4_destroy_inline_data`; recording 103, and each call asked with a trace.

use super::{Fill, Source};
use crate::base::{DevBlock, Errno, Extent, ExtentKind, FileBlock, Ino, PageIndex, Range};
use crate::dev::Op;
use crate::map::Volume;
use crate::personality::plan::InodeDataPlan;

/// The block whose data can lie in the inode.
const FIRST: Range<FileBlock> = Range { start: FileBlock(0), end: FileBlock(1) };

impl Volume {
    /// The record that says that a file's data lies in its inode.
    fn inode_record(&self, ino: Ino) -> Option<Extent> {
        self.profile.inode_data?;
        self.extents.get(ino, FIRST.start).filter(|extent| extent.kind == ExtentKind::Inline)
    }

    /// Whether reads and writes of a file go through the cache whatever they ask: its data lies in the inode.
    pub fn lies_in_inode(&self, ino: Ino) -> bool {
        self.inode_record(ino).is_some()
    }

    /// A write that fits into the inode goes there; whether it did. One that does not fit makes the file an ordinary
    /// one.
    pub async fn write_into_inode(&self, ino: Ino, pos: u64, len: u64, source: &Source) -> Result<bool, Errno> {
        let Some(plan) = self.profile.inode_data.filter(|_| self.inodes.get(ino, |inode| inode.may_be_small)) else {
            return Ok(false);
        };
        if pos + len > plan.bytes_max {
            self.outgrow(ino).await?;
            return Ok(false);
        }
        self.first_page(ino).await?;
        source.each(pos, len, |pos, len, fill| self.patch(ino, pos, len, fill));
        self.keep_in_inode(ino, plan, pos + len);
        if pos + len > self.inodes.size(ino) {
            self.inodes.set_size(ino, pos + len);
            self.inodes.set_disk_size(ino, pos + len);
        }
        Ok(true)
    }

    /// The first page is cached and says what the file says.
    async fn first_page(&self, ino: Ino) -> Result<(), Errno> {
        let (index, pages) = self.folio_or_page(ino, PageIndex(0));
        self.read_folio(ino, index, pages).await
    }

    /// The inode has the cached bytes of the first block, and room for at least `end` of them.
    fn keep_in_inode(&self, ino: Ino, plan: InodeDataPlan, end: u64) {
        let data = self.cache.data(ino, FIRST.start).expect("the first page was read");
        let id = self.extents.inline().put(data);
        let record =
            Extent { ino, start: FIRST.start, len: 1, addr: DevBlock(id), kind: ExtentKind::Inline, shared: false };
        let old = self.extents.replace(ino, FIRST, &[record]);
        self.dispose(&old);
        let room = self.inodes.get(ino, |inode| inode.inline_room).max(end).max(plan.bytes_min);
        self.inodes.set_inline_room(ino, room);
    }

    /// The file is too large for its inode: its page becomes dirty and, where the personality delays, delayed.
    async fn outgrow(&self, ino: Ino) -> Result<(), Errno> {
        if self.inode_record(ino).is_some() {
            self.first_page(ino).await?;
            if self.profile.pressure.is_some() {
                let mut promise = self.promise_or_commit(1).await?;
                self.delalloc.insert(ino, FIRST, &mut promise);
            } else {
                self.leave_inode(ino).await?;
            }
            self.cache.set_state(ino, FIRST, |mut state| {
                state.dirty = true;
                state
            });
        } else {
            // The first page is taken before the look into the inode, and stays.
            self.folio_or_page(ino, PageIndex(0));
        }
        self.inodes.set_may_be_small(ino, false);
        Ok(())
    }

    /// The data moves from the inode to a block of its own, now. Does nothing to a file that has none there, but it
    /// is an ordinary one from now on.
    pub async fn leave_inode(&self, ino: Ino) -> Result<(), Errno> {
        if self.profile.inode_data.is_none() {
            return Ok(());
        }
        if let Some(record) = self.inode_record(ino) {
            let data = self.extents.inline().get(record.addr.0);
            let fresh = self.take_blocks(ino, FIRST, ExtentKind::Written).await?;
            let range = fresh[0].dev_range().expect("a written record has an address");
            let ticket = self.io.submit(Op::Write { data: vec![(range, data)], fua: false }, range);
            self.io.wait(ticket).await?;
            let old = self.extents.update(ino, FIRST, &fresh).await;
            self.dispose(&old);
            self.delalloc.take(ino, FIRST);
            self.inodes.set_inline_room(ino, 0);
        }
        self.inodes.set_may_be_small(ino, false);
        Ok(())
    }

    /// Writeback begins: what the inode still has of a file that outgrew it is forgotten.
    pub(crate) async fn forget_inode_data(&self, ino: Ino) {
        if self.inode_record(ino).is_some() {
            let old = self.extents.update(ino, FIRST, &[]).await;
            self.dispose(&old);
            self.inodes.set_inline_room(ino, 0);
            self.inodes.set_may_be_small(ino, false);
        }
    }

    /// A small file is cut, and stays small; whether it was one.
    pub async fn cut_in_inode(&self, ino: Ino, size: u64, fill: Fill) -> Result<bool, Errno> {
        let small = self.inodes.get(ino, |inode| inode.may_be_small) && self.inode_record(ino).is_some();
        let Some(plan) = self.profile.inode_data.filter(|_| small) else { return Ok(false) };
        self.first_page(ino).await?;
        let end = self.profile.block.bytes();
        self.patch(ino, size, end - size, fill);
        self.inodes.set_inline_room(ino, plan.bytes_min);
        self.keep_in_inode(ino, plan, size);
        self.inodes.set_size(ino, size);
        self.inodes.set_disk_size(ino, size);
        Ok(true)
    }
}
