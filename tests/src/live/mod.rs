//! The live differential: one script on the kernel that runs here and on the engine, and what differs.
//!
//! Where a difference is not explained by the list of simplifications (`crate::fidelity`), the script is made as short as
//! it can be and written down, ready to run again. `bin/kernel.rs` is the program; `cargo xtask test --kernel` runs it.

pub mod cases;
pub mod generate;
#[cfg(target_os = "linux")]
pub mod judge;
#[cfg(target_os = "linux")]
pub mod pool;
pub mod recipes;
#[cfg(target_os = "linux")]
pub mod report;
pub mod shrink;
