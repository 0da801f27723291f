//! The trace as JSON lines: a header, then one line for each step with its events.
//!
//! Nothing in it depends on the machine, the time or the build, so the trace of a run is the same everywhere, and the
//! run digest is the digest of the lines after the header.

use super::json;
use crate::base::TaskId;
use crate::trace::{Event, Mark, Recorder};
use serde::Serialize;
use std::io::{self, Write};
use std::ops::RangeInclusive;

/// The version of the form; raised when a reader of the old form would misread the new one.
pub const FORMAT: &str = "extentscope-trace-1";

/// What the events cannot say: the first line of a trace.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Header {
    /// Always [`FORMAT`].
    pub format: &'static str,
    /// The filesystem that was played.
    pub personality: String,
    /// Its patch level.
    pub level: String,
    /// Bytes in a filesystem block.
    pub block_size: u64,
    /// Blocks of the device.
    pub device_blocks: u64,
    /// The seed.
    pub seed: u64,
    /// The commands of the run, as typed, from number 1 on.
    pub commands: Vec<String>,
}

/// A line of the trace. Step 0 is the mount; nobody took it.
#[derive(Serialize)]
struct Line<'a> {
    step: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    task: Option<TaskId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mark: Option<Mark>,
    events: &'a [Event],
}

/// Writes the header and every step.
pub fn write_all(mut to: impl Write, header: &Header, recorder: &Recorder) -> io::Result<()> {
    json::write(&mut to, header)?;
    to.write_all(b"\n")?;
    write_steps(to, recorder, 0..=recorder.steps.len())
}

/// Writes the lines of some steps; steps that there are not are left out.
pub fn write_steps(mut to: impl Write, recorder: &Recorder, steps: RangeInclusive<usize>) -> io::Result<()> {
    let last = (*steps.end()).min(recorder.steps.len());
    for step in *steps.start()..=last {
        let record = step.checked_sub(1).map(|at| &recorder.steps[at]);
        let first = record.map_or(0, |record| record.first_event);
        let line = Line {
            step,
            task: record.map(|record| record.task),
            mark: record.map(|record| record.mark),
            events: &recorder.events[first..recorder.events_until(step)],
        };
        json::write(&mut to, &line)?;
        to.write_all(b"\n")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::{Reason, StepRecord};

    #[test]
    fn a_line_is_a_step_and_large_numbers_are_strings() {
        let spawned = Event::TaskSpawned { task: TaskId(0), label: "script".to_owned(), daemon: true };
        let recorder = Recorder {
            events: vec![spawned, Event::ClockMoved { now: u64::MAX }],
            steps: vec![StepRecord { first_event: 1, task: TaskId(0), mark: Mark::Woken(Reason::Timer(5)) }],
            on: true,
            step_count: 1,
        };
        let mut text = Vec::new();
        write_steps(&mut text, &recorder, 0..=7).expect("memory takes every byte");
        let lines = String::from_utf8(text).expect("text");
        let expected = concat!(
            r#"{"step":0,"events":[{"event":"task_spawned","task":0,"label":"script","daemon":true}]}"#,
            "\n",
            r#"{"step":1,"task":0,"mark":{"at":"woken","what":{"on":"timer","what":5}},"#,
            r#""events":[{"event":"clock_moved","now":"18446744073709551615"}]}"#,
            "\n",
        );
        assert_eq!(lines, expected);
    }
}
