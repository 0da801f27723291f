//! Floor 16, the picture: inert data for the outside.
//!
//! [`world::World`] is what can be seen at one step. There are two independent ways to get one: [`fold`] applies the
//! events of the trace, [`walk`] reads the engine's structures. That they are equal at every step is the promise
//! that the picture cannot lie; so neither may use the other's code or the engine's mutators.

pub mod digest;
pub mod explain;
pub mod facts;
pub mod fold;
pub mod json;
pub mod lexicon;
pub mod listing;
pub mod map;
pub mod message;
pub mod perfetto;
pub mod select;
pub mod text_view;
pub mod trace_json;
pub mod walk;
pub mod why;
pub mod world;

pub use world::World;
