//! From a block back to the command.

use super::*;
use crate::base::cache_state::BlockState;
use crate::base::{ExtentKind, Payload, Prov};
use crate::trace::{Mark, StepRecord};
use crate::view::fold::Folder;

const INO: Ino = Ino(1);
const SCRIPT: TaskId = TaskId(0);
const FLUSHER: TaskId = TaskId(1);

/// Steps of made-up events, taken by a task.
struct Story(Recorder);

impl Story {
    fn new() -> Self {
        let mut recorder = Recorder { on: true, ..Recorder::default() };
        recorder.events.push(Event::TaskSpawned { task: SCRIPT, label: "script".to_owned(), daemon: false });
        recorder.events.push(Event::TaskSpawned { task: FLUSHER, label: "flusher".to_owned(), daemon: true });
        recorder.events.push(Event::NodeCreated { node: NodeId(1), level: 0 });
        recorder.events.push(Event::TreeRoot { tree: 0, node: NodeId(1) });
        Self(recorder)
    }
    fn step(mut self, task: TaskId, events: Vec<Event>) -> Self {
        self.0.steps.push(StepRecord { first_event: self.0.events.len(), task, mark: Mark::Call });
        self.0.events.extend(events);
        self
    }
    fn why(&self, selection: Selection) -> Vec<(usize, &'static str)> {
        let mut folder = Folder::new(4096);
        folder.apply_all(&self.0.events);
        let links = chain(&self.0, self.0.steps.len(), folder.world(), selection);
        links.into_iter().map(|link| (link.step, self.0.events[link.event].info().name)).collect()
    }
}

fn blocks(start: u64, count: u64) -> Range<FileBlock> {
    Range::sized(FileBlock(start), count)
}

fn splice(removed: u32, extents: &[(u64, u64, u32)]) -> Event {
    let entry = |(start, addr, len): &(u64, u64, u32)| {
        let (start, addr) = (FileBlock(*start), DevBlock(*addr));
        Entry::Extent(Extent { start, addr, ino: INO, len: *len, kind: ExtentKind::Written, shared: false })
    };
    Event::NodeSpliced { node: NodeId(1), at: 0, removed, inserted: extents.iter().map(entry).collect() }
}

/// pwrite, then writeback by the flusher, then a second write that only splits the record.
fn written() -> Story {
    let dirty = BlockState { uptodate: true, dirty: true, ..BlockState::default() };
    let clean = BlockState { dirty: false, ..dirty };
    let data = Payload::Fill(0xcd);
    let device = Range::sized(DevBlock(40), 8);
    Story::new()
        .step(SCRIPT, vec![Event::CommandBegan { task: SCRIPT, number: 1 }, Event::InodeCreated { ino: INO }])
        .step(
            SCRIPT,
            vec![
                Event::CommandEnded { task: SCRIPT, number: 1, ret: 0, errno: None },
                Event::CommandBegan { task: SCRIPT, number: 2 },
            ],
        )
        .step(
            SCRIPT,
            vec![
                Event::DelayedAdded { ino: INO, range: blocks(0, 8) },
                Event::BlocksData { ino: INO, range: blocks(0, 8), data: data.clone(), prov: Prov(2) },
                Event::BlocksState { ino: INO, range: blocks(0, 8), state: dirty },
            ],
        )
        .step(
            FLUSHER,
            vec![Event::SpaceTaken { range: device }, Event::DelayedRemoved { ino: INO, range: blocks(0, 8) }],
        )
        .step(FLUSHER, vec![Event::DeviceData { range: device, data, prov: Prov(2) }])
        .step(
            FLUSHER,
            vec![splice(0, &[(0, 40, 8)]), Event::BlocksState { ino: INO, range: blocks(0, 8), state: clean }],
        )
        .step(
            SCRIPT,
            vec![
                Event::CommandEnded { task: SCRIPT, number: 2, ret: 0, errno: None },
                Event::CommandBegan { task: SCRIPT, number: 3 },
                splice(1, &[(0, 40, 4), (4, 44, 4)]),
            ],
        )
}

#[test]
fn a_written_block_goes_back_to_its_write_whoever_wrote_it_back() {
    let why = written().why(Selection::Block { ino: INO, block: FileBlock(2) });
    let expected =
        [(6, "blocks_state"), (6, "node_spliced"), (4, "space_taken"), (3, "delayed_added"), (2, "command_began")];
    assert_eq!(why, expected);
}

#[test]
fn a_hole_that_was_punched_goes_back_to_the_punch() {
    let story = written()
        .step(SCRIPT, vec![splice(1, &[(0, 40, 2)]), Event::SpacePinned { range: Range::sized(DevBlock(42), 2) }]);
    let why = story.why(Selection::Block { ino: INO, block: FileBlock(3) });
    assert_eq!(why[0], (8, "space_pinned"));
    assert_eq!(*why.last().expect("a cause"), (2, "command_began"), "its cached data is still the write's");
}

#[test]
fn a_device_block_names_its_writer() {
    let why = written().why(Selection::Device(DevBlock(41)));
    let expected = [(7, "node_spliced"), (5, "device_data"), (4, "space_taken"), (2, "command_began")];
    assert_eq!(why, expected);
    assert_eq!(written().why(Selection::Device(DevBlock(63))), [], "nothing ever happened to it");
}

#[test]
fn a_stuck_task_names_who_has_the_lock() {
    let lock = LockId { class: crate::trace::LockClass::Inode, a: 1, b: 0 };
    let mode = crate::trace::Mode::Exclusive;
    let blocked = TaskState::Blocked(Reason::Lock(lock));
    let story = Story::new().step(FLUSHER, vec![Event::LockTaken { task: FLUSHER, lock, mode }]).step(
        SCRIPT,
        vec![
            Event::CommandBegan { task: SCRIPT, number: 1 },
            Event::LockWaited { task: SCRIPT, lock, mode },
            Event::TaskChanged { task: SCRIPT, state: blocked },
        ],
    );
    let why = story.why(Selection::Task(SCRIPT));
    let expected = [(2, "task_changed"), (2, "lock_waited"), (1, "lock_taken"), (0, "task_spawned")];
    assert_eq!(why, expected);
    assert_eq!(story.why(Selection::Lock(lock)), [(2, "lock_waited"), (1, "lock_taken")]);
}
