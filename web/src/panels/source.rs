//! Where each task stands: the functions it is in, outermost first, with the nearest kernel function.

use yew::prelude::*;

use super::Ui;
use crate::scene::{FrameItem, TaskItem};

/// The panel.
pub fn view(ui: Ui<'_>) -> Html {
    let tasks = ui.state.scene.as_ref().map(|scene| scene.tasks.clone()).unwrap_or_default();
    html! { <div class="source" data-testid="source">{ for tasks.iter().map(task) }</div> }
}

fn task(task: &TaskItem) -> Html {
    let doing = format!("doing-{}", task.doing.key());
    html! {
        <section key={task.task} class={classes!("task", doing)}>
            <h3><span class="letter">{ task.letter.clone() }</span>{ format!(" {}", task.label) }<span class="quiet">{ format!(": {}", task.words) }</span></h3>
            if let Some(command) = &task.command {
                <p><code>{ command.clone() }</code></p>
            }
            <ol class="frames">{ for task.frames.iter().map(frame) }</ol>
        </section>
    }
}

fn frame(frame: &FrameItem) -> Html {
    let numbers = if frame.numbers.is_empty() { String::new() } else { format!(" ({})", frame.numbers) };
    html! { <li>{ format!("{}{numbers}", frame.label) }<code class="quiet">{ frame.kernel.clone() }</code></li> }
}
