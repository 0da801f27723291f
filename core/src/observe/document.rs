//! The document itself: which files a step lists, and the JSON, one step per line.

use super::input::{FileObservation, Output, StepRecord};
use super::placement::Placement;
use super::share::{ShareClass, classes};
use super::{BLOCK, normal};
use crate::base::SortedMap;
use crate::base::fiemap::{FiemapRecord, Segment, SegmentKind, flags};
use serde::Serialize;

/// What stands before the steps.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Head {
    /// The personality.
    pub fs: String,
    /// The trace's name.
    pub trace: String,
    /// What answered, in place of the kernel's version.
    pub kernel: String,
    /// Bytes of the image.
    pub size: u64,
    /// mkfs options as the trace gave them.
    pub mkfs: String,
    /// Mount options as the trace gave them.
    pub mount: String,
}

/// A record as the document writes it: logical, length, physical, flags, names.
type Record = (u64, u64, u64, u32, String);
/// A segment: `D` or `H`, start, end.
type Stretch = (SegmentKind, u64, u64);

#[derive(Serialize)]
struct HeadJson<'a> {
    format: &'static str,
    fs: &'a str,
    trace: &'a str,
    kernel: &'a str,
    bs: u64,
    size: u64,
    mkfs: &'a str,
    mount: &'a str,
    runs: u32,
}

#[derive(Clone, PartialEq, Eq, Serialize)]
struct FileJson {
    size: u64,
    blocks: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    fiemap_err: Option<String>,
    ext: Vec<Record>,
    seek: Vec<Stretch>,
    cache: [u64; 3],
    norm: NormJson,
}

#[derive(Clone, PartialEq, Eq, Serialize)]
struct NormJson {
    st: String,
    mv: String,
    cs: String,
    sk: String,
    sha: String,
}

#[derive(Serialize)]
#[serde(untagged)]
enum OutJson {
    Extents(Vec<Record>),
    Segments(Vec<Stretch>),
}

#[derive(Serialize)]
#[serde(untagged)]
enum VerifiedJson {
    True(bool),
    Wrong(Vec<String>),
}

#[derive(Serialize)]
struct StepJson {
    n: u64,
    cmd: String,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    end: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ret: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    err: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    out: Option<OutJson>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    mismatch: bool,
    #[serde(skip_serializing_if = "SortedMap::is_empty")]
    stat_err: SortedMap<String, String>,
    files: SortedMap<String, FileJson>,
    #[serde(skip_serializing_if = "Option::is_none")]
    share: Option<Vec<ShareClass>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bfree: Option<BfreeJson>,
    #[serde(skip_serializing_if = "Option::is_none")]
    verified: Option<VerifiedJson>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum BfreeJson {
    Blocks(u64),
    Error(String),
}

/// What is remembered of one opening of a file.
#[derive(Default)]
struct Seen {
    placement: Placement,
    last: Option<FileJson>,
}

/// Turns the records of a run into the document.
#[derive(Default)]
pub struct Observer {
    seen: SortedMap<u64, Seen>,
    share: Option<Vec<ShareClass>>,
    lines: Vec<String>,
}

impl Observer {
    /// An observer that has seen nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes in what was seen after one command.
    pub fn step(&mut self, record: StepRecord) {
        let mut files = SortedMap::new();
        let mut placements = SortedMap::new();
        let mut seen = SortedMap::new();
        for (name, file) in record.files {
            let before = self.seen.remove(&file.opening).unwrap_or_default();
            let opening = file.opening;
            let (json, placement, listed) = observe(file, &before);
            if listed {
                files.insert(name.clone(), json.clone());
            }
            placements.insert(name, placement.clone());
            seen.insert(opening, Seen { placement, last: Some(json) });
        }
        // A file that could not be observed stays remembered; one that is closed does not.
        if !record.stat_err.is_empty() {
            seen.extend(std::mem::take(&mut self.seen));
        }
        self.seen = seen;
        let share = classes(placements.iter().map(|(name, placement)| (name.as_str(), placement)));
        let changed = self.share.as_ref() != Some(&share);
        let step = StepJson {
            n: record.n,
            cmd: record.cmd,
            end: record.end,
            file: record.file,
            ret: record.ret,
            err: record.err,
            out: record.out.map(out_json),
            mismatch: record.mismatch,
            stat_err: record.stat_err,
            files,
            share: changed.then(|| share.clone()),
            bfree: record.bfree.map(|free| match free {
                Ok(blocks) => BfreeJson::Blocks(blocks),
                Err(name) => BfreeJson::Error(name),
            }),
            verified: record.verified.map(|wrong| match wrong.is_empty() {
                true => VerifiedJson::True(true),
                false => VerifiedJson::Wrong(wrong),
            }),
        };
        self.share = Some(share);
        self.lines.push(json(&step));
    }

    /// The steps so far, each one line of JSON.
    pub fn lines(&self) -> &[String] {
        &self.lines
    }

    /// The whole document: the head, then one step per line.
    pub fn document(&self, head: &Head) -> String {
        let head = json(&HeadJson {
            format: "fsoracle-1",
            fs: &head.fs,
            trace: &head.trace,
            kernel: &head.kernel,
            bs: BLOCK,
            size: head.size,
            mkfs: &head.mkfs,
            mount: &head.mount,
            runs: 1,
        });
        let open = head.strip_suffix('}').expect("an object ends with a brace");
        format!("{open},\"steps\":[\n{}\n]}}\n", self.lines.join(",\n"))
    }
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("strings and numbers always have a form in JSON")
}

/// The observation of one file, its addresses, and whether the step lists it.
fn observe(file: FileObservation, before: &Seen) -> (FileJson, Placement, bool) {
    let placement = Placement::of(&file.ext);
    let blocks = normal::blocks(&file);
    let norm = NormJson {
        st: normal::states(&file.ext, blocks),
        mv: placement.moved_since(&before.placement, blocks),
        cs: normal::cache(&file.cache, blocks),
        sk: normal::seek(&file.seek, file.size),
        sha: file.sha,
    };
    let json = FileJson {
        size: file.size,
        blocks: file.blocks,
        fiemap_err: file.fiemap_error,
        ext: records(&file.ext),
        seek: stretches(&file.seek),
        cache: normal::counters(&file.cache),
        norm,
    };
    let listed = file.reopened || json.norm.mv != "same" || before.last.as_ref() != Some(&json);
    (json, placement, listed)
}

fn out_json(out: Output) -> OutJson {
    match out {
        Output::Extents(ext) => OutJson::Extents(records(&ext)),
        Output::Segments(seek) => OutJson::Segments(stretches(&seek)),
    }
}

fn records(ext: &[FiemapRecord]) -> Vec<Record> {
    ext.iter().map(|r| (r.logical, r.length, r.physical, r.flags, flags::text(r.flags))).collect()
}

fn stretches(seek: &[Segment]) -> Vec<Stretch> {
    seek.iter().map(|segment| (segment.kind, segment.start, segment.end)).collect()
}
