//! The device of a run: where it comes from, each time that the run begins.

use super::setup::Setup;
use crate::dev::{BlockDevice, Disk};
use std::rc::Rc;

/// What becomes of a device when a run begins.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Start {
    /// It is formatted.
    Format,
    /// What is on it is mounted.
    Mount,
    /// The same, and nothing may be changed.
    ReadOnly,
}

/// Gives the device that a run begins with, each time in the same state: a fork makes its run again from there.
#[derive(Clone)]
pub struct Devices(Rc<dyn Fn() -> (Box<dyn BlockDevice>, Start)>);

impl Devices {
    /// From whatever opens it. The device has the blocks of [`Setup::layout`].
    pub fn new(open: impl Fn() -> (Box<dyn BlockDevice>, Start) + 'static) -> Self {
        Self(Rc::new(open))
    }
    /// A new device in memory, to be formatted.
    pub fn in_memory(setup: &Setup) -> Self {
        let (blocks, prefill) = (setup.layout().blocks(), setup.prefill());
        Self::new(move || (Box::new(Disk::in_memory(blocks, prefill)), Start::Format))
    }
    /// Opens it, as it was when the run began.
    pub fn open(&self) -> (Box<dyn BlockDevice>, Start) {
        (self.0)()
    }
}
