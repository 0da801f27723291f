//! The recordings' document as the comparer needs it.

use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// One FIEMAP record: logical, length, physical, flags, names; all numbers are bytes.
pub type Record = (u64, u64, u64, u64, String);

/// A whole document.
#[derive(Clone, Debug, Deserialize)]
pub struct Document {
    /// Always `fsoracle-1`.
    pub format: String,
    /// The filesystem that was recorded or modelled.
    pub fs: String,
    /// The trace's name.
    pub trace: String,
    /// The kernel's version, or what answered in its place.
    #[serde(default)]
    pub kernel: String,
    /// One step per command.
    pub steps: Vec<Step>,
}

/// What was seen after one command.
#[derive(Clone, Debug, Deserialize)]
pub struct Step {
    /// Its number, from 1.
    pub n: u64,
    /// Its text.
    pub cmd: String,
    /// Added at the end of every document.
    #[serde(default)]
    pub end: bool,
    /// The current file.
    pub file: Option<String>,
    /// Bytes done, offset or count.
    pub ret: Option<i64>,
    /// The error's name.
    pub err: Option<String>,
    /// What `fiemap` or `seek -a` answered.
    pub out: Option<Value>,
    /// A read saw wrong bytes.
    pub mismatch: Option<Value>,
    /// The files whose observation changed.
    #[serde(default)]
    pub files: BTreeMap<String, File>,
    /// The sharing classes, where they changed.
    pub share: Option<Value>,
    /// Fields that differed between recordings.
    #[serde(default)]
    pub unstable: Vec<String>,
    /// The check of the contents, in an end step.
    pub verified: Option<Value>,
}

/// One open file.
#[derive(Clone, Debug, Deserialize)]
pub struct File {
    /// Bytes.
    pub size: u64,
    /// 512-byte units.
    pub blocks: Option<u64>,
    /// FIEMAP without a flush.
    pub ext: Vec<Record>,
    /// SEEK_DATA and SEEK_HOLE.
    pub seek: Option<Value>,
    /// The view that placement does not change.
    pub norm: Norm,
}

/// The normalized view, run-length coded.
#[derive(Clone, Debug, Deserialize)]
pub struct Norm {
    /// States.
    pub st: String,
    /// Moves since the step before.
    pub mv: String,
    /// Page cache.
    #[serde(default)]
    pub cs: String,
    /// Seek.
    pub sk: String,
    /// Content.
    pub sha: String,
}

impl Document {
    /// Reads a document; the error says what it lacks.
    pub fn read(text: &str) -> Result<Self, String> {
        let document: Self = serde_json::from_str(text).map_err(|error| error.to_string())?;
        match document.format.as_str() {
            "fsoracle-1" => Ok(document),
            other => Err(format!("the format is {other}, not fsoracle-1")),
        }
    }
}
