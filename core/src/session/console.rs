//! The lines of a run and what became of them: gives them to the live run, lets it run, keeps the answers.
//!
//! A line runs until everything submitted is done before the next one starts, whether typed or loaded, so that both
//! give the same state. The exception is for scripts that schedule: `@task` lines right before a `run`, `step` or
//! `schedule` line only start, and that line lets them go on.
//!
//! Knows nothing of cursors: this is the head of the run. Lines that steer are `steer`'s.

use super::answer::{CommandEntry, LineError, Standing};
use super::recipe::{Given, Pace, Recipe, Submitted};
use crate::base::{SortedMap, TaskId};
use crate::scenario::devices::Devices;
use crate::scenario::machine::{Finished, Machine};
use crate::scenario::script::{Command, Expect, Line};
use crate::scenario::setup::Setup;
use crate::sim::Outcome;
use crate::sim::cx::Recording;
use crate::trace::Event;
use crate::view::explain;
use crate::view::lexicon::Lexicon;

/// The label of the task that runs lines without `@task`.
const SCRIPT_TASK: &str = "script";
/// Steps that one line may take before it hands control back unfinished.
pub const LINE_STEPS_MAX: usize = 1_000_000;
/// The same when nothing is recorded: enough for any script, and an end for one that would run for ever.
const UNRECORDED_STEPS_MAX: usize = 100_000_000;
/// Events that a run may have: what a browser's memory holds. A run that was not recorded has no such bound.
const EVENTS_MAX: usize = 10_000_000;

/// The head of a run.
pub struct Console {
    pub(super) machine: Machine,
    pub(super) entries: Vec<CommandEntry>,
    pub(super) given: Vec<Given>,
    /// Every line before this one has ended.
    ended: usize,
    submitted: Vec<Submitted>,
    /// When each task began each of its commands: step and number, in order.
    begun: SortedMap<TaskId, Vec<(usize, u32)>>,
    names: Lexicon,
    /// Events looked at so far.
    seen: usize,
    recording: Recording,
    pub(super) standing: Standing,
    /// The result of the command that ended last: what an `expect` speaks of.
    pub(super) last: Option<Finished>,
    pub(super) quit: bool,
}

impl Console {
    /// A freshly made filesystem in memory.
    pub fn new(setup: &Setup, recording: Recording) -> Self {
        Self::on(setup, &Devices::in_memory(setup), recording)
    }

    /// The same on a device that comes from elsewhere.
    pub fn on(setup: &Setup, devices: &Devices, recording: Recording) -> Self {
        let mut console = Self {
            machine: Machine::on(setup, devices, recording),
            entries: Vec::new(),
            given: Vec::new(),
            ended: 0,
            submitted: Vec::new(),
            begun: SortedMap::new(),
            names: Lexicon::default(),
            seen: 0,
            recording,
            standing: Standing::Idle,
            last: None,
            quit: false,
        };
        console.look();
        console
    }

    /// The run that a recipe describes, up to its last step.
    pub fn again(setup: &Setup, devices: &Devices, recipe: &Recipe) -> Self {
        let mut console = Self::on(setup, devices, Recording::On);
        console.machine.replay(recipe.choices.clone());
        let mut commands = recipe.submitted.iter().peekable();
        for (index, given) in recipe.given.iter().enumerate() {
            console.advance_to(given.at_step);
            let entry = console.enter(&given.line, given.pace);
            while let Some(command) = commands.next_if(|command| command.given == index) {
                console.advance_to(command.at_step);
                console.submit(entry, &command.line);
            }
            // What steered the run is in the steps and choices already; only its answer is repeated.
            if let Some(verdict) = given.verdict.clone() {
                let entry = &mut console.entries[entry];
                (entry.output, entry.error, entry.done) = (verdict.output, verdict.error, true);
                entry.claim_failed = verdict.claim_failed;
            }
            console.given[entry].verdict.clone_from(&given.verdict);
        }
        console.advance_to(recipe.steps);
        console.look();
        console.settle();
        console
    }

    /// The live run.
    pub fn machine(&self) -> &Machine {
        &self.machine
    }
    /// The lines of the run and what became of them.
    pub fn entries(&self) -> &[CommandEntry] {
        &self.entries
    }
    /// The lines, in order.
    pub fn lines(&self) -> Vec<Line> {
        self.given.iter().map(|given| given.line.clone()).collect()
    }
    /// Steps taken before a line was given.
    pub fn given_at(&self, entry: usize) -> usize {
        self.given[entry].at_step
    }
    /// Names of everything so far.
    pub fn names(&self) -> &Lexicon {
        &self.names
    }
    /// How the run stands.
    pub fn standing(&self) -> &Standing {
        &self.standing
    }
    /// Steps taken.
    pub fn steps(&self) -> usize {
        usize::try_from(self.machine.cx().steps()).expect("steps fit memory")
    }
    /// What decides the run, up to now.
    pub fn recipe(&self) -> Recipe {
        Recipe {
            given: self.given.clone(),
            submitted: self.submitted.clone(),
            choices: self.machine.choices(),
            steps: self.steps(),
        }
    }
    /// The command that a task worked on in a step: the last that it had begun, unless that ended before.
    pub fn command_at(&self, task: TaskId, step: usize) -> Option<u32> {
        let begun = self.begun.get(&task)?;
        let (_, number) = *begun.get(begun.partition_point(|(at, _)| *at <= step).checked_sub(1)?)?;
        let index = usize::try_from(number).ok()?.checked_sub(1)?;
        let entry = &self.entries[self.submitted.get(index)?.given];
        (step <= entry.last_step).then_some(number)
    }

    /// Gives a line. Returns the index of its entry.
    pub fn give(&mut self, line: &Line, pace: Pace) -> Result<usize, LineError> {
        self.refuse(&line.command)?;
        if self.is_full() {
            return Err(LineError::Refused(format!("the run has {EVENTS_MAX} events: start a new one")));
        }
        let entry = self.enter(line, pace);
        if line.command.steers() {
            self.steer(entry, line, pace);
        } else {
            self.submit(entry, line);
            self.machine.pull_plug(&line.command);
            if pace == Pace::Run {
                self.run(LINE_STEPS_MAX);
            }
        }
        self.look();
        Ok(entry)
    }

    /// Plays lines as a script does.
    pub fn play(&mut self, lines: &[Line]) {
        for (at, line) in lines.iter().enumerate() {
            if self.quit {
                break;
            }
            let pace = if waits_for_schedule(&lines[at..]) { Pace::Start } else { Pace::Run };
            if let Err(reason) = self.give(line, pace) {
                let entry = self.enter(line, pace);
                self.entries[entry].claim_failed = true;
                self.fail(entry, reason.to_string());
            }
        }
        self.run(LINE_STEPS_MAX);
    }

    /// What makes the run a failure: claims that are not true, a deadlock that nobody expected, steps without end.
    pub fn complaint(&self) -> Option<String> {
        let expected = |given: &Given| matches!(given.line.command, Command::Expect(Expect::Deadlock));
        let claims =
            self.given.iter().zip(&self.entries).filter(|(_, entry)| entry.claim_failed).map(|(given, entry)| {
                let reason = entry.error.as_deref().unwrap_or("not true");
                format!("line {}: `{}`: {reason}", given.line.number, entry.text)
            });
        let standing = match &self.standing {
            Standing::Deadlock(text) if !self.given.iter().any(expected) => Some(text.clone()),
            Standing::Pending => Some(format!("still running after {} steps", self.steps())),
            Standing::Deadlock(_) | Standing::Idle => None,
        };
        let all: Vec<String> = claims.chain(standing).collect();
        (!all.is_empty()).then(|| all.join("\n"))
    }

    /// Takes steps until nothing can run, at most so many.
    pub fn run(&mut self, most: usize) {
        let unrecorded = self.recording == Recording::Off && most == LINE_STEPS_MAX;
        let mut left = if unrecorded { UNRECORDED_STEPS_MAX } else { most };
        while left > 0 && !self.is_full() {
            let outcome = self.machine.step(None);
            if self.stopped(&outcome) {
                self.look();
                return;
            }
            left -= 1;
        }
        self.look();
        self.settle();
    }

    fn is_full(&self) -> bool {
        self.machine.cx().record(|recorder| recorder.events.len() >= EVENTS_MAX)
    }

    /// Takes one step, of this task if one is named. Returns whether there was one to take.
    pub fn step(&mut self, task: Option<TaskId>) -> bool {
        let outcome = self.machine.step(task);
        let stepped = !self.stopped(&outcome);
        self.look();
        if stepped {
            self.settle();
        }
        stepped
    }

    /// The task of this name.
    pub fn task(&self, name: &str) -> Option<TaskId> {
        self.machine.cx().tasks(|tasks| {
            // After a power cut there is another one of the same name.
            let at = tasks.iter().rposition(|task| task.label == name)?;
            u32::try_from(at).ok().map(TaskId)
        })
    }

    /// Lines for a task that have not ended.
    pub(super) fn unfinished_of(&self, name: &str) -> usize {
        let of = |given: &Given| given.line.task.as_deref().unwrap_or(SCRIPT_TASK) == name;
        self.given[self.ended..]
            .iter()
            .zip(&self.entries[self.ended..])
            .filter(|(given, entry)| of(given) && !entry.done && entry.command > 0)
            .count()
    }

    fn stopped(&mut self, outcome: &Outcome) -> bool {
        self.standing = match outcome {
            Outcome::Stepped => return false,
            Outcome::Idle => {
                self.look();
                self.idle()
            }
            Outcome::Deadlock { cycle, stuck } => {
                self.look();
                Standing::Deadlock(explain::deadlock(cycle, stuck, &self.names))
            }
        };
        true
    }

    /// Nothing can run and no task is stuck: then every line has ended, or it waits for what will never be.
    fn idle(&mut self) -> Standing {
        let waits = |entry: &&CommandEntry| entry.command > 0 && !entry.done;
        let waiting: Vec<String> =
            self.open_entries().iter().filter(waits).map(|entry| format!("`{}`", entry.text)).collect();
        if waiting.is_empty() {
            return Standing::Idle;
        }
        Standing::Deadlock(format!("Nothing can run, and this has not ended: {}.", waiting.join(", ")))
    }

    /// After steps that did not end the run: whether something can still run.
    fn settle(&mut self) {
        let unfinished = self.open_entries().iter().any(|entry| !entry.done);
        let runnable = !self.machine.cx().runnable().is_empty();
        self.standing = if unfinished || runnable { Standing::Pending } else { Standing::Idle };
    }

    /// The entries of lines that have not ended.
    pub(super) fn unfinished(&mut self) -> Vec<usize> {
        let open: Vec<bool> = self.open_entries().iter().map(|entry| !entry.done).collect();
        open.into_iter().zip(self.ended..).filter(|(open, _)| *open).map(|(_, at)| at).collect()
    }

    /// The lines from the first that has not ended on.
    fn open_entries(&mut self) -> &[CommandEntry] {
        self.ended += self.entries[self.ended..].iter().take_while(|entry| entry.done).count();
        &self.entries[self.ended..]
    }

    fn advance_to(&mut self, step: usize) {
        while self.steps() < step {
            let outcome = self.machine.step(None);
            assert!(outcome == Outcome::Stepped, "a run made again has the steps that it had");
        }
    }

    fn enter(&mut self, line: &Line, pace: Pace) -> usize {
        let number = u32::try_from(self.entries.len()).expect("fewer than 2^32 lines") + 1;
        let given = Given { line: line.clone(), at_step: self.steps(), pace, verdict: None };
        self.entries.push(CommandEntry {
            number,
            command: 0,
            text: given.text(),
            output: String::new(),
            error: None,
            claim_failed: false,
            done: false,
            first_step: self.steps() + 1,
            last_step: self.steps(),
        });
        self.given.push(given);
        self.entries.len() - 1
    }

    /// Hands a command to the engine on behalf of an entry.
    pub(super) fn submit(&mut self, entry: usize, line: &Line) {
        let at_step = self.steps();
        let command = self.machine.submit(line);
        // Made again, the choices do it.
        self.submitted.push(Submitted { line: line.clone(), at_step, given: entry });
        assert!(command as usize == self.submitted.len(), "the engine numbers commands from 1 in order");
        let text = if self.entries[entry].command == 0 { self.entries[entry].text.clone() } else { line.text.clone() };
        self.names.push_command(text);
        self.entries[entry].command = command;
        self.standing = Standing::Pending;
    }

    pub(super) fn fail(&mut self, entry: usize, reason: String) {
        self.entries[entry].error = Some(reason);
        self.entries[entry].done = true;
    }

    /// Takes in what has happened since the last look.
    pub(super) fn look(&mut self) {
        let (names, entries, begun) = (&mut self.names, &mut self.entries, &mut self.begun);
        let (submitted, seen) = (&self.submitted, &mut self.seen);
        self.machine.cx().record(|recorder| {
            names.learn(&recorder.events);
            for (at, event) in recorder.events.iter().enumerate().skip(*seen) {
                let (Event::CommandBegan { task, number } | Event::CommandEnded { task, number, .. }) = event else {
                    continue;
                };
                let step = recorder.steps.partition_point(|step| step.first_event <= at);
                let entry = &mut entries[submitted[*number as usize - 1].given];
                if matches!(event, Event::CommandBegan { .. }) {
                    begun.entry(*task).or_default().push((step, *number));
                    // The first command of a line says where it begins.
                    if entry.last_step < entry.first_step {
                        entry.first_step = step;
                    }
                }
                entry.last_step = step;
            }
            *seen = recorder.events.len();
        });
        for finished in self.machine.take_finished() {
            let entry = &mut self.entries[self.submitted[finished.number as usize - 1].given];
            entry.output.push_str(&finished.text);
            entry.error = finished.result.err.map(str::to_owned);
            entry.done = true;
            self.last = Some(finished);
        }
    }
}

/// Whether the first of these lines is one of several `@task` lines that a scheduling line follows.
fn waits_for_schedule(lines: &[Line]) -> bool {
    let next = lines.iter().find(|line| line.task.is_none());
    let schedules = |line: &Line| matches!(line.command, Command::Run { .. } | Command::Step(_) | Command::Schedule(_));
    lines.first().is_some_and(|line| line.task.is_some()) && next.is_some_and(schedules)
}
