//! Keeping the fill of nodes: splitting, merging, evening out, and the root's growing and shrinking.

use super::cursor::Path;
use super::node::{Body, Child, Slot};
use super::tree::{Tree, count};
use crate::base::{Entry, Key, TreeEdit, limits::TREE_DEPTH_MAX};

impl Tree {
    /// Whether the path's leaf may go from `old` to `new` records without a change of any other node.
    pub(super) fn settled(&self, path: &Path, old: usize, new: usize) -> bool {
        let steps = path.steps();
        let Some(above) = steps.len().checked_sub(2) else {
            return new <= self.capacity(true);
        };
        if new > self.capacity(false) || new == 0 {
            return false;
        }
        let fits_root = above == 0 && new <= self.capacity(true) && self.node(steps[0].slot).len() == 1;
        new >= old || (new >= self.minimum() && !fits_root)
    }

    /// Brings the nodes of the path back into bounds after the leaf changed, bottom up. `appended`: the change ended
    /// at the leaf's end.
    pub(super) fn settle(&mut self, path: &Path, appended: bool, edits: &mut Vec<TreeEdit>) {
        let steps = path.steps();
        let appended = appended && self.on_right_edge(path, steps.len() - 1);
        for depth in (1..steps.len()).rev() {
            let (parent, index) = (steps[depth - 1].slot, steps[depth - 1].at as usize);
            let len = self.node(steps[depth].slot).len();
            if len > self.capacity(false) {
                self.split(parent, index, appended, edits);
            } else if len == 0 && self.len > 0 {
                self.drop_child(parent, index, edits);
            } else if len < self.minimum() {
                let last = self.on_right_edge(path, depth);
                self.refill(parent, index, last, edits);
            }
        }
        while self.node(self.root).len() > self.capacity(true) {
            self.grow_root(appended, edits);
        }
        self.shrink_root(edits);
    }

    /// Puts a new root over the old one, which then splits if it has to.
    fn grow_root(&mut self, appended: bool, edits: &mut Vec<TreeEdit>) {
        let old = self.root;
        let level = self.node(old).level + 1;
        assert!((level as usize) < TREE_DEPTH_MAX, "a tree stays below its greatest depth");
        self.root = self.create(level, edits);
        let only = self.child(old, Key::default());
        self.splice_inner(self.root, 0, 0, &[only], edits);
        edits.push(TreeEdit::Root { node: self.root() });
        if self.node(old).len() > self.capacity(false) {
            self.split(self.root, 0, appended, edits);
        }
    }

    /// Lets the only child become the root wherever it fits.
    fn shrink_root(&mut self, edits: &mut Vec<TreeEdit>) {
        let mut old = self.root;
        while self.node(old).level > 0 && self.node(old).len() == 1 {
            let child = self.node(old).children()[0].slot;
            if self.node(child).len() > self.capacity(true) {
                return;
            }
            self.root = child;
            edits.push(TreeEdit::Root { node: self.root() });
            self.release(old, edits);
            old = child;
        }
    }

    /// Splits an overfull child into as few nodes as hold it: evenly, or full ones and a rest when `appended`.
    fn split(&mut self, parent: Slot, index: usize, appended: bool, edits: &mut Vec<TreeEdit>) {
        let slot = self.node(parent).children()[index].slot;
        let (level, total) = (self.node(slot).level, self.node(slot).len());
        let capacity = self.capacity(false);
        let pieces = total.div_ceil(capacity);
        let size = |piece: usize| match appended {
            true => capacity.min(total - piece * capacity),
            false => total / pieces + usize::from(piece < total % pieces),
        };
        let keep = size(0);
        let tail = self.node_mut(slot).body.split_off(keep);
        if appended {
            self.node_mut(slot).body.shrink();
        }
        let mut fresh: Vec<Child> = Vec::with_capacity(pieces - 1);
        let mut done = 0;
        for piece in 1..pieces {
            let part = tail.copy(done, size(piece));
            done += part.len();
            let new = self.create(level, edits);
            fresh.push(self.child(new, part.first_key()));
            self.log(new, 0, 0, part.entries_from(0), edits);
            self.node_mut(new).body = part;
        }
        assert_eq!(done, tail.len(), "a split places every entry");
        self.log(slot, keep, tail.len(), Vec::new(), edits);
        self.splice_inner(parent, index + 1, 0, &fresh, edits);
    }

    /// Takes an empty child out of its parent, whose next child then answers for its keys.
    fn drop_child(&mut self, parent: Slot, index: usize, edits: &mut Vec<TreeEdit>) {
        let children = self.node(parent).children();
        let gone = children[index];
        match children.get(1).copied() {
            Some(next) if index == 0 => {
                // An inner node runs empty only at the end of its level, where no child comes next.
                assert_eq!(self.node(next.slot).level, 0, "only a leaf runs empty before another node");
                self.splice_inner(parent, 0, 2, &[Child { key: gone.key, ..next }], edits);
            }
            _ => self.splice_inner(parent, index, 1, &[], edits),
        }
        self.release(gone.slot, edits);
    }

    /// Merges an underfull child with a sibling, or evens the two out. The last node of a level only merges.
    fn refill(&mut self, parent: Slot, index: usize, last: bool, edits: &mut Vec<TreeEdit>) {
        let children = self.node(parent).children();
        let len = |at: usize| children.get(at).map(|c| self.node(c.slot).len());
        let own = len(index).expect("the child is in its parent");
        let left = index.checked_sub(1).and_then(len);
        let right = len(index + 1);
        let capacity = self.capacity(false);
        if left.is_some_and(|left| left + own <= capacity) {
            self.merge(parent, index - 1, edits);
        } else if right.is_some_and(|right| own + right <= capacity) {
            self.merge(parent, index, edits);
        } else if left.is_some() && !last {
            self.even_out(parent, index - 1, edits);
        } else if right.is_some() {
            self.even_out(parent, index, edits);
        }
    }

    /// Moves all of child `index + 1` into child `index`.
    fn merge(&mut self, parent: Slot, index: usize, edits: &mut Vec<TreeEdit>) {
        let children = self.node(parent).children();
        let (left, right) = (children[index].slot, children[index + 1].slot);
        let moved = self.node_mut(right).body.split_off(0);
        self.put(left, self.node(left).len(), &moved, edits);
        self.splice_inner(parent, index + 1, 1, &[], edits);
        self.release(right, edits);
    }

    /// Moves entries between children `index` and `index + 1` until both hold half of what they hold together.
    fn even_out(&mut self, parent: Slot, index: usize, edits: &mut Vec<TreeEdit>) {
        let children = self.node(parent).children();
        let (left, right) = (children[index].slot, children[index + 1]);
        let (a, b) = (self.node(left).len(), self.node(right.slot).len());
        let target = (a + b) / 2;
        if a > target {
            let moved = self.node_mut(left).body.split_off(target);
            self.log(left, target, a - target, Vec::new(), edits);
            self.put(right.slot, 0, &moved, edits);
        } else {
            let moved = self.node_mut(right.slot).body.take_front(target - a);
            self.log(right.slot, 0, target - a, Vec::new(), edits);
            self.put(left, a, &moved, edits);
        }
        let key = self.node(right.slot).body.first_key();
        self.splice_inner(parent, index + 1, 1, &[Child { key, ..right }], edits);
    }

    fn put(&mut self, slot: Slot, at: usize, moved: &Body, edits: &mut Vec<TreeEdit>) {
        self.log(slot, at, 0, moved.entries_from(0), edits);
        self.node_mut(slot).body.insert(at, moved);
    }

    /// Reports a change of a node's list.
    pub(super) fn log(&self, slot: Slot, at: usize, removed: usize, inserted: Vec<Entry>, edits: &mut Vec<TreeEdit>) {
        let node = self.node(slot).id;
        let inserted = inserted.into_boxed_slice();
        edits.push(TreeEdit::Splice { node, at: count(at), removed: count(removed), inserted });
    }
}
