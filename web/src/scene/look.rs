//! The words of the picture: how a block looks, in which lane, and how it came to look so.

use serde::{Deserialize, Serialize};

/// How a block looks in a lane. One list for all lanes, so that a legend, a pattern and a word exist once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Look {
    /// Not in the page cache.
    Absent,
    /// In the page cache, but its bytes are not there yet.
    Stale,
    /// In the page cache, equal to the device.
    Clean,
    /// In the page cache, newer than the device.
    Dirty,
    /// Being written.
    Writeback,
    /// No extent.
    Hole,
    /// Promised a place, without one.
    Delalloc,
    /// Reserved by a key of the tree, without a place.
    Reserved,
    /// Has a place, reads as zeroes.
    Unwritten,
    /// Has a place, and the data is there.
    Written,
    /// The same, with other owners.
    Shared,
    /// Lives in the metadata.
    Inline,
    /// A device block that nobody has.
    Free,
    /// A device block in use, but by no extent: metadata, or an allocation on its way into the tree.
    Taken,
    /// A device block that was freed and waits for a commit.
    Pinned,
}

impl Look {
    /// All, in the order of the legend.
    pub const ALL: [Self; 15] = [
        Self::Absent,
        Self::Stale,
        Self::Clean,
        Self::Dirty,
        Self::Writeback,
        Self::Hole,
        Self::Delalloc,
        Self::Reserved,
        Self::Unwritten,
        Self::Written,
        Self::Shared,
        Self::Inline,
        Self::Free,
        Self::Taken,
        Self::Pinned,
    ];

    /// The name in style sheets and patterns.
    pub fn key(self) -> &'static str {
        match self {
            Self::Absent => "absent",
            Self::Stale => "stale",
            Self::Clean => "clean",
            Self::Dirty => "dirty",
            Self::Writeback => "writeback",
            Self::Hole => "hole",
            Self::Delalloc => "delalloc",
            Self::Reserved => "reserved",
            Self::Unwritten => "unwritten",
            Self::Written => "written",
            Self::Shared => "shared",
            Self::Inline => "inline",
            Self::Free => "free",
            Self::Taken => "taken",
            Self::Pinned => "pinned",
        }
    }

    /// The letters that carry the state beside pattern and colour.
    pub fn glyph(self) -> &'static str {
        match self {
            Self::Absent | Self::Free => "",
            Self::Stale => "?",
            Self::Clean => "c",
            Self::Dirty => "d",
            Self::Writeback => "wb",
            Self::Hole => "..",
            Self::Delalloc => "DA",
            Self::Reserved => "RS",
            Self::Unwritten => "UN",
            Self::Written => "WR",
            Self::Shared => "SH",
            Self::Inline => "IN",
            Self::Taken => "MD",
            Self::Pinned => "PN",
        }
    }

    /// The state in one or two words.
    pub fn word(self) -> &'static str {
        match self {
            Self::Absent => "not cached",
            Self::Stale => "not up to date",
            Self::Clean => "clean",
            Self::Dirty => "dirty",
            Self::Writeback => "under writeback",
            Self::Hole => "hole",
            Self::Delalloc => "delalloc",
            Self::Reserved => "reserved",
            Self::Unwritten => "unwritten",
            Self::Written => "written",
            Self::Shared => "shared",
            Self::Inline => "inline",
            Self::Free => "free",
            Self::Taken => "in use",
            Self::Pinned => "pinned",
        }
    }

    /// What the state means.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Absent => "not in the page cache",
            Self::Stale => "in the page cache, its bytes are still to come",
            Self::Clean => "in the page cache, matches the device",
            Self::Dirty => "in the page cache, newer than the device",
            Self::Writeback => "being written to the device",
            Self::Hole => "no extent: reads as zeroes",
            Self::Delalloc => "promised, no address yet",
            Self::Reserved => "space reserved by a key, no address",
            Self::Unwritten => "allocated, reads as zero unless a dirty page covers it",
            Self::Written => "on the device",
            Self::Shared => "on the device, shared with another owner",
            Self::Inline => "lives in the metadata",
            Self::Free => "nobody has it",
            Self::Taken => "in use, by no extent",
            Self::Pinned => "freed, reusable after the next commit",
        }
    }
}

/// A row of the file map.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Lane {
    /// The page cache.
    Cache,
    /// Promises.
    Reservations,
    /// The extent map.
    Extents,
    /// The device; its axis is the device's, not the file's.
    Device,
    /// What lies behind the device's data: nodes and superblocks, each by its first block.
    Metadata,
}

impl Lane {
    /// From top to bottom.
    pub const ALL: [Self; 5] = [Self::Cache, Self::Reservations, Self::Extents, Self::Device, Self::Metadata];

    /// Whether its axis is the file's.
    pub fn on_file(self) -> bool {
        !matches!(self, Self::Device | Self::Metadata)
    }

    /// The lane's title.
    pub fn title(self) -> &'static str {
        match self {
            Self::Cache => "Page cache",
            Self::Reservations => "Reservations",
            Self::Extents => "Extents",
            Self::Device => "Device",
            Self::Metadata => "Metadata",
        }
    }
}

/// How a run of blocks came to look as it does, seen from what was shown before. Chooses the motion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Change {
    /// Bytes arrived in the cache.
    Arrive,
    /// A place was promised.
    Promise,
    /// A promise or a hole got an address.
    Allocate,
    /// Writing began.
    Submit,
    /// Writing ended.
    Complete,
    /// Something is gone.
    Release,
    /// Anything else.
    State,
}

impl Change {
    /// The name in style sheets.
    pub fn key(self) -> &'static str {
        match self {
            Self::Arrive => "arrive",
            Self::Promise => "promise",
            Self::Allocate => "allocate",
            Self::Submit => "submit",
            Self::Complete => "complete",
            Self::Release => "release",
            Self::State => "state",
        }
    }
}

/// Blocks that look different than in the picture shown before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pulse {
    /// Where.
    pub lane: Lane,
    /// First block, on the lane's own axis.
    pub first: u64,
    /// Blocks, at least 1.
    pub blocks: u64,
    /// What happened.
    pub change: Change,
    /// How they looked.
    pub was: Look,
}

/// A stretch of a file or of the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Lens {
    /// First block.
    pub first: u64,
    /// Blocks.
    pub blocks: u64,
}

impl Lens {
    /// The first block after it.
    pub fn end(&self) -> u64 {
        self.first.saturating_add(self.blocks)
    }
    /// Whether a block is inside.
    pub fn contains(&self, block: u64) -> bool {
        self.first <= block && block < self.end()
    }
}
