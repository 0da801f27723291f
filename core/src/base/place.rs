//! Places for nodes of the tree that lies on the device.

use serde::{Deserialize, Serialize};

/// Who uses a place for a node.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NodePlace {
    /// Nobody.
    Free,
    /// The commit under way; no superblock names it yet.
    New,
    /// The last commit.
    Used,
    /// The last commit; the one under way gives it up.
    Retired,
}

impl NodePlace {
    /// In a few words.
    pub fn word(self) -> &'static str {
        match self {
            Self::Free => "free",
            Self::New => "new, no superblock names it yet",
            Self::Used => "durable",
            Self::Retired => "freed, waits for the commit",
        }
    }
}
