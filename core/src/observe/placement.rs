//! Where the blocks of a file are on the device, and how that changed.

use super::BLOCK;
use super::rle::Rle;
use crate::base::fiemap::{FiemapRecord, flags};

/// Records with one of these flags have no address.
const NO_ADDRESS: u32 = flags::UNKNOWN | flags::DELALLOC | flags::DATA_INLINE;

/// Blocks `[start, end)` of the file, of which block `b` has the device address `b * BLOCK + delta`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Run {
    pub start: u64,
    pub end: u64,
    pub delta: i128,
}

/// The addresses of a file: runs in order, no two overlap, none continues the one before. Equal placements are
/// equal values.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Placement {
    runs: Vec<Run>,
}

impl Placement {
    /// The addresses that FIEMAP reports. Where two records cover a block (copies on several devices, blocks
    /// smaller than [`BLOCK`]) the first one counts, with or without an address.
    pub fn of(records: &[FiemapRecord]) -> Self {
        let mut placement = Self::default();
        let mut at = 0;
        for record in records {
            let start = (record.logical / BLOCK).max(at);
            let end = record.logical.saturating_add(record.length).div_ceil(BLOCK);
            let delta = i128::from(record.physical) - i128::from(record.logical);
            if start < end && record.flags & NO_ADDRESS == 0 {
                placement.runs.push(Run { start, end, delta });
            }
            at = start.max(end);
        }
        placement.join();
        placement
    }

    pub fn runs(&self) -> &[Run] {
        &self.runs
    }

    fn join(&mut self) {
        self.runs.dedup_by(|next, run| {
            let continues = run.end == next.start && run.delta == next.delta;
            if continues {
                run.end = next.end;
            }
            continues
        });
    }

    /// `mv`: what happened to the address of each block of a file of `blocks` blocks since `before`.
    pub fn moved_since(&self, before: &Self, blocks: u64) -> String {
        if self == before {
            return "same".to_string();
        }
        let mut text = Rle::default();
        let (mut old, mut new) = (before.runs.as_slice(), self.runs.as_slice());
        let mut at = 0;
        while !old.is_empty() || !new.is_empty() {
            let (was, old_border) = here(&mut old, at);
            let (is, new_border) = here(&mut new, at);
            let border = old_border.min(new_border);
            if border == u64::MAX {
                break;
            }
            let kind = match (was, is) {
                (None, None) => '.',
                (None, Some(_)) => '+',
                (Some(_), None) => '-',
                (Some(was), Some(is)) if was == is => '=',
                (Some(_), Some(_)) => 'M',
            };
            text.push(border - at, kind);
            at = border;
        }
        text.push(blocks.saturating_sub(at), '.');
        text.finish()
    }
}

/// The address of block `at`, and the next block where that may change. Runs that ended are dropped.
fn here(runs: &mut &[Run], at: u64) -> (Option<i128>, u64) {
    while runs.first().is_some_and(|run| run.end <= at) {
        *runs = &runs[1..];
    }
    match runs.first() {
        None => (None, u64::MAX),
        Some(run) if at < run.start => (None, run.start),
        Some(run) => (Some(run.delta), run.end),
    }
}
