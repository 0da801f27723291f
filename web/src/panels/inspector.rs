//! The inspector: what the selected block is, why, since when, and who protects it.

use yew::prelude::*;

use super::Ui;
use crate::scene::{CauseItem, Fact, InspectorScene};
use crate::state::Action;

/// The panel.
pub fn view(ui: Ui<'_>) -> Html {
    let inspector = ui.state.scene.as_ref().and_then(|scene| scene.inspector.clone());
    let Some(inspector) = inspector else {
        return html! {
            <div data-testid="inspector">
                <p class="hint">{ "Select a block: click it, or press Tab into the map and walk with the arrows. Enter pins it here." }</p>
            </div>
        };
    };
    html! {
        <div data-testid="inspector">
            <h3>{ inspector.title.clone() }{ if ui.state.pinned { " (pinned)" } else { "" } }</h3>
            { facts("What", &inspector.what) }
            { why(ui, &inspector) }
            { who(&inspector) }
            { facts("As others see it", &inspector.others) }
        </div>
    }
}

fn facts(title: &'static str, facts: &[Fact]) -> Html {
    if facts.is_empty() {
        return html! {};
    }
    let one = |(name, value): &Fact| html! { <><dt>{ name.clone() }</dt><dd>{ value.clone() }</dd></> };
    html! { <><h4>{ title }</h4><dl class="facts">{ for facts.iter().map(one) }</dl></> }
}

fn why(ui: Ui<'_>, inspector: &InspectorScene) -> Html {
    let one = |(at, cause): (usize, &CauseItem)| {
        html! {
            <li key={at}>
                <button type="button" class="cause" onclick={ui.click(Action::Goto(cause.step))}>
                    <b>{ format!("step {}", cause.step) }</b>{ format!(" {}", cause.sentence) }
                </button>
                <code class="quiet">{ cause.kernel.clone() }</code>
            </li>
        }
    };
    html! {
        <>
            <h4>{ "Why" }</h4>
            if let Some(step) = inspector.since {
                <p>{ format!("So since step {step}.") }</p>
            } else {
                <p>{ "Nothing has happened to it yet." }</p>
            }
            <ol class="why">{ for inspector.why.iter().enumerate().map(one) }</ol>
        </>
    }
}

fn who(inspector: &InspectorScene) -> Html {
    html! {
        <>
            <h4>{ "Who holds it" }</h4>
            if inspector.who.is_empty() {
                <p>{ "No lock that protects it is held." }</p>
            } else {
                <ul>{ for inspector.who.iter().map(|line| html! { <li>{ line.clone() }</li> }) }</ul>
            }
        </>
    }
}
