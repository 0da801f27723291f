//! How the blocks of a file look, as runs, read off the world.

use extentscope_core::base::cache_state::{Backing, BlockState};
use extentscope_core::base::{BlockSize, Extent, ExtentKind, FileBlock, Ino, Range, RangeMap, SortedMap, order_by};
use extentscope_core::view::World;
use extentscope_core::view::world::FileView;

use crate::scene::Look;

/// Neighbouring blocks that look alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// First block.
    pub first: u64,
    /// First block after.
    pub end: u64,
    /// How they look.
    pub look: Look,
    /// The device block of `first`, where there is one.
    pub address: Option<u64>,
    /// The whole extent, where it is one: first block and blocks.
    pub whole: (u64, u64),
}

impl Run {
    /// The part inside `[first, end)`, its address moved along.
    pub fn clipped(&self, first: u64, end: u64) -> Option<Self> {
        let (from, to) = (self.first.max(first), self.end.min(end));
        let address = self.address.map(|address| address + from.saturating_sub(self.first));
        (from < to).then_some(Self { first: from, end: to, address, ..*self })
    }
    /// Blocks.
    pub fn blocks(&self) -> u64 {
        self.end - self.first
    }
}

/// One file, ready to be asked.
pub struct FileLooks<'world> {
    /// The inode.
    pub ino: Ino,
    /// Its sizes, cache and promises.
    pub view: &'world FileView,
    /// Its extents in order.
    pub extents: Vec<Extent>,
    /// Bytes in a block.
    pub block_size: BlockSize,
    /// Promises without an address.
    pub promises: RangeMap<FileBlock, Look>,
}

impl<'world> FileLooks<'world> {
    /// `None` when the inode is gone.
    pub fn new(world: &'world World, ino: Ino, block_size: BlockSize) -> Option<Self> {
        let view = world.files.get(&ino)?;
        let mut extents = world.extents(ino);
        order_by(&mut extents, |extent| extent.start.0);
        Some(Self { ino, view, extents, block_size, promises: promises(view) })
    }

    /// Blocks up to the last thing there is.
    pub fn reach(&self) -> u64 {
        let size = self.block_size.count(self.view.size);
        let extents = self.extents.last().map_or(0, |extent| extent.end().0);
        let cached = self.view.states.iter().next_back().map_or(0, |(range, _)| range.end.0);
        let promised = self.promises.iter().next_back().map_or(0, |(range, _)| range.end.0);
        size.max(extents).max(cached).max(promised)
    }

    /// The page cache, without the blocks that are not in it.
    pub fn cache_runs(&self) -> Vec<Run> {
        let mut looks: RangeMap<FileBlock, Look> = RangeMap::default();
        for (range, state) in self.view.states.iter() {
            looks.insert(range, cache_look(*state, false));
        }
        for (index, folio) in self.view.folios.iter().filter(|(_, folio)| folio.writeback) {
            let first = self.block_size.first_block(*index);
            looks.insert(Range::sized(first, u64::from(folio.pages) * self.block_size.per_page()), Look::Writeback);
        }
        let run = |(range, look): (Range<FileBlock>, &Look)| plain(range.start.0, range.end.0, *look);
        looks.iter().map(run).collect()
    }

    /// Promises, as runs.
    pub fn promise_runs(&self) -> Vec<Run> {
        self.promises.iter().map(|(range, look)| plain(range.start.0, range.end.0, *look)).collect()
    }

    /// The extent lane over the whole file: extents, and between them promises and holes, without gaps.
    pub fn extent_runs(&self) -> Vec<Run> {
        let mut runs = Vec::with_capacity(self.extents.len() * 2 + 1);
        let mut at = 0;
        for extent in &self.extents {
            self.gap(at, extent.start.0, &mut runs);
            runs.push(Run {
                first: extent.start.0,
                end: extent.end().0,
                look: extent_look(extent),
                address: extent.kind.has_address().then_some(extent.addr.0),
                whole: (extent.start.0, u64::from(extent.len)),
            });
            at = extent.end().0;
        }
        self.gap(at, self.reach(), &mut runs);
        runs
    }

    fn gap(&self, first: u64, end: u64, runs: &mut Vec<Run>) {
        let mut at = first;
        if first < end {
            for (range, look) in self.promises.overlapping(Range::new(FileBlock(first), FileBlock(end))) {
                let (from, to) = (range.start.0.max(first), range.end.0.min(end));
                if at < from {
                    runs.push(plain(at, from, Look::Hole));
                }
                runs.push(plain(from, to, *look));
                at = to;
            }
        }
        if at < end {
            runs.push(plain(at, end, Look::Hole));
        }
    }
}

fn plain(first: u64, end: u64, look: Look) -> Run {
    Run { first, end, look, address: None, whole: (first, end - first) }
}

fn promises(view: &FileView) -> RangeMap<FileBlock, Look> {
    let mut promises = RangeMap::default();
    for (range, state) in view.states.iter() {
        match state.backing {
            Backing::Dirty => promises.insert(range, Look::Delalloc),
            Backing::DirtyReserved => promises.insert(range, Look::Reserved),
            Backing::Hole | Backing::Reserved | Backing::Allocated => {}
        }
    }
    for (range, ()) in view.delayed.iter() {
        promises.insert(range, Look::Delalloc);
    }
    for (range, _) in view.ordered.iter() {
        promises.insert(range, Look::Delalloc);
    }
    promises
}

/// How a cached block looks.
pub fn cache_look(state: BlockState, writeback: bool) -> Look {
    match state {
        _ if writeback => Look::Writeback,
        BlockState { dirty: true, .. } => Look::Dirty,
        BlockState { uptodate: true, .. } => Look::Clean,
        BlockState { .. } => Look::Stale,
    }
}

/// How an extent looks.
pub fn extent_look(extent: &Extent) -> Look {
    match extent.kind {
        ExtentKind::Written if extent.shared => Look::Shared,
        ExtentKind::Written => Look::Written,
        ExtentKind::Unwritten => Look::Unwritten,
        ExtentKind::Reserved => Look::Reserved,
        ExtentKind::Inline => Look::Inline,
    }
}

/// Blocks by look.
pub fn count(runs: &[Run]) -> SortedMap<Look, u64> {
    let mut counts = SortedMap::new();
    for run in runs {
        *counts.entry(run.look).or_insert(0) += run.blocks();
    }
    counts
}

/// Reduces runs to columns of `per_column` blocks: each shows what most of its blocks look like. Blocks that no run
/// covers look like `rest`. At a tie the look that comes later in [`Look`] wins, so that a hole never hides a block.
pub fn columns(runs: &[Run], blocks: u64, per_column: u64, rest: Look) -> Vec<Look> {
    let per_column = per_column.max(1);
    let mut found = Vec::new();
    let mut next = 0;
    let mut first = 0;
    while first < blocks {
        let end = (first + per_column).min(blocks);
        let mut counts: SortedMap<Look, u64> = SortedMap::new();
        counts.insert(rest, end - first);
        while let Some(run) = runs.get(next) {
            if let Some(part) = run.clipped(first, end) {
                *counts.entry(part.look).or_insert(0) += part.blocks();
                let left = counts.entry(rest).or_insert(0);
                *left = left.saturating_sub(part.blocks());
            }
            if run.end > end {
                break;
            }
            next += 1;
        }
        let most = counts.into_iter().max_by_key(|(look, count)| (*count, *look));
        found.push(most.map_or(rest, |(look, _)| look));
        first = end;
    }
    found
}

/// The runs inside `[first, end)`, clipped.
pub fn inside(runs: &[Run], first: u64, end: u64) -> impl Iterator<Item = Run> + '_ {
    let from = runs.partition_point(|run| run.end <= first);
    runs[from..].iter().take_while(move |run| run.first < end).filter_map(move |run| run.clipped(first, end))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(first: u64, end: u64, look: Look) -> Run {
        plain(first, end, look)
    }

    #[test]
    fn columns_show_the_majority_and_fill_the_rest() {
        let runs = [run(0, 3, Look::Dirty), run(3, 4, Look::Clean), run(10, 11, Look::Clean)];
        let looks = columns(&runs, 12, 4, Look::Absent);
        assert_eq!(looks, [Look::Dirty, Look::Absent, Look::Absent]);
    }

    #[test]
    fn a_long_run_fills_many_columns() {
        let looks = columns(&[run(2, 9, Look::Written)], 10, 2, Look::Hole);
        assert_eq!(looks, [Look::Hole, Look::Written, Look::Written, Look::Written, Look::Written]);
    }

    #[test]
    fn clipping_moves_the_address() {
        let whole = Run { address: Some(100), ..run(4, 12, Look::Written) };
        assert_eq!(whole.clipped(6, 8).and_then(|part| part.address), Some(102));
        assert_eq!(whole.clipped(12, 20), None);
    }

    #[test]
    fn only_the_runs_inside_are_given() {
        let runs = [run(0, 4, Look::Hole), run(4, 8, Look::Written), run(8, 12, Look::Hole)];
        let found: Vec<_> = inside(&runs, 5, 8).collect();
        assert_eq!(found, [Run { whole: (4, 4), ..run(5, 8, Look::Written) }]);
    }
}
