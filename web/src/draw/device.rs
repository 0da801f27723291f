//! The device: rows of blocks on an axis of their own.

use yew::prelude::*;

use super::bars::Place;
use super::map::Frame;
use super::patterns::fill;
use super::scale::{Sizes, px};
use crate::scene::{DeviceCell, DeviceScene, MetaCell, Scene};

/// Where the device's blocks lie.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rack {
    /// Left edge.
    pub left: f64,
    /// Top of the first row.
    pub top: f64,
    /// Width of a block.
    pub cell: f64,
    /// Height of a row.
    pub row: f64,
    /// Blocks in a row.
    pub columns: u64,
    /// First block.
    pub first: u64,
}

impl Rack {
    /// A rack over `width` pixels.
    pub fn new(device: &DeviceScene, columns: u64, left: f64, width: f64, top: f64, sizes: &Sizes) -> Self {
        let columns = columns.max(1);
        Self { left, top, cell: width / px(columns), row: sizes.device, columns, first: device.lens.first }
    }
    /// The place of a block; one that is not shown has none.
    pub fn place(&self, device: &DeviceScene, block: u64) -> Option<Place> {
        device.lens.contains(block).then(|| {
            let at = block - self.first;
            let (row, column) = (at / self.columns, at % self.columns);
            Place {
                x: self.left + px(column) * self.cell,
                y: self.top + px(row) * self.row,
                width: self.cell,
                height: self.row,
            }
        })
    }
    /// Rows that are needed.
    pub fn rows(&self, device: &DeviceScene) -> u64 {
        device.lens.blocks.div_ceil(self.columns)
    }
}

/// The blocks that are shown. `chosen` is the inode whose blocks carry their place in the file.
pub fn cells(device: &DeviceScene, rack: &Rack, sizes: &Sizes, chosen: Option<u32>) -> Html {
    let one = |(block, cell): (u64, &DeviceCell)| {
        let place = rack.place(device, block)?;
        Some(html! {
            <g key={block} class={format!("look-{}", cell.look.key())}>
                { place.inset(1.0).rect("shape", Some(fill(cell.look))) }
                if let Some(label) = label(cell, chosen).filter(|label| sizes.fits(label.len(), place.width + 6.0)) {
                    { super::bars::plate(place, &label, sizes) }
                }
                if cell.busy {
                    { place.inset(2.5).rect("busy", None) }
                }
            </g>
        })
    };
    html! { <g class="lane" aria-hidden="true">{ for (device.lens.first..).zip(&device.cells).filter_map(one) }</g> }
}

/// Nodes and superblocks behind the data.
pub fn metadata(scene: &Scene, frame: &Frame) -> Html {
    let one = |cell: &MetaCell| {
        let place = frame.meta_place(scene, cell.block)?;
        Some(html! {
            <g key={cell.block} class={format!("look-{}", cell.look.key())}>
                { place.inset(1.0).rect("shape", Some(fill(cell.look))) }
                if frame.sizes.fits(cell.label.len(), place.width + 6.0) {
                    { super::bars::plate(place, &cell.label, &frame.sizes) }
                }
                if cell.busy {
                    { place.inset(2.5).rect("busy", None) }
                }
            </g>
        })
    };
    html! { <g class="lane" aria-hidden="true">{ for scene.device.meta.cells.iter().filter_map(one) }</g> }
}

/// The file block that a device block holds; of another file its inode.
fn label(cell: &DeviceCell, chosen: Option<u32>) -> Option<String> {
    let glyph = cell.look.glyph();
    match cell.owner {
        Some((ino, block)) if Some(ino) == chosen => Some(block.to_string()),
        Some((ino, _)) => Some(format!("i{ino}")),
        None => (!glyph.is_empty()).then(|| glyph.to_owned()),
    }
}
