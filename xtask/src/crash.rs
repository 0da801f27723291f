//! `cargo xtask crash`: power cuts at every moment of many workloads, on every filesystem.

use crate::{Outcome, run};

/// How much. Without options every sequence of one operation; `--depth 2` takes about an hour for all of them.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// One filesystem instead of all, or one way to make it, such as `ext4-1k`
    #[arg(long)]
    personality: Option<String>,
    /// Operations in a sequence, 1 to 3
    #[arg(long, default_value_t = 1)]
    depth: u32,
    /// The number of the first sequence
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// How many sequences, at equal distances; all of them without it
    #[arg(long)]
    count: Option<u64>,
    /// Mounts of what one moment can leave; where that is too few for all of it, the rest is by chance
    #[arg(long, default_value_t = 4096)]
    mounts: u64,
    /// How many by chance, besides the telling ones
    #[arg(long, default_value_t = 64)]
    sample: u64,
    /// The seed of chance
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Put a fault in, which has to be found: a name of `#@ patch defect=NAME`, or all
    #[arg(long)]
    defect: Option<String>,
}

/// Builds the program and runs it.
pub fn run(options: &Options) -> Outcome {
    let mut command = run::cargo();
    command.args(["run", "--quiet", "--profile", "crash", "-p", "extentscope-tests", "--bin", "crash", "--"]);
    command.args(["--depth", &options.depth.to_string(), "--from", &options.from.to_string()]);
    command.args(["--mounts", &options.mounts.to_string()]);
    command.args(["--sample", &options.sample.to_string(), "--seed", &options.seed.to_string()]);
    let named = [("--personality", options.personality.clone()), ("--count", options.count.map(|n| n.to_string()))];
    for (name, value) in named.into_iter().chain([("--defect", options.defect.clone())]) {
        if let Some(value) = value {
            command.args([name, &value]);
        }
    }
    run::status(&mut command)
}
