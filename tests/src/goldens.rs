//! The packed recordings, and the report of how many of them a model equals.

use crate::compare::compare;
use crate::document::Document;
use crate::{here, traces};
use extentscope_core::scenario::observe::observe;
use extentscope_core::scenario::parse::parse;
use extentscope_core::scenario::script::{Command, Line};
use flate2::read::GzDecoder;
use std::collections::BTreeMap;
use std::fmt;
use std::io::Read;

/// The recorded filesystems.
pub const FILESYSTEMS: [&str; 4] = ["ext4", "xfs", "btrfs", "bcachefs"];

/// The filesystems that the engine has a personality for.
pub const MODELLED: [&str; 4] = ["ext4", "xfs", "btrfs", "bcachefs"];

/// The commands of the first slice: a trace that uses only these is applicable to it.
pub const FIRST_SLICE: &[&str] = &[
    "open",
    "file",
    "close",
    "pwrite",
    "pread",
    "fsync",
    "fdatasync",
    "syncfs",
    "sync_range",
    "truncate",
    "falloc",
    "fpunch",
    "fzero",
    "mmap",
    "munmap",
    "mwrite",
    "mread",
    "msync",
    "fadvise",
    "fiemap",
    "seek",
    "stat",
    "remount",
    "crash",
];

/// The text of every recording of one filesystem, by trace, as JSON.
pub fn golden_texts(fs: &str) -> BTreeMap<String, String> {
    let path = here().join("goldens").join(format!("{fs}.jsonl.gz"));
    let file = std::fs::File::open(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut text = String::new();
    GzDecoder::new(file).read_to_string(&mut text).expect("the packed recordings are gzip of text");
    let name = |line: &str| Document::read(line).expect("each line is a recording").trace;
    text.lines().map(|line| (name(line), line.to_string())).collect()
}

/// Every recording of one filesystem, by trace.
pub fn goldens(fs: &str) -> BTreeMap<String, Document> {
    let texts = golden_texts(fs).into_iter();
    texts.map(|(name, text)| (name, Document::read(&text).expect("each line is a recording"))).collect()
}

/// Whether a script uses only these commands. A script that does not parse uses none of them.
pub fn uses_only(script: &str, commands: &[&str]) -> bool {
    fn all(lines: &[Line], commands: &[&str]) -> bool {
        lines.iter().all(|line| match &line.command {
            Command::Repeat { lines, .. } => all(lines, commands),
            other => commands.contains(&other.name()),
        })
    }
    parse(script).is_ok_and(|script| all(&script.lines, commands))
}

/// How one trace came out.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TraceResult {
    /// The trace.
    pub trace: String,
    /// Steps of its golden.
    pub steps: usize,
    /// Steps that are equal.
    pub equal: usize,
    /// Why it is not equal: the first difference, or what the model could not do.
    pub reason: Option<String>,
}

/// How the traces of one filesystem came out.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct GoldenReport {
    /// The filesystem.
    pub fs: String,
    /// One row per applicable trace.
    pub rows: Vec<TraceResult>,
}

impl GoldenReport {
    /// Traces that are equal in every step.
    pub fn equal_traces(&self) -> usize {
        self.rows.iter().filter(|row| row.reason.is_none()).count()
    }
    /// Steps that are equal.
    pub fn equal_steps(&self) -> usize {
        self.rows.iter().map(|row| row.equal).sum()
    }
    /// Steps of all applicable traces.
    pub fn steps(&self) -> usize {
        self.rows.iter().map(|row| row.steps).sum()
    }
    /// The traces that are not equal.
    pub fn unequal(&self) -> impl Iterator<Item = &TraceResult> {
        self.rows.iter().filter(|row| row.reason.is_some())
    }
}

impl fmt::Display for GoldenReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (equal, all) = (self.equal_traces(), self.rows.len());
        writeln!(f, "{}: {equal}/{all} traces equal, {}/{} steps", self.fs, self.equal_steps(), self.steps())?;
        for row in self.unequal() {
            let reason = row.reason.as_deref().unwrap_or("");
            writeln!(f, "  {} ({}/{}): {reason}", row.trace, row.equal, row.steps)?;
        }
        Ok(())
    }
}

/// The document that the engine gives for a trace. The error says what it does not model, or that it broke.
pub fn model(personality: &str, script: &str, trace: &str) -> Result<String, String> {
    let script = parse(script).map_err(|errors| errors[0].to_string())?;
    let run = || observe(personality, &script, trace).map_err(|error| error.to_string());
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
        Err(format!("the engine broke: {}", text.unwrap_or("no message")))
    })
}

/// Runs every applicable trace of `fs` that is `wanted` through `observe` (personality, script, trace name to
/// document) and compares.
pub fn golden_report(
    fs: &str,
    commands: Option<&[&str]>,
    wanted: impl Fn(&str) -> bool,
    observe: impl Fn(&str, &str, &str) -> Result<String, String>,
) -> GoldenReport {
    let goldens = goldens(fs);
    let applicable = traces().into_iter().filter(|(trace, script)| {
        goldens.contains_key(trace) && wanted(trace) && commands.is_none_or(|only| uses_only(script, only))
    });
    let rows = applicable.filter_map(|(trace, script)| {
        let golden = goldens.get(&trace)?;
        let observed = observe(fs, &script, &trace).and_then(|text| Document::read(&text));
        Some(judge(trace, golden, observed))
    });
    GoldenReport { fs: fs.to_string(), rows: rows.collect() }
}

fn judge(trace: String, golden: &Document, observed: Result<Document, String>) -> TraceResult {
    let steps = golden.steps.len();
    match observed {
        Err(reason) => TraceResult { trace, steps, equal: 0, reason: Some(reason) },
        Ok(observed) => {
            let differences = compare(golden, &observed);
            let compared = steps.min(observed.steps.len());
            let unequal = differences.iter().filter(|difference| difference.n > 0).count();
            let reason = differences.first().map(|d| format!("step {} `{}`: {}", d.n, d.cmd, d.what));
            TraceResult { trace, steps, equal: compared.saturating_sub(unequal), reason }
        }
    }
}
