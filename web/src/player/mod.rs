//! The transport at the bottom: back, forward, play, scrub; who runs next.

use web_sys::HtmlInputElement;
use yew::prelude::*;

use crate::draw::icons::Icon;
use crate::panels::Ui;
use crate::panels::picker::{Picker, words};
use crate::protocol::StepSize;
use crate::scene::TaskItem;
use crate::state::{Action, Layout, SPEEDS};

/// The transport.
pub fn view(ui: Ui<'_>) -> Html {
    let narrow = ui.state.layout == Layout::Narrow;
    html! {
        <div class="transport" role="group" aria-label="Transport">
            <div class="keys-row">
                if !narrow {
                    { ui.sign(Icon::First, "First step", Some("first"), Action::First) }
                }
                { ui.sign(Icon::Back, "Step back", Some("step-back"), Action::Step { size: None, forward: false }) }
                { play(ui) }
                { ui.sign(Icon::Forward, "Step forward", Some("step-forward"), Action::Step { size: None, forward: true }) }
                { ui.sign(Icon::Over, "Step over: to the next call", Some("step-over"), Action::Step { size: Some(StepSize::Call), forward: true }) }
                if !narrow {
                    { ui.sign(Icon::Last, "Last step", Some("last"), Action::Last) }
                }
            </div>
            { scrubber(ui) }
            { size(ui) }
            if !narrow {
                { speed(ui) }
                { ui.toggle("Pause lines", ui.state.pause, Some("pause"), Action::Pause(!ui.state.pause)) }
                { ui.sign(Icon::Flag, "Bookmark this step", Some("bookmark"), Action::Bookmark) }
            }
            if ui.state.at_live_head() {
                { ui.button("Run to end", Some("run-pending"), Action::RunPending) }
            }
            { tasks(ui) }
        </div>
    }
}

fn play(ui: Ui<'_>) -> Html {
    let (sign, name) = if ui.state.play.on { (Icon::Pause, "Pause") } else { (Icon::Play, "Play") };
    html! {
        <button type="button" class="sign play" data-testid="play" aria-label={name} title={name} onclick={ui.click(Action::Play)}>
            { sign.draw() }<span class="play-word" aria-hidden="true">{ if ui.state.play.on { "pause" } else { "play" } }</span>
        </button>
    }
}

fn scrubber(ui: Ui<'_>) -> Html {
    let (cursor, length, sentence) =
        ui.state.scene.as_ref().map_or((0, 0, ""), |scene| (scene.cursor, scene.length, scene.sentence.as_str()));
    let dispatch = ui.dispatch.clone();
    let oninput = Callback::from(move |event: InputEvent| {
        let field = event.target_dyn_into::<HtmlInputElement>();
        if let Some(step) = field.and_then(|field| field.value().parse().ok()) {
            dispatch.emit(Action::Scrub(step));
        }
    });
    html! {
        <input type="range" class="scrubber" data-testid="scrubber" aria-label="Step" aria-valuetext={format!("step {cursor}, {sentence}")}
            min="0" max={length.to_string()} step="1" value={cursor.to_string()} {oninput} />
    }
}

fn size(ui: Ui<'_>) -> Html {
    let choose = ui.dispatch.reform(|word: String| {
        let found = StepSize::ALL.into_iter().find(|size| size.word() == word);
        Action::Size(found.unwrap_or_default())
    });
    html! {
        <Picker name="Step" testid={"step-size"} options={words(StepSize::ALL.map(StepSize::word))} value={ui.state.size.word()} on_choose={choose} />
    }
}

fn speed(ui: Ui<'_>) -> Html {
    let word = |speed: u32| match speed {
        25 => "0.25x",
        50 => "0.5x",
        100 => "1x",
        200 => "2x",
        400 => "4x",
        _ => "8x",
    };
    let options =
        SPEEDS.iter().enumerate().map(|(at, speed)| (AttrValue::from(at.to_string()), AttrValue::from(word(*speed))));
    let choose = ui.dispatch.reform(|at: String| Action::Speed(at.parse().unwrap_or(2)));
    html! {
        <Picker name="Speed" testid={"speed"} options={options.collect::<Vec<_>>()} value={ui.state.play.speed.to_string()} on_choose={choose} />
    }
}

/// A button for each task that could take the next step.
fn tasks(ui: Ui<'_>) -> Html {
    let tasks = ui.state.scene.as_ref().map(|scene| scene.tasks.clone()).unwrap_or_default();
    let one = |(order, task): (usize, &TaskItem)| {
        use crate::scene::Doing;
        let can = matches!(task.doing, Doing::Running | Doing::Runnable);
        let name = format!("{} {}: let it take the next step; it {}", order + 1, task.label, task.words);
        html! {
            <button key={task.task} type="button" class={classes!("task-button", can.then_some("can-run"))} title={name.clone()} aria-label={name}
                onclick={ui.click(Action::StepTask { order, until_blocked: false })}>{ format!("{} {}", order + 1, task.label) }</button>
        }
    };
    html! { <div class="task-buttons" role="group" aria-label="Who runs next">{ for tasks.iter().enumerate().take(9).map(one) }</div> }
}
