//! The parts of the Rust toolchain that a fresh machine may lack.
//!
//! They are added first and alone: rustup rewriting a toolchain under a running build breaks that build.

use std::path::Path;

use crate::Outcome;
use crate::run;

/// The target of the page and its worker.
pub const WASM: &str = "wasm32-unknown-unknown";

/// Adds the wasm target when it is missing.
pub fn need_wasm() -> Outcome {
    let folder = run::output(run::program("rustc").args(["--print", "target-libdir", "--target", WASM]))?;
    if Path::new(folder.trim()).is_dir() {
        return Ok(());
    }
    println!("The Rust target {WASM} is missing; adding it with rustup ...");
    add(&["target", "add", WASM])
}

/// Adds clippy and rustfmt when they are missing.
pub fn need_components() -> Outcome {
    for (component, tool) in [("clippy", "cargo-clippy"), ("rustfmt", "rustfmt")] {
        if !run::succeeds(run::program(tool).arg("--version")) {
            println!("The Rust component {component} is missing; adding it with rustup ...");
            add(&["component", "add", component])?;
        }
    }
    Ok(())
}

fn add(words: &[&str]) -> Outcome {
    run::status(run::program("rustup").args(words))
        .map_err(|reason| format!("{reason}; without rustup, install it with your system's packages"))
}
