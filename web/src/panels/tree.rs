//! The B-tree's panel.

use yew::prelude::*;

use super::Ui;
use crate::draw::tree::TreeDrawing;
use crate::words;

/// The panel.
pub fn view(ui: Ui<'_>) -> Html {
    let Some(scene) = &ui.state.scene else { return html! { <div data-testid="btree" /> } };
    let Some(tree) = &scene.tree else {
        return html! { <div data-testid="btree"><p class="hint">{ "No file is shown." }</p></div> };
    };
    let block = ui.state.view.selection.map(|pick| pick.block);
    html! {
        <div data-testid="btree">
            <p>{ tree.note.clone() }</p>
            if tree.hidden > 0 {
                <p class="quiet">{ format!("{} are not drawn: the part around the selected block is.", words::count(tree.hidden, "node", "nodes")) }</p>
            }
            <div class="tree-box" tabindex="0" role="group" aria-label="B-tree drawing">
                <TreeDrawing tree={tree.clone()} step={scene.cursor} {block} ino={scene.file.as_ref().map_or(0, |file| file.ino)} />
            </div>
        </div>
    }
}
