//! Floor 10, writeback: dirty blocks to the device.
//!
//! `select` finds the runs, `place` gives them addresses as the personality plans it, `submit` sends them, and a
//! background task does the completion: conversion or index update, sizes, bits, wake-ups.
//!
//! | stage | folio | tree (in place) | tree (elsewhere) |
//! |---|---|---|---|
//! | selected | locked, dirty | delayed or a record | any |
//! | placed | writeback, clean | unwritten or written | unchanged |
//! | sent | writeback | | |
//! | completed | | written | replaced by the new record |

pub mod complete;
pub mod flusher;
pub mod ordered;
pub mod place;
pub mod select;

use self::select::Which;
use crate::base::{Errno, FileBlock, Ino, Range};
use crate::map::Volume;
use crate::trace::{Frame, Reason};

impl Volume {
    /// Starts writeback of the dirty data that overlaps the bytes, page by page.
    pub async fn write_back(&self, ino: Ino, pos: u64, len: u64) -> Result<(), Errno> {
        let _frame = self.cx.frame(Frame::Writeback, pos, len);
        let pages = self.page_blocks(pos, len);
        if self.cache.is_dirty_in(ino, pages) {
            self.still_writes()?;
        }
        if self.profile.promise.writing_forgets_cut && self.cache.is_dirty(ino) {
            self.inodes.set_cut_to_nothing(ino, false);
        }
        if self.profile.inode_data.is_some() && self.cache.is_dirty(ino) {
            self.forget_inode_data(ino).await;
        }
        self.select(ino, pages, Which::All).await
    }

    /// Writes back what lies in written blocks, and waits: the data that a commit is about.
    pub async fn write_back_written(&self, ino: Ino, pos: u64, len: u64) -> Result<(), Errno> {
        let _frame = self.cx.frame(Frame::Writeback, pos, len);
        self.select(ino, self.page_blocks(pos, len), Which::Written).await?;
        self.wait_writeback(ino, pos, len).await;
        Ok(())
    }

    /// Writes back and waits until it has arrived. An error of this or of earlier writeback that nobody was told of is
    /// told here (`filemap_write_and_wait_range`).
    pub async fn write_back_wait(&self, ino: Ino, pos: u64, len: u64) -> Result<(), Errno> {
        self.write_back_settled(ino, pos, len).await?;
        self.take_error(ino)
    }

    /// The same, with errors left for those who ask by their descriptor (`filemap_fdatawait_keep_errors`).
    pub async fn write_back_settled(&self, ino: Ino, pos: u64, len: u64) -> Result<(), Errno> {
        self.write_back(ino, pos, len).await?;
        self.wait_writeback(ino, pos, len).await;
        self.settle(ino, self.page_blocks(pos, len)).await
    }

    /// Waits until nothing that overlaps the bytes is under writeback.
    pub async fn wait_writeback(&self, ino: Ino, pos: u64, len: u64) {
        let pages = self.page_blocks(pos, len);
        let reason = Reason::Writeback(u64::from(ino.0));
        self.cache.writeback_ended().wait_until(&self.cx, reason, || !self.cache.under_writeback(ino, pages)).await;
    }

    /// Writes back a whole file and waits.
    pub async fn write_back_file(&self, ino: Ino) -> Result<(), Errno> {
        self.write_back_wait(ino, 0, u64::MAX >> 1).await
    }

    /// The blocks of the pages that overlap the bytes.
    fn page_blocks(&self, pos: u64, len: u64) -> Range<FileBlock> {
        let page = crate::base::PAGE_SIZE;
        let start = pos / page * page;
        let end = pos.saturating_add(len).min(u64::MAX >> 1).div_ceil(page) * page;
        self.profile.block.covering(start, end.max(start) - start)
    }
}
