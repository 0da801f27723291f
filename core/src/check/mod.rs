//! Floor 14, whole-world checks: every structure's own rules, and the rules between floors.

mod ordered;
mod sharing;

use crate::base::cache_state::Backing;
use crate::base::{DevBlock, ExtentKind, RangeMap};
use crate::map::Volume;
use crate::personality::plan::{Delayed, SharePlan};
use crate::trace::Counter;

/// All rules. Between two steps of a task some blocks belong to an operation under way: they are counted as used and
/// no extent has them yet, which is allowed; the reverse never is.
pub fn verify(volume: &Volume) -> Result<(), String> {
    volume.cx.locks(|table| table.verify())?;
    volume.extents.verify()?;
    volume.cache.verify()?;
    extents_own_their_blocks(volume)?;
    what_waits_has_places_of_its_own(volume)?;
    sharing::users_are_counted(volume)?;
    promises_are_counted(volume)?;
    ordered::verify(volume)
}

/// No block has two owners where nothing is shared, and no extent has a free block.
fn extents_own_their_blocks(volume: &Volume) -> Result<(), String> {
    let mut owned: RangeMap<DevBlock, ()> = RangeMap::default();
    let inodes: Vec<_> = volume.inodes.table(|table| table.inodes.keys().copied().collect());
    for ino in inodes {
        for extent in volume.extents.extents(ino) {
            let Some(range) = extent.dev_range() else { continue };
            if volume.profile.share == SharePlan::Never && owned.covered(range) > 0 {
                return Err(format!("blocks {range:?} of inode {ino} have two owners"));
            }
            owned.insert(range, ());
            let free = volume.space.map(|map| map.free.covered(range) + map.pinned.covered(range));
            if free > 0 {
                return Err(format!("blocks {range:?} of inode {ino} are free and owned"));
            }
        }
    }
    let whole = volume.profile.data_area;
    let used = whole.len() - volume.space.map(|map| map.free.covered(whole) + map.pinned.covered(whole));
    let counted = volume.space.ledger().get(Counter::Used);
    if used != counted {
        return Err(format!("the ledger counts {counted} used blocks, the map {used}"));
    }
    let pinned = volume.space.map(|map| map.pinned.covered(whole));
    if pinned != volume.space.ledger().get(Counter::Pinned) {
        return Err("the ledger's pinned blocks are not the map's".to_owned());
    }
    Ok(())
}

/// A place beside a tree is nobody else's, and not free.
fn what_waits_has_places_of_its_own(volume: &Volume) -> Result<(), String> {
    let mut owned: RangeMap<DevBlock, ()> = RangeMap::default();
    let inodes: Vec<_> = volume.inodes.table(|table| table.inodes.keys().copied().collect());
    for extent in inodes.iter().flat_map(|ino| volume.extents.extents(*ino)) {
        extent.dev_range().into_iter().for_each(|range| owned.insert(range, ()));
    }
    for place in inodes.iter().flat_map(|ino| volume.staging.places(*ino)) {
        let free = volume.space.map(|map| map.free.covered(place) + map.pinned.covered(place));
        if owned.covered(place) + free > 0 {
            return Err(format!("blocks {place:?} wait beside a tree, and are free or have an owner"));
        }
        owned.insert(place, ());
    }
    Ok(())
}

/// The ledger's promises are at least what the index, the cache and the keys hold.
fn promises_are_counted(volume: &Volume) -> Result<(), String> {
    let inodes: Vec<_> = volume.inodes.table(|table| table.inodes.keys().copied().collect());
    let mut delayed = volume.delalloc.total() + volume.staging.delayed();
    let mut reserved = 0;
    for ino in inodes {
        volume.cache.each_folio(ino, |folio| {
            let states = folio.states(folio.range());
            let promised = states.iter().filter(|(_, state)| state.backing == Backing::Dirty);
            delayed += promised.map(|(run, _)| run.len()).sum::<u64>();
        });
        for extent in volume.extents.extents(ino) {
            if extent.kind == ExtentKind::Reserved {
                reserved += u64::from(extent.len);
            }
            // Data in an inode stays there until writeback of the file that outgrew it.
            let index = volume.profile.delayed == Delayed::Index
                && extent.kind != ExtentKind::Inline
                && volume.delalloc.gaps(ino, extent.range()) != [extent.range()];
            if index {
                return Err(format!("blocks {:?} of inode {ino} are delayed and have a record", extent.range()));
            }
        }
    }
    let ledger = volume.space.ledger();
    if delayed > ledger.get(Counter::Delayed) {
        return Err(format!("{delayed} blocks are delayed, the ledger counts {}", ledger.get(Counter::Delayed)));
    }
    if reserved > ledger.get(Counter::Reserved) {
        return Err(format!("{reserved} blocks are reserved, the ledger counts {}", ledger.get(Counter::Reserved)));
    }
    Ok(())
}
