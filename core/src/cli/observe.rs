//! `extentscope observe`: the recordings' document of a trace.

use super::{Failure, Source, input};
use crate::scenario::observe::observe;
use clap::Args;
use std::io::Write;

const EXAMPLES: &str = "\
Example:
  extentscope observe --personality NAME 001-delalloc-appears.xio > observed.json";

/// Run a trace and print what a program can see after each command, as the recordings do
///
/// The document is fsoracle-1: results, sizes, FIEMAP, SEEK, page cache, contents. The device has 512 MiB unless the
/// trace says otherwise. Options of mkfs and mount that are not modelled end the program with status 2 and are named.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Observe {
    #[command(flatten)]
    source: Source,
}

impl Observe {
    pub fn run(&self, out: &mut impl Write) -> Result<(), Failure> {
        let input = input::read(&self.source)?;
        let document = observe(&input.personality, &input.script, &input.name)
            .map_err(|error| Failure::Input(format!("extentscope: {error}")))?;
        out.write_all(document.as_bytes())?;
        Ok(())
    }
}
