//! `extentscope compare`: the same calls on every filesystem, differences marked.

use super::{Failure, Source, input};
use crate::query::fiemap::Byte;
use crate::session::side_by_side::{Run, Side, SideBySide, differences, takes_part};
use clap::Args;
use std::collections::BTreeSet;
use std::io::{self, Write};

const EXAMPLES: &str = "\
Examples:
  extentscope compare script.xio
  extentscope compare --after 3 script.xio";

/// Columns that a map has at most; a longer file has more bytes in a column.
const COLUMNS_MAX: u64 = 96;

/// Run a script on every filesystem and print their maps, differences marked
///
/// A map has a letter a block: `.` hole, `D` written, `S` shared, `d` delayed, `u` unwritten, `v` both, `i` inline,
/// `e` encoded. Below the maps `^` stands where they differ. Unless the script or --device-size says otherwise the
/// device is the page's: 64 blocks.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Compare {
    #[command(flatten)]
    source: Source,
    /// Stop after so many lines of the script
    #[arg(long, value_name = "N")]
    after: Option<usize>,
}

impl Compare {
    pub fn run(&self, out: &mut impl Write) -> Result<(), Failure> {
        let input = input::read(&self.source)?;
        let mut directives = input.script.directives.clone();
        directives.personality = Some(input.personality);
        let lines: Vec<_> = input.script.lines.into_iter().filter(takes_part).collect();
        let count = self.after.unwrap_or(lines.len());
        if count > lines.len() {
            return Err(Failure::Input(format!("extentscope: --after: there are {} lines", lines.len())));
        }
        let sides = SideBySide::new(&directives).after(&directives, &lines[..count]);
        if let Some(line) = lines[..count].last() {
            writeln!(out, "after {count}: {}", line.text)?;
            for side in sides.iter().filter(|side| !side.answer.is_empty()) {
                writeln!(out, "  {:9} {}", side.name, side.answer.lines().next().unwrap_or_default())?;
            }
        }
        let names: BTreeSet<&String> = sides.iter().flat_map(|side| side.files.keys()).collect();
        for name in names {
            print_file(out, name, &sides)?;
        }
        for side in &sides {
            if let Some(reason) = &side.refused {
                writeln!(out, "{:9} takes no part: {reason}", side.name)?;
            }
        }
        Ok(())
    }
}

fn print_file(out: &mut impl Write, name: &str, sides: &[Side]) -> io::Result<()> {
    let files = || sides.iter().filter_map(|side| Some((side.name, side.files.get(name)?)));
    let end = files().filter_map(|(_, file)| file.runs.last()).map(|run| run.bytes.end.0).max().unwrap_or(0);
    let mut column = 4096;
    while end.div_ceil(column) > COLUMNS_MAX {
        column *= 2;
    }
    writeln!(out, "{name}, {column} bytes a letter")?;
    for (side, file) in files() {
        let map: String = (0..end.div_ceil(column)).map(|at| letter(&file.runs, at * column, column)).collect();
        writeln!(out, "  {side:9} {map}  size {}, st_blocks {}", file.size, file.blocks)?;
    }
    let found = differences(sides, name);
    let marked = |at: u64| found.iter().any(|bytes| bytes.start.0 < (at + 1) * column && at * column < bytes.end.0);
    let marks: String = (0..end.div_ceil(column)).map(|at| if marked(at) { '^' } else { ' ' }).collect();
    if !found.is_empty() {
        writeln!(out, "  {:9} {}", "differ", marks.trim_end())?;
    }
    Ok(())
}

/// The letter of a column: of the first run in it that is no hole.
fn letter(runs: &[Run], start: u64, len: u64) -> char {
    let inside = |run: &&Run| run.bytes.start < Byte(start + len) && Byte(start) < run.bytes.end;
    let mut found = runs.iter().filter(inside).map(Run::letter).peekable();
    let first = found.peek().copied();
    found.find(|state| *state != '.').or(first).unwrap_or(' ')
}
