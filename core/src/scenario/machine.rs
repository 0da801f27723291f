//! The live run: a mounted filesystem, the tasks that execute a script's commands, and who goes next.

use super::devices::{Devices, Start};
use super::power::{PLUG_TASK, Plug, pulls_plug};
use super::program;
use super::reply::CommandResult;
use super::script::{Command, Line, Script, Until};
use super::setup::Setup;
use crate::base::{Prov, SortedMap, StateCell, TaskId};
use crate::sim::cx::Recording;
use crate::sim::{Choice, Chooser, Cx, Executor, Outcome, WaitQueue};
use crate::store::Finding;
use crate::trace::{Event, LockClass, Mark, Reason, TaskState};
use crate::vfs::Fs;
use crate::view::World;
use std::collections::VecDeque;
use std::rc::Rc;

/// The name of the task that runs lines without a task of their own.
pub(super) const SCRIPT_TASK: &str = "script";

/// A command that has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finished {
    /// Its number in the run, from 1.
    pub number: u32,
    /// What it gave.
    pub result: CommandResult,
    /// What the tool prints, newlines included; empty for nothing.
    pub text: String,
}

/// Lines for one task.
#[derive(Default)]
pub(super) struct Inbox {
    pub(super) lines: StateCell<VecDeque<(u32, Command)>>,
    filled: WaitQueue,
}

/// A run that can be stepped.
pub struct Machine {
    pub(super) executor: Executor,
    pub(super) cx: Cx,
    pub(super) fs: Fs,
    pub(super) findings: Vec<Finding>,
    pub(super) inboxes: SortedMap<String, (TaskId, Rc<Inbox>)>,
    pub(super) finished: Rc<StateCell<Vec<Finished>>>,
    submitted: u32,
    quit: bool,
    plug: Plug,
}

impl Machine {
    /// A freshly made filesystem in memory, at rest: step 0.
    pub fn new(setup: &Setup, recording: Recording) -> Self {
        Self::on(setup, &Devices::in_memory(setup), recording)
    }

    /// The same on a device that comes from elsewhere. It has the blocks of [`Setup::layout`].
    pub fn on(setup: &Setup, devices: &Devices, recording: Recording) -> Self {
        Self::begin(setup, devices, recording, Chooser::Default)
    }

    /// In memory, under another rule for who goes next.
    pub fn with_chooser(setup: &Setup, recording: Recording, chooser: Chooser) -> Self {
        Self::begin(setup, &Devices::in_memory(setup), recording, chooser)
    }

    fn begin(setup: &Setup, devices: &Devices, recording: Recording, chooser: Chooser) -> Self {
        let cx = Cx::new(recording);
        let period = setup.directives().writeback;
        let (device, start) = devices.open();
        let profile = setup.profile().clone();
        let (fs, findings) = match start {
            Start::Format => (Fs::mkfs(&cx, profile, device, setup.settings(), period), Vec::new()),
            Start::Mount | Start::ReadOnly => Fs::mount(&cx, profile, device, period),
        };
        let executor = Executor::new(cx.clone(), Chooser::Default);
        let mut machine = Self {
            executor,
            cx,
            fs,
            findings,
            inboxes: SortedMap::new(),
            finished: Rc::default(),
            submitted: 0,
            quit: false,
            plug: Plug::default(),
        };
        machine.task(SCRIPT_TASK);
        machine.settle();
        machine.executor.set_chooser(chooser);
        machine
    }

    /// The background tasks take their first steps and wait for work; those steps belong to step 0.
    fn settle(&mut self) {
        self.executor.run();
        self.cx.forget_steps();
    }

    /// What was wrong with the device when it was mounted last.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// The simulation: events, steps, tasks, locks.
    pub fn cx(&self) -> &Cx {
        &self.cx
    }
    /// The mounted filesystem.
    pub fn fs(&self) -> &Fs {
        &self.fs
    }

    /// The task of that name, made when it is new.
    pub(super) fn task(&mut self, name: &str) -> (TaskId, Rc<Inbox>) {
        if let Some(found) = self.inboxes.get(name) {
            return found.clone();
        }
        let inbox = Rc::new(Inbox::default());
        let (cx, fs, finished) = (self.cx.clone(), self.fs.clone(), self.finished.clone());
        let body = serve(cx, fs, inbox.clone(), finished, self.plug.clone());
        let task = self.cx.spawn(name, false, Box::pin(body));
        self.inboxes.insert(name.to_owned(), (task, inbox.clone()));
        (task, inbox)
    }

    /// Hands a command to its task without letting anybody run. Returns its number.
    pub fn submit(&mut self, line: &Line) -> u32 {
        self.submit_command(line.task.as_deref(), line.command.clone())
    }

    fn submit_command(&mut self, task: Option<&str>, command: Command) -> u32 {
        self.submitted += 1;
        let number = self.submitted;
        let usual = if pulls_plug(&command).is_some() { PLUG_TASK } else { SCRIPT_TASK };
        let (_, inbox) = self.task(task.unwrap_or(usual));
        inbox.lines.change(|lines| lines.push_back((number, command)));
        inbox.filled.wake_all(&self.cx);
        number
    }

    /// Does what a line says: a command of the script's own task runs to its end, one of another task only starts,
    /// and the scheduling commands let tasks run. Returns the number of the last command submitted, and how it stands.
    pub fn play_line(&mut self, line: &Line) -> (u32, Outcome) {
        let outcome = match &line.command {
            Command::Quit => {
                self.quit = true;
                Outcome::Idle
            }
            Command::Repeat { count, lines } => return self.repeat(*count, lines),
            Command::Run { task, until } => self.run_task(task, until),
            Command::Step(count) => self.take_steps(*count),
            Command::Schedule(names) => self.schedule(names),
            _ => {
                let number = self.submit(line);
                self.pull_plug(&line.command);
                let outcome = if line.task.is_none() { self.run_until_finished(number) } else { Outcome::Stepped };
                return (number, outcome);
            }
        };
        (self.submitted, outcome)
    }

    /// Plays a whole script and then lets every task finish.
    pub fn play(&mut self, script: &Script) -> Outcome {
        for line in &script.lines {
            if self.quit {
                break;
            }
            if let (_, Outcome::Deadlock { cycle, stuck }) = self.play_line(line) {
                return Outcome::Deadlock { cycle, stuck };
            }
        }
        self.run()
    }

    fn repeat(&mut self, count: u64, lines: &[Line]) -> (u32, Outcome) {
        let mut last = (self.submitted, Outcome::Idle);
        for _ in 0..count {
            for line in lines {
                last = self.play_line(line);
                if matches!(last.1, Outcome::Deadlock { .. }) {
                    return last;
                }
            }
        }
        last
    }

    /// Lets tasks run until command `number` has ended or nothing can run.
    fn run_until_finished(&mut self, number: u32) -> Outcome {
        self.executor.set_stepping(false);
        // It was just submitted: it is not among those that have ended already.
        let ended = self.finished.with(Vec::len);
        loop {
            if self.finished.with(|all| all[ended..].iter().any(|finished| finished.number == number)) {
                return Outcome::Idle;
            }
            let outcome = self.one(None);
            if outcome != Outcome::Stepped {
                return outcome;
            }
        }
    }

    fn run_task(&mut self, name: &str, until: &Until) -> Outcome {
        let (task, _) = self.task(name);
        let mut left = match until {
            Until::Steps(count) => *count,
            Until::Exit | Until::Lock(_) => u64::MAX,
        };
        while left > 0 && self.cx.runnable().contains(&task) {
            if let Until::Lock(class) = until
                && self.at_lock(task, class)
            {
                break;
            }
            self.step(Some(task));
            left -= 1;
        }
        Outcome::Stepped
    }

    /// Whether the task stands before an attempt to take a lock of this class.
    fn at_lock(&self, task: TaskId, class: &str) -> bool {
        let wanted =
            |lock: LockClass| serde_json::to_value(lock).is_ok_and(|name| name == class) || lock.kernel() == class;
        matches!(self.cx.standing_at(task), Mark::Lock(lock, _) if wanted(lock.class))
    }

    fn take_steps(&mut self, count: u64) -> Outcome {
        for _ in 0..count {
            let outcome = self.step(None);
            if outcome != Outcome::Stepped {
                return outcome;
            }
        }
        Outcome::Stepped
    }

    fn schedule(&mut self, names: &[String]) -> Outcome {
        for name in names {
            let (task, _) = self.task(name);
            if self.cx.runnable().contains(&task) {
                self.step(Some(task));
            }
        }
        Outcome::Stepped
    }

    /// Lets tasks run until nothing can.
    pub fn run(&mut self) -> Outcome {
        self.executor.set_stepping(false);
        loop {
            let outcome = self.one(None);
            if outcome != Outcome::Stepped {
                return outcome;
            }
        }
    }

    /// One step, of the given task or of whoever the chooser picks.
    pub fn step(&mut self, task: Option<TaskId>) -> Outcome {
        self.executor.set_stepping(true);
        self.one(task)
    }

    /// One step or, with nobody stepping, one task until it blocks; then the power goes, if that was asked for.
    fn one(&mut self, task: Option<TaskId>) -> Outcome {
        let outcome = self.executor.run_one(task);
        match self.plug.change(Option::take) {
            Some((number, cut)) => self.lose_power(number, &cut),
            None => return outcome,
        }
        Outcome::Stepped
    }

    /// Choices to make again at their steps.
    pub fn replay(&mut self, choices: Vec<Choice>) {
        self.executor.replay(choices);
    }

    /// Every choice so far that the default rule would not have made.
    pub fn choices(&self) -> Vec<Choice> {
        self.executor.choices().to_vec()
    }

    /// Commands that have ended since the last call, in order of ending.
    pub fn take_finished(&mut self) -> Vec<Finished> {
        self.finished.change(std::mem::take)
    }

    /// Commands that have not ended.
    pub fn unfinished(&self) -> bool {
        let busy = |task: &crate::sim::cx::Task| match task.state {
            TaskState::Done | TaskState::Blocked(Reason::Work | Reason::Command) => false,
            TaskState::Blocked(Reason::Timer(_)) => !task.daemon,
            TaskState::Runnable | TaskState::Blocked(_) => true,
        };
        self.cx.tasks(|tasks| tasks.iter().any(busy))
    }

    /// What can be seen, read from the structures.
    pub fn walk(&self) -> World {
        crate::view::walk::walk(&self.cx, &self.fs)
    }

    /// Every structure keeps its rules.
    pub fn verify(&self) -> Result<(), String> {
        crate::check::verify(self.fs.volume())
    }
}

/// The body of a task that executes commands one after the other.
async fn serve(cx: Cx, fs: Fs, inbox: Rc<Inbox>, finished: Rc<StateCell<Vec<Finished>>>, plug: Plug) {
    loop {
        let waits = || inbox.lines.with(|lines| !lines.is_empty());
        inbox.filled.wait_until(&cx, Reason::Command, waits).await;
        let Some((number, command)) = inbox.lines.change(|lines| lines.pop_front()) else { continue };
        cx.step(Mark::Command(number)).await;
        let task = cx.current();
        cx.set_command(Some(number));
        cx.emit(|| Event::CommandBegan { task, number });
        if let Some(cut) = pulls_plug(&command) {
            // The machine ends this task with all others.
            plug.change(|plug| *plug = Some((number, cut.clone())));
            std::future::pending::<()>().await;
        }
        let (result, text) = program::execute(&fs, &command, Prov(number)).await;
        let (ret, errno) = (result.ret.unwrap_or(0), result.errno);
        cx.set_command(None);
        cx.emit(|| Event::CommandEnded { task, number, ret, errno });
        finished.change(|all| all.push(Finished { number, result, text }));
    }
}
