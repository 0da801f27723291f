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

/// The stops of a run: what the first write did, what was there before the last look that syncs, and the end. `None`
/// when the run has no such story.
pub fn plan(log: &[LogEntry], length: u64) -> Option<Vec<u64>> {
    let wrote = log.iter().find(|entry| entry.line.contains("pwrite") && took_steps(entry))?.last_step;
    let before = before_the_look(log)?;
    (wrote <= before && before < length).then(|| vec![length, before, wrote])
}

/// The step to which the offer leads: the end of what came before the last look that syncs.
pub fn before_the_look(log: &[LogEntry]) -> Option<u64> {
    let looked = log.iter().rposition(|entry| entry.line.contains("fiemap") && took_steps(entry))?;
    log[..looked].iter().rev().find(|entry| took_steps(entry)).map(|entry| entry.last_step)
}

fn took_steps(entry: &LogEntry) -> bool {
    entry.first_step > 0 && entry.first_step <= entry.last_step
}
