//! `cargo xtask explore`: many schedules of tasks that run at the same time, with every rule checked after each step.

use std::path::PathBuf;

use crate::{Outcome, run};

/// What to explore. Without a script or a case, every built-in case: two writers, a flusher and a FIEMAP walker, with and
/// without a task that truncates and punches, on each filesystem.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// How many seeds; each is run under random choices and under random priorities
    #[arg(long, default_value_t = 10_000)]
    seeds: u64,
    /// The first seed
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// A script whose `@task` lines run at the same time
    #[arg(long, conflicts_with = "case")]
    script: Option<PathBuf>,
    /// One of the built-in cases
    #[arg(long)]
    case: Option<String>,
    /// Only this rule for who goes next: random or pct
    #[arg(long)]
    rule: Option<String>,
}

/// Builds the explorer and runs it. Each finding is one line that says how to see it again.
pub fn run(options: &Options) -> Outcome {
    let mut command = run::cargo();
    command.args(["run", "--quiet", "-p", "extentscope-tests", "--bin", "explore", "--"]);
    command.args(["--seeds", &options.seeds.to_string(), "--from", &options.from.to_string()]);
    if let Some(script) = &options.script {
        // The program is started at the root of the workspace.
        let whole = std::path::absolute(script).map_err(|error| format!("{}: {error}", script.display()))?;
        command.arg("--script").arg(whole);
    }
    for (name, value) in [("--case", &options.case), ("--rule", &options.rule)] {
        if let Some(value) = value {
            command.args([name, value]);
        }
    }
    run::status(&mut command)
}
