//! The same calls on every filesystem: what programs see of each one, at rest after the same command.
//!
//! Each side is a machine of its own that plays the lines without being stepped. Sides are compared by what FIEMAP
//! says of each byte, and by what the command answered; addresses are each allocator's own and are not compared.

use crate::base::fiemap::{Segment, flags};
use crate::base::{Gather, PAGE_SIZE, Range, SortedMap, SortedSet};
use crate::observe::{self, FileObservation, PageState};
use crate::personality;
use crate::query::fiemap::Byte;
use crate::scenario::machine::Machine;
use crate::scenario::observe::seen_from_outside;
use crate::scenario::script::{Command, Directives, Line};
use crate::scenario::setup::{PAGE_BLOCKS, Setup};
use crate::sim::cx::Recording;

/// Machines that stand behind the same line.
pub struct SideBySide {
    directives: Directives,
    lines: Vec<Line>,
    sides: Vec<Played>,
}

struct Played {
    name: &'static str,
    /// The machine, or why this filesystem cannot be set up so.
    machine: Result<Machine, String>,
    level: String,
    answer: String,
}

/// Whether a line does something to a file. What only steers or judges one run is left out: every side runs freely.
pub fn takes_part(line: &Line) -> bool {
    !line.command.steers() || matches!(line.command, Command::Repeat { .. })
}

/// What one filesystem shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Side {
    /// Its name.
    pub name: &'static str,
    /// The kernel or patch state.
    pub level: String,
    /// Why it cannot take part: an option that it does not have or that is not modelled.
    pub refused: Option<String>,
    /// What the last command printed and how it failed; empty for plain success.
    pub answer: String,
    /// Every file that has a name.
    pub files: SortedMap<String, SideFile>,
}

/// A file of one filesystem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SideFile {
    /// Bytes.
    pub size: u64,
    /// `st_blocks`, in 512-byte units.
    pub blocks: u64,
    /// What FIEMAP says without a flush, holes included, up to the end of the file or of its last record.
    pub runs: Vec<Run>,
    /// What SEEK_DATA and SEEK_HOLE say.
    pub seek: Vec<Segment>,
    /// Bytes whose pages are dirty or on their way to the device.
    pub dirty: Vec<Range<Byte>>,
}

/// Bytes of which FIEMAP says one thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// The bytes.
    pub bytes: Range<Byte>,
    /// `FIEMAP_EXTENT_*` without LAST; none for a hole.
    pub flags: Option<u32>,
}

impl Run {
    /// The letter of the recordings' `st`: `.` hole, `D` written, `S` shared, `d` delayed, `u` unwritten, `i` inline ...
    pub fn letter(&self) -> char {
        self.flags.map_or('.', observe::state)
    }
}

impl SideBySide {
    /// Every filesystem, freshly mounted. What a script's directives say of levels and patches is for its own
    /// filesystem; the others are as recorded.
    pub fn new(directives: &Directives) -> Self {
        let own = directives.personality.as_deref().unwrap_or(personality::DEFAULT);
        let sides = personality::NAMES.map(|name| {
            let mut directives = directives.clone();
            if name != own {
                directives.level = None;
                directives.patches.clear();
            }
            let setup = Setup::sized(name, &directives, PAGE_SIZE * PAGE_BLOCKS);
            let level = setup.as_ref().map_or_else(|_| String::new(), |setup| setup.level_name().to_owned());
            let machine = setup.map(|setup| Machine::new(&setup, Recording::Off)).map_err(|error| error.to_string());
            Played { name, machine, level, answer: String::new() }
        });
        Self { directives: directives.clone(), lines: Vec::new(), sides: sides.into() }
    }

    /// How things stand after these lines. Lines that were played already are not played again.
    pub fn after(&mut self, directives: &Directives, lines: &[Line]) -> Vec<Side> {
        if *directives != self.directives || !lines.starts_with(&self.lines) {
            *self = Self::new(directives);
        }
        for line in &lines[self.lines.len()..] {
            self.sides.iter_mut().for_each(|side| side.play(line));
            self.lines.push(line.clone());
        }
        self.sides.iter().map(Played::look).collect()
    }
}

impl Played {
    /// Plays a line until everything that it started has arrived.
    fn play(&mut self, line: &Line) {
        let Ok(machine) = &mut self.machine else { return };
        machine.play_line(line);
        machine.run();
        let Some(finished) = machine.take_finished().pop() else { return };
        let error = finished.result.err.map(|name| format!("{name} "));
        self.answer = format!("{}{}", error.unwrap_or_default(), finished.text);
    }

    fn look(&self) -> Side {
        let files = match &self.machine {
            Ok(machine) => {
                let names = machine.fs().volume().inodes.table(|table| table.names.clone());
                let look = |ino| SideFile::of(&seen_from_outside(machine.fs(), ino));
                names.into_iter().map(|(name, ino)| (name, look(ino))).gather()
            }
            Err(_) => SortedMap::new(),
        };
        Side {
            name: self.name,
            level: self.level.clone(),
            refused: self.machine.as_ref().err().cloned(),
            answer: self.answer.trim_end().to_owned(),
            files,
        }
    }
}

impl SideFile {
    fn of(seen: &FileObservation) -> Self {
        let mut runs: Vec<Run> = Vec::new();
        let mut add = |start: u64, end: u64, flags: Option<u32>| match runs.last_mut() {
            _ if start >= end => {}
            Some(last) if last.flags == flags && last.bytes.end == Byte(start) => last.bytes.end = Byte(end),
            _ => runs.push(Run { bytes: Range::new(Byte(start), Byte(end)), flags }),
        };
        let mut at = 0;
        for record in &seen.ext {
            // Copies on several devices have the same bytes, and count once.
            let (start, end) = (record.logical.max(at), record.logical + record.length);
            add(at, start, None);
            add(start, end, Some(record.flags & !flags::LAST));
            at = end.max(at);
        }
        add(at, seen.size, None);
        Self { size: seen.size, blocks: seen.blocks, runs, seek: seen.seek.clone(), dirty: dirty(seen) }
    }

    /// What is said of a byte; none behind everything that the file has.
    fn flags(&self, at: Byte) -> Option<Option<u32>> {
        self.runs.iter().find(|run| run.bytes.contains(at)).map(|run| run.flags)
    }
}

fn dirty(seen: &FileObservation) -> Vec<Range<Byte>> {
    let mut found: Vec<Range<Byte>> = Vec::new();
    let mut page = 0;
    for run in &seen.cache {
        let bytes = Range::new(Byte(page * PAGE_SIZE), Byte((page + run.pages) * PAGE_SIZE));
        page += run.pages;
        match (run.state, found.last_mut()) {
            (PageState::Absent | PageState::Clean, _) => {}
            (_, Some(last)) if last.end == bytes.start => last.end = bytes.end,
            _ => found.push(bytes),
        }
    }
    found
}

/// The bytes of a file of which FIEMAP does not say the same everywhere. A filesystem that cannot take part, or on
/// which the file has no name, has no say.
pub fn differences(sides: &[Side], file: &str) -> Vec<Range<Byte>> {
    let files: Vec<&SideFile> = sides.iter().filter_map(|side| side.files.get(file)).collect();
    let edges = files.iter().flat_map(|file| &file.runs).flat_map(|run| [run.bytes.start, run.bytes.end]);
    let edges: SortedSet<Byte> = edges.gather();
    let mut found: Vec<Range<Byte>> = Vec::new();
    for (start, end) in edges.iter().zip(edges.iter().skip(1)) {
        let same = files.windows(2).all(|two| two[0].flags(*start) == two[1].flags(*start));
        match found.last_mut() {
            _ if same => {}
            Some(last) if last.end == *start => last.end = *end,
            _ => found.push(Range::new(*start, *end)),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::parse::parse;

    fn states(side: &Side, file: &str) -> String {
        side.files[file].runs.iter().map(|run| format!("{}{}", run.bytes.len() / 4096, run.letter())).collect()
    }

    #[test]
    fn an_overwrite_is_dirty_everywhere_and_differs_nowhere() {
        let script = parse("open -f a\npwrite 0 16k\nfsync\npwrite 0 4k\n").unwrap();
        let sides = SideBySide::new(&script.directives).after(&script.directives, &script.lines);
        assert_eq!(sides.len(), personality::NAMES.len());
        for side in &sides {
            assert_eq!((side.refused.as_ref(), states(side, "a").as_str()), (None, "4D"), "{}", side.name);
            assert_eq!(side.files["a"].dirty, [Range::new(Byte(0), Byte(4096))], "{}", side.name);
        }
        assert_eq!(differences(&sides, "a"), []);
    }

    #[test]
    fn preallocation_differs_and_lines_are_not_played_twice() {
        let script = parse("open -f a\npwrite 0 8k\nfsync\nfalloc 0 16k\n").unwrap();
        let mut both = SideBySide::new(&script.directives);
        assert_eq!(differences(&both.after(&script.directives, &script.lines[..3]), "a"), []);
        let sides = both.after(&script.directives, &script.lines);
        let found: std::collections::BTreeSet<String> = sides.iter().map(|side| states(side, "a")).collect();
        assert!(found.contains("2D2u") && found.contains("2D2d"), "{found:?}");
        assert_eq!(differences(&sides, "a"), [Range::new(Byte(8192), Byte(16384))]);
        // Back to an earlier line: from the start.
        let again = both.after(&script.directives, &script.lines[..3]);
        assert_eq!(differences(&again, "a"), []);
    }

    #[test]
    fn an_option_of_one_filesystem_stops_that_one_alone() {
        let script = parse("#@ mkfs.ext4 -O bigalloc\nopen -f a\npwrite 0 4k\n").unwrap();
        let sides = SideBySide::new(&script.directives).after(&script.directives, &script.lines);
        let refused: Vec<&str> = sides.iter().filter(|side| side.refused.is_some()).map(|side| side.name).collect();
        assert_eq!(refused.len(), 1);
        assert!(sides.iter().filter(|side| side.refused.is_none()).all(|side| states(side, "a") == "1d"));
    }
}
