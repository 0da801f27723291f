//! The tree itself: arena, shape, and everything that only reads.

use super::cursor::{Cursor, Extents, Path};
use super::node::{Body, Child, Node, Slot, below, child_entry, child_index, splice, up_to};
use crate::base::{Entry, Extent, FileBlock, Ino, Key, NodeId, TreeEdit};
use std::cell::Cell;
use std::rc::Rc;

/// How many entries nodes hold; each at least 3.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TreeShape {
    /// Entries in the root: few when it lives inside the inode.
    pub root_capacity: u32,
    /// Entries in every other node.
    pub node_capacity: u32,
}

impl TreeShape {
    /// The fewest entries of a node that is neither the root nor the last of its level.
    pub fn node_minimum(&self) -> u32 {
        self.node_capacity.div_ceil(2)
    }
}

/// Hands out node ids (and tree editions) to all trees of one filesystem. Clones share the counter.
#[derive(Clone, Debug, Default)]
pub struct NodeIds(Rc<Counters>);

#[derive(Debug, Default)]
struct Counters {
    next: Cell<u32>,
    edition: Cell<u64>,
}

impl NodeIds {
    /// Ids from `first` on.
    pub fn starting_at(first: NodeId) -> Self {
        let ids = Self::default();
        ids.0.next.set(first.0);
        ids
    }
    /// The id that the next node will get; all smaller ones may have been used.
    pub fn upcoming(&self) -> NodeId {
        NodeId(self.0.next.get())
    }
    fn fresh(&self) -> NodeId {
        let id = self.0.next.get();
        self.0.next.set(id.checked_add(1).expect("fewer than 2^32 nodes in the life of a filesystem"));
        NodeId(id)
    }
    fn edition(&self) -> u64 {
        let edition = self.0.edition.get() + 1;
        self.0.edition.set(edition);
        edition
    }
}

/// An extent B+-tree. Clones share nodes until one side changes them.
#[derive(Clone, Debug)]
pub struct Tree {
    pub(super) shape: TreeShape,
    pub(super) ids: NodeIds,
    pub(super) slots: Vec<Option<Rc<Node>>>,
    pub(super) free: Vec<Slot>,
    pub(super) root: Slot,
    pub(super) len: usize,
    /// Differs after every change, among all trees of one filesystem: how a cursor notices.
    pub(super) edition: u64,
}

/// A leaf and the subtrees beside it, found on the way down.
struct Spot<'a> {
    leaf: &'a [Extent],
    left: Option<Slot>,
    right: Option<Slot>,
}

impl Tree {
    /// An empty tree: one leaf, reported as created and as the root.
    pub fn new(shape: TreeShape, ids: &NodeIds, edits: &mut Vec<TreeEdit>) -> Self {
        assert!(shape.root_capacity >= 3 && shape.node_capacity >= 3, "a node has room for three entries");
        let ids = ids.clone();
        let edition = ids.edition();
        let mut tree = Self { shape, ids, slots: Vec::new(), free: Vec::new(), root: 0, len: 0, edition };
        tree.root = tree.create(0, edits);
        edits.push(TreeEdit::Root { node: tree.root() });
        tree
    }
    /// A copy that changes beside this tree: its new nodes take no ids from the others of the filesystem.
    pub fn detached(&self) -> Self {
        let Counters { next, edition } = &*self.ids.0;
        let ids = NodeIds(Rc::new(Counters { next: next.clone(), edition: edition.clone() }));
        Self { ids, ..self.clone() }
    }
    /// The shape that the tree was made with.
    pub fn shape(&self) -> TreeShape {
        self.shape
    }
    /// The root's id.
    pub fn root(&self) -> NodeId {
        self.node(self.root).id
    }
    /// Levels: 1 when the root is a leaf.
    pub fn height(&self) -> u32 {
        self.node(self.root).level + 1
    }
    /// Nodes in the tree.
    pub fn node_count(&self) -> usize {
        self.slots.len() - self.free.len()
    }
    /// Records in the tree, of all files.
    pub fn len(&self) -> usize {
        self.len
    }
    /// Whether there is no record.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }
    /// The record that covers `block`.
    pub fn get(&self, ino: Ino, block: FileBlock) -> Option<Extent> {
        let spot = self.spot(ino, block);
        let after = spot.leaf.partition_point(|e| up_to(e, ino, block));
        self.before(&spot, after).filter(|e| e.ino == ino && block < e.end())
    }
    /// The record that covers `block`, or else the file's first one after it.
    pub fn next(&self, ino: Ino, block: FileBlock) -> Option<Extent> {
        let spot = self.spot(ino, block);
        let after = spot.leaf.partition_point(|e| up_to(e, ino, block));
        let covering = self.before(&spot, after).filter(|e| e.ino == ino && block < e.end());
        let following = || match spot.leaf.get(after) {
            Some(extent) => Some(*extent),
            None => spot.right.and_then(|slot| self.first_under(slot)),
        };
        covering.or_else(|| following().filter(|e| e.ino == ino))
    }
    /// The last record of the file that starts before `block`.
    pub fn prev(&self, ino: Ino, block: FileBlock) -> Option<Extent> {
        let spot = self.spot(ino, block);
        let after = spot.leaf.partition_point(|e| below(e, ino, block));
        self.before(&spot, after).filter(|e| e.ino == ino)
    }
    /// A place in the file's records: at the one that covers `block`, or else at the first after it.
    pub fn cursor(&self, ino: Ino, block: FileBlock) -> Cursor {
        Cursor::new(self, ino, block)
    }
    /// The file's records, in order.
    pub fn extents(&self, ino: Ino) -> Extents<'_> {
        Extents::of_file(self, ino)
    }
    /// All records of all files, in key order.
    pub fn iter(&self) -> Extents<'_> {
        Extents::of_all(self)
    }
    /// The nodes from the root to the leaf that `block` belongs to.
    pub fn path(&self, ino: Ino, block: FileBlock) -> Vec<NodeId> {
        self.ids_of(&self.path_to(ino, block))
    }
    /// All nodes; a parent may come before or after its children.
    pub fn nodes(&self) -> impl Iterator<Item = (NodeId, &Node)> {
        self.slots.iter().flatten().map(|node| (node.id, node.as_ref()))
    }
    /// Bytes of memory that the tree occupies, spare room included.
    pub fn bytes(&self) -> usize {
        let counts = 2 * size_of::<usize>();
        let arena = self.slots.capacity() * size_of::<Option<Rc<Node>>>() + self.free.capacity() * size_of::<Slot>();
        arena + self.nodes().map(|(_, node)| node.bytes() + counts).sum::<usize>()
    }
    /// The edits that build this tree from nothing.
    pub fn dump_edits(&self) -> Vec<TreeEdit> {
        let created = self.nodes().map(|(id, node)| TreeEdit::Created { node: id, level: node.level });
        let filled = self.nodes().filter(|(_, node)| !node.is_empty()).map(|(id, node)| {
            let inserted = node.entries().into_boxed_slice();
            TreeEdit::Splice { node: id, at: 0, removed: 0, inserted }
        });
        created.chain(filled).chain([TreeEdit::Root { node: self.root() }]).collect()
    }

    /// Descends to the leaf of `(ino, block)`.
    #[inline]
    fn spot(&self, ino: Ino, block: FileBlock) -> Spot<'_> {
        let mut node = self.node(self.root);
        let (mut left, mut right) = (None, None);
        while node.level > 0 {
            let children = node.children();
            let at = child_index(children, ino, block);
            if at > 0 {
                left = Some(children[at - 1].slot);
            }
            if let Some(next) = children.get(at + 1) {
                right = Some(next.slot);
            }
            node = self.node(children[at].slot);
        }
        Spot { leaf: node.leaf(), left, right }
    }
    /// The record before index `at` of the leaf.
    #[inline]
    fn before(&self, spot: &Spot<'_>, at: usize) -> Option<Extent> {
        match at {
            0 => spot.left.and_then(|slot| self.last_under(slot)),
            _ => Some(spot.leaf[at - 1]),
        }
    }
    pub(super) fn first_under(&self, slot: Slot) -> Option<Extent> {
        let mut node = self.node(slot);
        while node.level > 0 {
            node = self.node(node.children()[0].slot);
        }
        node.leaf().first().copied()
    }
    pub(super) fn last_under(&self, slot: Slot) -> Option<Extent> {
        let mut node = self.node(slot);
        while let Some(child) = node.level.checked_sub(1).and(node.len().checked_sub(1)) {
            node = self.node(node.children()[child].slot);
        }
        node.leaf().last().copied()
    }
    pub(super) fn ids_of(&self, path: &Path) -> Vec<NodeId> {
        path.steps().iter().map(|step| self.node(step.slot).id).collect()
    }
    #[inline]
    pub(super) fn node(&self, slot: Slot) -> &Node {
        self.slots[slot as usize].as_ref().expect("a slot in use holds a node")
    }
    #[inline]
    pub(super) fn node_mut(&mut self, slot: Slot) -> &mut Node {
        Rc::make_mut(self.slots[slot as usize].as_mut().expect("a slot in use holds a node"))
    }
    /// How many entries a node on this step of a path may hold.
    #[inline]
    pub(super) fn capacity(&self, is_root: bool) -> usize {
        if is_root { self.shape.root_capacity as usize } else { self.shape.node_capacity as usize }
    }
    pub(super) fn minimum(&self) -> usize {
        self.shape.node_minimum() as usize
    }
    /// Notes that the tree is about to change.
    pub(super) fn touch(&mut self) {
        self.edition = self.ids.edition();
    }

    pub(super) fn create(&mut self, level: u32, edits: &mut Vec<TreeEdit>) -> Slot {
        let id = self.ids.fresh();
        let node = Some(Rc::new(Node::new(id, level)));
        edits.push(TreeEdit::Created { node: id, level });
        match self.free.pop() {
            Some(slot) => {
                self.slots[slot as usize] = node;
                slot
            }
            None => {
                self.slots.push(node);
                count(self.slots.len() - 1)
            }
        }
    }
    pub(super) fn release(&mut self, slot: Slot, edits: &mut Vec<TreeEdit>) {
        let node = self.slots[slot as usize].take().expect("a slot in use holds a node");
        self.free.push(slot);
        edits.push(TreeEdit::Freed { node: node.id });
    }
    /// Replaces records of a leaf, without a look at its fill.
    pub(super) fn splice_leaf(
        &mut self,
        slot: Slot,
        at: usize,
        removed: usize,
        new: &[Extent],
        edits: &mut Vec<TreeEdit>,
    ) {
        self.len = self.len - removed + new.len();
        let node = self.node_mut(slot);
        let Body::Leaf(list) = &mut node.body else { panic!("records live in leaves") };
        splice(list, at, removed, new);
        let inserted = new.iter().map(|e| Entry::Extent(*e)).collect();
        edits.push(TreeEdit::Splice { node: node.id, at: count(at), removed: count(removed), inserted });
    }
    /// Replaces children of an inner node, without a look at its fill.
    pub(super) fn splice_inner(
        &mut self,
        slot: Slot,
        at: usize,
        removed: usize,
        new: &[Child],
        edits: &mut Vec<TreeEdit>,
    ) {
        let node = self.node_mut(slot);
        let Body::Inner(list) = &mut node.body else { panic!("children live in inner nodes") };
        splice(list, at, removed, new);
        let inserted = new.iter().map(child_entry).collect();
        edits.push(TreeEdit::Splice { node: node.id, at: count(at), removed: count(removed), inserted });
    }
    pub(super) fn child(&self, slot: Slot, key: Key) -> Child {
        Child { key, slot, id: self.node(slot).id }
    }
}

/// An index or count of entries as edits carry it.
pub(super) fn count(number: usize) -> u32 {
    u32::try_from(number).expect("entries of a tree are counted in 32 bits")
}
