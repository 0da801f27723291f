//! The legend: every state with its pattern, letters, words, and how many blocks are in it now.

use yew::prelude::*;

use super::Ui;
use crate::draw::patterns::swatch;
use crate::draw::scale::bytes;
use crate::scene::LegendRow;

/// The legend of the chosen file.
pub fn view(ui: Ui<'_>) -> Html {
    let rows = ui.state.scene.as_ref().and_then(|scene| scene.file.as_ref()).map(|file| file.legend.clone());
    html! { <ul class="legend" aria-label="Legend, with blocks and bytes of the whole file">{ for rows.unwrap_or_default().iter().map(row) }</ul> }
}

fn row(row: &LegendRow) -> Html {
    let class = classes!("legend-row", (row.blocks == 0).then_some("legend-none"));
    html! {
        <li key={row.look.key()} {class} title={row.look.meaning()}>
            { swatch(row.look) }
            <span class="legend-glyph">{ row.look.glyph() }</span>
            <span>{ row.look.word() }</span>
            <span class="legend-count">{ row.blocks }</span>
            if row.blocks > 0 {
                <span class="quiet">{ bytes(row.bytes) }</span>
            }
        </li>
    }
}
