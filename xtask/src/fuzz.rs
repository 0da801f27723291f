//! `cargo xtask fuzz`: libFuzzer looks for bytes that break what must never break. What it found to be new is kept.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::{Outcome, run};

/// How long, and at what.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// `image`: changed images are mounted; `script`: bytes are read as a script
    #[arg(long, default_value = "image", value_parser = ["image", "script"])]
    target: String,
    /// Minutes
    #[arg(long, default_value_t = 10)]
    minutes: u64,
    /// Run this one input, and nothing else
    #[arg(long)]
    input: Option<PathBuf>,
}

/// Coverage counters and compared values for libFuzzer; all of them flags that the stable compiler has.
const INSTRUMENTED: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
     -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
     -Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=1 --cfg fuzzing";
/// One input may take so many seconds, and the process so many MiB.
const LIMITS: [&str; 3] = ["-timeout=10", "-rss_limit_mb=1024", "-malloc_limit_mb=512"];

/// Builds the fuzzer, lets it run on what was kept, and keeps the fewest inputs that reach as much as all of them.
pub fn run(options: &Options) -> Outcome {
    let program = compile(&options.target)?;
    if let Some(input) = &options.input {
        return run::status(run::program(&program).args(LIMITS).arg(input));
    }
    let folder = run::target_folder()?.join("fuzz").join(&options.target);
    let (all, fewest) = (folder.join("corpus"), folder.join("fewest"));
    let kept = run::root().join("tests/fixtures/fuzz").join(&options.target).with_extension("txt");
    unpack(&kept, &all)?;
    let mut fuzzer = run::program(&program);
    fuzzer.args(LIMITS).args(["-max_len=256", "-print_final_stats=1", "-verbosity=1"]);
    fuzzer.arg(format!("-max_total_time={}", options.minutes * 60));
    // A found input is written there; `--input` runs it again.
    fuzzer.arg(format!("-artifact_prefix={}/", folder.display())).arg(&all);
    run::status(&mut fuzzer)?;
    empty(&fewest)?;
    run::status(run::program(&program).args(["-merge=1", "-verbosity=0"]).args([&fewest, &all]))?;
    pack(&fewest, &kept)
}

fn compile(target: &str) -> Outcome<PathBuf> {
    let host = host()?;
    let name = format!("fuzz_{target}");
    let mut cargo = run::cargo();
    cargo.args(["build", "--release", "--target", &host, "-p", "extentscope-tests", "--features", "fuzz"]);
    cargo.args(["--bin", &name]).env("RUSTFLAGS", INSTRUMENTED);
    cargo.env("CARGO_PROFILE_RELEASE_LTO", "off").env("CARGO_PROFILE_RELEASE_DEBUG_ASSERTIONS", "true");
    run::status(&mut cargo)?;
    Ok(run::target_folder()?.join(host).join("release").join(name))
}

/// The machine that this compiler compiles for. Named as a target, so that programs which run at build time are not
/// instrumented.
fn host() -> Outcome<String> {
    let text = run::output(run::program("rustc").arg("-vV"))?;
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.ok_or("rustc does not say what it compiles for")?.to_owned())
}

fn empty(folder: &Path) -> Outcome {
    let told = |error: std::io::Error| format!("{}: {error}", folder.display());
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(told)?;
    }
    fs::create_dir_all(folder).map_err(told)
}

/// Each line of the kept file as a file.
fn unpack(kept: &Path, folder: &Path) -> Outcome {
    empty(folder)?;
    let text = fs::read_to_string(kept).unwrap_or_default();
    for (number, line) in text.lines().enumerate() {
        let bytes = STANDARD.decode(line).map_err(|error| format!("{}:{}: {error}", kept.display(), number + 1))?;
        fs::write(folder.join(number.to_string()), bytes).map_err(|error| format!("{}: {error}", folder.display()))?;
    }
    Ok(())
}

/// Each file as a line of the kept file.
fn pack(folder: &Path, kept: &Path) -> Outcome {
    let told = |error: std::io::Error| format!("{}: {error}", folder.display());
    let mut lines = BTreeSet::new();
    for entry in fs::read_dir(folder).map_err(told)? {
        lines.insert(STANDARD.encode(fs::read(entry.map_err(told)?.path()).map_err(told)?));
    }
    println!("{} inputs are kept in {}.", lines.len(), kept.display());
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    fs::write(kept, text).map_err(|error| format!("{}: {error}", kept.display()))
}
