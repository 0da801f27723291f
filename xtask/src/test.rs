//! `cargo xtask test`: every check there is.

use std::process::{Command, ExitCode};

use crate::browser::Browser;
use crate::bundle::{self, Profile};
use crate::tally::Tally;
use crate::toolchain::{self, WASM};
use crate::{Outcome, kernel, run, size};

#[derive(Debug, clap::Args)]
pub struct Options {
    /// Leave out the tests that need Chromium
    #[arg(long, conflicts_with = "kernel")]
    no_browser: bool,
    #[command(flatten)]
    kernel: kernel::Options,
}

/// Runs all checks, however many fail, and ends with the line "N passed, M failed".
pub fn run(options: &Options) -> ExitCode {
    if options.kernel.is_wanted() {
        return kernel::run(&options.kernel);
    }
    let mut tally = Tally::default();
    // First and alone: rustup must not change a toolchain that is building.
    if tally.check("toolchain", prepare_toolchain) {
        check_sources(&mut tally);
    }
    let built = tally.check("page", || bundle::build(Profile::Release).map(drop));
    if built {
        tally.check("size of the page", || size::report(&run::dist()));
    }
    let browser = find_browser(options, &mut tally).filter(|_| built);
    tally.cargo_test(&mut tests(browser.as_ref()));
    tally.finish()
}

fn prepare_toolchain() -> Outcome {
    toolchain::need_wasm()?;
    toolchain::need_components()
}

fn check_sources(tally: &mut Tally) {
    tally.check("format", || run::status(run::cargo().args(["fmt", "--all", "--check"])));
    tally.check("clippy", || clippy(&["--workspace", "--all-targets", "--features", "extentscope-tests/browser"]));
    tally.check("clippy, engine as wasm", || {
        clippy(&["-p", "extentscope-core", "--lib", "--no-default-features", "--target", WASM])
    });
    tally.check("clippy, page as wasm", || clippy(&["-p", "extentscope-web", "--target", WASM]));
    tally.check("documentation", || {
        run::status(run::cargo().args(["doc", "--workspace", "--no-deps"]).env("RUSTDOCFLAGS", "-D warnings"))
    });
}

fn clippy(words: &[&str]) -> Outcome {
    run::status(run::cargo().arg("clippy").args(words).args(["--", "-D", "warnings"]))
}

/// The absence of a browser is a failure unless it was asked for.
fn find_browser(options: &Options, tally: &mut Tally) -> Option<Browser> {
    if options.no_browser {
        tally.skip("browser tests");
        return None;
    }
    let mut found = None;
    tally.check("browser", || {
        found = Some(Browser::find_or_install()?);
        Ok(())
    });
    found
}

/// All tests of the workspace in one run, so that nothing is compiled twice with different features.
fn tests(browser: Option<&Browser>) -> Command {
    let mut cargo = run::cargo();
    cargo.args(["test", "--workspace", "--no-fail-fast"]);
    if let Some(browser) = browser {
        cargo.args(["--features", "extentscope-tests/browser"]).env("EXTENTSCOPE_DIST", run::dist());
        browser.announce(&mut cargo);
    }
    cargo
}
