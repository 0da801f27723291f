//! `cargo xtask test --kernel`: the engine against the kernel that runs here.

use std::path::PathBuf;
use std::process::ExitCode;

use crate::run;

/// What is compared. Without `--seeds` and `--traces`: all public traces, and ten seeds in each geometry.
#[derive(Debug, clap::Args)]
#[group(skip)]
pub struct Options {
    /// Compare the engine with the kernel that runs here, and nothing else; needs root, loop devices and mkfs
    #[arg(long)]
    kernel: bool,
    /// Only these filesystems: ext4,xfs,btrfs
    #[arg(long, requires = "kernel")]
    fs: Option<String>,
    /// How many fresh random scripts in each geometry of each filesystem
    #[arg(long, requires = "kernel")]
    seeds: Option<u64>,
    /// The first seed
    #[arg(long, requires = "kernel")]
    from: Option<u64>,
    /// Operations of a random script
    #[arg(long, requires = "kernel")]
    ops: Option<u64>,
    /// The public traces; with --seeds, these too
    #[arg(long, requires = "kernel")]
    traces: bool,
    /// How many kinds of differences are made as short as they can be
    #[arg(long, requires = "kernel")]
    shrink: Option<u64>,
    /// Only this script
    #[arg(long, requires = "kernel")]
    script: Option<PathBuf>,
}

impl Options {
    /// Whether the kernel was asked for.
    pub fn is_wanted(&self) -> bool {
        self.kernel
    }
}

/// Builds the program and runs it. 1: something differs and nobody knows why; 2: it cannot run here.
pub fn run(options: &Options) -> ExitCode {
    let mut command = run::cargo();
    command.args(["run", "--quiet", "-p", "extentscope-tests", "--bin", "kernel", "--"]);
    if options.traces {
        command.arg("--traces");
    }
    if let Some(fs) = &options.fs {
        command.args(["--fs", fs]);
    }
    if let Some(script) = &options.script {
        // The program is started at the root of the workspace.
        command.arg("--script").arg(std::path::absolute(script).unwrap_or_else(|_| script.clone()));
    }
    let numbers =
        [("--seeds", options.seeds), ("--from", options.from), ("--ops", options.ops), ("--shrink", options.shrink)];
    for (name, value) in numbers {
        if let Some(value) = value {
            command.args([name, &value.to_string()]);
        }
    }
    match command.status().map(|status| status.code()) {
        Ok(Some(0)) => ExitCode::SUCCESS,
        Ok(Some(2)) => ExitCode::from(2),
        _ => ExitCode::FAILURE,
    }
}
