//! The page of text of a small world.

use super::*;
use crate::base::{DevBlock, Key, NodeId, PageIndex, Payload, Prov, TaskId};
use crate::trace::{Counter, Event, Mode};
use crate::view::fold::Folder;

fn events() -> Vec<Event> {
    let (task, ino) = (TaskId(0), Ino(1));
    let lock = LockId { class: LockClass::Inode, a: 1, b: 0 };
    let at = |start, count| Range::sized(FileBlock(start), count);
    let dirty = BlockState { uptodate: true, dirty: true, ..BlockState::default() };
    let extent =
        Extent { start: FileBlock(8), addr: DevBlock(40), ino, len: 2, kind: ExtentKind::Unwritten, shared: false };
    let child = Entry::Child { key: Key { ino, start: FileBlock(0) }, node: NodeId(1) };
    let spliced =
        |node: u32, entry| Event::NodeSpliced { node: NodeId(node), at: 0, removed: 0, inserted: Box::new([entry]) };
    vec![
        Event::TaskSpawned { task, label: "script".to_owned(), daemon: true },
        Event::CommandBegan { task, number: 1 },
        Event::InodeCreated { ino },
        Event::NameSet { name: "a".to_owned(), ino },
        Event::SizeChanged { ino, size: 4 << 12 },
        Event::LockTaken { task, lock, mode: Mode::Exclusive },
        Event::FolioAdded { ino, index: PageIndex(0), pages: 4 },
        Event::DelayedAdded { ino, range: at(0, 2) },
        Event::BlocksState { ino, range: at(0, 2), state: dirty },
        Event::BlocksData { ino, range: at(0, 1), data: Payload::Fill(0xcd), prov: Prov(1) },
        Event::NodeCreated { node: NodeId(1), level: 0 },
        Event::NodeCreated { node: NodeId(2), level: 1 },
        spliced(2, child),
        spliced(1, Entry::Extent(extent)),
        Event::TreeRoot { tree: 0, node: NodeId(2) },
        Event::SpaceTaken { range: Range::sized(DevBlock(40), 2) },
        Event::LedgerChanged { counter: Counter::Delayed, value: 2 },
    ]
}

#[test]
fn every_part_of_the_picture_is_said() {
    let events = events();
    let mut folder = Folder::new(4096);
    folder.apply_all(&events);
    let mut names = Lexicon::default();
    names.learn(&events);
    names.set_commands(vec!["pwrite 0 8k".to_owned()]);
    let facts = Facts {
        personality: "ext4",
        block_size: 4096,
        device_blocks: 64,
        step: (3, 9),
        sentence: "script does something.",
        names: &names,
        at: events.len(),
    };
    let text = describe(folder.world(), &facts).to_string();
    for line in [
        "ext4, step 3 of 9",
        "script does something.",
        "Size 16 KiB. A commit would record 0 bytes.",
        "  block 0     dirty: newer than the device  fill 0xcd by command 1",
        "  block 1     dirty: newer than the device  not read",
        "  blocks 2-3  cached, not read              not read",
        "  pages 0-3  no",
        "  blocks 0-1  promised, no address yet",
        "  blocks 0-7  hole",
        "  blocks 8-9  unwritten, past the end of the file  blocks 40-41",
        "  2     1      node 1 from a block 0",
        "  1     0      a blocks 8-9 unwritten",
        "64 blocks of 4 KiB, 2 not free.",
        "  blocks 40-41  in use",
        "  delayed  2",
        "Requests under way: none",
        "  0     script  can run  1: pwrite 0 8k",
        "  i_rwsem of a  script (exclusive)",
    ] {
        assert!(text.lines().any(|shown| shown == line), "{line:?} is not in\n{text}");
    }
}
