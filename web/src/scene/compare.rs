//! The same calls on every filesystem, as the page shows them.

use serde::{Deserialize, Serialize};

use super::{Lens, Look};

/// Every filesystem after the same line.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CompareScene {
    /// The file that is compared.
    pub file: String,
    /// The last line that all of them have played; none before the first.
    pub line: Option<String>,
    /// What is shown, in blocks of the run.
    pub lens: Lens,
    /// Bytes in such a block.
    pub block_size: u64,
    /// One for each filesystem.
    pub sides: Vec<SideScene>,
    /// Bytes of which FIEMAP does not say the same everywhere.
    pub differs: Vec<Stretch>,
    /// Where they differ, in a sentence.
    pub sentence: String,
}

/// One filesystem.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SideScene {
    /// Its name.
    pub name: String,
    /// The kernel or patch state.
    pub level: String,
    /// The run on the page is its.
    pub own: bool,
    /// Why it takes no part.
    pub refused: Option<String>,
    /// What the line answered, where that is not the same everywhere.
    pub answer: Option<String>,
    /// The file, where it has it.
    pub file: Option<SideFile>,
    /// Everything that the picture of it says.
    pub words: String,
}

/// The file on one filesystem.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SideFile {
    /// Bytes.
    pub size: u64,
    /// The size is not the same everywhere.
    pub size_differs: bool,
    /// `st_blocks`.
    pub blocks: u64,
    /// It is not the same everywhere.
    pub blocks_differ: bool,
    /// What FIEMAP says, holes included.
    pub bars: Vec<SideBar>,
    /// Dirty pages.
    pub dirty: Vec<Stretch>,
    /// What SEEK calls data.
    pub data: Vec<Stretch>,
}

/// Bytes from one place to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stretch {
    /// First byte.
    pub from: u64,
    /// First byte after.
    pub to: u64,
}

/// Bytes of which FIEMAP says one thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SideBar {
    /// The bytes.
    pub bytes: Stretch,
    /// How they look.
    pub look: Look,
}
