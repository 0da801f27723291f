//! What of the files' mappings was looked up and is still in memory (`extent_map_tree` of btrfs).
//!
//! It answers nothing about data. Only where the search for free blocks begins, and which holes a punch knows of,
//! depend on it.

use crate::base::{FileBlock, Ino, Range, RangeMap, SortedMap, StateCell};

/// What a look found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Looked {
    /// Nothing. A hole that a command made is one of its own, by its number, until fsync; those that were looked up have
    /// number 0, and become one where they meet (`mergeable_maps`).
    Hole(u64),
    /// A record, or blocks in flight.
    Blocks,
}

type Files = SortedMap<Ino, RangeMap<FileBlock, Looked>>;

/// By file, and the number of the last hole.
#[derive(Debug, Default)]
pub struct Lookups(StateCell<(Files, u64)>);

impl Lookups {
    fn file<R>(&self, ino: Ino, look: impl FnOnce(&RangeMap<FileBlock, Looked>) -> R) -> Option<R> {
        self.0.with(|(files, _)| files.get(&ino).map(look))
    }

    /// Somebody looked here.
    pub fn learn(&self, ino: Ino, range: Range<FileBlock>, found: Looked) {
        self.0.change(|(files, _)| files.entry(ino).or_default().insert(range, found));
    }

    /// A command made a hole.
    pub fn learn_new_hole(&self, ino: Ino, range: Range<FileBlock>) {
        self.0.change(|(files, last)| {
            *last += 1;
            files.entry(ino).or_default().insert(range, Looked::Hole(*last));
        });
    }

    /// fsync wrote what commands made.
    pub fn settle(&self, ino: Ino) {
        self.0.change(|(files, _)| {
            let Some(file) = files.get_mut(&ino) else { return };
            let holes: Vec<_> = file.iter().filter(|(_, found)| matches!(found, Looked::Hole(1..))).collect();
            let holes: Vec<Range<FileBlock>> = holes.into_iter().map(|(range, _)| range).collect();
            holes.into_iter().for_each(|range| file.insert(range, Looked::Hole(0)));
        });
    }

    /// The mapping changed, or went.
    pub fn forget(&self, ino: Ino, range: Range<FileBlock>) {
        self.0.change(|(files, _)| {
            if let Some(file) = files.get_mut(&ino) {
                file.cut(range);
            }
        });
    }

    /// The file is gone.
    pub fn forget_file(&self, ino: Ino) {
        self.0.change(|(files, _)| files.remove(&ino));
    }

    /// Everything in memory is gone.
    pub fn forget_all(&self) {
        self.0.change(|(files, _)| files.clear());
    }

    /// What is known of a block, and how far.
    pub fn at(&self, ino: Ino, at: FileBlock) -> Option<(Range<FileBlock>, Looked)> {
        self.file(ino, |file| file.get(at).map(|(range, found)| (range, *found)))?
    }

    /// What is known of a block, else of the first one behind it, else of the last one (`search_extent_mapping`).
    pub fn near(&self, ino: Ino, at: FileBlock) -> Option<(Range<FileBlock>, Looked)> {
        let look = |file: &RangeMap<FileBlock, Looked>| {
            let found = file.at_or_after(at).or_else(|| file.iter().next_back());
            found.map(|(range, found)| (range, *found))
        };
        self.file(ino, look)?
    }

    /// The parts of a range that nobody looked at.
    pub fn gaps(&self, ino: Ino, range: Range<FileBlock>) -> Vec<Range<FileBlock>> {
        self.file(ino, |file| file.gaps(range)).unwrap_or_else(|| vec![range])
    }
}
