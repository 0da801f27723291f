//! The left column: the scenario with its commands and settings, or where each task stands.

use yew::prelude::*;

use super::{Ui, header, settings, source};
use crate::draw::icons::Icon;
use crate::header as script_header;
use crate::protocol::LogEntry;
use crate::scene::BranchItem;
use crate::state::{Action, Layout, Side};
use crate::words;

/// Commands that are listed; of more the end.
const LISTED_MAX: usize = 200;

/// The column.
pub fn view(ui: Ui<'_>) -> Html {
    let scenario = ui.state.side == Side::Scenario;
    html! {
        <aside class="left" aria-label="Scenario and source">
            <div class="sub-tabs" role="group" aria-label="Left column">
                { ui.toggle("Scenario", scenario, Some("side-scenario"), Action::Side(Side::Scenario)) }
                { ui.toggle("Source", !scenario, Some("side-source"), Action::Side(Side::Source)) }
                if ui.state.layout == Layout::Medium {
                    { ui.sign(Icon::Close, "Close this column", None, Action::Drawer) }
                }
            </div>
            <div class="panel" hidden={!scenario}>{ scenario_panel(ui) }</div>
            <div class="panel" hidden={scenario}>{ source::view(ui) }</div>
        </aside>
    }
}

fn scenario_panel(ui: Ui<'_>) -> Html {
    let title = script_header::get(&ui.state.script, "title").unwrap_or("Your own script");
    let text = script_header::all(&ui.state.script, "description").join(" ");
    html! {
        <>
            <h2>{ title.to_owned() }</h2>
            if !text.is_empty() {
                <p class="description">{ text }</p>
            }
            if ui.state.layout == Layout::Narrow {
                { header::pickers(ui) }
                { header::theme(ui) }
            }
            { commands(ui) }
            { branches(ui) }
            { settings::view(ui) }
        </>
    }
}

fn commands(ui: Ui<'_>) -> Html {
    let cursor = ui.state.scene.as_ref().map_or(0, |scene| scene.cursor);
    let lines: Vec<&LogEntry> =
        ui.state.log.iter().filter(|entry| !entry.line.is_empty() && entry.command > 0).collect();
    let skip = lines.len().saturating_sub(LISTED_MAX);
    let one = |(at, entry): (usize, &&LogEntry)| {
        let here = entry.first_step <= cursor && cursor <= entry.last_step;
        let later = entry.first_step > cursor;
        let class =
            classes!("command", here.then_some("here"), later.then_some("later"), entry.error.then_some("failed"));
        let current = here.then_some("step");
        html! {
            <li key={at} {class} aria-current={current}>
                <button type="button" onclick={ui.click(Action::Goto(entry.last_step.max(entry.first_step.saturating_sub(1))))}>
                    <code>{ words::plain_line(&entry.line).to_owned() }</code>
                </button>
            </li>
        }
    };
    html! {
        <ol class="commands" aria-label="Commands of this run" start={(skip + 1).to_string()}>{ for lines.iter().enumerate().skip(skip).map(one) }</ol>
    }
}

fn branches(ui: Ui<'_>) -> Html {
    let branches = ui.state.scene.as_ref().map(|scene| scene.branches.clone()).unwrap_or_default();
    if branches.is_empty() {
        return html! {};
    }
    let one = |(at, branch): (usize, &BranchItem)| {
        let index = u32::try_from(at).unwrap_or(u32::MAX);
        let lines =
            if branch.lines.is_empty() { String::from("another order of steps") } else { branch.lines.join("; ") };
        html! {
            <li key={branch.name.clone()}>
                <p><b>{ branch.name.clone() }</b>{ format!(", left at step {}, {}: ", branch.forked_at, words::count(branch.steps, "step", "steps")) }<code>{ lines }</code></p>
                { ui.button("Go there", None, Action::SwitchBranch(index)) }
                { ui.button("Discard", None, Action::DiscardBranch(index)) }
            </li>
        }
    };
    html! { <><h3>{ "Branches" }</h3><ul class="branches" data-testid="branches">{ for branches.iter().enumerate().map(one) }</ul></> }
}
