//! The first five seconds: three stops of the loaded run, then an offer. Any key or call ends it.

use crate::protocol::LogEntry;

/// Milliseconds from stop to stop.
pub const STOP_MS: u32 = 1_100;

/// Where the opening stands.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Opening {
    /// The engine is arriving.
    #[default]
    Before,
    /// Steps still to be shown, the next one last.
    Playing(Vec<u64>),
    /// The button is shown; it leads to this step.
    Offered(u64),
    /// Over, for good.
    Over,
}

/// The stops of a run: what the first write did, what was there before the last look, what looking did. The last
/// look is the last line that took steps. `None` when the run is too short for a story.
pub fn plan(log: &[LogEntry], length: u64) -> Option<Vec<u64>> {
    let mut stepped = log.iter().filter(|entry| entry.first_step > 0 && entry.first_step <= entry.last_step);
    let opened = stepped.next()?;
    let wrote = stepped.next()?;
    let looked = stepped.next_back()?;
    let before = looked.first_step.checked_sub(1)?;
    let stops = vec![length, before, wrote.last_step];
    (opened.last_step < wrote.last_step && wrote.last_step <= before && before < length).then_some(stops)
}

/// The step to which the offer leads: before the last look.
pub fn before_the_look(log: &[LogEntry]) -> Option<u64> {
    let looked = log.iter().rev().find(|entry| entry.first_step > 0 && entry.first_step <= entry.last_step)?;
    looked.first_step.checked_sub(1)
}
