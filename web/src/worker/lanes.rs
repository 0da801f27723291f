//! The chosen file: its lanes inside the lens, its overview and its counts.

use extentscope_core::base::cache_state::BlockState;
use extentscope_core::base::{FileBlock, Range};

use super::looks::{self, FileLooks, Run, cache_look};
use super::motion::LaneRuns;
use crate::protocol::View;
use crate::scene::{Bracket, CacheCell, ExtentBar, FileScene, FolioBar, Lane, LegendRow, Lens, Look, Overview};

/// Blocks of the lens where nothing else is asked for.
const LENS_BLOCKS: u64 = 32;

/// The file as it is seen, and the whole of its lanes for the next comparison.
pub fn scene(name: &str, file: &FileLooks, view: &View) -> (FileScene, Vec<LaneRuns>) {
    let reach = file.reach();
    let lens = lens(view, reach);
    let cache = file.cache_runs();
    let promises = file.promise_runs();
    let extents = file.extent_runs();
    let scene = FileScene {
        name: name.to_owned(),
        ino: file.ino.0,
        size: file.view.size,
        disk_size: file.view.disk_size,
        blocks: reach,
        lens,
        cache: cells(file, lens),
        folios: folios(file, lens),
        promises: looks::inside(&promises, lens.first, lens.end()).map(bracket).collect(),
        promised: promises.iter().map(Run::blocks).sum(),
        extents: bars(&extents, lens),
        overview: overview(view, reach, lens, &cache, &extents),
        legend: legend(&cache, &extents, file.block_size.bytes()),
        changed_outside: None,
    };
    let lanes = vec![
        LaneRuns { lane: Lane::Cache, runs: cache, rest: Look::Absent },
        LaneRuns { lane: Lane::Reservations, runs: promises, rest: Look::Absent },
        LaneRuns { lane: Lane::Extents, runs: extents, rest: Look::Hole },
    ];
    (scene, lanes)
}

/// Which blocks are shown: those asked for, or the whole file as long as it fits.
pub fn lens(view: &View, reach: u64) -> Lens {
    let blocks = match view.lens_blocks {
        0 if reach <= LENS_BLOCKS => LENS_BLOCKS,
        0 if reach <= view.lens_most => reach.next_multiple_of(8).min(view.lens_most),
        0 => LENS_BLOCKS,
        asked => asked.min(256),
    };
    let last = reach.saturating_sub(blocks);
    Lens { first: view.lens_first.min(last), blocks }
}

fn cells(file: &FileLooks, lens: Lens) -> Vec<CacheCell> {
    let absent = CacheCell { look: Look::Absent, dirty_again: false, writer: 0 };
    let cell = |block: u64| {
        let Some((_, state)) = file.view.states.get(FileBlock(block)) else { return absent };
        let writeback = writeback(file, FileBlock(block));
        let look = cache_look(*state, writeback);
        let writer = file.view.data.get(FileBlock(block)).map_or(0, |(_, stamped)| stamped.prov.0);
        CacheCell { look, dirty_again: again(*state, writeback), writer }
    };
    (lens.first..lens.end()).map(cell).collect()
}

fn again(state: BlockState, writeback: bool) -> bool {
    writeback && state.dirty
}

fn writeback(file: &FileLooks, block: FileBlock) -> bool {
    let page = file.block_size.page_of(block);
    let folio = file.view.folios.range(..=page).next_back();
    folio.is_some_and(|(index, folio)| folio.writeback && page.0 < index.0 + u64::from(folio.pages))
}

fn folios(file: &FileLooks, lens: Lens) -> Vec<FolioBar> {
    let first_page = file.block_size.page_of(FileBlock(lens.first));
    let from = file.view.folios.range(..=first_page).next_back().map_or(first_page, |(index, _)| *index);
    let mut found = Vec::new();
    for (index, folio) in file.view.folios.range(from..) {
        let first = file.block_size.first_block(*index);
        let whole = Range::sized(first, u64::from(folio.pages) * file.block_size.per_page());
        if first.0 >= lens.end() {
            break;
        }
        let part = whole.intersect(&Range::new(FileBlock(lens.first), FileBlock(lens.end())));
        if !part.is_empty() {
            found.push(FolioBar { first: part.start.0, blocks: part.len(), pages: folio.pages });
        }
    }
    found
}

fn bracket(run: Run) -> Bracket {
    Bracket { first: run.first, blocks: run.blocks(), look: run.look }
}

/// The extent lane inside the lens; what lies behind the last thing of the file is a hole as well.
fn bars(runs: &[Run], lens: Lens) -> Vec<ExtentBar> {
    let mut bars: Vec<_> = looks::inside(runs, lens.first, lens.end()).map(bar).collect();
    let at = bars.last().map_or(lens.first, |bar| bar.first + bar.blocks);
    if at < lens.end() {
        let blocks = lens.end() - at;
        match bars.last_mut() {
            Some(last) if last.look == Look::Hole => {
                last.blocks += blocks;
                last.whole_blocks += blocks;
            }
            _ => bars.push(ExtentBar {
                first: at,
                blocks,
                look: Look::Hole,
                address: None,
                whole_first: at,
                whole_blocks: blocks,
            }),
        }
    }
    bars
}

fn bar(run: Run) -> ExtentBar {
    ExtentBar {
        first: run.first,
        blocks: run.blocks(),
        look: run.look,
        address: run.address,
        whole_first: run.whole.0,
        whole_blocks: run.whole.1,
    }
}

fn overview(view: &View, reach: u64, lens: Lens, cache: &[Run], extents: &[Run]) -> Option<Overview> {
    if reach <= lens.blocks {
        return None;
    }
    let per_column = reach.div_ceil(view.overview_columns.clamp(1, 2048)).max(1);
    Some(Overview {
        blocks_per_column: per_column,
        cache: looks::columns(cache, reach, per_column, Look::Absent),
        extents: looks::columns(extents, reach, per_column, Look::Hole),
    })
}

fn legend(cache: &[Run], extents: &[Run], block_size: u64) -> Vec<LegendRow> {
    let counts = [looks::count(cache), looks::count(extents)];
    let row = |look: Look| {
        let blocks: u64 = counts.iter().filter_map(|count| count.get(&look)).sum();
        LegendRow { look, blocks, bytes: blocks.saturating_mul(block_size) }
    };
    let always =
        [Look::Clean, Look::Dirty, Look::Writeback, Look::Hole, Look::Delalloc, Look::Unwritten, Look::Written];
    let rows = Look::ALL.into_iter().map(row);
    rows.filter(|row| row.blocks > 0 || always.contains(&row.look)).collect()
}
