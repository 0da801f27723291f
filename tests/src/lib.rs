//! What the tests share: the public traces, their recordings, and the comparer.

pub mod compare;
pub mod document;
pub mod goldens;
#[cfg(feature = "browser")]
pub mod page;
#[cfg(feature = "browser")]
pub mod webdriver;

use std::path::PathBuf;

/// The folder of this crate.
pub fn here() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every public trace, by name (without `.xio`), sorted.
pub fn traces() -> Vec<(String, String)> {
    let folder = here().join("traces");
    let entries = std::fs::read_dir(&folder).expect("the traces are in the repository");
    let mut traces: Vec<(String, String)> = entries
        .map(|entry| entry.expect("the folder can be read").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "xio"))
        .map(|path| {
            let name = path.file_stem().expect("a file has a name").to_string_lossy().into_owned();
            (name, std::fs::read_to_string(&path).expect("a trace is text"))
        })
        .collect();
    traces.sort();
    traces
}
