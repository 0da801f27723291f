//! From events to the picture.
//!
//! Every event must fit what was there before: an event that does not is a bug of the engine, and is named.

use super::world::{FileView, FlightView, FolioView, LockView, NodeView, RequestView, SpaceState, TaskView, World};
use crate::base::cache_state::BlockState;
use crate::base::packed::Piece;
use crate::base::{DiskExtent, FileBlock, Ino, NodePlace, Origin, PAGE_SIZE, Range, SortedMap, Stamped};
use crate::trace::{Event, TaskState};

/// Folds events into a world, one at a time.
#[derive(Clone, Debug)]
pub struct Folder {
    world: World,
    blocks_per_page: u64,
}

impl Folder {
    /// Nothing has happened yet. `block_size` in bytes is needed to know which blocks a folio holds.
    pub fn new(block_size: u64) -> Self {
        Self { world: World::default(), blocks_per_page: PAGE_SIZE / block_size }
    }
    /// The world as it stands.
    pub fn world(&self) -> &World {
        &self.world
    }
    /// One more event. Panics when the event contradicts the world.
    pub fn apply(&mut self, event: &Event) {
        let known = self.scheduler(event) || self.names(event) || self.cache(event) || self.trees(event);
        let known = known || self.space(event) || self.sharing(event) || self.beside(event);
        assert!(known, "every event changes a part of the world");
    }
    /// All of them.
    pub fn apply_all<'a>(&mut self, events: impl IntoIterator<Item = &'a Event>) {
        for event in events {
            self.apply(event);
        }
    }

    fn scheduler(&mut self, event: &Event) -> bool {
        let world = &mut self.world;
        match event {
            Event::TaskSpawned { task, label, daemon } => {
                let (label, daemon, state) = (label.clone(), *daemon, TaskState::Runnable);
                let old =
                    world.tasks.insert(*task, TaskView { label, daemon, state, command: None, frames: Vec::new() });
                assert!(old.is_none(), "a task is spawned once");
            }
            Event::TaskChanged { task, state } => {
                world.tasks.get_mut(task).expect("the task was spawned").state = *state
            }
            Event::FrameEntered { task, frame, a, b } => {
                world.tasks.get_mut(task).expect("the task was spawned").frames.push((*frame, *a, *b));
            }
            Event::FrameLeft { task, frame } => {
                let left = world.tasks.get_mut(task).expect("the task was spawned").frames.pop();
                assert!(left.is_some_and(|left| left.0 == *frame), "frames nest");
            }
            Event::LockWaited { task, lock, mode } => {
                world.locks.entry(*lock).or_default().waiters.push((*task, *mode));
            }
            Event::LockTaken { task, lock, mode } => {
                let view = world.locks.entry(*lock).or_default();
                view.waiters.retain(|waiter| waiter != &(*task, *mode));
                view.holders.push((*task, *mode));
            }
            Event::LockAbandoned { task, lock, mode } => {
                let view = world.locks.get_mut(lock).expect("the lock is held");
                view.waiters.retain(|waiter| waiter != &(*task, *mode));
            }
            Event::LockDropped { task, lock, mode } => {
                let view: &mut LockView = world.locks.get_mut(lock).expect("a dropped lock was held");
                let at = view.holders.iter().rposition(|hold| hold == &(*task, *mode)).expect("the task held it");
                view.holders.remove(at);
                if view.holders.is_empty() && view.waiters.is_empty() {
                    world.locks.remove(lock);
                }
            }
            Event::ClockMoved { now } => world.now = *now,
            Event::CommandBegan { task, number } => {
                world.tasks.get_mut(task).expect("the task was spawned").command = Some(*number);
            }
            Event::CommandEnded { task, .. } => {
                world.tasks.get_mut(task).expect("the task was spawned").command = None;
            }
            Event::LockRefused { .. } => {}
            _ => return false,
        }
        true
    }

    fn names(&mut self, event: &Event) -> bool {
        let world = &mut self.world;
        match event {
            Event::InodeCreated { ino } => {
                assert!(world.files.insert(*ino, FileView::default()).is_none(), "an inode is created once");
            }
            Event::InodeRemoved { ino } => drop(world.files.remove(ino).expect("a removed inode existed")),
            Event::NameSet { name, ino } => drop(world.names.insert(name.clone(), *ino)),
            Event::NameRemoved { name } => drop(world.names.remove(name).expect("a removed name existed")),
            Event::SizeChanged { ino, size } => self.file(*ino).size = *size,
            Event::DiskSizeChanged { ino, size } => self.file(*ino).disk_size = *size,
            Event::InlineRoom { ino, bytes } => self.file(*ino).inline_room = *bytes,
            Event::HintsSet { ino, hints } => self.file(*ino).hints = *hints,
            Event::FileOpened { name, ino } => drop(world.open.insert(name.clone(), *ino)),
            Event::FileClosed { name } => drop(world.open.remove(name).expect("a closed file was open")),
            Event::CurrentChanged { name } => world.current.clone_from(name),
            _ => return false,
        }
        true
    }

    fn file(&mut self, ino: Ino) -> &mut FileView {
        self.world.files.get_mut(&ino).expect("the inode exists")
    }

    fn folio_blocks(&self, ino: Ino, index: crate::base::PageIndex) -> Range<FileBlock> {
        let pages = self.world.files[&ino].folios.get(&index).expect("the folio is cached").pages;
        Range::sized(FileBlock(index.0 * self.blocks_per_page), u64::from(pages) * self.blocks_per_page)
    }

    fn cache(&mut self, event: &Event) -> bool {
        match event {
            Event::FolioAdded { ino, index, pages } => {
                let folio = FolioView { pages: *pages, writeback: false };
                assert!(self.file(*ino).folios.insert(*index, folio).is_none(), "one folio a page");
                let blocks = self.folio_blocks(*ino, *index);
                self.file(*ino).states.insert(blocks, BlockState::default());
            }
            Event::FolioRemoved { ino, index } => {
                let blocks = self.folio_blocks(*ino, *index);
                let file = self.file(*ino);
                file.states.remove(blocks);
                file.data.remove(blocks);
                file.folios.remove(index);
            }
            Event::FolioSplit { ino, index, into } => {
                let folios = &mut self.file(*ino).folios;
                let whole = folios.remove(index).expect("a split folio was cached");
                let pages: u32 = into.iter().map(|(_, pages)| pages).sum();
                assert!(pages == whole.pages, "a split keeps every page");
                folios.extend(into.iter().map(|(index, pages)| (*index, FolioView { pages: *pages, ..whole })));
            }
            Event::FolioWriteback { ino, index, on } => {
                self.file(*ino).folios.get_mut(index).expect("the folio is cached").writeback = *on;
            }
            Event::BlocksState { ino, range, state } => self.file(*ino).states.insert(*range, *state),
            Event::BlocksData { ino, range, data, prov } => {
                self.file(*ino).data.insert(*range, Stamped { data: data.clone(), prov: *prov });
            }
            Event::DelayedAdded { ino, range } => {
                let delayed = &mut self.file(*ino).delayed;
                assert!(delayed.covered(*range) == 0, "a block is promised once");
                delayed.insert(*range, ());
            }
            Event::DelayedRemoved { ino, range } => {
                let delayed = &mut self.file(*ino).delayed;
                assert!(delayed.covered(*range) == range.len(), "only what was promised is taken back");
                delayed.remove(*range);
                self.file(*ino).unbacked.remove(*range);
            }
            Event::DelayedUnbacked { ino, range } => {
                let file = self.file(*ino);
                assert!(file.delayed.covered(*range) == range.len(), "what needs no promise is delayed");
                file.unbacked.insert(*range, ());
            }
            Event::OrderedBegan { ino, range, id, addr, fresh } => {
                let ordered = &mut self.file(*ino).ordered;
                assert!(ordered.covered(*range) == 0, "a block is in flight once");
                let view = FlightView { id: *id, start: range.start, addr: *addr, fresh: *fresh, arrived: false };
                ordered.insert(*range, view);
            }
            Event::OrderedArrived { ino, range } => {
                let ordered = &mut self.file(*ino).ordered;
                let parts = ordered.remove(*range);
                assert!(parts.iter().map(|(part, _)| part.len()).sum::<u64>() == range.len(), "what arrives was sent");
                for (part, view) in parts {
                    ordered.insert(part, FlightView { arrived: true, ..view });
                }
            }
            Event::OrderedEnded { ino, range } => {
                let ended = self.file(*ino).ordered.remove(*range);
                assert!(!ended.is_empty(), "only what began ends");
            }
            _ => return false,
        }
        true
    }

    fn beside(&mut self, event: &Event) -> bool {
        match event {
            Event::StagingSet { ino, range, state } => self.file(*ino).staging.insert(*range, *state),
            Event::StagingEnded { ino, range } => {
                let staging = &mut self.file(*ino).staging;
                assert!(staging.covered(*range) == range.len(), "only what waits stops waiting");
                staging.remove(*range);
            }
            _ => return false,
        }
        true
    }

    fn trees(&mut self, event: &Event) -> bool {
        let world = &mut self.world;
        match event {
            Event::TreeRoot { tree, node } => drop(world.trees.insert(*tree, *node)),
            Event::TreeRemoved { tree } => drop(world.trees.remove(tree).expect("a removed tree existed")),
            Event::NodeCreated { node, level } => {
                let view = NodeView { level: *level, entries: Vec::new() };
                assert!(world.nodes.insert(*node, view).is_none(), "a node is created once");
            }
            Event::NodeFreed { node } => drop(world.nodes.remove(node).expect("a freed node existed")),
            Event::NodeSpliced { node, at, removed, inserted } => {
                let entries = &mut world.nodes.get_mut(node).expect("the node exists").entries;
                let from = *at as usize;
                entries.splice(from..from + *removed as usize, inserted.iter().copied());
            }
            Event::InlineSet { id, data, prov } => {
                world.inline.insert(*id, Stamped { data: data.clone(), prov: *prov });
            }
            Event::InlineRemoved { id } => drop(world.inline.remove(id).expect("removed inline data existed")),
            _ => return false,
        }
        true
    }

    fn sharing(&mut self, event: &Event) -> bool {
        let sharing = &mut self.world.sharing;
        match event {
            Event::BlocksShared { range, others: 0 } => {
                assert!(sharing.others.covered(*range) == range.len(), "only shared blocks stop being shared");
                sharing.others.remove(*range);
            }
            Event::BlocksShared { range, others } => sharing.others.insert(*range, *others),
            Event::DiskExtentMade { range } => {
                let made = DiskExtent { end: range.end, users: SortedMap::new() };
                assert!(sharing.extents.insert(range.start, made).is_none(), "blocks are in one extent on the device");
            }
            Event::DiskExtentUsed { start, ino, origin, blocks } => {
                let users = &mut sharing.extents.get_mut(start).expect("a used extent was made").users;
                let origin = Origin { ino: *ino, start: *origin };
                if *blocks == 0 {
                    users.remove(&origin).expect("only a user goes away");
                } else {
                    users.insert(origin, *blocks);
                }
            }
            Event::DiskExtentGone { start } => {
                let gone = sharing.extents.remove(start).expect("an extent that goes was made");
                assert!(gone.users.is_empty(), "an extent goes after its last user");
            }
            _ => return false,
        }
        true
    }

    fn space(&mut self, event: &Event) -> bool {
        let world = &mut self.world;
        match event {
            Event::SpaceTaken { range } => {
                assert!(world.space.covered(*range) == 0, "only free blocks are taken");
                world.space.insert(*range, SpaceState::Used);
            }
            Event::SpacePinned { range } => {
                assert!(world.space.covered(*range) == range.len(), "only used blocks are freed");
                world.space.insert(*range, SpaceState::Pinned);
            }
            Event::SpaceFreed { range } => {
                assert!(world.space.covered(*range) == range.len(), "only used blocks are freed");
                world.space.remove(*range);
            }
            Event::PiecePacked { packed, device, left } => {
                let piece = Piece { end: packed.end, device: *device, left: *left };
                assert!(world.pieces.insert(packed.start, piece).is_none(), "an address names one block");
            }
            Event::PieceLeft { start, left: 0 } => {
                world.pieces.remove(start).expect("a piece that goes was there");
            }
            Event::PieceLeft { start, left } => {
                world.pieces.get_mut(start).expect("a piece that shrinks was there").left = *left;
            }
            Event::SumKept { range, sum } => world.sums.insert(*range, *sum),
            Event::SumsGone { range } => world.sums.cut(*range),
            Event::SumWrong { .. } => {}
            Event::WritePointMoved { at } => world.write_point = *at,
            Event::LedgerChanged { counter, value } => drop(world.ledger.insert(*counter, *value)),
            Event::RequestQueued { request, write, fua, range } => {
                world.requests.insert(*request, RequestView { write: *write, fua: *fua, range: *range });
            }
            Event::RequestDone { request } => {
                let done = world.requests.remove(request).expect("a done request was queued");
                if done.write && !done.fua {
                    world.unflushed.push((*request, done.range));
                }
            }
            Event::RequestFailed { request, .. } => {
                world.requests.remove(request).expect("a failed request was queued");
            }
            Event::PowerCut {} => world.unflushed.clear(),
            Event::DeviceData { range, data, prov } => {
                world.device.insert(*range, Stamped { data: data.clone(), prov: *prov });
            }
            Event::DeviceFlushed { epoch } => {
                world.flushes = *epoch;
                world.unflushed.clear();
            }
            Event::NodePlaceChanged { range, state: NodePlace::Free } => world.node_places.cut(*range),
            Event::NodePlaceChanged { range, state } => world.node_places.insert(*range, *state),
            Event::Committed { number } => world.commits = *number,
            Event::ShutDown {} => world.shut_down = true,
            Event::MemoryDropped {} => {
                let kept = std::mem::take(world);
                world.now = kept.now;
                world.tasks = kept.tasks;
                world.locks = kept.locks;
                world.device = kept.device;
                world.flushes = kept.flushes;
                world.node_places = kept.node_places;
                world.commits = kept.commits;
            }
            _ => return false,
        }
        true
    }
}
