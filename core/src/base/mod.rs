//! Floor 0, words: units, ranges, errors and the records that every other floor talks about.
//!
//! Owns no behaviour of a filesystem. Imports nothing from this crate.

pub mod cache_state;
pub mod cell;
pub mod errno;
pub mod extent;
pub mod fiemap;
pub mod gather;
pub mod hints;
pub mod limits;
pub mod order;
pub mod packed;
pub mod payload;
pub mod place;
pub mod range;
pub mod rangemap;
pub mod sharing;
pub mod sorted;
pub mod staged;
pub mod tree_edit;
pub mod units;

pub use cell::StateCell;
pub use errno::{Errno, FsError, FsResult};
pub use extent::{Extent, ExtentKind};
pub use gather::Gather;
pub use order::order_by;
pub use payload::{Payload, Prov, Stamped};
pub use place::NodePlace;
pub use range::Range;
pub use rangemap::RangeMap;
pub use sharing::{DiskExtent, Origin, Sharing};
pub use sorted::{SortedMap, SortedSet};
pub use staged::Staged;
pub use tree_edit::{Entry, Key, TreeEdit};
pub use units::{BlockSize, DevBlock, FileBlock, Ino, NodeId, PAGE_SIZE, PageIndex, TaskId, Unit};
