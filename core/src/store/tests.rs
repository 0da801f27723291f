//! The tree against a map, and what a reader says of bytes that were changed.

use super::node::Pointer;
use super::tree::{CowTree, Walk};
use super::users::Edits;
use super::{Finding, Key, Layout, Superblock};
use crate::base::{BlockSize, Errno, SortedMap};
use crate::sim::rng::Rng;

fn layout() -> Layout {
    Layout::new(BlockSize::new(4096).expect("a block size"), 64)
}

/// A device that keeps nodes, as the writes of transactions bring them.
#[derive(Default)]
struct Nodes(SortedMap<u32, Vec<u8>>);

impl Nodes {
    fn read(&self, root: Option<&Pointer>, generation: u64) -> (SortedMap<Key, Vec<u8>>, Vec<Finding>, usize) {
        let mut findings = Vec::new();
        let layout = layout();
        let mut read = |address: u32| self.0.get(&address).cloned().ok_or(Errno::EIO);
        let mut report = |finding| findings.push(finding);
        let mut walk = Walk {
            layout: &layout,
            generation,
            read: &mut read,
            report: &mut report,
            live: SortedMap::new(),
            items: SortedMap::new(),
        };
        if let Some(root) = root {
            walk.run(root);
        }
        let (items, live) = (walk.items, walk.live.len());
        (items, findings, live)
    }
}

fn random_edits(rng: &mut Rng, spread: u64) -> Edits {
    let mut edits = Edits::new();
    for _ in 0..=rng.below(40) {
        let key = Key { kind: 4, id: 1 + rng.below(3), offset: rng.below(spread) };
        let payload = vec![7; usize::try_from(rng.below(90)).expect("small")];
        edits.insert(key, (rng.below(5) > 1).then_some(payload));
    }
    edits
}

#[test]
fn every_commit_reads_back_and_the_last_one_stays_whole() {
    for seed in 0..6 {
        let mut rng = Rng::stream(seed, "cow tree");
        let (mut tree, mut nodes, mut twin) = (CowTree::new(layout()), Nodes::default(), SortedMap::new());
        for generation in 1..=150 {
            // Grows, then shrinks to nothing.
            let mut edits = random_edits(&mut rng, 200 + 40 * seed);
            if generation > 100 {
                edits.values_mut().for_each(|value| *value = None);
                edits.extend(twin.keys().take(30).map(|key| (*key, None)));
            }
            let before = (tree.root(), twin.clone());
            let next = tree.change(generation, &edits).expect("there is room");
            nodes.0.extend(next.writes.iter().map(|(address, bytes)| (*address, bytes.to_vec())));
            let (items, findings, _) = nodes.read(before.0.as_ref(), generation);
            assert_eq!((items, findings), (before.1, Vec::new()), "what is committed is never written over");
            for (key, value) in edits {
                match value {
                    Some(value) => drop(twin.insert(key, value)),
                    None => drop(twin.remove(&key)),
                }
            }
            tree.commit(next);
            let (items, findings, live) = nodes.read(tree.root().as_ref(), generation);
            assert_eq!((&items, findings), (&twin, Vec::new()), "seed {seed} generation {generation}");
            assert_eq!(tree.live().count(), live, "every live node is reached");
        }
        assert!(tree.root().is_none(), "an empty tree has no node");
    }
}

#[test]
fn a_full_area_is_no_space_and_changes_nothing() {
    let mut tree = CowTree::new(Layout { nodes: 6, ..layout() });
    let edits = |count: u64| (0..count).map(|at| (Key { kind: 4, id: 1, offset: at }, Some(vec![1; 90]))).collect();
    let few = tree.change(1, &edits(60)).expect("two leaves and a root");
    tree.commit(few);
    let root = tree.root();
    assert_eq!(tree.change(2, &edits(600)).map(drop), Err(Errno::ENOSPC));
    assert_eq!(tree.root(), root);
    tree.change(2, &edits(61)).expect("the failed one left its places");
}

#[test]
fn a_changed_byte_anywhere_is_found() {
    let mut tree = CowTree::new(layout());
    let mut rng = Rng::stream(5, "bytes");
    let mut nodes = Nodes::default();
    let mut edits = Edits::new();
    for at in 0..300 {
        edits.insert(Key { kind: 4, id: 1, offset: at }, Some(vec![3; 14]));
    }
    let next = tree.change(1, &edits).expect("there is room");
    nodes.0.extend(next.writes.iter().map(|(address, bytes)| (*address, bytes.to_vec())));
    tree.commit(next);
    let root = tree.root().expect("there are items");
    for _ in 0..400 {
        let address = u32::try_from(rng.below(nodes.0.len() as u64)).expect("small");
        let at = usize::try_from(rng.below(4096)).expect("small");
        let flip = 1 << rng.below(8);
        nodes.0.get_mut(&address).expect("a node")[at] ^= flip;
        assert_ne!(nodes.read(Some(&root), 1).1, Vec::new(), "node {address} byte {at}");
        nodes.0.get_mut(&address).expect("a node")[at] ^= flip;
    }
    assert_eq!(nodes.read(Some(&root), 1).1, Vec::new());
}

#[test]
fn a_superblock_reads_back_and_every_changed_bit_is_found() {
    let root = Some(Pointer { address: 3, generation: 7, checksum: 9 });
    let superblock = Superblock { generation: 7, layout: layout(), root, settings: "#@ personality x\n".to_owned() };
    let mut bytes = superblock.encode();
    assert_eq!(Superblock::decode(&bytes, 1), Ok(superblock.clone()));
    assert!(Superblock::decode(&bytes, 0).is_err(), "it lies in the place of its parity");
    for at in 0..512 {
        for bit in 0..8 {
            bytes[at] ^= 1 << bit;
            assert!(Superblock::decode(&bytes, 1).is_err(), "byte {at} bit {bit}");
            bytes[at] ^= 1 << bit;
        }
    }
    assert_eq!(Superblock::decode(&bytes, 1), Ok(superblock));
}
