//! Where a long move of the cursor stops.
//!
//! Each kind of boundary is a fixed set of steps, so that forward and backward stop at the same places.

use super::answer::{Boundary, Direction};
use super::history::History;
use crate::trace::{Mark, Recorder};
use crate::view::select::Selection;

/// A run as the search for boundaries sees it.
pub struct Ground<'a> {
    /// The record.
    pub recorder: &'a Recorder,
    /// Pictures at hand.
    pub history: &'a History,
    /// Bookmarked steps, in order.
    pub bookmarks: &'a [usize],
    /// Bytes in a filesystem block.
    pub block_size: u64,
}

impl Ground<'_> {
    /// The next stop from `cursor`; the end of the run (or step 0) when there is none.
    pub fn next(&self, cursor: usize, boundary: &Boundary, direction: Direction) -> usize {
        match (boundary, direction) {
            (Boundary::Change(selection), Direction::Forward) => self.next_change(cursor, *selection),
            (Boundary::Change(selection), Direction::Backward) => self.last_change(cursor, *selection),
            (Boundary::Call, _) => self.scan(cursor, direction, |step| self.before_call(step)),
            (Boundary::Bookmark, _) => self.scan(cursor, direction, |step| self.bookmarks.binary_search(&step).is_ok()),
        }
    }

    fn len(&self) -> usize {
        self.recorder.steps.len()
    }

    fn scan(&self, cursor: usize, direction: Direction, stops: impl Fn(usize) -> bool) -> usize {
        match direction {
            Direction::Forward => (cursor + 1..self.len()).find(|step| stops(*step)).unwrap_or(self.len()),
            Direction::Backward => (0..cursor).rev().find(|step| stops(*step)).unwrap_or(0),
        }
    }

    /// Whether the step after `step` begins a command or a system call.
    fn before_call(&self, step: usize) -> bool {
        matches!(self.recorder.steps.get(step).map(|next| next.mark), Some(Mark::Command(_) | Mark::Call))
    }

    fn next_change(&self, cursor: usize, selection: Selection) -> usize {
        let changes = self.changes(cursor, self.len(), selection, Direction::Forward);
        changes.unwrap_or(self.len())
    }

    /// Looks at the stretch from the last picture to the cursor, then at the stretch before it, and so on.
    fn last_change(&self, cursor: usize, selection: Selection) -> usize {
        let mut end = cursor.saturating_sub(1);
        for mark in self.history.marks().rev() {
            let start = self.recorder.steps.partition_point(|step| step.first_event < mark);
            if start >= end {
                continue;
            }
            if let Some(step) = self.changes(start, end, selection, Direction::Backward) {
                return step;
            }
            end = start;
        }
        0
    }

    /// The first (forward) or last (backward) step in `(start, end]` that changed how the selection looks.
    fn changes(&self, start: usize, end: usize, selection: Selection, direction: Direction) -> Option<usize> {
        let mut folder = self.history.peek(self.recorder, start);
        let mut facet = selection.facet(folder.world(), self.block_size);
        let mut found = None;
        for step in start + 1..=end {
            let events = self.recorder.events_until(step - 1)..self.recorder.events_until(step);
            folder.apply_all(&self.recorder.events[events]);
            let now = selection.facet(folder.world(), self.block_size);
            if now != facet {
                found = Some(step);
                facet = now;
                if direction == Direction::Forward {
                    break;
                }
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{FileBlock, Ino, Range, TaskId};
    use crate::trace::{Event, StepRecord};

    /// 3,000 steps; every 700th promises block 5 a place or takes it back.
    fn recorder() -> Recorder {
        let mut recorder = Recorder { on: true, ..Recorder::default() };
        recorder.events.push(Event::InodeCreated { ino: Ino(1) });
        for step in 1..=3_000_u64 {
            let mark = if step % 100 == 1 { Mark::Call } else { Mark::Io };
            recorder.steps.push(StepRecord { first_event: recorder.events.len(), task: TaskId(0), mark });
            recorder.events.push(Event::SizeChanged { ino: Ino(1), size: (step + 1) << 12 << 8 });
            let range = Range::sized(FileBlock(5), 1);
            match step % 1_400 {
                700 => recorder.events.push(Event::DelayedAdded { ino: Ino(1), range }),
                0 => recorder.events.push(Event::DelayedRemoved { ino: Ino(1), range }),
                _ => {}
            }
        }
        recorder
    }

    #[test]
    fn forward_and_backward_stop_at_the_same_places() {
        let recorder = recorder();
        let mut history = History::new(4096);
        history.seek(&recorder, 3_000);
        let ground = Ground { recorder: &recorder, history: &history, bookmarks: &[7, 2_000], block_size: 4096 };
        let change = Boundary::Change(Selection::Block { ino: Ino(1), block: FileBlock(5) });
        let stops = |boundary: &Boundary, direction, mut at| {
            let mut stops = Vec::new();
            while at != if direction == Direction::Forward { 3_000 } else { 0 } {
                at = ground.next(at, boundary, direction);
                stops.push(at);
            }
            stops
        };
        assert_eq!(stops(&change, Direction::Forward, 1), [700, 1_400, 2_100, 2_800, 3_000]);
        assert_eq!(stops(&change, Direction::Backward, 3_000), [2_800, 2_100, 1_400, 700, 1, 0]);
        assert_eq!(stops(&Boundary::Bookmark, Direction::Forward, 0), [7, 2_000, 3_000]);
        assert_eq!(stops(&Boundary::Bookmark, Direction::Backward, 2_000), [7, 0]);
        assert_eq!(stops(&Boundary::Call, Direction::Forward, 2_750), [2_800, 2_900, 3_000]);
        assert_eq!(ground.next(150, &Boundary::Call, Direction::Backward), 100);
    }
}
