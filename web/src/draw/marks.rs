//! What lies over the lanes: the end of the file, the selection, what moved, and the cells that carry focus and names.

use yew::prelude::*;

use super::bars::Place;
use super::map::Frame;
use super::patterns::fill;
use super::scale::{at, bytes, nth, px};
use crate::protocol::Pick;
use crate::scene::{Change, FileScene, Lane, Pulse, Scene};

/// The most bytes that are shown falling into the cache at once.
const TOKENS_MAX: u64 = 24;

/// The end of the file: a rule through all lanes of the file.
pub fn end_of_file(file: &FileScene, frame: &Frame, block_size: u64) -> Html {
    let block = file.size / block_size.max(1);
    let inside = file.lens.first <= block && block <= file.lens.end();
    if !inside {
        return html! {};
    }
    let part = px(file.size % block_size.max(1)) / px(block_size.max(1));
    let x = frame.axis.x(block) + part * frame.axis.cell;
    let label = format!("EOF {}", bytes(file.size));
    let width = nth(label.len()) * frame.sizes.font * 0.62;
    let left = x + width + 4.0 > frame.axis.right();
    // The title of the first lane stands in the same line.
    let title = frame.axis.left + nth(Lane::Cache.title().len() + 1) * frame.sizes.font * 0.66;
    let (anchor, text_x) = if left { ("end", x - 4.0) } else { ("start", (x + 4.0).max(title)) };
    html! {
        <g class="eof" aria-hidden="true">
            <path d={format!("M{x:.1} {:.1} V{:.1}", frame.sizes.ruler - 2.0, frame.device_top - frame.sizes.title)} />
            <text x={at(text_x)} y={at(frame.cache_top - 4.0)} text-anchor={anchor}>{ label }</text>
        </g>
    }
}

/// The selected block in every lane, and a line to its place on the device.
pub fn selection(scene: &Scene, frame: &Frame, pick: Pick) -> Html {
    let linked = scene.file.as_ref().and_then(|file| link(scene, file, pick));
    let (block, address) = linked.unwrap_or(match pick.lane {
        Lane::Device | Lane::Metadata => (None, Some(pick.block)),
        Lane::Cache | Lane::Reservations | Lane::Extents => (Some(pick.block), None),
    });
    let block = block.filter(|block| frame.axis.lens.contains(*block));
    let lanes = [Lane::Cache, Lane::Reservations, Lane::Extents];
    let on_file = block
        .into_iter()
        .flat_map(|block| lanes.into_iter().flat_map(move |lane| frame.place_of(scene, lane, block, 1)));
    let on_file: Vec<Place> = on_file.collect();
    let target =
        address.and_then(|address| frame.rack.place(&scene.device, address).or(frame.meta_place(scene, address)));
    // On any fill: a line of the paper's colour, and the accent on it.
    let outline = |place: &Place| html! { <>{ place.rect("chosen-halo", None) }{ place.rect("chosen", None) }</> };
    html! {
        <g class="selection" aria-hidden="true">
            { for on_file.iter().chain(&target).map(outline) }
            if let (Some(from), Some(to)) = (on_file.last(), target) {
                <path class="leader-halo" d={leader(*from, to)} />
                <path class="leader" d={leader(*from, to)} marker-end="url(#arrow)" />
            }
        </g>
    }
}

/// File block and device block of a selection, where both are known.
fn link(scene: &Scene, file: &FileScene, pick: Pick) -> Option<(Option<u64>, Option<u64>)> {
    if !pick.lane.on_file() {
        let at = usize::try_from(pick.block.checked_sub(scene.device.lens.first)?).ok()?;
        let (ino, block) = scene.device.cells.get(at)?.owner?;
        return (ino == file.ino).then_some((Some(block), Some(pick.block)));
    }
    let bar = file.extents.iter().find(|bar| bar.first <= pick.block && pick.block < bar.first + bar.blocks)?;
    Some((Some(pick.block), bar.address.map(|address| address + (pick.block - bar.first))))
}

fn leader(from: Place, to: Place) -> String {
    let (x1, y1) = (from.x + from.width / 2.0, from.y + from.height);
    let (x2, y2) = (to.x + to.width / 2.0, to.y);
    let bend = (y2 - y1).max(12.0) * 0.5;
    format!("M{x1:.1} {y1:.1} C{x1:.1} {:.1} {x2:.1} {:.1} {x2:.1} {y2:.1}", y1 + bend, y2 - bend)
}

/// What moved: the old look fading away, and what travels. Drawn anew with every step, so that it runs anew.
pub fn motion(scene: &Scene, frame: &Frame, difference: bool) -> Html {
    let one = |(order, pulse): (usize, &Pulse)| {
        let place = frame.place_of(scene, pulse.lane, pulse.first, pulse.blocks);
        html! {
            <g key={format!("{}-{order}", scene.cursor)} class={classes!("pulse", format!("m-{}", pulse.change.key()), format!("look-{}", pulse.was.key()))}>
                { for place.iter().map(|place| place.inset(1.0).rect("shape before", Some(fill(pulse.was)))) }
                { for place.iter().map(|place| place.rect("beat", None)) }
                if difference {
                    { for place.iter().map(|place| place.inset(3.0).rect("was", None)) }
                }
                { travel(scene, frame, *pulse) }
            </g>
        }
    };
    let way = if scene.forward { "forth" } else { "back" };
    html! { <g class={classes!("motion", way)} aria-hidden="true">{ for scene.pulses.iter().enumerate().map(one) }</g> }
}

fn travel(scene: &Scene, frame: &Frame, pulse: Pulse) -> Html {
    match (pulse.lane, pulse.change) {
        (Lane::Cache, Change::Arrive) => tokens(frame, pulse),
        (Lane::Extents, Change::Allocate) | (Lane::Cache, Change::Submit) => flow(scene, frame, pulse),
        _ => html! {},
    }
}

/// Bytes that fall into the cells.
fn tokens(frame: &Frame, pulse: Pulse) -> Html {
    let side = (frame.axis.cell * 0.3).clamp(3.0, 9.0);
    let one = |block: u64| {
        let x = frame.axis.x(block) + (frame.axis.cell - side) / 2.0;
        let y = frame.cache_top + frame.sizes.cache / 2.0 - side / 2.0;
        html! { <rect key={block} class="token" x={at(x)} y={at(y)} width={at(side)} height={at(side)} /> }
    };
    html! { <>{ for (pulse.first..pulse.first + pulse.blocks.min(TOKENS_MAX)).map(one) }</> }
}

/// A line from blocks of the file to their place on the device.
fn flow(scene: &Scene, frame: &Frame, pulse: Pulse) -> Html {
    let Some(file) = &scene.file else { return html! {} };
    let Some((_, Some(address))) = link(scene, file, Pick { lane: Lane::Extents, block: pulse.first }) else {
        return html! {};
    };
    let Some(to) = frame.rack.place(&scene.device, address) else { return html! {} };
    let Some(from) = frame.place_of(scene, pulse.lane, pulse.first, pulse.blocks).into_iter().next() else {
        return html! {};
    };
    let last = frame.rack.place(&scene.device, address + pulse.blocks.saturating_sub(1)).unwrap_or(to);
    let whole = Place { width: if last.y > to.y { to.width } else { last.x + last.width - to.x }, ..to };
    html! { <path class="flow" pathLength="1" d={leader(from, whole)} /> }
}

/// A row of cells that take focus and have names; what they look like is drawn elsewhere.
pub fn grid_row(lane: Lane, testid: &'static str, title: &str, focus: Pick, cells: Vec<(u64, Place, String)>) -> Html {
    let one = |(column, (block, place, name)): (usize, (u64, Place, String))| {
        let here = focus == Pick { lane, block };
        html! {
            <g key={column} role="gridcell" class="cell" tabindex={if here { "0" } else { "-1" }} aria-label={name.clone()}
                data-cell={cell_id(Pick { lane, block })} aria-selected={here.to_string()}>
                <title>{ name.clone() }</title>
                { place.rect("ring", None) }
            </g>
        }
    };
    html! {
        <g role="row" data-testid={testid} aria-label={title.to_owned()}>{ for cells.into_iter().enumerate().map(one) }</g>
    }
}

/// The name of a cell in the document.
pub fn cell_id(pick: Pick) -> String {
    let lane = match pick.lane {
        Lane::Cache => "cache",
        Lane::Reservations => "reservations",
        Lane::Extents => "extents",
        Lane::Device => "device",
        Lane::Metadata => "metadata",
    };
    format!("{lane}:{}", pick.block)
}

/// The cell of a name.
pub fn cell_of(id: &str) -> Option<Pick> {
    let (lane, block) = id.split_once(':')?;
    let lane = Lane::ALL.into_iter().find(|known| cell_id(Pick { lane: *known, block: 0 }).starts_with(lane))?;
    Some(Pick { lane, block: block.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cell_has_a_name_that_leads_back_to_it() {
        for lane in Lane::ALL {
            let pick = Pick { lane, block: 17 };
            assert_eq!(cell_of(&cell_id(pick)), Some(pick));
        }
        assert_eq!(cell_of("cache:x"), None);
    }
}
