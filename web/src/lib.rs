//! The page: a Yew application (binary `app`) and the worker that owns the engine (binary `worker`).
//!
//! The two never share memory. They exchange transferred byte arrays ([`transport`]) that hold postcard records
//! ([`protocol`]). The page computes no filesystem fact; it shows what the worker sends.
#![forbid(unsafe_code)]

pub mod app;
pub mod header;
pub mod protocol;
pub mod scene;
pub mod transport;
pub mod worker;
