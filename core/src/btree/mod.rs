//! The extent B+-tree: which blocks of which file lie where, as a plain synchronous data structure.
//!
//! For: finding, replacing, removing and shifting [`Extent`](crate::base::Extent) records in key order, and
//! saying of every change which nodes it touched, so that the same tree can be drawn, journalled and locked.
//!
//! Does not own: locks (layered above, by the node ids that [`Tree::path`] and [`Tree::update_scope`] tell), what
//! merges with what (a callback), device addresses, the node's bytes on the device, and simulated time.
//!
//! Invariants, all checked by [`Tree::verify`]:
//! 1. Records ascend by `Key`; records of one file never overlap; none is empty.
//! 2. Every leaf is on level 0; a child is one level below its parent.
//! 3. A child's key is a lower bound of all keys below it, and the next child's key is above all of them. It may be
//!    looser than the first key below: removals do not touch it. An inner node's first key equals its own bound;
//!    the bound of the root is `Key::default()`.
//! 4. No node holds more than its capacity. A node is at least half full (rounded up), except the root and the
//!    last node of each level: appending fills leaves to the brim instead of leaving halves behind.
//! 5. Nothing but an empty root leaf is empty. A root with one child exists only while the child's entries do not
//!    fit into the root.
//! 6. Every node is reached exactly once from the root; ids are never reused, not even by other trees of the same
//!    [`NodeIds`].
//! 7. Replaying all edits ever reported gives exactly the tree.
mod changes;
mod cursor;
mod node;
mod shift;
mod split;
mod tree;
mod update;
mod verify;

#[cfg(test)]
mod tests;

pub use cursor::{Cursor, Extents};
pub use node::Node;
pub use tree::{NodeIds, Tree, TreeShape};
pub use update::UpdateScope;
pub use verify::{TreeError, TreeRule};
