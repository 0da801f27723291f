//! A device with a write cache: completes every request at once, and keeps for good what was flushed.

use super::medium::{Medium, Memory, in_order};
use super::power::{Survivors, Unflushed};
use super::queue::Runs;
use super::{BlockDevice, Completion, Op, Request};
use crate::base::packed::PACKED;
use crate::base::{DevBlock, Errno, Range, RangeMap, Stamped};
use std::collections::VecDeque;

/// A write cache over a medium.
pub struct Disk {
    blocks: u64,
    medium: Box<dyn Medium>,
    /// Everything written since the device was opened, flushed or not.
    contents: RangeMap<DevBlock, Stamped>,
    /// Writes that a power cut may undo, in order.
    unflushed: Vec<Unflushed>,
    completions: VecDeque<Completion>,
    flushes: u64,
    read_only: bool,
}

impl Disk {
    /// A device of `blocks` blocks in memory that all hold `prefill`.
    pub fn in_memory(blocks: u64, prefill: u8) -> Self {
        Self::over(blocks, Box::new(Memory::new(prefill)))
    }
    /// A device of `blocks` blocks on a medium.
    pub fn over(blocks: u64, medium: Box<dyn Medium>) -> Self {
        Self {
            blocks,
            medium,
            contents: RangeMap::default(),
            unflushed: Vec::new(),
            completions: VecDeque::new(),
            flushes: 0,
            read_only: false,
        }
    }
    /// The same, to be looked at only: who mounts it changes nothing.
    pub fn read_only(self) -> Self {
        Self { read_only: true, ..self }
    }

    fn perform(&mut self, request: Request) -> Result<Runs, Errno> {
        // What is compressed is kept as it was before, under the addresses of its blocks.
        if request.range.end.0 > self.blocks && request.range.start < PACKED {
            return Err(Errno::EIO);
        }
        match request.op {
            Op::Read => return self.read(request.range),
            Op::Write { data, fua } => {
                for (range, stamped) in &data {
                    assert!(request.range.covers(range), "data lies inside the request");
                    self.contents.insert(*range, stamped.clone());
                }
                if fua {
                    self.medium.write(&data)?;
                    self.medium.sync()?;
                    self.unflushed.iter_mut().for_each(|write| write.forget(request.range));
                } else {
                    self.unflushed.push(Unflushed { request: request.id, range: request.range, data });
                }
            }
            Op::Flush => {
                self.settle()?;
                self.flushes += 1;
            }
            Op::Discard => drop(self.contents.remove(request.range)),
        }
        Ok(Vec::new())
    }

    /// What was written reaches the medium, each block once.
    fn settle(&mut self) -> Result<(), Errno> {
        let mut touched: RangeMap<DevBlock, ()> = RangeMap::default();
        self.unflushed.iter().flat_map(|write| &write.data).for_each(|(range, _)| touched.insert(*range, ()));
        // What was discarded since is written no more.
        let runs: Runs = touched.iter().flat_map(|(range, ())| self.written(range)).collect();
        self.medium.write(&runs)?;
        self.medium.sync()?;
        self.unflushed.clear();
        Ok(())
    }

    fn read(&self, range: Range<DevBlock>) -> Result<Runs, Errno> {
        let mut found = self.written(range);
        for gap in self.contents.gaps(range) {
            found.extend(self.medium.read(gap)?);
        }
        Ok(in_order(found))
    }
}

impl BlockDevice for Disk {
    fn blocks(&self) -> u64 {
        self.blocks
    }
    fn submit(&mut self, request: Request) {
        let id = request.id;
        let result = self.perform(request);
        self.completions.push_back(Completion { id, result });
    }
    fn poll(&mut self) -> Option<Completion> {
        self.completions.pop_front()
    }
    fn peek(&self, range: Range<DevBlock>) -> Runs {
        self.read(range).unwrap_or_else(|_| vec![(range, Stamped::ZERO)])
    }
    fn written(&self, range: Range<DevBlock>) -> Runs {
        self.contents.overlapping(range).map(|(run, stamped)| (run.intersect(&range), stamped.clone())).collect()
    }
    fn is_read_only(&self) -> bool {
        self.read_only
    }
    fn flushes(&self) -> u64 {
        self.flushes
    }
    fn unflushed(&self) -> &[Unflushed] {
        &self.unflushed
    }
    fn cut_power(&mut self, survivors: &Survivors) -> Runs {
        let lost = std::mem::take(&mut self.unflushed);
        let mut touched: RangeMap<DevBlock, ()> = RangeMap::default();
        lost.iter().flat_map(|write| &write.data).for_each(|(range, _)| touched.insert(*range, ()));
        let before: Runs = touched.iter().flat_map(|(range, ())| self.medium.read(range).unwrap_or_default()).collect();
        let mut now: RangeMap<DevBlock, Stamped> = RangeMap::default();
        for (range, stamped) in before {
            now.insert(range, stamped);
        }
        survivors.apply(&lost, &mut now);
        let runs: Runs = now.iter().map(|(range, stamped)| (range, stamped.clone())).collect();
        for (range, stamped) in &runs {
            self.contents.insert(*range, stamped.clone());
        }
        // What is there when the power comes back is there for good. A medium that fails now fails at the mount, too.
        let _told_at_the_mount = self.medium.write(&runs).and_then(|()| self.medium.sync());
        runs
    }
}
