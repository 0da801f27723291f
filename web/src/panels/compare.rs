//! The same calls on every filesystem: one script, a map each, differences marked.

use yew::prelude::*;

use super::Ui;
use crate::draw::compare as drawing;
use crate::draw::map::ruler;
use crate::draw::patterns::swatch;
use crate::draw::scale::{Axis, Sizes, bytes};
use crate::scene::{CompareScene, Look, Scene, SideFile, SideScene};
use crate::state::Action;
use crate::words;

/// In place of the lanes.
pub fn view(ui: Ui<'_>, scene: &Scene, compared: &CompareScene) -> Html {
    let sizes = Sizes::of(ui.state.room());
    let axis = Axis::new(compared.lens, f64::from(ui.width.max(200)));
    let after = match &compared.line {
        Some(line) => format!("After {}, at rest.", words::plain_line(line)),
        None => String::from("No line has ended yet."),
    };
    html! {
        <div class="compare" data-testid="compare-view">
            <p class="compare-sentence" data-testid="compare-sentence"><b>{ compared.sentence.clone() }</b>{ " " }<span class="quiet">{ after }</span></p>
            <svg class="map" aria-hidden="true" width={ui.width.to_string()} height={sizes.ruler.to_string()} viewBox={format!("0 0 {} {}", ui.width, sizes.ruler)}>
                { ruler(&axis, &sizes, scene.settings.block_size) }
            </svg>
            { for compared.sides.iter().map(|side| row(ui, compared, side, sizes)) }
            { key() }
        </div>
    }
}

fn row(ui: Ui<'_>, compared: &CompareScene, side: &SideScene, sizes: Sizes) -> Html {
    let head = html! {
        <div class="side-head">
            { ui.toggle(&side.name, side.own, Some("compare-side"), Action::Personality(side.name.clone())) }
            <span class="quiet">{ side.level.clone() }</span>
            { for side.file.as_ref().map(facts) }
            if let Some(answer) = &side.answer {
                <code class="side-answer">{ format!("≠ {answer}") }</code>
            }
        </div>
    };
    let picture = match (&side.file, &side.refused) {
        (Some(file), _) => drawing::side(compared, file, &side.words, ui.width, sizes),
        (None, Some(reason)) => html! { <p class="hint">{ format!("Takes no part: {reason}.") }</p> },
        (None, None) => html! { <p class="hint">{ "The file is not there." }</p> },
    };
    html! { <section class="side" key={side.name.clone()} aria-label={side.name.clone()}>{ head }{ picture }</section> }
}

fn facts(file: &SideFile) -> Html {
    let fact = |differs: bool, text: String| {
        let class = if differs { "side-differs" } else { "quiet" };
        html! { <span {class}>{ if differs { format!("≠ {text}") } else { text } }</span> }
    };
    html! {
        <>
            { fact(file.size_differs, format!("size {}", bytes(file.size))) }
            { fact(file.blocks_differ, format!("st_blocks {}", file.blocks)) }
        </>
    }
}

/// What the strips are.
fn key() -> Html {
    let look = |look: Look| html! { <li class="legend-row">{ swatch(look) }<span>{ look.word() }</span></li> };
    let looks = [
        Look::Written,
        Look::Shared,
        Look::Delalloc,
        Look::Reserved,
        Look::Unwritten,
        Look::Inline,
        Look::Hole,
        Look::Dirty,
    ];
    html! {
        <ul class="legend" aria-label="What the maps show">
            { for looks.into_iter().map(look) }
            <li class="legend-row"><span class="seek-sample" aria-hidden="true"></span><span>{ "SEEK_DATA" }</span></li>
            <li class="legend-row"><span>{ "top: dirty pages; middle: FIEMAP without sync; line below: SEEK; ≠: not the same everywhere" }</span></li>
        </ul>
    }
}
