//! The recordings' document `fsoracle-1`: what a program can see from outside after each command.
//!
//! The runner hands in plain facts ([`StepRecord`], one per command); this folder derives the view that does not
//! depend on placement (states, moves, sharing, seek), decides which files are listed, and writes the JSON exactly
//! as the recordings are written. It knows no engine and imports only `base`.

mod content;
mod document;
mod input;
mod normal;
mod placement;
mod rle;
mod share;

pub use content::{BlockBytes, ContentHasher, content_sha};
pub use document::{Head, Observer};
pub use input::{CacheRun, FileObservation, Output, PageState, StepRecord};
pub use normal::state;
pub use share::ShareClass;

/// Bytes in a block of the normalized view, whatever the filesystem's block is.
pub const BLOCK: u64 = 4096;
