//! The trace in Chrome's JSON form, for Perfetto and chrome://tracing.
//!
//! Time is steps, not seconds: a step is 1,000 microseconds long and its events are spread evenly over it, so that
//! a run looks the same wherever it was made. One thread per task, one per lock, counters for the space ledger.

use super::json;
use super::lexicon::Lexicon;
use super::message::{counter_text, lock_text, mode_text};
use crate::base::{Ino, SortedMap, TaskId};
use crate::trace::{Event, LockClass, LockId, Mode, Recorder};
use serde_json::{Value, json};
use std::io::{self, Write};

/// The length of a step in the trace's microseconds.
const STEP: u64 = 1_000;
/// The process of the tasks.
const TASKS: u32 = 1;
/// The process of the locks.
const LOCKS: u32 = 2;
/// The process of the counters.
const SPACE: u32 = 3;

/// Writes the whole run as one JSON document, an event on each line.
pub fn write_all(to: impl Write, recorder: &Recorder, names: &Lexicon) -> io::Result<()> {
    let mut trace = Trace { to, names, first: true, locks: SortedMap::new(), at: 0 };
    trace.to.write_all(b"{\"displayTimeUnit\":\"ms\",\"traceEvents\":[")?;
    for (process, name) in [(TASKS, "tasks"), (LOCKS, "locks"), (SPACE, "space")] {
        trace.put(&json!({"ph": "M", "name": "process_name", "pid": process, "args": {"name": name}}))?;
    }
    for step in 0..=recorder.steps.len() {
        let record = step.checked_sub(1).map(|at| recorder.steps[at]);
        let events = &recorder.events[record.map_or(0, |record| record.first_event)..recorder.events_until(step)];
        let start = u64::try_from(step).expect("a step number fits 64 bits") * STEP;
        let count = u64::try_from(events.len()).expect("a length fits 64 bits");
        if let Some(record) = record {
            let name = super::explain::step(recorder, names, step);
            let args = json!({"step": step, "mark": record.mark});
            trace.put(&json!({"ph": "i", "s": "t", "name": name, "ts": start, "pid": TASKS, "tid": record.task, "args": args}))?;
        }
        for (index, event) in (0_u64..).zip(events) {
            trace.at = start + STEP * index / (count + 1);
            trace.event(event)?;
        }
    }
    trace.to.write_all(b"\n]}\n")
}

struct Trace<'a, W> {
    to: W,
    names: &'a Lexicon,
    first: bool,
    /// The thread number of each lock.
    locks: SortedMap<LockId, u32>,
    /// The time of the event.
    at: u64,
}

impl<W: Write> Trace<'_, W> {
    fn put(&mut self, event: &Value) -> io::Result<()> {
        let joint: &[u8] = if std::mem::take(&mut self.first) { b"\n" } else { b",\n" };
        self.to.write_all(joint)?;
        json::write(&mut self.to, event)
    }

    fn event(&mut self, event: &Event) -> io::Result<()> {
        let ts = self.at;
        match event {
            Event::TaskSpawned { task, label, .. } => {
                self.put(&json!({"ph": "M", "name": "thread_name", "pid": TASKS, "tid": task, "args": {"name": label}}))
            }
            Event::CommandBegan { task, number } => {
                let text = self.names.command(*number).map_or_else(|| format!("command {number}"), str::to_owned);
                self.put(&json!({"ph": "B", "cat": "command", "name": text, "ts": ts, "pid": TASKS, "tid": task}))
            }
            Event::CommandEnded { task, ret, errno, .. } => {
                let args = json!({"ret": ret, "errno": errno.map(|errno| errno.name())});
                self.put(&json!({"ph": "E", "cat": "command", "ts": ts, "pid": TASKS, "tid": task, "args": args}))
            }
            Event::FrameEntered { task, frame, a, b } => {
                let args = json!({"kernel": frame.kernel(), "a": a, "b": b});
                self.put(&json!({"ph": "B", "cat": "function", "name": frame.label(), "ts": ts, "pid": TASKS, "tid": task, "args": args}))
            }
            Event::FrameLeft { task, .. } => {
                self.put(&json!({"ph": "E", "cat": "function", "ts": ts, "pid": TASKS, "tid": task}))
            }
            Event::LockTaken { task, lock, mode } => self.hold(*task, *lock, *mode, "b"),
            Event::LockDropped { task, lock, mode } => self.hold(*task, *lock, *mode, "e"),
            Event::LedgerChanged { counter, value } => {
                let name = counter_text(*counter);
                self.put(&json!({"ph": "C", "name": name, "ts": ts, "pid": SPACE, "args": {"blocks": value}}))
            }
            _ => Ok(()),
        }
    }

    /// A hold is an asynchronous slice: several tasks may hold one lock at once.
    fn hold(&mut self, task: TaskId, lock: LockId, mode: Mode, phase: &str) -> io::Result<()> {
        let next = u32::try_from(self.locks.len()).expect("fewer than 2^32 locks");
        let thread = match self.locks.get(&lock) {
            Some(thread) => *thread,
            None => {
                self.locks.insert(lock, next);
                let name = lock_text(lock, &self.file_of(lock));
                self.put(
                    &json!({"ph": "M", "name": "thread_name", "pid": LOCKS, "tid": next, "args": {"name": name}}),
                )?;
                next
            }
        };
        let name = format!("{} ({})", self.names.task(task), mode_text(mode));
        let id = format!("{thread}.{task}");
        let ts = self.at;
        self.put(&json!({"ph": phase, "cat": "lock", "name": name, "id": id, "ts": ts, "pid": LOCKS, "tid": thread}))
    }

    fn file_of(&self, lock: LockId) -> String {
        match lock.class {
            LockClass::Node | LockClass::Commit => String::new(),
            LockClass::Inode | LockClass::Invalidate | LockClass::Mapping | LockClass::Folio => {
                u32::try_from(lock.a).map_or_else(|_| lock.a.to_string(), |ino| self.names.file(Ino(ino), usize::MAX))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::{Frame, Mark, StepRecord};

    #[test]
    fn slices_nest_and_the_document_is_json() {
        let task = TaskId(0);
        let lock = LockId { class: LockClass::Inode, a: 1, b: 0 };
        let events = vec![
            Event::TaskSpawned { task, label: "script".to_owned(), daemon: false },
            Event::CommandBegan { task, number: 1 },
            Event::FrameEntered { task, frame: Frame::Write, a: 0, b: 4096 },
            Event::LockTaken { task, lock, mode: Mode::Exclusive },
            Event::LockDropped { task, lock, mode: Mode::Exclusive },
            Event::FrameLeft { task, frame: Frame::Write },
            Event::CommandEnded { task, number: 1, ret: 4096, errno: None },
        ];
        let steps = vec![StepRecord { first_event: 1, task, mark: Mark::Command(1) }];
        let recorder = Recorder { events, steps, on: true, step_count: 1 };
        let mut names = Lexicon::default();
        names.learn(&recorder.events);
        names.set_commands(vec!["pwrite 0 4k".to_owned()]);
        let mut text = Vec::new();
        write_all(&mut text, &recorder, &names).expect("memory takes every byte");
        let document: Value = serde_json::from_slice(&text).expect("JSON");
        let phases: String =
            document["traceEvents"].as_array().expect("a list").iter().filter_map(|e| e["ph"].as_str()).collect();
        assert_eq!(phases, "MMMMiBBMbeEE");
        assert_eq!(document["traceEvents"][5]["name"], "pwrite 0 4k");
        assert_eq!(document["traceEvents"][5]["ts"], 1_000);
    }
}
