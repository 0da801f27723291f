//! The command line: reads arguments, runs a script, prints, and says by its exit status how it went.
//!
//! Exit status 0: done. 1: a claim of the script is not true, or the run ended in a deadlock. 2: bad input, and
//! nothing was executed.

mod compare;
mod device;
mod input;
mod map;
mod observe;
mod run;
mod trace;

use clap::{Args, Parser, Subcommand};
use std::io::{self, Write};
use std::process::ExitCode;

const AFTER_HELP: &str = "\
Scripts are lists of xfs_io commands, one a line; `#` starts a comment and `#@ key value` a directive. A script given
as `-` is read from standard input. Exit status: 0 done; 1 an `expect` of the script is not true, the run ended in a
deadlock, or a device breaks a rule; 2 bad input (nothing was executed).

Examples:
  printf 'open -f a\\npwrite 0 64k\\nfiemap -v\\n' | extentscope run -
  extentscope map --format filefrag script.xio
  extentscope trace --format perfetto script.xio > trace.json";

/// A filesystem you can see: page cache, delayed allocation, extent trees, writeback and FIEMAP, in memory.
#[derive(Parser, Debug)]
#[command(name = "extentscope", version, after_help = AFTER_HELP, subcommand_required = true, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    Run(run::Run),
    Map(map::Map),
    Compare(compare::Compare),
    Trace(trace::Trace),
    Observe(observe::Observe),
    Mkfs(device::Mkfs),
    Fsck(device::Fsck),
    Dump(device::Dump),
}

/// What every command that plays a script takes.
#[derive(Args, Debug)]
struct Source {
    /// The filesystem to model, in place of the script's `#@ personality`.
    #[arg(short, long, value_name = "NAME", help = personality_help())]
    personality: Option<String>,
    /// Size of the device, such as 64m, in place of what the script says
    #[arg(long, value_name = "BYTES", value_parser = input::size)]
    device_size: Option<u64>,
    /// The script, or - for standard input
    #[arg(value_name = "SCRIPT")]
    script: String,
}

fn personality_help() -> String {
    format!(
        "The filesystem to model, in place of the script's `#@ personality`: {} [default: {}]",
        crate::personality::NAMES.join(", "),
        crate::personality::DEFAULT
    )
}

/// How a command ended.
#[derive(Debug)]
enum Failure {
    /// Bad input; nothing was executed. The text is for standard error.
    Input(String),
    /// What the script claims is not true, or the run is stuck. Standard output has everything there is to say.
    Finding(String),
    /// Standard output is gone.
    Output(io::Error),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let mut out = io::BufWriter::new(io::stdout().lock());
    let result = cli.command.run(&mut out).and_then(|()| Ok(out.flush()?));
    match result {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever reads has enough: `extentscope trace ... | head`.
        Err(Failure::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(Failure::Output(error)) => complain(&format!("extentscope: standard output: {error}"), 2),
        Err(Failure::Input(text)) => complain(&text, 2),
        Err(Failure::Finding(text)) => {
            let flushed = out.flush();
            complain(&text, if flushed.is_ok() { 1 } else { 2 })
        }
    }
}

fn complain(text: &str, status: u8) -> ExitCode {
    // There is nobody left to tell when standard error is gone, too.
    drop(writeln!(io::stderr(), "{}", text.trim_end()));
    ExitCode::from(status)
}

impl Command {
    fn run(&self, out: &mut impl Write) -> Result<(), Failure> {
        match self {
            Self::Run(run) => run.run(out),
            Self::Map(map) => map.run(out),
            Self::Compare(compare) => compare.run(out),
            Self::Trace(trace) => trace.run(out),
            Self::Observe(observe) => observe.run(out),
            Self::Mkfs(mkfs) => mkfs.run(out),
            Self::Fsck(fsck) => fsck.run(out),
            Self::Dump(dump) => dump.run(out),
        }
    }
}

#[cfg(test)]
mod device_tests;
#[cfg(test)]
mod tests;
