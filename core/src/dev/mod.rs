//! Floor 2, the device: a block device that answers requests, and the queue in front of it.
//!
//! A device has a write cache: what was not flushed may be lost when the power goes, or not. The trait is synchronous: submit a request, poll completions. Only the queue above it awaits. It knows blocks and
//! bytes, no files. Contents are real; uniform runs are kept as one entry.

pub mod disk;
pub mod fault;
pub mod file;
pub mod medium;
pub mod power;
pub mod queue;

pub use disk::Disk;
pub use fault::{Fault, Faulty};
pub use medium::Medium;
pub use power::{Survivor, Survivors, Unflushed};
pub use queue::{IoQueue, Runs};

use crate::base::{DevBlock, Errno, Range, Stamped};

/// What a request asks for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Op {
    /// Contents of the range.
    Read,
    /// These contents, in order, covering the range.
    Write {
        /// Runs of equal blocks, or single blocks.
        data: Vec<(Range<DevBlock>, Stamped)>,
        /// Durable when it completes.
        fua: bool,
    },
    /// Everything written so far becomes durable.
    Flush,
    /// The contents are no longer needed; reads give zeroes.
    Discard,
}

/// A request to the device.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Request {
    /// Its number, unique in the run.
    pub id: u64,
    /// What.
    pub op: Op,
    /// Where; empty for a flush.
    pub range: Range<DevBlock>,
}

/// The device's answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Completion {
    /// The request's number.
    pub id: u64,
    /// The contents for a read, nothing else otherwise, or why it failed.
    pub result: Result<Vec<(Range<DevBlock>, Stamped)>, Errno>,
}

/// A device of equal blocks.
pub trait BlockDevice {
    /// Blocks on the device.
    fn blocks(&self) -> u64;
    /// Hands in a request. Requests outside the device complete with EIO.
    fn submit(&mut self, request: Request);
    /// The next completion, if there is one.
    fn poll(&mut self) -> Option<Completion>;
    /// Contents without a request, for the picture and for checks: never counted, never fails.
    fn peek(&self, range: Range<DevBlock>) -> Vec<(Range<DevBlock>, Stamped)>;
    /// The runs of `range` that were ever written, with their contents.
    fn written(&self, range: Range<DevBlock>) -> Vec<(Range<DevBlock>, Stamped)>;
    /// Whether nothing may be written to it.
    fn is_read_only(&self) -> bool {
        false
    }
    /// Flushes done so far.
    fn flushes(&self) -> u64;
    /// Writes done and not flushed, in order.
    fn unflushed(&self) -> &[Unflushed];
    /// The power goes and comes back. Returns what the blocks of writes that were not flushed hold now.
    fn cut_power(&mut self, survivors: &Survivors) -> Runs;
}
