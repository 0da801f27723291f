//! Everything that the picture shows, as headings and tables: for screen readers, terminals and tests.

use super::lexicon::Lexicon;
use super::message::{bytes_text, counter_text, lock_text, mode_text, run_text, time_text};
use super::world::{FileView, SpaceState, TaskView, World};
use crate::base::cache_state::{Backing, BlockState};
use crate::base::{Entry, Extent, ExtentKind, FileBlock, Ino, Range, Staged, Stamped, Unit};
use crate::trace::{LockClass, LockId, Reason, TaskState};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A page of text.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct TextView {
    /// What it is about.
    pub title: String,
    /// Parts in order.
    pub sections: Vec<Section>,
}

/// A part with a heading.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Section {
    /// The heading.
    pub heading: String,
    /// Sentences before the tables.
    pub lines: Vec<String>,
    /// Tables.
    pub tables: Vec<Table>,
}

/// A table; every row has as many cells as there are columns.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Table {
    /// What it lists.
    pub caption: String,
    /// Names of the columns.
    pub columns: Vec<String>,
    /// Cells.
    pub rows: Vec<Vec<String>>,
}

/// What the world itself does not know.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// The filesystem that is played.
    pub personality: &'a str,
    /// Bytes in a filesystem block.
    pub block_size: u64,
    /// Blocks of the device.
    pub device_blocks: u64,
    /// The step, and how many there are.
    pub step: (usize, usize),
    /// What the step did.
    pub sentence: &'a str,
    /// Names.
    pub names: &'a Lexicon,
    /// The number of events up to here: files are called what they were called then.
    pub at: usize,
}

/// The whole picture at one step.
pub fn describe(world: &World, facts: &Facts<'_>) -> TextView {
    let (step, last) = facts.step;
    let mut sections = vec![run_section(world, facts)];
    for (ino, file) in &world.files {
        sections.push(file_section(world, facts, *ino, file));
    }
    sections.push(tree_section(world, facts));
    sections.push(device_section(world, facts));
    sections.push(task_section(world, facts));
    TextView { title: format!("{}, step {step} of {last}", facts.personality), sections }
}

fn run_section(world: &World, facts: &Facts<'_>) -> Section {
    let open: Vec<&str> = world.open.keys().map(String::as_str).collect();
    let current = if world.current.is_empty() { "none" } else { &world.current };
    let names = world.names.iter().map(|(name, ino)| vec![name.clone(), ino.to_string()]);
    Section {
        heading: "Run".to_owned(),
        lines: vec![
            facts.sentence.to_owned(),
            format!("Open files: {}. Current: {current}.", list(&open)),
            format!("Virtual time: {}. Flushes: {}. Commits: {}.", time_text(world.now), world.flushes, world.commits),
        ],
        tables: vec![table("Names", &["name", "inode"], names)],
    }
}

fn file_section(world: &World, facts: &Facts<'_>, ino: Ino, file: &FileView) -> Section {
    let names: Vec<&str> = world.names.iter().filter(|(_, of)| **of == ino).map(|(name, _)| name.as_str()).collect();
    let heading = if names.is_empty() {
        format!("File without a name, inode {ino}")
    } else {
        format!("File {}", names.join(", "))
    };
    let extents = world.extents(ino);
    let disk = if file.disk_size == file.size {
        String::new()
    } else {
        format!(" A commit would record {}.", bytes_text(file.disk_size))
    };
    Section {
        heading,
        lines: vec![format!("Size {}.{disk}", bytes_text(file.size))],
        tables: vec![
            table("Page cache", &["blocks", "state", "contents"], cache_rows(file)),
            table(
                "Folios",
                &["pages", "writeback"],
                file.folios.iter().map(|(index, folio)| {
                    let state = if folio.writeback { "under writeback" } else { "no" };
                    vec![run_text("page", index.0, u64::from(folio.pages)), state.to_owned()]
                }),
            ),
            table("Reservations", &["blocks", "what"], promised_rows(file)),
            table("Extents and holes", &["blocks", "state", "on the device"], map_rows(facts, file, &extents)),
        ],
    }
}

fn promised_rows(file: &FileView) -> impl Iterator<Item = Vec<String>> {
    let delayed = file.delayed.iter().map(|(range, ())| vec![blocks(range), "promised, no address yet".to_owned()]);
    let ordered = file.ordered.iter().map(|(range, flight)| {
        let from = flight.addr + (range.start - flight.start);
        let place = run_text("device block", from.0, range.len());
        let state = if flight.arrived { "written, no record yet" } else { "not written yet" };
        vec![blocks(range), format!("in flight to {place}, {state}")]
    });
    let staged = file.staging.iter().map(|(range, staged)| vec![blocks(range), staged_words(*staged).to_owned()]);
    delayed.chain(ordered).chain(staged)
}

fn staged_words(staged: Staged) -> &'static str {
    match staged {
        Staged::Delayed => "beside the map: promised, no address yet",
        Staged::Reserved(_) => "beside the map: has a place, nothing written",
        Staged::Sent(_) => "beside the map: on its way",
    }
}

/// Where state or contents change, a new row begins.
fn cache_rows(file: &FileView) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    for (range, state) in file.states.iter() {
        let mut at = range.start;
        while at < range.end {
            let data = file.data.at_or_after(at).filter(|(found, _)| found.start < range.end);
            let (end, contents) = match data {
                Some((found, data)) if found.start <= at => (found.end.min(range.end), contents(data)),
                Some((found, _)) => (found.start, "not read".to_owned()),
                None => (range.end, "not read".to_owned()),
            };
            rows.push(vec![blocks(Range::new(at, end)), state_words(*state), contents]);
            at = end;
        }
    }
    rows
}

fn map_rows(facts: &Facts<'_>, file: &FileView, extents: &[Extent]) -> Vec<Vec<String>> {
    let end = FileBlock(file.size.div_ceil(facts.block_size));
    let hole = |from: FileBlock, to: FileBlock| vec![blocks(Range::new(from, to)), "hole".to_owned(), String::new()];
    let mut rows = Vec::new();
    let mut at = FileBlock(0);
    for extent in extents {
        if at < extent.start {
            rows.push(hole(at, extent.start));
        }
        let shared = if extent.shared { ", shared" } else { "" };
        let past = if extent.start >= end { ", past the end of the file" } else { "" };
        let place = extent.dev_range().map_or_else(String::new, |range| run_text("block", range.start.0, range.len()));
        rows.push(vec![blocks(extent.range()), format!("{}{shared}{past}", kind_words(extent.kind)), place]);
        at = extent.end();
    }
    if at < end {
        rows.push(hole(at, end));
    }
    rows
}

fn tree_section(world: &World, facts: &Facts<'_>) -> Section {
    let roots = world.trees.iter().map(|(tree, node)| {
        let whose = if *tree == 0 { "all files".to_owned() } else { facts.names.file(Ino(*tree), facts.at) };
        vec![whose, node.to_string()]
    });
    let nodes = world.nodes.iter().map(|(id, node)| {
        let entries: Vec<String> = node.entries.iter().map(|entry| entry_words(facts, entry)).collect();
        vec![id.to_string(), node.level.to_string(), list(&entries)]
    });
    let inline = world.inline.iter().map(|(id, data)| vec![id.to_string(), contents(data)]);
    let mut tables =
        vec![table("Roots", &["tree of", "root node"], roots), table("Nodes", &["node", "level", "entries"], nodes)];
    if !world.inline.is_empty() {
        tables.push(table("Inline data", &["identity", "contents"], inline));
    }
    Section { heading: "B-tree".to_owned(), lines: Vec::new(), tables }
}

fn entry_words(facts: &Facts<'_>, entry: &Entry) -> String {
    match entry {
        Entry::Extent(extent) => {
            let name = facts.names.file(extent.ino, facts.at);
            format!("{name} {} {}", blocks(extent.range()), kind_words(extent.kind))
        }
        Entry::Child { key, node } => {
            format!("node {node} from {} block {}", facts.names.file(key.ino, facts.at), key.start)
        }
    }
}

fn device_section(world: &World, facts: &Facts<'_>) -> Section {
    let used = world.space.iter().map(|(range, state)| {
        let words = match state {
            SpaceState::Used => "in use",
            SpaceState::Pinned => "freed, waits for a commit",
        };
        vec![run_text("block", range.start.0, range.len()), words.to_owned()]
    });
    let places = world
        .node_places
        .iter()
        .map(|(range, place)| vec![run_text("block", range.start.0, range.len()), place.word().to_owned()]);
    let stored =
        world.device.iter().map(|(range, data)| vec![run_text("block", range.start.0, range.len()), contents(data)]);
    let requests = world.requests.iter().map(|(id, request)| {
        let what = if request.write { "write" } else { "read" };
        vec![id.to_string(), what.to_owned(), run_text("block", request.range.start.0, request.range.len())]
    });
    let ledger = world.ledger.iter().map(|(counter, value)| vec![counter_text(*counter).to_owned(), value.to_string()]);
    let taken: u64 = world.space.iter().map(|(range, _)| range.len()).sum();
    Section {
        heading: "Device".to_owned(),
        lines: vec![format!("{} blocks of {}, {taken} not free.", facts.device_blocks, bytes_text(facts.block_size))],
        tables: vec![
            table("Space", &["blocks", "state"], used),
            table("Nodes of the metadata", &["blocks", "state"], places),
            table("Ledger", &["counter", "blocks"], ledger),
            table("Contents written", &["blocks", "contents"], stored),
            table("Requests under way", &["request", "what", "blocks"], requests),
        ],
    }
}

fn task_section(world: &World, facts: &Facts<'_>) -> Section {
    let tasks = world.tasks.iter().map(|(id, task)| {
        let frames: Vec<&str> = task.frames.iter().map(|(frame, ..)| frame.label()).collect();
        let command = task.command.map_or_else(String::new, |number| match facts.names.command(number) {
            Some(text) => format!("{number}: {text}"),
            None => number.to_string(),
        });
        vec![id.to_string(), task.label.clone(), task_words(facts, task), command, frames.join(" > ")]
    });
    let locks = world.locks.iter().map(|(id, lock)| {
        let who = |list: &[(crate::base::TaskId, crate::trace::Mode)]| {
            let words: Vec<String> =
                list.iter().map(|(task, mode)| format!("{} ({})", facts.names.task(*task), mode_text(*mode))).collect();
            words.join(", ")
        };
        vec![lock_words(facts, *id), who(&lock.holders), who(&lock.waiters)]
    });
    Section {
        heading: "Tasks and locks".to_owned(),
        lines: Vec::new(),
        tables: vec![
            table("Tasks", &["task", "name", "state", "command", "in"], tasks),
            table("Locks held", &["lock", "held by", "wanted by"], locks),
        ],
    }
}

fn task_words(facts: &Facts<'_>, task: &TaskView) -> String {
    match task.state {
        TaskState::Runnable => "can run".to_owned(),
        TaskState::Done => "done".to_owned(),
        TaskState::Blocked(Reason::Lock(lock)) => format!("waits for {}", lock_words(facts, lock)),
        TaskState::Blocked(Reason::Io(request)) => format!("waits for request {request}"),
        TaskState::Blocked(Reason::Writeback(_)) => "waits for writeback".to_owned(),
        TaskState::Blocked(Reason::Timer(until)) => format!("sleeps until {}", time_text(until)),
        TaskState::Blocked(Reason::Work) => "waits for work".to_owned(),
        TaskState::Blocked(Reason::Command) => "waits for a command".to_owned(),
    }
}

fn lock_words(facts: &Facts<'_>, lock: LockId) -> String {
    let file = match lock.class {
        LockClass::Node | LockClass::Commit => String::new(),
        LockClass::Inode | LockClass::Invalidate | LockClass::Mapping | LockClass::Folio => {
            u32::try_from(lock.a).map_or_else(|_| lock.a.to_string(), |ino| facts.names.file(Ino(ino), facts.at))
        }
    };
    lock_text(lock, &file)
}

fn state_words(state: BlockState) -> String {
    let word = match (state.dirty, state.uptodate) {
        (true, _) => "dirty: newer than the device",
        (false, true) => "clean",
        (false, false) => "cached, not read",
    };
    let backing = match state.backing {
        Backing::Hole => "",
        Backing::Reserved => ", over a reservation",
        Backing::Dirty => ", no address yet",
        Backing::DirtyReserved => ", no address yet, reserved",
        Backing::Allocated => ", has an address",
    };
    format!("{word}{backing}")
}

/// The word for what an extent says about its blocks.
pub fn kind_words(kind: ExtentKind) -> &'static str {
    match kind {
        ExtentKind::Written => "written",
        ExtentKind::Unwritten => "unwritten",
        ExtentKind::Reserved => "reserved",
        ExtentKind::Inline => "inline",
    }
}

fn contents(stamped: &Stamped) -> String {
    let by = if stamped.prov.0 == 0 { "nobody".to_owned() } else { format!("command {}", stamped.prov.0) };
    format!("{:?} by {by}", stamped.data)
}

fn blocks<U: Unit>(range: Range<U>) -> String {
    run_text("block", range.start.raw(), range.len())
}

fn list<T: AsRef<str>>(items: &[T]) -> String {
    if items.is_empty() {
        return "none".to_owned();
    }
    items.iter().map(AsRef::as_ref).collect::<Vec<&str>>().join("; ")
}

fn table(caption: &str, columns: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> Table {
    let columns: Vec<String> = columns.iter().map(|&name| name.to_owned()).collect();
    let rows: Vec<Vec<String>> = rows.into_iter().collect();
    assert!(rows.iter().all(|row| row.len() == columns.len()), "every row has a cell for each column");
    Table { caption: caption.to_owned(), columns, rows }
}

/// For a terminal: columns padded, an empty table as one line.
impl fmt::Display for TextView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.title)?;
        for section in &self.sections {
            writeln!(f, "\n== {} ==", section.heading)?;
            for line in &section.lines {
                writeln!(f, "{line}")?;
            }
            for table in &section.tables {
                fmt::Display::fmt(table, f)?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.rows.is_empty() {
            return writeln!(f, "{}: none", self.caption);
        }
        writeln!(f, "{}:", self.caption)?;
        let width = |column: usize| {
            let cells = self.rows.iter().map(|row| &row[column]).chain([&self.columns[column]]);
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..self.columns.len()).map(width).collect();
        for row in [&self.columns].into_iter().chain(&self.rows) {
            let cells: Vec<String> = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
            writeln!(f, "  {}", cells.join("  ").trim_end())?;
        }
        Ok(())
    }
}

#[cfg(test)]
#[path = "text_view_tests.rs"]
mod tests;
