//! Checksums of data, by block of the device, where the personality keeps them.
//!
//! A sum is kept when the data is sent, and goes with the block. A commit keeps those of blocks that something owns.
//! Sources: `btrfs_csum_one_bio`, `btrfs_check_read_bio`; `bch2_rechecksum_bio`.

use crate::base::packed::PACKED;
use crate::base::{BlockSize, DevBlock, Payload, Range, RangeMap, Stamped, StateCell};
use crate::sim::Cx;
use crate::trace::Event;
use std::rc::Rc;

/// The checksums of one filesystem.
#[derive(Clone)]
pub struct Sums(Rc<Shared>);

struct Shared {
    cx: Cx,
    block: BlockSize,
    kept: StateCell<RangeMap<DevBlock, u32>>,
}

/// A block whose data is not what its sum is of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Wrong {
    /// The block.
    pub at: DevBlock,
    /// The sum that was kept.
    pub kept: u32,
    /// The sum of what is there.
    pub found: u32,
}

/// CRC-32C of a block's data.
pub fn sum(data: &Payload, block: BlockSize) -> u32 {
    let mut bytes = vec![0; usize::try_from(block.bytes()).expect("a block is at most a page")];
    data.copy_to(0, &mut bytes);
    crc32c::crc32c(&bytes)
}

/// The first block of runs in which what is there is not what its sum is of.
pub fn first_wrong(
    sums: &RangeMap<DevBlock, u32>,
    runs: &[(Range<DevBlock>, Stamped)],
    block: BlockSize,
) -> Option<Wrong> {
    runs.iter().find_map(|(run, stamped)| {
        let mut kept = sums.overlapping(*run).peekable();
        kept.peek()?;
        let found = sum(&stamped.data, block);
        let wrong = kept.find(|(_, kept)| **kept != found);
        wrong.map(|(range, kept)| Wrong { at: range.start.max(run.start), kept: *kept, found })
    })
}

impl Sums {
    /// None are kept.
    pub fn new(cx: &Cx, block: BlockSize) -> Self {
        Self(Rc::new(Shared { cx: cx.clone(), block, kept: StateCell::default() }))
    }

    /// Data is sent to blocks of the device. What lies in compressed pieces has its sums with the metadata.
    pub fn keep(&self, data: &[(Range<DevBlock>, Stamped)]) {
        for (range, stamped) in data.iter().filter(|(range, _)| range.start < PACKED) {
            self.set(*range, sum(&stamped.data, self.0.block));
        }
    }

    fn set(&self, range: Range<DevBlock>, sum: u32) {
        self.0.kept.change(|kept| kept.insert(range, sum));
        self.0.cx.emit(|| Event::SumKept { range, sum });
    }

    /// Blocks are free: their data counts no more.
    pub fn forget(&self, range: Range<DevBlock>) {
        if self.0.kept.with(|kept| kept.overlaps(range)) {
            self.0.kept.change(|kept| kept.cut(range));
            self.0.cx.emit(|| Event::SumsGone { range });
        }
    }

    /// Data was read: the first block in which it is not what its sum is of. That is told.
    pub fn check(&self, runs: &[(Range<DevBlock>, Stamped)]) -> Option<Wrong> {
        let wrong = self.0.kept.with(|kept| first_wrong(kept, runs, self.0.block))?;
        let Wrong { at, kept, found } = wrong;
        self.0.cx.emit(|| Event::SumWrong { at, kept, found });
        Some(wrong)
    }

    /// All of them.
    pub fn all(&self) -> RangeMap<DevBlock, u32> {
        self.0.kept.with(Clone::clone)
    }

    /// A mount found these.
    pub fn load(&self, found: &RangeMap<DevBlock, u32>) {
        found.iter().for_each(|(range, sum)| self.set(range, *sum));
    }

    /// Everything in memory is gone.
    pub fn forget_all(&self) {
        self.0.kept.change(|kept| *kept = RangeMap::default());
    }
}
