//! The folders of `core/src` are floors: imports point down, or stay on their floor.

use proc_macro2::{Delimiter, TokenStream};

use super::source::{self, Flat, Source};
use super::{assert_none, root};

/// Each folder or file directly in `core/src`, with its floor. `ARCHITECTURE.md` explains the order.
const FLOORS: [(&str, u32); 28] = [
    ("base", 0),
    ("sim", 1),
    ("trace", 1),
    ("dev", 2),
    ("personality", 3),
    ("space", 4),
    ("btree", 5),
    ("store", 5),
    ("txn", 5),
    ("extent", 6),
    ("inode", 6),
    ("cache", 7),
    ("delalloc", 8),
    ("map", 9),
    ("writeback", 10),
    ("io", 11),
    ("query", 12),
    ("fs", 13),
    ("vfs", 13),
    ("check", 14),
    ("observe", 14),
    ("text", 14),
    ("scenario", 15),
    ("session", 15),
    ("view", 16),
    // The roof: it shows what is below and may name everything.
    ("lib", 99),
    ("bin", 99),
    ("cli", 99),
];

/// Uses that point up, one floor. The picture is inert data: a session keeps pictures, and no file in `view` names a
/// session or a script, which is checked too.
const UPWARDS: [(&str, &str); 2] = [("scenario", "view"), ("session", "view")];

/// Places that may use less than their floor allows: a path in `core/src`, and all it may name outside its folder.
const NARROWER: [(&str, &[&str]); 3] = [
    // A personality answers from what it is told; it knows no state.
    ("personality/", &["base"]),
    // The picture and its fold are made from events alone, or the fold could copy from the engine what it must prove.
    ("view/world.rs", &["base", "trace"]),
    ("view/fold.rs", &["base", "trace"]),
];

#[test]
fn every_folder_has_a_floor() {
    let unknown: Vec<String> = core().iter().map(|file| place(file).0).filter(|name| floor(name).is_none()).collect();
    assert_none("core/src has only folders that the table of floors knows", &unknown);
}

#[test]
fn imports_point_down() {
    let mut offences = Vec::new();
    for file in core() {
        let (home, path) = place(&file);
        let narrow = NARROWER.iter().find(|(start, _)| path.starts_with(start)).map(|(_, allowed)| *allowed);
        for (line, target) in crate_paths(file.tokens()) {
            let allowed = match narrow {
                _ if target == home => true,
                Some(allowed) => allowed.contains(&target.as_str()),
                None => may_use(&home, &target),
            };
            if !allowed {
                offences.push(format!("{}:{line}: {home} may not use {target}", file.path));
            }
        }
    }
    assert_none("imports point down, see the table of floors", &offences);
}

#[test]
fn the_simulator_knows_no_filesystem_word() {
    let mut offences = Vec::new();
    for file in core().into_iter().filter(|file| place(file).0 == "sim") {
        for (number, line) in file.text.lines().enumerate() {
            let text = line.to_lowercase().replace("extentscope", "");
            let found = ["inode", "folio", "extent"].into_iter().filter(|word| text.contains(word));
            offences.extend(found.map(|word| format!("{}:{}: {word}", file.path, number + 1)));
        }
    }
    assert_none("core/src/sim could be a crate of its own: no inode, folio, extent in it", &offences);
}

#[test]
fn the_table_of_floors_says_who_may_use_whom() {
    assert!(may_use("cache", "space"));
    assert!(may_use("sim", "trace"));
    assert!(!may_use("space", "cache"));
    assert!(may_use("session", "view"));
    assert!(!may_use("view", "session"));
    assert!(!may_use("vfs", "view"));
}

#[test]
fn paths_are_found_in_every_spelling() {
    let text =
        "use crate::base::{a, b}; use crate::{sim, cache::X}; fn f() { crate::io::g(\"crate::vfs\") } /* crate::fs */
                pub(crate) use self::x; use crate::{view::{A, B}};";
    let names: Vec<String> = crate_paths(text.parse().unwrap()).into_iter().map(|(_, name)| name).collect();
    assert_eq!(names, ["base", "sim", "cache", "io", "view"]);
}

fn core() -> Vec<Source> {
    assert!(root().join("core/src").is_dir(), "the engine lies in core/src");
    source::below("core/src")
}

/// The folder (or file, for those directly in `core/src`) and the path from `core/src`.
fn place(file: &Source) -> (String, String) {
    let path = file.path.trim_start_matches("core/src/").to_owned();
    let home = path.split('/').next().unwrap_or_default().trim_end_matches(".rs").to_owned();
    (home, path)
}

fn floor(name: &str) -> Option<u32> {
    FLOORS.iter().find(|(known, _)| *known == name).map(|(_, floor)| *floor)
}

/// A name without a floor is an item of `lib.rs` or a macro, which everybody may use.
fn may_use(home: &str, target: &str) -> bool {
    match (floor(home), floor(target)) {
        (Some(_), Some(_)) if home == "view" && matches!(target, "scenario" | "session") => false,
        (Some(_), Some(_)) if UPWARDS.contains(&(home, target)) => true,
        (Some(home), Some(target)) => target <= home,
        (_, None) => true,
        (None, _) => false,
    }
}

/// What follows `crate::`, with its line: one name, or the first names of each path in a group.
fn crate_paths(tokens: TokenStream) -> Vec<(usize, String)> {
    let flat = source::flat(tokens);
    let mut found = Vec::new();
    for start in 0..flat.len() {
        if let [Flat::Word(word), Flat::Mark(':'), Flat::Mark(':'), rest @ ..] = &flat[start..]
            && word == "crate"
        {
            first_names(rest, &mut found);
        }
    }
    found
}

fn first_names(rest: &[Flat], found: &mut Vec<(usize, String)>) {
    let mut depth = 0;
    let mut expects_name = true;
    for token in rest {
        match token {
            Flat::Open(Delimiter::Brace) => depth += 1,
            Flat::Close => depth -= 1,
            Flat::Mark(',') if depth == 1 => expects_name = true,
            Flat::Word(word) if expects_name => {
                found.push((word.span().start().line, word.to_string()));
                expects_name = false;
            }
            Flat::Word(_) | Flat::Mark(_) | Flat::Open(_) => {}
        }
        if depth <= 0 {
            return;
        }
    }
}
