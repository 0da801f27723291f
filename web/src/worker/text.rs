//! The picture in words: headings and tables that say everything the drawing says.

use super::inspector::lock_sentence;
use super::motion::LaneRuns;
use crate::scene::{Lane, Look, Scene, TextSection, TreeEntry};

/// Rows of one table; of a longer one the beginning.
const ROWS_MAX: usize = 400;

/// The whole picture as tables. `lanes` are the lanes of the whole file.
pub fn sections(scene: &Scene, lanes: &[LaneRuns]) -> Vec<TextSection> {
    let mut sections = vec![step(scene), files(scene)];
    sections.extend(lanes.iter().filter(|lane| lane.lane != Lane::Device).map(lane));
    sections.extend([legend(scene), device(scene), space(scene), tree(scene), tasks(scene), locks(scene)]);
    sections
}

fn section(title: String, columns: &[&str], mut rows: Vec<Vec<String>>, empty: &str) -> TextSection {
    let more = rows.len().saturating_sub(ROWS_MAX);
    rows.truncate(ROWS_MAX);
    if more > 0 {
        rows.push(vec![format!("and {more} more")]);
    }
    let columns = columns.iter().map(ToString::to_string).collect();
    TextSection { title, columns, rows, empty: empty.to_owned() }
}

fn step(scene: &Scene) -> TextSection {
    let mut rows = vec![
        vec![String::from("what happened"), scene.sentence.clone()],
        vec![String::from("virtual time"), format!("{} ns", scene.now)],
        vec![String::from("filesystem"), scene.settings.summary.clone()],
    ];
    if let Some((number, line)) = &scene.command {
        rows.insert(1, vec![String::from("command"), format!("{number}: {line}")]);
    }
    section(format!("Step {} of {}", scene.cursor, scene.length), &["", ""], rows, "")
}

fn files(scene: &Scene) -> TextSection {
    let chosen = scene.file.as_ref().map(|file| file.ino);
    let row = |file: &crate::scene::FileItem| {
        let mut words = Vec::new();
        words.extend(file.open.then_some("open"));
        words.extend(file.current.then_some("current"));
        words.extend((chosen == Some(file.ino)).then_some("shown"));
        vec![file.name.clone(), file.ino.to_string(), format!("{} bytes", file.size), words.join(", ")]
    };
    let rows = scene.files.iter().map(row).collect();
    section(String::from("Files"), &["name", "inode", "size", ""], rows, "There is no file.")
}

fn lane(lane: &LaneRuns) -> TextSection {
    let row = |run: &super::looks::Run| {
        let blocks = blocks(run.first, run.end);
        let place = run.address.map_or_else(String::new, |address| format!("device {address}"));
        vec![blocks, run.look.word().to_owned(), run.look.meaning().to_owned(), place]
    };
    let rows = lane.runs.iter().map(row).collect();
    let empty = match lane.lane {
        Lane::Cache => "Nothing of this file is cached.",
        Lane::Reservations => "Nothing is promised.",
        Lane::Extents | Lane::Device => "There is no extent.",
    };
    section(lane.lane.title().to_owned(), &["blocks", "state", "meaning", "address"], rows, empty)
}

fn blocks(first: u64, end: u64) -> String {
    if end - first == 1 { format!("{first}") } else { format!("{first} to {}", end - 1) }
}

fn legend(scene: &Scene) -> TextSection {
    let rows = scene.file.iter().flat_map(|file| &file.legend);
    let rows = rows.map(|row| vec![row.look.word().to_owned(), row.blocks.to_string(), row.bytes.to_string()]);
    section(String::from("Counts"), &["state", "blocks", "bytes"], rows.collect(), "No file is shown.")
}

fn device(scene: &Scene) -> TextSection {
    let mut rows: Vec<Vec<String>> = Vec::new();
    let mut open: Option<(u64, u64, Look, String)> = None;
    for (block, cell) in (scene.device.lens.first..).zip(&scene.device.cells) {
        let owner = cell.owner.map_or_else(String::new, |(ino, _)| format!("inode {ino}"));
        open = match open.take() {
            Some((first, _, look, who)) if look == cell.look && who == owner => Some((first, block + 1, look, who)),
            before => {
                rows.extend(before.map(device_row));
                Some((block, block + 1, cell.look, owner))
            }
        };
    }
    rows.extend(open.map(device_row));
    let title = format!("Device: {} of {} blocks free", scene.device.free, scene.device.blocks);
    section(title, &["blocks", "state", "owner"], rows, "The device has no blocks.")
}

fn device_row((first, end, look, owner): (u64, u64, Look, String)) -> Vec<String> {
    vec![blocks(first, end), look.word().to_owned(), owner]
}

fn space(scene: &Scene) -> TextSection {
    let mut rows: Vec<_> = scene.ledger.iter().map(|(name, blocks)| vec![name.clone(), blocks.to_string()]).collect();
    rows.push(vec![String::from("flushes so far"), scene.device.flushes.to_string()]);
    rows.push(vec![String::from("commits so far"), scene.device.commits.to_string()]);
    section(String::from("Space ledger"), &["counter", "blocks"], rows, "")
}

fn tree(scene: &Scene) -> TextSection {
    let mut rows = Vec::new();
    for (level, nodes) in scene.tree.iter().flat_map(|tree| tree.levels.iter().enumerate()) {
        for node in nodes {
            for entry in &node.entries {
                rows.push(vec![level.to_string(), node.node.to_string(), entry_words(entry)]);
            }
            if node.entries.is_empty() {
                rows.push(vec![level.to_string(), node.node.to_string(), String::from("empty")]);
            }
        }
    }
    let note = scene.tree.as_ref().map_or("There is no tree.", |tree| tree.note.as_str());
    let mut found = section(String::from("B-tree"), &["level", "node", "entry"], rows, note);
    if let Some(tree) = &scene.tree {
        found.title = format!("B-tree: {}", tree.note);
    }
    found
}

/// An entry of a node in words.
pub fn entry_words(entry: &TreeEntry) -> String {
    match entry {
        TreeEntry::Record { ino, first, blocks, look, address } => {
            let place = address.map_or_else(String::new, |address| format!(" at device {address}"));
            format!("inode {ino}, block {first}, {blocks} blocks, {}{place}", look.word())
        }
        TreeEntry::Child { ino, first, node } => format!("from inode {ino}, block {first} on: node {node}"),
    }
}

fn tasks(scene: &Scene) -> TextSection {
    let row = |task: &crate::scene::TaskItem| {
        let stack: Vec<_> = task.frames.iter().map(|frame| frame.label.clone()).collect();
        vec![
            task.letter.clone(),
            task.label.clone(),
            task.doing.key().to_owned(),
            task.words.clone(),
            stack.join(" > "),
        ]
    };
    let rows = scene.tasks.iter().map(row).collect();
    section(String::from("Tasks"), &["", "task", "state", "", "inside"], rows, "There is no task.")
}

fn locks(scene: &Scene) -> TextSection {
    let row = |lock: &crate::scene::LockItem| vec![lock_sentence(&lock.name, &lock.holders, &lock.waiters)];
    let rows = scene.locks.iter().map(row).collect();
    section(String::from("Locks"), &["lock"], rows, "Nobody holds a lock.")
}
