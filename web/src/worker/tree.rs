//! The B-tree that holds the chosen file, level by level.

use extentscope_core::base::{Entry, FileBlock, Ino, Key, NodeId, SortedMap};
use extentscope_core::view::World;
use extentscope_core::view::world::NodeView;

use super::looks::extent_look;
use crate::scene::{TreeEntry, TreeNode, TreeScene};

/// Nodes of one level that are shown.
const LEVEL_MAX: usize = 16;
/// Entries of one node that are shown.
const ENTRIES_MAX: usize = 24;

/// Nodes that were shown before, to tell which ones changed.
pub type ShownNodes = SortedMap<NodeId, Vec<Entry>>;

/// The tree as it is seen around a block. `before` becomes what is shown now.
pub fn scene(world: &World, ino: Ino, block: u64, before: &mut ShownNodes) -> TreeScene {
    let Some((shared, root)) = root(world, ino) else {
        before.clear();
        return TreeScene {
            note: String::from("This file has no tree yet: it has no extent."),
            ..TreeScene::default()
        };
    };
    let first_time = before.is_empty();
    let mut shown = ShownNodes::new();
    let mut levels = Vec::new();
    let mut ids: Vec<(NodeId, Option<usize>)> = vec![(root, None)];
    let mut hidden = 0;
    while !ids.is_empty() {
        hidden += narrow(world, &mut ids, Key { ino, start: FileBlock(block) });
        let mut next = Vec::new();
        let mut level = Vec::new();
        for (at, (id, parent)) in ids.iter().enumerate() {
            let Some(node) = world.nodes.get(id) else { continue };
            next.extend(children(node).map(|child| (child, Some(at))));
            let changed = !first_time && before.get(id) != Some(&node.entries);
            let entries = node.entries.iter().take(ENTRIES_MAX).map(entry).collect();
            level.push(TreeNode { node: id.0, parent: *parent, entries, changed });
            shown.insert(*id, node.entries.clone());
        }
        levels.push(level);
        ids = next;
    }
    *before = shown;
    let nodes = count(world, root);
    TreeScene { note: note(shared, levels.len(), nodes), levels, nodes, hidden }
}

fn root(world: &World, ino: Ino) -> Option<(bool, NodeId)> {
    let own = world.trees.get(&ino.0).map(|root| (false, *root));
    own.or_else(|| world.trees.get(&0).map(|root| (true, *root)))
}

fn children(node: &NodeView) -> impl Iterator<Item = NodeId> + '_ {
    node.entries.iter().filter_map(|entry| match entry {
        Entry::Child { node, .. } => Some(*node),
        Entry::Extent(_) => None,
    })
}

/// Keeps the part of a level that is near the key. Returns how many nodes were left out.
fn narrow(world: &World, ids: &mut Vec<(NodeId, Option<usize>)>, key: Key) -> u64 {
    let hidden = ids.len().saturating_sub(LEVEL_MAX);
    if hidden > 0 {
        let path = ids.partition_point(|(id, _)| lowest(world, *id).is_some_and(|low| low <= key));
        let first = path.saturating_sub(LEVEL_MAX / 2).min(hidden);
        ids.drain(..first);
        ids.truncate(LEVEL_MAX);
    }
    u64::try_from(hidden).unwrap_or(u64::MAX)
}

fn lowest(world: &World, id: NodeId) -> Option<Key> {
    world.nodes.get(&id)?.entries.first().map(|entry| match entry {
        Entry::Extent(extent) => Key { ino: extent.ino, start: extent.start },
        Entry::Child { key, .. } => *key,
    })
}

fn entry(entry: &Entry) -> TreeEntry {
    match entry {
        Entry::Extent(extent) => TreeEntry::Record {
            ino: extent.ino.0,
            first: extent.start.0,
            blocks: u64::from(extent.len),
            look: extent_look(extent),
            address: extent.kind.has_address().then_some(extent.addr.0),
        },
        Entry::Child { key, node } => TreeEntry::Child { ino: key.ino.0, first: key.start.0, node: node.0 },
    }
}

fn count(world: &World, root: NodeId) -> u64 {
    let mut open = vec![root];
    let mut found = 0;
    while let Some(id) = open.pop() {
        if let Some(node) = world.nodes.get(&id) {
            found += 1;
            open.extend(children(node));
        }
    }
    found
}

fn note(shared: bool, levels: usize, nodes: u64) -> String {
    let whose = if shared { "One tree holds all inodes" } else { "This inode has a tree of its own" };
    match levels {
        0 | 1 => format!("{whose}; it is one leaf."),
        _ => format!("{whose}: {levels} levels, {nodes} nodes."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use extentscope_core::base::{DevBlock, Extent, ExtentKind};
    use extentscope_core::trace::Event;
    use extentscope_core::view::fold::Folder;

    fn record(start: u64) -> Entry {
        let (start, addr) = (FileBlock(start), DevBlock(start + 100));
        Entry::Extent(Extent { start, addr, ino: Ino(1), len: 1, kind: ExtentKind::Written, shared: false })
    }

    fn world(leaves: u32) -> World {
        let mut folder = Folder::new(4096);
        folder.apply(&Event::NodeCreated { node: NodeId(0), level: 1 });
        folder.apply(&Event::TreeRoot { tree: 1, node: NodeId(0) });
        let mut inserted = Vec::new();
        for leaf in 1..=leaves {
            folder.apply(&Event::NodeCreated { node: NodeId(leaf), level: 0 });
            let key = Key { ino: Ino(1), start: FileBlock(u64::from(leaf) * 2) };
            folder.apply(&Event::NodeSpliced {
                node: NodeId(leaf),
                at: 0,
                removed: 0,
                inserted: Box::new([record(key.start.0)]),
            });
            inserted.push(Entry::Child { key, node: NodeId(leaf) });
        }
        folder.apply(&Event::NodeSpliced { node: NodeId(0), at: 0, removed: 0, inserted: inserted.into() });
        folder.world().clone()
    }

    #[test]
    fn a_small_tree_is_shown_whole() {
        let tree = scene(&world(3), Ino(1), 0, &mut ShownNodes::new());
        assert_eq!(tree.levels.iter().map(Vec::len).collect::<Vec<_>>(), [1, 3]);
        assert_eq!((tree.nodes, tree.hidden), (4, 0));
        assert_eq!(tree.levels[1][2].parent, Some(0));
    }

    #[test]
    fn of_a_wide_level_the_part_around_the_block_is_shown() {
        let tree = scene(&world(100), Ino(1), 120, &mut ShownNodes::new());
        assert_eq!(tree.hidden, 84);
        let first = |node: &TreeNode| match node.entries.first() {
            Some(TreeEntry::Record { first, .. }) => *first,
            _ => 0,
        };
        let shown: Vec<_> = tree.levels[1].iter().map(first).collect();
        assert!(shown.contains(&120), "{shown:?}");
    }

    #[test]
    fn only_what_differs_is_marked() {
        let mut before = ShownNodes::new();
        scene(&world(2), Ino(1), 0, &mut before);
        let tree = scene(&world(3), Ino(1), 0, &mut before);
        let changed: Vec<_> = tree.levels.iter().flatten().map(|node| (node.node, node.changed)).collect();
        assert_eq!(changed, [(0, true), (1, false), (2, false), (3, true)]);
    }
}
