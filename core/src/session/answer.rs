//! What a session answers: plain data, ready to be sent to a page.

use crate::base::TaskId;
use crate::base::fiemap::{FiemapRecord, Segment};
use crate::scenario::parse::ParseError;
use crate::scenario::setup::SetupError;
use crate::trace::Mark;
use crate::view::select::Selection;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::ops::Range;

/// Why a script could not be loaded. Nothing of it was executed.
#[derive(Clone, PartialEq, Debug)]
pub enum LoadError {
    /// It does not parse; every error found, in order of lines.
    Parse(Vec<ParseError>),
    /// It parses, but its directives ask for something that there is not.
    Setup(SetupError),
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Parse(errors) => {
                for (at, error) in errors.iter().enumerate() {
                    if at > 0 {
                        f.write_str("\n")?;
                    }
                    fmt::Display::fmt(error, f)?;
                }
                Ok(())
            }
            Self::Setup(error) => fmt::Display::fmt(error, f),
        }
    }
}
impl std::error::Error for LoadError {}

/// Why a line of the console was rejected. The run is as it was before.
#[derive(Clone, PartialEq, Debug)]
pub enum LineError {
    /// It does not parse.
    Parse(ParseError),
    /// It parses, but cannot be done now; the sentence says why.
    Refused(String),
}

impl fmt::Display for LineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Parse(error) => fmt::Display::fmt(error, f),
            Self::Refused(reason) => f.write_str(reason),
        }
    }
}
impl std::error::Error for LineError {}

/// How a run stands after a line or after steps.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Standing {
    /// Everything submitted is done.
    Idle,
    /// Something can still run: step on, or let it run.
    Pending,
    /// Nothing can run and something is unfinished; the text names who waits for whom.
    Deadlock(String),
}

/// What a line of the console did.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LineReport {
    /// Its entry in [`super::Session::commands`], from 1; 0 when the line was empty or a comment.
    pub number: u32,
    /// What the tool prints, of every command that ended while the line ran.
    pub output: String,
    /// The first step that was taken for it. Greater than `last_step` when none was.
    pub first_step: usize,
    /// The last step that was taken for it.
    pub last_step: usize,
    /// How the run stands now.
    pub outcome: Standing,
    /// The name that the old future got, when the line forked the run.
    pub forked: Option<String>,
}

/// A line that was accepted, as the console's history shows it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CommandEntry {
    /// Its place among the lines of the run, from 1.
    pub number: u32,
    /// The engine's number of the command, which provenance and [`StepInfo::command`] refer to; 0 for a line that
    /// only steers the run (`step`, `expect`).
    pub command: u32,
    /// The line as typed, with its `@task`.
    pub text: String,
    /// What the tool prints; empty until it ends.
    pub output: String,
    /// The errno's name (or `SHORT`, `DIFFERS`, `SIGBUS`), or the reason why a claim of the script is not true.
    pub error: Option<String>,
    /// Whether `error` is about a claim (`expect`) that is not true.
    pub claim_failed: bool,
    /// Whether it has ended.
    pub done: bool,
    /// The first step that was taken after it was submitted.
    pub first_step: usize,
    /// The last step taken when it ended, or so far. Less than `first_step` when it needed none.
    pub last_step: usize,
}

/// What a machine reads of a line: its number and text, what the engine gave, what the tool prints.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct PlainEntry<'a> {
    /// Place among the lines, from 1.
    pub number: u32,
    /// As typed.
    pub text: &'a str,
    /// The errno's name, or what is not true.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<&'a str>,
    /// What the tool prints.
    pub output: &'a str,
}

impl CommandEntry {
    /// What a machine reads of it.
    pub fn plain(&self) -> PlainEntry<'_> {
        PlainEntry { number: self.number, text: &self.text, error: self.error.as_deref(), output: &self.output }
    }
}

/// One step of the run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StepInfo {
    /// Its number, from 1.
    pub step: usize,
    /// Who took it.
    pub task: TaskId,
    /// The task's name.
    pub label: String,
    /// Where the task stood before.
    pub mark: Mark,
    /// The command that the task works on, by the engine's number.
    pub command: Option<u32>,
    /// Its events among the events of the run.
    pub events: Range<usize>,
}

/// What stops a long move of the cursor.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Boundary {
    /// The next step begins a command or a system call.
    Call,
    /// The selected thing looks different than before.
    Change(Selection),
    /// A bookmark.
    Bookmark,
}

/// Which way to look.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Direction {
    /// Towards the last step.
    Forward,
    /// Towards step 0.
    Backward,
}

/// A future of the run that was left. The current one is not among them.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct BranchInfo {
    /// Its name.
    pub name: String,
    /// Its number of steps.
    pub len: usize,
    /// The last step that it has in common with the run at the time of the fork.
    pub forked_at: usize,
    /// The lines that only it has.
    pub lines: Vec<String>,
}

/// Whether to flush first.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Sync {
    /// FIEMAP_FLAG_SYNC: a line of the console, with steps.
    Yes,
    /// Read from the picture at the cursor; adds no step.
    No,
}

/// What FIEMAP answers for a file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FiemapAnswer {
    /// The file.
    pub name: String,
    /// The step at which the answer was taken.
    pub step: usize,
    /// The raw records.
    pub records: Vec<FiemapRecord>,
    /// As `xfs_io -c "fiemap -v"` prints it.
    pub text_xfs_io_v: String,
    /// As `filefrag -v` prints it.
    pub text_filefrag_v: String,
}

/// What SEEK_DATA and SEEK_HOLE answer for a file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SeekTable {
    /// The file.
    pub name: String,
    /// The step at which the answer was taken.
    pub step: usize,
    /// Data and holes in turn, over the whole file.
    pub segments: Vec<Segment>,
    /// As `xfs_io -c "seek -a -r 0"` prints it.
    pub text: String,
}

/// One link of the answer to "why": newest first, the cause last.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Cause {
    /// The step in which it happened.
    pub step: usize,
    /// What happened.
    pub sentence: String,
    /// The nearest kernel tracepoint or function.
    pub kernel: String,
}
