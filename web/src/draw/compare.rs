//! One filesystem's map among others: dirty pages, what FIEMAP says, what SEEK says, and where it differs.

use yew::prelude::*;

use super::bars::{Place, plate};
use super::patterns::fill;
use super::scale::{Axis, Sizes, at, px};
use crate::scene::{CompareScene, Look, SideBar, SideFile, Stretch};

/// Heights of the three strips and of the marks below, as parts of a bar of the extent lane.
const DIRTY: f64 = 0.22;
const BAR: f64 = 0.62;
const SEEK: f64 = 0.16;
const MARK: f64 = 0.26;

/// Where bytes lie on the axis.
struct Ground<'a> {
    compared: &'a CompareScene,
    axis: Axis,
    sizes: Sizes,
}

impl Ground<'_> {
    fn place(&self, bytes: Stretch, y: f64, height: f64) -> Option<Place> {
        let x = |byte: u64| {
            let unit = self.compared.block_size;
            let first = self.compared.lens.first.saturating_mul(unit);
            let end = self.compared.lens.end().saturating_mul(unit);
            self.axis.left + px(byte.clamp(first, end) - first) / px(unit) * self.axis.cell
        };
        let (left, right) = (x(bytes.from), x(bytes.to));
        (right > left).then_some(Place { x: left, y, width: right - left, height })
    }
}

/// The drawing of one side.
pub fn side(compared: &CompareScene, file: &SideFile, words: &str, width: u32, sizes: Sizes) -> Html {
    let ground = Ground { compared, axis: Axis::new(compared.lens, f64::from(width.max(200))), sizes };
    let unit = sizes.extent;
    let (dirty, bar, seek) = (unit * DIRTY, unit * BAR, unit * SEEK);
    let marks = dirty + bar + seek + 4.0;
    let height = marks + unit * MARK;
    let strip = |part: &Stretch, y: f64, high: f64, look: Look, class: &'static str| {
        ground.place(*part, y, high).map(|place| place.inset(0.5).rect(class, Some(fill(look))))
    };
    html! {
        <svg class="map side-map" role="img" aria-label={words.to_owned()} width={width.to_string()} height={at(height)}
            viewBox={format!("0 0 {width} {height:.1}")}>
            { for file.dirty.iter().filter_map(|part| strip(part, 0.0, dirty, Look::Dirty, "shape")) }
            { for file.bars.iter().filter_map(|one| extent(&ground, one, dirty + 1.0, bar)) }
            { for file.data.iter().filter_map(|part| ground.place(*part, dirty + bar + 3.0, seek - 2.0)).map(|place| place.rect("seek-data", None)) }
            { for compared.differs.iter().filter_map(|part| mark(&ground, *part, marks, unit * MARK)) }
            { end_of_file(&ground, file.size, marks) }
        </svg>
    }
}

fn extent(ground: &Ground<'_>, bar: &SideBar, y: f64, height: f64) -> Option<Html> {
    let place = ground.place(bar.bytes, y, height)?;
    let letters = bar.look.glyph();
    let word = bar.look.word();
    let label = if ground.sizes.fits(word.len() + 2, place.width) { word } else { letters };
    let hole = bar.look == Look::Hole;
    Some(html! {
        <g class={format!("look-{}", bar.look.key())}>
            { place.inset(1.0).rect("shape", Some(fill(bar.look))) }
            if ground.sizes.fits(label.len(), place.width) && !hole {
                { plate(place, label, &ground.sizes) }
            } else if hole && ground.sizes.fits(label.len(), place.width) {
                { place.text("quiet", label.to_owned()) }
            }
        </g>
    })
}

/// A bracket with a sign: not by colour alone.
fn mark(ground: &Ground<'_>, part: Stretch, y: f64, height: f64) -> Option<Html> {
    let place = ground.place(part, y, height)?;
    let (left, right, foot) = (place.x + 1.0, place.x + place.width - 1.0, y + height * 0.45);
    Some(html! {
        <g class="differs">
            <path d={format!("M{left:.1} {y:.1} V{foot:.1} H{right:.1} V{y:.1}")} />
            if ground.sizes.fits(1, place.width) {
                <text x={at(place.x + place.width / 2.0)} y={at(foot)} text-anchor="middle" dominant-baseline="central">{ "≠" }</text>
            }
        </g>
    })
}

fn end_of_file(ground: &Ground<'_>, size: u64, height: f64) -> Option<Html> {
    let unit = ground.compared.block_size;
    let lens = ground.compared.lens;
    let inside = lens.first.saturating_mul(unit) <= size && size <= lens.end().saturating_mul(unit);
    let place = ground.place(Stretch { from: 0, to: size }, 0.0, height).filter(|_| inside)?;
    let x = place.x + place.width;
    Some(html! { <g class="eof"><path d={format!("M{x:.1} 0 V{height:.1}")} /></g> })
}
