//! Where the cursor stands: the picture at any step, from keyframes and the events between them.
//!
//! A keyframe is taken after as many events as its world has entries (and never closer than [`SPACING_MIN`]), so all
//! keyframes together weigh no more than the events do, and a seek folds about as much as it copies. Walking backward
//! leaves a trail of frames that get denser towards the cursor, so that one more step back folds next to nothing.
//!
//! Knows nothing of the live run: it is told the record and which part of it is no longer true.

use crate::trace::{Event, Recorder};
use crate::view::World;
use crate::view::fold::Folder;

/// The fewest events between two keyframes.
const SPACING_MIN: usize = 1024;
/// The trail is not continued closer to the cursor than this many events.
const TRAIL_STEP_MIN: usize = 32;
/// Entries of all worlds that the trail may hold together; one frame is always allowed.
const TRAIL_WEIGHT_MAX: usize = 400_000;

/// A picture and how many events it is made of.
#[derive(Clone, Debug)]
struct Frame {
    folder: Folder,
    applied: usize,
}

/// The picture at the cursor, and the means to move it.
#[derive(Debug)]
pub struct History {
    /// In order of `applied`; the first is the empty world.
    keyframes: Vec<Frame>,
    /// Frames before the cursor, in order, from the last walk backward.
    trail: Vec<Frame>,
    cursor: Frame,
}

impl History {
    /// Nothing has happened. `block_size` in bytes.
    pub fn new(block_size: u64) -> Self {
        let start = Frame { folder: Folder::new(block_size), applied: 0 };
        Self { keyframes: vec![start.clone()], trail: Vec::new(), cursor: start }
    }
    /// The picture at the cursor.
    pub fn world(&self) -> &World {
        self.cursor.folder.world()
    }
    /// Moves the picture to the end of step `step`.
    pub fn seek(&mut self, recorder: &Recorder, step: usize) {
        let target = recorder.events_until(step);
        if target < self.cursor.applied {
            self.back(&recorder.events, target);
        } else {
            self.forth(&recorder.events, target);
        }
    }
    /// The picture at another step, without moving.
    pub fn peek(&self, recorder: &Recorder, step: usize) -> Folder {
        let target = recorder.events_until(step);
        let nearest = self.nearest(target);
        let mut folder = nearest.folder.clone();
        folder.apply_all(&recorder.events[nearest.applied..target]);
        folder
    }
    /// Event numbers at which a picture is at hand, in order; for looking backward in portions.
    pub fn marks(&self) -> impl DoubleEndedIterator<Item = usize> + '_ {
        self.keyframes.iter().map(|frame| frame.applied)
    }
    /// Forgets every picture made of more than `events` events: the record is another one from there on.
    pub fn forget_after(&mut self, events: usize) {
        self.keyframes.retain(|frame| frame.applied <= events);
        self.trail.retain(|frame| frame.applied <= events);
        if self.cursor.applied > events {
            self.cursor = self.nearest(events).clone();
        }
    }

    /// The last frame made of at most `target` events.
    fn nearest(&self, target: usize) -> &Frame {
        let last = |frames: &[Frame]| frames.partition_point(|frame| frame.applied <= target).checked_sub(1);
        let keyframe = &self.keyframes[last(&self.keyframes).expect("the empty world is always there")];
        let trail = last(&self.trail).map(|at| &self.trail[at]);
        let cursor = Some(&self.cursor).filter(|frame| frame.applied <= target);
        [trail, cursor].into_iter().flatten().fold(
            keyframe,
            |best, frame| {
                if frame.applied > best.applied { frame } else { best }
            },
        )
    }

    fn forth(&mut self, events: &[Event], target: usize) {
        let nearest = self.nearest(target);
        if nearest.applied > self.cursor.applied + SPACING_MIN {
            self.cursor = nearest.clone();
        }
        while self.cursor.applied < target {
            let last = self.keyframes.last().expect("the empty world is always there");
            let next = last.applied + weight(last.folder.world()).max(SPACING_MIN);
            let stop = if next > self.cursor.applied { next.min(target) } else { target };
            self.fold_to(events, stop);
            let worth = last_applied(&self.keyframes) + weight(self.world()).max(SPACING_MIN);
            if self.cursor.applied >= worth {
                self.keyframes.push(self.cursor.clone());
            }
        }
    }

    fn back(&mut self, events: &[Event], target: usize) {
        self.trail.retain(|frame| frame.applied <= target);
        // The cursor itself is beyond the target, so this is the trail's last frame or a keyframe.
        self.cursor = self.nearest(target).clone();
        loop {
            let left = target - self.cursor.applied;
            let held: usize = self.trail.iter().map(|frame| weight(frame.folder.world())).sum();
            if left / 2 < TRAIL_STEP_MIN || (held > 0 && held + weight(self.world()) > TRAIL_WEIGHT_MAX) {
                break;
            }
            self.fold_to(events, self.cursor.applied + left / 2);
            self.trail.push(self.cursor.clone());
        }
        self.fold_to(events, target);
    }

    fn fold_to(&mut self, events: &[Event], target: usize) {
        self.cursor.folder.apply_all(&events[self.cursor.applied..target]);
        self.cursor.applied = target;
    }
}

fn last_applied(frames: &[Frame]) -> usize {
    frames.last().map_or(0, |frame| frame.applied)
}

/// How many entries a world has: what a copy of it costs.
fn weight(world: &World) -> usize {
    let files =
        world.files.values().map(|file| file.folios.len() + file.states.len() + file.data.len() + file.delayed.len());
    let nodes = world.nodes.values().map(|node| 1 + node.entries.len());
    let named = world.names.len() + world.tasks.len() + world.locks.len() + world.inline.len() + world.requests.len();
    named + world.space.len() + world.device.len() + files.sum::<usize>() + nodes.sum::<usize>()
}

#[cfg(test)]
#[path = "history_tests.rs"]
mod tests;
