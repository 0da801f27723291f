//! The page: a Yew application (binary `app`) and the worker that owns the engine (binary `worker`).
//!
//! The two never share memory. They exchange transferred byte arrays ([`transport`]) that hold postcard records
//! ([`protocol`], [`scene`]). The page computes no filesystem fact; it shows what the worker sends.
#![forbid(unsafe_code)]
// A panel is one expression; splitting it further would hide its shape.
#![recursion_limit = "512"]

pub mod app;
pub mod draw;
pub mod header;
pub mod hooks;
pub mod keys;
pub mod layout;
pub mod panels;
pub mod player;
pub mod protocol;
pub mod scenarios;
pub mod scene;
pub mod state;
pub mod transport;
pub mod words;
pub mod worker;
