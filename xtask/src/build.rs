//! `cargo xtask build`.

use crate::bundle::{self, Profile};
use crate::{Outcome, size};

/// No options yet: what is published is always the release build.
#[derive(Debug, clap::Args)]
pub struct Options {}

/// Builds `dist/` and prints its size.
pub fn run(_options: &Options) -> Outcome {
    let dist = bundle::build(Profile::Release)?;
    size::report(&dist)?;
    println!("dist/ is ready: any static host can serve it, under any path");
    Ok(())
}
