//! `extentscope trace`: everything that happened.

use super::{Failure, Source, input};
use crate::session::Session;
use crate::view::{perfetto, trace_json};
use clap::{Args, ValueEnum};
use std::io::Write;

const EXAMPLES: &str = "\
Examples:
  extentscope trace script.xio | head
  extentscope trace --format perfetto script.xio > trace.json   # open it in ui.perfetto.dev";

/// Run a script and print its trace: every event of every step
///
/// Unless the script or --device-size says otherwise the device is the page's: 64 blocks.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Trace {
    #[command(flatten)]
    source: Source,
    /// How to print it
    #[arg(short, long, value_enum, default_value_t = Format::Jsonl)]
    format: Format,
}

/// A form of the trace.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
enum Format {
    /// JSON lines: a header, then one line for each step with its events
    Jsonl,
    /// Chrome's trace JSON, for Perfetto: one microsecond is a thousandth of a step
    Perfetto,
}

impl Trace {
    pub fn run(&self, out: &mut impl Write) -> Result<(), Failure> {
        let input = input::read(&self.source)?;
        let session = Session::play(&input.script, Some(&input.personality))
            .map_err(|error| Failure::Input(format!("extentscope: {error}")))?;
        session.with_record(|recorder| match self.format {
            Format::Jsonl => trace_json::write_all(&mut *out, &session.trace_header(), recorder),
            Format::Perfetto => perfetto::write_all(&mut *out, recorder, session.names()),
        })?;
        session.complaint().map_or(Ok(()), |text| Err(Failure::Finding(text)))
    }
}
