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
pub mod metadata;
pub mod motion;
pub mod opfs;
pub mod people;
pub mod photo;
pub mod source;
pub mod stage;
#[cfg(test)]
mod tests;
pub mod tree;

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use wasm_bindgen_futures::spawn_local;

use crate::protocol::{Batch, Place};
use crate::{protocol, transport};

/// Starts the receive loop; the browser's event loop keeps it running.
///
/// # Panics
/// Later, on a message that is not a batch: the page is of another build, and its `on_error` shows the text.
pub fn start() {
    let worker = Rc::new(RefCell::new(Worker::default()));
    transport::serve(move |bytes| {
        let batch: Batch = protocol::decode(&bytes).unwrap_or_else(|reason| panic!("{reason}"));
        worker.borrow_mut().waiting.push_back(batch);
        work(&worker);
    });
}

/// The engine, and the batches that wait for a file to be opened.
#[derive(Default)]
struct Worker {
    engine: engine::Engine,
    waiting: VecDeque<Batch>,
    opening: bool,
}

/// Answers what waits, in order. Opening the browser's file is the one thing that takes a promise.
fn work(worker: &Rc<RefCell<Worker>>) {
    let mut now = worker.borrow_mut();
    while !now.opening
        && let Some(batch) = now.waiting.pop_front()
    {
        if let Some(place) = now.engine.needs_file(&batch) {
            now.opening = true;
            let worker = Rc::clone(worker);
            spawn_local(async move {
                let file = if place == Place::Copy { opfs::copy().await } else { opfs::open().await };
                let mut now = worker.borrow_mut();
                now.opening = false;
                now.engine.arrive(file);
                reply(&mut now.engine, batch);
                drop(now);
                work(&worker);
            });
        } else {
            reply(&mut now.engine, batch);
        }
    }
}

fn reply(engine: &mut engine::Engine, batch: Batch) {
    transport::reply(&protocol::encode(&engine.report(batch)));
}
