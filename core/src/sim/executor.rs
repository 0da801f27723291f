//! Polls one task at a time.

use super::choose::{Choice, Chooser, default_pick};
use super::cx::{Cx, TaskFuture};
use super::deadlock::{WaitEdge, minimal_cycle, wait_edges};
use crate::base::TaskId;
use crate::trace::{Mark, Reason, TaskState};
use std::collections::VecDeque;
use std::task::{Context, Poll, Waker};

/// Why the executor stopped.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// One step was taken, and there may be more.
    Stepped,
    /// Nothing can run and nothing is unfinished.
    Idle,
    /// Nothing can run and these tasks never will: an answer, not a hang.
    Deadlock {
        /// The smallest circle of waits; empty when somebody waits for a task that simply never ends.
        cycle: Vec<WaitEdge>,
        /// Every task that is stuck.
        stuck: Vec<TaskId>,
    },
}

/// A task's code, and whether it has taken its first step.
struct Body {
    future: Option<TaskFuture>,
    started: bool,
}

/// The tasks' bodies, and who goes next.
pub struct Executor {
    cx: Cx,
    bodies: Vec<Body>,
    chooser: Chooser,
    replay: VecDeque<Choice>,
    log: Vec<Choice>,
}

impl Executor {
    /// An executor over a world; tasks come from [`Cx::spawn`].
    pub fn new(cx: Cx, chooser: Chooser) -> Self {
        let executor = Self { cx, bodies: Vec::new(), chooser, replay: VecDeque::new(), log: Vec::new() };
        executor.set_stepping(false);
        executor
    }

    /// Another rule for who goes next, from here on.
    pub fn set_chooser(&mut self, chooser: Chooser) {
        self.chooser = chooser;
        self.set_stepping(false);
    }

    /// Choices to make at given steps, before the chooser is asked. They must be in order of their steps.
    pub fn replay(&mut self, choices: impl IntoIterator<Item = Choice>) {
        self.replay.extend(choices);
    }

    /// Every choice made that the default rule would not have made.
    pub fn choices(&self) -> &[Choice] {
        &self.log
    }

    /// Whether each call of [`Executor::run_one`] takes one step, or runs a task until it blocks.
    pub fn set_stepping(&self, stepping: bool) {
        let suspends = stepping || !self.chooser.runs_until_blocked();
        self.cx.state(|state| state.suspends = suspends);
    }

    /// Lets one task go on. With `Some(task)` it is that one, which must be runnable.
    pub fn run_one(&mut self, wanted: Option<TaskId>) -> Outcome {
        self.adopt();
        let mut runnable = self.cx.runnable();
        if runnable.is_empty() {
            if !self.fire_timer() {
                return self.verdict();
            }
            runnable = self.cx.runnable();
        }
        let current = self.current_unless_it_gave_way();
        let step = self.cx.steps() + 1;
        let usual = default_pick(current, &runnable);
        let chosen =
            wanted.or_else(|| self.replayed(step)).unwrap_or_else(|| self.chooser.pick(step, current, &runnable));
        assert!(runnable.contains(&chosen), "only a runnable task can take a step");
        if chosen != usual {
            self.log.push(Choice { step, task: chosen });
        }
        self.poll(chosen, !self.replay.is_empty());
        Outcome::Stepped
    }

    /// Lets tasks go on until nothing can run.
    pub fn run(&mut self) -> Outcome {
        loop {
            let outcome = self.run_one(None);
            if outcome != Outcome::Stepped {
                return outcome;
            }
        }
    }

    /// Ends every task where it stands: what it holds is dropped, and nothing of it is finished.
    pub fn end_all(&mut self) {
        self.adopt();
        for (task, body) in (0u32..).map(TaskId).zip(&mut self.bodies) {
            if let Some(future) = body.future.take() {
                self.cx.state(|state| state.current = task);
                drop(future);
                self.cx.set_task(task, TaskState::Done);
            }
        }
        self.cx.state(|state| {
            state.timers.clear();
            state.gave_way = false;
        });
    }

    fn current_unless_it_gave_way(&mut self) -> Option<TaskId> {
        let current = self.cx.current();
        if self.cx.state(|state| std::mem::take(&mut state.gave_way)) {
            self.chooser.gave_way(current);
            return None;
        }
        Some(current)
    }

    fn replayed(&mut self, step: u64) -> Option<TaskId> {
        let next = *self.replay.front()?;
        if next.step > step {
            return None;
        }
        self.replay.pop_front();
        (next.step == step).then_some(next.task)
    }

    fn adopt(&mut self) {
        while let Some((id, body)) = self.cx.state(|state| state.spawned.pop_front()) {
            assert!(self.bodies.len() == id.0 as usize, "tasks are adopted in order of their ids");
            self.bodies.push(Body { future: Some(body), started: false });
        }
    }

    fn poll(&mut self, task: TaskId, choices_ahead: bool) {
        let suspends = self.cx.state(|state| {
            state.current = task;
            let before = state.suspends;
            state.suspends = before || choices_ahead;
            before
        });
        let body = &mut self.bodies[task.0 as usize];
        if !std::mem::replace(&mut body.started, true) {
            self.cx.begin_step(Mark::Start);
        }
        let future = body.future.as_mut().expect("a runnable task has a body");
        if future.as_mut().poll(&mut Context::from_waker(Waker::noop())) == Poll::Ready(()) {
            body.future = None;
            self.cx.set_task(task, TaskState::Done);
        }
        self.cx.state(|state| state.suspends = suspends);
        self.adopt();
    }

    /// Nobody can run: virtual time jumps to the next timer, as long as somebody but background tasks waits for one.
    fn fire_timer(&mut self) -> bool {
        let wanted = self.cx.state(|state| {
            let awaited = |(_, task): &(u64, TaskId)| !state.tasks[task.0 as usize].daemon;
            state.timers.keys().any(awaited)
        });
        if !wanted {
            return false;
        }
        let Some(((when, task), ())) = self.cx.state(|state| state.timers.pop_first()) else { return false };
        let now = self.cx.now();
        if when > now {
            self.cx.advance(when - now);
        }
        self.cx.wake(task);
        true
    }

    fn verdict(&self) -> Outcome {
        let stuck: Vec<TaskId> = self.cx.tasks(|tasks| {
            (0u32..)
                .zip(tasks)
                .filter(|(_, task)| match task.state {
                    TaskState::Blocked(Reason::Command) => false,
                    TaskState::Blocked(Reason::Work | Reason::Timer(_)) => !task.daemon,
                    TaskState::Blocked(_) => true,
                    TaskState::Runnable | TaskState::Done => false,
                })
                .map(|(id, _)| TaskId(id))
                .collect()
        });
        if stuck.is_empty() {
            return Outcome::Idle;
        }
        Outcome::Deadlock { cycle: minimal_cycle(&wait_edges(&self.cx)), stuck }
    }
}

/// Dropping the bodies releases their locks while the world still stands.
impl Drop for Executor {
    fn drop(&mut self) {
        self.cx.set_recording(super::cx::Recording::Off);
        self.cx.state(|state| state.spawned.clear());
        self.bodies.clear();
    }
}
