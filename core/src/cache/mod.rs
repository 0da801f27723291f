//! Floor 7, the page cache: which bytes of which files are in memory, and whether the device knows them.
//!
//! It owns folios, their blocks' states and bytes, and the tag index of dirty blocks. It does not own file sizes,
//! extents or promises, and it starts no I/O: upper floors ask it, fill it and clean it. Every change of a state goes
//! through [`PageCache::set_state`], every change of bytes through [`PageCache::set_data`]; both emit the event.
//!
//! Invariants:
//! (1) folios of a file do not overlap;
//! (2) the dirty index holds exactly the blocks whose state says dirty;
//! (3) a dirty block is up to date and has bytes;
//! (4) the writeback index holds exactly the pages of folios under writeback.

pub mod folio;
mod index;
pub mod readahead;

pub use folio::{Block, Folio};

use crate::base::cache_state::BlockState;
use crate::base::{BlockSize, FileBlock, Ino, PageIndex, Range, RangeMap, SortedMap, Stamped, StateCell};
use crate::sim::{Cx, WaitQueue};
use crate::trace::{Event, LockClass, LockId};
use index::Folios;
use std::rc::Rc;

/// Pages in the largest folio: 2 MiB (`MAX_PAGECACHE_ORDER` of x86_64).
pub const FOLIO_PAGES_MAX: u64 = 512;

/// The cache of one file.
#[derive(Clone, Debug, Default)]
pub struct FileCache {
    folios: Folios,
    dirty: RangeMap<FileBlock, ()>,
    writeback: RangeMap<PageIndex, ()>,
}

/// The page cache of a filesystem.
#[derive(Clone)]
pub struct PageCache(Rc<Shared>);

struct Shared {
    cx: Cx,
    block: BlockSize,
    files: StateCell<SortedMap<Ino, FileCache>>,
    writeback_ended: WaitQueue,
}

/// The lock of a folio.
pub fn folio_lock(ino: Ino, index: PageIndex) -> LockId {
    LockId { class: LockClass::Folio, a: u64::from(ino.0), b: index.0 }
}

impl PageCache {
    /// An empty cache.
    pub fn new(cx: &Cx, block: BlockSize) -> Self {
        let files = StateCell::default();
        Self(Rc::new(Shared { cx: cx.clone(), block, files, writeback_ended: WaitQueue::default() }))
    }

    /// Waits here for writeback to end; woken whenever some folio's does.
    pub fn writeback_ended(&self) -> &WaitQueue {
        &self.0.writeback_ended
    }

    fn file<R>(&self, ino: Ino, look: impl FnOnce(&FileCache) -> R) -> Option<R> {
        self.0.files.with(|files| files.get(&ino).map(look))
    }

    /// The folio that holds a page.
    pub fn folio_at<R>(&self, ino: Ino, page: PageIndex, look: impl FnOnce(&Folio) -> R) -> Option<R> {
        self.file(ino, |file| file.folios.at(page).map(look))?
    }

    /// First page and pages of each folio that overlaps `blocks`, in order.
    pub fn folios_in(&self, ino: Ino, blocks: Range<FileBlock>) -> Vec<(PageIndex, u32)> {
        let mut all = Vec::new();
        self.each_folio_in(ino, blocks, |folio| all.push((folio.index, folio.pages)));
        all
    }

    /// Looks at each folio that overlaps `blocks`, in order.
    pub fn each_folio_in(&self, ino: Ino, blocks: Range<FileBlock>, look: impl FnMut(&Folio)) {
        if let Some((first, last)) = self.pages_of(blocks) {
            self.file(ino, |file| file.folios.within(first, last).for_each(look));
        }
    }

    /// Whether any folio overlaps `blocks`.
    pub fn has_folio_in(&self, ino: Ino, blocks: Range<FileBlock>) -> bool {
        let Some((first, last)) = self.pages_of(blocks) else { return false };
        self.file(ino, |file| file.folios.within(first, last).next().is_some()) == Some(true)
    }

    /// The first and the last page that overlap blocks; `None` for no blocks.
    fn pages_of(&self, blocks: Range<FileBlock>) -> Option<(PageIndex, PageIndex)> {
        (!blocks.is_empty()).then(|| (self.0.block.page_of(blocks.start), self.0.block.page_of(blocks.end - 1)))
    }

    /// Every file that has something cached.
    pub fn files(&self) -> Vec<Ino> {
        self.0.files.with(|files| files.keys().copied().collect())
    }

    /// Looks at every folio of a file, in order.
    pub fn each_folio(&self, ino: Ino, mut look: impl FnMut(&Folio)) {
        self.file(ino, |file| file.folios.iter().for_each(&mut look));
    }

    /// The blocks of a folio.
    pub fn folio_blocks(&self, index: PageIndex, pages: u32) -> Range<FileBlock> {
        Range::sized(self.0.block.first_block(index), u64::from(pages) * self.0.block.per_page())
    }

    /// Puts an empty folio into the cache. Its pages must be absent.
    pub fn add(&self, ino: Ino, index: PageIndex, pages: u32) {
        let blocks = self.folio_blocks(index, pages);
        let count = u32::try_from(blocks.len()).expect("a folio is small");
        let folio = Folio::new(index, pages, blocks.start, count);
        self.0.files.change(|files| files.entry(ino).or_default().folios.insert(folio));
        self.0.cx.emit(|| Event::FolioAdded { ino, index, pages });
    }

    /// The largest power of two of pages, at most `most`, that a new folio at `page` can have without overlapping.
    ///
    /// Source: `__filemap_get_folio`, which aligns the order to the index and lowers it while the range is taken.
    pub fn room(&self, ino: Ino, page: PageIndex, most: u64) -> u32 {
        let mut pages = most.clamp(1, FOLIO_PAGES_MAX);
        pages = 1 << pages.ilog2();
        while pages > 1 {
            let count = u32::try_from(pages).expect("a folio is small");
            let free = page.0.is_multiple_of(pages) && !self.has_folio_in(ino, self.folio_blocks(page, count));
            if free {
                break;
            }
            pages /= 2;
        }
        u32::try_from(pages).expect("a folio is small")
    }

    /// Splits a folio into as few as leave no folio across an edge of `range`; states and bytes stay.
    ///
    /// Source: `truncate_inode_partial_folio`, which splits so that whole folios can be dropped.
    pub fn split(&self, ino: Ino, index: PageIndex, range: Range<FileBlock>) {
        let pages = self.folio_at(ino, index, |folio| folio.pages).expect("a split folio is cached");
        let mut into: Vec<(PageIndex, u32)> = Vec::new();
        let mut open = vec![(index, pages)];
        while let Some((index, pages)) = open.pop() {
            let blocks = self.folio_blocks(index, pages);
            if pages == 1 || range.covers(&blocks) || !range.overlaps(&blocks) {
                into.push((index, pages));
            } else {
                open.push((PageIndex(index.0 + u64::from(pages / 2)), pages / 2));
                open.push((index, pages / 2));
            }
        }
        if into.len() == 1 {
            return;
        }
        self.0.files.change(|files| {
            let folios = &mut files.get_mut(&ino).expect("the file has cached blocks").folios;
            let whole = folios.remove(index).expect("the folio is cached");
            for (index, pages) in &into {
                let blocks = self.folio_blocks(*index, *pages);
                folios.insert(whole.part(*index, *pages, blocks));
            }
        });
        self.0.cx.emit(|| Event::FolioSplit { ino, index, into: into.into() });
    }

    /// Takes a folio out. It must be clean and not under writeback.
    pub fn remove(&self, ino: Ino, index: PageIndex) {
        let folio = self
            .0
            .files
            .change(|files| files.get_mut(&ino).and_then(|file| file.folios.remove(index)))
            .expect("a removed folio was cached");
        assert!(!folio.writeback, "a folio under writeback stays");
        let dirty = self.file(ino, |file| file.dirty.covered(folio.range())).unwrap_or(0);
        assert!(dirty == 0, "a dirty folio stays");
        self.0.cx.emit(|| Event::FolioRemoved { ino, index });
    }

    /// Forgets a file. All its folios must be gone.
    pub fn forget(&self, ino: Ino) {
        let file = self.0.files.change(|files| files.remove(&ino));
        assert!(file.is_none_or(|file| file.folios.is_empty()), "only an empty cache is forgotten");
    }

    /// Runs of equal states of the cached blocks in `range`, in order.
    pub fn states(&self, ino: Ino, range: Range<FileBlock>) -> Vec<(Range<FileBlock>, BlockState)> {
        let mut all = Vec::new();
        self.each_folio_in(ino, range, |folio| folio.each_state(range, |run, state| all.push((run, state))));
        all
    }

    /// The cached blocks of `range` whose states `counts` accepts, in runs that end with their folios, in order.
    pub fn runs(
        &self,
        ino: Ino,
        range: Range<FileBlock>,
        counts: impl Fn(BlockState) -> bool,
    ) -> Vec<Range<FileBlock>> {
        let mut all = Vec::new();
        let mut add = |run, state| {
            if counts(state) {
                all.push(run);
            }
        };
        self.each_folio_in(ino, range, |folio| folio.each_state(range, &mut add));
        all
    }

    /// How many cached blocks of `range` have a state that `counts` accepts.
    pub fn count(&self, ino: Ino, range: Range<FileBlock>, counts: impl Fn(BlockState) -> bool) -> u64 {
        let mut blocks = 0;
        let mut add = |run: Range<FileBlock>, state| blocks += if counts(state) { run.len() } else { 0 };
        self.each_folio_in(ino, range, |folio| folio.each_state(range, &mut add));
        blocks
    }

    /// The state of one block, if it is cached.
    pub fn state(&self, ino: Ino, block: FileBlock) -> Option<BlockState> {
        self.folio_at(ino, self.0.block.page_of(block), |folio| folio.block(block).state)
    }

    /// The bytes of one block, if it is cached and has any.
    pub fn data(&self, ino: Ino, block: FileBlock) -> Option<Stamped> {
        self.folio_at(ino, self.0.block.page_of(block), |folio| folio.block(block).data.clone())?
    }

    /// Runs of equal bytes of the cached blocks in `range`.
    pub fn data_runs(&self, ino: Ino, range: Range<FileBlock>) -> Vec<(Range<FileBlock>, Stamped)> {
        let mut all = Vec::new();
        self.each_folio_in(ino, range, |folio| folio.each_data(range, |run, stamped| all.push((run, stamped.clone()))));
        all
    }

    /// The one gate of states: `change` gives each cached block of `range` its new state.
    pub fn set_state(&self, ino: Ino, range: Range<FileBlock>, change: impl Fn(BlockState) -> BlockState) {
        let Some((first, last)) = self.pages_of(range) else { return };
        self.0.files.change(|files| {
            let Some(FileCache { folios, dirty, .. }) = files.get_mut(&ino) else { return };
            folios.change_within(first, last, |folio| {
                folio.change_states(range, &change, |run, old, new| {
                    assert!(!new.dirty || new.uptodate, "invariant 3: a dirty block is up to date");
                    match (old.dirty, new.dirty) {
                        (false, true) => dirty.insert(run, ()),
                        (true, false) => dirty.cut(run),
                        _ => {}
                    }
                    self.0.cx.emit(|| Event::BlocksState { ino, range: run, state: new });
                });
            });
        });
    }

    /// The one gate of bytes: each block of the range gets these.
    pub fn set_data(&self, ino: Ino, range: Range<FileBlock>, stamped: &Stamped) {
        let Some((first, last)) = self.pages_of(range) else { return };
        self.0.files.change(|files| {
            let Some(file) = files.get_mut(&ino) else { return };
            file.folios.change_within(first, last, |folio| {
                let part = folio.range().intersect(&range);
                folio.change(part, |block| block.data = Some(stamped.clone()));
                let event = || Event::BlocksData { ino, range: part, data: stamped.data.clone(), prov: stamped.prov };
                self.0.cx.emit(event);
            });
        });
    }

    /// Runs of dirty blocks that overlap `range`, cut to it.
    pub fn dirty(&self, ino: Ino, range: Range<FileBlock>) -> Vec<Range<FileBlock>> {
        let cut = |file: &FileCache| file.dirty.overlapping(range).map(|(run, ())| run.intersect(&range)).collect();
        self.file(ino, cut).unwrap_or_default()
    }

    /// Whether any block of `range` is dirty.
    pub fn is_dirty_in(&self, ino: Ino, range: Range<FileBlock>) -> bool {
        self.file(ino, |file| file.dirty.overlapping(range).next().is_some()) == Some(true)
    }

    /// The first folios next to each other, at most `most`, that have dirty blocks and start before `end`: from the
    /// one with the first dirty block in `range` on.
    pub fn dirty_folios(
        &self,
        ino: Ino,
        range: Range<FileBlock>,
        end: FileBlock,
        most: usize,
    ) -> Vec<(PageIndex, u32)> {
        let collect = |file: &FileCache| {
            let mut found: Vec<(PageIndex, u32)> = Vec::new();
            let Some((first, ())) = file.dirty.overlapping(range).next() else { return found };
            let first = self.0.block.page_of(first.start.max(range.start));
            for folio in file.folios.within(first, PageIndex(u64::MAX)) {
                let adjoins = found.last().is_none_or(|(last, pages)| last.0 + u64::from(*pages) == folio.index.0);
                let blocks = folio.range();
                let dirty = || file.dirty.overlapping(blocks).next().is_some();
                if found.len() >= most || !adjoins || blocks.start >= end || !dirty() {
                    break;
                }
                found.push((folio.index, folio.pages));
            }
            found
        };
        self.file(ino, collect).unwrap_or_default()
    }

    /// Whether a file has any dirty block.
    pub fn is_dirty(&self, ino: Ino) -> bool {
        self.file(ino, |file| !file.dirty.is_empty()).unwrap_or(false)
    }

    /// Starts or ends writeback of a folio.
    pub fn set_writeback(&self, ino: Ino, index: PageIndex, on: bool) {
        self.0.files.change(|files| {
            let file = files.get_mut(&ino).expect("the file has cached blocks");
            let folio = file.folios.at_mut(index).expect("the folio is cached");
            assert!(folio.index == index, "a folio is named by its first page");
            assert!(folio.writeback != on, "writeback starts once and ends once");
            folio.writeback = on;
            let pages = Range::sized(index, u64::from(folio.pages));
            if on {
                file.writeback.insert(pages, ());
            } else {
                file.writeback.cut(pages);
            }
        });
        self.0.cx.emit(|| Event::FolioWriteback { ino, index, on });
        if !on {
            self.0.writeback_ended.wake_all(&self.0.cx);
        }
    }

    /// Puts the readahead mark on the folio of a page, if it is cached.
    pub fn set_mark(&self, ino: Ino, page: PageIndex) {
        let Some(index) = self.folio_at(ino, page, |folio| folio.index) else { return };
        self.change_folio(ino, index, |folio| folio.mark = true);
    }

    /// Takes the readahead mark off a folio; whether it was there.
    pub fn take_mark(&self, ino: Ino, index: PageIndex) -> bool {
        self.change_folio(ino, index, |folio| std::mem::take(&mut folio.mark))
    }

    /// From now on the folio of a block, if it is cached, has a state for each of its blocks.
    pub fn keep_states(&self, ino: Ino, index: PageIndex) {
        if self.folio_at(ino, index, |folio| folio.states) == Some(false) {
            self.change_folio(ino, index, |folio| folio.states = true);
        }
    }

    /// Whether a folio has a state for each of its blocks.
    pub fn has_states(&self, ino: Ino, index: PageIndex) -> bool {
        self.folio_at(ino, index, |folio| folio.states).unwrap_or(false)
    }

    fn change_folio<R>(&self, ino: Ino, index: PageIndex, change: impl FnOnce(&mut Folio) -> R) -> R {
        self.0.files.change(|files| {
            let file = files.get_mut(&ino).expect("the file has cached blocks");
            change(file.folios.at_mut(index).expect("the folio is cached"))
        })
    }

    /// Whether a folio that overlaps `range` is under writeback.
    pub fn under_writeback(&self, ino: Ino, range: Range<FileBlock>) -> bool {
        let Some((first, last)) = self.pages_of(range) else { return false };
        let pages = Range::new(first, last + 1);
        self.file(ino, |file| file.writeback.overlapping(pages).next().is_some()) == Some(true)
    }

    /// Pages in memory, over all files.
    pub fn pages(&self) -> u64 {
        self.0
            .files
            .with(|files| files.values().flat_map(|file| file.folios.iter()).map(|folio| u64::from(folio.pages)).sum())
    }

    /// Checks the numbered invariants.
    pub fn verify(&self) -> Result<(), String> {
        self.0.files.with(|files| files.iter().try_for_each(|(ino, file)| file.verify(*ino)))
    }
}

impl FileCache {
    fn verify(&self, ino: Ino) -> Result<(), String> {
        let mut end = 0;
        let (mut dirty, mut writeback) = (RangeMap::default(), RangeMap::default());
        for folio in self.folios.iter() {
            if folio.index.0 < end {
                return Err(format!("invariant 1: folio {} of inode {ino} overlaps the one before", folio.index));
            }
            end = folio.index.0 + u64::from(folio.pages);
            if folio.writeback {
                writeback.insert(Range::sized(folio.index, u64::from(folio.pages)), ());
            }
            for (run, state) in folio.states(folio.range()) {
                if state.dirty {
                    dirty.insert(run, ());
                }
                let bytes = !state.dirty || run.iter().all(|block| folio.block(block).data.is_some());
                if !bytes || (state.dirty && !state.uptodate) {
                    return Err(format!("invariant 3: blocks {run:?} of inode {ino} are dirty without bytes"));
                }
            }
        }
        if dirty != self.dirty {
            return Err(format!("invariant 2: the dirty index of inode {ino} is {:?}, not {dirty:?}", self.dirty));
        }
        if writeback != self.writeback {
            return Err(format!(
                "invariant 4: the writeback index of inode {ino} is {:?}, not {writeback:?}",
                self.writeback
            ));
        }
        Ok(())
    }
}

impl PageCache {
    /// The first run of cached blocks in `range` whose states `counts` accepts, cut to `range`. Runs go on over
    /// folios that lie next to each other.
    pub fn find_run(
        &self,
        ino: Ino,
        range: Range<FileBlock>,
        counts: impl Fn(BlockState) -> bool,
    ) -> Option<Range<FileBlock>> {
        let (first, last) = self.pages_of(range)?;
        self.file(ino, |file| {
            let mut found: Option<Range<FileBlock>> = None;
            for folio in file.folios.within(first, last) {
                if found.is_some_and(|run| run.end < folio.range().start) {
                    break;
                }
                for (run, state) in folio.states(range) {
                    match (&mut found, counts(state)) {
                        (None, true) => found = Some(run),
                        (Some(open), true) if open.end == run.start => open.end = run.end,
                        (Some(_), _) => return found,
                        (None, false) => {}
                    }
                }
            }
            found
        })?
    }

    /// Everything is gone: the machine lost power, or the filesystem is not mounted any more.
    pub fn forget_all(&self) {
        self.0.files.change(SortedMap::clear);
    }
}
