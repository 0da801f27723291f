//! Moving the rest of a file to other offsets, for collapse and insert: keys change in place, no node comes or goes.

use super::node::{Body, Slot, below, child_index};
use super::tree::Tree;
use crate::base::{Entry, FileBlock, Ino, Key, TreeEdit};

/// How keys move.
#[derive(Clone, Copy)]
struct Shift {
    ino: Ino,
    from: FileBlock,
    by: i64,
}

impl Shift {
    fn moved(&self, block: FileBlock) -> FileBlock {
        FileBlock(block.0.checked_add_signed(self.by).expect("a shifted record stays inside the file"))
    }
    /// Where a bound goes. Ascending bounds stay ascending: between two bounds there is a record, and a collapse
    /// finds none in the blocks that go away.
    fn bound(&self, key: Key) -> Key {
        if key.ino != self.ino || key == Key::default() {
            key
        } else if key.start >= self.from {
            Key { start: self.moved(key.start), ..key }
        } else if self.by < 0 {
            Key { start: key.start.min(self.moved(self.from)), ..key }
        } else {
            key
        }
    }
}

impl Tree {
    /// Moves all records of the file that start at or after `from` by `by` blocks.
    ///
    /// Panics when a record reaches across `from` (cut it first), and when a move down finds records in its way.
    pub fn shift(&mut self, ino: Ino, from: FileBlock, by: i64, edits: &mut Vec<TreeEdit>) {
        let shift = Shift { ino, from, by };
        let before = self.prev(ino, from);
        assert!(before.is_none_or(|e| e.end() <= from), "a record across the seam is cut before the shift");
        if by == 0 || self.next(ino, from).is_none() {
            return;
        }
        let seam = shift.moved(from);
        assert!(before.is_none_or(|e| e.end() <= seam), "the blocks that go away are empty before the shift");
        self.touch();
        let mut level: Vec<Slot> = vec![self.root];
        while let Some(first) = level.first() {
            if self.node(*first).level == 0 {
                level.iter().for_each(|slot| self.shift_leaf(*slot, shift, edits));
                return;
            }
            let mut below = Vec::new();
            for slot in level {
                let children = self.node(slot).children();
                let touched = child_index(children, ino, from)..=child_index(children, ino, FileBlock(u64::MAX));
                below.extend(children[touched].iter().map(|c| c.slot));
                self.shift_inner(slot, shift, edits);
            }
            level = below;
        }
    }

    fn shift_leaf(&mut self, slot: Slot, shift: Shift, edits: &mut Vec<TreeEdit>) {
        let leaf = self.node(slot).leaf();
        let at = leaf.partition_point(|e| below(e, shift.ino, shift.from));
        let count = leaf[at..].partition_point(|e| e.ino == shift.ino);
        if count == 0 {
            return;
        }
        let Body::Leaf(list) = &mut self.node_mut(slot).body else { panic!("records live in leaves") };
        for extent in &mut list[at..at + count] {
            extent.start = shift.moved(extent.start);
        }
        let inserted = list[at..at + count].iter().map(|e| Entry::Extent(*e)).collect();
        self.log(slot, at, count, inserted, edits);
    }

    fn shift_inner(&mut self, slot: Slot, shift: Shift, edits: &mut Vec<TreeEdit>) {
        let children = self.node(slot).children();
        let changed = |c: &super::node::Child| shift.bound(c.key) != c.key;
        let Some(at) = children.iter().position(changed) else { return };
        let count = children[at..].iter().take_while(|c| changed(c)).count();
        let mut new = children[at..at + count].to_vec();
        for child in &mut new {
            child.key = shift.bound(child.key);
        }
        self.splice_inner(slot, at, count, &new, edits);
    }
}
