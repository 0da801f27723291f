//! What fsync of one file makes durable where it writes a log and no transaction: the last commit, with that file as it
//! is now. Other files are found as the last commit has them, whatever became of them since.
//!
//! Sources: `btrfs_sync_log`, `btrfs_log_inode`, `btrfs_need_log_full_commit`; copies of a mounted btrfs of kernel 6.18
//! after fsync, beside ext4 and xfs, which keep everything up to then.

use super::behind_end::LAST_BLOCK;
use super::store::Metadata;
use crate::base::{DevBlock, Extent, ExtentKind, FileBlock, Ino, Range, RangeMap};
use crate::extent::Trees;

/// The last commit with one file as it is `now`; its records lie in the tree `tree`. `None` where names changed so that
/// only a whole commit says where the file is (`btrfs_record_unlink_dir`).
pub(super) fn with_file(told: &Metadata, now: &Metadata, ino: Ino, tree: u32) -> Option<Metadata> {
    let names = |of: &Metadata| -> Vec<String> {
        of.names.iter().filter(|(_, target)| **target == ino).map(|(name, _)| name.clone()).collect()
    };
    let own = names(now);
    let taken = own.iter().any(|name| told.names.get(name).is_some_and(|holder| *holder != ino));
    let moved = told.inodes.contains_key(&ino) && names(told) != own;
    if own.is_empty() || taken || moved {
        return None;
    }
    let mut next = told.clone();
    next.next_ino = now.next_ino;
    next.inodes.insert(ino, *now.inodes.get(&ino)?);
    for name in own {
        next.names.insert(name, ino);
    }
    let mut records = next.trees.get(&tree)?.detached();
    let came: Vec<Extent> = now.trees.get(&tree)?.extents(ino).collect();
    let gone = records.replace(ino, Range::new(FileBlock(0), LAST_BLOCK), &came, &|_, _| false, &mut Vec::new());
    next.trees.insert(tree, records);
    take_inline(&mut next, now, &gone, &came)?;
    take_blocks(&mut next, now, &gone, &came);
    // Blocks that the last commit has and that are free now keep their checksums; others may be new, and are left out
    // where nothing owns them.
    now.sums.iter().for_each(|(range, sum)| next.sums.insert(range, *sum));
    Some(next)
}

fn take_inline(next: &mut Metadata, now: &Metadata, gone: &[Extent], came: &[Extent]) -> Option<()> {
    let ids = |records: &[Extent]| -> Vec<u64> {
        records.iter().filter(|extent| extent.kind == ExtentKind::Inline).map(|extent| extent.addr.0).collect()
    };
    ids(gone).iter().for_each(|id| drop(next.inline.remove(id)));
    for id in ids(came) {
        next.inline.insert(id, now.inline.get(&id)?.clone());
    }
    Some(())
}

/// What the new records lie in comes along; what only the old ones lay in goes.
fn take_blocks(next: &mut Metadata, now: &Metadata, gone: &[Extent], came: &[Extent]) {
    let (gone, came) = (covered(gone.iter().copied()), covered(came.iter().copied()));
    let used = covered(records(&next.trees));
    let idle = |range: Range<DevBlock>| gone.overlaps(range) && !used.overlaps(range);
    let made: Vec<_> = next.disk_extents.iter().copied().filter(|range| idle(*range)).collect();
    for range in &made {
        next.disk_extents.remove(range);
    }
    for range in now.disk_extents.iter().filter(|range| came.overlaps(**range)) {
        next.disk_extents.insert(*range);
    }
    let packed = |of: &Metadata, start: DevBlock, end: DevBlock| -> Vec<_> {
        of.packed.range(start..end).map(|(at, data)| (*at, data.clone())).collect()
    };
    let pieces: Vec<_> = next.pieces.iter().map(|(start, piece)| (*start, piece.end)).collect();
    for (start, end) in pieces.into_iter().filter(|(start, end)| idle(Range::new(*start, *end))) {
        next.pieces.remove(&start);
        for (at, _) in packed(next, start, end) {
            next.packed.remove(&at);
        }
    }
    for (start, piece) in now.pieces.iter().filter(|(start, piece)| came.overlaps(Range::new(**start, piece.end))) {
        next.pieces.insert(*start, *piece);
        for (at, data) in packed(now, *start, piece.end) {
            next.packed.insert(at, data);
        }
    }
}

fn records(trees: &Trees) -> impl Iterator<Item = Extent> + '_ {
    trees.values().flat_map(|tree| tree.iter())
}

fn covered(records: impl Iterator<Item = Extent>) -> RangeMap<DevBlock, ()> {
    let mut blocks = RangeMap::default();
    records.filter_map(|extent| extent.dev_range()).for_each(|range| blocks.insert(range, ()));
    blocks
}
