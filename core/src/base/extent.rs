//! The record that an extent tree holds.

use super::range::Range;
use super::units::{DevBlock, FileBlock, Ino};
use serde::{Deserialize, Serialize};

/// What an extent says about its blocks.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ExtentKind {
    /// Has an address, and the data is there.
    Written,
    /// Has an address, reads as zeroes until data is written and the extent converted.
    Unwritten,
    /// Counts against free space but has no address: a reservation key.
    Reserved,
    /// The data lives in the metadata; the address is an identity in the inline store, not a device block.
    Inline,
}

impl ExtentKind {
    /// Whether `addr` is a block on the device.
    pub fn has_address(self) -> bool {
        matches!(self, Self::Written | Self::Unwritten)
    }
}

/// `len` blocks of file `ino` from `start`. 32 bytes, so that a leaf stays dense.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, Serialize, Deserialize)]
pub struct Extent {
    /// First block in the file.
    pub start: FileBlock,
    /// First block on the device; meaning by `kind`, 0 for [`ExtentKind::Reserved`].
    pub addr: DevBlock,
    /// The file.
    pub ino: Ino,
    /// Blocks, at least 1.
    pub len: u32,
    /// What the extent says about its blocks.
    pub kind: ExtentKind,
    /// Reached through a reference count (a reflink).
    pub shared: bool,
}

impl Extent {
    /// The file blocks that the extent maps.
    #[inline]
    pub fn range(&self) -> Range<FileBlock> {
        Range::sized(self.start, u64::from(self.len))
    }
    /// First block in the file after the extent.
    #[inline]
    pub fn end(&self) -> FileBlock {
        self.start + u64::from(self.len)
    }
    /// The device blocks, for kinds that have an address.
    pub fn dev_range(&self) -> Option<Range<DevBlock>> {
        self.kind.has_address().then(|| Range::sized(self.addr, u64::from(self.len)))
    }
    /// The part of the extent inside `range`, its address moved along; `None` when they do not overlap.
    pub fn trimmed(&self, range: Range<FileBlock>) -> Option<Self> {
        let part = self.range().intersect(&range);
        if part.is_empty() {
            return None;
        }
        let moved = part.start - self.start;
        let addr = if self.kind.has_address() { self.addr + moved } else { self.addr };
        let len = u32::try_from(part.len()).expect("a part is not longer than its extent");
        Some(Self { start: part.start, addr, len, ..*self })
    }
    /// Whether `next` continues this extent in the file and, where there are addresses, on the device.
    pub fn continued_by(&self, next: &Self) -> bool {
        let same_kind = self.ino == next.ino && self.kind == next.kind && self.shared == next.shared;
        let adjoining = self.end() == next.start && self.kind != ExtentKind::Inline;
        let addresses = !self.kind.has_address() || self.addr + u64::from(self.len) == next.addr;
        same_kind && adjoining && addresses
    }
}
