//! What the tests share: the public traces, their recordings, and the comparer.

pub mod compare;
pub mod contents;
pub mod crash;
pub mod document;
pub mod expected;
pub mod explore;
pub mod fidelity;
pub mod fuzzing;
pub mod goldens;
pub mod image;
#[cfg(target_os = "linux")]
pub mod kernel;
pub mod live;
#[cfg(feature = "browser")]
pub mod page;
pub mod shadow;
#[cfg(feature = "browser")]
pub mod webdriver;

use std::path::PathBuf;

/// The folder of this crate.
pub fn here() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every public trace, by name (without `.xio`), sorted.
pub fn traces() -> Vec<(String, String)> {
    scripts("traces")
}

/// Every shipped scenario, by name (without `.xio`), sorted.
pub fn scenarios() -> Vec<(String, String)> {
    scripts("../static/scenarios")
}

fn scripts(folder: &str) -> Vec<(String, String)> {
    let folder = here().join(folder);
    let entries = std::fs::read_dir(&folder).expect("the folder is in the repository");
    let mut scripts: Vec<(String, String)> = entries
        .map(|entry| entry.expect("the folder can be read").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "xio"))
        .map(|path| {
            let name = path.file_stem().expect("a file has a name").to_string_lossy().into_owned();
            (name, std::fs::read_to_string(&path).expect("a script is text"))
        })
        .collect();
    scripts.sort();
    scripts
}
