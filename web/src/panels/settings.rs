//! The settings: geometry, seed, the script itself, and how the page behaves.

use web_sys::{HtmlInputElement, HtmlTextAreaElement};
use yew::prelude::*;

use super::Ui;
use crate::state::Action;

/// The panel.
pub fn view(ui: Ui<'_>) -> Html {
    html! {
        <>
            <details class="settings" open=true>
                <summary>{ "Geometry and seed" }</summary>
                { geometry(ui) }
                <p>{ ui.button("Empty run", Some("reset"), Action::Reset) }<span class="quiet">{ " the same settings, no commands" }</span></p>
            </details>
            <details class="settings">
                <summary>{ "Script" }</summary>
                <ScriptEditor script={ui.state.script.clone()} dispatch={ui.dispatch.clone()} />
            </details>
            <details class="settings">
                <summary>{ "Page" }</summary>
                { check("No motion", ui.state.prefs.still, ui.dispatch.reform(Action::Still)) }
                { check("Single letters are shortcuts", ui.state.prefs.letters, ui.dispatch.reform(Action::Letters)) }
            </details>
        </>
    }
}

fn geometry(ui: Ui<'_>) -> Html {
    let Some(scene) = &ui.state.scene else { return html! {} };
    let settings = &scene.settings;
    let fanout = settings.fanout.map_or_else(String::new, |fanout| fanout.to_string());
    let fields = [
        ("Device blocks", "blocks", settings.device_blocks.to_string(), "8"),
        ("Block size", "block-size", settings.block_size.to_string(), "512"),
        ("Fan-out", "fanout", fanout, "3"),
        ("Seed", "seed", settings.seed.to_string(), "0"),
    ];
    let field = |(name, key, value, least): (&'static str, &'static str, String, &'static str)| {
        let dispatch = ui.dispatch.clone();
        let onchange = Callback::from(move |event: Event| {
            if let Some(field) = event.target_dyn_into::<HtmlInputElement>() {
                dispatch.emit(Action::Directive { key, value: field.value() });
            }
        });
        html! {
            <label key={key} class="number">
                <span>{ name }</span>
                <input type="number" min={least} step="1" {value} {onchange} data-testid={format!("setting-{key}")} placeholder="real" />
            </label>
        }
    };
    html! { <div class="numbers">{ for fields.into_iter().map(field) }</div> }
}

fn check(name: &'static str, on: bool, choose: Callback<bool>) -> Html {
    let onchange = choose.reform(move |_: Event| !on);
    html! { <label class="switch"><input type="checkbox" checked={on} {onchange} />{ name }</label> }
}

#[derive(Properties, PartialEq)]
struct EditorProps {
    script: String,
    dispatch: Callback<Action>,
}

/// The whole script: to read, to paste one, to change it.
#[component(ScriptEditor)]
fn script_editor(props: &EditorProps) -> Html {
    let field = use_node_ref();
    {
        let field = field.clone();
        use_effect_with(props.script.clone(), move |script| {
            if let Some(field) = field.cast::<HtmlTextAreaElement>() {
                field.set_value(script);
            }
        });
    }
    let onclick = {
        let (field, dispatch) = (field.clone(), props.dispatch.clone());
        Callback::from(move |_: MouseEvent| {
            if let Some(field) = field.cast::<HtmlTextAreaElement>() {
                dispatch.emit(Action::Load { script: field.value(), scenario: String::new() });
            }
        })
    };
    html! {
        <>
            <label class="script">
                <span>{ "Settings and commands, one per line" }</span>
                <textarea ref={field} data-testid="script" rows="12" spellcheck="false" />
            </label>
            <button type="button" data-testid="script-run" {onclick}>{ "Run this script" }</button>
        </>
    }
}
