//! Scenes of worlds that are folded from events made by hand.

use extentscope_core::base::cache_state::{Backing, BlockState};
use extentscope_core::base::{
    BlockSize, DevBlock, Entry, Extent, ExtentKind, FileBlock, Ino, NodeId, PageIndex, Payload, Prov, Range,
};
use extentscope_core::trace::Event;
use extentscope_core::view::World;
use extentscope_core::view::fold::Folder;

use super::looks::FileLooks;
use super::{device, lanes};
use crate::protocol::View;
use crate::scene::{FileScene, Lens, Look};

const INO: Ino = Ino(1);

fn blocks(first: u64, count: u64) -> Range<FileBlock> {
    Range::sized(FileBlock(first), count)
}

fn folded(block_size: u64, events: &[Event]) -> World {
    let mut folder = Folder::new(block_size);
    let head = [
        Event::InodeCreated { ino: INO },
        Event::NameSet { name: String::from("a"), ino: INO },
        Event::FileOpened { name: String::from("a"), ino: INO },
        Event::CurrentChanged { name: String::from("a") },
        Event::NodeCreated { node: NodeId(0), level: 0 },
        Event::TreeRoot { tree: 1, node: NodeId(0) },
    ];
    folder.apply_all(&head);
    folder.apply_all(events);
    folder.world().clone()
}

fn scene(world: &World, block_size: u64, view: &View) -> FileScene {
    let size = BlockSize::new(block_size).expect("a legal size");
    let file = FileLooks::new(world, INO, size).expect("the file exists");
    lanes::scene("a", &file, view).0
}

/// Two pages written, the first under writeback; both promised.
fn written() -> Vec<Event> {
    let dirty = BlockState { uptodate: true, dirty: true, backing: Backing::Hole };
    vec![
        Event::SizeChanged { ino: INO, size: 5000 },
        Event::FolioAdded { ino: INO, index: PageIndex(0), pages: 1 },
        Event::FolioAdded { ino: INO, index: PageIndex(1), pages: 1 },
        Event::BlocksData { ino: INO, range: blocks(0, 2), data: Payload::Fill(1), prov: Prov(7) },
        Event::BlocksState { ino: INO, range: blocks(0, 2), state: dirty },
        Event::DelayedAdded { ino: INO, range: blocks(0, 2) },
        Event::FolioWriteback { ino: INO, index: PageIndex(0), on: true },
    ]
}

fn extent(start: u64, addr: u64, len: u32, kind: ExtentKind) -> Entry {
    Entry::Extent(Extent { start: FileBlock(start), addr: DevBlock(addr), ino: INO, len, kind, shared: false })
}

fn mapped(entries: &[Entry]) -> Event {
    Event::NodeSpliced { node: NodeId(0), at: 0, removed: 0, inserted: entries.into() }
}

#[test]
fn a_page_that_is_dirtied_while_it_is_written_says_both() {
    let file = scene(&folded(4096, &written()), 4096, &View::default());
    let looks: Vec<_> = file.cache.iter().take(3).map(|cell| (cell.look, cell.dirty_again, cell.writer)).collect();
    assert_eq!(looks, [(Look::Writeback, true, 7), (Look::Dirty, false, 7), (Look::Absent, false, 0)]);
    assert_eq!((file.promised, file.promises.len()), (2, 1));
}

#[test]
fn the_extent_lane_has_no_gaps_and_shows_promises_where_nothing_is_mapped() {
    let mut events = written();
    events.push(mapped(&[extent(4, 20, 2, ExtentKind::Unwritten), extent(8, 30, 4, ExtentKind::Written)]));
    let file = scene(&folded(4096, &events), 4096, &View::default());
    let bars: Vec<_> = file.extents.iter().map(|bar| (bar.first, bar.blocks, bar.look, bar.address)).collect();
    assert_eq!(
        bars,
        [
            (0, 2, Look::Delalloc, None),
            (2, 2, Look::Hole, None),
            (4, 2, Look::Unwritten, Some(20)),
            (6, 2, Look::Hole, None),
            (8, 4, Look::Written, Some(30)),
            (12, 20, Look::Hole, None),
        ]
    );
    assert_eq!(file.lens, Lens { first: 0, blocks: 32 });
    assert_eq!(file.overview, None);
}

#[test]
fn a_bar_that_begins_before_the_lens_is_cut_and_its_address_moves_along() {
    let world = folded(4096, &[mapped(&[extent(0, 100, 400, ExtentKind::Written)])]);
    let file = scene(&world, 4096, &View { lens_first: 50, ..View::default() });
    let bar = file.extents[0];
    assert_eq!((bar.first, bar.blocks, bar.address), (50, 32, Some(150)));
    assert_eq!((bar.whole_first, bar.whole_blocks), (0, 400));
    assert_eq!(file.overview.map(|overview| (overview.blocks_per_column, overview.extents.len())), Some((2, 200)));
}

#[test]
fn the_lens_shows_the_whole_file_as_long_as_it_fits() {
    let view = View::default();
    assert_eq!(lanes::lens(&view, 20).blocks, 32);
    assert_eq!(lanes::lens(&view, 68).blocks, 72);
    assert_eq!(lanes::lens(&view, 73).blocks, 32);
    let asked = View { lens_blocks: 12, lens_first: 1000, ..View::default() };
    assert_eq!(lanes::lens(&asked, 20), Lens { first: 8, blocks: 12 });
}

#[test]
fn blocks_smaller_than_a_page_have_states_of_their_own() {
    let state = BlockState { uptodate: true, dirty: true, backing: Backing::Dirty };
    let events = [
        Event::FolioAdded { ino: INO, index: PageIndex(0), pages: 2 },
        Event::BlocksState { ino: INO, range: blocks(3, 1), state },
    ];
    let file = scene(&folded(1024, &events), 1024, &View::default());
    let looks: Vec<_> = file.cache.iter().take(9).map(|cell| cell.look).collect();
    let stale = Look::Stale;
    assert_eq!(looks, [stale, stale, stale, Look::Dirty, stale, stale, stale, stale, Look::Absent]);
    assert_eq!((file.folios[0].blocks, file.folios[0].pages), (8, 2));
    assert_eq!(file.promises.iter().map(|part| (part.first, part.look)).collect::<Vec<_>>(), [(3, Look::Delalloc)]);
}

#[test]
fn counts_cover_the_whole_file() {
    let mut events = written();
    events.push(mapped(&[extent(100, 20, 8, ExtentKind::Written)]));
    let file = scene(&folded(4096, &events), 4096, &View::default());
    let count = |look| file.legend.iter().find(|row| row.look == look).map(|row| (row.blocks, row.bytes));
    assert_eq!(count(Look::Written), Some((8, 32_768)));
    assert_eq!(count(Look::Hole), Some((98, 98 * 4096)));
    assert_eq!(count(Look::Writeback), Some((1, 4096)));
    assert_eq!(count(Look::Clean), Some((0, 0)), "the states that are always shown are counted as well");
}

#[test]
fn the_device_says_what_a_block_holds_and_what_is_on_its_way() {
    let events = [
        mapped(&[extent(4, 3, 2, ExtentKind::Written)]),
        Event::SpaceTaken { range: Range::sized(DevBlock(2), 4) },
        Event::SpacePinned { range: Range::sized(DevBlock(5), 1) },
        Event::DeviceData { range: Range::sized(DevBlock(3), 1), data: Payload::Fill(1), prov: Prov(9) },
        Event::RequestQueued { request: 1, write: true, fua: false, range: Range::sized(DevBlock(4), 1) },
    ];
    let (device, runs) = device::scene(&folded(4096, &events), 64, &View::default(), None);
    let cells: Vec<_> = device.cells[1..6].iter().map(|cell| (cell.look, cell.owner, cell.writer, cell.busy)).collect();
    assert_eq!(
        cells,
        [
            (Look::Free, None, 0, false),
            (Look::Taken, None, 0, false),
            (Look::Written, Some((1, 4)), 9, false),
            (Look::Written, Some((1, 5)), 0, true),
            (Look::Pinned, None, 0, false),
        ]
    );
    assert_eq!(device.free, 60);
    assert_eq!(runs.first().map(|run| (run.first, run.end, run.look)), Some((0, 2, Look::Free)));
}

#[test]
fn a_large_device_is_shown_where_the_action_is_in_whole_rows() {
    let world = folded(4096, &[]);
    let (device, _) = device::scene(&world, 4096, &View::default(), Some(1292));
    assert_eq!(device.lens, Lens { first: 1280, blocks: 64 });
    let asked = View { device_first: Some(5000), ..View::default() };
    let (device, _) = device::scene(&world, 4096, &asked, None);
    assert_eq!(device.lens, Lens { first: 4032, blocks: 64 });
    let (device, _) = device::scene(&world, 16, &View::default(), Some(3));
    assert_eq!(device.lens, Lens { first: 0, blocks: 16 });
}
