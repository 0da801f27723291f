//! The device, or the part of it that is shown.

use extentscope_core::base::{DevBlock, Entry, Extent, Range};
use extentscope_core::view::World;
use extentscope_core::view::world::SpaceState;

use super::looks::{FileLooks, Run, extent_look};
use crate::protocol::View;
use crate::scene::{DeviceCell, DeviceScene, Lens, Look, MetaScene};

/// Blocks are shown in whole rows of this many, so that a window never starts in the middle of one.
const ALIGN: u64 = 32;

/// The device as it is seen, and its looks for the next comparison. `near` is a block that should be visible.
pub fn scene(world: &World, blocks: u64, view: &View, near: Option<u64>) -> (DeviceScene, Vec<Run>) {
    let lens = lens(view, blocks, near);
    let mut cells: Vec<_> = (lens.first..lens.end()).map(|block| space(world, block)).collect();
    let window = Range::new(DevBlock(lens.first), DevBlock(lens.end()));
    for extent in extents(world) {
        let Some(part) = extent.dev_range().map(|range| range.intersect(&window)) else { continue };
        for block in part.iter() {
            let file_block = extent.start.0 + (block - extent.addr);
            if let Some(cell) = usize::try_from(block.0 - lens.first).ok().and_then(|at| cells.get_mut(at)) {
                cell.look = extent_look(extent);
                cell.owner = Some((extent.ino.0, file_block));
            }
        }
    }
    for request in world.requests.values() {
        for block in request.range.intersect(&window).iter() {
            if let Some(cell) = usize::try_from(block.0 - lens.first).ok().and_then(|at| cells.get_mut(at)) {
                cell.busy = true;
            }
        }
    }
    let used = world.space.covered(Range::new(DevBlock(0), DevBlock(blocks)));
    let runs = runs(&cells, lens.first);
    let scene = DeviceScene {
        blocks,
        lens,
        cells,
        meta: MetaScene::default(),
        unflushed: world.unflushed.iter().map(|(id, range)| (*id, range.start.0, range.len())).collect(),
        free: blocks.saturating_sub(used),
        flushes: world.flushes,
        commits: world.commits,
    };
    (scene, runs)
}

fn lens(view: &View, blocks: u64, near: Option<u64>) -> Lens {
    let shown = view.device_blocks.clamp(1, 256).min(blocks.max(1));
    let last = blocks.saturating_sub(shown).next_multiple_of(ALIGN);
    let wish = view.device_first.or(near.filter(|near| *near >= shown)).unwrap_or(0);
    let first = (wish / ALIGN * ALIGN).min(last);
    Lens { first, blocks: shown.min(blocks.saturating_sub(first)) }
}

fn space(world: &World, block: u64) -> DeviceCell {
    let look = match world.space.get(DevBlock(block)) {
        None => Look::Free,
        Some((_, SpaceState::Used)) => Look::Taken,
        Some((_, SpaceState::Pinned)) => Look::Pinned,
    };
    let writer = world.device.get(DevBlock(block)).map_or(0, |(_, stamped)| stamped.prov.0);
    DeviceCell { look, owner: None, writer, busy: false }
}

/// All extents of all files.
fn extents(world: &World) -> impl Iterator<Item = &Extent> {
    world.nodes.values().flat_map(|node| &node.entries).filter_map(|entry| match entry {
        Entry::Extent(extent) => Some(extent),
        Entry::Child { .. } => None,
    })
}

fn runs(cells: &[DeviceCell], first: u64) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for (block, cell) in (first..).zip(cells) {
        match runs.last_mut() {
            Some(last) if last.look == cell.look => last.end = block + 1,
            _ => runs.push(Run { first: block, end: block + 1, look: cell.look, address: None, whole: (block, 1) }),
        }
    }
    runs
}

/// A device block of the file that a viewer would want to see: of the given block, else of its first extent.
pub fn near(file: &FileLooks, block: Option<u64>) -> Option<u64> {
    let address_of = |extent: &Extent| extent.kind.has_address().then_some(extent.addr.0);
    let chosen = block.and_then(|block| {
        let extent = file.extents.iter().find(|extent| extent.start.0 <= block && block < extent.end().0)?;
        address_of(extent).map(|address| address + (block - extent.start.0))
    });
    chosen.or_else(|| file.extents.iter().find_map(address_of))
}
