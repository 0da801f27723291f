//! What the tools say: FIEMAP, filefrag, SEEK. An answer is a photograph; it stays what it was.

use yew::prelude::*;

use super::Ui;
use crate::protocol::{Photo, PhotoRow, Tool};
use crate::state::{Action, Shared, tool_place};

/// The panel.
pub fn view(ui: Ui<'_>) -> Html {
    html! {
        <>
            <div class="sub-tabs" role="group" aria-label="Tools">
                { for Tool::ALL.into_iter().map(|tool| sub_tab(ui, tool)) }
            </div>
            { controls(ui) }
            { table_of(ui, ui.state.listing) }
            { table_of(ui, Tool::Seek) }
        </>
    }
}

/// The table of a tool. Both tables are in the document; only that of the chosen tool is seen.
fn table_of(ui: Ui<'_>, tool: Tool) -> Html {
    let content = match &ui.state.photos[tool_place(tool)] {
        Some(photo) => answer(ui, photo),
        None => empty(tool),
    };
    html! { <div hidden={ui.state.tool != tool}>{ content }</div> }
}

fn sub_tab(ui: Ui<'_>, tool: Tool) -> Html {
    let command = match tool {
        Tool::Fiemap => "xfs_io fiemap -v",
        Tool::Filefrag => "filefrag -v",
        Tool::Seek => "seek -a -r 0",
    };
    html! {
        <button type="button" class="toggle" aria-pressed={(ui.state.tool == tool).to_string()} title={command}
            data-testid={format!("tool-{}", tool.word().to_lowercase())} onclick={ui.click(Action::Tool(tool))}>{ tool.word() }</button>
    }
}

fn controls(ui: Ui<'_>) -> Html {
    let seek = ui.state.tool == Tool::Seek;
    let on = ui.state.sync_first();
    let onchange = ui.dispatch.reform(move |_: Event| Action::Sync(!on));
    html! {
        <div class="table-bar">
            <label class="switch">
                <input type="checkbox" role="switch" data-testid="fiemap-sync" checked={on && !seek} disabled={seek} {onchange} />
                { "sync first" }
            </label>
            { ui.button("Ask now", Some("fiemap-ask"), Action::Ask) }
        </div>
    }
}

fn empty(tool: Tool) -> Html {
    let words = if tool == Tool::Fiemap {
        "xfs_io asks for a sync first: looking changes the file. Press \"Ask now\", or switch \"sync first\" off."
    } else {
        "Press \"Ask now\" to take an answer at this step."
    };
    html! {
        <table class="photo" data-testid={testid(tool)}><tbody><tr><td class="hint">{ words }</td></tr></tbody></table>
    }
}

fn testid(tool: Tool) -> &'static str {
    if tool == Tool::Seek { "seek-table" } else { "fiemap-table" }
}

fn answer(ui: Ui<'_>, photo: &Shared<Photo>) -> Html {
    let cursor = ui.state.scene.as_ref().map_or(photo.step, |scene| scene.cursor);
    let stale = cursor != photo.step;
    let selected = ui.state.view.selection.map(|pick| pick.block);
    let how = match (photo.tool, photo.sync) {
        (Tool::Seek, _) => "",
        (_, true) => ", after a sync",
        (_, false) => ", without sync",
    };
    let stamp = if stale {
        format!("Answer from step {}{how}; the file is at step {cursor}.", photo.step)
    } else {
        format!("Answer from step {}{how}.", photo.step)
    };
    html! {
        <>
            if let Some(before) = &photo.changed {
                <div class="banner" role="note">
                    <b>{ "Looking changed the file." }</b>
                    { " The sync wrote what was only promised. Before it, filefrag would have said:" }
                    <pre>{ before.clone() }</pre>
                </div>
            }
            <p class="stamp">{ stamp }</p>
            <div class="photo-box" tabindex="0" role="group" aria-label={format!("{} of {}", photo.tool.word(), photo.file)}>
                <table class={classes!("photo", stale.then_some("stale"))} data-testid={testid(photo.tool)}>
                    <tbody>{ for photo.rows.iter().enumerate().map(|(at, row)| photo_row(ui, at, row, selected)) }</tbody>
                </table>
            </div>
            <ul class={classes!("decoded", stale.then_some("stale"))} aria-label="The same in words">
                { for photo.rows.iter().filter(|row| !row.words.is_empty()).map(|row| in_words(ui, row, selected)) }
            </ul>
            { ui.button("Copy text", None, Action::Copy(photo.text(), "The table is in the clipboard.")) }
        </>
    }
}

fn in_words(ui: Ui<'_>, row: &PhotoRow, selected: Option<u64>) -> Html {
    let (first, blocks) = row.blocks.unwrap_or((0, 0));
    let chosen = selected.is_some_and(|block| first <= block && block < first.saturating_add(blocks));
    html! { <li><button type="button" aria-pressed={chosen.to_string()} onclick={ui.click(Action::Show(first))}>{ row.words.clone() }</button></li> }
}

fn photo_row(ui: Ui<'_>, at: usize, row: &PhotoRow, selected: Option<u64>) -> Html {
    let holds = |(first, blocks): (u64, u64)| {
        selected.is_some_and(|block| first <= block && block < first.saturating_add(blocks))
    };
    let chosen = row.blocks.is_some_and(holds);
    let onclick = row.blocks.map(|(first, _)| ui.click(Action::Show(first)));
    let class = classes!(chosen.then_some("chosen-row"), row.blocks.is_some().then_some("can-show"));
    html! { <tr key={at} {class} {onclick}><td>{ row.text.clone() }</td></tr> }
}
