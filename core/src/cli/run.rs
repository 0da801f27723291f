//! `extentscope run`: prints what the tools print.

use super::{Failure, Source, device, input};
use crate::scenario::devices::Devices;
use crate::scenario::setup::{RECORDED_SIZE, Setup};
use crate::session::{CommandEntry, Console};
use crate::sim::cx::Recording;
use crate::view::json;
use clap::Args;
use std::io::Write;

const EXAMPLES: &str = "\
Examples:
  extentscope run script.xio
  printf 'open -f a\\npwrite 0 64k\\nfiemap -v\\n' | extentscope run --device-size 64m -
  extentscope run --device disk.img script.xio";

/// Run a script and print what xfs_io prints
///
/// The device has 512 MiB unless the script or --device-size says otherwise. An error of a command is part of the
/// output, as in xfs_io; an `expect` that is not true ends the program with status 1.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Run {
    #[command(flatten)]
    source: Source,
    /// Run on this device, a file: what is on it is mounted; one that is missing or empty is formatted
    #[arg(long, value_name = "FILE")]
    device: Option<std::path::PathBuf>,
    /// Print one JSON object for each line of the script
    #[arg(long)]
    json: bool,
}

impl Run {
    pub fn run(&self, out: &mut impl Write) -> Result<(), Failure> {
        let input = input::read(&self.source)?;
        let (setup, devices) = match &self.device {
            Some(path) => device::open_on(path, self.source.personality.as_deref(), &input.script.directives)?,
            None => {
                let setup = Setup::sized(&input.personality, &input.script.directives, RECORDED_SIZE);
                let setup = setup.map_err(|error| Failure::Input(format!("extentscope: {error}")))?;
                let devices = Devices::in_memory(&setup);
                (setup, devices)
            }
        };
        let mut console = Console::on(&setup, &devices, Recording::Off);
        console.play(&input.script.lines);
        for entry in console.entries() {
            self.print(out, entry)?;
        }
        console.complaint().map_or(Ok(()), |text| Err(Failure::Finding(text)))
    }

    fn print(&self, out: &mut impl Write, entry: &CommandEntry) -> Result<(), Failure> {
        if self.json {
            json::write(&mut *out, &entry.plain())?;
            out.write_all(b"\n")?;
        } else {
            out.write_all(entry.output.as_bytes())?;
        }
        Ok(())
    }
}
