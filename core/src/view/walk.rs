//! From the engine's structures to the picture. Shares nothing with the fold.

use super::world::{FileView, FlightView, FolioView, LockView, NodeView, RequestView, SpaceState, TaskView, World};
use crate::base::packed::PACKED;
use crate::base::{Ino, Range, RangeMap, Stamped};
use crate::delalloc::ordered::Flight;
use crate::sim::Cx;
use crate::trace::TaskState;
use crate::vfs::Fs;

/// Everything visible, read off the structures.
pub fn walk(cx: &Cx, fs: &Fs) -> World {
    let mut world = World { now: cx.now(), ..World::default() };
    scheduler(cx, &mut world);
    names(fs, &mut world);
    trees(fs, &mut world);
    space(fs, &mut world);
    world
}

fn scheduler(cx: &Cx, world: &mut World) {
    cx.tasks(|tasks| {
        for (id, task) in (0u32..).zip(tasks) {
            let view = TaskView {
                label: task.label.clone(),
                daemon: task.daemon,
                state: task.state,
                command: task.command,
                frames: task.frames.clone(),
            };
            world.tasks.insert(crate::base::TaskId(id), view);
            assert!(task.state != TaskState::Done || task.frames.is_empty(), "a finished task is in no function");
        }
    });
    cx.locks(|table| {
        for (lock, state) in table.iter() {
            let view = LockView { holders: state.holders.clone(), waiters: state.waiters.iter().copied().collect() };
            world.locks.insert(*lock, view);
        }
    });
}

fn names(fs: &Fs, world: &mut World) {
    let volume = fs.volume();
    fs.open_files(|open| {
        world.current = open.current.clone().unwrap_or_default();
        world.open = open.files.iter().map(|file| (file.name.clone(), file.ino)).collect();
    });
    volume.inodes.table(|table| {
        world.names.clone_from(&table.names);
        for (ino, inode) in &table.inodes {
            let view = FileView {
                size: inode.size,
                disk_size: inode.disk_size,
                hints: inode.hints,
                inline_room: inode.inline_room,
                ..FileView::default()
            };
            world.files.insert(*ino, cached(fs, *ino, view));
        }
    });
}

fn cached(fs: &Fs, ino: Ino, mut view: FileView) -> FileView {
    let volume = fs.volume();
    volume.cache.each_folio(ino, |folio| {
        view.folios.insert(folio.index, FolioView { pages: folio.pages, writeback: folio.writeback });
        for (run, state) in folio.states(folio.range()) {
            view.states.insert(run, state);
        }
        for block in folio.range().iter() {
            if let Some(stamped) = &folio.block(block).data {
                view.data.insert(Range::sized(block, 1), stamped.clone());
            }
        }
    });
    view.delayed = volume.delalloc.index(ino);
    view.unbacked = volume.delalloc.unbacked(ino);
    for (range, flight) in volume.ordered.index(ino).iter() {
        let Flight { id, start, addr, fresh, arrived } = *flight;
        view.ordered.insert(range, FlightView { id, start, addr, fresh, arrived });
    }
    view.staging = volume.staging.index(ino);
    view
}

fn trees(fs: &Fs, world: &mut World) {
    let volume = fs.volume();
    volume.extents.trees(|trees| {
        for (id, tree) in trees {
            world.trees.insert(*id, tree.root());
            for (node, view) in tree.nodes() {
                world.nodes.insert(node, NodeView { level: view.level, entries: view.entries() });
            }
        }
    });
    world.inline = volume.extents.inline().all();
}

fn space(fs: &Fs, world: &mut World) {
    let volume = fs.volume();
    volume.space.map(|map| {
        for used in map.free.gaps(volume.profile.data_area) {
            world.space.insert(used, SpaceState::Used);
        }
        for (pinned, ()) in map.pinned.iter() {
            world.space.insert(pinned, SpaceState::Pinned);
        }
    });
    world.pieces = volume.space.pieces();
    world.sums = volume.sums.all();
    world.write_point = volume.space.point();
    world.sharing = volume.refs.state(Clone::clone);
    world.ledger = volume.space.ledger().counters();
    let whole = Range::new(crate::base::DevBlock(0), crate::base::DevBlock(volume.io.device(|device| device.blocks())));
    let packed = Range { start: PACKED, end: crate::base::DevBlock(u64::MAX) };
    world.device = volume.io.device(|device| {
        let mut runs = device.written(whole);
        runs.extend(device.written(packed));
        written(&runs)
    });
    world.requests = volume
        .io
        .pending()
        .into_iter()
        .map(|(id, write, fua, range)| (id, RequestView { write, fua, range }))
        .collect();
    world.unflushed =
        volume.io.device(|device| device.unflushed().iter().map(|write| (write.request, write.range)).collect());
    world.flushes = volume.io.device(|device| device.flushes());
    world.shut_down = volume.is_shut_down();
    world.node_places = volume.store.with(crate::map::store::Store::places);
    world.commits = volume.commits();
}

fn written(runs: &[(Range<crate::base::DevBlock>, Stamped)]) -> RangeMap<crate::base::DevBlock, Stamped> {
    let mut map = RangeMap::default();
    for (range, stamped) in runs {
        map.insert(*range, stamped.clone());
    }
    map
}
