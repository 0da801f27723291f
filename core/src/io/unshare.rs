//! Writes what is there over itself, where others use the same blocks.
//!
//! Source: `iomap_file_unshare`; recordings 041, 211, 228.

use crate::base::{Errno, FileBlock, Ino, Range};
use crate::cache::folio_lock;
use crate::map::{MappingKind, Volume};
use crate::trace::Mode;

impl Volume {
    /// Written blocks that are shared, or that a window waits for, become dirty. The bytes lie in the file.
    pub async fn unshare(&self, ino: Ino, pos: u64, len: u64) -> Result<(), Errno> {
        let block = self.profile.block;
        let end = pos + len;
        let mut at = pos;
        while at < end {
            let got = self.reserve_kept(ino, at, end - at).await?;
            let stop = block.pos(got.end).min(end);
            let waits = self.staging.next(ino, got.start).is_some_and(|(range, _)| range.start <= got.start);
            let written = self.mapping(ino, Range::sized(got.start, 1)).kind == MappingKind::Written;
            while at < stop && waits && written {
                at += self.dirty_again(ino, at, stop - at).await?;
            }
            at = at.max(stop);
        }
        Ok(())
    }

    /// Reads one folio's part of the bytes and makes it dirty; the bytes done, 0 when the folio has to be found again.
    async fn dirty_again(&self, ino: Ino, pos: u64, len: u64) -> Result<u64, Errno> {
        let part = self.write_part(ino, pos, len, len);
        let _lock = self.cx.lock(folio_lock(ino, part.index), Mode::Exclusive).await;
        if !self.folio_for_write(ino, &part) {
            return Ok(0);
        }
        self.wait_stable(ino, part.index, part.pages).await;
        let blocks: Range<FileBlock> = self.profile.block.covering(part.pos, part.len);
        self.fill(ino, blocks).await?;
        self.cache.set_state(ino, blocks, |mut state| {
            state.dirty = true;
            state
        });
        Ok(part.len)
    }
}
