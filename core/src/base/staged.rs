//! Where the new data of blocks waits that must not be written in place.

use super::units::{DevBlock, FileBlock};
use serde::{Deserialize, Serialize};

/// What the index beside the tree says of a block (xfs: the copy-on-write fork).
///
/// Addresses are kept as the distance from the block in the file, wrapped, so that neighbours in both compare equal.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "staged", content = "distance")]
pub enum Staged {
    /// Promised a place.
    Delayed,
    /// Has a place that holds nothing yet.
    Reserved(u64),
    /// Data is on its way to its place, or there; the tree still has the old one.
    Sent(u64),
}

impl Staged {
    /// The distance from a block of the file to its place.
    pub fn distance(at: FileBlock, addr: DevBlock) -> u64 {
        addr.0.wrapping_sub(at.0)
    }
    /// The place of a block of the file.
    pub fn addr(self, at: FileBlock) -> Option<DevBlock> {
        match self {
            Self::Delayed => None,
            Self::Reserved(distance) | Self::Sent(distance) => Some(DevBlock(at.0.wrapping_add(distance))),
        }
    }
}
