//! Places in a tree: the path from the root to a record, and the cursor and iterator that walk it.
//!
//! A cursor holds no borrow. Each change gives its tree a new edition; a cursor that meets another edition than it
//! knows looks its place up again by key.

use super::node::{Slot, below, child_index, key_of};
use super::tree::{Tree, count};
use crate::base::{Extent, FileBlock, Ino, Key, limits::TREE_DEPTH_MAX};

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Step {
    pub slot: Slot,
    /// The child that the path takes, or the record in the leaf (possibly one after the last).
    pub at: u32,
}

/// The way from the root to a place in a leaf.
#[derive(Clone, Copy, Debug)]
pub(super) struct Path {
    steps: [Step; TREE_DEPTH_MAX],
    depth: usize,
}

impl Path {
    #[inline]
    fn start() -> Self {
        Self { steps: [Step::default(); TREE_DEPTH_MAX], depth: 0 }
    }
    #[inline]
    fn push(&mut self, slot: Slot, at: usize) {
        self.steps[self.depth] = Step { slot, at: count(at) };
        self.depth += 1;
    }
    /// The steps, root first.
    #[inline]
    pub fn steps(&self) -> &[Step] {
        &self.steps[..self.depth]
    }
    #[inline]
    pub fn leaf(&self) -> Slot {
        self.steps[self.depth - 1].slot
    }
    /// The index in the leaf.
    #[inline]
    pub fn at(&self) -> usize {
        self.steps[self.depth - 1].at as usize
    }
}

impl Tree {
    /// The path to the first record whose key is not below `(ino, block)`, or to the end of the leaf before it.
    #[inline]
    pub(super) fn path_to(&self, ino: Ino, block: FileBlock) -> Path {
        let mut path = Path::start();
        let mut slot = self.root;
        let mut node = self.node(slot);
        while node.level > 0 {
            let children = node.children();
            let at = child_index(children, ino, block);
            path.push(slot, at);
            slot = children[at].slot;
            node = self.node(slot);
        }
        path.push(slot, node.leaf().partition_point(|e| below(e, ino, block)));
        path
    }
    /// The first key that belongs to a later leaf; `None` in the last leaf.
    pub(super) fn upper_bound(&self, path: &Path) -> Option<Key> {
        let inner = &path.steps()[..path.depth - 1];
        inner.iter().rev().find_map(|step| Some(self.node(step.slot).children().get(step.at as usize + 1)?.key))
    }
    /// The first record of the next leaf.
    pub(super) fn record_after(&self, path: &Path) -> Option<Extent> {
        let inner = &path.steps()[..path.depth - 1];
        let beside = |step: &Step| self.node(step.slot).children().get(step.at as usize + 1);
        self.first_under(inner.iter().rev().find_map(beside)?.slot)
    }
    /// The last record of the leaf before.
    pub(super) fn record_before(&self, path: &Path) -> Option<Extent> {
        let inner = &path.steps()[..path.depth - 1];
        let beside = |step: &Step| {
            let at = (step.at as usize).checked_sub(1)?;
            Some(self.node(step.slot).children()[at].slot)
        };
        self.last_under(inner.iter().rev().find_map(beside)?)
    }
    /// Whether the node at `depth` of the path is the last of its level.
    pub(super) fn on_right_edge(&self, path: &Path, depth: usize) -> bool {
        path.steps()[..depth].iter().all(|step| step.at as usize + 1 == self.node(step.slot).len())
    }
    /// Moves the path to the first record of the next leaf; false, and unmoved, in the last one.
    pub(super) fn next_leaf(&self, path: &mut Path) -> bool {
        let leaf = path.depth - 1;
        let turn = (0..leaf).rev().find(|&d| path.steps[d].at as usize + 1 < self.node(path.steps[d].slot).len());
        let Some(turn) = turn else { return false };
        path.steps[turn].at += 1;
        for depth in turn..leaf {
            let Step { slot, at } = path.steps[depth];
            let child = self.node(slot).children()[at as usize].slot;
            path.steps[depth + 1] = Step { slot: child, at: 0 };
        }
        true
    }
}

/// A place among the records of one file, to be used with the tree it came from (or a clone of it).
#[derive(Clone, Copy, Debug)]
pub struct Cursor {
    path: Path,
    ino: Ino,
    /// Where to go on: the end of what was returned last.
    block: FileBlock,
    /// A record of an earlier leaf that covers `block`, due first.
    due: Option<Extent>,
    edition: u64,
}

impl Cursor {
    pub(super) fn new(tree: &Tree, ino: Ino, block: FileBlock) -> Self {
        let mut path = tree.path_to(ino, block);
        let mut due = None;
        let covers = |e: &Extent| e.ino == ino && e.start < block && block < e.end();
        match path.at() {
            0 => due = tree.record_before(&path).filter(covers),
            at if covers(&tree.node(path.leaf()).leaf()[at - 1]) => path.steps[path.depth - 1].at -= 1,
            _ => {}
        }
        Self { path, ino, block, due, edition: tree.edition }
    }
    /// The next record of the file. After a change of the tree: the first one that ends after the last one did.
    pub fn next(&mut self, tree: &Tree) -> Option<Extent> {
        if self.edition != tree.edition {
            *self = Self::new(tree, self.ino, self.block);
        }
        let extent = match self.due.take() {
            Some(extent) => extent,
            None => step(tree, &mut self.path).filter(|e| e.ino == self.ino)?,
        };
        self.block = extent.end();
        Some(extent)
    }
}

/// The record at the path, which then stands behind it.
#[inline]
fn step(tree: &Tree, path: &mut Path) -> Option<Extent> {
    loop {
        if let Some(extent) = tree.node(path.leaf()).leaf().get(path.at()) {
            path.steps[path.depth - 1].at += 1;
            return Some(*extent);
        }
        if !tree.next_leaf(path) {
            return None;
        }
    }
}

/// Records of a tree, in key order.
#[derive(Clone, Debug)]
pub struct Extents<'a> {
    tree: &'a Tree,
    path: Path,
    /// Where to stop, exclusive; `None` for the end of the tree.
    end: Option<Key>,
}

impl<'a> Extents<'a> {
    pub(super) fn of_file(tree: &'a Tree, ino: Ino) -> Self {
        let end = ino.0.checked_add(1).map(|next| Key { ino: Ino(next), start: FileBlock(0) });
        Self { tree, path: tree.path_to(ino, FileBlock(0)), end }
    }
    pub(super) fn of_all(tree: &'a Tree) -> Self {
        Self { tree, path: tree.path_to(Ino(0), FileBlock(0)), end: None }
    }
}

impl Iterator for Extents<'_> {
    type Item = Extent;

    fn next(&mut self) -> Option<Extent> {
        step(self.tree, &mut self.path).filter(|e| self.end.is_none_or(|end| key_of(e) < end))
    }
}
