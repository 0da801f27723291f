//! What a viewer can point at.

use crate::base::{DevBlock, FileBlock, Ino, NodeId, TaskId};
use crate::trace::LockId;
use serde::{Deserialize, Serialize};

/// A thing in the picture.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Selection {
    /// A file as a whole: its sizes.
    File(Ino),
    /// A block of a file, in all lanes.
    Block {
        /// The file.
        ino: Ino,
        /// The block.
        block: FileBlock,
    },
    /// A block of the device.
    Device(DevBlock),
    /// A node of a B-tree.
    Node(NodeId),
    /// A task.
    Task(TaskId),
    /// A lock.
    Lock(LockId),
}
