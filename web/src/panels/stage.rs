//! The stage: the file map with its controls.

use extentscope_core::personality::simplified::Near;
use wasm_bindgen::JsCast;
use web_sys::Element;
use yew::prelude::*;

use super::picker::Picker;
use super::{Ui, compare, legend, simplified};
use crate::draw::icons::Icon;
use crate::draw::map::FileMap;
use crate::draw::marks::cell_of;
use crate::draw::overview::OverviewStrip;
use crate::protocol::Pick;
use crate::scene::{FileScene, MetaScene, Scene};
use crate::state::{Action, Layout, Opening};
use crate::words;

/// Blocks that the lens can be set to; 0 is automatic.
const ZOOMS: [u64; 5] = [0, 16, 32, 64, 128];

/// The stage.
pub fn view(ui: Ui<'_>) -> Html {
    let dispatch = ui.dispatch.clone();
    let onclick = Callback::from(move |event: MouseEvent| {
        if let Some(pick) = event.target().and_then(|target| picked(&target)) {
            dispatch.emit(Action::Pick(pick));
        }
    });
    let compared = ui.state.scene.as_ref().and_then(|scene| Some((scene, scene.compare.as_ref()?)));
    html! {
        <section class="stage" id="stage" data-testid="stage" tabindex="0" aria-label="File map. Arrow keys step; Tab enters the map.">
            { caption(ui) }
            { controls(ui) }
            <div class="map-box" id="map-box" {onclick}>
                if let Some((scene, sides)) = compared {
                    { compare::view(ui, scene, sides) }
                } else if let Some(scene) = &ui.state.scene {
                    <OverviewStrip scene={scene.clone()} width={ui.width.saturating_sub(72)} height={if ui.state.layout == Layout::Narrow { 44 } else { 30 }}
                        theme={ui.state.prefs.theme} dispatch={ui.dispatch.clone()} />
                    <FileMap scene={scene.clone()} width={ui.width} room={ui.state.room()}
                        difference={ui.state.prefs.difference} focus={ui.state.cell} selection={ui.state.view.selection} />
                }
            </div>
            if compared.is_none() {
                { legend::view(ui) }
            }
            { simplified::chips(ui, Near::Map) }
            { opening(ui) }
        </section>
    }
}

fn picked(target: &web_sys::EventTarget) -> Option<Pick> {
    let element = target.dyn_ref::<Element>()?.closest("[data-cell]").ok().flatten()?;
    cell_of(&element.get_attribute("data-cell")?)
}

fn caption(ui: Ui<'_>) -> Html {
    let sentence = match (&ui.state.scene, &ui.state.opening) {
        (Some(scene), Opening::Playing(_)) if scene.cursor < scene.length => {
            format!("This file was written one second ago. Where is it? {}", scene.sentence)
        }
        (Some(scene), _) => scene.sentence.clone(),
        (None, _) => String::from("The engine is arriving …"),
    };
    let command = ui.state.scene.as_ref().and_then(|scene| scene.command.clone());
    html! {
        <p class="caption">
            if let Some((number, line)) = command {
                <code class="caption-command">{ format!("#{number} {}", words::plain_line(&line)) }</code>
            }
            <span>{ sentence }</span>
        </p>
    }
}

fn controls(ui: Ui<'_>) -> Html {
    let Some(scene) = &ui.state.scene else { return html! {} };
    let files =
        scene.files.iter().map(|file| (AttrValue::from(file.ino.to_string()), AttrValue::from(file.name.clone())));
    let chosen = scene.file.as_ref().map_or_else(|| String::from("no file"), |file| file.ino.to_string());
    let choose = ui.dispatch.reform(|ino: String| Action::File(ino.parse().unwrap_or(0)));
    html! {
        <div class="stage-bar">
            <Picker name="File" testid={"file"} options={files.collect::<Vec<_>>()} value={chosen} on_choose={choose} />
            { for scene.file.as_ref().map(|file| lens_words(ui, file)) }
            { zoom(ui) }
            if !ui.state.view.compare {
                { device_pager(ui, scene) }
                { metadata_pager(ui, &scene.device.meta) }
                { ui.toggle("Difference", ui.state.prefs.difference, Some("difference"), Action::Difference) }
            }
            { ui.toggle("All filesystems", ui.state.view.compare, Some("compare"), Action::Compare) }
        </div>
    }
}

fn lens_words(ui: Ui<'_>, file: &FileScene) -> Html {
    let size = format!("{} bytes", file.size);
    html! {
        <>
            <span class="quiet">{ size }</span>
            if file.blocks > file.lens.blocks {
                <span class="quiet">{ format!("blocks {} to {} of {}", file.lens.first, file.lens.end() - 1, file.blocks) }</span>
            }
            if let Some(block) = file.changed_outside {
                { ui.button(&format!("Changed at block {block}: show"), Some("changed-outside"), Action::Show(block)) }
            }
        </>
    }
}

fn zoom(ui: Ui<'_>) -> Html {
    let word = |blocks: u64| match blocks {
        0 => String::from("fit"),
        blocks => words::count(blocks, "block", "blocks"),
    };
    let mut zooms = ZOOMS.to_vec();
    if !zooms.contains(&ui.state.view.lens_blocks) {
        zooms.push(ui.state.view.lens_blocks);
    }
    let options = zooms.into_iter().map(|blocks| (AttrValue::from(blocks.to_string()), AttrValue::from(word(blocks))));
    let choose = ui.dispatch.reform(|blocks: String| Action::Zoom(blocks.parse().unwrap_or(0)));
    html! {
        <Picker name="Lens" testid={"lens"} options={options.collect::<Vec<_>>()} value={ui.state.view.lens_blocks.to_string()} on_choose={choose} />
    }
}

fn device_pager(ui: Ui<'_>, scene: &Scene) -> Html {
    let device = &scene.device;
    if device.lens.blocks >= device.blocks {
        return html! {};
    }
    let earlier = Action::Device(device.lens.first.saturating_sub(device.lens.blocks));
    let signs = ["Device: earlier blocks", "Device: later blocks"];
    pager(ui, "device", signs, [earlier, Action::Device(device.lens.end())])
}

fn metadata_pager(ui: Ui<'_>, meta: &MetaScene) -> Html {
    let shown = meta.shown();
    if shown >= meta.nodes {
        return html! {};
    }
    let last = meta.nodes.saturating_sub(1);
    let to = |node: u64| Action::Metadata(meta.start + node.min(last) * meta.each);
    let signs = ["Metadata: earlier nodes", "Metadata: later nodes"];
    pager(ui, "metadata", signs, [to(meta.first.saturating_sub(shown)), to(meta.first + shown)])
}

fn pager(ui: Ui<'_>, what: &'static str, signs: [&'static str; 2], [earlier, later]: [Action; 2]) -> Html {
    html! {
        <span class="pager">
            { ui.sign(Icon::Left, signs[0], None, earlier) }
            <span class="quiet">{ what }</span>
            { ui.sign(Icon::Right, signs[1], None, later) }
        </span>
    }
}

/// The offer after the first seconds.
fn opening(ui: Ui<'_>) -> Html {
    if !matches!(ui.state.opening, Opening::Offered(_)) {
        return html! {};
    }
    html! {
        <div class="offer">
            <button type="button" id="opening-back" class="offer-main" onclick={ui.click(Action::OpeningBack)}>
                { Icon::Back.draw() }{ " Step back - see what looking did" }
            </button>
            <button type="button" onclick={ui.click(Action::FocusConsole)}>{ "Type your own" }</button>
        </div>
    }
}
