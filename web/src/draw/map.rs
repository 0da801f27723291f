//! The file map: lanes over one offset axis, the device below.

use yew::prelude::*;

use super::bars::{self, Place};
use super::device::{self, Rack};
use super::marks;
use super::scale::{Axis, Sizes, at, bytes, nth, px, ruler_step};
use crate::protocol::Pick;
use crate::scene::{FileScene, Lane, Lens, Look, Scene};
use crate::state::{Room, Shared, device_columns};
use crate::words;

/// What the map is drawn from.
#[derive(Properties, PartialEq, Clone)]
pub struct MapProps {
    /// The picture.
    pub scene: Shared<Scene>,
    /// Pixels.
    pub width: u32,
    /// How much room there is.
    pub room: Room,
    /// The previous state stays as an outline.
    pub difference: bool,
    /// The cell that has the keyboard.
    pub focus: Pick,
    /// The cell that the inspector speaks of.
    pub selection: Option<Pick>,
}

/// Where everything lies.
pub struct Frame {
    /// The offset axis.
    pub axis: Axis,
    /// Heights.
    pub sizes: Sizes,
    /// Top of the cells of the page cache.
    pub cache_top: f64,
    /// Top of the brackets.
    pub bracket_top: f64,
    /// Top of the extent lane's bars.
    pub extent_top: f64,
    /// Top of the device's first row.
    pub device_top: f64,
    /// The device's blocks.
    pub rack: Rack,
    /// Top of the metadata.
    pub meta_top: f64,
    /// All of it.
    pub height: f64,
}

impl Frame {
    /// The frame of a scene in a width.
    pub fn new(props: &MapProps) -> Self {
        let sizes = Sizes::of(props.room);
        let lens = props.scene.file.as_ref().map_or(Lens { first: 0, blocks: 32 }, |file| file.lens);
        let axis = Axis::new(lens, f64::from(props.width.max(200)));
        let cache_top = sizes.ruler + sizes.title;
        let bracket_top = cache_top + sizes.cache + sizes.gap + sizes.title;
        let extent_top = bracket_top + sizes.bracket + sizes.gap + sizes.title;
        let device_top = extent_top + sizes.extent + sizes.gap + sizes.title;
        let device = &props.scene.device;
        let columns = device_columns(lens.blocks);
        let rack = Rack::new(device, columns, axis.left, axis.right() - axis.left, device_top, &sizes);
        let meta_top = device_top + px(rack.rows(device).max(1)) * sizes.device + sizes.gap + sizes.title;
        let height = meta_top + sizes.bracket + 2.0;
        Self { axis, sizes, cache_top, bracket_top, extent_top, device_top, rack, meta_top, height }
    }

    /// Where blocks of a lane lie: one place, or on the device one for each row.
    pub fn place_of(&self, scene: &Scene, lane: Lane, first: u64, blocks: u64) -> Vec<Place> {
        let (y, height) = match lane {
            Lane::Cache => (self.cache_top, self.sizes.cache),
            Lane::Reservations => (self.bracket_top, self.sizes.bracket),
            Lane::Extents => (self.extent_top, self.sizes.extent),
            Lane::Device => {
                let places = (first..first + blocks).filter_map(|block| self.rack.place(&scene.device, block));
                return join_rows(places);
            }
            Lane::Metadata => return self.meta_place(scene, first).into_iter().collect(),
        };
        vec![Place { x: self.axis.x(first), y, width: self.axis.x(first + blocks) - self.axis.x(first), height }]
    }

    /// Where the place of a block behind the data lies, when it is shown.
    pub fn meta_place(&self, scene: &Scene, block: u64) -> Option<Place> {
        let meta = &scene.device.meta;
        let width = (self.axis.right() - self.axis.left) / nth(meta.cells.len().max(1));
        let x = self.axis.left + nth(meta.at(block)?) * width;
        Some(Place { x, y: self.meta_top, width, height: self.sizes.bracket })
    }
}

fn join_rows(places: impl Iterator<Item = Place>) -> Vec<Place> {
    let mut rows: Vec<Place> = Vec::new();
    for place in places {
        match rows.last_mut() {
            Some(last) if (last.y - place.y).abs() < 0.5 => last.width = place.x + place.width - last.x,
            _ => rows.push(place),
        }
    }
    rows
}

/// The map as one drawing: pictures for the eye, and over them a grid of named cells for keyboard and screen reader.
#[component(FileMap)]
pub fn file_map(props: &MapProps) -> Html {
    let frame = Frame::new(props);
    let scene = &props.scene;
    html! {
        <svg class="map" role="grid" aria-label="File map: lanes are rows, blocks are columns" width={props.width.to_string()}
            height={at(frame.height)} viewBox={format!("0 0 {} {:.1}", props.width, frame.height)}>
            { ruler(&frame.axis, &frame.sizes, scene.settings.block_size) }
            { titles(&frame, scene) }
            if let Some(file) = &scene.file {
                { bars::cache(file, &frame.axis, &frame.sizes, frame.cache_top) }
                { bars::reservations(file, &frame.axis, &frame.sizes, frame.bracket_top) }
                { bars::extents(file, &frame.axis, &frame.sizes, frame.extent_top) }
            }
            { device::cells(&scene.device, &frame.rack, &frame.sizes, scene.file.as_ref().map(|file| file.ino)) }
            { device::metadata(scene, &frame) }
            { for scene.file.as_ref().map(|file| marks::end_of_file(file, &frame, scene.settings.block_size)) }
            { marks::motion(scene, &frame, props.difference) }
            { for props.selection.map(|pick| marks::selection(scene, &frame, pick)) }
            { grid(&frame, scene, props.focus) }
        </svg>
    }
}

/// The offsets above the lanes, in bytes and in blocks.
pub fn ruler(axis: &Axis, sizes: &Sizes, block_size: u64) -> Html {
    let step = ruler_step(axis.cell, sizes.font);
    let lens = axis.lens;
    let first = lens.first.next_multiple_of(step);
    let count = lens.end().saturating_sub(first) / step;
    let foot = sizes.ruler;
    let mark = |at_block: u64| {
        let x = axis.x(at_block);
        // The outermost labels lean inwards.
        let anchor = if at_block == lens.end() { "end" } else { "start" };
        let lean = if at_block == lens.end() { -2.0 } else { 2.0 };
        html! {
            <g key={at_block}>
                <path d={format!("M{x:.1} {:.1} V{foot:.1}", foot - sizes.font * 2.0 - 2.0)} />
                <text x={at(x + lean)} y={at(foot - sizes.font - 3.0)} text-anchor={anchor}>
                    { bytes(at_block.saturating_mul(block_size)) }</text>
                <text class="quiet" x={at(x + lean)} y={at(foot - 3.0)} text-anchor={anchor}>{ at_block }</text>
            </g>
        }
    };
    html! { <g class="ruler" aria-hidden="true">{ for (0..=count).map(|order| mark(first + order * step)) }</g> }
}

fn titles(frame: &Frame, scene: &Scene) -> Html {
    let promised = scene.file.as_ref().map_or(0, |file| file.promised);
    let device = &scene.device;
    let shown = if device.lens.blocks < device.blocks {
        format!(", blocks {} to {} of {}", device.lens.first, device.lens.end() - 1, device.blocks)
    } else {
        format!(", {} blocks", device.blocks)
    };
    let meta = &device.meta;
    let last = meta.first + u64::try_from(meta.cells.len()).unwrap_or(0);
    let lines = [
        (frame.cache_top, Lane::Cache.title().to_owned()),
        (frame.bracket_top, format!("{}: {promised} blocks promised", Lane::Reservations.title())),
        (frame.extent_top, Lane::Extents.title().to_owned()),
        (frame.device_top, format!("{}{shown}, {} free", Lane::Device.title(), device.free)),
        (frame.meta_top, words::metadata_title(meta.first, last.saturating_sub(3), meta.nodes, meta.used)),
    ];
    let title = |(top, text): (f64, String)| {
        html! { <text x={at(frame.axis.left)} y={at(top - 4.0)}>{ text }</text> }
    };
    html! { <g class="titles" aria-hidden="true">{ for lines.into_iter().map(title) }</g> }
}

fn grid(frame: &Frame, scene: &Scene, focus: Pick) -> Html {
    let rows = scene.file.as_ref().map(|file| file_rows(frame, scene, file, focus));
    let device = &scene.device;
    let one = |row: u64| {
        let first = device.lens.first + row * frame.rack.columns;
        let cells = (first..(first + frame.rack.columns).min(device.lens.end()))
            .zip(device.cells.iter().skip(usize::try_from(row * frame.rack.columns).unwrap_or(usize::MAX)));
        let cells = cells.filter_map(|(block, cell)| {
            Some((block, frame.rack.place(device, block)?, words::device_cell(block, cell)))
        });
        let testid = if row == 0 { "lane-device" } else { "lane-device-more" };
        marks::grid_row(Lane::Device, testid, Lane::Device.title(), focus, cells.collect())
    };
    let meta = device.meta.cells.iter();
    let meta = meta.filter_map(|cell| Some((cell.block, frame.meta_place(scene, cell.block)?, words::meta_cell(cell))));
    html! {
        <>
            { for rows }
            { for (0..frame.rack.rows(device)).map(one) }
            { marks::grid_row(Lane::Metadata, "lane-metadata", Lane::Metadata.title(), focus, meta.collect()) }
        </>
    }
}

fn file_rows(frame: &Frame, scene: &Scene, file: &FileScene, focus: Pick) -> Html {
    let blocks = || file.lens.first..file.lens.end();
    let place = |lane: Lane, block: u64| frame.place_of(scene, lane, block, 1).into_iter().next();
    let cache = blocks()
        .zip(&file.cache)
        .filter_map(|(block, cell)| Some((block, place(Lane::Cache, block)?, words::cache_cell(block, cell))));
    let promised = |block: u64| {
        let found = file.promises.iter().find(|part| part.first <= block && block < part.first + part.blocks);
        found.map_or(Look::Absent, |part| part.look)
    };
    let reservations = blocks().filter_map(|block| {
        Some((block, place(Lane::Reservations, block)?, words::reservation_cell(block, promised(block))))
    });
    let bar = |block: u64| file.extents.iter().find(|bar| bar.first <= block && block < bar.first + bar.blocks);
    let extents = blocks()
        .filter_map(|block| Some((block, place(Lane::Extents, block)?, words::extent_cell(block, bar(block)?))));
    html! {
        <>
            { marks::grid_row(Lane::Cache, "lane-cache", Lane::Cache.title(), focus, cache.collect()) }
            { marks::grid_row(Lane::Reservations, "lane-reservations", Lane::Reservations.title(), focus, reservations.collect()) }
            { marks::grid_row(Lane::Extents, "lane-extents", Lane::Extents.title(), focus, extents.collect()) }
        </>
    }
}
