//! A file of the past, for the questions of `query`: the picture answers like the running engine.

use super::select::extent_from;
use super::world::{FileView, World};
use crate::base::cache_state::Backing;
use crate::base::{BlockSize, Extent, ExtentKind, FileBlock, Ino, Range};
use crate::personality::plan::{Delayed, Profile, TreeScope, UsagePlan};
use crate::query::{CacheLook, Encoding, FileFacts};
use crate::space::packed::piece_of;
use crate::space::refs;

/// The facts of a file in a world.
#[derive(Clone, Copy, Debug)]
pub struct WorldFacts<'a> {
    world: &'a World,
    ino: Ino,
    file: &'a FileView,
    profile: &'a Profile,
}

impl<'a> WorldFacts<'a> {
    /// The facts of one file; `None` when there is no such file.
    pub fn new(world: &'a World, ino: Ino, profile: &'a Profile) -> Option<Self> {
        Some(Self { world, ino, file: world.files.get(&ino)?, profile })
    }

    /// `st_blocks`: 512-byte units that the file uses or was promised.
    pub fn stat_blocks(&self) -> u64 {
        let profile = self.profile;
        let extents = self.world.extents(self.ino).into_iter().map(|extent| match extent.kind {
            ExtentKind::Written | ExtentKind::Unwritten | ExtentKind::Reserved => u64::from(extent.len),
            ExtentKind::Inline if self.file.inline_room > 0 => 0,
            ExtentKind::Inline => 1,
        });
        let promised: u64 = match profile.delayed {
            Delayed::Index | Delayed::Overlay => self.file.delayed.iter().map(|(range, ())| range.len()).sum(),
            Delayed::Cache => {
                let promised = self.file.states.iter().filter(|(_, state)| state.backing == Backing::Dirty);
                promised.map(|(range, _)| range.len()).sum()
            }
            Delayed::Never => 0,
        };
        let nodes = match (profile.usage, profile.tree.scope) {
            (UsagePlan::WithTreeNodes, TreeScope::Inode) => self.nodes_below_root(),
            (UsagePlan::WithTreeNodes, TreeScope::Filesystem) | (UsagePlan::DataOnly, _) => 0,
        };
        let staged: u64 = self.file.staging.iter().map(|(range, _)| range.len()).sum();
        // Data in the inode counts as if it had sectors (`ext4_file_getattr`).
        let in_inode = if self.file.inline_room > 0 { self.file.size.div_ceil(512) } else { 0 };
        (extents.sum::<u64>() + promised + staged + nodes) * (profile.block.bytes() / 512) + in_inode
    }

    fn nodes_below_root(&self) -> u64 {
        let Some(root) = self.world.trees.get(&self.ino.0) else { return 0 };
        let mut below = 0;
        let mut open = vec![*root];
        while let Some(node) = open.pop() {
            let children = self.world.nodes.get(&node).map_or(&[][..], |view| view.entries.as_slice());
            for entry in children {
                if let crate::base::Entry::Child { node, .. } = entry {
                    below += 1;
                    open.push(*node);
                }
            }
        }
        below
    }
}

impl FileFacts for WorldFacts<'_> {
    fn size(&self) -> u64 {
        self.file.size
    }
    fn block(&self) -> BlockSize {
        self.profile.block
    }
    fn extent(&self, at: FileBlock) -> Option<Extent> {
        extent_from(self.world, self.ino, at)
    }
    fn shared_runs(&self, extent: &Extent) -> Vec<(Range<FileBlock>, bool)> {
        refs::shared_runs(self.profile.share, &self.world.sharing, extent)
    }
    fn copies(&self) -> u64 {
        self.profile.space.copies
    }
    fn encoding(&self, extent: &Extent) -> Encoding {
        Encoding::of(self.profile, extent, |at| piece_of(&self.world.pieces, at))
    }
    fn inode_bytes(&self) -> Option<u64> {
        (self.file.inline_room > 0).then(|| self.file.inline_room.min(self.file.size))
    }
    fn delayed(&self, at: FileBlock) -> Option<Range<FileBlock>> {
        let next = |from| {
            let delayed = self.file.delayed.at_or_after(from).map(|(range, ())| range);
            let ordered = self.file.ordered.at_or_after(from).map(|(range, _)| range);
            [delayed, ordered].into_iter().flatten().min_by_key(|range| range.start.max(from))
        };
        let mut found = next(at)?;
        while let Some(more) = next(found.end).filter(|more| more.start == found.end) {
            found.end = more.end;
        }
        Some(found)
    }
    fn staged(&self, at: FileBlock) -> Option<Range<FileBlock>> {
        self.file.staging.at_or_after(at).map(|(range, _)| range)
    }
    fn cached(&self, range: Range<FileBlock>, look: CacheLook) -> Option<Range<FileBlock>> {
        let mut found: Option<Range<FileBlock>> = None;
        for (run, state) in self.file.states.overlapping(range) {
            let run = run.intersect(&range);
            match (&mut found, look.counts(*state)) {
                (None, true) => found = Some(run),
                (Some(open), true) if open.end == run.start => open.end = run.end,
                (Some(_), _) => break,
                (None, false) => {}
            }
        }
        found
    }
}
