//! The copy-on-write tree of one filesystem: which nodes are live, and how a commit makes the next tree.
//!
//! A node is never written over: a changed one goes to a place that the last commit does not use. Nodes are kept as the
//! bytes that lie on the device.

use super::corrupt::{Finding, Rule};
use super::key::Key;
use super::layout::Layout;
use super::node::{self, Entry, Node, Pointer, ROOM};
use super::users::Edits;
use crate::base::{Errno, Gather, SortedMap, SortedSet};
use std::rc::Rc;

/// A node with less than this is joined with the next one.
const LITTLE: usize = ROOM / 3;

/// The bytes of a node.
pub type NodeBytes = Rc<[u8]>;

/// The tree of the last commit.
#[derive(Clone, Debug)]
pub struct CowTree {
    layout: Layout,
    root: Option<Pointer>,
    live: SortedMap<u32, NodeBytes>,
    /// Places that are free again.
    holes: SortedSet<u32>,
    /// No place from here on was ever used.
    fresh: u32,
}

/// The next tree, as long as it is not committed.
#[derive(Clone, Debug)]
pub struct Transaction {
    /// The commit.
    pub generation: u64,
    /// The new root.
    pub root: Option<Pointer>,
    /// Nodes to be written, by address.
    pub writes: SortedMap<u32, NodeBytes>,
    retired: SortedSet<u32>,
    /// Places that were taken for it and left again.
    spare: Vec<u32>,
    /// Holes below this one are taken.
    holes_from: u32,
    fresh: u32,
}

impl Transaction {
    /// Addresses of the nodes that the last tree has and this one does not.
    pub fn retired(&self) -> &SortedSet<u32> {
        &self.retired
    }
}

impl CowTree {
    /// No item.
    pub fn new(layout: Layout) -> Self {
        Self::found(layout, None, SortedMap::new())
    }

    /// The tree that was found on a device.
    pub fn found(layout: Layout, root: Option<Pointer>, live: SortedMap<u32, NodeBytes>) -> Self {
        let fresh = live.last_key_value().map_or(0, |(last, _)| last + 1);
        let holes = (0..fresh).filter(|address| !live.contains_key(address)).gather();
        Self { layout, root, live, holes, fresh }
    }

    /// Sizes of the device.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }
    /// The root.
    pub fn root(&self) -> Option<Pointer> {
        self.root
    }
    /// Addresses of the nodes in use.
    pub fn live(&self) -> impl Iterator<Item = u32> + '_ {
        self.live.keys().copied()
    }

    /// The tree with these items changed. Nothing of this one changes.
    ///
    /// # Errors
    /// ENOSPC when there are too few places for nodes.
    pub fn change(&self, generation: u64, edits: &Edits) -> Result<Transaction, Errno> {
        let mut next = Transaction {
            generation,
            root: self.root,
            writes: SortedMap::new(),
            retired: SortedSet::new(),
            spare: Vec::new(),
            holes_from: 0,
            fresh: self.fresh,
        };
        if edits.is_empty() {
            return Ok(next);
        }
        let edits: Vec<(&Key, &Option<Vec<u8>>)> = edits.iter().collect();
        let (mut level, mut top) = match self.root {
            None => (0, self.pack(&mut next, 0, merge(Vec::new(), &edits))?),
            Some(root) => {
                let level = self.read(&next, &root).level;
                (level, self.edit(&mut next, level, vec![(Key::MIN, root)], &edits)?)
            }
        };
        while top.len() > 1 {
            level += 1;
            let entries = top.iter().map(|(key, pointer)| (*key, pointer.encode())).collect();
            top = self.pack(&mut next, level, entries)?;
        }
        next.root = top.pop().map(|(_, pointer)| self.without_idle_levels(&mut next, pointer));
        Ok(next)
    }

    /// The next tree is durable: it is this one now.
    pub fn commit(&mut self, next: Transaction) {
        next.retired.iter().for_each(|address| drop(self.live.remove(address)));
        self.holes.extend(next.retired);
        self.holes.extend(next.spare);
        self.holes.retain(|address| !next.writes.contains_key(address));
        self.live.extend(next.writes);
        self.fresh = next.fresh;
        self.root = next.root;
    }

    /// A root with one child is not needed.
    fn without_idle_levels(&self, next: &mut Transaction, mut root: Pointer) -> Pointer {
        loop {
            let node = self.read(next, &root);
            let [(_, only)] = node.entries.as_slice() else { return root };
            if node.level == 0 {
                return root;
            }
            let child = pointer(only);
            self.retire(next, root.address);
            root = child;
        }
    }

    /// The nodes in the place of `nodes`, which are neighbours on one level, with the items changed.
    fn edit(
        &self,
        next: &mut Transaction,
        level: u16,
        nodes: Vec<(Key, Pointer)>,
        mut edits: &[(&Key, &Option<Vec<u8>>)],
    ) -> Result<Vec<(Key, Pointer)>, Errno> {
        let mut out = Vec::with_capacity(nodes.len());
        let mut open: Vec<Entry> = Vec::new();
        let mut rewriting = false;
        for (at, (key, own)) in nodes.iter().enumerate() {
            let mine = match nodes.get(at + 1) {
                Some((behind, _)) => edits.partition_point(|(key, _)| *key < behind),
                None => edits.len(),
            };
            let (here, rest) = edits.split_at(mine);
            edits = rest;
            // A node that nothing changes stays where it is, unless the one before it is too small to stay alone.
            if here.is_empty() && !(rewriting && size(&open) < LITTLE) {
                self.close(next, level, &mut open, &mut rewriting, &mut out)?;
                out.push((*key, *own));
                continue;
            }
            if rewriting && size(&open) >= LITTLE {
                self.close(next, level, &mut open, &mut rewriting, &mut out)?;
            }
            let node = self.read(next, own);
            self.retire(next, own.address);
            open.extend(self.edited(next, level, node, here)?);
            rewriting = true;
        }
        self.close(next, level, &mut open, &mut rewriting, &mut out)?;
        Ok(out)
    }

    fn edited(
        &self,
        next: &mut Transaction,
        level: u16,
        node: Node,
        edits: &[(&Key, &Option<Vec<u8>>)],
    ) -> Result<Vec<Entry>, Errno> {
        if level == 0 {
            return Ok(merge(node.entries, edits));
        }
        let children = node.entries.iter().map(|(key, payload)| (*key, pointer(payload))).collect();
        let children = self.edit(next, level - 1, children, edits)?;
        Ok(children.into_iter().map(|(key, pointer)| (key, pointer.encode())).collect())
    }

    fn close(
        &self,
        next: &mut Transaction,
        level: u16,
        open: &mut Vec<Entry>,
        rewriting: &mut bool,
        out: &mut Vec<(Key, Pointer)>,
    ) -> Result<(), Errno> {
        *rewriting = false;
        out.extend(self.pack(next, level, std::mem::take(open))?);
        Ok(())
    }

    /// As few nodes as hold the entries, about equally full.
    fn pack(&self, next: &mut Transaction, level: u16, entries: Vec<Entry>) -> Result<Vec<(Key, Pointer)>, Errno> {
        let total = size(&entries);
        let nodes = total.div_ceil(ROOM).max(1);
        let share = total.div_ceil(nodes);
        let mut out = Vec::new();
        let mut open: Vec<Entry> = Vec::new();
        let mut weight = 0;
        for entry in entries {
            let more = node::weight(&entry);
            if !open.is_empty() && (weight >= share || weight + more > ROOM) {
                out.push(self.place(next, level, &open)?);
                open.clear();
                weight = 0;
            }
            weight += more;
            open.push(entry);
        }
        if !open.is_empty() {
            out.push(self.place(next, level, &open)?);
        }
        Ok(out)
    }

    fn place(&self, next: &mut Transaction, level: u16, entries: &[Entry]) -> Result<(Key, Pointer), Errno> {
        let hole = |next: &Transaction| self.holes.range(next.holes_from..).next().copied();
        let address = match next.spare.pop().or_else(|| hole(next)) {
            Some(address) => address,
            None if next.fresh < self.layout.nodes => next.fresh,
            None => return Err(Errno::ENOSPC),
        };
        if self.holes.contains(&address) {
            next.holes_from = next.holes_from.max(address + 1);
        }
        next.fresh = next.fresh.max(address + 1);
        let (bytes, pointer) = node::encode(address, next.generation, level, entries);
        next.writes.insert(address, bytes.into());
        Ok((entries[0].0, pointer))
    }

    /// The node is not part of the next tree. One that was never written leaves its place at once.
    fn retire(&self, next: &mut Transaction, address: u32) {
        if next.writes.remove(&address).is_some() {
            next.spare.push(address);
        } else {
            next.retired.insert(address);
        }
    }

    fn read(&self, next: &Transaction, pointer: &Pointer) -> Node {
        let bytes = next.writes.get(&pointer.address).or_else(|| self.live.get(&pointer.address));
        node::decode(bytes.expect("a node of the tree is kept"), pointer, None).expect("a node of the tree is whole")
    }
}

fn size(entries: &[Entry]) -> usize {
    entries.iter().map(node::weight).sum()
}

fn pointer(payload: &[u8]) -> Pointer {
    Pointer::decode(payload).expect("an inner node holds pointers")
}

/// The entries with some of them changed; both are in the order of their keys.
fn merge(old: Vec<Entry>, edits: &[(&Key, &Option<Vec<u8>>)]) -> Vec<Entry> {
    let mut merged = Vec::with_capacity(old.len() + edits.len());
    let mut edits = edits.iter().peekable();
    for (key, payload) in old {
        while let Some((new, value)) = edits.next_if(|(new, _)| **new < key) {
            merged.extend(value.as_ref().map(|value| (**new, value.clone())));
        }
        match edits.next_if(|(new, _)| **new == key) {
            Some((_, value)) => merged.extend(value.as_ref().map(|value| (key, value.clone()))),
            None => merged.push((key, payload)),
        }
    }
    for (new, value) in edits {
        merged.extend(value.as_ref().map(|value| (**new, value.clone())));
    }
    merged
}

/// Reads a whole tree: every node that can be reached, and every item, in the order of keys. What is wrong is
/// reported, and left out.
pub struct Walk<'a> {
    /// Sizes of the device.
    pub layout: &'a Layout,
    /// No node is newer.
    pub generation: u64,
    /// Gives the bytes of a node's place.
    pub read: &'a mut dyn FnMut(u32) -> Result<Vec<u8>, Errno>,
    /// Takes what is wrong.
    pub report: &'a mut dyn FnMut(Finding),
    /// Nodes found.
    pub live: SortedMap<u32, NodeBytes>,
    /// Items found.
    pub items: SortedMap<Key, Vec<u8>>,
}

/// What a node may be, as its parent sees it.
struct Expected {
    pointer: Pointer,
    level: Option<u16>,
    low: Key,
    high: Option<Key>,
}

impl Walk<'_> {
    /// From the root down, without recursion: the first child comes first.
    pub fn run(&mut self, root: &Pointer) {
        let mut ahead = vec![Expected { pointer: *root, level: None, low: Key::MIN, high: None }];
        while let Some(expected) = ahead.pop() {
            let Some(node) = self.node(&expected) else { continue };
            if node.level == 0 {
                self.items.extend(node.entries);
                continue;
            }
            let highs = node.entries.iter().skip(1).map(|(key, _)| Some(*key)).chain([expected.high]);
            let children = node.entries.iter().zip(highs).filter_map(|((low, payload), high)| {
                let pointer = Pointer::decode(payload);
                if pointer.is_none() {
                    self.broken(Rule::NodeEntries, &expected.pointer, "an entry is no pointer".to_owned());
                }
                Some(Expected { pointer: pointer?, level: Some(node.level - 1), low: *low, high })
            });
            let children: Vec<Expected> = children.collect();
            ahead.extend(children.into_iter().rev());
        }
    }

    fn node(&mut self, expected: &Expected) -> Option<Node> {
        let pointer = &expected.pointer;
        if pointer.address >= self.layout.nodes {
            self.broken(Rule::NodeAddress, pointer, format!("there are {} places", self.layout.nodes));
            return None;
        }
        if self.live.contains_key(&pointer.address) {
            self.broken(Rule::NodeOnce, pointer, "it was found before".to_owned());
            return None;
        }
        if pointer.generation > self.generation {
            self.broken(Rule::NodeGeneration, pointer, format!("{} is newer", pointer.generation));
            return None;
        }
        let bytes = match (self.read)(pointer.address) {
            Ok(bytes) => bytes,
            Err(errno) => {
                self.broken(Rule::Read, pointer, errno.text().to_owned());
                return None;
            }
        };
        match node::decode(&bytes, pointer, expected.level) {
            Ok(node) => {
                let (first, last) = (node.entries[0].0, node.entries[node.entries.len() - 1].0);
                if first < expected.low || expected.high.is_some_and(|high| last >= high) {
                    self.broken(Rule::NodeOrder, pointer, format!("keys from {first} to {last}"));
                    return None;
                }
                self.live.insert(pointer.address, bytes.into());
                Some(node)
            }
            Err((rule, what)) => {
                self.broken(rule, pointer, what);
                None
            }
        }
    }

    fn broken(&mut self, rule: Rule, pointer: &Pointer, what: String) {
        let inside = pointer.address < self.layout.nodes;
        let block = inside.then(|| self.layout.node(pointer.address).start);
        (self.report)(Finding::new(rule, format!("node {}", pointer.address), block, what));
    }
}
