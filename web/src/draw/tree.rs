//! The B-tree: nodes as tables, level under level.

use yew::prelude::*;

use super::bars::Place;
use super::patterns::fill;
use super::scale::{at, nth};
use crate::scene::{TreeEntry, TreeNode, TreeScene};

const NODE: f64 = 152.0;
const ROW: f64 = 20.0;
const HEAD: f64 = 18.0;
const BETWEEN: f64 = 12.0;
const LEVEL: f64 = 34.0;

/// What the tree is drawn from.
#[derive(Properties, PartialEq, Clone)]
pub struct TreeProps {
    /// The tree.
    pub tree: TreeScene,
    /// The step, so that what is new appears anew.
    pub step: u64,
    /// The selected file block.
    pub block: Option<u64>,
    /// Whose records are spoken of without their inode.
    pub ino: u32,
}

/// The tree.
#[component(TreeDrawing)]
pub fn tree_drawing(props: &TreeProps) -> Html {
    let tree = &props.tree;
    let widest = tree.levels.iter().map(Vec::len).max().unwrap_or(0);
    let width = nth(widest.max(1)) * (NODE + BETWEEN);
    let tops = tops(tree);
    let height = tops.last().copied().unwrap_or(0.0);
    let label = format!("B-tree: {}", tree.note);
    let place = |level: usize, at: usize| {
        let nodes = &tree.levels[level];
        let span = width / nth(nodes.len().max(1));
        Place { x: span * nth(at) + (span - NODE) / 2.0, y: tops[level], width: NODE, height: node_height(&nodes[at]) }
    };
    let mut links = Vec::new();
    let mut nodes = Vec::new();
    for (level, row) in tree.levels.iter().enumerate() {
        for (at, node) in row.iter().enumerate() {
            let here = place(level, at);
            if let Some((parent, above)) = node.parent.zip(level.checked_sub(1)) {
                links.push(link(place(above, parent), here));
            }
            nodes.push(node_table(props, node, here));
        }
    }
    html! {
        <svg class="tree-svg" role="img" aria-label={label} width={at(width)} height={at(height)} viewBox={format!("0 0 {width:.1} {height:.1}")}>
            { for links }{ for nodes }
        </svg>
    }
}

fn node_height(node: &TreeNode) -> f64 {
    HEAD + nth(node.entries.len().max(1)) * ROW
}

/// The tops of the levels, and the foot of the last.
fn tops(tree: &TreeScene) -> Vec<f64> {
    let mut tops = vec![2.0];
    for level in &tree.levels {
        let tallest = level.iter().map(node_height).fold(HEAD, f64::max);
        let last = tops.last().copied().unwrap_or(0.0);
        tops.push(last + tallest + LEVEL);
    }
    if let Some(last) = tops.last_mut() {
        *last -= LEVEL - 4.0;
    }
    tops
}

fn link(parent: Place, child: Place) -> Html {
    let (x1, y1) = (parent.x + parent.width / 2.0, parent.y + parent.height);
    let (x2, y2) = (child.x + child.width / 2.0, child.y);
    let middle = (y1 + y2) / 2.0;
    html! { <path class="tree-link" d={format!("M{x1:.1} {y1:.1} V{middle:.1} H{x2:.1} V{y2:.1}")} /> }
}

fn node_table(props: &TreeProps, node: &TreeNode, place: Place) -> Html {
    let entry = |(at, entry): (usize, &TreeEntry)| {
        let row = Place { y: place.y + HEAD + nth(at) * ROW, height: ROW, ..place };
        node_entry(props, entry, row, at)
    };
    let head = Place { height: HEAD, ..place };
    // A node that changed is drawn anew, so that its motion runs.
    let key = if node.changed { format!("{}-{}", node.node, props.step) } else { node.node.to_string() };
    html! {
        <g {key} class={classes!("node", node.changed.then_some("node-changed"))}>
            { place.rect("node-box", None) }
            { head.text("node-name", format!("node {}", node.node)) }
            { for node.entries.iter().enumerate().map(entry) }
            if node.entries.is_empty() {
                { Place { y: place.y + HEAD, height: ROW, ..place }.text("quiet", String::from("empty")) }
            }
        </g>
    }
}

fn node_entry(props: &TreeProps, entry: &TreeEntry, row: Place, at: usize) -> Html {
    match entry {
        TreeEntry::Record { ino, first, blocks, look, address } => {
            let place = address.map_or_else(String::new, |address| format!(" → P{address}"));
            let whose = if *ino == props.ino { String::new() } else { format!("i{ino} ") };
            let chosen = *ino == props.ino
                && props.block.is_some_and(|block| *first <= block && block < first.saturating_add(*blocks));
            let swatch = Place { x: row.x + 4.0, y: row.y + 4.0, width: 18.0, height: ROW - 8.0 };
            let text = Place { x: row.x + 24.0, width: row.width - 26.0, ..row };
            html! {
                <g key={at} class={classes!(format!("look-{}", look.key()), chosen.then_some("entry-chosen"))}>
                    { row.inset(1.0).rect("entry-row", None) }
                    { swatch.rect("shape", Some(fill(*look))) }
                    { text.text("entry", format!("{whose}L{first} +{blocks}{place}")) }
                </g>
            }
        }
        TreeEntry::Child { ino, first, node } => {
            let whose = if *ino == props.ino { String::new() } else { format!("i{ino} ") };
            html! { <g key={at}>{ row.text("entry", format!("from {whose}L{first}: node {node}")) }</g> }
        }
    }
}
