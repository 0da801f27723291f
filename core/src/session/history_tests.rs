//! The picture by keyframes equals the picture by folding everything; seeks are cheap; memory is bounded.

use super::*;
use crate::base::cache_state::BlockState;
use crate::base::{DevBlock, FileBlock, Ino, PageIndex, Payload, Prov, Range, TaskId};
use crate::sim::rng::Rng;
use crate::trace::{Mark, StepRecord};
use std::collections::BTreeSet;

/// A run of made-up writes and writebacks over `blocks` blocks, without an engine.
fn made_up(steps: usize, blocks: u64) -> Recorder {
    let mut rng = Rng::stream(1, "history");
    let mut recorder = Recorder { on: true, ..Recorder::default() };
    recorder.events.push(Event::TaskSpawned { task: TaskId(0), label: "script".to_owned(), daemon: false });
    recorder.events.push(Event::InodeCreated { ino: Ino(1) });
    let mut cached = BTreeSet::new();
    let mut prov = 0;
    for _ in 0..steps {
        recorder.steps.push(StepRecord { first_event: recorder.events.len(), task: TaskId(0), mark: Mark::Call });
        recorder.step_count += 1;
        let block = rng.below(blocks);
        let (ino, range) = (Ino(1), Range::sized(FileBlock(block), 1));
        prov += 1;
        if cached.insert(block) {
            recorder.events.push(Event::FolioAdded { ino, index: PageIndex(block), pages: 1 });
        }
        let state = BlockState { uptodate: true, dirty: rng.below(3) > 0, ..BlockState::default() };
        let data = Payload::Fill(u8::try_from(rng.below(256)).expect("a byte"));
        recorder.events.push(Event::BlocksData { ino, range, data: data.clone(), prov: Prov(prov) });
        recorder.events.push(Event::BlocksState { ino, range, state });
        if !state.dirty {
            recorder.events.push(Event::DeviceData { range: Range::sized(DevBlock(block), 1), data, prov: Prov(prov) });
        }
        recorder.events.push(Event::SizeChanged { ino, size: u64::from(prov) });
    }
    recorder
}

fn folded(recorder: &Recorder, step: usize) -> World {
    let mut folder = Folder::new(4096);
    folder.apply_all(&recorder.events[..recorder.events_until(step)]);
    folder.world().clone()
}

#[test]
fn any_walk_shows_what_folding_everything_shows() {
    let recorder = made_up(3_000, 400);
    let mut history = History::new(4096);
    let mut rng = Rng::stream(2, "walk");
    let mut at = 0;
    for round in 0..400 {
        at = match rng.below(4) {
            0 => usize::try_from(rng.below(3_001)).expect("small"),
            1 => (at + 1).min(3_000),
            _ => at.saturating_sub(1),
        };
        history.seek(&recorder, at);
        if round % 7 == 0 {
            assert_eq!(*history.world(), folded(&recorder, at), "round {round}, step {at}");
        }
        assert_eq!(history.cursor.applied, recorder.events_until(at));
    }
    assert!(history.keyframes.len() > 3, "{} keyframes", history.keyframes.len());
    assert_eq!(*history.peek(&recorder, 17).world(), folded(&recorder, 17));
}

#[test]
fn keyframes_weigh_no_more_than_the_events() {
    for (steps, blocks) in [(10_000, 64), (10_000, 5_000), (2_000, 1_000_000)] {
        let recorder = made_up(steps, blocks);
        let mut history = History::new(4096);
        history.seek(&recorder, steps);
        let held: usize = history.keyframes.iter().map(|frame| weight(frame.folder.world())).sum();
        assert!(held <= recorder.events.len(), "{held} entries for {} events", recorder.events.len());
    }
}

#[test]
fn one_step_back_folds_little() {
    let recorder = made_up(10_000, 64);
    let mut history = History::new(4096);
    history.seek(&recorder, 10_000);
    let mut folded = 0;
    for step in (9_000..10_000).rev() {
        let target = recorder.events_until(step);
        history.trail.retain(|frame| frame.applied <= target);
        let from = history.keyframes.iter().chain(&history.trail).map(|frame| frame.applied);
        folded += target - from.filter(|applied| *applied <= target).max().expect("a frame");
        history.seek(&recorder, step);
    }
    assert!(folded < 1_000 * 150, "{folded} events for 1000 steps back");
}

#[test]
fn a_fork_forgets_only_what_is_no_longer_true() {
    let before = made_up(4_000, 100);
    let mut history = History::new(4096);
    history.seek(&before, 4_000);
    let mut after = before.clone();
    after.steps.truncate(2_000);
    after.events.truncate(before.events_until(2_000));
    after.events.push(Event::SizeChanged { ino: Ino(1), size: 99 });
    history.forget_after(before.events_until(1_999));
    assert!(history.keyframes.len() > 1);
    history.seek(&after, 2_000);
    assert_eq!(*history.world(), folded(&after, 2_000));
    history.forget_after(0);
    history.seek(&after, 0);
    assert_eq!(*history.world(), folded(&after, 0));
}
