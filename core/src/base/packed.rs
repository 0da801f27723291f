//! Blocks that are compressed together, and their names.
//!
//! A compressed piece of a file takes fewer blocks on the device than it has. So that its blocks can be cut, cloned and
//! counted like others, each has an address of its own behind all devices, from [`PACKED`] on.

use super::range::Range;
use super::units::DevBlock;

/// Addresses from here on name blocks inside compressed pieces.
pub const PACKED: DevBlock = DevBlock(1 << 48);

/// A compressed piece, by the first of its blocks' addresses.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Piece {
    /// First address behind it.
    pub end: DevBlock,
    /// Where it lies on the device.
    pub device: Range<DevBlock>,
    /// Blocks of it that are still used.
    pub left: u64,
}
