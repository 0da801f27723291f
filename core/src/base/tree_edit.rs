//! How a B-tree changed, entry by entry: what the trees report and the picture replays.

use super::extent::Extent;
use super::units::{FileBlock, Ino, NodeId};
use serde::Serialize;

/// The place of a record among all records of a tree.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash, Default, Serialize)]
pub struct Key {
    /// The file.
    pub ino: Ino,
    /// First block in the file.
    pub start: FileBlock,
}

/// What a node holds: leaves extents, inner nodes children.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Entry {
    /// A record of a leaf.
    Extent(Extent),
    /// A child and the lower bound of its keys.
    Child {
        /// No key below is smaller.
        key: Key,
        /// The child.
        node: NodeId,
    },
}

/// One change of a tree's nodes. Replaying all of them gives the tree.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TreeEdit {
    /// A node exists, empty.
    Created {
        /// The node.
        node: NodeId,
        /// 0 is a leaf.
        level: u32,
    },
    /// A node is gone; it was empty or unreachable.
    Freed {
        /// The node.
        node: NodeId,
    },
    /// `removed` entries from `at` on were replaced.
    Splice {
        /// The node.
        node: NodeId,
        /// First entry touched.
        at: u32,
        /// Entries taken out.
        removed: u32,
        /// Entries put in.
        inserted: Box<[Entry]>,
    },
    /// The root is this node.
    Root {
        /// The node.
        node: NodeId,
    },
}
