//! The console: what was typed and what it answered, and a line for more.

use web_sys::HtmlInputElement;
use yew::prelude::*;

use super::Ui;
use crate::protocol::LogEntry;
use crate::state::{Action, Shared};

/// Entries that are drawn; of a longer log the end.
const SHOWN_MAX: usize = 300;

/// The console.
pub fn view(ui: Ui<'_>) -> Html {
    let cursor = ui.state.scene.as_ref().map_or(0, |scene| scene.cursor);
    html! {
        <section class="console" aria-label="Console">
            <Log log={ui.state.log.clone()} {cursor} dispatch={ui.dispatch.clone()} />
            { line(ui) }
        </section>
    }
}

fn line(ui: Ui<'_>) -> Html {
    let dispatch = ui.dispatch.clone();
    let onkeydown = Callback::from(move |event: KeyboardEvent| {
        let action = match event.key().as_str() {
            "Enter" => Action::Enter,
            "ArrowUp" => Action::Recall { older: true },
            "ArrowDown" => Action::Recall { older: false },
            _ => return,
        };
        event.prevent_default();
        dispatch.emit(action);
    });
    let oninput = {
        let dispatch = ui.dispatch.clone();
        Callback::from(move |event: InputEvent| {
            if let Some(field) = event.target_dyn_into::<HtmlInputElement>() {
                dispatch.emit(Action::Typed(field.value()));
            }
        })
    };
    html! {
        <div class="console-line">
            <label for="console-input" class="prompt">{ "extentscope>" }</label>
            <input id="console-input" data-testid="console-input" type="text" autocomplete="off" autocapitalize="off" spellcheck="false"
                placeholder="pwrite 0 64k    (help lists the commands)" value={ui.state.console.input.clone()} {oninput} {onkeydown} />
        </div>
    }
}

#[derive(Properties, PartialEq)]
struct LogProps {
    log: Shared<Vec<LogEntry>>,
    cursor: u64,
    dispatch: Callback<Action>,
}

#[component(Log)]
fn log(props: &LogProps) -> Html {
    let from = props.log.len().saturating_sub(SHOWN_MAX);
    html! {
        <div class="log" data-testid="console-output" role="log" aria-label="Console output" tabindex="0">
            if from > 0 {
                <div class="quiet">{ format!("… {from} earlier entries\n") }</div>
            }
            { for props.log.iter().enumerate().skip(from).map(|(at, entry)| log_entry(props, at, entry)) }
        </div>
    }
}

fn log_entry(props: &LogProps, at: usize, entry: &LogEntry) -> Html {
    let later = entry.first_step > props.cursor && entry.first_step <= entry.last_step;
    let class = classes!("entry", entry.error.then_some("failed"), later.then_some("later"));
    let steps = entry.first_step <= entry.last_step && entry.first_step > 0;
    let last = entry.last_step;
    let goto = props.dispatch.reform(move |_: MouseEvent| Action::Goto(last));
    html! {
        <div key={at} {class}>
            if !entry.line.is_empty() {
                <div class="typed">
                    <span class="typed-line">{ format!("> {}", entry.line) }</span>
                    if steps {
                        <button type="button" class="step-link" onclick={goto} aria-label={format!("Go to step {last}, the end of {}", entry.line)}>
                            { format!(" {last}") }
                        </button>
                    }
                    { "\n" }
                </div>
            }
            if !entry.output.is_empty() {
                <div class="printed">{ with_newline(&entry.output) }</div>
            }
            if !entry.done {
                <div class="quiet">{ "… waits to be stepped\n" }</div>
            }
        </div>
    }
}

fn with_newline(text: &str) -> String {
    if text.ends_with('\n') { text.to_owned() } else { format!("{text}\n") }
}
