//! One node: a sorted list of records or of children, and the list operations that splitting and merging need.
//!
//! Does not own: ids, slots, fill bounds, edits; those are the tree's.

use crate::base::{Entry, Extent, FileBlock, Ino, Key, NodeId};

/// Where a node lies in the arena of its tree.
pub(super) type Slot = u32;

/// A child as its parent holds it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Child {
    /// No key below is smaller.
    pub key: Key,
    pub slot: Slot,
    pub id: NodeId,
}

#[derive(Clone, Debug)]
pub(super) enum Body {
    Leaf(Vec<Extent>),
    Inner(Vec<Child>),
}

/// A node of a [`Tree`](super::Tree).
#[derive(Clone, Debug)]
pub struct Node {
    /// The node's name, unique in the filesystem.
    pub id: NodeId,
    /// 0 is a leaf.
    pub level: u32,
    pub(super) body: Body,
}

impl Node {
    pub(super) fn new(id: NodeId, level: u32) -> Self {
        let body = if level == 0 { Body::Leaf(Vec::new()) } else { Body::Inner(Vec::new()) };
        Self { id, level, body }
    }
    /// How many entries the node holds.
    #[inline]
    pub fn len(&self) -> usize {
        match &self.body {
            Body::Leaf(list) => list.len(),
            Body::Inner(list) => list.len(),
        }
    }
    /// Whether the node holds nothing: only an empty tree's root.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// What the node holds, in key order.
    pub fn entries(&self) -> Vec<Entry> {
        self.body.entries_from(0)
    }
    /// The records of a leaf; empty for an inner node.
    pub fn extents(&self) -> &[Extent] {
        match &self.body {
            Body::Leaf(list) => list,
            Body::Inner(_) => &[],
        }
    }
    /// Bytes that the node's list occupies, spare room included.
    pub fn bytes(&self) -> usize {
        size_of::<Self>()
            + match &self.body {
                Body::Leaf(list) => list.capacity() * size_of::<Extent>(),
                Body::Inner(list) => list.capacity() * size_of::<Child>(),
            }
    }
    #[inline]
    pub(super) fn leaf(&self) -> &[Extent] {
        match &self.body {
            Body::Leaf(list) => list,
            Body::Inner(_) => panic!("a node of level 0 is a leaf"),
        }
    }
    #[inline]
    pub(super) fn children(&self) -> &[Child] {
        match &self.body {
            Body::Inner(list) => list,
            Body::Leaf(_) => panic!("a node above level 0 has children"),
        }
    }
}

impl Body {
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Leaf(list) => list.len(),
            Self::Inner(list) => list.len(),
        }
    }
    /// The entries from index `at` on, as edits show them.
    pub(super) fn entries_from(&self, at: usize) -> Vec<Entry> {
        match self {
            Self::Leaf(list) => list[at..].iter().map(|e| Entry::Extent(*e)).collect(),
            Self::Inner(list) => list[at..].iter().map(child_entry).collect(),
        }
    }
    pub(super) fn first_key(&self) -> Key {
        match self {
            Self::Leaf(list) => key_of(&list[0]),
            Self::Inner(list) => list[0].key,
        }
    }
    /// Takes away everything from index `at` on.
    pub(super) fn split_off(&mut self, at: usize) -> Self {
        match self {
            Self::Leaf(list) => Self::Leaf(cut_tail(list, at)),
            Self::Inner(list) => Self::Inner(cut_tail(list, at)),
        }
    }
    /// Takes away the first `count` entries.
    pub(super) fn take_front(&mut self, count: usize) -> Self {
        match self {
            Self::Leaf(list) => Self::Leaf(cut_front(list, count)),
            Self::Inner(list) => Self::Inner(cut_front(list, count)),
        }
    }
    /// Puts another list of the same kind in at index `at`.
    pub(super) fn insert(&mut self, at: usize, other: &Self) {
        match (self, other) {
            (Self::Leaf(list), Self::Leaf(more)) => splice(list, at, 0, more),
            (Self::Inner(list), Self::Inner(more)) => splice(list, at, 0, more),
            _ => panic!("entries move between nodes of one level"),
        }
    }
    /// Gives spare room back.
    pub(super) fn shrink(&mut self) {
        match self {
            Self::Leaf(list) => list.shrink_to_fit(),
            Self::Inner(list) => list.shrink_to_fit(),
        }
    }
    /// A list of its own with `count` entries from index `at` on.
    pub(super) fn copy(&self, at: usize, count: usize) -> Self {
        match self {
            Self::Leaf(list) => Self::Leaf(list[at..at + count].to_vec()),
            Self::Inner(list) => Self::Inner(list[at..at + count].to_vec()),
        }
    }
}

pub(super) fn child_entry(child: &Child) -> Entry {
    Entry::Child { key: child.key, node: child.id }
}

#[inline]
pub(super) fn key_of(extent: &Extent) -> Key {
    Key { ino: extent.ino, start: extent.start }
}

/// Whether the record's key is below `(ino, block)`. Without branches: it is the step of a binary search.
#[inline]
pub(super) fn below(extent: &Extent, ino: Ino, block: FileBlock) -> bool {
    (extent.ino < ino) | ((extent.ino == ino) & (extent.start < block))
}

/// Whether the record's key is `(ino, block)` or below it.
#[inline]
pub(super) fn up_to(extent: &Extent, ino: Ino, block: FileBlock) -> bool {
    (extent.ino < ino) | ((extent.ino == ino) & (extent.start <= block))
}

/// The first index from `from` on whose record is not below `(ino, block)`: gallops, as it is near most of the time.
#[inline]
pub(super) fn gallop(leaf: &[Extent], from: usize, ino: Ino, block: FileBlock) -> usize {
    let (mut known, mut stride) = (from, 1);
    while let Some(extent) = leaf.get(known + stride - 1) {
        if !below(extent, ino, block) {
            let between = &leaf[known..known + stride - 1];
            return known + between.partition_point(|e| below(e, ino, block));
        }
        known += stride;
        stride *= 2;
    }
    known + leaf[known..].partition_point(|e| below(e, ino, block))
}

/// The index of the child that `(ino, block)` belongs to.
#[inline]
pub(super) fn child_index(children: &[Child], ino: Ino, block: FileBlock) -> usize {
    let after = children.partition_point(|c| (c.key.ino < ino) | ((c.key.ino == ino) & (c.key.start <= block)));
    after.saturating_sub(1)
}

/// Replaces `removed` items from `at` on, keeping the spare room of the list near an eighth.
pub(super) fn splice<T: Copy>(list: &mut Vec<T>, at: usize, removed: usize, new: &[T]) {
    if removed == new.len() {
        list[at..at + removed].copy_from_slice(new);
        return;
    }
    let len = list.len() - removed + new.len();
    if len > list.capacity() {
        list.reserve_exact(roomy(len) - list.len());
    }
    match (removed, new) {
        (0, [one]) => list.insert(at, *one),
        (_, []) => drop(list.drain(at..at + removed)),
        _ => drop(list.splice(at..at + removed, new.iter().copied())),
    }
    tighten(list);
}

fn cut_tail<T: Copy>(list: &mut Vec<T>, at: usize) -> Vec<T> {
    let tail = list[at..].to_vec();
    list.truncate(at);
    tighten(list);
    tail
}

fn cut_front<T: Copy>(list: &mut Vec<T>, count: usize) -> Vec<T> {
    let front = list[..count].to_vec();
    list.drain(..count);
    tighten(list);
    front
}

fn roomy(len: usize) -> usize {
    len + (len / 8).max(1)
}

fn tighten<T>(list: &mut Vec<T>) {
    if list.capacity() > list.len() + list.len() / 4 + 4 {
        list.shrink_to(roomy(list.len()));
    }
}
