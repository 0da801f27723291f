//! The invariants of `mod.rs`, checked over a whole tree.

use super::node::{Body, Slot, key_of};
use super::tree::Tree;
use crate::base::{Extent, Key, NodeId, order_by};
use std::fmt;

/// A rule that a tree can break.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TreeRule {
    /// Entries ascend by key.
    Order,
    /// Records of one file do not overlap, and none is empty.
    Overlap,
    /// Nodes hold neither too little nor too much.
    Fill,
    /// Entries lie inside the bounds that the parents' keys set.
    Bounds,
    /// Children are one level below their parent, leaves on level 0.
    Level,
    /// Every node is reached once, under the id its parent knows.
    Reach,
    /// No node is left behind, and the counts are right.
    Leak,
}

/// Which rule is broken, and at which node.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TreeError {
    /// The broken rule.
    pub rule: TreeRule,
    /// The node where it shows; the root for rules about the whole tree.
    pub node: NodeId,
}

impl fmt::Display for TreeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the tree breaks rule {:?} at node {}", self.rule, self.node)
    }
}

impl std::error::Error for TreeError {}

/// What the parents say about a node.
#[derive(Clone, Copy)]
struct Expected {
    slot: Slot,
    id: NodeId,
    level: u32,
    lower: Key,
    upper: Option<Key>,
    is_last: bool,
}

/// What a walk has met so far.
struct Walk {
    seen: Vec<bool>,
    nodes: usize,
    records: usize,
    before: Option<Extent>,
}

impl Tree {
    /// Checks every invariant; the first one found broken is the error.
    pub fn verify(&self) -> Result<(), TreeError> {
        let root = self.root;
        let fail = |rule| Err(TreeError { rule, node: self.node(root).id });
        let mut walk = Walk { seen: vec![false; self.slots.len()], nodes: 0, records: 0, before: None };
        let (id, level) = (self.node(root).id, self.node(root).level);
        let mut row = vec![Expected { slot: root, id, level, lower: Key::default(), upper: None, is_last: true }];
        while !row.is_empty() {
            let mut below = Vec::new();
            for expected in row {
                self.verify_node(expected, &mut walk).map_err(|rule| TreeError { rule, node: expected.id })?;
                self.expect_children(expected, &mut below);
            }
            row = below;
        }
        if walk.nodes != self.node_count() || self.slots.iter().flatten().count() != walk.nodes {
            return fail(TreeRule::Leak);
        }
        if walk.records != self.len {
            return fail(TreeRule::Leak);
        }
        let mut ids: Vec<NodeId> = self.nodes().map(|(id, _)| id).collect();
        order_by(&mut ids, |id| u64::from(id.0));
        if ids.windows(2).any(|pair| pair[0] == pair[1]) || ids.last().is_some_and(|id| *id >= self.ids.upcoming()) {
            return fail(TreeRule::Reach);
        }
        Ok(())
    }

    fn expect_children(&self, parent: Expected, below: &mut Vec<Expected>) {
        let Body::Inner(children) = &self.node(parent.slot).body else { return };
        for (at, child) in children.iter().enumerate() {
            let next = children.get(at + 1);
            below.push(Expected {
                slot: child.slot,
                id: child.id,
                level: parent.level - 1,
                lower: child.key,
                upper: next.map_or(parent.upper, |n| Some(n.key)),
                is_last: parent.is_last && next.is_none(),
            });
        }
    }

    fn verify_node(&self, expected: Expected, walk: &mut Walk) -> Result<(), TreeRule> {
        let rule = |holds: bool, rule: TreeRule| if holds { Ok(()) } else { Err(rule) };
        let slot = expected.slot as usize;
        let node = self.slots.get(slot).and_then(|n| n.as_ref()).ok_or(TreeRule::Reach)?;
        rule(!walk.seen[slot] && node.id == expected.id, TreeRule::Reach)?;
        walk.seen[slot] = true;
        walk.nodes += 1;
        rule(node.level == expected.level, TreeRule::Level)?;
        rule((node.level == 0) == matches!(node.body, Body::Leaf(_)), TreeRule::Level)?;
        rule(self.fill_is_right(expected, node.len()), TreeRule::Fill)?;
        match &node.body {
            Body::Leaf(list) => {
                for extent in list {
                    let key = key_of(extent);
                    rule(walk.before.is_none_or(|b| key_of(&b) < key), TreeRule::Order)?;
                    let apart = walk.before.is_none_or(|b| b.ino != extent.ino || b.end() <= extent.start);
                    rule(apart && extent.len > 0, TreeRule::Overlap)?;
                    rule(expected.lower <= key && expected.upper.is_none_or(|u| key < u), TreeRule::Bounds)?;
                    walk.before = Some(*extent);
                }
                walk.records += list.len();
            }
            Body::Inner(list) => {
                rule(list.windows(2).all(|pair| pair[0].key < pair[1].key), TreeRule::Order)?;
                rule(list.first().is_some_and(|c| c.key == expected.lower), TreeRule::Bounds)?;
                let inside = |key: Key| expected.upper.is_none_or(|u| key < u);
                rule(list.last().is_some_and(|c| inside(c.key)), TreeRule::Bounds)?;
            }
        }
        Ok(())
    }

    fn fill_is_right(&self, expected: Expected, len: usize) -> bool {
        let is_root = expected.slot == self.root;
        let least = match expected {
            Expected { level: 0, .. } if is_root => 0,
            Expected { is_last: true, .. } => 1,
            _ => self.minimum(),
        };
        let lone = is_root && expected.level > 0 && len == 1;
        let needless = || self.node(self.node(self.root).children()[0].slot).len() <= self.capacity(true);
        (least..=self.capacity(is_root)).contains(&len) && !(lone && needless())
    }
}
