//! The device: where it lies, what can be done with it, and what a power cut would leave of it.

use extentscope_core::base::SortedSet;
use gloo::file::callbacks::{FileReader, read_as_bytes};
use web_sys::{HtmlInputElement, KeyboardEvent};
use yew::prelude::*;

use super::Ui;
use crate::protocol::Place;
use crate::state::Action;

/// The panel.
pub fn view(ui: Ui<'_>) -> Html {
    let Some(scene) = &ui.state.scene else { return html! {} };
    html! {
        <div class="export">
            { storage(ui) }
            { report(ui) }
            <h3>{ "Pull the plug" }</h3>
            <Plug writes={scene.device.unflushed.clone()} data_blocks={scene.settings.device_blocks} dispatch={ui.dispatch.clone()} />
        </div>
    }
}

fn storage(ui: Ui<'_>) -> Html {
    let Some(scene) = &ui.state.scene else { return html! {} };
    let settings = &scene.settings;
    let kib = settings.device_bytes / 1024;
    let place = match (settings.place, settings.file_counts) {
        (Place::Opfs, Some((writes, syncs))) => {
            format!(
                "{kib} KiB in the browser's private storage; written {writes} times, made durable {syncs} times in this run."
            )
        }
        (Place::Copy, _) => format!(
            "{kib} KiB: a read-only copy of the browser's private storage, as it was at that moment. Files open with -r. The other \
             tab goes on."
        ),
        _ => format!("{kib} KiB in memory, as long as this page is open."),
    };
    html! {
        <>
            <p data-testid="storage">{ place }</p>
            <p>{ ui.button("Download image", Some("download-image"), Action::Image) }</p>
            <OpenImage dispatch={ui.dispatch.clone()} />
            <p>{ ui.button("Format again", Some("wipe"), Action::Wipe) }</p>
        </>
    }
}

/// What is wrong with the image that could not be mounted, a rule a line, and the way to the block.
fn report(ui: Ui<'_>) -> Html {
    if ui.state.broken.is_empty() {
        return html! {};
    }
    let line = |line: &str| {
        let block = line.split_once(" at block ").and_then(|(_, rest)| rest.split(':').next()?.parse::<u64>().ok());
        html! {
            <li>
                { line.to_owned() }
                if let Some(block) = block {
                    { ui.button(&format!("Go to block {block}"), None, Action::Block(block)) }
                }
            </li>
        }
    };
    html! {
        <>
            <h3>{ "Not mounted" }</h3>
            <ul data-testid="fsck-report">{ for ui.state.broken.lines().map(line) }</ul>
        </>
    }
}

#[derive(Properties, PartialEq)]
struct OpenProps {
    dispatch: Callback<Action>,
}

/// A file of the viewer's, mounted when it keeps every rule.
#[component(OpenImage)]
fn open_image(props: &OpenProps) -> Html {
    let reader = use_mut_ref(|| None::<FileReader>);
    let dispatch = props.dispatch.clone();
    let onchange = Callback::from(move |event: Event| {
        let Some(field) = event.target_dyn_into::<HtmlInputElement>() else { return };
        let Some(file) = field.files().and_then(|files| files.get(0)) else { return };
        let dispatch = dispatch.clone();
        let read = read_as_bytes(&gloo::file::File::from(file), move |bytes| {
            if let Ok(bytes) = bytes {
                dispatch.emit(Action::OpenImage(bytes));
            }
        });
        *reader.borrow_mut() = Some(read);
        field.set_value("");
    });
    html! { <label class="script"><span>{ "Open an image" }</span><input type="file" data-testid="open-image" {onchange} /></label> }
}

#[derive(Properties, PartialEq)]
struct PlugProps {
    writes: Vec<(u64, u64, u64)>,
    data_blocks: u64,
    dispatch: Callback<Action>,
}

/// Writes that were never flushed, each with whether it survives, and the plug.
#[component(Plug)]
fn plug(props: &PlugProps) -> Html {
    let lost = use_state(SortedSet::<u64>::new);
    let kept: Vec<u64> = props.writes.iter().map(|write| write.0).filter(|id| !lost.contains(id)).collect();
    let line = match (kept.len(), props.writes.len()) {
        (0, _) => String::from("crash -n"),
        (kept, all) if kept == all => String::from("crash -a"),
        _ => format!("crash -k {}", kept.iter().map(u64::to_string).collect::<Vec<_>>().join(",")),
    };
    let all: SortedSet<u64> = props.writes.iter().map(|write| write.0).collect();
    let set = |value: SortedSet<u64>| {
        let lost = lost.clone();
        Callback::from(move |_: MouseEvent| lost.set(value.clone()))
    };
    // Every third one or so, and another third when it is asked again: what chance does is shown by the list.
    let seed = lost.len() as u64 + all.iter().next_back().copied().unwrap_or(0);
    let some = all
        .iter()
        .copied()
        .filter(|id| (id.wrapping_mul(0x9e37_79b9) ^ seed.wrapping_mul(0x85eb_ca6b)) >> 3 & 1 == 1)
        .collect();
    let row = |(id, first, blocks): &(u64, u64, u64)| {
        let (id, lost) = (*id, lost.clone());
        let what = if *first >= props.data_blocks { "metadata" } else { "data" };
        let onchange = Callback::from(move |_: Event| {
            let mut next = (*lost).clone();
            if !next.remove(&id) {
                next.insert(id);
            }
            lost.set(next);
        });
        let first = *first;
        let go = props.dispatch.reform(move |_: MouseEvent| Action::Block(first));
        let survives = kept.contains(&id);
        html! {
            <li key={id}><label class="switch"><input type="checkbox" checked={survives} {onchange} />
                { format!("write {id}: {what}, blocks {first} to {}", first + blocks - 1) }</label>
                <button type="button" onclick={go}>{ format!("Go to block {first}") }</button></li>
        }
    };
    let cut = props.dispatch.reform({
        let line = line.clone();
        move |_: MouseEvent| Action::Give(line.clone())
    });
    let quiet = Callback::from(|event: KeyboardEvent| event.stop_propagation());
    html! {
        <div data-testid="plug" onkeydown={quiet}>
            if props.writes.is_empty() {
                <p>{ "Everything that was written is flushed: a power cut loses only what is in memory." }</p>
            } else {
                <p>{ "Written and not flushed. What is ticked survives." }</p>
                <ul class="writes">{ for props.writes.iter().map(row) }</ul>
                <p>
                    <button type="button" data-testid="plug-all" onclick={set(SortedSet::new())}>{ "All" }</button>
                    <button type="button" data-testid="plug-none" onclick={set(all)}>{ "None" }</button>
                    <button type="button" data-testid="plug-random" onclick={set(some)}>{ "Random" }</button>
                </p>
            }
            <p><button type="button" data-testid="plug-cut" onclick={cut}>{ "Cut the power" }</button><span class="quiet">{ format!(" {line}") }</span></p>
        </div>
    }
}
