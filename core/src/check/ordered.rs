//! Rules of blocks in flight and of the dirty blocks they come from.

use crate::base::{DevBlock, Ino, Range, RangeMap};
use crate::map::Volume;
use crate::personality::plan::Delayed;

/// The numbered rules:
/// (1) a block in flight has its place on the device, which is neither free nor pinned;
/// (2) no two blocks in flight have the same place, and what is new has no record;
/// (3) a block in flight that has not arrived is dirty or under writeback;
/// (4) where the index of delayed ranges lies over the tree: a dirty block is delayed or in flight, never both, and a
///     delayed block is dirty.
pub fn verify(volume: &Volume) -> Result<(), String> {
    let inodes: Vec<Ino> = volume.inodes.table(|table| table.inodes.keys().copied().collect());
    let mut recorded: RangeMap<DevBlock, ()> = RangeMap::default();
    for ino in volume.ordered.files() {
        for extent in volume.extents.extents(ino) {
            extent.dev_range().into_iter().for_each(|range| recorded.insert(range, ()));
        }
    }
    let mut flown: RangeMap<DevBlock, ()> = RangeMap::default();
    for ino in inodes {
        for (range, flight) in volume.ordered.index(ino).iter() {
            let place = Range::sized(flight.target(range.start), range.len());
            let free = volume.space.map(|map| map.free.covered(place) + map.pinned.covered(place));
            if free > 0 {
                return Err(format!("ordered rule 1: {range:?} of inode {ino} is in flight to free blocks {place:?}"));
            }
            if flown.covered(place) > 0 || (flight.fresh && recorded.covered(place) > 0) {
                return Err(format!("ordered rule 2: {range:?} of inode {ino} is in flight to {place:?}, like others"));
            }
            flown.insert(place, ());
            let on_its_way = |at| volume.cache.under_writeback(ino, Range::sized(at, 1));
            let dirty = |at| volume.cache.state(ino, at).is_some_and(|state| state.dirty);
            if !flight.arrived && !range.iter().all(|at| dirty(at) || on_its_way(at)) {
                return Err(format!("ordered rule 3: {range:?} of inode {ino} will never arrive"));
            }
        }
        if volume.profile.delayed == Delayed::Overlay {
            dirty_is_delayed_or_in_flight(volume, ino)?;
        }
    }
    Ok(())
}

fn dirty_is_delayed_or_in_flight(volume: &Volume, ino: Ino) -> Result<(), String> {
    let delayed = volume.delalloc.index(ino);
    let ordered = volume.ordered.index(ino);
    for (range, ()) in delayed.iter() {
        if ordered.covered(range) > 0 {
            return Err(format!("ordered rule 4: {range:?} of inode {ino} is delayed and in flight"));
        }
        let dirty: u64 = volume.cache.dirty(ino, range).iter().map(Range::len).sum();
        if dirty < range.len() {
            return Err(format!("ordered rule 4: {range:?} of inode {ino} is delayed and clean"));
        }
    }
    let whole = Range::new(crate::base::FileBlock(0), crate::base::FileBlock(u64::MAX >> 2));
    for range in volume.cache.dirty(ino, whole) {
        if delayed.covered(range) + ordered.covered(range) < range.len() {
            return Err(format!("ordered rule 4: {range:?} of inode {ino} is dirty and nobody gives it a place"));
        }
    }
    Ok(())
}
