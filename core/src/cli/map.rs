//! `extentscope map`: where every file is after a script.

use super::input::{self, Input};
use super::{Failure, Source};
use crate::base::PAGE_SIZE;
use crate::scenario::setup::{PAGE_BLOCKS, Setup};
use crate::session::{Console, Session};
use crate::sim::cx::Recording;
use crate::view::lexicon::Lexicon;
use crate::view::listing::Listing;
use crate::view::{World, map};
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
        let after = self.play(&input)?;
        let profile = after.setup.profile();
        match self.format {
            Format::Json => out.write_all(map::document(&after.world, profile, &after.names).to_text().as_bytes())?,
            Format::Fiemap | Format::Filefrag | Format::QemuMap => {
                for name in self.files(&after.world).map_err(bad)? {
                    let listing = Listing::new(&after.world, &name, profile).expect("the name is one of the world's");
                    out.write_all(self.listing(&listing).map_err(bad)?.as_bytes())?;
                }
            }
        }
        after.complaint.map_or(Ok(()), |text| Err(Failure::Finding(text)))
    }

    /// After the last step the structures are read, and nothing needs to be recorded; a step of the past is folded.
    fn play(&self, input: &Input) -> Result<After, Failure> {
        let directives = &input.script.directives;
        let setup = Setup::sized(&input.personality, directives, PAGE_SIZE * PAGE_BLOCKS);
        let setup = setup.map_err(|error| bad(error.to_string()))?;
        let Some(step) = self.step else {
            let mut console = Console::new(&setup, Recording::Off);
            console.play(&input.script.lines);
            let (names, complaint) = (console.names().clone(), console.complaint());
            return Ok(After { world: console.machine().walk(), names, complaint, setup });
        };
        let mut session =
            Session::play(&input.script, Some(&input.personality)).map_err(|error| bad(error.to_string()))?;
        let last = session.len();
        if session.seek(step) != step {
            return Err(bad(format!("--step: there are {last} steps")));
        }
        let (names, complaint) = (session.names().clone(), session.complaint());
        Ok(After { world: session.world().clone(), names, complaint, setup })
    }

    fn files(&self, world: &World) -> Result<Vec<String>, String> {
        let all: Vec<String> = world.names.keys().cloned().collect();
        match &self.file {
            Some(name) if all.contains(name) => Ok(vec![name.clone()]),
            Some(name) => Err(format!("--file: there is no file `{name}`; there are: {}", all.join(", "))),
            None if self.format == Format::QemuMap && all.len() > 1 => {
                Err(format!("--file: one of these must be named: {}", all.join(", ")))
            }
            None => Ok(all),
        }
    }

    fn listing(&self, listing: &Listing<'_>) -> Result<String, String> {
        let records = || listing.records().map_err(|errno| format!("fiemap: {}", errno.text()));
        Ok(match self.format {
            Format::Fiemap => listing.xfs_io_fiemap(&records()?),
            Format::Filefrag => listing.filefrag(&records()?),
            Format::Json | Format::QemuMap => listing.qemu_map(),
        })
    }
}

/// How things stand after a script.
struct After {
    world: World,
    names: Lexicon,
    complaint: Option<String>,
    setup: Setup,
}

fn bad(text: String) -> Failure {
    Failure::Input(format!("extentscope: {text}"))
}
