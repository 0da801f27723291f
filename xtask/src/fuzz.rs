//! `cargo xtask fuzz`: device images that are nearly valid; every mount of one has to answer.

use crate::{Outcome, run};

/// How many. Ten million take about ten minutes.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// How many images
    #[arg(long, default_value_t = 10_000_000)]
    cases: u64,
}

/// Runs the test of the suite with so many images. A failure prints the line that runs it again.
pub fn run(options: &Options) -> Outcome {
    let mut command = run::cargo();
    command.args(["test", "--quiet", "-p", "extentscope-tests", "--test", "suite", "--", "a_mount_of_any_image"]);
    command.env("EXTENTSCOPE_CASES", options.cases.to_string());
    run::status(&mut command)
}
