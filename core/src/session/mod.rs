//! A run that can be watched: the facade for the page's worker and for the command line.
//!
//! One run is a setup, the lines given so far and the choices made; one cursor is a step number. Everything that can
//! be seen is a function of both. Moving the cursor never touches the live run at the head. Doing something at a past
//! cursor forks: the run is made again up to there, and what came after stays as a named branch.

pub mod answer;
mod boundary;
mod history;
mod stand_in;

pub use answer::{
    Boundary, BranchInfo, Cause, CommandEntry, Direction, FiemapAnswer, LineError, LineReport, LoadError, SeekTable,
    Standing, StepInfo, Sync,
};
pub use stand_in::{Setup, SetupError};

use crate::base::TaskId;
use crate::trace::Event;
use crate::view::World;
use crate::view::select::Selection;

/// A run, a cursor in it, and the branches that were left.
#[derive(Debug)]
pub struct Session {
    setup: Setup,
}

/// The signatures that the page builds against; the bodies follow.
#[allow(missing_docs, unused_variables, clippy::missing_errors_doc, clippy::missing_panics_doc, clippy::unused_self)]
impl Session {
    /// A freshly mounted filesystem; step 0.
    pub fn new(setup: Setup) -> Self {
        Self { setup }
    }
    /// A new run from a whole script, played to its end; the cursor is at the last step.
    /// The personality is the override, else the script's, else `default_personality`.
    pub fn load(text: &str, personality_override: Option<&str>) -> Result<Self, LoadError> {
        todo!()
    }
    /// A line of the console: runs to its end, the cursor goes to the last step. At a past cursor it forks.
    pub fn run_line(&mut self, text: &str) -> Result<LineReport, LineError> {
        todo!()
    }
    /// A line of the console that is submitted but takes no step. Returns its entry's number.
    pub fn start_line(&mut self, text: &str) -> Result<u32, LineError> {
        todo!()
    }
    /// Takes live steps at the head until nothing can run, at most `steps`; for long lines in slices.
    pub fn run_pending(&mut self, steps: usize) -> Standing {
        todo!()
    }
    /// Whether something can run at the head.
    pub fn pending(&self) -> bool {
        todo!()
    }
    pub fn standing(&self) -> Standing {
        todo!()
    }
    /// Moves forward; at the head takes live steps while something can run. Returns the cursor.
    pub fn step_forward(&mut self, steps: usize) -> usize {
        todo!()
    }
    pub fn step_back(&mut self, steps: usize) -> usize {
        todo!()
    }
    /// Moves the cursor to a step, at most the last. Returns the cursor.
    pub fn seek(&mut self, step: usize) -> usize {
        todo!()
    }
    /// Lets this task take the next step. At a past cursor, another task than the recorded one forks.
    pub fn step_task(&mut self, task: TaskId) -> Result<usize, LineError> {
        todo!()
    }
    pub fn cursor(&self) -> usize {
        todo!()
    }
    /// Steps so far: the cursor is from 0 to this.
    pub fn len(&self) -> usize {
        todo!()
    }
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// The picture at the cursor.
    pub fn world(&self) -> &World {
        todo!()
    }
    /// Step `step`, from 1.
    pub fn step_info(&self, step: usize) -> Option<StepInfo> {
        todo!()
    }
    /// The events of a step; of step 0 the ones of the mount.
    pub fn events<R>(&self, step: usize, look: impl FnOnce(&[Event]) -> R) -> R {
        todo!()
    }
    /// Where the cursor would go.
    pub fn next_boundary(&self, boundary: &Boundary, direction: Direction) -> usize {
        todo!()
    }
    pub fn commands(&self) -> &[CommandEntry] {
        todo!()
    }
    pub fn branches(&self) -> Vec<BranchInfo> {
        todo!()
    }
    /// Makes a branch the run; what was the run becomes a branch.
    pub fn switch_branch(&mut self, index: usize) -> bool {
        todo!()
    }
    pub fn discard_branch(&mut self, index: usize) -> bool {
        todo!()
    }
    pub fn bookmarks(&self) -> &[usize] {
        todo!()
    }
    /// Sets a bookmark, or takes it away. Returns whether it is set now.
    pub fn toggle_bookmark(&mut self, step: usize) -> bool {
        todo!()
    }
    pub fn setup(&self) -> &Setup {
        &self.setup
    }
    /// The directives and the lines so far, as a script that `load` takes.
    pub fn script(&self) -> String {
        todo!()
    }
    // `map(&self) -> MapDocument` follows with text::map_json.
    /// FIEMAP of a file (none: the current one). With [`Sync::Yes`] it is the console line `fiemap -v`.
    pub fn fiemap(&mut self, name: Option<&str>, sync: Sync) -> Result<FiemapAnswer, LineError> {
        todo!()
    }
    pub fn seek_table(&self, name: Option<&str>) -> Result<SeekTable, LineError> {
        todo!()
    }
    /// At most five events back from the cursor to the cause, newest first.
    pub fn why(&self, selection: Selection) -> Vec<Cause> {
        todo!()
    }
    /// What a step did, in one sentence.
    pub fn sentence(&self, step: usize) -> String {
        todo!()
    }
    /// Digest of the state at the cursor: equal natively and in wasm.
    pub fn state_digest(&self) -> u64 {
        todo!()
    }
    /// Digest of all events up to the cursor.
    pub fn run_digest(&self) -> u64 {
        todo!()
    }
}
