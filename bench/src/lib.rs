//! What the engine costs, next to peers, in one process: works that can be made ready, run and timed.
//!
//! `rows` says what is measured against what. `measure` (the binary) times the rows natively; `node.mjs` times the same
//! rows in WebAssembly, and those whose peer is JavaScript. Nothing here fails because something is slow.

mod extents;
mod pages;
mod replay;
pub mod rows;
#[cfg(target_arch = "wasm32")]
mod wasm;

/// A work that is ready: each call does it, or its next part, and says how many operations that was.
pub type Run = Box<dyn FnMut() -> u64>;

/// Makes a work ready; not timed.
pub type Make = fn() -> Run;
