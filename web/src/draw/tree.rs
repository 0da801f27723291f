//! The B-tree: nodes as tables, from the root on the left to the leaves on the right.

use yew::prelude::*;

use super::bars::Place;
use super::patterns::fill;
use super::scale::{at, nth};
use crate::scene::{TreeEntry, TreeNode, TreeScene};

const NODE: f64 = 130.0;
const ROW: f64 = 20.0;
const HEAD: f64 = 18.0;
const BETWEEN: f64 = 10.0;
const LEVEL: f64 = 26.0;

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
    let places = places(tree);
    let width = nth(tree.levels.len()) * (NODE + LEVEL) - LEVEL + 4.0;
    let height = places.iter().flatten().map(|place| place.y + place.height).fold(0.0, f64::max) + 4.0;
    let mut links = Vec::new();
    let mut nodes = Vec::new();
    for (level, row) in tree.levels.iter().enumerate() {
        for (node, here) in row.iter().zip(&places[level]) {
            let above = level.checked_sub(1).and_then(|above| places[above].get(node.parent?));
            links.extend(above.map(|parent| link(*parent, *here)));
            nodes.push(node_table(props, node, *here));
        }
    }
    html! {
        <svg class="tree-svg" role="img" aria-label={format!("B-tree: {}", tree.note)} width={at(width.max(10.0))}
            height={at(height)} viewBox={format!("0 0 {:.1} {height:.1}", width.max(10.0))}>
            { for links }{ for nodes }
        </svg>
    }
}

fn node_height(node: &TreeNode) -> f64 {
    HEAD + nth(node.entries.len().max(1)) * ROW
}

/// Where nodes lie, by level: the last level stacked, every parent beside the middle of its children, nobody over
/// somebody else.
fn places(tree: &TreeScene) -> Vec<Vec<Place>> {
    let mut levels: Vec<Vec<Place>> = Vec::new();
    for (level, nodes) in tree.levels.iter().enumerate().rev() {
        let mut foot = 2.0;
        let mut column = Vec::new();
        for (order, node) in nodes.iter().enumerate() {
            let height = node_height(node);
            let wish = middle(tree, level, order, levels.last()).map_or(foot, |middle| middle - height / 2.0);
            let y = wish.max(foot);
            column.push(Place { x: 2.0 + nth(level) * (NODE + LEVEL), y, width: NODE, height });
            foot = y + height + BETWEEN;
        }
        levels.push(column);
    }
    levels.reverse();
    levels
}

/// The middle of a node's children, whose places are known already.
fn middle(tree: &TreeScene, level: usize, order: usize, below: Option<&Vec<Place>>) -> Option<f64> {
    let children = tree.levels.get(level + 1)?.iter().zip(below?);
    let mut places = children.filter(|(child, _)| child.parent == Some(order)).map(|(_, place)| place);
    let first = places.next()?;
    let last = places.next_back().unwrap_or(first);
    Some(f64::midpoint(first.y, last.y + last.height))
}

fn link(parent: Place, child: Place) -> Html {
    let (x1, y1) = (parent.x + parent.width, parent.y + parent.height / 2.0);
    let (x2, y2) = (child.x, child.y + HEAD / 2.0);
    let middle = f64::midpoint(x1, x2);
    html! { <path class="tree-link" d={format!("M{x1:.1} {y1:.1} H{middle:.1} V{y2:.1} H{x2:.1}")} /> }
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
            let swatch = Place { x: row.x + 4.0, y: row.y + 4.0, width: 16.0, height: ROW - 8.0 };
            let text = Place { x: row.x + 20.0, width: row.width - 22.0, ..row };
            html! {
                <g key={at} class={classes!(format!("look-{}", look.key()), chosen.then_some("entry-chosen"))}>
                    { row.inset(1.0).rect("entry-row", None) }
                    { swatch.rect("shape", Some(fill(*look))) }
                    { text.text("entry", format!("{whose}L{first} +{blocks}{place}")) }
                </g>
            }
        }
        TreeEntry::Child { ino, first, node } => {
            let from = match *ino {
                0 => String::from("start"),
                own if own == props.ino => format!("L{first}"),
                other => format!("i{other} L{first}"),
            };
            html! { <g key={at}>{ row.text("entry", format!("{from}: node {node}")) }</g> }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(parent: Option<usize>, entries: usize) -> TreeNode {
        let entry = TreeEntry::Child { ino: 1, first: 0, node: 0 };
        TreeNode { node: 0, parent, entries: vec![entry; entries], changed: false }
    }

    #[test]
    fn a_parent_stands_beside_the_middle_of_its_children_and_nodes_never_overlap() {
        let leaves = (0..4).map(|_| node(Some(0), 4)).collect();
        let tree = TreeScene { levels: vec![vec![node(None, 4)], leaves], ..TreeScene::default() };
        let places = places(&tree);
        let (root, leaves) = (places[0][0], &places[1]);
        let middle = f64::midpoint(leaves[0].y, leaves[3].y + leaves[3].height);
        assert_eq!(at(root.y + root.height / 2.0), at(middle));
        for pair in leaves.windows(2) {
            assert!(pair[0].y + pair[0].height <= pair[1].y);
        }
    }
}
