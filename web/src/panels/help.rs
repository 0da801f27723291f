//! What lies over the page: the keys, and the question where to go.

use web_sys::{HtmlDialogElement, HtmlInputElement};
use yew::prelude::*;

use crate::draw::icons::Icon;
use crate::keys::{HELP, HelpRow};
use crate::state::{Action, Overlay};

/// What the dialog is opened with.
#[derive(Properties, PartialEq)]
pub struct OverlayProps {
    /// Which one.
    pub overlay: Overlay,
    /// The last step.
    pub length: u64,
    /// The step at the cursor.
    pub cursor: u64,
    /// Where actions go.
    pub dispatch: Callback<Action>,
}

/// A modal dialog: the browser keeps the focus inside and gives it back.
#[component(OverlayDialog)]
pub fn overlay_dialog(props: &OverlayProps) -> Html {
    let dialog = use_node_ref();
    {
        let dialog = dialog.clone();
        use_effect_with((), move |()| {
            if let Some(dialog) = dialog.cast::<HtmlDialogElement>() {
                // Fails only for a dialog that is open already.
                drop(dialog.show_modal());
            }
        });
    }
    let onclose = props.dispatch.reform(|_: Event| Action::Escape);
    let (name, content) = match props.overlay {
        Overlay::Help => ("Keys", help()),
        Overlay::Goto => (
            "Go to a step",
            html! { <GotoForm length={props.length} cursor={props.cursor} dispatch={props.dispatch.clone()} /> },
        ),
    };
    html! {
        <dialog ref={dialog} class="overlay" aria-label={name} {onclose}>
            <div class="overlay-head">
                <h2>{ name }</h2>
                <button type="button" class="sign" aria-label="Close" onclick={props.dispatch.reform(|_: MouseEvent| Action::Escape)}>{ Icon::Close.draw() }</button>
            </div>
            { content }
        </dialog>
    }
}

fn help() -> Html {
    let row =
        |(keys, meaning): &HelpRow| html! { <tr><th scope="row"><kbd>{ *keys }</kbd></th><td>{ *meaning }</td></tr> };
    html! {
        <div data-testid="help-table">
            <table class="keys"><tbody>{ for HELP.iter().map(row) }</tbody></table>
            <p>{ "Letters can be switched off under \"Page\" in the left column. In the console, " }<code>{ "help" }</code>{ " lists the commands." }</p>
        </div>
    }
}

#[derive(Properties, PartialEq)]
struct GotoProps {
    length: u64,
    cursor: u64,
    dispatch: Callback<Action>,
}

#[component(GotoForm)]
fn goto_form(props: &GotoProps) -> Html {
    let field = use_node_ref();
    let onsubmit = {
        let (field, dispatch) = (field.clone(), props.dispatch.clone());
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            let step = field.cast::<HtmlInputElement>().and_then(|field| field.value().parse().ok());
            dispatch.emit(step.map_or(Action::Escape, Action::Goto));
        })
    };
    html! {
        <form class="goto" {onsubmit}>
            <label>
                <span>{ format!("Step, 0 to {}", props.length) }</span>
                <input ref={field} data-testid="goto" type="number" autofocus=true min="0" max={props.length.to_string()} value={props.cursor.to_string()} />
            </label>
            <button type="submit">{ "Go" }</button>
        </form>
    }
}
