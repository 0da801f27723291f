//! Every event has a phrase; steps read as sentences.

use super::*;
use crate::base::hints::Hints;
use crate::base::{Errno, Key, NodePlace, Prov};
use crate::trace::{Counter, Mark, Mode, StepRecord};

fn extent(kind: ExtentKind) -> Extent {
    Extent { start: FileBlock(0), addr: DevBlock(34), ino: Ino(1), len: 16, kind, shared: false }
}

/// One of each, and the variants that read differently.
fn samples() -> Vec<Event> {
    [scheduler_samples(), file_samples(), device_samples()].concat()
}

fn scheduler_samples() -> Vec<Event> {
    let task = TaskId(0);
    let lock = LockId { class: LockClass::Folio, a: 1, b: 4 };
    let mode = Mode::Exclusive;
    let blocked = |reason| Event::TaskChanged { task, state: TaskState::Blocked(reason) };
    vec![
        Event::TaskSpawned { task, label: "script".to_owned(), daemon: false },
        Event::TaskChanged { task: TaskId(9), state: TaskState::Runnable },
        Event::TaskChanged { task, state: TaskState::Done },
        blocked(Reason::Lock(lock)),
        blocked(Reason::Io(1)),
        blocked(Reason::Writeback(1)),
        blocked(Reason::Timer(5_000_000_000)),
        blocked(Reason::Work),
        blocked(Reason::Command),
        Event::FrameEntered { task, frame: Frame::Write, a: 0, b: 65_536 },
        Event::FrameEntered { task, frame: Frame::Commit, a: 1, b: 0 },
        Event::FrameLeft { task, frame: Frame::Write },
        Event::LockWaited { task, lock, mode },
        Event::LockTaken { task, lock, mode },
        Event::LockTaken { task: TaskId(9), lock, mode },
        Event::LockRefused { task, lock, mode },
        Event::LockAbandoned { task, lock, mode },
        Event::LockDropped { task, lock, mode },
        Event::ClockMoved { now: 1_500 },
        Event::CommandBegan { task, number: 1 },
        Event::CommandBegan { task, number: 7 },
        Event::CommandEnded { task, number: 1, ret: 0, errno: None },
        Event::CommandEnded { task, number: 1, ret: -1, errno: Some(Errno::ENOSPC) },
    ]
}

fn file_samples() -> Vec<Event> {
    let ino = Ino(1);
    let blocks = Range::sized(FileBlock(0), 16);
    let state = |uptodate, dirty| BlockState { uptodate, dirty, ..BlockState::default() };
    vec![
        Event::InodeCreated { ino },
        Event::InodeRemoved { ino },
        Event::NameSet { name: "a".to_owned(), ino },
        Event::NameRemoved { name: "a".to_owned() },
        Event::SizeChanged { ino, size: 65_536 },
        Event::DiskSizeChanged { ino, size: 65_536 },
        Event::InlineRoom { ino, bytes: 100 },
        Event::InlineRoom { ino, bytes: 0 },
        Event::HintsSet { ino, hints: Hints { extsize: 65_536, cowextsize: 0, ..Hints::default() } },
        Event::HintsSet { ino, hints: Hints { nocow: true, ..Hints::default() } },
        Event::HintsSet { ino, hints: Hints { preallocated: true, ..Hints::default() } },
        Event::FileOpened { name: "a".to_owned(), ino },
        Event::FileClosed { name: "a".to_owned() },
        Event::CurrentChanged { name: "a".to_owned() },
        Event::CurrentChanged { name: String::new() },
        Event::FolioAdded { ino, index: PageIndex(4), pages: 4 },
        Event::FolioSplit { ino, index: PageIndex(4), into: Box::new([(PageIndex(4), 2), (PageIndex(6), 2)]) },
        Event::FolioRemoved { ino, index: PageIndex(4) },
        Event::FolioWriteback { ino, index: PageIndex(4), on: true },
        Event::FolioWriteback { ino, index: PageIndex(4), on: false },
        Event::BlocksState { ino, range: blocks, state: state(true, true) },
        Event::BlocksState { ino, range: blocks, state: state(true, false) },
        Event::BlocksState { ino, range: blocks, state: state(false, false) },
        Event::BlocksData { ino, range: blocks, data: Payload::Fill(0xcd), prov: Prov(2) },
        Event::BlocksData { ino, range: blocks, data: Payload::ZERO, prov: Prov(0) },
        Event::DelayedAdded { ino, range: blocks },
        Event::DelayedRemoved { ino, range: blocks },
        Event::DelayedUnbacked { ino, range: blocks },
        Event::OrderedBegan { ino, range: blocks, id: 1, addr: DevBlock(34), fresh: true },
        Event::OrderedArrived { ino, range: blocks },
        Event::OrderedEnded { ino, range: blocks },
        Event::StagingSet { ino, range: blocks, state: Staged::Delayed },
        Event::StagingSet { ino, range: blocks, state: Staged::Reserved(30) },
        Event::StagingSet { ino, range: blocks, state: Staged::Sent(30) },
        Event::StagingEnded { ino, range: blocks },
    ]
}

fn device_samples() -> Vec<Event> {
    let node = NodeId(3);
    let device = Range::sized(DevBlock(34), 16);
    let spliced = |inserted: Vec<Entry>| Event::NodeSpliced { node, at: 0, removed: 2, inserted: inserted.into() };
    let child = Entry::Child { key: Key::default(), node };
    vec![
        Event::TreeRoot { tree: 0, node },
        Event::TreeRemoved { tree: 0 },
        Event::NodeCreated { node, level: 0 },
        Event::NodeFreed { node },
        spliced(vec![Entry::Extent(extent(ExtentKind::Written))]),
        spliced(vec![Entry::Extent(extent(ExtentKind::Unwritten))]),
        spliced(vec![Entry::Extent(extent(ExtentKind::Reserved))]),
        spliced(vec![Entry::Extent(extent(ExtentKind::Inline))]),
        spliced(vec![Entry::Extent(extent(ExtentKind::Written)); 3]),
        spliced(vec![child]),
        spliced(vec![child, child]),
        spliced(Vec::new()),
        Event::InlineSet { id: 1, data: Payload::Fill(1), prov: Prov(2) },
        Event::InlineRemoved { id: 1 },
        Event::SpaceTaken { range: device },
        Event::SpacePinned { range: device },
        Event::SpaceFreed { range: device },
        Event::SumKept { range: Range::sized(DevBlock(40), 4), sum: 7 },
        Event::SumsGone { range: Range::sized(DevBlock(40), 4) },
        Event::SumWrong { at: DevBlock(40), kept: 7, found: 8 },
        Event::PiecePacked { packed: Range::sized(DevBlock(1 << 48), 16), device, left: 16 },
        Event::PieceLeft { start: DevBlock(1 << 48), left: 4 },
        Event::PieceLeft { start: DevBlock(1 << 48), left: 0 },
        Event::WritePointMoved { at: DevBlock(40) },
        Event::BlocksShared { range: device, others: 1 },
        Event::BlocksShared { range: device, others: 0 },
        Event::DiskExtentMade { range: device },
        Event::DiskExtentUsed { start: DevBlock(34), ino: Ino(1), origin: -4, blocks: 12 },
        Event::DiskExtentUsed { start: DevBlock(34), ino: Ino(1), origin: -4, blocks: 0 },
        Event::DiskExtentGone { start: DevBlock(34) },
        Event::LedgerChanged { counter: Counter::Delayed, value: 16 },
        Event::RequestQueued { request: 1, write: true, fua: false, range: device },
        Event::RequestQueued { request: 1, write: false, fua: false, range: device },
        Event::RequestQueued { request: 1, write: true, fua: false, range: Range::sized(DevBlock(0), 0) },
        Event::RequestDone { request: 1 },
        Event::RequestFailed { request: 1, errno: crate::base::Errno::EIO },
        Event::PowerCut {},
        Event::DeviceData { range: device, data: Payload::Fill(1), prov: Prov(2) },
        Event::DeviceFlushed { epoch: 1 },
        Event::NodePlaceChanged { range: device, state: NodePlace::Free },
        Event::NodePlaceChanged { range: device, state: NodePlace::New },
        Event::NodePlaceChanged { range: device, state: NodePlace::Used },
        Event::NodePlaceChanged { range: device, state: NodePlace::Retired },
        Event::Committed { number: 1 },
        Event::ShutDown {},
        Event::MemoryDropped {},
    ]
}

fn names() -> Lexicon {
    let mut names = Lexicon::default();
    names.learn(&[
        Event::TaskSpawned { task: TaskId(0), label: "script".to_owned(), daemon: false },
        Event::NameSet { name: "a".to_owned(), ino: Ino(1) },
    ]);
    names.set_commands(vec!["pwrite 0 64k".to_owned()]);
    names
}

fn recorder(events: Vec<Event>) -> Recorder {
    let steps = vec![StepRecord { first_event: 0, task: TaskId(0), mark: Mark::Start }];
    Recorder { events, steps, on: true, step_count: 1 }
}

#[test]
fn every_event_reads_as_a_sentence() {
    let samples = samples();
    for info in Event::LIST {
        assert!(samples.iter().any(|event| event.info().name == info.name), "{} has a sample", info.name);
    }
    let recorder = recorder(samples);
    let names = names();
    for at in 0..recorder.events.len() {
        let sentence = event(&recorder, &names, 1, at);
        assert!(sentence.starts_with("script ") && sentence.ends_with('.'), "{sentence}");
        assert!(!sentence.contains(['{', '}']), "{sentence}");
    }
    let last = |wanted: &str| recorder.events.iter().rposition(|event| event.info().name == wanted).expect("a sample");
    assert_eq!(event(&recorder, &names, 1, last("size_changed")), "script sets the size of a to 64 KiB.");
    assert_eq!(
        event(&recorder, &names, 1, last("lock_refused")),
        "script tries folio lock of a at page 4 (exclusive) and does not get it."
    );
    assert_eq!(event(&recorder, &names, 0, last("device_flushed")), "Flushes the device.");
}

#[test]
fn a_step_is_one_sentence_of_what_matters_with_neighbours_joined() {
    let state = BlockState { uptodate: true, dirty: true, ..BlockState::default() };
    let mut events = vec![Event::CommandBegan { task: TaskId(0), number: 1 }];
    for block in 0..16 {
        let range = Range::sized(FileBlock(block), 1);
        events.push(Event::FolioAdded { ino: Ino(1), index: PageIndex(block), pages: 1 });
        events.push(Event::DelayedAdded { ino: Ino(1), range });
        events.push(Event::BlocksState { ino: Ino(1), range, state });
    }
    let all = recorder(events);
    let expected =
        "script begins command 1, `pwrite 0 64k`, promises blocks 0-15 of a a place and makes blocks 0-15 of a dirty.";
    assert_eq!(step(&all, &names(), 1), expected);
    assert_eq!(step(&all, &names(), 0), "The filesystem is freshly mounted.");
    assert_eq!(step(&recorder(Vec::new()), &names(), 1), "script starts.");
    let small = vec![Event::FrameLeft { task: TaskId(0), frame: Frame::Write }];
    assert_eq!(step(&recorder(small), &names(), 1), "script leaves buffered write.");
}

#[test]
fn a_file_is_called_what_it_was_called_then() {
    let mut names = Lexicon::default();
    let set = |name: &str| Event::NameSet { name: name.to_owned(), ino: Ino(1) };
    names.learn(&[Event::MemoryDropped {}, set("a"), Event::MemoryDropped {}, set("b")]);
    assert_eq!(names.file(Ino(1), 0), "a", "before its first name a file has that name");
    assert_eq!(names.file(Ino(1), 2), "a");
    assert_eq!(names.file(Ino(1), 3), "b");
    assert_eq!(names.file(Ino(2), 3), "inode 2");
}

#[test]
fn a_deadlock_names_each_wait() {
    let lock = |a| LockId { class: LockClass::Node, a, b: 0 };
    let edge = |waiter, holder, a| WaitEdge {
        waiter: TaskId(waiter),
        lock: lock(a),
        wants: Mode::Exclusive,
        holder: TaskId(holder),
        has: Mode::Shared,
    };
    let text = deadlock(&[edge(0, 1, 4), edge(1, 0, 5)], &[TaskId(0), TaskId(1)], &names());
    let expected = "Deadlock. script waits for six lock of node 4 (exclusive), which task 1 has (shared). \
                    task 1 waits for six lock of node 5 (exclusive), which script has (shared).";
    assert_eq!(text, expected);
    let text = deadlock(&[], &[TaskId(0)], &names());
    assert_eq!(text, "Nothing can run, and script waits for something that nobody will do.");
}
