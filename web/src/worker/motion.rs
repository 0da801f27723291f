//! What changed between the picture shown before and the picture now.

use super::looks::Run;
use crate::scene::{Change, Lane, Lens, Look, Pulse};

/// More than this many changed runs are not told apart: nobody could follow them.
const PULSES_MAX: usize = 128;

/// The whole of one lane.
#[derive(Clone, Debug)]
pub struct LaneRuns {
    /// Which one.
    pub lane: Lane,
    /// What it shows, in order, maybe with gaps.
    pub runs: Vec<Run>,
    /// How blocks in a gap look.
    pub rest: Look,
}

/// What was shown.
#[derive(Clone, Debug, Default)]
pub struct Shown {
    /// The chosen file's inode; the lanes of another file are not compared.
    pub ino: u32,
    /// The lanes.
    pub lanes: Vec<LaneRuns>,
}

/// What moved.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Motion {
    /// Inside the lenses.
    pub pulses: Vec<Pulse>,
    /// The first changed block of the file outside its lens.
    pub outside: Option<u64>,
}

/// Compares two pictures. `forward` tells which of the two came first in the run.
pub fn compare(before: &Shown, now: &Shown, forward: bool, file: Lens, device: Lens) -> Motion {
    let mut motion = Motion::default();
    for lane in &now.lanes {
        let Some(old) = before.lanes.iter().find(|old| old.lane == lane.lane) else { continue };
        let on_file = lane.lane.on_file();
        if on_file && before.ino != now.ino {
            continue;
        }
        let lens = if on_file { file } else { device };
        sweep(&old.runs, &lane.runs, lane.rest, |first, end, was, is| {
            note(&mut motion, lane.lane, lens, (first, end), (was, is), forward);
        });
    }
    motion
}

fn note(motion: &mut Motion, lane: Lane, lens: Lens, place: (u64, u64), looks: (Seen, Seen), forward: bool) {
    let (first, end) = (place.0.max(lens.first), place.1.min(lens.end()));
    if first < end && motion.pulses.len() < PULSES_MAX {
        let (earlier, later) = if forward { looks } else { (looks.1, looks.0) };
        let change = classify(lane, earlier, later);
        motion.pulses.push(Pulse { lane, first, blocks: end - first, change, was: looks.0.look });
    }
    if lane.on_file() && motion.outside.is_none() {
        let before = place.0 < lens.first;
        let after = place.1 > lens.end();
        motion.outside = before.then_some(place.0).or(after.then(|| place.0.max(lens.end())));
    }
}

/// A block's look and address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Seen {
    look: Look,
    address: Option<u64>,
}

fn classify(lane: Lane, before: Seen, after: Seen) -> Change {
    match lane {
        Lane::Cache => match (before.look, after.look) {
            (_, Look::Writeback) => Change::Submit,
            (Look::Writeback, _) => Change::Complete,
            (_, Look::Dirty) => Change::Arrive,
            (_, Look::Absent) => Change::Release,
            _ => Change::State,
        },
        Lane::Reservations if after.look == Look::Absent => Change::Release,
        Lane::Reservations => Change::Promise,
        Lane::Extents if after.address.is_some() && before.address != after.address => Change::Allocate,
        Lane::Extents => match after.look {
            Look::Hole => Change::Release,
            Look::Delalloc | Look::Reserved => Change::Promise,
            _ => Change::State,
        },
        Lane::Device | Lane::Metadata => match (before.look, after.look) {
            (Look::Free, _) => Change::Allocate,
            (_, Look::Free) => Change::Release,
            _ => Change::State,
        },
    }
}

/// Walks two lists of runs side by side and calls `differs` for each maximal stretch that looks different.
fn sweep(old: &[Run], new: &[Run], rest: Look, mut differs: impl FnMut(u64, u64, Seen, Seen)) {
    let (mut left, mut right) = (Walk { runs: old, next: 0, rest }, Walk { runs: new, next: 0, rest });
    let end = old.last().map_or(0, |run| run.end).max(new.last().map_or(0, |run| run.end));
    let mut at = 0;
    let mut open: Option<(u64, u64, Seen, Seen)> = None;
    while at < end {
        let (was, was_until) = left.at(at);
        let (is, is_until) = right.at(at);
        let until = was_until.min(is_until).min(end);
        if was != is {
            open = match open.take() {
                // Addresses move along with the blocks: looks alone decide whether a stretch goes on.
                Some((first, stop, a, b)) if stop == at && a.look == was.look && b.look == is.look => {
                    Some((first, until, a, b))
                }
                Some((first, stop, a, b)) => {
                    differs(first, stop, a, b);
                    Some((at, until, was, is))
                }
                None => Some((at, until, was, is)),
            };
        }
        at = until;
    }
    if let Some((first, stop, a, b)) = open {
        differs(first, stop, a, b);
    }
}

struct Walk<'runs> {
    runs: &'runs [Run],
    next: usize,
    rest: Look,
}

impl Walk<'_> {
    /// What is at a block, and up to where. Blocks must be asked for in order.
    fn at(&mut self, block: u64) -> (Seen, u64) {
        while self.runs.get(self.next).is_some_and(|run| run.end <= block) {
            self.next += 1;
        }
        match self.runs.get(self.next) {
            Some(run) if run.first <= block => {
                let address = run.address.map(|address| address + (block - run.first));
                (Seen { look: run.look, address }, run.end)
            }
            Some(run) => (Seen { look: self.rest, address: None }, run.first),
            None => (Seen { look: self.rest, address: None }, u64::MAX),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(first: u64, end: u64, look: Look, address: Option<u64>) -> Run {
        Run { first, end, look, address, whole: (first, end - first) }
    }
    fn shown(lane: Lane, rest: Look, runs: Vec<Run>) -> Shown {
        Shown { ino: 1, lanes: vec![LaneRuns { lane, runs, rest }] }
    }
    const LENS: Lens = Lens { first: 0, blocks: 32 };

    #[test]
    fn a_write_arrives_only_where_nothing_was_dirty() {
        let before = shown(Lane::Cache, Look::Absent, vec![run(0, 2, Look::Dirty, None)]);
        let now = shown(Lane::Cache, Look::Absent, vec![run(0, 4, Look::Dirty, None)]);
        let motion = compare(&before, &now, true, LENS, LENS);
        let arrived = Pulse { lane: Lane::Cache, first: 2, blocks: 2, change: Change::Arrive, was: Look::Absent };
        assert_eq!(motion.pulses, [arrived]);
        assert_eq!(motion.outside, None);
    }

    #[test]
    fn backward_it_is_the_same_change_seen_from_the_other_side() {
        let before = shown(Lane::Cache, Look::Absent, vec![run(0, 4, Look::Dirty, None)]);
        let now = shown(Lane::Cache, Look::Absent, vec![]);
        let motion = compare(&before, &now, false, LENS, LENS);
        let gone = Pulse { lane: Lane::Cache, first: 0, blocks: 4, change: Change::Arrive, was: Look::Dirty };
        assert_eq!(motion.pulses, [gone]);
    }

    #[test]
    fn an_address_is_an_allocation_and_the_same_extent_grown_is_not_all_new() {
        let before =
            shown(Lane::Extents, Look::Hole, vec![run(0, 4, Look::Written, Some(8)), run(4, 6, Look::Delalloc, None)]);
        let now = shown(Lane::Extents, Look::Hole, vec![run(0, 6, Look::Written, Some(8))]);
        let motion = compare(&before, &now, true, LENS, LENS);
        let placed = Pulse { lane: Lane::Extents, first: 4, blocks: 2, change: Change::Allocate, was: Look::Delalloc };
        assert_eq!(motion.pulses, [placed]);
    }

    #[test]
    fn what_is_outside_the_lens_is_named_not_shown() {
        let before = shown(Lane::Cache, Look::Absent, vec![]);
        let now = shown(Lane::Cache, Look::Absent, vec![run(64, 68, Look::Dirty, None)]);
        let motion = compare(&before, &now, true, LENS, LENS);
        assert_eq!(motion, Motion { pulses: vec![], outside: Some(64) });
    }

    #[test]
    fn another_file_is_not_compared() {
        let before = shown(Lane::Cache, Look::Absent, vec![]);
        let mut now = shown(Lane::Cache, Look::Absent, vec![run(0, 4, Look::Dirty, None)]);
        now.ino = 2;
        assert_eq!(compare(&before, &now, true, LENS, LENS), Motion::default());
    }
}
