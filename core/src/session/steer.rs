//! Lines that steer a run instead of being a command of it: schedules, claims, repetition.

use super::answer::{LineError, Standing};
use super::console::{Console, LINE_STEPS_MAX};
use super::recipe::{Pace, Verdict};
use crate::base::TaskId;
use crate::scenario::script::{Command, Expect, Line, Until};
use crate::trace::{LockClass, Mark};

impl Command {
    /// Whether the session does it, and not the engine.
    pub fn steers(&self) -> bool {
        matches!(
            self,
            Self::Run { .. } | Self::Step(_) | Self::Schedule(_) | Self::Expect(_) | Self::Repeat { .. } | Self::Quit
        )
    }
}

impl Console {
    /// Lines that parse and that cannot be done; nothing has happened yet.
    pub fn refuse(&self, command: &Command) -> Result<(), LineError> {
        let missing = |name: &String| self.task(name).is_none().then(|| format!("there is no task `{name}`"));
        let reason = match command {
            Command::Run { until: Until::Lock(class), .. } if class_of(class).is_none() => {
                let known: Vec<&str> = CLASSES.iter().map(|(name, _)| *name).collect();
                Some(format!("there is no lock class `{class}`; there are: {}", known.join(", ")))
            }
            Command::Run { task, .. } => missing(task),
            Command::Schedule(tasks) => tasks.iter().find_map(missing),
            Command::Expect(Expect::Livelock) => Some("`expect livelock` is not modelled yet".to_owned()),
            Command::Expect(Expect::Finding(_)) => Some("`expect finding` is not modelled yet".to_owned()),
            _ => None,
        };
        reason.map_or(Ok(()), |reason| Err(LineError::Refused(reason)))
    }

    pub(super) fn steer(&mut self, entry: usize, line: &Line, pace: Pace) {
        match &line.command {
            Command::Quit => self.quit = true,
            Command::Step(count) => drop((0..*count).take_while(|_| self.step(None)).count()),
            Command::Run { task, until } => self.run_task(task, until),
            Command::Schedule(tasks) => self.schedule(entry, tasks),
            Command::Repeat { count, lines } => self.repeat(entry, *count, lines, line.task.as_ref(), pace),
            Command::Expect(expect) => {
                let wrong = self.expect(entry, line, expect);
                self.entries[entry].claim_failed = wrong.is_some();
                self.entries[entry].error = wrong;
            }
            _ => {}
        }
        let steps = self.steps();
        let now = &mut self.entries[entry];
        // A repetition that only started ends when its commands do.
        if pace == Pace::Run || !matches!(line.command, Command::Repeat { .. }) {
            (now.last_step, now.done) = (steps, true);
            let (output, error) = (now.output.clone(), now.error.clone());
            self.given[entry].verdict = Some(Verdict { output, error, claim_failed: now.claim_failed });
        }
    }

    /// Prefers one task; while it is blocked, whatever lets it go on.
    fn run_task(&mut self, name: &str, until: &Until) {
        let Some(task) = self.task(name) else { return };
        // A task that tries and tries never gets there, and it is not for this line to wait for ever.
        let mut left = if let Until::Steps(count) = until { *count } else { RUN_STEPS_MAX };
        let begun = self.unfinished_of(name);
        while left > 0 && self.unfinished_of(name) > 0 && self.unfinished_of(name) >= begun {
            if let Until::Lock(class) = until
                && self.stands_at(task, class)
            {
                break;
            }
            let runnable = self.machine.cx().runnable().contains(&task);
            if !self.step(runnable.then_some(task)) {
                break;
            }
            left -= u64::from(runnable);
        }
    }

    /// Whether the task stands before an attempt to take a lock of this class.
    fn stands_at(&self, task: TaskId, class: &str) -> bool {
        let at = self.machine.cx().standing_at(task);
        let runnable = self.machine.cx().runnable().contains(&task);
        runnable && matches!(at, Mark::Lock(lock, _) if Some(lock.class) == class_of(class))
    }

    fn schedule(&mut self, entry: usize, tasks: &[String]) {
        for name in tasks {
            let task = self.task(name).filter(|task| self.machine.cx().runnable().contains(task));
            let Some(task) = task else {
                self.fail(entry, format!("{name} cannot take a step here"));
                break;
            };
            self.step(Some(task));
        }
    }

    fn repeat(&mut self, entry: usize, count: u64, lines: &[Line], task: Option<&String>, pace: Pace) {
        let (from, mut started) = (self.steps(), 0);
        for _ in 0..count {
            for line in lines {
                let stuck = self.quit || matches!(self.standing, Standing::Deadlock(_));
                let enough = self.steps() - from > LINE_STEPS_MAX || started > STARTED_MAX;
                if stuck || enough || self.entries[entry].claim_failed {
                    return;
                }
                if line.command.steers() {
                    self.steer(entry, line, pace);
                    continue;
                }
                let line = Line { task: line.task.clone().or_else(|| task.cloned()), ..line.clone() };
                self.submit(entry, &line);
                match pace {
                    Pace::Run => self.run(LINE_STEPS_MAX),
                    Pace::Start => started += 1,
                }
            }
        }
    }

    /// What is wrong with the claim, if anything.
    fn expect(&mut self, entry: usize, line: &Line, expect: &Expect) -> Option<String> {
        let error = self.last.as_ref().and_then(|last| last.result.err);
        match expect {
            Expect::Success => error.map(|error| format!("expected success, got {error}")),
            Expect::Error(name) if error == Some(name.as_str()) => None,
            Expect::Error(name) => Some(format!("expected {name}, got {}", error.unwrap_or("success"))),
            Expect::Deadlock => {
                // Whoever can still run may do so: a deadlock is what nobody can undo.
                self.run(LINE_STEPS_MAX);
                let found = matches!(self.standing, Standing::Deadlock(_));
                (!found).then(|| "expected a deadlock, and there is none".to_owned())
            }
            Expect::Livelock | Expect::Finding(_) => None,
            Expect::Output { command, expected, .. } => {
                let text = command.to_string();
                let inner = Line { number: line.number, text, task: None, command: (**command).clone() };
                self.expect_output(entry, &inner, expected)
            }
        }
    }

    fn expect_output(&mut self, entry: usize, line: &Line, expected: &str) -> Option<String> {
        if line.command.steers() {
            return Some("this command prints nothing".to_owned());
        }
        self.submit(entry, line);
        self.run(LINE_STEPS_MAX);
        let trimmed = |text: &str| text.lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>();
        let (want, got) = (trimmed(expected), trimmed(&self.entries[entry].output));
        if want == got {
            return None;
        }
        let at = want.iter().zip(&got).take_while(|(want, got)| want == got).count();
        let shown = |lines: &[String]| lines.get(at).map_or_else(|| "nothing".to_owned(), |line| format!("`{line}`"));
        Some(format!("line {} of the output: expected {}, got {}", at + 1, shown(&want), shown(&got)))
    }
}

/// Steps that `run` lets a task take when it does not say how many.
const RUN_STEPS_MAX: u64 = 20_000;

/// Commands that a repetition with pause on hands over at most.
const STARTED_MAX: usize = 1_000;

/// What a script may call the classes of locks.
const CLASSES: [(&str, LockClass); 6] = [
    ("inode", LockClass::Inode),
    ("invalidate", LockClass::Invalidate),
    ("folio", LockClass::Folio),
    ("mapping", LockClass::Mapping),
    ("node", LockClass::Node),
    ("commit", LockClass::Commit),
];

/// The class of that name, ours or the kernel's.
fn class_of(name: &str) -> Option<LockClass> {
    let ours = CLASSES.iter().find(|(word, _)| *word == name);
    ours.or_else(|| CLASSES.iter().find(|(_, class)| class.kernel() == name)).map(|(_, class)| *class)
}
