//! Prints how many traces and steps the model equals: `golden_report [--all] [--dump DIR] [FILESYSTEM...] [TRACE...]`.
//!
//! Without names: the filesystems of the first slice, traces of its commands only; `--all` takes every recorded trace.
//! `--dump` writes the model's documents, for the recordings' own tools.

use extentscope_tests::goldens::{FILESYSTEMS, FIRST_SLICE, MODELLED, golden_report, model};
use std::path::PathBuf;

fn main() {
    let mut all = false;
    let mut dump: Option<PathBuf> = None;
    let mut names: Vec<String> = Vec::new();
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        match word.as_str() {
            "--all" => all = true,
            "--dump" => dump = words.next().map(PathBuf::from),
            _ => names.push(word),
        }
    }
    let (filesystems, traces): (Vec<String>, Vec<String>) =
        names.into_iter().partition(|name| FILESYSTEMS.contains(&name.as_str()));
    let filesystems = if filesystems.is_empty() { MODELLED.map(String::from).to_vec() } else { filesystems };
    let commands = if all { None } else { Some(FIRST_SLICE) };
    for fs in filesystems {
        let observe = |fs: &str, script: &str, trace: &str| {
            let document = model(fs, script, trace)?;
            if let Some(folder) = &dump {
                let folder = folder.join(fs);
                let write = std::fs::create_dir_all(&folder)
                    .and_then(|()| std::fs::write(folder.join(format!("{trace}.json")), &document));
                write.map_err(|error| error.to_string())?;
            }
            Ok(document)
        };
        let mut report = golden_report(
            &fs,
            commands,
            |trace| traces.is_empty() || traces.iter().any(|t| trace.contains(t.as_str())),
            observe,
        );
        report.rows.sort_by(|a, b| a.trace.cmp(&b.trace));
        print!("{report}");
    }
}
