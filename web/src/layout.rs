//! Where the panels are.

use yew::prelude::*;

use crate::draw::patterns::Patterns;
use crate::panels::help::OverlayDialog;
use crate::panels::{Ui, console, header, notice, right, side, stage, time};
use crate::player;
use crate::state::{Action, Layout, Pane};

/// The whole page.
pub fn view(ui: Ui<'_>) -> Html {
    let state = ui.state;
    let layout = match state.layout {
        Layout::Wide => "wide",
        Layout::Medium => "medium",
        Layout::Narrow => "narrow",
    };
    let class = classes!(
        "page",
        layout,
        state.present.then_some("present"),
        state.drawer.then_some("drawer"),
        state.play.on.then_some("playing"),
        state.play.too_fast_for_motion().then_some("no-motion"),
        (state.layout == Layout::Narrow).then(|| format!("pane-{}", state.pane.word().to_ascii_lowercase())),
    );
    html! {
        <div {class}>
            { skip_links() }
            <Patterns />
            { header::view(ui) }
            { notice::view(ui) }
            { rail(ui) }
            { side::view(ui) }
            <main class="centre">
                { stage::view(ui) }
                { time::view(ui) }
                { console::view(ui) }
            </main>
            { right::view(ui) }
            <footer class="foot">
                { player::view(ui) }
                <p class="status" role="status" aria-live="polite" data-testid="status">{ state.status.clone() }</p>
                { panes(ui) }
            </footer>
            { overlay(ui) }
        </div>
    }
}

fn skip_links() -> Html {
    html! {
        <nav class="skip" aria-label="Skip">
            <a href="#stage">{ "To the file map" }</a>
            <a href="#console-input">{ "To the console" }</a>
        </nav>
    }
}

/// What is left of the left column where it is folded away.
fn rail(ui: Ui<'_>) -> Html {
    if ui.state.layout != Layout::Medium || ui.state.drawer || ui.state.present {
        return html! {};
    }
    html! {
        <div class="rail">
            <button type="button" class="rail-button" aria-expanded="false" onclick={ui.click(Action::Drawer)}>{ "Scenario and settings" }</button>
        </div>
    }
}

fn panes(ui: Ui<'_>) -> Html {
    if ui.state.layout != Layout::Narrow {
        return html! {};
    }
    let one = |pane: Pane| {
        let on = ui.state.pane == pane;
        html! { <button type="button" aria-pressed={on.to_string()} class="pane-button" onclick={ui.click(Action::Pane(pane))}>{ pane.word() }</button> }
    };
    html! { <div class="panes" role="group" aria-label="Panels">{ for Pane::ALL.into_iter().map(one) }</div> }
}

fn overlay(ui: Ui<'_>) -> Html {
    let Some(overlay) = ui.state.overlay else { return html! {} };
    let (length, cursor) = ui.state.scene.as_ref().map_or((0, 0), |scene| (scene.length, scene.cursor));
    html! { <OverlayDialog key={format!("{overlay:?}")} {overlay} {length} {cursor} dispatch={ui.dispatch.clone()} /> }
}
