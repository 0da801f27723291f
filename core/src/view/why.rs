//! Why a thing is as it is: from the thing back to the command that caused it.
//!
//! The trace is searched backward from the cursor for the events that made the thing what it is now; nothing is
//! guessed from the state. At most [`LINKS_MAX`] links, newest first; the last one is the command, where there is one.

use super::select::{Selection, extent_at};
use super::world::World;
use crate::base::order_by;
use crate::base::{DevBlock, Entry, Extent, FileBlock, Ino, NodeId, Range, TaskId};
use crate::trace::{Event, LockId, Reason, Recorder, TaskState};

/// The most links of a chain.
pub const LINKS_MAX: usize = 5;

/// A link of the chain: an event and the step that it belongs to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Link {
    /// The step.
    pub step: usize,
    /// The number of the event in the run.
    pub event: usize,
}

/// A kind of event that would explain the selection.
struct Want<'a> {
    /// Smaller is dropped later when there are too many.
    rank: u8,
    test: Box<dyn Fn(&Event) -> bool + 'a>,
}

fn want<'a>(rank: u8, test: impl Fn(&Event) -> bool + 'a) -> Want<'a> {
    Want { rank, test: Box::new(test) }
}

/// The chain for `selection` at the end of step `step`, where `world` is the picture.
pub fn chain(recorder: &Recorder, step: usize, world: &World, selection: Selection) -> Vec<Link> {
    let events = &recorder.events[..recorder.events_until(step)];
    let (mut found, writer) = match selection {
        Selection::File(ino) => (latest(events, &file_wants(ino)), None),
        Selection::Block { ino, block } => of_block(events, world, ino, block),
        Selection::Device(block) => {
            let writer = world.device.get(block).map(|(_, data)| data.prov.0);
            (latest(events, &device_wants(block)), writer)
        }
        Selection::Node(node) => (latest(events, &node_wants(node)), None),
        Selection::Task(task) => (latest(events, &task_wants(world, task)), None),
        Selection::Lock(lock) => (latest(events, &lock_wants(world, lock)), None),
    };
    order_by(&mut found, |(rank, event)| u64::from(*rank) << 56 | *event as u64);
    found.truncate(LINKS_MAX);
    let oldest = found.iter().map(|(_, event)| *event).min();
    if let Some(command) = oldest.and_then(|oldest| cause(recorder, events, oldest, writer)) {
        found.truncate(LINKS_MAX - 1);
        found.push((0, command));
    }
    let mut chain: Vec<usize> = found.into_iter().map(|(_, event)| event).collect();
    order_by(&mut chain, |event| u64::MAX - *event as u64);
    chain.dedup();
    chain.into_iter().map(|event| Link { step: step_of(recorder, event), event }).collect()
}

/// The step that an event belongs to; 0 is the mount.
pub fn step_of(recorder: &Recorder, event: usize) -> usize {
    recorder.steps.partition_point(|step| step.first_event <= event)
}

/// The newest event of each kind.
fn latest(events: &[Event], wants: &[Want<'_>]) -> Vec<(u8, usize)> {
    let mut open: Vec<&Want<'_>> = wants.iter().collect();
    let mut found = Vec::new();
    for (at, event) in events.iter().enumerate().rev() {
        if open.is_empty() {
            break;
        }
        open.retain(|want| {
            let hit = (want.test)(event);
            if hit {
                found.push((want.rank, at));
            }
            !hit
        });
    }
    found
}

/// The beginning of the command behind event `oldest`: of the writer where known, else of the task that did it.
fn cause(recorder: &Recorder, events: &[Event], oldest: usize, writer: Option<u32>) -> Option<usize> {
    let begin = |wanted: &dyn Fn(TaskId, u32) -> bool, before: usize| {
        events[..before]
            .iter()
            .rposition(|event| matches!(event, Event::CommandBegan { task, number } if wanted(*task, *number)))
    };
    if let Some(writer) = writer.filter(|writer| *writer > 0)
        && let Some(found) = begin(&|_, number| number == writer, events.len())
    {
        return Some(found);
    }
    let step = step_of(recorder, oldest).checked_sub(1)?;
    let task = recorder.steps[step].task;
    begin(&|by, _| by == task, oldest + 1)
}

fn of_block(events: &[Event], world: &World, ino: Ino, block: FileBlock) -> (Vec<(u8, usize)>, Option<u32>) {
    let mut found = Vec::new();
    let extent = extent_at(world, ino, block);
    let mapped = match &extent {
        Some(extent) => first_of_mapping(events, extent, ino, block),
        None => unmapped(events, ino, block),
    };
    found.extend(mapped.map(|event| (1, event)));
    let address = extent.and_then(|extent| address_at(&extent, block));
    let mut wants = vec![
        want(
            2,
            move |event| matches!(event, Event::BlocksState { ino: of, range, .. } if *of == ino && range.contains(block)),
        ),
        want(
            4,
            move |event| matches!(event, Event::DelayedAdded { ino: of, range } if *of == ino && range.contains(block)),
        ),
        want(
            6,
            move |event| matches!(event, Event::BlocksData { ino: of, range, .. } if *of == ino && range.contains(block)),
        ),
    ];
    if let Some(address) = address {
        wants.push(want(3, move |event| matches!(event, Event::SpaceTaken { range } if range.contains(address))));
        wants.push(want(5, move |event| matches!(event, Event::DeviceData { range, .. } if range.contains(address))));
    }
    found.extend(latest(events, &wants));
    let cached = world.files.get(&ino).and_then(|file| file.data.get(block)).map(|(_, data)| data.prov.0);
    let stored = address.and_then(|address| world.device.get(address)).map(|(_, data)| data.prov.0);
    (found, cached.or(stored).filter(|_| extent.is_some() || cached.is_some()))
}

/// When the block got the mapping that it has now: later events that only moved the record do not count.
fn first_of_mapping(events: &[Event], now: &Extent, ino: Ino, block: FileBlock) -> Option<usize> {
    let mut first = None;
    for (at, event) in events.iter().enumerate().rev() {
        match event {
            Event::NodeSpliced { inserted, .. } => match covering(inserted, ino, block) {
                Some(then) if same_mapping(&then, now, block) => first = Some(at),
                Some(_) => break,
                None => {}
            },
            Event::SpaceTaken { range } if address_at(now, block).is_some_and(|addr| range.contains(addr)) => break,
            Event::InodeCreated { ino: created } if *created == ino => break,
            _ => {}
        }
    }
    first
}

/// When the block lost the place that it had, if it ever had one.
fn unmapped(events: &[Event], ino: Ino, block: FileBlock) -> Option<usize> {
    let splice = |event: &Event| match event {
        Event::NodeSpliced { inserted, .. } => covering(inserted, ino, block),
        _ => None,
    };
    let (at, old) = events.iter().enumerate().rev().find_map(|(at, event)| splice(event).map(|old| (at, old)))?;
    let address = address_at(&old, block)?;
    let freed = |event: &Event| match event {
        Event::SpacePinned { range } | Event::SpaceFreed { range } => range.contains(address),
        _ => false,
    };
    events[at..].iter().position(freed).map(|after| at + after)
}

fn covering(entries: &[Entry], ino: Ino, block: FileBlock) -> Option<Extent> {
    entries.iter().find_map(|entry| match entry {
        Entry::Extent(extent) if extent.ino == ino && extent.range().contains(block) => Some(*extent),
        Entry::Extent(_) | Entry::Child { .. } => None,
    })
}

fn address_at(extent: &Extent, block: FileBlock) -> Option<DevBlock> {
    extent.kind.has_address().then(|| extent.addr + (block - extent.start))
}

fn same_mapping(a: &Extent, b: &Extent, block: FileBlock) -> bool {
    a.kind == b.kind && a.shared == b.shared && address_at(a, block) == address_at(b, block)
}

fn file_wants<'a>(ino: Ino) -> Vec<Want<'a>> {
    vec![
        want(1, move |event| matches!(event, Event::SizeChanged { ino: of, .. } if *of == ino)),
        want(2, move |event| matches!(event, Event::DiskSizeChanged { ino: of, .. } if *of == ino)),
        want(3, move |event| matches!(event, Event::NameSet { ino: of, .. } if *of == ino)),
        want(4, move |event| matches!(event, Event::InodeCreated { ino: of } if *of == ino)),
    ]
}

fn device_wants<'a>(block: DevBlock) -> Vec<Want<'a>> {
    let maps = move |extent: &Extent| extent.dev_range().is_some_and(|range: Range<DevBlock>| range.contains(block));
    vec![
        want(1, move |event| match event {
            Event::SpaceTaken { range } | Event::SpacePinned { range } | Event::SpaceFreed { range } => {
                range.contains(block)
            }
            Event::NodePlaceChanged { range, .. } => range.contains(block),
            _ => false,
        }),
        want(2, move |event| matches!(event, Event::DeviceData { range, .. } if range.contains(block))),
        want(3, move |event| match event {
            Event::NodeSpliced { inserted, .. } => {
                inserted.iter().any(|entry| matches!(entry, Entry::Extent(extent) if maps(extent)))
            }
            _ => false,
        }),
        want(4, move |event| matches!(event, Event::RequestQueued { range, .. } if range.contains(block))),
    ]
}

fn node_wants<'a>(node: NodeId) -> Vec<Want<'a>> {
    vec![
        want(1, move |event| matches!(event, Event::NodeSpliced { node: of, .. } if *of == node)),
        want(
            2,
            move |event| matches!(event, Event::NodeFreed { node: of } | Event::TreeRoot { node: of, .. } if *of == node),
        ),
        want(3, move |event| matches!(event, Event::NodeCreated { node: of, .. } if *of == node)),
    ]
}

fn task_wants<'a>(world: &World, task: TaskId) -> Vec<Want<'a>> {
    let state = world.tasks.get(&task).map(|view| view.state);
    let mut wants = vec![want(1, move |event| matches!(event, Event::TaskChanged { task: of, .. } if *of == task))];
    if let Some(TaskState::Blocked(Reason::Lock(lock))) = state {
        wants.push(want(
            2,
            move |event| matches!(event, Event::LockWaited { task: of, lock: on, .. } if (*of, *on) == (task, lock)),
        ));
        wants.extend(holder_wants(world, lock));
    }
    wants.push(want(5, move |event| matches!(event, Event::TaskSpawned { task: of, .. } if *of == task)));
    wants
}

fn lock_wants<'a>(world: &World, lock: LockId) -> Vec<Want<'a>> {
    let mut wants = vec![want(2, move |event| matches!(event, Event::LockWaited { lock: on, .. } if *on == lock))];
    wants.extend(holder_wants(world, lock));
    wants
}

/// When each task that holds the lock took it.
fn holder_wants<'a>(world: &World, lock: LockId) -> Vec<Want<'a>> {
    let holders = world.locks.get(&lock).map_or(&[][..], |view| view.holders.as_slice());
    let taken = |holder: TaskId| {
        want(3, move |event| matches!(event, Event::LockTaken { task, lock: of, .. } if (*task, *of) == (holder, lock)))
    };
    holders.iter().map(|(holder, _)| taken(*holder)).collect()
}

#[cfg(test)]
#[path = "why_tests.rs"]
mod tests;
