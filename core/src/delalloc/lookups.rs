//! What of the files' mappings was looked up and is still in memory (`extent_map_tree` of btrfs).
//!
//! It answers nothing about data. Only where the search for free blocks begins, and which holes a punch knows of,
//! depend on it.

use crate::base::{FileBlock, Ino, Range, RangeMap, StateCell};
use std::collections::BTreeMap;

/// What a look found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Looked {
    /// Nothing.
    Hole,
    /// A record, or blocks in flight.
    Blocks,
}

/// By file.
#[derive(Debug, Default)]
pub struct Lookups(StateCell<BTreeMap<Ino, RangeMap<FileBlock, Looked>>>);

impl Lookups {
    fn file<R>(&self, ino: Ino, look: impl FnOnce(&RangeMap<FileBlock, Looked>) -> R) -> Option<R> {
        self.0.with(|files| files.get(&ino).map(look))
    }

    /// Somebody looked here.
    pub fn learn(&self, ino: Ino, range: Range<FileBlock>, found: Looked) {
        self.0.change(|files| files.entry(ino).or_default().insert(range, found));
    }

    /// The mapping changed, or went.
    pub fn forget(&self, ino: Ino, range: Range<FileBlock>) {
        self.0.change(|files| {
            if let Some(file) = files.get_mut(&ino) {
                file.cut(range);
            }
        });
    }

    /// The file is gone.
    pub fn forget_file(&self, ino: Ino) {
        self.0.change(|files| files.remove(&ino));
    }

    /// Everything in memory is gone.
    pub fn forget_all(&self) {
        self.0.change(BTreeMap::clear);
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
