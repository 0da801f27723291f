//! What can be taken away.

use yew::prelude::*;

use super::Ui;
use crate::state::{Action, Layout};

/// The panel.
pub fn view(ui: Ui<'_>) -> Html {
    let script = ui.state.script.clone();
    html! {
        <div class="export">
            <p>{ "The extent map at this step, with page cache, reservations and B-tree, as versioned JSON." }</p>
            { ui.button("Download extent-map.json", Some("export-json"), Action::Export) }
            <h3>{ "This run" }</h3>
            <p>{ "The script with its settings. " }<code>{ "extentscope run" }</code>{ " plays it in a terminal." }</p>
            { ui.button("Copy script", Some("copy-script"), Action::Copy(script, "The script is in the clipboard.")) }
            if ui.state.layout == Layout::Narrow {
                { ui.button("Share", Some("share"), Action::Share) }
            }
        </div>
    }
}
