//! Nodes and superblocks behind the device's data.

use extentscope_core::base::{DevBlock, NodePlace, Range};
use extentscope_core::store::Layout;
use extentscope_core::view::World;

use crate::protocol::View;
use crate::scene::{Look, MetaCell, MetaScene};
use crate::state::device_columns;

/// As many nodes as fit in front of the superblocks, among them the one that the view wants to see.
pub fn scene(world: &World, layout: &Layout, view: &View, lens_blocks: u64) -> MetaScene {
    let nodes = u64::from(layout.nodes);
    let shown = device_columns(lens_blocks).saturating_sub(2).clamp(1, nodes);
    let near = layout.node_at(DevBlock(view.meta_near)).map_or(0, u64::from);
    let first = near / shown * shown;
    let places = (first..nodes.min(first + shown)).filter_map(|address| u32::try_from(address).ok());
    let mut cells: Vec<MetaCell> = places.map(|address| node(world, layout, address)).collect();
    cells.extend((0..2).map(|slot| superblock(world, layout, slot)));
    let start = layout.node(0);
    let used = world.node_places.iter().map(|(range, _)| range.len()).sum::<u64>() / start.len();
    MetaScene { cells, first, nodes, used, start: start.start.0, each: start.len() }
}

/// What lies at a block behind the data, shown or not.
pub fn cell(world: &World, layout: &Layout, block: u64) -> Option<MetaCell> {
    let block = DevBlock(block);
    let slot = || (0..2).find(|slot| layout.superblock(*slot).contains(block));
    match layout.node_at(block) {
        Some(address) => Some(node(world, layout, address)),
        None => slot().map(|slot| superblock(world, layout, slot)),
    }
}

fn busy(world: &World, range: Range<DevBlock>) -> bool {
    world.requests.values().any(|request| request.range.overlaps(&range))
}

fn unflushed(world: &World, range: Range<DevBlock>) -> bool {
    world.unflushed.iter().any(|(_, written)| written.overlaps(&range))
}

fn node(world: &World, layout: &Layout, address: u32) -> MetaCell {
    let range = layout.node(address);
    let place = world.node_places.get(range.start).map_or(NodePlace::Free, |(_, place)| *place);
    let (look, word) = match place {
        _ if unflushed(world, range) => (Look::Writeback, "written, not flushed"),
        NodePlace::Free => (Look::Free, place.word()),
        NodePlace::New => (Look::Reserved, place.word()),
        NodePlace::Used => (Look::Taken, place.word()),
        NodePlace::Retired => (Look::Pinned, place.word()),
    };
    let words = format!("metadata, node {address}, {word}");
    MetaCell { block: range.start.0, look, words, label: address.to_string(), busy: busy(world, range) }
}

/// The commit of a generation writes the superblock of its parity, so the other one is of the commit before.
fn superblock(world: &World, layout: &Layout, slot: u64) -> MetaCell {
    let range = layout.superblock(slot);
    let newest = world.commits;
    let (generation, which) = match newest % 2 == slot {
        true => (newest, "the newest"),
        false => (newest.saturating_sub(1), "the one before"),
    };
    let open = unflushed(world, range);
    let (look, word) = if open { (Look::Writeback, "written, not flushed") } else { (Look::Taken, "durable") };
    let words = format!("metadata, superblock {slot}, {word}, generation {generation}, {which}");
    MetaCell { block: range.start.0, look, words, label: format!("S{generation}"), busy: busy(world, range) }
}
