//! Floor 11, data paths: bytes between programs, the cache and the device.
//!
//! Callers hold the inode's lock; this floor takes folio locks and the tree's locks below them.

pub mod direct;
pub mod fault;
pub mod fill;
pub mod inode_data;
pub mod read;
pub mod source;
pub mod unshare;
pub mod write;
pub mod zero;
pub mod zero_range;

pub use source::Source;

use crate::base::{FsError, Prov};

/// How much a transfer did, and why it stopped.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Transfer {
    /// Bytes done.
    pub done: u64,
    /// Why it stopped before the end, if it did.
    pub error: Option<FsError>,
}

impl Transfer {
    /// Everything was done.
    pub fn whole(done: u64) -> Self {
        Self { done, error: None }
    }
    /// It stopped.
    pub fn stopped(done: u64, error: impl Into<FsError>) -> Self {
        Self { done, error: Some(error.into()) }
    }
}

/// What a write writes: one byte over and over (all that xfs_io can write), by a command.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Fill {
    /// The byte.
    pub byte: u8,
    /// The command.
    pub prov: Prov,
}
