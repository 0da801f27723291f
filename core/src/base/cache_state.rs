//! The state of one cached block.

use serde::{Deserialize, Serialize};

/// What the page cache knows of where a block's data is or will be (bcachefs: `bch_folio_sector_state`).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Backing {
    /// Nothing on the device, and nothing promised.
    #[default]
    Hole,
    /// A reservation key covers it; no data.
    Reserved,
    /// Data without an address, promised by this cached block.
    Dirty,
    /// Data without an address, promised by a reservation key.
    DirtyReserved,
    /// Has an address on the device.
    Allocated,
}

impl Backing {
    /// Whether the block counts as data when the cache is asked.
    pub fn is_data(self) -> bool {
        self >= Self::Dirty
    }
}

/// One cached block: its two bits, and its backing where the cache tracks it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash, Default, Serialize, Deserialize)]
pub struct BlockState {
    /// The bytes here are the file's bytes.
    pub uptodate: bool,
    /// The bytes here are newer than the device.
    pub dirty: bool,
    /// Tracked only by filesystems that keep reservations in the page cache; else [`Backing::Hole`].
    pub backing: Backing,
}
