//! The commands of this repository, in Rust, so that they need nothing but cargo. One file per command.
#![forbid(unsafe_code)]

use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod bench;
mod browser;
mod build;
mod bundle;
mod crash;
mod explore;
mod fsx;
mod fuzz;
mod kernel;
mod opfs;
mod page;
mod run;
mod serve;
mod size;
mod tally;
mod test;
mod toolchain;

/// What a command ends with: nothing, or the reason for the person at the terminal.
type Outcome<T = ()> = Result<T, String>;

/// Build, serve and test Extentscope.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Build the page and serve it at http://127.0.0.1:8080/
    Serve(serve::Options),
    /// Build the page into dist/, ready for any static host, and print its size
    Build,
    /// Cut the power at every moment of many workloads, and look at what is mounted then
    Crash(crash::Options),
    /// Run tasks against each other in many orders, and check every rule after each step
    Explore(explore::Options),
    /// Do random operations on every filesystem and on a flat file, and compare after each one
    Fsx(fsx::Options),
    /// Let a fuzzer loose on images and on scripts: each one has to answer
    Fuzz(fuzz::Options),
    /// Measure the engine next to peers: replay, seek, extent map, page cache; fails on nothing
    Bench(bench::Options),
    /// Run every check there is; the last line says how many passed
    Test(test::Options),
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Serve(options) => serve::run(&options),
        Command::Build => build::run(),
        Command::Crash(options) => crash::run(&options),
        Command::Explore(options) => explore::run(&options),
        Command::Fsx(options) => fsx::run(&options),
        Command::Fuzz(options) => fuzz::run(&options),
        Command::Bench(options) => bench::run(&options),
        Command::Test(options) => return test::run(&options),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("error: {reason}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    /// clap says what is wrong with the arguments only when they are read.
    #[test]
    fn the_arguments_are_consistent() {
        super::Arguments::command().debug_assert();
    }
}
