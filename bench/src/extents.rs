//! The extent tree, bare and behind its locks, against the standard map.

use crate::Run;
use crate::replay::machine;
use extentscope_core::base::{DevBlock, Extent, ExtentKind, FileBlock, Ino, TreeEdit};
use extentscope_core::btree::{NodeIds, Tree, TreeShape};
use extentscope_core::query::fiemap::Request;
use extentscope_core::scenario::machine::Machine;
use extentscope_core::sim::Outcome;
use extentscope_core::sim::cx::Recording;
use extentscope_core::sim::rng::Rng;
use extentscope_core::vfs::Fs;
use std::collections::BTreeMap;
use std::hint::black_box;
use std::pin::Pin;

/// Extents in every row.
const EXTENTS: u64 = 100_000;
/// Random questions in a sample.
const QUESTIONS: u64 = 100_000;
const INO: Ino = Ino(1);
/// Entries of a 4 KiB node with records of 12 bytes.
const SHAPE: TreeShape = TreeShape { root_capacity: 340, node_capacity: 340 };

/// One record of the ioctl's array, `struct fiemap_extent`: 56 bytes.
#[derive(Clone, Copy, Default)]
#[expect(dead_code, reason = "the fields are there to be filled")]
struct Record {
    logical: u64,
    physical: u64,
    length: u64,
    reserved: [u64; 2],
    flags: u32,
    more: [u32; 3],
}

fn record(start: u64, addr: u64, len: u64) -> Record {
    Record { logical: start << 12, physical: addr << 12, length: len << 12, ..Record::default() }
}

/// One block each, a hole between any two.
fn extent(at: u64) -> Extent {
    let (start, addr) = (FileBlock(2 * at), DevBlock(1_000 + at));
    Extent { start, addr, ino: INO, len: 1, kind: ExtentKind::Written, shared: false }
}

fn shuffled() -> Vec<Extent> {
    let mut rng = Rng::stream(1, "extents");
    let mut all: Vec<Extent> = (0..EXTENTS).map(extent).collect();
    for at in (1..all.len()).rev() {
        all.swap(at, index(rng.below(at as u64 + 1)));
    }
    all
}

fn questions() -> Vec<FileBlock> {
    let mut rng = Rng::stream(2, "questions");
    (0..QUESTIONS).map(|_| FileBlock(rng.below(2 * EXTENTS))).collect()
}

fn index(number: u64) -> usize {
    usize::try_from(number).expect("an index fits")
}

fn merges(left: &Extent, right: &Extent) -> bool {
    left.continued_by(right)
}

fn filled_tree() -> Tree {
    let mut edits = Vec::new();
    let mut tree = Tree::new(SHAPE, &NodeIds::default(), &mut edits);
    for extent in shuffled() {
        edits.clear();
        tree.replace(INO, extent.range(), &[extent], &merges, &mut edits);
    }
    tree
}

type Map = BTreeMap<u64, (u64, u64)>;

/// What one writes around a standard map: looks for overlaps and for neighbours to merge with, then puts.
fn insert_into(map: &mut Map, extent: &Extent) {
    let (mut start, mut addr, mut len) = (extent.start.0, extent.addr.0, u64::from(extent.len));
    if let Some((left, (at, blocks))) = map.range(..start).next_back() {
        assert!(left + blocks <= start, "nothing overlaps");
        if left + blocks == start && at + blocks == addr {
            (start, addr, len) = (*left, *at, blocks + len);
        }
    }
    if let Some((right, (at, blocks))) = map.range(extent.start.0..).next() {
        assert!(*right >= extent.end().0, "nothing overlaps");
        if *right == extent.end().0 && *at == addr + len {
            len += blocks;
            let right = *right;
            map.remove(&right);
        }
    }
    map.insert(start, (addr, len));
}

/// Filled one by one in the order of the tree: a map that is collected lies denser than one that has lived.
fn filled_map() -> Map {
    let mut map = Map::new();
    shuffled().iter().for_each(|extent| insert_into(&mut map, extent));
    map
}

pub fn insert_tree() -> Run {
    let all = shuffled();
    Box::new(move || {
        let mut edits: Vec<TreeEdit> = Vec::new();
        let mut tree = Tree::new(SHAPE, &NodeIds::default(), &mut edits);
        for extent in &all {
            edits.clear();
            black_box(tree.replace(INO, extent.range(), std::slice::from_ref(extent), &merges, &mut edits));
        }
        assert!(tree.len() == all.len(), "every extent is there");
        EXTENTS
    })
}

pub fn insert_map() -> Run {
    let all = shuffled();
    Box::new(move || {
        let mut map = Map::new();
        for extent in &all {
            insert_into(&mut map, extent);
        }
        assert!(map.len() == all.len(), "every extent is there");
        EXTENTS
    })
}

pub fn lookup_tree() -> Run {
    let (tree, questions) = (filled_tree(), questions());
    Box::new(move || {
        let found = questions.iter().filter(|block| tree.get(INO, **block).is_some()).count();
        black_box(found);
        QUESTIONS
    })
}

pub fn lookup_map() -> Run {
    let (map, questions) = (filled_map(), questions());
    let get = move |block: u64| {
        let (start, (addr, len)) = map.range(..=block).next_back()?;
        (block < start + len).then_some((*start, *addr, *len))
    };
    Box::new(move || {
        let found = questions.iter().filter(|block| get(block.0).is_some()).count();
        black_box(found);
        QUESTIONS
    })
}

pub fn walk_tree() -> Run {
    let tree = filled_tree();
    let mut records = vec![Record::default(); index(EXTENTS)];
    Box::new(move || {
        for (slot, extent) in records.iter_mut().zip(tree.extents(INO)) {
            *slot = record(extent.start.0, extent.addr.0, u64::from(extent.len));
        }
        black_box(&records);
        EXTENTS
    })
}

pub fn walk_map() -> Run {
    let map = filled_map();
    let mut records = vec![Record::default(); index(EXTENTS)];
    Box::new(move || {
        for (slot, (start, (addr, len))) in records.iter_mut().zip(&map) {
            *slot = record(*start, *addr, *len);
        }
        black_box(&records);
        EXTENTS
    })
}

/// Lets a task of the machine do something to its end.
pub fn in_task<F>(machine: &mut Machine, body: impl FnOnce(Fs) -> F)
where
    F: Future<Output = ()> + 'static,
{
    let body: Pin<Box<dyn Future<Output = ()>>> = Box::pin(body(machine.fs().clone()));
    machine.cx().spawn("bench", false, body);
    assert!(machine.run() == Outcome::Idle, "the task ends");
}

/// A running engine whose first file has all the extents.
fn engine() -> Machine {
    let mut machine = machine(Recording::Off);
    in_task(&mut machine, |fs| async move {
        fs.volume().inodes.set_size(INO, (2 * EXTENTS) << 12);
        for extent in shuffled() {
            fs.volume().extents.update(INO, extent.range(), &[extent]).await;
        }
    });
    machine
}

pub fn insert_locked() -> Run {
    let (mut machine, mut all) = (machine(Recording::Off), shuffled());
    Box::new(move || {
        let all = std::mem::take(&mut all);
        in_task(&mut machine, |fs| async move {
            for extent in &all {
                black_box(fs.volume().extents.update(INO, extent.range(), std::slice::from_ref(extent)).await);
            }
        });
        EXTENTS
    })
}

pub fn lookup_locked() -> Run {
    let (mut machine, questions) = (engine(), questions());
    Box::new(move || {
        let questions = questions.clone();
        in_task(&mut machine, |fs| async move {
            for block in questions {
                let hold = fs.volume().extents.read_lock(INO, block).await;
                black_box(fs.volume().extents.get(INO, block));
                drop(hold);
            }
        });
        QUESTIONS
    })
}

pub fn walk_locked() -> Run {
    let mut machine = engine();
    Box::new(move || {
        let mut records = vec![Record::default(); index(EXTENTS)];
        in_task(&mut machine, |fs| async move {
            let answer = fs.volume().fiemap(INO, &Request::ALL).await.expect("the file has a map");
            assert!(answer.len() == records.len(), "one record for each extent");
            for (slot, found) in records.iter_mut().zip(&answer) {
                let (logical, physical, length, flags) = (found.logical, found.physical, found.length, found.flags);
                *slot = Record { logical, physical, length, flags, ..Record::default() };
            }
            black_box(&records);
        });
        EXTENTS
    })
}
