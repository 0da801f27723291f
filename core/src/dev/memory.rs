//! A device in memory: completes every request at once.

use super::{BlockDevice, Completion, Op, Request};
use crate::base::packed::PACKED;
use crate::base::{DevBlock, Errno, Payload, Prov, Range, RangeMap, Stamped};
use std::collections::VecDeque;

/// Contents by block; blocks that were never written hold the prefill byte.
#[derive(Clone, Debug)]
pub struct MemoryDevice {
    blocks: u64,
    contents: RangeMap<DevBlock, Stamped>,
    prefill: Stamped,
    completions: VecDeque<Completion>,
    flushes: u64,
}

impl MemoryDevice {
    /// A device of `blocks` blocks that all hold `prefill`.
    pub fn new(blocks: u64, prefill: u8) -> Self {
        let prefill = Stamped { data: Payload::Fill(prefill), prov: Prov(0) };
        Self { blocks, contents: RangeMap::default(), prefill, completions: VecDeque::new(), flushes: 0 }
    }
    fn perform(&mut self, request: &Request) -> Result<Vec<(Range<DevBlock>, Stamped)>, Errno> {
        // What is compressed is kept as it was before, under the addresses of its blocks.
        if request.range.end.0 > self.blocks && request.range.start < PACKED {
            return Err(Errno::EIO);
        }
        match &request.op {
            Op::Read => return Ok(self.peek(request.range)),
            Op::Write { data, .. } => {
                for (range, stamped) in data {
                    assert!(request.range.covers(range), "data lies inside the request");
                    self.contents.insert(*range, stamped.clone());
                }
            }
            Op::Flush => self.flushes += 1,
            Op::Discard => drop(self.contents.remove(request.range)),
        }
        Ok(Vec::new())
    }
}

impl BlockDevice for MemoryDevice {
    fn blocks(&self) -> u64 {
        self.blocks
    }
    fn submit(&mut self, request: Request) {
        let result = self.perform(&request);
        self.completions.push_back(Completion { id: request.id, result });
    }
    fn poll(&mut self) -> Option<Completion> {
        self.completions.pop_front()
    }
    fn peek(&self, range: Range<DevBlock>) -> Vec<(Range<DevBlock>, Stamped)> {
        let mut found = Vec::new();
        let mut at = range.start;
        for (run, stamped) in self.contents.overlapping(range) {
            let run = run.intersect(&range);
            if at < run.start {
                found.push((Range::new(at, run.start), self.prefill.clone()));
            }
            found.push((run, stamped.clone()));
            at = run.end;
        }
        if at < range.end {
            found.push((Range::new(at, range.end), self.prefill.clone()));
        }
        found
    }
    fn written(&self, range: Range<DevBlock>) -> Vec<(Range<DevBlock>, Stamped)> {
        self.contents.overlapping(range).map(|(run, stamped)| (run.intersect(&range), stamped.clone())).collect()
    }
    fn flushes(&self) -> u64 {
        self.flushes
    }
}
