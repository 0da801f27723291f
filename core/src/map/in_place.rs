//! Which blocks new data goes to where data moves as a rule.

use super::{MappingKind, Volume};
use crate::base::{Errno, Extent, FileBlock, Ino, Range};
use crate::personality::plan::NoSpacePlan;
use crate::trace::Counter;

impl Volume {
    /// The parts of `run` in order, each with the record whose blocks new data goes to, where there is one
    /// (`can_nocow_file_extent`): preallocation that was never written, or any data of a file without copy on write,
    /// that nobody else uses.
    pub fn in_place_parts(&self, ino: Ino, run: Range<FileBlock>) -> Vec<(Range<FileBlock>, Option<Extent>)> {
        let nocow = self.inodes.get(ino, |inode| inode.hints.nocow);
        let mut parts = Vec::new();
        for mapping in self.mappings(ino, run) {
            let stays = mapping.kind == MappingKind::Unwritten || (nocow && mapping.kind == MappingKind::Written);
            match mapping.extent.filter(|_| stays) {
                None => parts.push((mapping.range, None)),
                Some(extent) => {
                    for (part, own) in self.refs.own_runs(&extent) {
                        parts.push((part, extent.trimmed(part).filter(|_| own)));
                    }
                }
            }
        }
        parts
    }

    /// Before a write of blocks that are not delayed yet, with no folio locked: when there are fewer free blocks than
    /// it needs, all dirty data goes out and freed blocks come free (`btrfs_async_reclaim_data_space`).
    pub async fn make_room(&self, ino: Ino, range: Range<FileBlock>) -> Result<(), Errno> {
        if self.profile.no_space != NoSpacePlan::FlushThenInPlace {
            return Ok(());
        }
        let needed = self.delalloc.gaps(ino, range).iter().map(Range::len).sum();
        self.make_room_for(needed).await
    }

    /// The same for a number of blocks.
    pub async fn make_room_for(&self, needed: u64) -> Result<(), Errno> {
        let ledger = self.space.ledger();
        if self.profile.no_space != NoSpacePlan::FlushThenInPlace || needed <= ledger.available() {
            return Ok(());
        }
        Box::pin(self.flush_all_wait()).await?;
        if needed > ledger.available() && ledger.get(Counter::Pinned) > 0 {
            self.commit().await?;
        }
        Ok(())
    }
}
