//! From cell to cell of the map, with the lens following.

use super::State;
use crate::protocol::Pick;
use crate::scene::{Lane, Lens, Scene};

/// A direction in the map.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dir {
    /// To the block before.
    Left,
    /// To the block after.
    Right,
    /// To the lane above.
    Up,
    /// To the lane below.
    Down,
}

/// Device blocks in a row of the map, for a lens of so many blocks.
pub fn device_columns(lens_blocks: u64) -> u64 {
    if lens_blocks < 32 { lens_blocks.max(1) } else { 32 }
}

/// The cell in that direction, and the first block of the lens that shows it.
pub fn neighbour(state: &State, dir: Dir) -> Option<(Pick, u64)> {
    let scene = state.scene.as_ref()?;
    let lens = scene.file.as_ref().map_or(Lens { first: 0, blocks: 32 }, |file| file.lens);
    let reach = scene.file.as_ref().map_or(0, |file| file.blocks).max(lens.end());
    let device = scene.device.lens;
    let Pick { lane, block } = state.cell;
    let columns = device_columns(lens.blocks);
    let pick = match (lane, dir) {
        (Lane::Device, Dir::Left) => {
            Pick { lane, block: block.checked_sub(1).filter(|block| device.contains(*block))? }
        }
        (Lane::Device, Dir::Right) => Pick { lane, block: Some(block + 1).filter(|block| device.contains(*block))? },
        (Lane::Device, Dir::Down) => match Some(block + columns).filter(|block| device.contains(*block)) {
            Some(block) => Pick { lane, block },
            None => {
                let at = usize::try_from((block - device.first.min(block)) % columns).unwrap_or(0);
                let cells = &scene.device.meta.cells;
                Pick { lane: Lane::Metadata, block: cells.get(at).or(cells.last())?.block }
            }
        },
        (Lane::Metadata, _) => metadata(scene, block, columns, dir)?,
        (Lane::Device, Dir::Up) => match block.checked_sub(columns).filter(|block| device.contains(*block)) {
            Some(block) => Pick { lane, block },
            None => {
                Pick { lane: Lane::Extents, block: lens.first + (block - device.first.min(block)).min(lens.blocks - 1) }
            }
        },
        (_, Dir::Left) => Pick { lane, block: block.checked_sub(1)? },
        (_, Dir::Right) => Pick { lane, block: Some(block + 1).filter(|block| *block < reach)? },
        (Lane::Cache, Dir::Up) => return None,
        (Lane::Reservations, Dir::Up) => Pick { lane: Lane::Cache, block },
        (Lane::Extents, Dir::Up) => Pick { lane: Lane::Reservations, block },
        (Lane::Cache, Dir::Down) => Pick { lane: Lane::Reservations, block },
        (Lane::Reservations, Dir::Down) => Pick { lane: Lane::Extents, block },
        (Lane::Extents, Dir::Down) => {
            let column = block.saturating_sub(lens.first).min(columns - 1);
            Pick { lane: Lane::Device, block: (device.first + column).min(device.end().saturating_sub(1)) }
        }
    };
    Some((pick, lens_for(lens, pick)))
}

/// From cell to cell of the metadata: all nodes, the strip follows, and the superblocks behind those that are shown.
fn metadata(scene: &Scene, block: u64, columns: u64, dir: Dir) -> Option<Pick> {
    let (meta, device) = (&scene.device.meta, scene.device.lens);
    let at = meta.at(block)?;
    let pick = |block| Pick { lane: Lane::Metadata, block };
    let is_node = block < meta.end();
    match dir {
        Dir::Left if is_node => Some(pick(block.checked_sub(meta.each).filter(|block| *block >= meta.start)?)),
        Dir::Left => Some(pick(meta.cells.get(at.checked_sub(1)?)?.block)),
        Dir::Right => Some(block + meta.each).filter(|block| *block <= meta.end() + meta.each).map(pick),
        Dir::Down => None,
        Dir::Up => {
            let rows = device.blocks.saturating_sub(1) / columns;
            let column = u64::try_from(at).unwrap_or(0).min(columns - 1);
            let block = (device.first + rows * columns + column).min(device.end().saturating_sub(1));
            Some(Pick { lane: Lane::Device, block })
        }
    }
}

/// The first block of the lens when it must show this cell.
pub fn lens_for(lens: Lens, pick: Pick) -> u64 {
    if !pick.lane.on_file() || lens.contains(pick.block) {
        lens.first
    } else if pick.block < lens.first {
        pick.block
    } else {
        pick.block + 1 - lens.blocks.max(1)
    }
}
