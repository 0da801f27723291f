//! Losing power: which writes that were never flushed are on the device afterwards.

use super::queue::Runs;
use crate::base::{DevBlock, Payload, Range, RangeMap, Stamped};

/// A write that a power cut may undo.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unflushed {
    /// The request's number.
    pub request: u64,
    /// The blocks that it wrote.
    pub range: Range<DevBlock>,
    /// What it wrote, without what a later durable write replaced.
    pub data: Runs,
}

impl Unflushed {
    /// A part of it no longer matters.
    pub(super) fn forget(&mut self, range: Range<DevBlock>) {
        let cut = |(run, stamped): &(Range<DevBlock>, Stamped)| {
            let (before, after) = run.subtract(&range);
            [before, after].into_iter().filter(|part| !part.is_empty()).map(|part| (part, stamped.clone())).collect()
        };
        self.data = self.data.iter().flat_map(|one| -> Vec<_> { cut(one) }).collect();
    }
}

/// A write, or a part of one, that reached the medium before the power went.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Survivor {
    /// The request's number.
    pub request: u64,
    /// Which of its blocks; none means all.
    pub blocks: Option<Range<DevBlock>>,
    /// How many bytes of each block, from its start; none means all. A device writes sectors of 512 bytes whole.
    pub bytes: Option<u64>,
}

/// Which writes survive. A device may keep any of those that it was not told to flush, blocks of one place in order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Survivors {
    /// All of them.
    All,
    /// None.
    Nothing,
    /// These.
    These(Vec<Survivor>),
}

impl Survivors {
    /// Puts what survives of `writes` over what was there.
    pub fn apply(&self, writes: &[Unflushed], to: &mut RangeMap<DevBlock, Stamped>) {
        for write in writes {
            for (range, stamped) in &write.data {
                match self {
                    Self::All => to.insert(*range, stamped.clone()),
                    Self::Nothing => {}
                    Self::These(survivors) => {
                        let mine = survivors.iter().filter(|survivor| survivor.request == write.request);
                        mine.for_each(|survivor| survivor.apply(*range, stamped, to));
                    }
                }
            }
        }
    }
}

impl Survivor {
    fn apply(&self, range: Range<DevBlock>, stamped: &Stamped, to: &mut RangeMap<DevBlock, Stamped>) {
        let part = self.blocks.map_or(range, |blocks| range.intersect(&blocks));
        let Some(bytes) = self.bytes else { return to.insert(part, stamped.clone()) };
        for at in part.iter() {
            let old = to.get(at).map_or(Stamped::ZERO, |(_, old)| old.clone());
            to.insert(Range::sized(at, 1), Stamped { data: torn(&old.data, &stamped.data, bytes), prov: stamped.prov });
        }
    }
}

/// The first `bytes` of the new contents, and the old ones behind them.
fn torn(old: &Payload, new: &Payload, bytes: u64) -> Payload {
    if let (Payload::Fill(was), Payload::Fill(is)) = (old, new)
        && was == is
    {
        return new.clone();
    }
    let length = |payload: &Payload| match payload {
        Payload::Fill(_) => None,
        Payload::Bytes(bytes) => Some(bytes.len()),
    };
    // Two uniform blocks do not say how long they are; the longest a block can be holds any shorter one.
    let size = length(new).or(length(old)).unwrap_or(4096);
    let cut = usize::try_from(bytes).unwrap_or(size).min(size);
    old.patched(0, cut, new, size)
}
