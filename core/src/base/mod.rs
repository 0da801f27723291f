//! Floor 0, words: units, ranges, errors and the records that every other floor talks about.
//!
//! Owns no behaviour of a filesystem. Imports nothing from this crate.

pub mod cell;
pub mod errno;
pub mod extent;
pub mod fiemap;
pub mod limits;
pub mod range;
pub mod rangemap;
pub mod units;

pub use cell::StateCell;
pub use errno::{Errno, FsError, FsResult};
pub use extent::{Extent, ExtentKind};
pub use range::Range;
pub use rangemap::RangeMap;
pub use units::{DevBlock, FileBlock, Ino, PageIndex, Unit, NodeId, TaskId};
