//! The lines of a run and what became of them: gives them to the live run, lets it run, keeps the answers.
//!
//! A line runs until everything submitted is done before the next one starts, whether typed or loaded, so that both
//! give the same state. The exception is for scripts that schedule: `@task` lines right before a `run`, `step` or
//! `schedule` line only start, and that line lets them go on.
//!
//! Lines that steer (`run`, `step`, `schedule`, `expect`, `help`, `quit`) are done here and have no number in the
//! engine. Knows nothing of cursors: this is the head of the run.

use super::answer::{CommandEntry, LineError, Standing};
use super::{Machine, Setup};
use crate::base::TaskId;
use crate::scenario::help;
use crate::scenario::script::{Command, Expect, Line, Until};
use crate::sim::cx::Recording;
use crate::sim::{Choice, Outcome};
use crate::trace::Event;
use crate::view::explain;
use crate::view::lexicon::Lexicon;
use std::collections::BTreeMap;

/// The label of the task that runs lines without `@task`.
pub const SCRIPT_TASK: &str = "script";
/// Steps that one line may take before it hands control back unfinished.
pub const LINE_STEPS_MAX: usize = 2_000_000;

/// Whether a line's steps are taken at once.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Pace {
    /// Until everything is done.
    Run,
    /// None: it waits to be stepped.
    Start,
}

/// A line and when it was given.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Given {
    /// The line.
    pub line: Line,
    /// Steps taken before.
    pub at_step: usize,
    /// Whether it ran at once.
    pub pace: Pace,
    /// What a line that steers answered: its output, and what is wrong. It is not steered again.
    pub verdict: Option<(String, Option<String>)>,
}

impl Given {
    /// The line as typed.
    pub fn text(&self) -> String {
        let task = self.line.task.as_ref().map_or_else(String::new, |task| format!("@{task} "));
        format!("{task}{}", self.line.text)
    }
}

/// Everything that, with the setup, decides a run.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Recipe {
    /// Lines in the order in which they were given.
    pub given: Vec<Given>,
    /// Choices that the default rule would not have made, in order of their steps.
    pub choices: Vec<Choice>,
    /// Steps taken.
    pub steps: usize,
}

/// The head of a run.
pub struct Console {
    machine: Machine,
    entries: Vec<CommandEntry>,
    given: Vec<Given>,
    /// From the engine's number to the index of the entry.
    by_command: BTreeMap<u32, usize>,
    names: Lexicon,
    /// Events looked at so far.
    seen: usize,
    standing: Standing,
    /// The entry that an `expect` speaks of.
    last_finished: Option<usize>,
    quit: bool,
}

impl Console {
    /// A freshly mounted filesystem.
    pub fn new(setup: &Setup, recording: Recording) -> Self {
        let mut console = Self {
            machine: Machine::new(setup, recording),
            entries: Vec::new(),
            given: Vec::new(),
            by_command: BTreeMap::new(),
            names: Lexicon::default(),
            seen: 0,
            standing: Standing::Idle,
            last_finished: None,
            quit: false,
        };
        console.look();
        console
    }

    /// The run that a recipe describes, up to its last step.
    pub fn again(setup: &Setup, recipe: &Recipe) -> Self {
        let mut console = Self::new(setup, Recording::On);
        console.machine.replay(recipe.choices.clone());
        for given in &recipe.given {
            console.advance_to(given.at_step);
            let index = console.enter(&given.line, given.pace);
            // What steered the run is in the steps and choices already; only its answer is repeated.
            if let Some(line) = engine_line(&given.line) {
                console.submit(index, &line);
            }
            if let Some((output, error)) = &given.verdict {
                let entry = &mut console.entries[index];
                (entry.output, entry.error, entry.done) = (output.clone(), error.clone(), true);
            }
            console.given[index].verdict.clone_from(&given.verdict);
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
    /// The lines of the run.
    pub fn entries(&self) -> &[CommandEntry] {
        &self.entries
    }
    /// Names of everything so far.
    pub fn names(&self) -> &Lexicon {
        &self.names
    }
    /// How the run stands.
    pub fn standing(&self) -> &Standing {
        &self.standing
    }
    /// Whether the script has said `quit`.
    pub fn has_quit(&self) -> bool {
        self.quit
    }
    /// The lines, in order.
    pub fn lines(&self) -> Vec<Line> {
        self.given.iter().map(|given| given.line.clone()).collect()
    }
    /// Steps taken before a line was given.
    pub fn given_at(&self, entry: usize) -> usize {
        self.given[entry].at_step
    }
    /// The task that a line is for.
    pub fn task_of(&self, entry: &CommandEntry) -> Option<TaskId> {
        let index = usize::try_from(entry.number).ok()?.checked_sub(1)?;
        self.task(self.given.get(index)?.line.task.as_deref().unwrap_or(SCRIPT_TASK))
    }
    /// Steps taken.
    pub fn steps(&self) -> usize {
        usize::try_from(self.machine.cx().steps()).expect("steps fit memory")
    }
    /// What decides the run, up to now.
    pub fn recipe(&self) -> Recipe {
        Recipe { given: self.given.clone(), choices: self.machine.choices(), steps: self.steps() }
    }

    /// Gives a line. Returns the index of its entry.
    pub fn give(&mut self, line: &Line, pace: Pace) -> Result<usize, LineError> {
        self.refuse(&line.command)?;
        let entry = self.enter(line, pace);
        if is_control(&line.command) {
            self.steer(entry, line);
        } else {
            self.submit(entry, line);
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
                self.fail(entry, reason.to_string());
            }
        }
        self.run(LINE_STEPS_MAX);
    }

    /// Takes steps until nothing can run, at most so many.
    pub fn run(&mut self, most: usize) {
        let mut left = most;
        loop {
            if left == 0 {
                break;
            }
            let outcome = self.machine.step(None);
            if self.stopped(&outcome) {
                break;
            }
            left -= 1;
        }
        self.look();
        if left == 0 {
            self.settle();
        }
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
            let at = tasks.iter().position(|task| task.label == name)?;
            u32::try_from(at).ok().map(TaskId)
        })
    }

    fn stopped(&mut self, outcome: &Outcome) -> bool {
        self.standing = match outcome {
            Outcome::Stepped => return false,
            Outcome::Idle => Standing::Idle,
            Outcome::Deadlock { cycle, stuck } => {
                self.learn();
                Standing::Deadlock(explain::deadlock(cycle, stuck, &self.names))
            }
        };
        true
    }

    /// After steps that did not end the run: whether something can still run.
    fn settle(&mut self) {
        let unfinished = self.entries.iter().any(|entry| !entry.done);
        if unfinished || !self.machine.cx().runnable().is_empty() {
            self.standing = Standing::Pending;
        } else {
            self.standing = Standing::Idle;
        }
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
            done: false,
            first_step: self.steps() + 1,
            last_step: self.steps(),
        });
        self.given.push(given);
        self.entries.len() - 1
    }

    fn submit(&mut self, entry: usize, line: &Line) {
        let command = self.machine.submit(line);
        self.names.push_command(self.entries[entry].text.clone());
        self.entries[entry].command = command;
        self.by_command.insert(command, entry);
        self.standing = Standing::Pending;
    }

    fn fail(&mut self, entry: usize, reason: String) {
        self.entries[entry].error = Some(reason);
        self.entries[entry].done = true;
    }

    fn learn(&mut self) {
        let names = &mut self.names;
        self.machine.cx().record(|recorder| names.learn(&recorder.events));
    }

    /// Takes in what has happened since the last look.
    fn look(&mut self) {
        self.learn();
        let (entries, by_command, seen) = (&mut self.entries, &self.by_command, &mut self.seen);
        self.machine.cx().record(|recorder| {
            for (at, event) in recorder.events.iter().enumerate().skip(*seen) {
                let (Event::CommandBegan { number, .. } | Event::CommandEnded { number, .. }) = event else { continue };
                let Some(entry) = by_command.get(number).map(|index| &mut entries[*index]) else { continue };
                let step = recorder.steps.partition_point(|step| step.first_event <= at);
                if matches!(event, Event::CommandBegan { .. }) {
                    entry.first_step = step;
                }
                entry.last_step = step;
            }
            *seen = recorder.events.len();
        });
        for finished in self.machine.take_finished() {
            let Some(index) = self.by_command.get(&finished.number).copied() else { continue };
            let entry = &mut self.entries[index];
            entry.output = finished.text;
            entry.error = finished.result.err.map(str::to_owned);
            entry.done = true;
            self.last_finished = Some(index);
        }
    }
}

/// Whether a line steers the run instead of being a command of it.
fn is_control(command: &Command) -> bool {
    use Command::{Expect, Help, Quit, Run, Schedule, Step};
    matches!(command, Run { .. } | Step(_) | Schedule(_) | Expect(_) | Help(_) | Quit)
}

/// What the engine is given for a line; `None` for one that only steers.
fn engine_line(line: &Line) -> Option<Line> {
    match &line.command {
        Command::Expect(Expect::Output { command, .. }) => {
            let text = command.to_string();
            Some(Line { number: line.number, text, task: None, command: (**command).clone() })
        }
        command => (!is_control(command)).then(|| line.clone()),
    }
}

/// Whether the first of these lines is one of several `@task` lines that a scheduling line follows.
fn waits_for_schedule(lines: &[Line]) -> bool {
    let next = lines.iter().find(|line| line.task.is_none());
    let schedules = |line: &Line| matches!(line.command, Command::Run { .. } | Command::Step(_) | Command::Schedule(_));
    lines.first().is_some_and(|line| line.task.is_some()) && next.is_some_and(schedules)
}

impl Console {
    /// Lines that parse and that cannot be done; nothing has happened yet.
    pub fn refuse(&self, command: &Command) -> Result<(), LineError> {
        let missing = |name: &String| self.task(name).is_none().then(|| format!("there is no task `{name}`"));
        let reason = match command {
            Command::Run { until: Until::Lock(_), .. } => Some("`run ... until lock` is not modelled yet".to_owned()),
            Command::Run { task, .. } => missing(task),
            Command::Schedule(tasks) => tasks.iter().find_map(missing),
            Command::Expect(Expect::Livelock) => Some("`expect livelock` is not modelled yet".to_owned()),
            Command::Expect(Expect::Finding(_)) => Some("`expect finding` is not modelled yet".to_owned()),
            _ => None,
        };
        reason.map_or(Ok(()), |reason| Err(LineError::Refused(reason)))
    }

    fn steer(&mut self, entry: usize, line: &Line) {
        match &line.command {
            Command::Quit => self.quit = true,
            Command::Help(name) => self.entries[entry].output = help::text(name.as_deref()).unwrap_or_default(),
            Command::Step(count) => {
                for _ in 0..*count {
                    if !self.step(None) {
                        break;
                    }
                }
            }
            Command::Run { task, until } => self.run_task(task, until),
            Command::Schedule(tasks) => {
                for name in tasks {
                    let task = self.task(name).filter(|task| self.machine.cx().runnable().contains(task));
                    match task {
                        Some(task) => drop(self.step(Some(task))),
                        None => {
                            self.fail(entry, format!("{name} cannot take a step here"));
                            break;
                        }
                    }
                }
            }
            Command::Expect(expect) => self.expect(entry, line, expect),
            _ => {}
        }
        let steps = self.steps();
        let entry_now = &mut self.entries[entry];
        (entry_now.last_step, entry_now.done) = (steps, true);
        self.given[entry].verdict = Some((entry_now.output.clone(), entry_now.error.clone()));
    }

    /// Prefers one task; while it is blocked, whatever lets it go on.
    fn run_task(&mut self, name: &str, until: &Until) {
        let Some(task) = self.task(name) else { return };
        let mut left = if let Until::Steps(count) = until { *count } else { u64::MAX };
        let begun = self.unfinished_of(task);
        while left > 0 && !(matches!(until, Until::Exit) && begun > self.unfinished_of(task)) {
            let runnable = self.machine.cx().runnable().contains(&task);
            if !runnable && matches!(until, Until::Exit) && self.unfinished_of(task) == 0 {
                break;
            }
            if !self.step(runnable.then_some(task)) {
                break;
            }
            left -= u64::from(runnable);
        }
    }

    /// Commands of a task that have not ended.
    fn unfinished_of(&self, task: TaskId) -> usize {
        let label = self.names.task(task);
        let of = |given: &Given| given.line.task.as_deref().unwrap_or(SCRIPT_TASK) == label;
        self.given
            .iter()
            .zip(&self.entries)
            .filter(|(given, entry)| of(given) && !entry.done && entry.command > 0)
            .count()
    }

    fn expect(&mut self, entry: usize, line: &Line, expect: &Expect) {
        let last = self.last_finished.map(|index| self.entries[index].clone());
        let wrong = match expect {
            Expect::Success => last.and_then(|last| last.error).map(|error| format!("expected success, got {error}")),
            Expect::Error(name) => match last.and_then(|last| last.error) {
                Some(error) if error == *name => None,
                Some(error) => Some(format!("expected {name}, got {error}")),
                None => Some(format!("expected {name}, got success")),
            },
            Expect::Deadlock => match &self.standing {
                Standing::Deadlock(_) => None,
                Standing::Idle | Standing::Pending => Some("expected a deadlock, and there is none".to_owned()),
            },
            Expect::Livelock | Expect::Finding(_) => None,
            Expect::Output { expected, .. } => self.expect_output(entry, line, expected),
        };
        self.entries[entry].error = wrong;
    }

    fn expect_output(&mut self, entry: usize, line: &Line, expected: &str) -> Option<String> {
        self.submit(entry, &engine_line(line)?);
        self.run(LINE_STEPS_MAX);
        let trimmed = |text: &str| text.lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>();
        let output = self.entries[entry].output.clone();
        let (want, got) = (trimmed(expected), trimmed(&output));
        if want == got {
            return None;
        }
        let at = want.iter().zip(&got).take_while(|(want, got)| want == got).count();
        let shown = |lines: &[String]| lines.get(at).map_or_else(|| "nothing".to_owned(), |line| format!("`{line}`"));
        Some(format!("line {} of the output: expected {}, got {}", at + 1, shown(&want), shown(&got)))
    }
}
