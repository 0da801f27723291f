//! Messages across the page: a failed worker, a silent one, an error.

use yew::prelude::*;

use super::Ui;
use crate::draw::icons::Icon;
use crate::protocol::{HELD, Place};
use crate::scene::Standing;
use crate::state::{Action, Engine};

/// All that is to be said.
pub fn view(ui: Ui<'_>) -> Html {
    html! { <>{ engine(ui) }{ message(ui) }</> }
}

fn engine(ui: Ui<'_>) -> Html {
    match &ui.state.engine {
        Engine::Failed(reason) => html! {
            <div class="notice error" role="alert">
                <p data-testid="failure">{ format!("The engine stopped: {reason}") }</p>
                <p>{ "Your script is kept." }</p>
                { ui.button("Restart", Some("restart"), Action::Restart) }
            </div>
        },
        Engine::Silent => html! {
            <div class="notice" role="alert">
                <p>{ "The engine has not answered for a while. It may still be working." }</p>
                { ui.button("Stop and restart", Some("restart"), Action::Restart) }
            </div>
        },
        Engine::Starting | Engine::Ready => html! {},
    }
}

fn message(ui: Ui<'_>) -> Html {
    let Some(notice) = &ui.state.notice else { return html! {} };
    html! {
        <div class={classes!("notice", notice.error.then_some("error"))} role="alert" data-testid="notice">
            <pre>{ notice.text.clone() }</pre>
            if notice.text == HELD {
                <p class="choices">
                    { ui.button("Try again", Some("held-retry"), Action::Place(Place::Opfs)) }
                    { ui.button("Read-only copy", Some("held-copy"), Action::Place(Place::Copy)) }
                    { ui.button("In memory", Some("held-memory"), Action::Place(Place::Memory)) }
                </p>
            }
            { ui.sign(Icon::Close, "Close this message", None, Action::Dismiss) }
        </div>
    }
}

/// Who waits for whom, where nothing can run any more.
pub fn deadlock(ui: Ui<'_>) -> Html {
    let standing =
        ui.state.scene.as_ref().filter(|scene| scene.cursor == scene.length).map(|scene| scene.standing.clone());
    match standing {
        Some(Standing::Deadlock(text)) => html! {
            <div class="deadlock" role="alert" data-testid="deadlock"><b>{ "Nothing can run. " }</b>{ text }</div>
        },
        _ => html! {},
    }
}
