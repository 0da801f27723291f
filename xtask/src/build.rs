//! `cargo xtask build`.

use crate::bundle::{self, Profile};
use crate::{Outcome, size};

/// Builds `dist/` as it is published and prints its size.
pub fn run() -> Outcome {
    let dist = bundle::build(Profile::Release)?;
    size::report(&dist)?;
    println!("dist/ is ready: any static host can serve it, under any path");
    Ok(())
}
