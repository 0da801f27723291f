//! The timeline's panel: the drawing, and the locks at the cursor in words.

use extentscope_core::personality::simplified::Near;
use yew::prelude::*;

use super::{Ui, notice, simplified};
use crate::draw::timeline::{Timeline, step_at};
use crate::scene::LockItem;
use crate::state::Action;

/// The panel.
pub fn view(ui: Ui<'_>) -> Html {
    let Some(scene) = ui.state.scene.clone() else { return html! { <section class="time" data-testid="timeline" /> } };
    let onclick = {
        let (dispatch, room) = (ui.dispatch.clone(), ui.state.room());
        let (time, length, width) = (scene.timeline.clone(), scene.length, ui.width);
        Callback::from(move |event: MouseEvent| {
            if let Some(step) = step_at(event.offset_x(), width, room, &time).filter(|step| *step <= length) {
                dispatch.emit(Action::Goto(step));
            }
        })
    };
    html! {
        <section class="time" data-testid="timeline" aria-label="Timeline">
            <div class="time-head">
                <h2>{ "Timeline" }</h2>
                <span class="quiet">{ "steps, not seconds" }</span>
                { ui.toggle("Locks", ui.state.prefs.locks, Some("show-locks"), Action::Locks) }
                { simplified::chips(ui, Near::Timeline) }
            </div>
            <div class="time-box" tabindex="0" role="group" aria-label="Tasks and locks over steps" {onclick}>
                <Timeline scene={scene.clone()} width={ui.width} room={ui.state.room()} locks={ui.state.prefs.locks} />
            </div>
            { notice::deadlock(ui) }
            if ui.state.prefs.locks {
                { locks(&scene.locks) }
            }
        </section>
    }
}

fn locks(locks: &[LockItem]) -> Html {
    let one = |lock: &LockItem| {
        let holders = if lock.holders.is_empty() { String::from("nobody") } else { lock.holders.join(", ") };
        html! {
            <li key={lock.name.clone()}>
                <b>{ lock.name.clone() }</b>{ format!(" held by {holders}") }
                if !lock.waiters.is_empty() {
                    <span class="waits">{ format!(", wanted by {}", lock.waiters.join(", ")) }</span>
                }
            </li>
        }
    };
    html! {
        <ul class="locks" data-testid="locks" aria-label="Locks at this step">
            { for locks.iter().map(one) }
            if locks.is_empty() {
                <li class="quiet">{ "Nobody holds a lock at this step." }</li>
            }
        </ul>
    }
}
