//! Replacing what lies in a range: the one way records come, go and merge.
//!
//! A replacement that stays inside one leaf is one descent and one splice. One that reaches across leaves first
//! removes leaf by leaf, then inserts; both leave the fill of nodes to `split.rs`.

use super::cursor::Path;
use super::node::{below, gallop, key_of};
use super::tree::Tree;
use crate::base::{Extent, FileBlock, Ino, Key, NodeId, Range, TreeEdit};

/// What a replacement is going to touch, told before the fact.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum UpdateScope {
    /// One leaf, the last of these nodes from the root on, and nothing else.
    Leaf(Vec<NodeId>),
    /// Perhaps several nodes.
    Structural,
}

type Merge<'a> = &'a dyn Fn(&Extent, &Extent) -> bool;

/// The records around a range, whole.
#[derive(Clone, Copy)]
struct Around {
    /// The last record that starts before the range; may reach into or beyond it.
    left: Option<Extent>,
    /// The last record that overlaps the range; may be `left`.
    last: Option<Extent>,
    /// The first record that starts at or after the range's end.
    right: Option<Extent>,
}

/// What takes the place of the records in a range.
struct Woven {
    records: Vec<Extent>,
    /// The record left of the range is part of it: cut or merged.
    takes_left: bool,
    /// The record right of the range is part of it: merged.
    takes_right: bool,
}

/// A replacement that stays in one leaf.
struct Window {
    from: usize,
    to: usize,
    records: Vec<Extent>,
    removed: Vec<Extent>,
}

impl Tree {
    /// Replaces what the file has in `range` by `new`, and returns what was there, trimmed to the range.
    ///
    /// Records that reach over the edges are cut and their outer parts stay. `new` merges with itself and with the
    /// records that adjoin it, wherever `merge(left, right)` says so and the lengths add up; nothing merges when
    /// `new` is empty. Panics unless `new` is ordered, disjoint, inside the range and of this file.
    pub fn replace(
        &mut self,
        ino: Ino,
        range: Range<FileBlock>,
        new: &[Extent],
        merge: Merge<'_>,
        edits: &mut Vec<TreeEdit>,
    ) -> Vec<Extent> {
        check_new(ino, range, new);
        if range.is_empty() {
            return Vec::new();
        }
        let path = self.path_to(ino, range.start);
        match self.window(&path, ino, range, new, merge) {
            Some(window) => {
                self.apply(&path, window.from, window.to, &window.records, edits);
                window.removed
            }
            None => self.replace_across(ino, range, new, merge, edits),
        }
    }

    /// Removes all records of the file and returns them.
    pub fn remove_inode(&mut self, ino: Ino, edits: &mut Vec<TreeEdit>) -> Vec<Extent> {
        let removed: Vec<Extent> = self.extents(ino).collect();
        if let Some(last) = removed.last() {
            self.remove_keys(ino, FileBlock(0), last.end(), edits);
        }
        removed
    }

    /// Whether [`Self::replace`] with `new_count` new records is sure to touch one leaf only.
    pub fn update_scope(&self, ino: Ino, range: Range<FileBlock>, new_count: usize) -> UpdateScope {
        let path = self.path_to(ino, range.start);
        if range.is_empty() || self.stays_in_leaf(&path, ino, range, new_count) {
            UpdateScope::Leaf(self.ids_of(&path))
        } else {
            UpdateScope::Structural
        }
    }

    fn stays_in_leaf(&self, path: &Path, ino: Ino, range: Range<FileBlock>, new_count: usize) -> bool {
        let (leaf, lo) = (self.node(path.leaf()).leaf(), path.at());
        let hi = gallop(leaf, lo, ino, range.end);
        let end = Key { ino, start: range.end };
        if hi == leaf.len() && self.upper_bound(path).is_some_and(|bound| bound <= end) {
            return false;
        }
        let left = match lo {
            0 => self.record_before(path),
            _ => Some(leaf[lo - 1]),
        };
        let left = left.filter(|e| e.ino == ino && e.end() >= range.start);
        if lo == 0 && left.is_some() {
            return false;
        }
        let last = if hi > lo { Some(leaf[hi - 1]) } else { left };
        let kept = usize::from(last.is_some_and(|e| e.end() > range.end));
        let most = leaf.len() - (hi - lo) + kept + new_count;
        let merged = if new_count > 0 { 1 } else { 0 };
        let least = (leaf.len() - (hi - lo) + kept).saturating_sub(merged);
        self.settled(path, leaf.len(), most) && self.settled(path, leaf.len(), least)
    }

    /// The replacement as one splice of the path's leaf; `None` when it reaches into other leaves.
    fn window(
        &self,
        path: &Path,
        ino: Ino,
        range: Range<FileBlock>,
        new: &[Extent],
        merge: Merge<'_>,
    ) -> Option<Window> {
        let (leaf, lo) = (self.node(path.leaf()).leaf(), path.at());
        let hi = gallop(leaf, lo, ino, range.end);
        let left = match lo {
            0 => self.record_before(path),
            _ => Some(leaf[lo - 1]),
        };
        let left = left.filter(|e| e.ino == ino);
        let bound = if hi == leaf.len() { self.upper_bound(path) } else { None };
        let right = match bound {
            Some(bound) if bound <= (Key { ino, start: range.end }) => self.record_after(path),
            Some(_) => None,
            None => leaf.get(hi).copied(),
        };
        let right = right.filter(|e| e.ino == ino);
        if right.is_some_and(|e| e.start < range.end) {
            return None;
        }
        let last = if hi > lo { Some(leaf[hi - 1]) } else { left };
        let woven = weave(Around { left, last, right }, range, new, merge);
        let beyond = bound.is_some_and(|bound| woven.records.last().is_some_and(|e| key_of(e) >= bound));
        if (woven.takes_left && lo == 0) || (woven.takes_right && hi == leaf.len()) || beyond {
            return None;
        }
        let inside = left.iter().chain(&leaf[lo..hi]);
        let removed = inside.filter_map(|e| e.trimmed(range)).collect();
        let (from, to) = (lo - usize::from(woven.takes_left), hi + usize::from(woven.takes_right));
        Some(Window { from, to, records: woven.records, removed })
    }

    /// Puts `records` in the place of `from..to` of the path's leaf and settles the nodes above.
    fn apply(&mut self, path: &Path, from: usize, to: usize, records: &[Extent], edits: &mut Vec<TreeEdit>) {
        let leaf = self.node(path.leaf()).leaf();
        let old_len = leaf.len();
        let old = &leaf[from..to];
        let same = old.iter().zip(records).take_while(|(a, b)| a == b).count();
        let (old, records) = (&old[same..], &records[same..]);
        let tail = old.iter().rev().zip(records.iter().rev()).take_while(|(a, b)| a == b).count();
        let (removed, records) = (old.len() - tail, &records[..records.len() - tail]);
        if removed == 0 && records.is_empty() {
            return;
        }
        self.touch();
        let at = from + same;
        self.splice_leaf(path.leaf(), at, removed, records, edits);
        let len = old_len - removed + records.len();
        if !self.settled(path, old_len, len) {
            self.settle(path, at + records.len() == len, edits);
        }
    }

    fn replace_across(
        &mut self,
        ino: Ino,
        range: Range<FileBlock>,
        new: &[Extent],
        merge: Merge<'_>,
        edits: &mut Vec<TreeEdit>,
    ) -> Vec<Extent> {
        let left = self.prev(ino, range.start);
        let mut last = None;
        let mut removed = Vec::new();
        let mut cursor = self.cursor(ino, range.start);
        let mut right = cursor.next(self);
        while let Some(extent) = right.filter(|e| e.start < range.end) {
            removed.extend(extent.trimmed(range));
            last = Some(extent);
            right = cursor.next(self);
        }
        let woven = weave(Around { left, last, right }, range, new, merge);
        let from = left.filter(|_| woven.takes_left).map_or(range.start, |e| e.start);
        let to = right.filter(|_| woven.takes_right).map_or(range.end, |e| e.end());
        self.remove_keys(ino, from, to, edits);
        self.insert_records(&woven.records, edits);
        removed
    }

    /// Removes the file's records that start in `[from, to)`, leaf by leaf.
    fn remove_keys(&mut self, ino: Ino, from: FileBlock, to: FileBlock, edits: &mut Vec<TreeEdit>) {
        loop {
            let mut path = self.path_to(ino, from);
            if path.at() == self.node(path.leaf()).len() && !self.next_leaf(&mut path) {
                return;
            }
            let at = path.at();
            let count = self.node(path.leaf()).leaf()[at..].partition_point(|e| below(e, ino, to));
            if count == 0 {
                return;
            }
            self.apply(&path, at, at + count, &[], edits);
        }
    }

    /// Inserts records where there are none, each into the leaf that its key belongs to.
    fn insert_records(&mut self, mut records: &[Extent], edits: &mut Vec<TreeEdit>) {
        while let Some(first) = records.first() {
            let path = self.path_to(first.ino, first.start);
            let count = match self.upper_bound(&path) {
                Some(bound) => records.partition_point(|e| key_of(e) < bound),
                None => records.len(),
            };
            let (now, later) = records.split_at(count);
            self.apply(&path, path.at(), path.at(), now, edits);
            records = later;
        }
    }
}

fn check_new(ino: Ino, range: Range<FileBlock>, new: &[Extent]) {
    assert!(new.iter().all(|e| e.ino == ino), "new records are of the file");
    assert!(new.iter().all(|e| e.len > 0), "a record has at least one block");
    assert!(new.windows(2).all(|pair| pair[0].end() <= pair[1].start), "new records are ordered and disjoint");
    assert!(new.iter().all(|e| range.covers(&e.range())), "new records are inside the range");
}

/// The kept parts and the new records, merged as far as `merge` allows.
fn weave(around: Around, range: Range<FileBlock>, new: &[Extent], merge: Merge<'_>) -> Woven {
    let mut records: Vec<Extent> = Vec::with_capacity(new.len() + 2);
    if let Some(left) = around.left {
        if left.end() > range.start {
            records.extend(left.trimmed(Range::new(left.start, range.start)));
        } else if new.first().is_some_and(|first| joins(&left, first, merge)) {
            records.push(left);
        }
    }
    let takes_left = !records.is_empty();
    for extent in new {
        push(&mut records, *extent, merge);
    }
    let kept = around.last.filter(|e| e.end() > range.end).and_then(|e| e.trimmed(Range::new(range.end, e.end())));
    let mut takes_right = false;
    match (kept, around.right) {
        (Some(kept), _) if new.is_empty() => records.push(kept),
        (Some(kept), _) => push(&mut records, kept, merge),
        (None, Some(right)) if !new.is_empty() => {
            takes_right = records.last().is_some_and(|last| joins(last, &right, merge));
            if takes_right {
                push(&mut records, right, merge);
            }
        }
        _ => {}
    }
    Woven { records, takes_left, takes_right }
}

fn joins(left: &Extent, right: &Extent, merge: Merge<'_>) -> bool {
    let adjoining = left.end() == right.start && left.len.checked_add(right.len).is_some();
    adjoining && merge(left, right)
}

fn push(records: &mut Vec<Extent>, extent: Extent, merge: Merge<'_>) {
    match records.last_mut() {
        Some(last) if joins(last, &extent, merge) => last.len += extent.len,
        _ => records.push(extent),
    }
}
