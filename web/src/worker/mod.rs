//! The worker's side: owns the engine, reads batches of calls, replies with what the view sees.
//!
//! [`engine`] does what is asked, [`stage`] puts the picture together out of the parts that the other modules read off
//! the world.

pub mod compare;
pub mod console;
pub mod device;
pub mod engine;
pub mod index;
pub mod inspector;
pub mod lanes;
pub mod looks;
pub mod motion;
pub mod people;
pub mod photo;
pub mod source;
pub mod stage;
#[cfg(test)]
mod tests;
pub mod tree;

use std::cell::RefCell;

use crate::{protocol, transport};

/// Starts the receive loop; the browser's event loop keeps it running.
///
/// # Panics
/// Later, on a message that is not a batch: the page is of another build, and its `on_error` shows the text.
pub fn start() {
    let engine = RefCell::new(engine::Engine::default());
    transport::serve(move |bytes| {
        let batch = protocol::decode(&bytes).unwrap_or_else(|reason| panic!("{reason}"));
        let report = engine.borrow_mut().report(batch);
        transport::reply(&protocol::encode(&report));
    });
}
