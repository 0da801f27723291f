//! Users of device blocks: what the trees say against what is counted.

use crate::base::{DevBlock, DiskExtent, Extent, Origin, RangeMap, SortedMap};
use crate::map::Volume;
use crate::personality::plan::SharePlan;
use crate::trace::TaskState;

/// The records that use a block are never more than its count says; when nothing is under way they are as many.
pub(super) fn users_are_counted(volume: &Volume) -> Result<(), String> {
    let inodes: Vec<_> = volume.inodes.table(|table| table.inodes.keys().copied().collect());
    let records: Vec<Extent> = inodes.into_iter().flat_map(|ino| volume.extents.extents(ino)).collect();
    match volume.profile.share {
        SharePlan::Never => Ok(()),
        SharePlan::Blocks | SharePlan::Marks => blocks(volume, &records),
        SharePlan::DiskExtents => disk_extents(volume, &records),
    }
}

fn blocks(volume: &Volume, records: &[Extent]) -> Result<(), String> {
    let mut users: RangeMap<DevBlock, u32> = RangeMap::default();
    for range in records.iter().filter_map(Extent::dev_range) {
        let again: Vec<_> = users.overlapping(range).map(|(found, count)| (found.intersect(&range), *count)).collect();
        users.insert(range, 1);
        again.into_iter().for_each(|(part, count)| users.insert(part, count + 1));
    }
    let mut others: RangeMap<DevBlock, u32> = RangeMap::default();
    for (range, count) in users.iter().filter(|(_, count)| **count > 1) {
        others.insert(range, count - 1);
    }
    volume.refs.state(|sharing| {
        for (range, count) in others.iter() {
            let counted = |(found, counted): &(_, &u32)| range.intersect(found).is_empty() || *counted >= count;
            let fewer = sharing.others.overlapping(range).find(|found| !counted(found));
            if fewer.is_some() || sharing.others.covered(range) < range.len() {
                return Err(format!("blocks {range:?} have {count} more users than one, which are not counted"));
            }
        }
        if at_rest(volume) && sharing.others != others {
            return Err(format!("at rest the counts of users are {:?}, not {others:?}", sharing.others));
        }
        Ok(())
    })
}

fn disk_extents(volume: &Volume, records: &[Extent]) -> Result<(), String> {
    let mut users: SortedMap<(DevBlock, Origin), u64> = SortedMap::new();
    volume.refs.state(|sharing| {
        for (extent, range) in records.iter().filter_map(|extent| Some((extent, extent.dev_range()?))) {
            let mut covered = 0;
            for (whole, _) in sharing.extents_over(range) {
                let blocks = whole.intersect(&range).len();
                let origin = DiskExtent::origin(whole.start, extent.ino, extent.start, extent.addr);
                *users.entry((whole.start, origin)).or_default() += blocks;
                covered += blocks;
            }
            if covered < range.len() {
                return Err(format!("blocks {range:?} of inode {} lie in no extent on the device", extent.ino));
            }
        }
        for ((start, origin), blocks) in &users {
            let counted = sharing.extents.get(start).and_then(|found| found.users.get(origin)).copied().unwrap_or(0);
            if counted < *blocks {
                return Err(format!("{origin:?} has {blocks} blocks of the extent at {start}, {counted} are counted"));
            }
        }
        let counted: usize = sharing.extents.values().map(|found| found.users.len()).sum();
        if at_rest(volume) && counted != users.len() {
            return Err(format!("at rest {counted} uses of extents on the device are counted, not {}", users.len()));
        }
        for (start, found) in &sharing.extents {
            let range = crate::base::Range::new(*start, found.end);
            if volume.space.map(|map| map.free.covered(range) + map.pinned.covered(range)) > 0 {
                return Err(format!("the extent {range:?} on the device is partly free"));
            }
        }
        Ok(())
    })
}

/// No operation is under way and nothing waits to be written: every block that is taken has its record.
fn at_rest(volume: &Volume) -> bool {
    let inodes = || volume.cache.files().into_iter();
    let everything = crate::base::Range::new(crate::base::FileBlock(0), crate::base::FileBlock(u64::MAX >> 2));
    let idle = volume.cx.tasks(|tasks| {
        tasks.iter().all(|task| task.frames.is_empty() && task.command.is_none() && task.state != TaskState::Runnable)
    });
    idle && volume.ioends.with(std::collections::VecDeque::is_empty)
        && inodes().all(|ino| !volume.cache.is_dirty(ino) && !volume.cache.under_writeback(ino, everything))
}
