//! Space that nobody asked for by name goes when nobody is likely to need it.
//!
//! Sources: `xfs_can_free_eofblocks`, `xfs_free_eofblocks`, `xfs_blockgc_free_space`; recordings 061, 075, 130.

use super::Volume;
use crate::base::{FileBlock, Ino, Range, Staged};
use crate::inode::inode_lock;
use crate::personality::plan::BehindEnd;
use crate::trace::Mode;

/// The end of every file, in blocks: nothing lies at or behind it.
pub const LAST_BLOCK: FileBlock = FileBlock(u64::MAX >> 2);

impl Volume {
    /// Gives back what lies behind the end of a file, where the personality does so; whether it had a reason to look: a
    /// record there, or a promise anywhere. A file with space that was asked for by name loses only its promises there.
    pub async fn trim_behind_end(&self, ino: Ino) -> bool {
        if self.profile.promise.behind_end == BehindEnd::Kept {
            return false;
        }
        let from = self.eof_block(ino);
        let behind = Range::new(from, LAST_BLOCK.max(from));
        let delayed = self.has_promises(ino);
        let kept = self.inodes.get(ino, |inode| inode.preallocated);
        if !delayed && (kept || self.extents.next(ino, from).is_none()) {
            return false;
        }
        self.delalloc.take(ino, behind);
        if !kept {
            let removed = self.extents.update(ino, behind, &[]).await;
            self.dispose(&removed);
        }
        true
    }

    /// Whether anything of a file is promised and not placed, in the tree or beside it (`i_delayed_blks`).
    pub fn has_promises(&self, ino: Ino) -> bool {
        let staged = self.staging.index(ino).iter().any(|(_, staged)| *staged == Staged::Delayed);
        staged || self.delalloc.blocks(ino) > 0
    }

    /// Records and promises of a range go, in the tree and beside it; what is cached stays.
    pub async fn cut_map(&self, ino: Ino, range: Range<FileBlock>) {
        let removed = self.extents.update(ino, range, &[]).await;
        self.dispose(&removed);
        self.delalloc.take(ino, range);
        self.staging.cancel(ino, range);
    }

    /// Every file leaves memory, as at an unmount: windows beside the trees and space behind the ends are given back.
    pub async fn let_go_of_all(&self) -> bool {
        let mut changed = false;
        for ino in self.inodes.table(|table| table.inodes.keys().copied().collect::<Vec<_>>()) {
            changed |= !self.staging.is_empty(ino);
            self.staging.cancel(ino, Range::new(FileBlock(0), LAST_BLOCK));
            changed |= self.trim_behind_end(ino).await;
        }
        changed
    }

    /// There is no space: everything dirty is written back, and what no dirty data needs is given back. The caller
    /// holds the lock of `own`; files that others work on are left alone.
    pub async fn give_room(&self, own: Ino) {
        if self.flush_all_wait().await.is_err() {
            return;
        }
        for ino in self.inodes.table(|table| table.inodes.keys().copied().collect::<Vec<_>>()) {
            let lock = self.cx.try_lock(inode_lock(ino), Mode::Exclusive);
            if ino != own && lock.is_none() {
                continue;
            }
            self.trim_behind_end(ino).await;
            if !self.cache.is_dirty(ino) {
                self.staging.cancel(ino, Range::new(FileBlock(0), LAST_BLOCK));
            }
        }
    }
}
