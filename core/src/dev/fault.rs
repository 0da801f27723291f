//! A device that does wrong on purpose, once for each fault that a script asks for.

use super::power::{Survivor, Survivors, Unflushed};
use super::queue::Runs;
use super::{BlockDevice, Completion, Op, Request};
use crate::base::{DevBlock, Errno, Payload, Range, RangeMap, Stamped};
use std::collections::VecDeque;

/// What the device does wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    /// A read fails with EIO.
    ReadError,
    /// A write fails with EIO; nothing of it arrives.
    WriteError,
    /// A write fails with ENOSPC; nothing of it arrives.
    NoSpace,
    /// A flush fails with EIO; nothing becomes durable.
    FlushError,
    /// Of a write's last block only the first 512 bytes arrive, and the device says that all is well.
    TornWrite,
    /// A flush does nothing, and the device says that all is well.
    LostFlush,
    /// One bit of a write's first block arrives wrong, and the device says that all is well.
    BitFlip,
    /// The power goes before a request: it and all that follow fail until the power is back.
    PowerCut,
}

impl Fault {
    fn meets(self, op: &Op) -> bool {
        match self {
            Self::ReadError => matches!(op, Op::Read),
            Self::WriteError | Self::NoSpace | Self::TornWrite | Self::BitFlip => matches!(op, Op::Write { .. }),
            Self::FlushError | Self::LostFlush => matches!(op, Op::Flush),
            Self::PowerCut => true,
        }
    }
}

/// A device, and the faults that wait for their requests.
pub struct Faulty {
    device: Box<dyn BlockDevice>,
    block: usize,
    /// Each with how many requests of its kind are still done well.
    planned: Vec<(Fault, u64)>,
    refused: VecDeque<Completion>,
    dark: bool,
    /// The last request arrived other than it was sent.
    spoilt: bool,
}

impl Faulty {
    /// No fault yet. `block` is the size of a block in bytes.
    pub fn new(device: Box<dyn BlockDevice>, block: u64) -> Self {
        let block = usize::try_from(block).expect("a block is at most a page");
        Self { device, block, planned: Vec::new(), refused: VecDeque::new(), dark: false, spoilt: false }
    }

    /// The `nth` coming request of the fault's kind, from 1, meets it.
    pub fn plan(&mut self, fault: Fault, nth: u64) {
        self.planned.push((fault, nth.saturating_sub(1)));
    }

    fn due(&mut self, op: &Op) -> Option<Fault> {
        let mut due = None;
        self.planned.retain_mut(|(fault, before)| {
            if !fault.meets(op) || (*before == 0 && due.is_some()) {
                return true;
            }
            if *before == 0 {
                due = Some(*fault);
                return false;
            }
            *before -= 1;
            true
        });
        due
    }

    fn refuse(&mut self, id: u64, errno: Errno) {
        self.refused.push_back(Completion { id, result: Err(errno) });
    }

    /// The request as it arrives.
    fn spoiled(&self, mut request: Request, spoil: impl Fn(&Payload, &Payload) -> Payload, at: DevBlock) -> Request {
        let Op::Write { data, .. } = &mut request.op else { return request };
        let mut blocks: RangeMap<DevBlock, Stamped> = RangeMap::default();
        data.drain(..).for_each(|(range, stamped)| blocks.insert(range, stamped));
        let one = Range::sized(at, 1);
        let old = self.device.peek(one).first().map_or(Payload::ZERO, |(_, stamped)| stamped.data.clone());
        let new = blocks.get(at).map(|(_, stamped)| stamped.clone());
        if let Some(new) = new {
            blocks.insert(one, Stamped { data: spoil(&old, &new.data), prov: new.prov });
        }
        data.extend(blocks.iter().map(|(range, stamped)| (range, stamped.clone())));
        request
    }

    /// Whether the last request arrived other than it was sent, though the device says that all is well.
    pub fn take_spoilt(&mut self) -> bool {
        std::mem::take(&mut self.spoilt)
    }

    fn meet(&mut self, fault: Fault, request: Request) {
        self.spoilt = matches!(fault, Fault::TornWrite | Fault::BitFlip);
        let id = request.id;
        let block = self.block;
        match fault {
            Fault::ReadError | Fault::WriteError | Fault::FlushError => self.refuse(id, Errno::EIO),
            Fault::NoSpace => self.refuse(id, Errno::ENOSPC),
            Fault::LostFlush => self.refused.push_back(Completion { id, result: Ok(Vec::new()) }),
            Fault::PowerCut => {
                self.dark = true;
                self.refuse(id, Errno::EIO);
            }
            Fault::TornWrite => {
                let last = DevBlock(request.range.end.0.saturating_sub(1));
                let torn = self.spoiled(request, |old, new| old.patched(0, 512.min(block), new, block), last);
                self.device.submit(torn);
            }
            Fault::BitFlip => {
                let first = request.range.start;
                let flip = |_: &Payload, new: &Payload| {
                    let mut bytes = vec![0; block];
                    new.copy_to(0, &mut bytes);
                    bytes[block / 2] ^= 1;
                    Payload::Bytes(bytes.into())
                };
                let flipped = self.spoiled(request, flip, first);
                self.device.submit(flipped);
            }
        }
    }
}

impl BlockDevice for Faulty {
    fn blocks(&self) -> u64 {
        self.device.blocks()
    }
    fn is_read_only(&self) -> bool {
        self.device.is_read_only()
    }
    fn submit(&mut self, request: Request) {
        if self.dark {
            return self.refuse(request.id, Errno::EIO);
        }
        match self.due(&request.op) {
            Some(fault) => self.meet(fault, request),
            None => self.device.submit(request),
        }
    }
    fn poll(&mut self) -> Option<Completion> {
        self.refused.pop_front().or_else(|| self.device.poll())
    }
    fn peek(&self, range: Range<DevBlock>) -> Runs {
        self.device.peek(range)
    }
    fn written(&self, range: Range<DevBlock>) -> Runs {
        self.device.written(range)
    }
    fn flushes(&self) -> u64 {
        self.device.flushes()
    }
    fn unflushed(&self) -> &[Unflushed] {
        self.device.unflushed()
    }
    fn cut_power(&mut self, survivors: &Survivors) -> Runs {
        self.dark = false;
        self.device.cut_power(survivors)
    }
}

/// What survives of writes when chance decides: each is whole, gone, or has lost its end.
pub fn survivors_by_chance(writes: &[Unflushed], mut below: impl FnMut(u64) -> u64) -> Survivors {
    let mut kept = Vec::new();
    for write in writes {
        let all = Survivor { request: write.request, blocks: None, bytes: None };
        match below(3) {
            0 => {}
            1 => kept.push(all),
            _ => {
                let count = below(write.range.len());
                kept.push(Survivor { blocks: Some(Range::sized(write.range.start, count)), ..all });
            }
        }
    }
    Survivors::These(kept)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Prov;
    use crate::dev::Disk;

    fn write(id: u64, start: u64, count: u64, byte: u8) -> Request {
        let range = Range::sized(DevBlock(start), count);
        let data = vec![(range, Stamped { data: Payload::Fill(byte), prov: Prov(1) })];
        Request { id, op: Op::Write { data, fua: false }, range }
    }

    fn done(device: &mut Faulty, request: Request) -> Result<(), Errno> {
        device.submit(request);
        device.poll().expect("it answers at once").result.map(drop)
    }

    fn byte(device: &Faulty, at: u64, offset: usize) -> u8 {
        device.peek(Range::sized(DevBlock(at), 1))[0].1.data.byte(offset)
    }

    #[test]
    fn a_fault_meets_the_nth_request_of_its_kind_once() {
        let mut device = Faulty::new(Box::new(Disk::in_memory(16, 0)), 4096);
        device.plan(Fault::WriteError, 2);
        let flush = |id| Request { id, op: Op::Flush, range: Range::sized(DevBlock(0), 0) };
        assert_eq!(done(&mut device, write(1, 0, 1, 7)), Ok(()));
        assert_eq!(done(&mut device, flush(2)), Ok(()));
        assert_eq!(done(&mut device, write(3, 1, 1, 7)), Err(Errno::EIO));
        assert_eq!(byte(&device, 1, 0), 0);
        assert_eq!(done(&mut device, write(4, 1, 1, 7)), Ok(()));
        device.plan(Fault::NoSpace, 1);
        assert_eq!(done(&mut device, write(5, 1, 1, 8)), Err(Errno::ENOSPC));
    }

    #[test]
    fn a_torn_write_and_a_flipped_bit_say_that_all_is_well() {
        let mut device = Faulty::new(Box::new(Disk::in_memory(16, 3)), 4096);
        device.plan(Fault::TornWrite, 1);
        assert_eq!(done(&mut device, write(1, 4, 2, 9)), Ok(()));
        assert_eq!([byte(&device, 4, 4095), byte(&device, 5, 511), byte(&device, 5, 512)], [9, 9, 3]);
        device.plan(Fault::BitFlip, 1);
        assert_eq!(done(&mut device, write(2, 6, 1, 8)), Ok(()));
        assert_eq!([byte(&device, 6, 0), byte(&device, 6, 2048)], [8, 9]);
    }

    #[test]
    fn a_lost_flush_leaves_writes_to_chance_and_darkness_ends_with_power() {
        let mut device = Faulty::new(Box::new(Disk::in_memory(16, 0)), 4096);
        device.plan(Fault::LostFlush, 1);
        assert_eq!(done(&mut device, write(1, 0, 1, 5)), Ok(()));
        assert_eq!(done(&mut device, Request { id: 2, op: Op::Flush, range: Range::sized(DevBlock(0), 0) }), Ok(()));
        device.plan(Fault::PowerCut, 1);
        assert_eq!(done(&mut device, write(3, 1, 1, 5)), Err(Errno::EIO));
        assert_eq!(done(&mut device, write(4, 2, 1, 5)), Err(Errno::EIO));
        drop(device.cut_power(&Survivors::Nothing));
        assert_eq!(byte(&device, 0, 0), 0);
        assert_eq!(done(&mut device, write(5, 2, 1, 5)), Ok(()));
    }
}
