//! The right column: tabs.

use wasm_bindgen::JsCast;
use web_sys::HtmlElement;
use yew::prelude::*;

use super::{Ui, device, export, inspector, tables, text, tree};
use crate::state::{Action, Tab};

/// The column.
pub fn view(ui: Ui<'_>) -> Html {
    let dispatch = ui.dispatch.clone();
    let now = ui.state.tab;
    let onkeydown = Callback::from(move |event: KeyboardEvent| {
        let at = Tab::ALL.iter().position(|tab| *tab == now).unwrap_or(0);
        let next = match event.key().as_str() {
            "ArrowRight" => (at + 1) % Tab::ALL.len(),
            "ArrowLeft" => (at + Tab::ALL.len() - 1) % Tab::ALL.len(),
            _ => return,
        };
        event.prevent_default();
        dispatch.emit(Action::Tab(Tab::ALL[next]));
        focus_tab(&event, next);
    });
    html! {
        <aside class="right" aria-label="Views">
            <div class="tabs" role="tablist" aria-label="Views" {onkeydown}>{ for Tab::ALL.into_iter().map(|tab| tab_button(ui, tab)) }</div>
            { for Tab::ALL.into_iter().map(|tab| panel(ui, tab)) }
        </aside>
    }
}

/// The focus follows the chosen tab.
fn focus_tab(event: &KeyboardEvent, at: usize) {
    let list = event.target_dyn_into::<HtmlElement>().and_then(|element| element.parent_element());
    let tab = list.and_then(|list| list.children().item(u32::try_from(at).unwrap_or(0)));
    if let Some(tab) = tab.and_then(|tab| tab.dyn_into::<HtmlElement>().ok()) {
        drop(tab.focus());
    }
}

fn id(tab: Tab) -> &'static str {
    match tab {
        Tab::Inspect => "inspect",
        Tab::Fiemap => "fiemap",
        Tab::Tree => "tree",
        Tab::Export => "export",
        Tab::Text => "text",
        Tab::Device => "device",
    }
}

fn tab_button(ui: Ui<'_>, tab: Tab) -> Html {
    let on = ui.state.tab == tab;
    html! {
        <button type="button" role="tab" id={format!("tab-{}", id(tab))} data-testid={format!("tab-{}", id(tab))}
            aria-selected={on.to_string()} aria-controls={format!("panel-{}", id(tab))} tabindex={if on { "0" } else { "-1" }}
            onclick={ui.click(Action::Tab(tab))}>{ tab.title() }</button>
    }
}

/// All panels are in the document, so that hooks are; only the open one is seen.
fn panel(ui: Ui<'_>, tab: Tab) -> Html {
    let content = match tab {
        Tab::Inspect => inspector::view(ui),
        Tab::Fiemap => tables::view(ui),
        Tab::Tree => tree::view(ui),
        Tab::Export => export::view(ui),
        Tab::Text => text::view(ui),
        Tab::Device => device::view(ui),
    };
    html! {
        <div class="panel" role="tabpanel" id={format!("panel-{}", id(tab))} aria-labelledby={format!("tab-{}", id(tab))} hidden={ui.state.tab != tab} tabindex="0">
            { content }
        </div>
    }
}
