//! `cargo xtask fsx`: random operations on every filesystem against a flat file, as the program of that name does.

use crate::{Outcome, run};

/// Operations of one sequence, as `tests/suite/reference.rs` has them.
const SEQUENCE: u64 = 40;

/// How much. Without options a million operations: contents, sizes and every rule are checked after each one.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// How many operations, in sequences of 40
    #[arg(long, default_value_t = 1_000_000)]
    ops: u64,
    /// The seed of the first sequence
    #[arg(long, default_value_t = 1)]
    from: u64,
}

/// Runs the test of the suite with so many sequences. A failure prints the shortest one and the line that runs it again.
pub fn run(options: &Options) -> Outcome {
    let cases = options.ops.div_ceil(SEQUENCE);
    println!("{cases} sequences of {SEQUENCE} operations, seeds {} on ...", options.from);
    let mut command = run::cargo();
    command.args(["test", "--quiet", "-p", "extentscope-tests", "--test", "suite", "--", "random_operations"]);
    command.env("EXTENTSCOPE_SEED", options.from.to_string()).env("EXTENTSCOPE_CASES", cases.to_string());
    run::status(&mut command)
}
