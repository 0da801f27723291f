//! Keeps the events of a run and where its steps begin.

use super::event::Event;
use super::names::Mark;
use crate::base::TaskId;

/// One step: what one task did between two suspensions.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StepRecord {
    /// The number of the first event of the step.
    pub first_event: usize,
    /// Who took the step.
    pub task: TaskId,
    /// Where the task stood before.
    pub mark: Mark,
}

/// All events of a run in order, cut into steps.
///
/// Step 0 is everything before the first suspension: the freshly mounted filesystem.
#[derive(Clone, Debug, Default)]
pub struct Recorder {
    /// Every event, or none when recording is off.
    pub events: Vec<Event>,
    /// Steps 1, 2, ...; `steps[k - 1].first_event` is where step k begins.
    pub steps: Vec<StepRecord>,
    /// Whether events are kept.
    pub on: bool,
    /// Steps taken, recorded or not.
    pub step_count: u64,
}

impl Recorder {
    /// The number of events of the steps 0 to `step`, that is, what to fold to stand after that step.
    pub fn events_until(&self, step: usize) -> usize {
        self.steps.get(step).map_or(self.events.len(), |next| next.first_event)
    }
}
