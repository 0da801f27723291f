//! What a viewer can point at, and how that looks in a world.

use super::world::{FlightView, LockView, NodeView, SpaceState, TaskView, World};
use crate::base::cache_state::BlockState;
use crate::base::{DevBlock, Entry, Extent, FileBlock, Ino, Key, NodeId, PageIndex, Range, Staged, Stamped, TaskId};
use crate::trace::LockId;
use serde::{Deserialize, Serialize};

/// A thing in the picture.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Selection {
    /// A file as a whole: its sizes.
    File(Ino),
    /// A block of a file, in all lanes.
    Block {
        /// The file.
        ino: Ino,
        /// The block.
        block: FileBlock,
    },
    /// A block of the device.
    Device(DevBlock),
    /// A node of a B-tree.
    Node(NodeId),
    /// A task.
    Task(TaskId),
    /// A lock.
    Lock(LockId),
}

/// How a selected thing looks. Two facets are equal when nobody could see a difference in the thing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Facet {
    /// There is no such thing.
    Missing,
    /// Sizes in memory and as a commit would record them, in bytes.
    File(u64, u64),
    /// A block of a file.
    Block(Box<BlockFacet>),
    /// Whether the block is in use, what it holds, and whether a request is under way.
    Device(Option<SpaceState>, Option<Stamped>, bool),
    /// A node.
    Node(NodeView),
    /// A task.
    Task(TaskView),
    /// A lock.
    Lock(LockView),
}

/// A block of a file in all lanes.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct BlockFacet {
    /// What the tree says of it, cut to the block.
    pub extent: Option<Extent>,
    /// What the page cache knows of it.
    pub state: Option<BlockState>,
    /// The cached contents.
    pub data: Option<Stamped>,
    /// Its folio: first page, pages, whether under writeback.
    pub folio: Option<(PageIndex, u32, bool)>,
    /// Whether it is promised a place.
    pub delayed: bool,
    /// Its ordered extent, while it is in flight.
    pub flight: Option<FlightView>,
    /// What waits for it beside the tree.
    pub staged: Option<Staged>,
    /// Whether it lies behind the end of the file.
    pub past_end: bool,
}

impl Selection {
    /// How the thing looks. `block_size` in bytes.
    pub fn facet(self, world: &World, block_size: u64) -> Facet {
        match self {
            Self::File(ino) => {
                world.files.get(&ino).map_or(Facet::Missing, |file| Facet::File(file.size, file.disk_size))
            }
            Self::Block { ino, block } => block_facet(world, ino, block, block_size),
            Self::Device(block) => {
                let state = world.space.get(block).map(|(_, state)| *state);
                let data = world.device.get(block).map(|(_, data)| data.clone());
                Facet::Device(state, data, world.requests.values().any(|request| request.range.contains(block)))
            }
            Self::Node(node) => world.nodes.get(&node).cloned().map_or(Facet::Missing, Facet::Node),
            Self::Task(task) => world.tasks.get(&task).cloned().map_or(Facet::Missing, Facet::Task),
            Self::Lock(lock) => world.locks.get(&lock).cloned().map_or(Facet::Missing, Facet::Lock),
        }
    }
}

fn block_facet(world: &World, ino: Ino, block: FileBlock, block_size: u64) -> Facet {
    let Some(file) = world.files.get(&ino) else { return Facet::Missing };
    let page = PageIndex(block.0 * block_size / crate::base::PAGE_SIZE);
    let folio = file.folios.range(..=page).next_back();
    let folio = folio.filter(|(first, folio)| page.0 - first.0 < u64::from(folio.pages));
    Facet::Block(Box::new(BlockFacet {
        extent: extent_at(world, ino, block).and_then(|extent| extent.trimmed(Range::sized(block, 1))),
        state: file.states.get(block).map(|(_, state)| *state),
        data: file.data.get(block).map(|(_, data)| data.clone()),
        folio: folio.map(|(first, folio)| (*first, folio.pages, folio.writeback)),
        delayed: file.delayed.get(block).is_some(),
        flight: file.ordered.get(block).map(|(_, flight)| *flight),
        staged: file.staging.get(block).map(|(_, staged)| *staged),
        past_end: block.0 * block_size >= file.size,
    }))
}

/// The extent that maps a block of a file: the last one that does not begin behind it, if it reaches that far.
pub fn extent_at(world: &World, ino: Ino, block: FileBlock) -> Option<Extent> {
    let wanted = Key { ino, start: block };
    let mut open = vec![root_of(world, ino)?];
    while let Some(node) = open.pop() {
        let entries = &world.nodes.get(&node)?.entries;
        let upto = entries.partition_point(|entry| key_of(entry) <= wanted);
        // The nearest child may hold only later keys: then the extent before is in the child before.
        for entry in &entries[..upto] {
            if let Entry::Child { node, .. } = entry {
                open.push(*node);
            }
        }
        if let Some(Entry::Extent(extent)) = entries[..upto].last() {
            return Some(*extent).filter(|extent| extent.ino == ino && extent.range().contains(block));
        }
    }
    None
}

/// The extent that maps a block of a file, or the first behind it.
pub fn extent_from(world: &World, ino: Ino, block: FileBlock) -> Option<Extent> {
    extent_at(world, ino, block).or_else(|| extent_behind(world, ino, block))
}

fn extent_behind(world: &World, ino: Ino, block: FileBlock) -> Option<Extent> {
    let wanted = Key { ino, start: block };
    let mut open = vec![root_of(world, ino)?];
    while let Some(node) = open.pop() {
        let entries = &world.nodes.get(&node)?.entries;
        let upto = entries.partition_point(|entry| key_of(entry) <= wanted);
        // In the child of the key itself there may be later keys too.
        for entry in entries[upto.saturating_sub(1)..].iter().rev() {
            if let Entry::Child { node, .. } = entry {
                open.push(*node);
            }
        }
        if let Some(Entry::Extent(extent)) = entries.get(upto) {
            return Some(*extent).filter(|extent| extent.ino == ino);
        }
    }
    None
}

fn root_of(world: &World, ino: Ino) -> Option<NodeId> {
    world.trees.get(&ino.0).or_else(|| world.trees.get(&0)).copied()
}

fn key_of(entry: &Entry) -> Key {
    match entry {
        Entry::Extent(extent) => Key { ino: extent.ino, start: extent.start },
        Entry::Child { key, .. } => *key,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::ExtentKind;

    fn extent(start: u64, len: u32) -> Entry {
        Entry::Extent(Extent {
            start: FileBlock(start),
            addr: DevBlock(100 + start),
            ino: Ino(1),
            len,
            kind: ExtentKind::Written,
            shared: false,
        })
    }

    #[test]
    fn an_extent_is_found_through_children_whose_bounds_are_loose() {
        let child = |start: u64, node: u32| Entry::Child {
            key: Key { ino: Ino(1), start: FileBlock(start) },
            node: NodeId(node),
        };
        let leaf = |entries: Vec<Entry>| NodeView { level: 0, entries };
        let mut world = World::default();
        world.trees.insert(0, NodeId(1));
        world.nodes.insert(NodeId(1), NodeView { level: 1, entries: vec![child(0, 2), child(5, 3)] });
        world.nodes.insert(NodeId(2), leaf(vec![extent(0, 2), extent(3, 5)]));
        world.nodes.insert(NodeId(3), leaf(vec![extent(9, 1)]));
        let mapped: Vec<u64> = (0..12).filter(|at| extent_at(&world, Ino(1), FileBlock(*at)).is_some()).collect();
        assert_eq!(mapped, [0, 1, 3, 4, 5, 6, 7, 9]);
        let from: Vec<Option<u64>> =
            [2, 3, 8, 9, 10].map(|at| extent_from(&world, Ino(1), FileBlock(at)).map(|found| found.start.0)).to_vec();
        assert_eq!(from, [Some(3), Some(3), Some(9), Some(9), None]);
        assert_eq!(extent_at(&world, Ino(2), FileBlock(9)), None, "another file");
        let facet = Selection::Block { ino: Ino(1), block: FileBlock(4) }.facet(&world, 4096);
        assert_eq!(facet, Facet::Missing, "the file itself is not there");
    }
}
