//! Who did what when: a small index over the steps of a run, extended as the run grows, from which the timeline is cut.

use extentscope_core::base::{Gather, SortedMap, TaskId};
use extentscope_core::trace::{Event, LockClass, LockId, Mode, Reason, TaskState};

use crate::scene::{Doing, LockLane, LockSpan, Segment, TaskLane};

/// Lanes of locks that are shown at once.
const LOCK_LANES_MAX: usize = 10;

/// States of tasks and spans of locks over a run.
#[derive(Debug, Default)]
pub struct Index {
    steps: usize,
    ran: Vec<TaskId>,
    tasks: SortedMap<TaskId, TaskPast>,
    spans: Vec<Span>,
    open: SortedMap<(LockId, TaskId, bool), Vec<usize>>,
}

#[derive(Debug)]
struct TaskPast {
    label: String,
    /// What it does after a step; from its spawning on.
    changes: Vec<(usize, Doing)>,
}

#[derive(Debug, Clone, Copy)]
struct Span {
    from: usize,
    /// First step in which it was not there any more; `usize::MAX` while it lasts.
    to: usize,
    lock: LockId,
    task: TaskId,
    mode: Mode,
    wanted: bool,
}

impl Index {
    /// Steps that are in.
    pub fn steps(&self) -> usize {
        self.steps
    }

    /// The events of the mount, that is, of step 0.
    pub fn mount(&mut self, events: &[Event]) {
        self.take(0, events);
    }

    /// One more step: who took it, and its events.
    pub fn step(&mut self, task: TaskId, events: &[Event]) {
        self.steps += 1;
        self.ran.push(task);
        self.take(self.steps, events);
    }

    fn take(&mut self, step: usize, events: &[Event]) {
        for event in events {
            match event {
                Event::TaskSpawned { task, label, .. } => {
                    let past = TaskPast { label: label.clone(), changes: vec![(step, Doing::Runnable)] };
                    self.tasks.insert(*task, past);
                }
                Event::TaskChanged { task, state } => {
                    if let Some(past) = self.tasks.get_mut(task) {
                        past.changes.push((step, doing(*state)));
                    }
                }
                Event::LockWaited { task, lock, mode } => self.begin(step, *task, *lock, *mode, true),
                Event::LockTaken { task, lock, mode } => {
                    self.end(step, *task, *lock, true);
                    self.begin(step, *task, *lock, *mode, false);
                }
                Event::LockAbandoned { task, lock, .. } => self.end(step, *task, *lock, true),
                Event::LockDropped { task, lock, .. } => self.end(step + 1, *task, *lock, false),
                _ => {}
            }
        }
    }

    fn begin(&mut self, step: usize, task: TaskId, lock: LockId, mode: Mode, wanted: bool) {
        self.open.entry((lock, task, wanted)).or_default().push(self.spans.len());
        self.spans.push(Span { from: step, to: usize::MAX, lock, task, mode, wanted });
    }

    fn end(&mut self, step: usize, task: TaskId, lock: LockId, wanted: bool) {
        let Some(open) = self.open.get_mut(&(lock, task, wanted)) else { return };
        if let Some(span) = open.pop().and_then(|at| self.spans.get_mut(at)) {
            // A wait that was answered at once is still seen for the step in which it began.
            span.to = step.max(span.from + 1);
        }
        if open.is_empty() {
            self.open.remove(&(lock, task, wanted));
        }
    }

    /// The lanes of the tasks over the steps `first..end`.
    pub fn task_lanes(&self, first: usize, end: usize) -> Vec<TaskLane> {
        let end = end.min(self.steps + 1);
        let lane = |(order, (task, past)): (usize, (&TaskId, &TaskPast))| TaskLane {
            task: task.0,
            letter: letter(order),
            label: past.label.clone(),
            segments: self.segments(*task, past, first, end),
        };
        self.tasks.iter().enumerate().map(lane).collect()
    }

    fn segments(&self, task: TaskId, past: &TaskPast, first: usize, end: usize) -> Vec<Segment> {
        let mut segments: Vec<Segment> = Vec::new();
        for step in first..end {
            let known = past.changes.partition_point(|(at, _)| *at <= step);
            let Some((_, after)) = known.checked_sub(1).and_then(|at| past.changes.get(at)) else { continue };
            let took = step.checked_sub(1).and_then(|at| self.ran.get(at)) == Some(&task);
            let doing = if took { Doing::Running } else { *after };
            match segments.last_mut() {
                Some(last) if last.doing == doing && last.to == wide(step) => last.to = wide(step + 1),
                _ => segments.push(Segment { from: wide(step), to: wide(step + 1), doing }),
            }
        }
        segments
    }

    /// The lanes of the locks that are held or wanted in the steps `first..end`.
    pub fn lock_lanes(&self, first: usize, end: usize) -> Vec<LockLane> {
        let end = end.min(self.steps + 1);
        let order: SortedMap<TaskId, usize> = self.tasks.keys().enumerate().map(|(at, task)| (*task, at)).gather();
        let mut lanes: SortedMap<(LockClass, u64), Vec<LockSpan>> = SortedMap::new();
        for span in self.spans.iter().filter(|span| span.from < end && span.to > first) {
            lanes.entry(lane_key(span.lock)).or_default().push(LockSpan {
                from: wide(span.from.max(first)),
                to: wide(span.to.min(end)),
                letter: letter(order.get(&span.task).copied().unwrap_or(0)),
                object: object(span.lock),
                mode: mode_letter(span.mode),
                wanted: span.wanted,
            });
        }
        let lane = |((class, a), spans)| LockLane { name: lane_name(class, a), spans };
        lanes.into_iter().take(LOCK_LANES_MAX).map(lane).collect()
    }
}

fn wide(step: usize) -> u64 {
    u64::try_from(step).unwrap_or(u64::MAX)
}

/// What a task does, in the words of the picture.
pub fn doing(state: TaskState) -> Doing {
    match state {
        TaskState::Runnable => Doing::Runnable,
        TaskState::Done => Doing::Done,
        TaskState::Blocked(Reason::Lock(_)) => Doing::Blocked,
        TaskState::Blocked(Reason::Io(_) | Reason::Writeback(_) | Reason::Timer(_)) => Doing::Waiting,
        TaskState::Blocked(Reason::Work | Reason::Command) => Doing::Idle,
    }
}

/// A, B, ... Z, then A1, B1, ...
pub fn letter(order: usize) -> String {
    let letters: Vec<char> = ('A'..='Z').collect();
    let letter = letters[order % letters.len()];
    match order / letters.len() {
        0 => letter.to_string(),
        round => format!("{letter}{round}"),
    }
}

/// `X`, `S` or `I`.
pub fn mode_letter(mode: Mode) -> char {
    match mode {
        Mode::Shared => 'S',
        Mode::Intent => 'I',
        Mode::Exclusive => 'X',
    }
}

/// Locks of many small things share a lane: the folios of a file, the nodes of all trees.
fn lane_key(lock: LockId) -> (LockClass, u64) {
    match lock.class {
        LockClass::Node | LockClass::Commit => (lock.class, 0),
        LockClass::Folio | LockClass::Inode | LockClass::Invalidate | LockClass::Mapping => (lock.class, lock.a),
    }
}

fn object(lock: LockId) -> String {
    match lock.class {
        LockClass::Folio => lock.b.to_string(),
        LockClass::Node => lock.a.to_string(),
        LockClass::Inode | LockClass::Invalidate | LockClass::Mapping | LockClass::Commit => String::new(),
    }
}

fn lane_name(class: LockClass, a: u64) -> String {
    match class {
        LockClass::Node => String::from("B-tree nodes"),
        LockClass::Commit => String::from("commit"),
        LockClass::Folio => format!("folios of {a}"),
        LockClass::Inode | LockClass::Invalidate | LockClass::Mapping => format!("{} {a}", class.kernel()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WRITER: TaskId = TaskId(0);
    const FLUSHER: TaskId = TaskId(1);
    const LOCK: LockId = LockId { class: LockClass::Folio, a: 1, b: 4 };

    fn index() -> Index {
        let spawned = |task, label: &str| Event::TaskSpawned { task, label: label.to_owned(), daemon: false };
        let mut index = Index::default();
        index.mount(&[spawned(WRITER, "main"), spawned(FLUSHER, "wb")]);
        index.step(WRITER, &[Event::LockTaken { task: WRITER, lock: LOCK, mode: Mode::Exclusive }]);
        let blocked = TaskState::Blocked(Reason::Lock(LOCK));
        index.step(
            FLUSHER,
            &[
                Event::LockWaited { task: FLUSHER, lock: LOCK, mode: Mode::Exclusive },
                Event::TaskChanged { task: FLUSHER, state: blocked },
            ],
        );
        index.step(
            WRITER,
            &[
                Event::LockDropped { task: WRITER, lock: LOCK, mode: Mode::Exclusive },
                Event::LockTaken { task: FLUSHER, lock: LOCK, mode: Mode::Exclusive },
                Event::TaskChanged { task: FLUSHER, state: TaskState::Runnable },
            ],
        );
        index
    }

    #[test]
    fn the_flusher_runs_then_is_blocked_then_may_run() {
        let lanes = index().task_lanes(0, 10);
        let flusher: Vec<_> = lanes[1].segments.iter().map(|part| (part.from, part.to, part.doing)).collect();
        assert_eq!(flusher, [(0, 2, Doing::Runnable), (2, 3, Doing::Running), (3, 4, Doing::Runnable)]);
        assert_eq!(lanes[1].letter, "B");
    }

    #[test]
    fn a_hold_and_a_wait_are_spans_of_one_lane() {
        let lanes = index().lock_lanes(0, 10);
        assert_eq!(lanes.len(), 1);
        let spans: Vec<_> =
            lanes[0].spans.iter().map(|span| (span.from, span.to, span.letter.as_str(), span.wanted)).collect();
        assert_eq!(spans, [(1, 4, "A", false), (2, 3, "B", true), (3, 4, "B", false)]);
        assert_eq!(lanes[0].spans[0].object, "4");
    }

    #[test]
    fn a_window_cuts_what_is_outside() {
        let lanes = index().lock_lanes(3, 4);
        let spans: Vec<_> = lanes[0].spans.iter().map(|span| (span.from, span.to)).collect();
        assert_eq!(spans, [(3, 4), (3, 4)]);
    }

    #[test]
    fn letters_go_on_after_z() {
        assert_eq!((letter(0), letter(25), letter(26)), (String::from("A"), String::from("Z"), String::from("A1")));
    }
}
