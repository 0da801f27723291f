//! Floor 6, extents: a file's map from blocks to what is there, kept in B-trees, behind their locks.
//!
//! Owns the trees and the store of inline data. Does not own free space: whoever replaces extents gets the removed
//! pieces back and disposes of them.

pub mod inline;

pub use inline::InlineStore;

use crate::base::{Extent, FileBlock, Ino, NodeId, Range, SortedMap, StateCell, TreeEdit};
use crate::btree::{NodeIds, Tree, UpdateScope};
use crate::personality::plan::{ExtentLimits, TreeLock, TreeScope, TreeShape};
use crate::sim::{Cx, Guard};
use crate::trace::{Event, LockClass, LockId, Mode};
use std::rc::Rc;

/// The tree that holds every inode.
const SHARED_TREE: u32 = 0;

/// All trees; plain data, so that a commit can keep a copy.
pub type Trees = SortedMap<u32, Tree>;

/// The extent maps of all files.
#[derive(Clone)]
pub struct ExtentMap(Rc<Shared>);

struct Shared {
    cx: Cx,
    shape: TreeShape,
    limits: ExtentLimits,
    ids: NodeIds,
    trees: StateCell<Trees>,
    inline: InlineStore,
}

/// Locks of a tree, held to look or to change.
#[must_use]
pub struct TreeHold {
    _guards: Vec<Guard>,
}

fn mapping_lock(ino: Ino) -> LockId {
    LockId { class: LockClass::Mapping, a: u64::from(ino.0), b: 0 }
}

fn node_lock(node: NodeId) -> LockId {
    LockId { class: LockClass::Node, a: u64::from(node.0), b: 0 }
}

impl ExtentMap {
    /// No file. With one tree for all, that tree exists from the start.
    pub fn new(cx: &Cx, shape: TreeShape, limits: ExtentLimits) -> Self {
        let map = Self(Rc::new(Shared {
            cx: cx.clone(),
            shape,
            limits,
            ids: NodeIds::default(),
            trees: StateCell::default(),
            inline: InlineStore::new(cx),
        }));
        if shape.scope == TreeScope::Filesystem {
            map.plant(SHARED_TREE);
        }
        map
    }

    /// Data that lives in keys.
    pub fn inline(&self) -> &InlineStore {
        &self.0.inline
    }

    /// The tree that has a file's records.
    pub fn tree_id(&self, ino: Ino) -> u32 {
        match self.0.shape.scope {
            TreeScope::Inode => ino.0,
            TreeScope::Filesystem => SHARED_TREE,
        }
    }

    fn plant(&self, id: u32) {
        let shape = crate::btree::TreeShape { root_capacity: self.0.shape.root, node_capacity: self.0.shape.node };
        let mut edits = Vec::new();
        let tree = Tree::new(shape, &self.0.ids, &mut edits);
        self.0.trees.change(|trees| trees.insert(id, tree));
        self.tell(id, edits);
    }

    fn tell(&self, tree: u32, edits: Vec<TreeEdit>) {
        for edit in edits {
            self.0.cx.emit(|| match edit {
                TreeEdit::Created { node, level } => Event::NodeCreated { node, level },
                TreeEdit::Freed { node } => Event::NodeFreed { node },
                TreeEdit::Splice { node, at, removed, inserted } => Event::NodeSpliced { node, at, removed, inserted },
                TreeEdit::Root { node } => Event::TreeRoot { tree, node },
            });
        }
    }

    /// A new file without extents.
    pub fn add_inode(&self, ino: Ino) {
        if self.0.shape.scope == TreeScope::Inode {
            self.plant(ino.0);
        }
    }

    /// The file is gone; returns the extents that it still had.
    pub fn remove_inode(&self, ino: Ino) -> Vec<Extent> {
        let removed = self.edit(ino, |tree, edits| tree.remove_inode(ino, edits));
        if self.0.shape.scope == TreeScope::Inode {
            let root = self.tree(ino, |tree| tree.root());
            self.0.trees.change(|trees| trees.remove(&ino.0));
            self.0.cx.emit(|| Event::NodeFreed { node: root });
            self.0.cx.emit(|| Event::TreeRemoved { tree: ino.0 });
        }
        removed
    }

    fn edit<R>(&self, ino: Ino, change: impl FnOnce(&mut Tree, &mut Vec<TreeEdit>) -> R) -> R {
        let id = self.tree_id(ino);
        let mut edits = Vec::new();
        let result = self.0.trees.change(|trees| change(trees.get_mut(&id).expect("the inode has a tree"), &mut edits));
        self.tell(id, edits);
        result
    }

    /// Looks at the tree of a file.
    pub fn tree<R>(&self, ino: Ino, look: impl FnOnce(&Tree) -> R) -> R {
        let id = self.tree_id(ino);
        self.0.trees.with(|trees| look(trees.get(&id).expect("the inode has a tree")))
    }

    /// Looks at all trees.
    pub fn trees<R>(&self, look: impl FnOnce(&Trees) -> R) -> R {
        self.0.trees.with(look)
    }

    /// The extent that covers a block.
    pub fn get(&self, ino: Ino, block: FileBlock) -> Option<Extent> {
        self.tree(ino, |tree| tree.get(ino, block))
    }
    /// The extent that covers a block, or the first behind it.
    pub fn next(&self, ino: Ino, block: FileBlock) -> Option<Extent> {
        self.tree(ino, |tree| tree.next(ino, block))
    }
    /// The last extent that starts before a block.
    pub fn prev(&self, ino: Ino, block: FileBlock) -> Option<Extent> {
        self.tree(ino, |tree| tree.prev(ino, block))
    }
    /// The parts of `range` in order: each with its extent cut to it, or a hole.
    pub fn pieces(&self, ino: Ino, range: Range<FileBlock>) -> Vec<(Range<FileBlock>, Option<Extent>)> {
        let mut pieces = Vec::new();
        self.each_piece(ino, range, |part, extent| pieces.push((part, extent)));
        pieces
    }
    /// Looks at the parts of `range` in order: each with its extent cut to it, or a hole.
    pub fn each_piece(
        &self,
        ino: Ino,
        range: Range<FileBlock>,
        mut look: impl FnMut(Range<FileBlock>, Option<Extent>),
    ) {
        if range.is_empty() {
            return;
        }
        self.tree(ino, |tree| {
            // Most questions have one answer: a place to go on from is made when there is a second one.
            let mut found = tree.next(ino, range.start);
            let mut cursor = None;
            let mut at = range.start;
            loop {
                let part = found.and_then(|extent| extent.trimmed(Range::new(at, range.end)));
                let hole_end = part.map_or(range.end, |extent| extent.start);
                if at < hole_end {
                    look(Range::new(at, hole_end), None);
                }
                let Some(extent) = part else { return };
                look(extent.range(), Some(extent));
                at = extent.end();
                if at >= range.end {
                    return;
                }
                found = cursor.get_or_insert_with(|| tree.cursor(ino, at)).next(tree);
            }
        });
    }
    /// All extents of a file in order.
    pub fn extents(&self, ino: Ino) -> Vec<Extent> {
        self.tree(ino, |tree| tree.extents(ino).collect())
    }

    /// Locks what a look at `block` reads: the file's map as one, or the nodes from the root to the leaf.
    pub async fn read_lock(&self, ino: Ino, block: FileBlock) -> TreeHold {
        let mut guards = Vec::new();
        match self.0.shape.lock {
            TreeLock::Inode => guards.push(self.0.cx.lock(mapping_lock(ino), Mode::Shared).await),
            TreeLock::Nodes => loop {
                let path = self.tree(ino, |tree| tree.path(ino, block));
                for node in &path {
                    guards.push(self.0.cx.lock(node_lock(*node), Mode::Shared).await);
                }
                if self.tree(ino, |tree| tree.path(ino, block)) == path {
                    break;
                }
                guards.clear();
            },
        }
        TreeHold { _guards: guards }
    }

    /// Locks what replacing `range` by `count` extents changes.
    pub async fn write_lock(&self, ino: Ino, range: Range<FileBlock>, count: usize) -> TreeHold {
        let mut guards = Vec::new();
        match self.0.shape.lock {
            TreeLock::Inode => guards.push(self.0.cx.lock(mapping_lock(ino), Mode::Exclusive).await),
            TreeLock::Nodes => loop {
                let scope = self.tree(ino, |tree| tree.update_scope(ino, range, count));
                match &scope {
                    UpdateScope::Leaf(path) => {
                        let (leaf, above) = path.split_last().expect("a path has a leaf");
                        for node in above {
                            guards.push(self.0.cx.lock(node_lock(*node), Mode::Intent).await);
                        }
                        guards.push(self.0.cx.lock(node_lock(*leaf), Mode::Exclusive).await);
                    }
                    UpdateScope::Structural => {
                        let root = self.tree(ino, |tree| tree.root());
                        guards.push(self.0.cx.lock(node_lock(root), Mode::Exclusive).await);
                    }
                }
                let root_stands = match &scope {
                    UpdateScope::Leaf(_) => true,
                    UpdateScope::Structural => {
                        let root = self.tree(ino, |tree| tree.root());
                        self.0.cx.locks(|table| table.held_by(self.0.cx.current()).contains(&node_lock(root)))
                    }
                };
                if root_stands && self.tree(ino, |tree| tree.update_scope(ino, range, count)) == scope {
                    break;
                }
                guards.clear();
            },
        }
        TreeHold { _guards: guards }
    }

    /// Puts `new` in the place of everything in `range`, under [`ExtentMap::write_lock`]. Returns what was there.
    ///
    /// `new` is cut to the personality's extent limits and merged with its neighbours within them.
    pub fn replace(&self, ino: Ino, range: Range<FileBlock>, new: &[Extent]) -> Vec<Extent> {
        let limits = self.0.limits;
        let cut: Vec<Extent> = new.iter().flat_map(|extent| cut_to_limit(*extent, &limits)).collect();
        let merge = |left: &Extent, right: &Extent| may_merge(left, right, &limits);
        self.edit(ino, |tree, edits| tree.replace(ino, range, &cut, &merge, edits))
    }

    /// Locks, replaces, and unlocks.
    pub async fn update(&self, ino: Ino, range: Range<FileBlock>, new: &[Extent]) -> Vec<Extent> {
        let _hold = self.write_lock(ino, range, new.len()).await;
        self.replace(ino, range, new)
    }

    /// Moves the records from `from` on down by `by` blocks, which hold none. Where the moved ones meet what was there,
    /// they merge.
    pub async fn shift_down(&self, ino: Ino, from: FileBlock, by: u64) {
        let _hold = self.write_lock_from(ino, from).await;
        let by = i64::try_from(by).expect("a file's length fits");
        self.edit(ino, |tree, edits| tree.shift(ino, from, -by, edits));
        let seam = FileBlock(from.0 - by.unsigned_abs());
        if let Some(first) = self.next(ino, seam).filter(|extent| extent.start == seam) {
            self.replace(ino, first.range(), &[first]);
        }
    }

    /// Moves the records from `from` on up by `by` blocks. One that reaches across `from` is cut.
    pub async fn shift_up(&self, ino: Ino, from: FileBlock, by: u64) {
        let _hold = self.write_lock_from(ino, from).await;
        let by = i64::try_from(by).expect("a file's length fits");
        let across = self.get(ino, from).filter(|extent| extent.start < from);
        self.edit(ino, |tree, edits| {
            if let Some(extent) = across {
                let rest = Range::new(from, extent.end());
                let moves = extent.trimmed(rest).expect("the record reaches across");
                tree.replace(ino, rest, &[moves], &|_, _| false, edits);
            }
            tree.shift(ino, from, by, edits);
        });
    }

    /// Locks what moving everything from `from` on changes.
    async fn write_lock_from(&self, ino: Ino, from: FileBlock) -> TreeHold {
        self.write_lock(ino, Range::new(from, FileBlock(u64::MAX >> 2)), 2).await
    }

    /// Nodes below the root of a file's own tree; 0 where the tree is shared.
    pub fn nodes_below_root(&self, ino: Ino) -> u64 {
        match self.0.shape.scope {
            TreeScope::Inode => self.tree(ino, |tree| tree.node_count() as u64 - 1),
            TreeScope::Filesystem => 0,
        }
    }

    /// A mount found these files and records, which are in order.
    pub fn load(&self, inodes: &[Ino], records: &[Extent], inline: &SortedMap<u64, crate::base::Stamped>) {
        self.0.trees.change(SortedMap::clear);
        match self.0.shape.scope {
            TreeScope::Filesystem => self.plant(SHARED_TREE),
            TreeScope::Inode => inodes.iter().for_each(|ino| self.plant(ino.0)),
        }
        for extent in records {
            let before = self.edit(extent.ino, |tree, edits| {
                tree.replace(extent.ino, extent.range(), &[*extent], &|_, _| false, edits)
            });
            assert!(before.is_empty(), "records that a mount found do not overlap");
        }
        self.0.inline.load(inline);
    }

    /// Every tree keeps its rules.
    pub fn verify(&self) -> Result<(), String> {
        self.trees(|trees| {
            trees.iter().try_for_each(|(id, tree)| tree.verify().map_err(|error| format!("tree {id}: {error}")))
        })
    }
}

fn cut_to_limit(extent: Extent, limits: &ExtentLimits) -> Vec<Extent> {
    let most = u64::from(limits.most(extent.kind).max(1));
    let mut parts = Vec::new();
    let mut at = extent.start;
    while at < extent.end() {
        let end = (at + most).min(extent.end());
        parts.push(extent.trimmed(Range::new(at, end)).expect("a part of the extent"));
        at = end;
    }
    parts
}

fn may_merge(left: &Extent, right: &Extent, limits: &ExtentLimits) -> bool {
    let fits = u64::from(left.len) + u64::from(right.len) <= u64::from(limits.most(left.kind));
    let boundary = u64::from(limits.boundary);
    let one_bucket = boundary == 0
        || !left.kind.has_address()
        || left.addr.0 / boundary == (right.addr.0 + u64::from(right.len) - 1) / boundary;
    left.continued_by(right) && fits && one_bucket
}
