//! What is simpler here than in a kernel, beside the part of the page that shows it.

use extentscope_core::personality::simplified::{Near, SIMPLIFICATIONS, Simplification};
use yew::prelude::*;

use super::Ui;
use crate::state::Action;

/// A small button for each simplification of a part: its hint and the status line say what it is.
pub fn chips(ui: Ui<'_>, near: Near) -> Html {
    let chip = |each: &Simplification| {
        html! {
            <button type="button" key={each.id} class="simpler" data-testid="simplification" title={each.what}
                aria-label={format!("{}, simpler than a kernel: {}", each.id, each.what)} onclick={ui.click(Action::Tell(each.what))}>{ each.id }</button>
        }
    };
    html! {
        <span class="simplified" role="group" aria-label="Simpler here than in a kernel">
            <span class="quiet">{ "simplified" }</span>
            { for SIMPLIFICATIONS.iter().filter(|each| each.near == near).map(chip) }
        </span>
    }
}
