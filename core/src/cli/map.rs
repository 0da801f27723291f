//! `extentscope map`: where every file is after a script.

use super::{Failure, Source, input};
use crate::session::Session;
use clap::{Args, ValueEnum};
use std::io::Write;

const EXAMPLES: &str = "\
Examples:
  extentscope map script.xio > extent-map.json
  extentscope map --format filefrag --file a script.xio
  extentscope map --format qemu-map --step 12 script.xio";

/// Run a script and print the extent map of its files
///
/// The map is read from the picture after the last step, without a flush. Unless the script or --device-size says
/// otherwise the device is the page's: 64 blocks. With `--format json` it is what the page exports for the script.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Map {
    #[command(flatten)]
    source: Source,
    /// How to print it
    #[arg(short, long, value_enum, default_value_t = Format::Json)]
    format: Format,
    /// Only this file (not for json)
    #[arg(long, value_name = "NAME")]
    file: Option<String>,
    /// The map after this step, from 0 (the mount); by default after the last
    #[arg(long, value_name = "N")]
    step: Option<usize>,
}

/// A form of the map.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
enum Format {
    /// The extent map document, as static/schema/extent-map-1.json describes it
    Json,
    /// As `xfs_io -c "fiemap -v"` prints it
    Fiemap,
    /// As `filefrag -v` prints it
    Filefrag,
    /// As `qemu-img map --output=json` prints it; of one file
    QemuMap,
}

impl Map {
    pub fn run(&self, out: &mut impl Write) -> Result<(), Failure> {
        let input = input::read(&self.source)?;
        let bad = |text: String| Failure::Input(format!("extentscope: {text}"));
        let mut session =
            Session::play(&input.script, Some(&input.personality)).map_err(|error| bad(error.to_string()))?;
        if let Some(step) = self.step {
            let last = session.len();
            if session.seek(step) != step {
                return Err(bad(format!("--step: there are {last} steps")));
            }
        }
        match self.format {
            Format::Json => out.write_all(session.map().to_text().as_bytes())?,
            Format::Fiemap | Format::Filefrag | Format::QemuMap => {
                for name in self.files(&session).map_err(bad)? {
                    let text = self.listing(&session, &name).map_err(bad)?;
                    out.write_all(text.as_bytes())?;
                }
            }
        }
        session.complaint().map_or(Ok(()), |text| Err(Failure::Finding(text)))
    }

    fn files(&self, session: &Session) -> Result<Vec<String>, String> {
        let all: Vec<String> = session.world().names.keys().cloned().collect();
        match &self.file {
            Some(name) if all.contains(name) => Ok(vec![name.clone()]),
            Some(name) => Err(format!("--file: there is no file `{name}`; there are: {}", all.join(", "))),
            None if self.format == Format::QemuMap && all.len() > 1 => {
                Err(format!("--file: one of these must be named: {}", all.join(", ")))
            }
            None => Ok(all),
        }
    }

    fn listing(&self, session: &Session, name: &str) -> Result<String, String> {
        let listing = session.listing(name).map_err(|error| error.to_string())?;
        let records = || listing.records().map_err(|errno| format!("{name}: {}", errno.text()));
        Ok(match self.format {
            Format::Fiemap => listing.xfs_io_fiemap(&records()?),
            Format::Filefrag => listing.filefrag(&records()?),
            Format::Json | Format::QemuMap => listing.qemu_map(),
        })
    }
}
