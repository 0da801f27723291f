//! st_blocks and statfs.

use crate::base::cache_state::Backing;
use crate::base::{ExtentKind, Ino};
use crate::map::Volume;
use crate::personality::plan::{Delayed, UsagePlan};

impl Volume {
    /// `st_blocks`: 512-byte units that the file uses or was promised.
    pub fn stat_blocks(&self, ino: Ino) -> u64 {
        let (room, size) = self.inodes.get(ino, |inode| (inode.inline_room, inode.size));
        let extents = self.extents.tree(ino, |tree| {
            let counted = tree.extents(ino).map(|extent| match extent.kind {
                ExtentKind::Written | ExtentKind::Unwritten | ExtentKind::Reserved => u64::from(extent.len),
                ExtentKind::Inline if room > 0 => 0,
                ExtentKind::Inline => 1,
            });
            counted.sum::<u64>()
        });
        let promised = match self.profile.delayed {
            Delayed::Index | Delayed::Overlay => self.delalloc.blocks(ino),
            Delayed::Cache => {
                let mut blocks = 0;
                self.cache.each_folio(ino, |folio| {
                    let states = folio.states(folio.range());
                    let promised = states.iter().filter(|(_, state)| state.backing == Backing::Dirty);
                    blocks += promised.map(|(run, _)| run.len()).sum::<u64>();
                });
                blocks
            }
            Delayed::Never => 0,
        };
        let nodes = match self.profile.usage {
            UsagePlan::WithTreeNodes => self.extents.nodes_below_root(ino),
            UsagePlan::DataOnly => 0,
        };
        // Data in the inode counts as if it had sectors (`ext4_file_getattr`).
        let in_inode = if room > 0 { size.div_ceil(512) } else { 0 };
        (extents + promised + self.staging.blocks(ino) + nodes) * (self.profile.block.bytes() / 512) + in_inode
    }

    /// Blocks that statfs(2) calls free.
    pub fn free_blocks(&self) -> u64 {
        self.space.ledger().available()
    }
}
