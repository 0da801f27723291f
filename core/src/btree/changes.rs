//! What became of a tree since a clone of it was kept.

use super::node::key_of;
use super::tree::Tree;
use crate::base::Extent;
use std::rc::Rc;

impl Tree {
    /// The records that the clone `before` had and this tree has not, and those that it has and the clone had not.
    ///
    /// Looks only at nodes that both do not share.
    pub fn changes_since(&self, before: Option<&Self>) -> (Vec<Extent>, Vec<Extent>) {
        let nothing = Vec::new();
        let old = before.map_or(&nothing, |tree| &tree.slots);
        let (mut gone, mut new) = (Vec::new(), Vec::new());
        for at in 0..old.len().max(self.slots.len()) {
            let (was, is) = (old.get(at).and_then(Option::as_ref), self.slots.get(at).and_then(Option::as_ref));
            if let (Some(was), Some(is)) = (was, is)
                && Rc::ptr_eq(was, is)
            {
                continue;
            }
            was.iter().for_each(|node| put_in_order(&mut gone, node.extents()));
            is.iter().for_each(|node| put_in_order(&mut new, node.extents()));
        }
        without_common(&mut gone, &mut new);
        (gone, new)
    }
}

/// Adds a leaf's records, which are in order and lie together, to a list in order. Leaves are few: a sort would be more code
/// than it is worth.
fn put_in_order(list: &mut Vec<Extent>, leaf: &[Extent]) {
    let Some(first) = leaf.first() else { return };
    let at = list.partition_point(|extent| key_of(extent) < key_of(first));
    list.extend_from_slice(leaf);
    list[at..].rotate_right(leaf.len());
}

/// Drops from two lists in the order of their keys what both have.
fn without_common(left: &mut Vec<Extent>, right: &mut Vec<Extent>) {
    let mut common = Vec::new();
    let mut others = right.iter().peekable();
    left.retain(|extent| {
        while others.next_if(|other| key_of(other) < key_of(extent)).is_some() {}
        let both = others.peek() == Some(&extent);
        if both {
            common.push(*extent);
        }
        !both
    });
    let mut common = common.into_iter().peekable();
    right.retain(|extent| common.next_if_eq(extent).is_none());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{DevBlock, ExtentKind, FileBlock, Ino, Key, Range};
    use crate::btree::{NodeIds, TreeShape};
    use std::collections::BTreeMap;

    #[test]
    fn a_clone_and_its_changes_give_the_tree() {
        let shape = TreeShape { root_capacity: 4, node_capacity: 5 };
        let mut tree = Tree::new(shape, &NodeIds::default(), &mut Vec::new());
        let mut rng = crate::sim::rng::Rng::stream(3, "changes");
        let mut kept = tree.clone();
        for round in 0..400 {
            let (start, len) = (rng.below(300), 1 + rng.below(6));
            let range = Range::sized(FileBlock(start), len);
            let extent = Extent {
                start: FileBlock(start),
                addr: DevBlock(rng.below(1000)),
                ino: Ino(1),
                len: u32::try_from(len).expect("small"),
                kind: ExtentKind::Written,
                shared: false,
            };
            let new = if rng.below(3) == 0 { Vec::new() } else { vec![extent] };
            drop(tree.replace(Ino(1), range, &new, &|_, _| false, &mut Vec::new()));
            if round % 7 == 0 {
                let (gone, new) = tree.changes_since(Some(&kept));
                let mut twin: BTreeMap<Key, Extent> = kept.iter().map(|extent| (key_of(&extent), extent)).collect();
                gone.iter().for_each(|extent| assert_eq!(twin.remove(&key_of(extent)), Some(*extent)));
                new.iter().for_each(|extent| assert_eq!(twin.insert(key_of(extent), *extent), None));
                assert_eq!(twin.into_values().collect::<Vec<_>>(), tree.iter().collect::<Vec<_>>());
                kept = tree.clone();
            }
        }
    }
}
