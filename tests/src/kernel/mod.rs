//! Our own recorder: scripts on the kernel that runs here, into the same document that the engine gives.
//!
//! It makes a fresh filesystem on a loop device, executes the script's commands as system calls, and looks after each
//! one, with calls that change nothing that can be seen. It needs root. The rules of the document are those of
//! `extentscope_core::observe`: the recorder hands in plain facts, as the engine does, so that both sides are told by one
//! mechanism. What it reports of the public traces equals their recordings, which were made by another program.

pub mod able;
mod calls;
mod canary;
mod disk;
mod errors;
mod look;
mod mount;
mod recorder;
mod sys;
mod transfer;
mod unsure;

pub use recorder::{Recorder, Recording};
pub use sys::{is_root, kernel_release};
