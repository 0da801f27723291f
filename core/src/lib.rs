//! Extentscope's engine: a filesystem that can be stepped, traced and shown.
//!
//! The folders are floors; a file imports only from lower floors or from its own folder (checked by the tidy
//! test in `tests/`). `ARCHITECTURE.md` has the map.
#![forbid(unsafe_code)]

pub mod base;
pub mod btree;
pub mod btree;
pub mod observe;
pub mod scenario;
pub mod session;
pub mod sim;
pub mod trace;
pub mod view;
