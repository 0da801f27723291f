//! Extentscope's engine: a filesystem that can be stepped, traced and shown.
//!
//! The folders are floors; a file imports only from lower floors or from its own folder (checked by the tidy
//! test in `tests/`). `ARCHITECTURE.md` has the map.
#![forbid(unsafe_code)]

pub mod base;
pub mod btree;
pub mod cache;
pub mod check;
#[cfg(feature = "cli")]
pub mod cli;
pub mod delalloc;
pub mod dev;
pub mod extent;
pub mod inode;
pub mod io;
pub mod map;
pub mod observe;
pub mod personality;
pub mod query;
pub mod scenario;
pub mod session;
pub mod sim;
pub mod space;
pub mod store;
pub mod text;
pub mod trace;
pub mod vfs;
pub mod view;
pub mod writeback;
