//! Floor 5, the store: what of a filesystem lies on the device between two mounts.
//!
//! One copy-on-write tree of small items, nodes of 4096 bytes with checksums, two superblocks behind it. A commit writes
//! the nodes that changed to places that the last commit does not use, flushes, and writes one superblock. `docs/FORMAT.md`
//! has every byte.
//!
//! Knows items, nodes and where they lie. Does not know running files, caches or tasks: whoever commits says which items
//! changed, and hands the writes to the device.

pub mod blob;
pub mod contents;
mod corrupt;
pub mod fsck;
pub mod item;
pub mod key;
pub mod layout;
pub mod node;
pub mod read;
pub mod superblock;
pub mod tree;
pub mod users;

#[cfg(test)]
mod tests;

pub use contents::{Contents, StoredInode};
pub use corrupt::{Finding, Rule};
pub use item::Item;
pub use key::{Key, Kind};
pub use layout::Layout;
pub use superblock::Superblock;
pub use tree::{CowTree, Transaction};
pub use users::Users;
