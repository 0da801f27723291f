//! The handle that every task takes: steps, events, time, tasks and locks.

use super::lock::LockTable;
use crate::base::order_by;
use crate::base::{SortedMap, StateCell, TaskId};
use crate::trace::{Event, Frame, Mark, Reason, Recorder, StepRecord, TaskState};
use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::task::Poll;

/// The body of a task.
pub type TaskFuture = Pin<Box<dyn Future<Output = ()>>>;

/// What the scheduler knows of a task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    /// Name in the picture.
    pub label: String,
    /// Whether a run may end while it waits for work.
    pub daemon: bool,
    /// Whether it can take a step.
    pub state: TaskState,
    /// Functions it is in, outermost first, each with its two numbers.
    pub frames: Vec<(Frame, u64, u64)>,
    /// The command that it works on.
    pub command: Option<u32>,
    /// When it last became runnable, in order of becoming so.
    ready_since: u64,
}

/// Everything of the simulation that is not a future.
pub(super) struct State {
    pub(super) tasks: Vec<Task>,
    pub(super) current: TaskId,
    pub(super) spawned: VecDeque<(TaskId, TaskFuture)>,
    /// Whether tasks hand control back at every step.
    pub(super) suspends: bool,
    /// Whether the current task lets every other one go first.
    pub(super) gave_way: bool,
    pub(super) now: u64,
    pub(super) timers: SortedMap<(u64, TaskId), ()>,
    /// Where the current task stands, for the step that it will begin when it goes on.
    ready_clock: u64,
    pub(super) check_order: bool,
    /// Where each task stands, by id: the mark of the step that it will begin next.
    pub(super) standing: Vec<Mark>,
}

/// A cheap handle to the simulation; cloned freely, one world behind it.
#[derive(Clone)]
pub struct Cx(Rc<Shared>);

struct Shared {
    state: StateCell<State>,
    locks: StateCell<LockTable>,
    recorder: StateCell<Recorder>,
}

/// Leaves its frame when dropped, so that frames nest also when a task is dropped.
pub struct FrameGuard {
    cx: Cx,
    task: TaskId,
    frame: Frame,
}

impl Drop for FrameGuard {
    fn drop(&mut self) {
        self.cx.0.state.change(|state| {
            let frames = &mut state.tasks[self.task.0 as usize].frames;
            let left = frames.pop().expect("a frame that was entered");
            assert!(left.0 == self.frame, "frames are left in the reverse order of entering");
        });
        self.cx.emit(|| Event::FrameLeft { task: self.task, frame: self.frame });
    }
}

impl Cx {
    /// A new world with no task. `record` says whether events are kept.
    pub fn new(record: Recording) -> Self {
        let state = State {
            tasks: Vec::new(),
            current: TaskId(0),
            spawned: VecDeque::new(),
            suspends: false,
            gave_way: false,
            now: 0,
            timers: SortedMap::new(),
            ready_clock: 0,
            check_order: true,
            standing: Vec::new(),
        };
        let recorder = Recorder { on: record == Recording::On, ..Recorder::default() };
        Self(Rc::new(Shared {
            state: StateCell::new(state),
            locks: StateCell::new(LockTable::default()),
            recorder: StateCell::new(recorder),
        }))
    }

    /// Records an event; the closure runs only when somebody keeps it.
    #[inline]
    pub fn emit(&self, event: impl FnOnce() -> Event) {
        self.0.recorder.change(|recorder| {
            if recorder.on {
                recorder.events.push(event());
            }
        });
    }

    /// Whether events are kept.
    #[inline]
    pub fn recording(&self) -> bool {
        self.0.recorder.with(|recorder| recorder.on)
    }

    /// Turns recording on or off. Off, the run can no longer be folded or stepped back.
    pub fn set_recording(&self, record: Recording) {
        self.0.recorder.change(|recorder| recorder.on = record == Recording::On);
    }

    /// Looks at the record.
    pub fn record<R>(&self, look: impl FnOnce(&Recorder) -> R) -> R {
        self.0.recorder.with(look)
    }

    /// What happened so far becomes part of step 0: steps are counted from here.
    pub fn forget_steps(&self) {
        self.0.recorder.change(|recorder| {
            recorder.steps.clear();
            recorder.step_count = 0;
        });
    }

    /// Steps begun so far.
    pub fn steps(&self) -> u64 {
        self.0.recorder.with(|recorder| recorder.step_count)
    }

    /// The task that is running.
    pub fn current(&self) -> TaskId {
        self.0.state.with(|state| state.current)
    }

    /// Virtual time in nanoseconds.
    pub fn now(&self) -> u64 {
        self.0.state.with(|state| state.now)
    }

    /// Moves virtual time by what a request took. Time never goes back.
    pub fn advance(&self, nanoseconds: u64) {
        let now = self.0.state.change(|state| {
            state.now += nanoseconds;
            state.now
        });
        self.emit(|| Event::ClockMoved { now });
    }

    /// Looks at the tasks, in order of their ids.
    pub fn tasks<R>(&self, look: impl FnOnce(&[Task]) -> R) -> R {
        self.0.state.with(|state| look(&state.tasks))
    }

    /// Looks at the locks.
    pub fn locks<R>(&self, look: impl FnOnce(&LockTable) -> R) -> R {
        self.0.locks.with(look)
    }

    pub(super) fn change_locks<R>(&self, change: impl FnOnce(&mut LockTable) -> R) -> R {
        self.0.locks.change(change)
    }

    pub(super) fn state<R>(&self, change: impl FnOnce(&mut State) -> R) -> R {
        self.0.state.change(change)
    }

    /// Whether taking locks out of order is a bug. Off only where a patch level is wrong on purpose.
    pub fn check_lock_order(&self, check: bool) {
        self.0.state.change(|state| state.check_order = check);
    }

    /// A new task. It takes its first step when the chooser lets it.
    pub fn spawn(&self, label: &str, daemon: bool, body: TaskFuture) -> TaskId {
        let task = self.0.state.change(|state| {
            let id = TaskId(u32::try_from(state.tasks.len()).expect("fewer than 2^32 tasks"));
            state.ready_clock += 1;
            state.tasks.push(Task {
                label: label.to_owned(),
                daemon,
                state: TaskState::Runnable,
                frames: Vec::new(),
                command: None,
                ready_since: state.ready_clock,
            });
            state.spawned.push_back((id, body));
            id
        });
        self.emit(|| Event::TaskSpawned { task, label: label.to_owned(), daemon });
        task
    }

    /// The current task begins or ends its work on a command.
    pub fn set_command(&self, command: Option<u32>) {
        self.0.state.change(|state| {
            let current = state.current.0 as usize;
            state.tasks[current].command = command;
        });
    }

    /// No task works on a command any more. Returns those that did.
    pub fn end_commands(&self) -> Vec<(TaskId, u32)> {
        self.0.state.change(|state| {
            let tasks = (0u32..).map(TaskId).zip(&mut state.tasks);
            tasks.filter_map(|(id, task)| task.command.take().map(|command| (id, command))).collect()
        })
    }

    /// The one gate of a task's state.
    pub(super) fn set_task(&self, task: TaskId, to: TaskState) {
        let changed = self.0.state.change(|state| {
            state.ready_clock += 1;
            let clock = state.ready_clock;
            let entry = &mut state.tasks[task.0 as usize];
            assert!(entry.state != TaskState::Done, "a finished task stays finished");
            if entry.state == to {
                return false;
            }
            entry.state = to;
            if to == TaskState::Runnable {
                entry.ready_since = clock;
            }
            true
        });
        if changed {
            self.emit(|| Event::TaskChanged { task, state: to });
        }
    }

    /// The tasks that can take a step, longest waiting first.
    pub fn runnable(&self) -> Vec<TaskId> {
        self.0.state.with(|state| {
            let mut ready: Vec<(u64, TaskId)> = (0u32..)
                .zip(&state.tasks)
                .filter(|(_, task)| task.state == TaskState::Runnable)
                .map(|(id, task)| (task.ready_since, TaskId(id)))
                .collect();
            order_by(&mut ready, |(since, _)| *since);
            ready.into_iter().map(|(_, id)| id).collect()
        })
    }

    /// Enters a function that the picture names; it is left when the guard goes.
    #[must_use]
    pub fn frame(&self, frame: Frame, a: u64, b: u64) -> FrameGuard {
        let task = self.current();
        self.0.state.change(|state| state.tasks[task.0 as usize].frames.push((frame, a, b)));
        self.emit(|| Event::FrameEntered { task, frame, a, b });
        FrameGuard { cx: self.clone(), task, frame }
    }

    /// A place where another task may go first. Put it before the visible action, never between check and act.
    pub async fn step(&self, mark: Mark) {
        if self.0.state.with(|state| state.suspends) {
            self.stands(mark);
            suspend().await;
        }
        self.begin_step(mark);
    }

    /// A place where a task that tries something again lets every other task go first: without it the default rule
    /// would let it try for ever, and nobody would make true what it waits for.
    pub async fn give_way(&self, mark: Mark) {
        self.stands(mark);
        self.0.state.change(|state| {
            state.gave_way = true;
            state.ready_clock += 1;
            let (current, clock) = (state.current.0 as usize, state.ready_clock);
            state.tasks[current].ready_since = clock;
        });
        suspend().await;
        self.begin_step(mark);
    }

    fn stands(&self, mark: Mark) {
        self.0.state.change(|state| {
            let at = state.current.0 as usize;
            if state.standing.len() <= at {
                state.standing.resize(at + 1, Mark::Start);
            }
            state.standing[at] = mark;
        });
    }

    /// Where a suspended task stands: the mark of the step that it will begin next.
    pub fn standing_at(&self, task: TaskId) -> Mark {
        self.0.state.with(|state| state.standing.get(task.0 as usize).copied().unwrap_or(Mark::Start))
    }

    /// The current task begins its next step here.
    pub(super) fn begin_step(&self, mark: Mark) {
        let task = self.current();
        self.0.recorder.change(|recorder| {
            recorder.step_count += 1;
            if recorder.on {
                recorder.steps.push(StepRecord { first_event: recorder.events.len(), task, mark });
            }
        });
    }

    /// Blocks the current task until [`Cx::wake`]; the step that follows begins at `mark`.
    pub async fn park(&self, reason: Reason, mark: Mark) {
        let task = self.current();
        self.stands(mark);
        self.set_task(task, TaskState::Blocked(reason));
        poll_fn(|_| match self.0.state.with(|state| state.tasks[task.0 as usize].state) {
            TaskState::Runnable => Poll::Ready(()),
            TaskState::Blocked(_) | TaskState::Done => Poll::Pending,
        })
        .await;
        self.begin_step(mark);
    }

    /// Makes a blocked task runnable; no effect on one that is runnable or done.
    pub fn wake(&self, task: TaskId) {
        let blocked = self.0.state.with(|state| matches!(state.tasks[task.0 as usize].state, TaskState::Blocked(_)));
        if blocked {
            self.set_task(task, TaskState::Runnable);
        }
    }

    /// Waits until virtual time has moved by `nanoseconds`.
    pub async fn sleep(&self, nanoseconds: u64) {
        let task = self.current();
        let until = self.0.state.change(|state| {
            let until = state.now + nanoseconds;
            state.timers.insert((until, task), ());
            until
        });
        self.park(Reason::Timer(until), Mark::Woken(Reason::Timer(until))).await;
    }
}

/// Hands control back once.
async fn suspend() {
    let mut suspended = false;
    poll_fn(|_| {
        if suspended {
            return Poll::Ready(());
        }
        suspended = true;
        Poll::Pending
    })
    .await;
}

/// Whether a run keeps its events.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Recording {
    /// Every event, so that the run can be stepped back, folded and traced.
    On,
    /// None: for long runs that nobody watches.
    Off,
}
