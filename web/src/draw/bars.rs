//! The lanes on the offset axis: page cache, reservations, extents.

use yew::prelude::*;

use super::patterns::{corner, fill};
use super::scale::{Axis, Sizes, at};
use crate::scene::{Bracket, CacheCell, ExtentBar, FileScene, FolioBar, Look};

/// Cells narrower than this are drawn with thin lines.
const DENSE: f64 = 15.0;

/// A rectangle's place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Place {
    /// Left.
    pub x: f64,
    /// Top.
    pub y: f64,
    /// Width.
    pub width: f64,
    /// Height.
    pub height: f64,
}

impl Place {
    /// A rectangle in it, with a class and a paint.
    pub fn rect(&self, class: impl Into<Classes>, paint: Option<String>) -> Html {
        html! {
            <rect class={class.into()} x={at(self.x)} y={at(self.y)} width={at(self.width.max(0.5))}
                height={at(self.height)} fill={paint} />
        }
    }
    /// A line of text in its middle.
    pub fn text(&self, class: &'static str, text: String) -> Html {
        html! {
            <text class={class} x={at(self.x + self.width / 2.0)} y={at(self.y + self.height / 2.0)}
                text-anchor="middle" dominant-baseline="central">{ text }</text>
        }
    }
    /// The place without a border of so many pixels.
    pub fn inset(&self, by: f64) -> Self {
        Self {
            x: self.x + by,
            y: self.y + by,
            width: (self.width - 2.0 * by).max(0.5),
            height: (self.height - 2.0 * by).max(0.5),
        }
    }
}

/// The page cache: a cell a block, an outline a folio.
pub fn cache(file: &FileScene, axis: &Axis, sizes: &Sizes, y: f64) -> Html {
    let dense = axis.cell < DENSE;
    // Where cells are narrow, what is not cached is one box a run, not a fence.
    let empty = |(_, cell): &(u64, &CacheCell)| dense && cell.look == Look::Absent;
    let cells = (file.lens.first..).zip(&file.cache).filter(|cell| !empty(cell)).map(|(block, cell)| {
        let place = Place { x: axis.x(block), y, width: axis.cell, height: sizes.cache };
        cache_cell(block, *cell, place, sizes)
    });
    let runs = if dense { absent_runs(file) } else { Vec::new() };
    let runs = runs.into_iter().map(|(first, blocks)| {
        let place = Place { x: axis.x(first), y, width: axis.width(blocks), height: sizes.cache };
        html! { <g key={format!("absent{first}")} class="look-absent">{ place.inset(1.0).rect("shape", Some(fill(Look::Absent))) }</g> }
    });
    let folios = file.folios.iter().map(|folio| folio_outline(*folio, axis, sizes, y));
    html! { <g class={classes!("lane", dense.then_some("dense"))} aria-hidden="true">{ for runs }{ for cells }{ for folios }</g> }
}

/// First blocks and lengths of the stretches that are not cached.
fn absent_runs(file: &FileScene) -> Vec<(u64, u64)> {
    let mut runs: Vec<(u64, u64)> = Vec::new();
    for (block, cell) in (file.lens.first..).zip(&file.cache) {
        if cell.look == Look::Absent {
            match runs.last_mut() {
                Some((first, blocks)) if *first + *blocks == block => *blocks += 1,
                _ => runs.push((block, 1)),
            }
        }
    }
    runs
}

fn cache_cell(block: u64, cell: CacheCell, place: Place, sizes: &Sizes) -> Html {
    let look = cell.look;
    let inner = place.inset(1.0);
    let glyph = if cell.dirty_again { "wb+d" } else { look.glyph() };
    let writer = (cell.writer > 0 && place.width >= sizes.font * 1.6).then(|| format!("#{}", cell.writer));
    let upper = Place { height: place.height * if writer.is_some() { 0.62 } else { 1.0 }, ..place };
    let lower = Place { y: place.y + place.height * 0.54, height: place.height * 0.42, ..place };
    html! {
        <g key={block} class={format!("look-{}", look.key())}>
            { inner.rect("shape", Some(fill(look))) }
            { corner(if cell.dirty_again { Look::Dirty } else { look }, inner.x, inner.y, inner.width) }
            if sizes.fits(glyph.len(), place.width + 4.0) {
                { backed(look, upper, glyph, sizes) }{ upper.text("glyph", glyph.to_owned()) }
            }
            if let Some(writer) = writer {
                { backed(look, lower, &writer, sizes) }{ lower.text("writer", writer) }
            }
        </g>
    }
}

fn folio_outline(folio: FolioBar, axis: &Axis, sizes: &Sizes, y: f64) -> Html {
    let place = Place { x: axis.x(folio.first), y, width: axis.width(folio.blocks), height: sizes.cache };
    html! { <g key={format!("folio{}", folio.first)}>{ place.inset(-0.5).rect("folio", None) }</g> }
}

/// Brackets over the blocks that hold a promise.
pub fn reservations(file: &FileScene, axis: &Axis, sizes: &Sizes, y: f64) -> Html {
    let one = |bracket: &Bracket| {
        let place = Place { x: axis.x(bracket.first), y, width: axis.width(bracket.blocks), height: sizes.bracket };
        let inner = place.inset(1.0);
        let (left, right, top, foot) = (inner.x, inner.x + inner.width, inner.y, inner.y + inner.height);
        let path = format!("M{left:.1} {foot:.1} V{top:.1} H{right:.1} V{foot:.1}");
        let long = format!("{} promised", bracket.blocks);
        let label = if sizes.fits(long.len() + 2, place.width) { long } else { bracket.blocks.to_string() };
        html! {
            <g key={bracket.first} class={format!("look-{}", bracket.look.key())}>
                { inner.rect("shape bracket-fill", Some(fill(bracket.look))) }
                <path class="bracket" d={path} />
                if sizes.fits(label.len(), place.width) {
                    { plate(place, &label, sizes) }
                }
            </g>
        }
    };
    html! { <g class="lane" aria-hidden="true">{ for file.promises.iter().map(one) }</g> }
}

/// The extent map: a bar an extent, a dashed box a hole.
pub fn extents(file: &FileScene, axis: &Axis, sizes: &Sizes, y: f64) -> Html {
    let one = |bar: &ExtentBar| {
        let place = Place { x: axis.x(bar.first), y, width: axis.width(bar.blocks), height: sizes.extent };
        let inner = place.inset(1.0);
        html! {
            <g key={format!("{}{}", bar.look.key(), bar.first)} class={format!("look-{}", bar.look.key())}>
                { inner.rect("shape", Some(fill(bar.look))) }
                if matches!(bar.look, Look::Shared | Look::Inline) {
                    { inner.inset(3.0).rect("inner-border", None) }
                }
                { bar_label(bar, place, sizes) }
            </g>
        }
    };
    html! { <g class="lane" aria-hidden="true">{ for file.extents.iter().map(one) }</g> }
}

fn bar_label(bar: &ExtentBar, place: Place, sizes: &Sizes) -> Html {
    let (glyph, title) = titles(bar);
    if bar.look == Look::Hole {
        return if sizes.fits(4, place.width) {
            place.text("hole-word", title)
        } else {
            html! {}
        };
    }
    let upper = Place { height: place.height * 0.56, ..place };
    let lower = Place { y: place.y + place.height * 0.46, height: place.height * 0.5, ..place };
    let where_ = where_label(bar, place, sizes);
    html! {
        <>
            if sizes.fits(title.len() + 1, place.width) {
                { plate(upper, &title, sizes) }
            } else if sizes.fits(glyph.len(), place.width) {
                { plate(upper, glyph, sizes) }
            }
            if let Some(label) = where_ {
                { plate(lower, &label, sizes) }
            }
        </>
    }
}

fn titles(bar: &ExtentBar) -> (&'static str, String) {
    let glyph = bar.look.glyph();
    let title = if bar.look == Look::Hole { String::from("hole") } else { format!("{glyph} {}", bar.look.word()) };
    (glyph, title)
}

/// `L0 +4 -> P12`, or as much of it as fits.
fn where_label(bar: &ExtentBar, place: Place, sizes: &Sizes) -> Option<String> {
    let place_of = bar.address.map_or_else(|| String::from("no address"), |address| format!("P{address}"));
    let long = match bar.address {
        Some(_) => format!("L{} +{} → {place_of}", bar.first, bar.blocks),
        None => format!("L{} +{}", bar.first, bar.blocks),
    };
    let fitting = |text: &String| sizes.fits(text.chars().count(), place.width);
    [long, place_of, format!("+{}", bar.blocks)].into_iter().find(fitting)
}

/// A plate where a pattern would run through the letters.
fn backed(look: Look, place: Place, text: &str, sizes: &Sizes) -> Html {
    match look {
        Look::Writeback | Look::Stale => plate_of(place, text, sizes).rect("plate", None),
        _ => html! {},
    }
}

/// Text on a plate of the look's own colour, so that no pattern runs through the letters.
pub fn plate(place: Place, text: &str, sizes: &Sizes) -> Html {
    html! { <>{ plate_of(place, text, sizes).rect("plate", None) }{ place.text("label", text.to_owned()) }</> }
}

fn plate_of(place: Place, text: &str, sizes: &Sizes) -> Place {
    let letters = super::scale::nth(text.chars().count());
    let width = (letters * sizes.font * 0.6 + 6.0).min(place.width - 3.0);
    let height = (sizes.font * 1.25).min(place.height - 2.0);
    Place { x: place.x + (place.width - width) / 2.0, y: place.y + (place.height - height) / 2.0, width, height }
}
