//! A run that can be watched: the facade for the page's worker and for the command line.
//!
//! One run is a setup, the lines given so far and the choices made; one cursor is a step number. Everything that can
//! be seen is a function of both. Moving the cursor never touches the live run at the head. Doing something at a past
//! cursor forks: the run is made again up to there, and what came after stays as a named branch.

pub mod answer;
mod boundary;
mod branch;
mod console;
mod history;
mod recipe;
pub mod side_by_side;
mod steer;

pub use crate::scenario::setup::{Setup, SetupError};
pub use answer::{
    Boundary, BranchInfo, Cause, CommandEntry, Direction, FiemapAnswer, LineError, LineReport, LoadError, SeekTable,
    Standing, StepInfo, Sync,
};
pub use console::Console;

use crate::base::{DevBlock, Errno, PAGE_SIZE, Range, TaskId};
use crate::map::commit::bytes_of;
use crate::personality;
use crate::scenario::devices::Devices;
use crate::scenario::parse;
use crate::scenario::script::{Line, Script};
use crate::scenario::setup::PAGE_BLOCKS;
use crate::sim::cx::Recording;
use crate::store::Finding;
use crate::text::map_json::ExtentMap;
use crate::trace::{Event, Recorder, TaskState};
use crate::view::lexicon::Lexicon;
use crate::view::listing::Listing;
use crate::view::select::Selection;
use crate::view::text_view::{self, TextView};
use crate::view::{World, digest, explain, map, trace_json, why};
use boundary::Ground;
use branch::Branch;
use console::LINE_STEPS_MAX;
use history::History;
use recipe::{Keep, Pace, Recipe};
use side_by_side::{Side, SideBySide, takes_part};

/// A run, a cursor in it, and the branches that were left.
pub struct Session {
    setup: Setup,
    devices: Devices,
    console: Console,
    history: History,
    cursor: usize,
    bookmarks: Vec<usize>,
    name: String,
    branches: Vec<Branch>,
    forks: u32,
    beside: Option<SideBySide>,
}

/// Beginning.
impl Session {
    /// A freshly made filesystem in memory; step 0.
    pub fn new(setup: Setup) -> Self {
        let devices = Devices::in_memory(&setup);
        Self::on(setup, devices)
    }

    /// The same on a device that comes from elsewhere; a fork begins there again.
    pub fn on(setup: Setup, devices: Devices) -> Self {
        let mut session = Self {
            console: Console::on(&setup, &devices, Recording::On),
            devices,
            history: History::new(setup.block_size()),
            setup,
            cursor: 0,
            bookmarks: Vec::new(),
            name: "main".to_owned(),
            branches: Vec::new(),
            forks: 0,
            beside: None,
        };
        session.show();
        session
    }

    /// A run of lines on a device that comes from elsewhere, played to their end.
    pub fn play_on(setup: Setup, devices: Devices, lines: &[Line]) -> Self {
        let mut session = Self::on(setup, devices);
        session.console.play(lines);
        session.show_end();
        session
    }

    /// A new run from a whole script, played to its end; the cursor is at the last step.
    /// The personality is the override, else the script's, else [`personality::DEFAULT`].
    ///
    /// # Errors
    /// When the script does not parse or asks for something that there is not; nothing of it was executed.
    pub fn load(text: &str, personality_override: Option<&str>) -> Result<Self, LoadError> {
        let script = parse::parse(text).map_err(LoadError::Parse)?;
        Self::play(&script, personality_override)
    }

    /// [`Session::load`] for a script that was read already.
    ///
    /// # Errors
    /// When the directives ask for something that there is not.
    pub fn play(script: &Script, personality_override: Option<&str>) -> Result<Self, LoadError> {
        let own = script.directives.personality.as_deref();
        let personality = personality_override.or(own).unwrap_or(personality::DEFAULT);
        let setup = Setup::sized(personality, &script.directives, PAGE_SIZE * PAGE_BLOCKS).map_err(LoadError::Setup)?;
        let mut session = Self::new(setup);
        session.console.play(&script.lines);
        session.show_end();
        Ok(session)
    }
}

/// The device at the head.
impl Session {
    /// Every byte of the device as it is at the head, whether it was flushed or not.
    pub fn image(&self) -> Vec<u8> {
        let volume = self.console.machine().fs().volume();
        let whole = Range::new(DevBlock(0), DevBlock(self.setup.layout().blocks()));
        bytes_of(&volume.io.device(|device| device.peek(whole)), self.setup.block_size())
    }

    /// What was wrong with the device when it was mounted last.
    pub fn findings(&self) -> &[Finding] {
        self.console.machine().findings()
    }
}

/// Doing things at the head.
impl Session {
    /// A line of the console: runs to its end, the cursor goes to the last step. At a past cursor it forks.
    ///
    /// # Errors
    /// When the line does not parse or cannot be done; the run is as it was before.
    pub fn run_line(&mut self, text: &str) -> Result<LineReport, LineError> {
        let Some(line) = parse::parse_line(text).map_err(LineError::Parse)? else {
            return Ok(self.report(0, self.len(), String::new(), None));
        };
        let (entry, forked, open) = self.give(&line, Pace::Run)?;
        // What earlier lines say now belongs to this one's output.
        let ended = open.iter().map(|at| &self.console.entries()[*at]).filter(|earlier| earlier.done);
        let new = &self.console.entries()[entry..];
        let output: String = ended.chain(new).map(|entry| entry.output.as_str()).collect();
        let from = self.console.given_at(entry);
        self.show_end();
        let number = self.console.entries()[entry].number;
        Ok(self.report(number, from, output, forked))
    }

    /// A line of the console that is submitted but takes no step. Returns its entry's number.
    ///
    /// # Errors
    /// When the line does not parse, says nothing or cannot be done; the run is as it was before.
    pub fn start_line(&mut self, text: &str) -> Result<u32, LineError> {
        let line = parse::parse_line(text).map_err(LineError::Parse)?;
        let line = line.ok_or_else(|| LineError::Refused("there is nothing to start".to_owned()))?;
        let (entry, ..) = self.give(&line, Pace::Start)?;
        self.show_end();
        Ok(self.console.entries()[entry].number)
    }

    /// Takes live steps at the head until nothing can run, at most `steps`; for long lines in slices. The cursor goes
    /// to the last step.
    pub fn run_pending(&mut self, steps: usize) -> Standing {
        self.console.run(steps.min(LINE_STEPS_MAX));
        self.show_end();
        self.standing()
    }

    /// Whether something can run at the head.
    pub fn pending(&self) -> bool {
        *self.console.standing() == Standing::Pending
    }

    /// How the run stands at the head.
    pub fn standing(&self) -> Standing {
        self.console.standing().clone()
    }

    /// Gives a line to the console: its entry, the branch that was left for it, and the entries that were open before.
    fn give(&mut self, line: &Line, pace: Pace) -> Result<(usize, Option<String>, Vec<usize>), LineError> {
        self.console.refuse(&line.command)?;
        let forked = (self.cursor < self.len()).then(|| self.fork(Keep::Started));
        let open = self.console.unfinished();
        Ok((self.console.give(line, pace)?, forked, open))
    }

    fn report(&self, number: u32, from: usize, output: String, forked: Option<String>) -> LineReport {
        LineReport { number, output, first_step: from + 1, last_step: self.len(), outcome: self.standing(), forked }
    }

    /// Leaves the future behind the cursor as a branch, and makes the run again up to the cursor.
    fn fork(&mut self, keep: Keep) -> String {
        let whole = self.console.recipe();
        let recipe = whole.until(self.cursor, keep);
        self.forks += 1;
        let left = std::mem::replace(&mut self.name, format!("fork {}", self.forks));
        self.branches.push(Branch { name: left.clone(), recipe: whole });
        // The events of the cursor's own step may differ: a line that is given is noted in the step before it.
        let same = self.record(|recorder| first_event(recorder, self.cursor));
        self.make_again(&recipe, same);
        left
    }

    fn make_again(&mut self, recipe: &Recipe, same_events: usize) {
        self.history.forget_after(same_events);
        self.console = Console::again(&self.setup, &self.devices, recipe);
        self.cursor = self.cursor.min(recipe.steps);
        self.bookmarks.retain(|step| *step <= recipe.steps);
        self.show();
    }

    fn show_end(&mut self) {
        self.cursor = self.len();
        self.show();
    }

    /// Brings the picture to the cursor.
    fn show(&mut self) {
        let (history, cursor) = (&mut self.history, self.cursor);
        self.console.machine().cx().record(|recorder| history.seek(recorder, cursor));
    }

    fn record<R>(&self, look: impl FnOnce(&Recorder) -> R) -> R {
        self.console.machine().cx().record(look)
    }
}

/// Moving the cursor.
impl Session {
    /// Moves forward; at the head takes live steps while something can run. Returns the cursor.
    pub fn step_forward(&mut self, steps: usize) -> usize {
        let recorded = steps.min(self.len() - self.cursor);
        self.cursor += recorded;
        for _ in recorded..steps {
            if !self.pending() || !self.console.step(None) {
                break;
            }
            self.cursor = self.len();
        }
        self.show();
        self.cursor
    }

    /// Moves back, at most to step 0. Returns the cursor.
    pub fn step_back(&mut self, steps: usize) -> usize {
        self.seek(self.cursor.saturating_sub(steps))
    }

    /// Moves the cursor to a step, at most the last. Returns the cursor.
    pub fn seek(&mut self, step: usize) -> usize {
        self.cursor = step.min(self.len());
        self.show();
        self.cursor
    }

    /// Lets this task take the next step. At a past cursor, another task than the recorded one forks.
    ///
    /// # Errors
    /// When the task cannot run there; nothing has changed.
    pub fn step_task(&mut self, task: TaskId) -> Result<usize, LineError> {
        let recorded = self.record(|recorder| recorder.steps.get(self.cursor).map(|next| next.task));
        if recorded == Some(task) {
            return Ok(self.seek(self.cursor + 1));
        }
        let state = self.world().tasks.get(&task).map(|view| view.state);
        if state != Some(TaskState::Runnable) {
            let name = self.names().task(task);
            return Err(LineError::Refused(format!("{name} cannot take a step here")));
        }
        if recorded.is_some() {
            self.fork(Keep::All);
        }
        self.console.step(Some(task));
        self.show_end();
        Ok(self.cursor)
    }

    /// The step that is shown.
    pub fn cursor(&self) -> usize {
        self.cursor
    }
    /// Steps so far: the cursor is from 0 to this.
    pub fn len(&self) -> usize {
        self.console.steps()
    }
    /// Whether nothing has happened since the mount.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Where the cursor would stop next; the last step (or 0) when there is no more boundary.
    pub fn next_boundary(&self, boundary: &Boundary, direction: Direction) -> usize {
        self.record(|recorder| {
            let block_size = self.setup.block_size();
            let ground = Ground { recorder, history: &self.history, bookmarks: &self.bookmarks, block_size };
            ground.next(self.cursor, boundary, direction)
        })
    }

    /// Bookmarked steps, in order.
    pub fn bookmarks(&self) -> &[usize] {
        &self.bookmarks
    }
    /// Sets a bookmark, or takes it away. Returns whether it is set now.
    pub fn toggle_bookmark(&mut self, step: usize) -> bool {
        match self.bookmarks.binary_search(&step) {
            Ok(at) => {
                self.bookmarks.remove(at);
                false
            }
            Err(at) => {
                self.bookmarks.insert(at, step);
                true
            }
        }
    }
}

/// Looking.
impl Session {
    /// The picture at the cursor.
    pub fn world(&self) -> &World {
        self.history.world()
    }
    /// Names of tasks, files and commands.
    pub fn names(&self) -> &Lexicon {
        self.console.names()
    }

    /// Step `step`, from 1.
    pub fn step_info(&self, step: usize) -> Option<StepInfo> {
        self.record(|recorder| {
            let record = step.checked_sub(1).and_then(|at| recorder.steps.get(at))?;
            Some(StepInfo {
                step,
                task: record.task,
                label: self.names().task(record.task),
                mark: record.mark,
                command: self.console.command_at(record.task, step),
                events: record.first_event..recorder.events_until(step),
            })
        })
    }

    /// The events of a step; of step 0 the ones of the mount. None for a step that there is not.
    pub fn events<R>(&self, step: usize, look: impl FnOnce(&[Event]) -> R) -> R {
        self.record(|recorder| {
            let exists = step <= recorder.steps.len();
            let range = if exists { first_event(recorder, step)..recorder.events_until(step) } else { 0..0 };
            look(&recorder.events[range])
        })
    }

    /// What makes the run a failure: claims that are not true, a deadlock that nobody expected, steps without end.
    pub fn complaint(&self) -> Option<String> {
        self.console.complaint()
    }

    /// The first line of the trace.
    pub fn trace_header(&self) -> trace_json::Header {
        trace_json::Header {
            format: trace_json::FORMAT,
            personality: self.setup.personality_name().to_owned(),
            level: self.setup.level_name().to_owned(),
            block_size: self.setup.block_size(),
            device_blocks: self.setup.device_blocks(),
            seed: self.setup.seed(),
            commands: self.names().commands().to_vec(),
        }
    }

    /// The whole record, for exports.
    pub fn with_record<R>(&self, look: impl FnOnce(&Recorder) -> R) -> R {
        self.record(look)
    }

    /// The lines of the run and what became of them.
    pub fn commands(&self) -> &[CommandEntry] {
        self.console.entries()
    }

    /// What a step did, in one sentence.
    pub fn sentence(&self, step: usize) -> String {
        self.record(|recorder| explain::step(recorder, self.names(), step))
    }

    /// What each event of a step says, in one sentence each, with the nearest kernel function.
    pub fn event_sentences(&self, step: usize) -> Vec<(String, &'static str)> {
        self.record(|recorder| {
            if step > recorder.steps.len() {
                return Vec::new();
            }
            let events = first_event(recorder, step)..recorder.events_until(step);
            let say = |at| explain::event(recorder, self.names(), step, at);
            events.map(|at| (say(at), recorder.events[at].info().kernel)).collect()
        })
    }

    /// At most five events back from the cursor to the cause, newest first.
    pub fn why(&self, selection: Selection) -> Vec<Cause> {
        self.record(|recorder| {
            let chain = why::chain(recorder, self.cursor, self.world(), selection);
            let cause = |link: why::Link| Cause {
                step: link.step,
                sentence: explain::event(recorder, self.names(), link.step, link.event),
                kernel: recorder.events[link.event].info().kernel.to_owned(),
            };
            chain.into_iter().map(cause).collect()
        })
    }

    /// The text that says everything the picture says.
    pub fn text_view(&self) -> TextView {
        let sentence = self.sentence(self.cursor);
        let facts = text_view::Facts {
            personality: self.setup.personality_name(),
            block_size: self.setup.block_size(),
            device_blocks: self.setup.device_blocks(),
            step: (self.cursor, self.len()),
            sentence: &sentence,
            names: self.names(),
            at: self.record(|recorder| recorder.events_until(self.cursor)),
        };
        text_view::describe(self.world(), &facts)
    }

    /// The setup of the run.
    pub fn setup(&self) -> &Setup {
        &self.setup
    }

    /// The directives and the lines so far, as a script that `load` takes. Choices of a viewer are not in it.
    pub fn script(&self) -> String {
        Script { directives: self.setup.directives().clone(), lines: self.console.lines() }.to_string()
    }

    /// Digest of the state at the cursor: equal natively and in wasm.
    pub fn state_digest(&self) -> u64 {
        digest::of_world(self.world())
    }
    /// Digest of all events up to the cursor.
    pub fn run_digest(&self) -> u64 {
        self.record(|recorder| digest::of_run(recorder, self.cursor))
    }
}

/// Branches.
impl Session {
    /// The name of the run.
    pub fn branch_name(&self) -> &str {
        &self.name
    }
    /// The futures that were left, oldest first.
    pub fn branches(&self) -> Vec<BranchInfo> {
        if self.branches.is_empty() {
            return Vec::new();
        }
        let run = self.console.recipe();
        self.branches.iter().map(|branch| branch.info(&run)).collect()
    }
    /// Makes a branch the run; what was the run becomes a branch in its place. False: there is no such branch.
    pub fn switch_branch(&mut self, index: usize) -> bool {
        let Some(slot) = self.branches.get_mut(index) else { return false };
        let run = Branch { name: self.name.clone(), recipe: self.console.recipe() };
        let branch = std::mem::replace(slot, run);
        let common = branch.recipe.common(&self.branches[index].recipe);
        let same = self.record(|recorder| first_event(recorder, common));
        self.name = branch.name;
        self.make_again(&branch.recipe, same);
        true
    }
    /// Forgets a branch. False: there is no such branch.
    pub fn discard_branch(&mut self, index: usize) -> bool {
        let there = index < self.branches.len();
        if there {
            self.branches.remove(index);
        }
        there
    }
}

/// Asking the filesystem.
impl Session {
    /// The extent map of every file at the cursor.
    pub fn map(&self) -> ExtentMap {
        map::document(self.world(), self.setup.profile(), self.names())
    }

    /// FIEMAP of a file (none: the current one). With [`Sync::Yes`] it is a line of the console that flushes, and the
    /// cursor moves to its end; with [`Sync::No`] it reads the picture at the cursor and adds no step.
    ///
    /// # Errors
    /// When there is no such file, or the filesystem refuses.
    pub fn fiemap(&mut self, name: Option<&str>, sync: Sync) -> Result<FiemapAnswer, LineError> {
        let name = self.file_name(name)?;
        if sync == Sync::Yes {
            let current = self.world().current == name;
            let line = if current { "fiemap -v".to_owned() } else { format!("filefrag -v -s \"{name}\"") };
            self.run_line(&line)?;
        }
        let listing = self.listing(&name)?;
        let records = listing.records().map_err(|errno| LineError::Refused(format!("{name}: {}", errno.text())))?;
        Ok(FiemapAnswer {
            step: self.cursor,
            text_xfs_io_v: listing.xfs_io_fiemap(&records),
            text_filefrag_v: listing.filefrag(&records),
            records,
            name,
        })
    }

    /// SEEK_DATA and SEEK_HOLE over a file (none: the current one), from the picture at the cursor.
    ///
    /// # Errors
    /// When there is no such file.
    pub fn seek_table(&self, name: Option<&str>) -> Result<SeekTable, LineError> {
        let name = self.file_name(name)?;
        let listing = self.listing(&name)?;
        let segments = listing.segments();
        Ok(SeekTable { step: self.cursor, text: listing.xfs_io_seek(&segments), segments, name })
    }

    /// What the tools would print about a file at the cursor.
    ///
    /// # Errors
    /// When there is no such file.
    pub fn listing<'a>(&'a self, name: &'a str) -> Result<Listing<'a>, LineError> {
        let listing = Listing::new(self.world(), name, self.setup.profile());
        listing.ok_or_else(|| LineError::Refused(format!("{name}: {}", Errno::ENOENT.text())))
    }

    /// The lines that have ended at the cursor, played on every filesystem: the last of them, and what each shows.
    pub fn side_by_side(&mut self) -> (Option<&CommandEntry>, Vec<Side>) {
        let cursor = self.cursor;
        let entries = self.console.entries().iter().zip(self.console.lines());
        let ended = entries.filter(|(entry, line)| takes_part(line) && entry.done && entry.last_step <= cursor);
        let (ended, lines): (Vec<&CommandEntry>, Vec<Line>) = ended.unzip();
        let directives = self.setup.directives();
        let beside = self.beside.get_or_insert_with(|| SideBySide::new(directives));
        let sides = beside.after(directives, &lines);
        (ended.last().copied(), sides)
    }

    fn file_name(&self, name: Option<&str>) -> Result<String, LineError> {
        let current = Some(self.world().current.as_str()).filter(|name| !name.is_empty());
        let none = || LineError::Refused("no file is open".to_owned());
        name.or(current).map(str::to_owned).ok_or_else(none)
    }
}

/// The number of the first event of a step.
fn first_event(recorder: &Recorder, step: usize) -> usize {
    step.checked_sub(1).and_then(|at| recorder.steps.get(at)).map_or(0, |record| record.first_event)
}

#[cfg(test)]
mod tests;
