//! The documents say what the code says: tables that are made from it, and names that must exist in it.
//!
//! With `EXTENTSCOPE_BLESS=1` the tables are written anew instead of compared.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use extentscope_core::personality::NAMES;
use extentscope_core::scenario::help::COMMANDS;
use extentscope_core::session::Session;
use extentscope_core::store::{Kind, Rule};
use extentscope_core::trace::{Event, LockClass, Mode};
use extentscope_tests::here;

/// Documents whose paths must exist.
const DOCUMENTS: [&str; 6] = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", EVENTS, FIDELITY, FORMAT];
/// The list of events as a document.
const EVENTS: &str = "docs/EVENTS.md";
/// What is equal to the recorded kernels, and what is not.
pub(super) const FIDELITY: &str = "docs/FIDELITY.md";
/// What lies on a device.
const FORMAT: &str = "docs/FORMAT.md";

/// Where a path in a document may start: at the root, or at the engine.
const BASES: [&str; 2] = ["", "core/src"];
/// Files that a build makes; they are not in the repository.
const MADE: [&str; 6] = [
    "dist/",
    "target/screenshots/",
    "target/release/extentscope",
    "extent-map.json",
    "docs/screenshot.png",
    "target/kernel/",
];

#[test]
fn the_readme_lists_the_commands_of_the_language() {
    let row = |usage: &str, meaning: &str, mark: &str| format!("| `{}` | {meaning}{mark} |\n", cell(usage));
    let rows = COMMANDS
        .iter()
        .map(|command| row(command.usage, &cell(command.meaning), if command.extension { " (extension)" } else { "" }));
    let table: String = ["| command | what it does |\n|---|---|\n".to_owned()].into_iter().chain(rows).collect();
    compare("README.md", "commands", &table);
}

#[test]
fn the_architecture_lists_the_locks_in_their_order() {
    let mut classes = [
        (LockClass::Inode, "reads shared; writes and changes of size exclusive"),
        (LockClass::Invalidate, "page faults shared; hole making exclusive"),
        (LockClass::Folio, "the folio's blocks: fill, write, writeback"),
        (LockClass::Mapping, "a file's extent tree as one, where the personality locks it so"),
        (LockClass::Node, "a B-tree node: shared, intent or exclusive"),
        (LockClass::Commit, "one commit at a time"),
    ];
    classes.sort_by_key(|(class, _)| *class);
    let row = |(at, (class, meaning)): (usize, &(LockClass, &str))| {
        format!("| {} | `{class:?}` | `{}` | {meaning} |\n", at + 1, class.kernel())
    };
    let head = "| order | class | kernel | protects |\n|---|---|---|---|\n".to_owned();
    let table: String = [head].into_iter().chain(classes.iter().enumerate().map(row)).collect();
    compare("ARCHITECTURE.md", "locks", &table);
}

/// Operations: what they are called, the lines before, the line that is looked at, and the task whose locks count.
const OPERATIONS: [(&str, &[&str], &str, &str); 15] = [
    ("buffered write into a hole", &["open -f a"], "pwrite 0 8k", "script"),
    ("buffered read, nothing cached", &WRITTEN, "pread 0 8k", "script"),
    ("load through a mapping, nothing cached", &WRITTEN, "mread 0 8k", "script"),
    ("store through a mapping, nothing cached", &WRITTEN, "mwrite 0 8k", "script"),
    ("direct write into a hole", &["open -f a"], "pwrite -d 0 8k", "script"),
    ("direct read", &WRITTEN, "pread -d 0 8k", "script"),
    ("truncate into a block", &WRITTEN, "truncate 5000", "script"),
    ("falloc", &["open -f a"], "falloc 0 64k", "script"),
    ("fpunch with cut blocks at its edges", &WRITTEN, "fpunch 1k 10k", "script"),
    ("fzero with cut blocks at its edges", &WRITTEN, "fzero 1k 10k", "script"),
    ("writeback", &["open -f a", "pwrite 0 8k"], "writeback", "script"),
    ("fsync", &["open -f a", "pwrite 0 8k"], "fsync", "script"),
    ("completion of writeback", &["open -f a", "pwrite 0 8k"], "fsync", "ioend"),
    ("FIEMAP without a flush, over dirty data", &["open -f a", "pwrite 0 8k"], "fiemap -N", "script"),
    ("SEEK_DATA, over dirty data", &["open -f a", "pwrite 0 8k"], "seek -d 0", "script"),
];
/// A file of 16 KiB on the device, and nothing of it in the cache.
const WRITTEN: [&str; 5] = ["open -f a", "pwrite 0 16k", "fsync", "fadvise -d", "mmap 0 16k"];

#[test]
fn the_architecture_lists_the_locks_that_operations_take() {
    let mut table = format!("| operation | {} |\n|---|{}\n", NAMES.join(" | "), "---|".repeat(NAMES.len()));
    for (name, before, line, task) in OPERATIONS {
        let cells = NAMES.map(|personality| locks_taken(personality, before, line, task));
        table += &format!("| {name} | {} |\n", cells.join(" | "));
    }
    compare("ARCHITECTURE.md", "lock-table", &table);
}

/// The locks that a task takes while a line runs, outermost class first.
fn locks_taken(personality: &str, before: &[&str], line: &str, task: &str) -> String {
    let script = before.join("\n") + "\n";
    let mut session = Session::load(&script, Some(personality)).unwrap_or_else(|error| panic!("{error}"));
    let report = session.run_line(line).unwrap_or_else(|error| panic!("{line}: {error}"));
    let mut taken: BTreeSet<(LockClass, Mode)> = BTreeSet::new();
    for step in report.first_step..=report.last_step {
        session.events(step, |events| {
            taken.extend(events.iter().filter_map(|event| match event {
                Event::LockTaken { task: who, lock, mode } if session.names().task(*who) == task => {
                    Some((lock.class, *mode))
                }
                _ => None,
            }));
        });
    }
    let words = taken.iter().map(|(class, mode)| format!("{class:?} {}", format!("{mode:?}").to_lowercase()));
    let text = words.collect::<Vec<_>>().join(", ");
    if text.is_empty() { "none".to_owned() } else { text }
}

#[test]
fn the_rules_of_a_device_are_written_down() {
    let mut table = "| rule | what it says |\n|---|---|\n".to_owned();
    for rule in Rule::ALL {
        table.push_str(&format!("| `{}` | {} |\n", rule.name(), cell(rule.meaning())));
    }
    compare(FORMAT, "rules", &table);
    let items = read(FORMAT);
    let items = between(&items, "items").expect("the document has a table of items");
    for kind in Kind::ALL {
        let row = format!("| {} {} |", kind.number(), kind.name());
        assert!(items.contains(&row), "the table of items has `{row}`");
    }
}

#[test]
fn the_list_of_events_is_written_down() {
    let row = |event: &extentscope_core::trace::EventInfo| {
        let fields: Vec<String> = event.fields.iter().map(|(name, unit)| format!("`{name}` ({unit})")).collect();
        format!("| `{}` | {} | {} | `{}` |\n", event.name, cell(event.meaning), fields.join(", "), event.kernel)
    };
    let head = "| event | meaning | fields (unit) | nearest in the kernel |\n|---|---|---|---|\n".to_owned();
    let table: String = [head].into_iter().chain(Event::LIST.iter().map(row)).collect();
    compare(EVENTS, "events", &table);
}

#[test]
fn paths_in_documents_exist() {
    let mut lost = Vec::new();
    for document in DOCUMENTS {
        for path in code_spans(&read(document)).into_iter().filter(|span| is_path(span)) {
            let exists = BASES.iter().any(|base| root().join(base).join(&path).exists());
            if !exists && !MADE.contains(&path.as_str()) {
                lost.push(format!("{document}: `{path}`"));
            }
        }
    }
    assert!(lost.is_empty(), "paths that do not exist:\n  {}", lost.join("\n  "));
}

#[test]
fn the_hooks_in_the_readme_are_in_the_page() {
    let code = rust_below(&root().join("web/src"));
    let readme = read("README.md");
    let mut lost = Vec::new();
    for section in ["methods", "testids"] {
        let found = between(&readme, section).unwrap_or_else(|| panic!("README.md has no section {section}"));
        // Methods stand in the first column, ids in the second.
        let column = usize::from(section == "testids");
        let cells = found.lines().skip(2).filter_map(|row| row.split(" | ").nth(column).map(str::to_owned));
        let names: Vec<String> = cells.flat_map(|cell| code_spans(&cell)).collect();
        assert!(names.len() > 7, "README.md: {section}: {names:?}");
        for name in names {
            let word = name.split('(').next().unwrap_or_default();
            let is_file = word.contains('.');
            if !is_file && !code.contains(&format!("\"{word}\"")) {
                lost.push(format!("{section}: {word}"));
            }
        }
    }
    assert!(lost.is_empty(), "hooks of README.md that web/src does not have:\n  {}", lost.join("\n  "));
}

#[test]
fn code_spans_are_found_outside_of_blocks() {
    let text = "a `x/y.rs` b\n```\n`not/this.rs`\n```\n`two`, `core/`";
    assert_eq!(code_spans(text), ["x/y.rs", "two", "core/"]);
    assert!(is_path("x/y.rs") && is_path("core/") && is_path("README.md"));
    assert!(!is_path("two") && !is_path("cargo xtask/x") && !is_path("extentscope_core::x"));
}

fn root() -> PathBuf {
    here().parent().expect("the tests lie in a folder of the workspace").to_path_buf()
}

pub(super) fn read(document: &str) -> String {
    fs::read_to_string(root().join(document)).unwrap_or_else(|error| panic!("{document}: {error}"))
}

/// A cell of a table: a bar would end it.
pub(super) fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

/// The text between `<!-- name -->` and `<!-- /name -->`.
pub(super) fn between<'text>(text: &'text str, name: &str) -> Option<&'text str> {
    let (_, rest) = text.split_once(&format!("<!-- {name} -->\n"))?;
    rest.split_once(&format!("<!-- /{name} -->")).map(|(found, _)| found)
}

/// Compares the section of a document with what it should be, or writes it.
pub(super) fn compare(document: &str, section: &str, expected: &str) {
    let text = read(document);
    let found = between(&text, section).unwrap_or_else(|| panic!("{document} has no section {section}"));
    if found == expected {
        return;
    }
    if std::env::var_os("EXTENTSCOPE_BLESS").is_none_or(|value| value != "1") {
        panic!("{document}: {section} is not what the code says; EXTENTSCOPE_BLESS=1 writes it. Expected:\n{expected}");
    }
    let mark = |slash: &str| format!("<!-- {slash}{section} -->");
    let (old, new) = (format!("{}\n{found}{}", mark(""), mark("/")), format!("{}\n{expected}{}", mark(""), mark("/")));
    fs::write(root().join(document), text.replacen(&old, &new, 1))
        .unwrap_or_else(|error| panic!("{document}: {error}"));
}

/// What stands in single backticks, outside of fenced blocks.
fn code_spans(text: &str) -> Vec<String> {
    let mut fenced = false;
    let mut spans = Vec::new();
    for line in text.lines() {
        if line.starts_with("```") {
            fenced = !fenced;
        } else if !fenced {
            spans.extend(line.split('`').skip(1).step_by(2).map(str::to_owned));
        }
    }
    spans
}

/// A word with a slash in it, or with the ending of a file of this repository.
fn is_path(span: &str) -> bool {
    const ENDINGS: [&str; 8] = [".rs", ".md", ".toml", ".xio", ".json", ".html", ".js", ".css"];
    let legal = |c: char| c.is_ascii_alphanumeric() || "._-/".contains(c);
    let named = span.contains('/') || ENDINGS.iter().any(|ending| span.ends_with(ending));
    named && span.chars().all(legal) && span.starts_with(|c: char| c.is_alphanumeric())
}

/// All Rust text below a folder.
fn rust_below(folder: &Path) -> String {
    let mut text = String::new();
    let mut waiting = vec![folder.to_path_buf()];
    while let Some(folder) = waiting.pop() {
        for entry in fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
            let path = entry.expect("a folder can be read to its end").path();
            if path.is_dir() {
                waiting.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                text += &fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            }
        }
    }
    text
}
