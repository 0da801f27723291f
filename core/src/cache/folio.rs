//! A folio: a power of two of pages, with the state and the bytes of each of its blocks.

use crate::base::cache_state::BlockState;
use crate::base::{FileBlock, PageIndex, Range, Stamped};

/// One block of a folio.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Block {
    /// Its bits.
    pub state: BlockState,
    /// Its bytes and who wrote them; `None` until something was put there.
    pub data: Option<Stamped>,
}

/// The blocks of a folio: one value while they are all alike, else one each.
#[derive(Clone, Debug)]
enum Blocks {
    Alike(Block),
    Each(Box<[Block]>),
}

/// A folio of the page cache.
#[derive(Clone, Debug)]
pub struct Folio {
    /// Its first page.
    pub index: PageIndex,
    /// Pages, a power of two; `index` is a multiple of it.
    pub pages: u32,
    /// Being written; its blocks are not changed on the way to the device.
    pub writeback: bool,
    /// Using it brings in the next window of readahead. Not shown.
    pub(super) mark: bool,
    /// Its blocks have states of their own. Not shown.
    pub(super) states: bool,
    first: FileBlock,
    count: u32,
    blocks: Blocks,
}

impl Folio {
    /// A folio with nothing in it.
    pub fn new(index: PageIndex, pages: u32, first: FileBlock, count: u32) -> Self {
        assert!(pages.is_power_of_two(), "a folio is a power of two of pages");
        assert!(index.0.is_multiple_of(u64::from(pages)), "a folio lies at a multiple of its size");
        Self {
            index,
            pages,
            writeback: false,
            mark: false,
            states: false,
            first,
            count,
            blocks: Blocks::Alike(Block::default()),
        }
    }
    /// A part of this folio as a folio of its own.
    pub(super) fn part(&self, index: PageIndex, pages: u32, range: Range<FileBlock>) -> Self {
        let count = u32::try_from(range.len()).expect("a folio is small");
        let blocks = match &self.blocks {
            Blocks::Alike(all) => Blocks::Alike(all.clone()),
            Blocks::Each(_) => Blocks::Each(range.iter().map(|block| self.block(block).clone()).collect()),
        };
        Self { index, pages, writeback: self.writeback, mark: false, states: false, first: range.start, count, blocks }
    }
    /// The file blocks in it.
    pub fn range(&self) -> Range<FileBlock> {
        Range::sized(self.first, u64::from(self.count))
    }
    /// The last page in it.
    pub fn last_page(&self) -> PageIndex {
        PageIndex(self.index.0 + u64::from(self.pages) - 1)
    }
    fn at(&self, block: FileBlock) -> usize {
        assert!(self.range().contains(block), "the block lies in the folio");
        usize::try_from(block - self.first).expect("a folio is small")
    }
    /// One block.
    pub fn block(&self, block: FileBlock) -> &Block {
        let at = self.at(block);
        match &self.blocks {
            Blocks::Alike(all) => all,
            Blocks::Each(each) => &each[at],
        }
    }
    /// Runs of equal states inside `range`, in order.
    pub fn states(&self, range: Range<FileBlock>) -> Vec<(Range<FileBlock>, BlockState)> {
        let mut all = Vec::new();
        self.each_state(range, |run, state| all.push((run, state)));
        all
    }
    /// Looks at the runs of equal states inside `range`, in order.
    pub fn each_state(&self, range: Range<FileBlock>, mut look: impl FnMut(Range<FileBlock>, BlockState)) {
        let range = self.range().intersect(&range);
        if range.is_empty() {
            return;
        }
        let each = match &self.blocks {
            Blocks::Alike(all) => return look(range, all.state),
            Blocks::Each(each) => &each[self.at(range.start)..=self.at(range.end - 1)],
        };
        let mut start = range.start;
        for run in each.chunk_by(|one, next| one.state == next.state) {
            let next = start + run.len() as u64;
            look(Range::new(start, next), run[0].state);
            start = next;
        }
    }
    /// Looks at the runs of equal bytes inside `range`, in order; blocks without bytes are left out.
    pub fn each_data(&self, range: Range<FileBlock>, mut look: impl FnMut(Range<FileBlock>, &Stamped)) {
        let range = self.range().intersect(&range);
        match &self.blocks {
            Blocks::Alike(_) if range.is_empty() => {}
            Blocks::Alike(all) if uniform(all.data.as_ref()) => {
                all.data.iter().for_each(|stamped| look(range, stamped));
            }
            Blocks::Alike(_) | Blocks::Each(_) => range.iter().for_each(|block| {
                self.block(block).data.iter().for_each(|stamped| look(Range::sized(block, 1), stamped));
            }),
        }
    }
    /// Gives each block of `range` its new state; tells of each run that changed what it was and is.
    pub(super) fn change_states(
        &mut self,
        range: Range<FileBlock>,
        change: &impl Fn(BlockState) -> BlockState,
        mut told: impl FnMut(Range<FileBlock>, BlockState, BlockState),
    ) {
        let range = self.range().intersect(&range);
        if let Blocks::Alike(all) = &mut self.blocks
            && range == Range::sized(self.first, u64::from(self.count))
        {
            let old = all.state;
            all.state = change(old);
            if all.state != old {
                told(range, old, all.state);
            }
            return;
        }
        for (run, old) in self.states(range) {
            let new = change(old);
            if new != old {
                self.change(run, |block| block.state = new);
                told(run, old, new);
            }
        }
    }
    /// Changes the blocks of `range` alike. `change` sees each different block once.
    pub(super) fn change(&mut self, range: Range<FileBlock>, change: impl Fn(&mut Block)) {
        assert!(self.range().covers(&range), "the blocks lie in the folio");
        if range == self.range()
            && let Blocks::Alike(all) = &mut self.blocks
        {
            return change(all);
        }
        let (from, to) = (self.at(range.start), self.at(range.end - 1) + 1);
        let count = self.count as usize;
        let each = match &mut self.blocks {
            Blocks::Each(each) => each,
            Blocks::Alike(all) => {
                self.blocks = Blocks::Each(vec![all.clone(); count].into());
                let Blocks::Each(each) = &mut self.blocks else { unreachable!("it was just set") };
                each
            }
        };
        for block in &mut each[from..to] {
            change(block);
        }
        if each[1..].iter().all(|block| *block == each[0]) && uniform(each[0].data.as_ref()) {
            self.blocks = Blocks::Alike(each[0].clone());
        }
    }
}

fn uniform(data: Option<&Stamped>) -> bool {
    data.is_none_or(|stamped| matches!(stamped.data, crate::base::Payload::Fill(_)))
}
