//! What the runner reports after a command.

use crate::base::SortedMap;
use crate::base::fiemap::{FiemapRecord, Segment};

/// One page of a file's cache, as cachestat(2) counts it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, PartialOrd, Ord)]
pub enum PageState {
    /// Not cached.
    Absent,
    /// Cached, equal to the device.
    Clean,
    /// Cached and newer than the device.
    Dirty,
    /// Being written.
    Writeback,
    /// Being written, and dirtied again.
    DirtyWriteback,
}

/// A run of neighbouring pages in one state.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CacheRun {
    /// Pages.
    pub pages: u64,
    /// Their state.
    pub state: PageState,
}

/// One open file after a command.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct FileObservation {
    /// Which opening of the file this is: equal numbers compare addresses and decide "unchanged". A close and open
    /// gets a new number; `remount`, `crash` and `mv` keep it.
    pub opening: u64,
    /// The file is listed even if nothing changed: it was opened again by `remount` or `crash`.
    pub reopened: bool,
    /// `i_size` in bytes.
    pub size: u64,
    /// `st_blocks`, in 512-byte units.
    pub blocks: u64,
    /// FIEMAP of the whole file without the SYNC flag.
    pub ext: Vec<FiemapRecord>,
    /// The errno's name when FIEMAP failed; `ext` is empty then.
    pub fiemap_error: Option<String>,
    /// SEEK_DATA and SEEK_HOLE over `[0, size)`.
    pub seek: Vec<Segment>,
    /// The page cache from page 0; what is not covered is absent.
    pub cache: Vec<CacheRun>,
    /// The content, see [`super::content_sha`].
    pub sha: String,
}

/// What a command answered besides its result.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Output {
    /// The records of `fiemap`.
    Extents(Vec<FiemapRecord>),
    /// The segments of `seek -a`.
    Segments(Vec<Segment>),
}

/// One command and everything that could be seen after it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct StepRecord {
    /// Number of the command, from 1.
    pub n: u64,
    /// Its text.
    pub cmd: String,
    /// Whether it is one of the two steps that end every document.
    pub end: bool,
    /// The current file after the command.
    pub file: Option<String>,
    /// Bytes done, offset or count; `None` for plain success. `seek -a` answers 0.
    pub ret: Option<i64>,
    /// The errno's name, `SHORT`, `DIFFERS` or `SIGBUS`.
    pub err: Option<String>,
    /// What `fiemap` and `seek -a` answered.
    pub out: Option<Output>,
    /// `pread` saw bytes that were not written.
    pub mismatch: bool,
    /// Files whose fstat failed, with the errno's name; they have no entry in `files`.
    pub stat_err: SortedMap<String, String>,
    /// Every open file.
    pub files: SortedMap<String, FileObservation>,
    /// Free blocks; the errno's name when statfs failed.
    pub bfree: Option<Result<u64, String>>,
    /// For an end step: the files whose content was wrong.
    pub verified: Option<Vec<String>>,
}
