//! `cargo xtask bench`: what the engine costs, next to peers measured in the same run.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::toolchain::{self, WASM};
use crate::{Outcome, opfs, run};

/// The JavaScript filesystem that the page cache is measured against.
const MEMFS: &str = "memfs@4.80.1";

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Each row is a ratio: the peer's time by ours, smallest, median and largest over repeats in which both sides take \
turns. It says whether our side is the bare extent map, the tree behind its locks, or the whole engine, and whether \
a recording is kept. Nothing is judged: a slow machine fails nothing.

The rows run natively and, where node is found, in WebAssembly under node; there the page cache meets memfs, which \
npm fetches into target/. What cannot be had is left out, and the report says so.")]
pub struct Options {
    #[command(subcommand)]
    what: Option<What>,
    /// Print one JSON document instead of the table
    #[arg(long)]
    json: bool,
    /// How often each row is measured
    #[arg(long, value_name = "N", default_value_t = 5)]
    repeats: u32,
    /// Leave out the rows in WebAssembly
    #[arg(long)]
    native_only: bool,
}

/// What is measured elsewhere than in this process.
#[derive(Debug, clap::Subcommand)]
enum What {
    /// Writes and flushes on the browser's private storage, in headless Chromium
    Opfs(opfs::Options),
}

/// Builds the works for both places, fetches the peer and prints the report.
pub fn run(options: &Options) -> Outcome {
    if let Some(What::Opfs(options)) = &options.what {
        return opfs::run(options);
    }
    eprintln!("Compiling the works with optimisation ...");
    build(&["--bin", "measure"])?;
    let target = run::target_folder()?;
    let mut measure = run::program(target.join("release").join("measure"));
    measure.args(["--repeats", &options.repeats.to_string()]);
    if options.json {
        measure.arg("--json");
    }
    if !options.native_only {
        add_node(&mut measure, &target)?;
    }
    run::status(&mut measure)
}

fn build(words: &[&str]) -> Outcome {
    run::status(run::cargo().args(["build", "--quiet", "--release", "-p", "extentscope-bench"]).args(words))
}

/// What the rows in WebAssembly need; what is missing becomes a note of the report.
fn add_node(measure: &mut Command, target: &Path) -> Outcome {
    if !run::succeeds(run::program("node").arg("--version")) {
        measure.args(["--note", "node was not found: no row in WebAssembly, none against memfs"]);
        return Ok(());
    }
    toolchain::need_wasm()?;
    build(&["--lib", "--target", WASM])?;
    let module = target.join(WASM).join("release").join("extentscope_bench.wasm");
    measure.arg("--node").arg(run::root().join("bench").join("node.mjs")).arg("--module").arg(module);
    match fetch_memfs(target) {
        Ok(folder) => drop(measure.arg("--packages").arg(folder)),
        Err(reason) => drop(measure.args(["--note", &format!("no row against memfs: {reason}")])),
    }
    Ok(())
}

/// The folder with memfs, fetched by npm once.
fn fetch_memfs(target: &Path) -> Outcome<PathBuf> {
    let folder = target.join("bench").join(MEMFS.replace('@', "-"));
    if folder.join("node_modules").join("memfs").is_dir() {
        return Ok(folder);
    }
    eprintln!("Fetching {MEMFS} with npm ...");
    fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut npm = run::program("npm");
    npm.args(["install", "--no-audit", "--no-fund", "--no-save", "--silent", "--prefix"]).arg(&folder).arg(MEMFS);
    if run::succeeds(&mut npm) { Ok(folder) } else { Err(format!("npm could not fetch {MEMFS}")) }
}
