//! The worker's side: reads requests, asks the engine, replies.

use crate::protocol::{self, Reply, Request};
use crate::transport;

/// Starts the receive loop; the browser's event loop keeps it running.
///
/// # Panics
/// Later, on a message that is not a [`Request`]: the page is of another build, and its `on_error` shows the text.
pub fn start() {
    transport::serve(|bytes| {
        let request = protocol::decode(&bytes).unwrap_or_else(|reason| panic!("{reason}"));
        transport::reply(&protocol::encode(&answer(request)));
    });
}

fn answer(request: Request) -> Reply {
    match request {
        Request::Ping(number) => Reply::Pong(number),
    }
}
