//! Words that may not appear in code, or only in some places.

use std::fs;

use super::source::{self, Flat};
use super::{assert_none, root};

const FILESYSTEMS: [&str; 4] = ["bcachefs", "btrfs", "ext4", "xfs"];

/// Lines of "path from the root: reason"; empty lines and `#` comments are skipped.
const ALLOW_LIST: &str = "tests/suite/tidy/filesystem-names.txt";

#[test]
fn only_personalities_name_a_filesystem() {
    let allowed = allowed_paths();
    let mut offences = Vec::new();
    for file in source::below("core/src") {
        if file.path.starts_with("core/src/personality/") || allowed.contains(&file.path) {
            continue;
        }
        for word in file.words() {
            if names_a_filesystem(&word.to_string()) {
                offences.push(format!("{}:{}: {word}", file.path, word.span().start().line));
            }
        }
    }
    assert_none(
        &format!("code outside core/src/personality names no filesystem (exceptions with a reason: {ALLOW_LIST})"),
        &offences,
    );
}

#[test]
fn the_allow_list_has_reasons_and_no_lost_files() {
    let lost = allowed_paths().into_iter().filter(|path| !root().join(path).is_file());
    assert_none(&format!("{ALLOW_LIST} names files that exist"), &lost.collect::<Vec<_>>());
}

#[test]
fn nothing_is_left_for_later() {
    let mut offences = Vec::new();
    for file in source::all() {
        let flat = source::flat(file.tokens());
        for window in flat.windows(2) {
            if let [Flat::Word(word), Flat::Mark('!')] = window
                && (word == "todo" || word == "unimplemented")
            {
                offences.push(format!("{}:{}: {word}!", file.path, word.span().start().line));
            }
        }
    }
    assert_none("no todo! and no unimplemented!", &offences);
}

#[test]
fn no_test_is_ignored() {
    let mut offences = Vec::new();
    for file in source::all() {
        let flat = source::flat(file.tokens());
        for window in flat.windows(3) {
            if let [Flat::Mark('#'), Flat::Open(_), Flat::Word(word)] = window
                && word == "ignore"
            {
                offences.push(format!("{}:{}", file.path, word.span().start().line));
            }
        }
    }
    assert_none("no #[ignore]: assert what is, and say what is wrong about it", &offences);
}

#[test]
fn the_name_of_the_script_language_is_not_a_filesystem() {
    assert!(names_a_filesystem("Ext4Plan"));
    assert!(names_a_filesystem("is_xfs"));
    assert!(!names_a_filesystem("parse_xfs_io"));
    assert!(!names_a_filesystem("extents"));
}

fn names_a_filesystem(word: &str) -> bool {
    let word = word.to_lowercase().replace("xfs_io", "").replace("xfsio", "");
    FILESYSTEMS.iter().any(|name| word.contains(name))
}

fn allowed_paths() -> Vec<String> {
    let text = fs::read_to_string(root().join(ALLOW_LIST)).unwrap_or_else(|error| panic!("{ALLOW_LIST}: {error}"));
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let path = |line: &str| match line.split_once(": ") {
        Some((path, reason)) if !reason.trim().is_empty() => path.to_owned(),
        _ => panic!("{ALLOW_LIST}: {line:?} has no reason"),
    };
    lines.map(path).collect()
}
