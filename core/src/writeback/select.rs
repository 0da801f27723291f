//! Which blocks one pass writes.

use crate::base::{Errno, ExtentKind, FileBlock, Ino, PageIndex, Range};
use crate::cache::folio_lock;
use crate::map::{MappingKind, Volume};
use crate::personality::plan::{PackedSent, WritebackUnit};
use crate::sim::Guard;
use crate::trace::{Frame, Mode};

/// Folios that one run of writeback takes at most, so that a huge file does not lock all of itself.
const FOLIOS_MAX: usize = 512;

/// Locked folios next to each other, and which of their blocks go out.
pub struct Batch {
    /// The file.
    pub ino: Ino,
    /// The folios, first page and pages.
    pub folios: Vec<(PageIndex, u32)>,
    /// Blocks to write, in order.
    pub runs: Vec<Range<FileBlock>>,
}

/// Which dirty blocks a pass writes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Which {
    /// All of them.
    All,
    /// Those whose record says that they are written: a commit takes no blocks and converts none
    /// (`ext4_normal_submit_inode_data_buffers`, where `can_map` is 0).
    Written,
}

impl Volume {
    /// Writes the dirty blocks of `range`, batch by batch.
    pub async fn select(&self, ino: Ino, range: Range<FileBlock>, which: Which) -> Result<(), Errno> {
        let range = self.with_what_is_packed(ino, range);
        let mut at = range.start;
        while let Some(folios) = self.next_dirty_folios(ino, Range::new(at, range.end)) {
            let (last, pages) = *folios.last().expect("a batch has a folio");
            at = self.cache.folio_blocks(last, pages).end;
            let blocks = Range::new(self.profile.block.first_block(folios[0].0), at);
            let _frame = self.cx.frame(Frame::WritebackRun, blocks.start.0, blocks.len());
            let mut locks = Vec::new();
            for (index, pages) in &folios {
                locks.push(self.lock_for_writeback(ino, *index, *pages).await);
            }
            // Folios may have gone, grown or been cleaned while the task waited.
            let folios: Vec<_> = folios
                .into_iter()
                .filter(|(index, pages)| {
                    self.cache.folio_at(ino, *index, |folio| (folio.index, folio.pages)) == Some((*index, *pages))
                })
                .collect();
            self.write_batch(ino, folios, locks, which).await?;
            at = at.min(range.end);
        }
        Ok(())
    }

    /// A range, and the rest of the delayed run at its end where that is compressed and sent as a whole.
    fn with_what_is_packed(&self, ino: Ino, range: Range<FileBlock>) -> Range<FileBlock> {
        let whole = self.compression(ino, ExtentKind::Written).is_some_and(|plan| plan.sent == PackedSent::Run);
        let touched = self.folio_edges(ino, range);
        let run = self.delalloc.prev(ino, touched.end).filter(|run| whole && run.end > touched.start);
        let end = run.map_or(range.end, |run| run.end.min(self.eof_block(ino)).max(range.end));
        Range::new(range.start, end)
    }

    async fn lock_for_writeback(&self, ino: Ino, index: PageIndex, pages: u32) -> Guard {
        let guard = self.cx.lock(folio_lock(ino, index), Mode::Exclusive).await;
        self.wait_stable(ino, index, pages).await;
        guard
    }

    async fn write_batch(
        &self,
        ino: Ino,
        folios: Vec<(PageIndex, u32)>,
        locks: Vec<Guard>,
        which: Which,
    ) -> Result<(), Errno> {
        let mut runs: Vec<Range<FileBlock>> = Vec::new();
        let mut dirty_folios = Vec::new();
        for (index, pages) in folios {
            let found = self.blocks_to_write(ino, self.cache.folio_blocks(index, pages));
            let found = if which == Which::Written { self.written_of(ino, &found) } else { found };
            if found.is_empty() {
                continue;
            }
            dirty_folios.push((index, pages));
            for run in found {
                match runs.last_mut() {
                    Some(last) if last.end == run.start => last.end = run.end,
                    _ => runs.push(run),
                }
            }
        }
        if runs.is_empty() {
            return Ok(());
        }
        self.send(Batch { ino, folios: dirty_folios, runs }, locks).await
    }

    /// What of a folio goes out: its dirty blocks, or everything in it that is data.
    fn blocks_to_write(&self, ino: Ino, folio: Range<FileBlock>) -> Vec<Range<FileBlock>> {
        let eof = self.eof_block(ino).max(folio.start);
        let inside = Range::new(folio.start, folio.end.min(eof));
        match self.profile.unit {
            WritebackUnit::DirtyBlocks => self.cache.dirty(ino, inside),
            WritebackUnit::Folio => {
                if !self.cache.is_dirty_in(ino, folio) {
                    return Vec::new();
                }
                let mut runs: Vec<Range<FileBlock>> = Vec::new();
                for (run, state) in self.cache.states(ino, inside) {
                    if !state.backing.is_data() {
                        continue;
                    }
                    match runs.last_mut() {
                        Some(last) if last.end == run.start => last.end = run.end,
                        _ => runs.push(run),
                    }
                }
                runs
            }
        }
    }

    /// The parts of the runs whose records say that they are written.
    fn written_of(&self, ino: Ino, runs: &[Range<FileBlock>]) -> Vec<Range<FileBlock>> {
        let mut written = Vec::new();
        for run in runs {
            let mut rest = *run;
            while !rest.is_empty() {
                let mapping = self.mapping(ino, rest);
                if mapping.kind == MappingKind::Written {
                    written.push(Range::new(rest.start, mapping.range.end));
                }
                rest.start = mapping.range.end;
            }
        }
        written
    }

    /// The range, rounded out to the folios that it touches: tags belong to folios.
    fn folio_edges(&self, ino: Ino, range: Range<FileBlock>) -> Range<FileBlock> {
        let block = self.profile.block;
        let edges = |at| {
            let page = block.page_of(at);
            self.cache.folio_at(ino, page, |folio| folio.range())
        };
        if range.is_empty() {
            return range;
        }
        let start = edges(range.start).map_or(range.start, |folio| folio.start);
        let end = edges(range.end - 1).map_or(range.end, |folio| folio.end.max(range.end));
        Range::new(start, end)
    }

    /// The first folios next to each other that have dirty blocks in `range`.
    fn next_dirty_folios(&self, ino: Ino, range: Range<FileBlock>) -> Option<Vec<(PageIndex, u32)>> {
        let eof = self.eof_block(ino);
        let tagged = self.folio_edges(ino, range);
        let inside = Range::new(tagged.start, tagged.end.min(eof).max(tagged.start));
        let found = self.cache.dirty_folios(ino, inside, tagged.end, FOLIOS_MAX);
        (!found.is_empty()).then_some(found)
    }
}
