//! The tree against a stupid twin: one cell per block, no extents, no nodes.
//!
//! `EXTENTSCOPE_SEED` replays one case, `EXTENTSCOPE_CASES` says how many to try.

use super::{NodeIds, Tree, TreeRule, TreeShape, UpdateScope};
use crate::base::{DevBlock, Entry, Extent, ExtentKind, FileBlock, Ino, NodeId, Range, TreeEdit};
use std::collections::BTreeMap;

const SHAPES: [(u32, u32); 7] = [(3, 3), (4, 4), (4, 340), (64, 64), (5, 3), (16, 4), (5, 8)];
const BLOCKS: u64 = 400;
const INODES: u32 = 3;

struct Rng(u64);

impl Rng {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }
}

/// What one block holds: an extent of length 1, and whether a record starts here.
type Cell = Option<(Extent, bool)>;

/// The twin: dense vectors.
#[derive(Clone, Default)]
struct Dense(BTreeMap<Ino, Vec<Cell>>);

impl Dense {
    fn cells(&mut self, ino: Ino) -> &mut Vec<Cell> {
        self.0.entry(ino).or_insert_with(|| vec![None; usize::try_from(4 * BLOCKS).expect("small")])
    }
    fn records(cells: &[Cell]) -> Vec<Extent> {
        let mut list: Vec<Extent> = Vec::new();
        for (extent, starts) in cells.iter().flatten() {
            match list.last_mut() {
                Some(last) if !starts && last.end() == extent.start => last.len += 1,
                _ => list.push(*extent),
            }
        }
        list
    }
    fn all(&self) -> Vec<Extent> {
        self.0.values().flat_map(|cells| Self::records(cells)).collect()
    }
    fn replace(&mut self, ino: Ino, range: Range<FileBlock>, new: &[Extent], merging: bool) -> Vec<Extent> {
        let cells = self.cells(ino);
        let (lo, hi) = (index(range.start), index(range.end));
        if lo == hi {
            return Vec::new();
        }
        let mut inside = vec![None; cells.len()];
        inside[lo..hi].clone_from_slice(&cells[lo..hi]);
        cells[lo..hi].fill(None);
        if let Some((_, starts)) = &mut cells[hi] {
            // What continued a removed block starts a record of its own now.
            *starts |= inside[hi - 1].is_some();
        }
        let mut seams = Vec::new();
        for extent in new {
            for block in extent.range().iter() {
                let one = extent.trimmed(Range::sized(block, 1)).expect("a block of its extent");
                cells[index(block)] = Some((one, block == extent.start));
            }
            seams.extend([index(extent.start), index(extent.end())]);
        }
        for seam in seams.into_iter().filter(|at| merging && *at > 0) {
            let (before, after) = cells.split_at_mut(seam);
            if let (Some((left, _)), Some((right, starts))) = (before[seam - 1], &mut after[0]) {
                *starts &= !left.continued_by(right);
            }
        }
        Self::records(&inside)
    }
    fn shift(&mut self, ino: Ino, from: FileBlock, by: i64) {
        let cells = self.cells(ino);
        let tail: Vec<Cell> = cells[index(from)..].to_vec();
        cells[index(from)..].fill(None);
        for (extent, starts) in tail.into_iter().flatten() {
            let start = FileBlock(extent.start.0.checked_add_signed(by).expect("inside the file"));
            cells[index(start)] = Some((Extent { start, ..extent }, starts));
        }
    }
    fn end(&mut self, ino: Ino) -> u64 {
        self.cells(ino).iter().flatten().last().map_or(0, |(e, _)| e.end().0)
    }
}

fn index(block: FileBlock) -> usize {
    usize::try_from(block.0).expect("small")
}

/// Nodes as plain lists: level and entries by id.
type Nodes = BTreeMap<NodeId, (u32, Vec<Entry>)>;

/// Nodes, built from edits alone.
#[derive(Default)]
struct Replay {
    nodes: Nodes,
    root: Option<NodeId>,
    used: BTreeMap<NodeId, ()>,
}

impl Replay {
    fn apply(&mut self, edits: &[TreeEdit]) {
        for edit in edits {
            match edit {
                TreeEdit::Created { node, level } => {
                    assert!(self.used.insert(*node, ()).is_none(), "a node id is never reused");
                    self.nodes.insert(*node, (*level, Vec::new()));
                }
                TreeEdit::Freed { node } => drop(self.nodes.remove(node).expect("a freed node existed")),
                TreeEdit::Splice { node, at, removed, inserted } => {
                    let (at, removed) = (*at as usize, *removed as usize);
                    let (_, list) = self.nodes.get_mut(node).expect("a changed node exists");
                    list.splice(at..at + removed, inserted.iter().copied());
                }
                TreeEdit::Root { node } => self.root = Some(*node),
            }
        }
    }
    fn assert_equals(&self, tree: &Tree) {
        assert_eq!(self.root, Some(tree.root()), "the replayed root");
        assert_eq!(self.nodes, nodes_of(tree), "the replayed nodes");
    }
}

fn nodes_of(tree: &Tree) -> Nodes {
    tree.nodes().map(|(id, node)| (id, (node.level, node.entries()))).collect()
}

/// A tree, its twin, and all it reported.
struct Pair {
    tree: Tree,
    dense: Dense,
    replay: Replay,
    clones: Vec<(Tree, Nodes)>,
}

impl Pair {
    fn new(shape: TreeShape, ids: &NodeIds) -> Self {
        let mut edits = Vec::new();
        let tree = Tree::new(shape, ids, &mut edits);
        let mut replay = Replay::default();
        replay.apply(&edits);
        Self { tree, dense: Dense::default(), replay, clones: Vec::new() }
    }
    fn replace(&mut self, ino: Ino, range: Range<FileBlock>, new: &[Extent], merging: bool) {
        let scope = self.tree.update_scope(ino, range, new.len());
        let mut edits = Vec::new();
        let merge = |a: &Extent, b: &Extent| merging && a.continued_by(b);
        let removed = self.tree.replace(ino, range, new, &merge, &mut edits);
        assert_eq!(removed, self.dense.replace(ino, range, new, merging), "the removed pieces");
        if let UpdateScope::Leaf(path) = scope {
            let leaf = path.last().copied();
            let inside = |e: &TreeEdit| matches!(e, TreeEdit::Splice { node, .. } if Some(*node) == leaf);
            assert!(edits.iter().all(inside), "a promised leaf is all that changes: {edits:?}");
        }
        self.check(&edits);
    }
    fn shift(&mut self, ino: Ino, from: FileBlock, by: i64) {
        let mut edits = Vec::new();
        self.tree.shift(ino, from, by, &mut edits);
        self.dense.shift(ino, from, by);
        self.check(&edits);
    }
    fn remove_inode(&mut self, ino: Ino) {
        let mut edits = Vec::new();
        let removed = self.tree.remove_inode(ino, &mut edits);
        let cells = self.dense.0.remove(&ino).unwrap_or_default();
        assert_eq!(removed, Dense::records(&cells), "the removed records");
        self.check(&edits);
    }
    fn check(&mut self, edits: &[TreeEdit]) {
        self.tree.verify().expect("a sound tree");
        let all = self.dense.all();
        assert_eq!(self.tree.iter().collect::<Vec<_>>(), all, "the contents");
        assert_eq!(self.tree.len(), all.len(), "the count");
        self.replay.apply(edits);
        self.replay.assert_equals(&self.tree);
    }
    fn check_reads(&mut self, ino: Ino, block: FileBlock) {
        let records = Dense::records(self.dense.cells(ino));
        let covering = records.iter().find(|e| e.range().contains(block)).copied();
        let from = records.iter().position(|e| e.end() > block).unwrap_or(records.len());
        assert_eq!(self.tree.get(ino, block), covering, "get");
        assert_eq!(self.tree.next(ino, block), records.get(from).copied(), "next");
        let before = records.iter().rev().find(|e| e.start < block).copied();
        assert_eq!(self.tree.prev(ino, block), before, "prev");
        let mut cursor = self.tree.cursor(ino, block);
        let walked: Vec<Extent> = std::iter::from_fn(|| cursor.next(&self.tree)).collect();
        assert_eq!(walked, records[from..], "the cursor");
        assert_eq!(self.tree.extents(ino).collect::<Vec<_>>(), records, "extents");
        let path = self.tree.path(ino, block);
        assert_eq!(path.first(), Some(&self.tree.root()), "a path starts at the root");
        assert_eq!(path.len(), self.tree.height() as usize, "a path ends at a leaf");
    }
    fn check_rest(&mut self) {
        for (clone, nodes) in &self.clones {
            clone.verify().expect("an earlier clone is sound");
            assert_eq!(&nodes_of(clone), nodes, "an earlier clone is unchanged");
        }
        let mut built = Replay::default();
        built.apply(&self.tree.dump_edits());
        built.assert_equals(&self.tree);
    }
}

fn random_records(rng: &mut Rng, ino: Ino, range: Range<FileBlock>) -> Vec<Extent> {
    let mut list = Vec::new();
    let mut at = range.start;
    let longest = 1 + rng.below(12);
    while at < range.end {
        at += [0, 0, 0, rng.below(6)][usize::try_from(rng.below(4)).expect("small")];
        let len = (1 + rng.below(longest)).min(range.end.0.saturating_sub(at.0));
        if len == 0 {
            break;
        }
        let kinds = [ExtentKind::Written, ExtentKind::Written, ExtentKind::Unwritten, ExtentKind::Reserved];
        let usual = kinds[usize::try_from(rng.below(4)).expect("small")];
        let kind = if rng.below(40) == 0 { ExtentKind::Inline } else { usual };
        let addr = match kind {
            ExtentKind::Reserved => DevBlock(0),
            _ => DevBlock(1000 * (1 + rng.below(2)) + at.0),
        };
        let len = u32::try_from(len).expect("small");
        list.push(Extent { start: at, addr, ino, len, kind, shared: rng.below(10) == 0 });
        at += u64::from(len);
        if rng.below(8) == 0 {
            break;
        }
    }
    list
}

fn random_range(rng: &mut Rng, wide: u64) -> Range<FileBlock> {
    let start = rng.below(BLOCKS);
    Range::sized(FileBlock(start), rng.below(wide).min(BLOCKS - start))
}

/// Fills the hole at a random block, so that what is left and right of it may become one.
fn random_bridge(rng: &mut Rng, pair: &mut Pair, ino: Ino) {
    let block = FileBlock(rng.below(BLOCKS));
    let (left, right) = (pair.tree.prev(ino, block + 1), pair.tree.next(ino, block));
    let range = match (left, right) {
        (Some(left), _) if left.end() > block => left.range(),
        (Some(left), Some(right)) => Range::new(left.end(), right.start),
        _ => return,
    };
    let len = u32::try_from(range.len()).expect("small");
    let (kind, addr) = match rng.below(3) {
        0 => (ExtentKind::Reserved, DevBlock(0)),
        _ => (ExtentKind::Written, DevBlock(1000 + range.start.0)),
    };
    pair.replace(ino, range, &[Extent { start: range.start, addr, ino, len, kind, shared: false }], true);
}

fn random_shift(rng: &mut Rng, pair: &mut Pair, ino: Ino) {
    let mut range = random_range(rng, 30);
    range.end = range.end.max(range.start + 1);
    if rng.below(2) == 0 {
        // Collapse: empty the range, then close it.
        pair.replace(ino, range, &[], true);
        let by = -i64::try_from(range.len()).expect("small");
        pair.shift(ino, range.end, by);
        return;
    }
    // Insert: cut at the start, then open up.
    if pair.dense.end(ino) + range.len() >= 2 * BLOCKS {
        range.end = range.start;
    }
    let one = Range::sized(range.start, 1);
    let cut = pair.tree.get(ino, range.start).and_then(|e| e.trimmed(one));
    pair.replace(ino, one, cut.as_slice(), false);
    pair.shift(ino, range.start, i64::try_from(range.len()).expect("small"));
}

fn random_op(rng: &mut Rng, pair: &mut Pair, appended: &mut u64) {
    let ino = Ino(1 + u32::try_from(rng.below(u64::from(INODES))).expect("small"));
    let merging = rng.below(4) > 0;
    match rng.below(40) {
        0 => pair.remove_inode(ino),
        1..=4 => random_shift(rng, pair, ino),
        5..=12 => {
            let range = random_range(rng, 60);
            pair.replace(ino, range, &[], merging);
        }
        13..=18 => {
            *appended = if *appended + 9 > BLOCKS { 0 } else { *appended };
            let range = Range::sized(FileBlock(*appended), 1 + rng.below(3));
            *appended = range.end.0;
            let new = random_records(rng, ino, range);
            pair.replace(ino, range, &new, merging);
        }
        19 => {
            let range = random_range(rng, BLOCKS);
            let new = random_records(rng, ino, range);
            pair.replace(ino, range, &new, merging);
        }
        20..=24 => random_bridge(rng, pair, ino),
        _ => {
            let range = random_range(rng, 8);
            let new = random_records(rng, ino, range);
            pair.replace(ino, range, &new, merging);
        }
    }
    pair.check_reads(ino, FileBlock(rng.below(BLOCKS + 10)));
    if rng.below(40) == 0 {
        pair.clones.truncate(2);
        pair.clones.insert(0, (pair.tree.clone(), nodes_of(&pair.tree)));
    }
    if rng.below(10) == 0 {
        pair.check_rest();
    }
}

fn run_case(seed: u64) {
    let mut rng = Rng(seed);
    let ids = NodeIds::default();
    let shape = SHAPES[usize::try_from(seed).expect("a seed of 64 bits") % SHAPES.len()];
    let shape = TreeShape { root_capacity: shape.0, node_capacity: shape.1 };
    let mut pairs = [Pair::new(shape, &ids), Pair::new(shape, &ids)];
    let mut appended = 0;
    for _ in 0..150 {
        let which = usize::from(rng.below(5) == 0);
        random_op(&mut rng, &mut pairs[which], &mut appended);
    }
    pairs.iter_mut().for_each(Pair::check_rest);
    let [a, b] = &pairs;
    assert!(a.replay.used.keys().all(|id| !b.replay.used.contains_key(id)), "two trees never share an id");
}

/// Names the case that was running when a test panics.
struct Announce(u64);

impl Drop for Announce {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("replay: EXTENTSCOPE_SEED={} cargo test -p extentscope-core --lib btree::tests::twin", self.0);
        }
    }
}

#[test]
fn twin() {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().expect("a number"));
    let (first, cases) = match number("EXTENTSCOPE_SEED") {
        Some(seed) => (seed, number("EXTENTSCOPE_CASES").unwrap_or(1)),
        None => (0, number("EXTENTSCOPE_CASES").unwrap_or(120)),
    };
    for seed in first..first + cases {
        let _announce = Announce(seed);
        run_case(seed);
    }
}

fn record(ino: u32, start: u64, len: u32) -> Extent {
    let kind = ExtentKind::Written;
    Extent { start: FileBlock(start), addr: DevBlock(start * 2), ino: Ino(ino), len, kind, shared: false }
}

fn put(tree: &mut Tree, extent: Extent, edits: &mut Vec<TreeEdit>) {
    tree.replace(extent.ino, extent.range(), &[extent], &|_, _| false, edits);
}

fn small_tree(root_capacity: u32, node_capacity: u32, records: u64) -> Tree {
    let shape = TreeShape { root_capacity, node_capacity };
    let mut edits = Vec::new();
    let mut tree = Tree::new(shape, &NodeIds::default(), &mut edits);
    for at in 0..records {
        put(&mut tree, record(7, 3 * at, 2), &mut edits);
    }
    tree.verify().expect("a sound tree");
    tree
}

#[test]
fn appending_fills_leaves_to_the_brim() {
    let tree = small_tree(4, 4, 16);
    let leaves: Vec<usize> = tree.nodes().filter(|(_, n)| n.level == 0).map(|(_, n)| n.len()).collect();
    assert_eq!(leaves, [4, 4, 4, 4]);
    assert_eq!(tree.height(), 2);
}

#[test]
fn a_small_root_hands_its_records_to_one_large_leaf() {
    let mut tree = small_tree(4, 340, 5);
    assert_eq!((tree.height(), tree.node_count()), (2, 2), "a root with one child");
    tree.replace(Ino(7), Range::new(FileBlock(0), FileBlock(2)), &[], &|_, _| false, &mut Vec::new());
    assert_eq!((tree.height(), tree.node_count()), (1, 1), "four records fit into the root again");
    tree.verify().expect("a sound tree");
}

#[test]
fn an_overwrite_in_place_is_one_splice_and_no_change_is_no_edit() {
    let mut tree = small_tree(4, 4, 40);
    let mut edits = Vec::new();
    let other = Extent { addr: DevBlock(9999), ..record(7, 30, 2) };
    let path = tree.path(other.ino, other.start);
    assert_eq!(tree.update_scope(other.ino, other.range(), 1), UpdateScope::Leaf(path));
    assert_eq!(tree.update_scope(other.ino, other.range(), 9), UpdateScope::Structural);
    put(&mut tree, other, &mut edits);
    assert!(matches!(&edits[..], [TreeEdit::Splice { removed: 1, inserted, .. }] if inserted.len() == 1));
    edits.clear();
    put(&mut tree, other, &mut edits);
    assert_eq!(edits, []);
}

#[test]
fn an_emptied_tree_is_one_leaf() {
    let mut tree = small_tree(3, 3, 200);
    let removed = tree.remove_inode(Ino(7), &mut Vec::new());
    assert_eq!((removed.len(), tree.len(), tree.node_count(), tree.height()), (200, 0, 1, 1));
    assert_eq!(tree.remove_inode(Ino(7), &mut Vec::new()), []);
    tree.verify().expect("a sound tree");
}

#[test]
fn the_last_blocks_of_a_file_can_be_asked_for() {
    let tree = small_tree(3, 3, 10);
    let end = FileBlock(u64::MAX);
    assert_eq!((tree.get(Ino(7), end), tree.next(Ino(7), end)), (None, None));
    assert_eq!(tree.prev(Ino(7), end), Some(record(7, 27, 2)));
    assert_eq!(tree.extents(Ino(u32::MAX)).count(), 0);
}

#[test]
fn a_cursor_finds_its_place_again_after_a_change() {
    let mut tree = small_tree(3, 3, 50);
    let mut cursor = tree.cursor(Ino(7), FileBlock(30));
    assert_eq!(cursor.next(&tree), Some(record(7, 30, 2)));
    let (all, none) = (Range::new(FileBlock(0), FileBlock(45)), |_: &Extent, _: &Extent| false);
    tree.replace(Ino(7), all, &[], &none, &mut Vec::new());
    assert_eq!(cursor.next(&tree), Some(record(7, 45, 2)));
}

#[test]
fn one_replacement_may_bring_many_records() {
    let mut tree = small_tree(3, 3, 5);
    let many: Vec<Extent> = (0..1000).map(|at| record(7, 100 + at, 1)).collect();
    let range = Range::new(FileBlock(100), FileBlock(1100));
    tree.replace(Ino(7), range, &many, &|_, _| false, &mut Vec::new());
    tree.verify().expect("a sound tree");
    assert_eq!(tree.len(), 1005);
}

#[test]
#[should_panic(expected = "a record across the seam is cut before the shift")]
fn a_shift_does_not_tear_a_record() {
    small_tree(3, 3, 5).shift(Ino(7), FileBlock(4), 1, &mut Vec::new());
}

#[test]
#[should_panic(expected = "new records are inside the range")]
fn new_records_stay_inside_the_range() {
    let mut tree = small_tree(3, 3, 5);
    let range = Range::new(FileBlock(0), FileBlock(1));
    tree.replace(Ino(7), range, &[record(7, 0, 2)], &|_, _| false, &mut Vec::new());
}

#[test]
fn verify_names_the_broken_rule_and_the_node() {
    let mut tree = small_tree(4, 4, 16);
    let leaf = tree.node(tree.root).children()[1].slot;
    let id = tree.node(leaf).id;
    let broken = |change: &dyn Fn(&mut Tree)| {
        let mut copy = tree.clone();
        change(&mut copy);
        copy.verify().expect_err("a broken tree")
    };
    let edits = &mut Vec::new();
    let error = broken(&|t| t.splice_leaf(leaf, 0, 1, &[record(7, 12, 5)], &mut Vec::new()));
    assert_eq!((error.rule, error.node), (TreeRule::Overlap, id));
    let error = broken(&|t| t.splice_leaf(leaf, 0, 3, &[], &mut Vec::new()));
    assert_eq!((error.rule, error.node), (TreeRule::Fill, id));
    let error = broken(&|t| t.splice_leaf(leaf, 3, 1, &[record(7, 24, 1)], &mut Vec::new()));
    assert_eq!((error.rule, error.node), (TreeRule::Bounds, id));
    let error = broken(&|t| t.len += 1);
    assert_eq!(error.rule, TreeRule::Leak);
    let error = broken(&|t| assert!(t.create(0, &mut Vec::new()) > 0));
    assert_eq!(error.rule, TreeRule::Leak);
    tree.splice_leaf(leaf, 0, 0, &[record(7, 2, 1)], edits);
    assert!(tree.verify().is_err());
}
