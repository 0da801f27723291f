//! The requests that a workload makes of its device, in order.

use std::cell::RefCell;
use std::rc::Rc;

use extentscope_core::base::{DevBlock, Range};
use extentscope_core::dev::{BlockDevice, Completion, Disk, Op, Request, Runs, Survivors, Unflushed};

/// One thing that happened.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Entry {
    /// Blocks were written.
    Write {
        /// What.
        data: Runs,
        /// Durable when done.
        fua: bool,
    },
    /// Everything written before is durable.
    Flush,
    /// A command ended.
    Mark,
}

/// Everything that happened.
#[derive(Clone, Debug, Default)]
pub struct Log(Vec<Entry>);

impl Log {
    /// In order.
    pub fn entries(&self) -> &[Entry] {
        &self.0
    }
    /// How much.
    pub fn len(&self) -> usize {
        self.0.len()
    }
    /// Whether nothing happened.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
    /// A command ended.
    pub fn mark(&mut self) {
        self.0.push(Entry::Mark);
    }
}

/// A device that writes down what is asked of it.
pub struct Logged {
    disk: Disk,
    log: Rc<RefCell<Log>>,
}

impl Logged {
    /// Over a disk.
    pub fn new(disk: Disk, log: Rc<RefCell<Log>>) -> Self {
        Self { disk, log }
    }
}

impl BlockDevice for Logged {
    fn blocks(&self) -> u64 {
        self.disk.blocks()
    }
    fn submit(&mut self, request: Request) {
        match &request.op {
            Op::Write { data, fua } => self.log.borrow_mut().0.push(Entry::Write { data: data.clone(), fua: *fua }),
            Op::Flush => self.log.borrow_mut().0.push(Entry::Flush),
            Op::Read | Op::Discard => {}
        }
        self.disk.submit(request);
    }
    fn poll(&mut self) -> Option<Completion> {
        self.disk.poll()
    }
    fn peek(&self, range: Range<DevBlock>) -> Runs {
        self.disk.peek(range)
    }
    fn written(&self, range: Range<DevBlock>) -> Runs {
        self.disk.written(range)
    }
    fn flushes(&self) -> u64 {
        self.disk.flushes()
    }
    fn unflushed(&self) -> &[Unflushed] {
        self.disk.unflushed()
    }
    fn cut_power(&mut self, survivors: &Survivors) -> Runs {
        self.disk.cut_power(survivors)
    }
}
