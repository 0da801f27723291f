//! `cargo xtask bench opfs`: the engine on the browser's private storage, next to raw writes of the same bytes.

use crate::browser::Browser;
use crate::bundle::{self, Profile};
use crate::{Outcome, run, toolchain};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Both sides run in one worker and take turns; each row is the median of the rounds' ratios, peer's time by ours. The \
first table is the engine alone, the second one as the page runs it, with every event recorded. A goal that is missed \
is said and fails nothing; what cannot run fails with its reason. It measures wall time: an idle machine is needed.")]
pub struct Options {
    /// How often each row is measured
    #[arg(long, value_name = "N", default_value_t = 5)]
    rounds: u32,
    /// The filesystem
    #[arg(long, default_value = "ext4")]
    personality: String,
}

/// Builds what is served and the program that measures, and runs it.
pub fn run(options: &Options) -> Outcome {
    toolchain::need_wasm()?;
    let browser = Browser::find_or_install()?;
    eprintln!("Compiling the engine's side with the page's profile ...");
    bundle::compile(&["opfs_bench"], Profile::Release)?;
    let site = run::target_folder()?.join("bench").join("opfs");
    bundle::empty_folder(&site)?;
    bundle::copy_tree(&run::root().join("bench").join("opfs"), &site)?;
    bundle::bindgen("opfs_bench", Profile::Release, &site)?;
    let mut command = run::cargo();
    command.args(["run", "--quiet", "-p", "extentscope-tests", "--features", "browser", "--bin", "opfs", "--"]);
    command.args([&options.rounds.to_string(), &options.personality]).env("EXTENTSCOPE_DIST", &site);
    browser.announce(&mut command);
    run::status(&mut command)
}
