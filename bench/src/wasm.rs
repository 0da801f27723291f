//! What node calls: numbers only.

use crate::Run;
use crate::rows::{Peer, ROWS};
use std::cell::RefCell;

thread_local! {
    static READY: RefCell<Option<Run>> = const { RefCell::new(None) };
}

/// Makes a side of a row ready: 0 is ours, 1 the peer's.
#[unsafe(no_mangle)]
pub extern "C" fn make(row: u32, side: u32) {
    let row = &ROWS[row as usize];
    let make = match (side, row.peer) {
        (0, _) => row.ours,
        (_, Peer::Rust(make)) => make,
        (_, Peer::Memfs) => unreachable!("node has this peer itself"),
    };
    READY.set(Some(make()));
}

/// Runs what is ready once; how many operations that was.
#[unsafe(no_mangle)]
pub extern "C" fn run() -> u32 {
    READY.with_borrow_mut(|ready| {
        let operations = ready.as_mut().expect("something is ready")();
        u32::try_from(operations).expect("a sample is small")
    })
}

/// Forgets what was ready.
#[unsafe(no_mangle)]
pub extern "C" fn forget() {
    READY.set(None);
}
