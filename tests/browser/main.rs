//! The page in headless Chromium. Run by `cargo xtask test`, or after `cargo xtask build` by
//! `cargo test -p extentscope-tests --features browser --test browser`.

mod bad_input;
mod compare;
mod digest;
mod hooks;
mod session;
mod start;
mod steps;
mod storage;
mod views;
