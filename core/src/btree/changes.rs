//! What became of a tree since a clone of it was kept.

use super::node::key_of;
use super::tree::Tree;
use crate::base::{Extent, Key};
use std::collections::BTreeMap;
use std::rc::Rc;

impl Tree {
    /// The records that the clone `before` had and this tree has not, and those that it has and the clone had not.
    ///
    /// Looks only at nodes that both do not share.
    pub fn changes_since(&self, before: Option<&Self>) -> (Vec<Extent>, Vec<Extent>) {
        let nothing = Vec::new();
        let old = before.map_or(&nothing, |tree| &tree.slots);
        let mut gone: BTreeMap<Key, Extent> = BTreeMap::new();
        let mut new: BTreeMap<Key, Extent> = BTreeMap::new();
        for at in 0..old.len().max(self.slots.len()) {
            let (was, is) = (old.get(at).and_then(Option::as_ref), self.slots.get(at).and_then(Option::as_ref));
            if let (Some(was), Some(is)) = (was, is)
                && Rc::ptr_eq(was, is)
            {
                continue;
            }
            gone.extend(was.iter().flat_map(|node| node.extents()).map(|extent| (key_of(extent), *extent)));
            new.extend(is.iter().flat_map(|node| node.extents()).map(|extent| (key_of(extent), *extent)));
        }
        let same: Vec<Key> =
            gone.iter().filter(|(key, extent)| new.get(key) == Some(extent)).map(|(key, _)| *key).collect();
        for key in same {
            gone.remove(&key);
            new.remove(&key);
        }
        (gone.into_values().collect(), new.into_values().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{DevBlock, ExtentKind, FileBlock, Ino, Range};
    use crate::btree::{NodeIds, TreeShape};

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
