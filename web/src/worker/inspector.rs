//! What there is to say about the selected cell.

use extentscope_core::base::fiemap::{FiemapRecord, Segment, SegmentKind, flags};
use extentscope_core::base::{BlockSize, DevBlock, FileBlock, Ino};
use extentscope_core::session::{Session, Sync};
use extentscope_core::trace::{LockClass, LockId};
use extentscope_core::view::World;
use extentscope_core::view::select::Selection;

use super::looks::{FileLooks, Run, inside};
use super::motion::LaneRuns;
use super::{metadata, people};
use crate::protocol::Pick;
use crate::scene::{CauseItem, DeviceScene, Fact, InspectorScene, Lane, Look};

/// What the selection means to the engine.
pub fn selection(pick: Pick, ino: Option<Ino>) -> Option<Selection> {
    match pick.lane {
        Lane::Device | Lane::Metadata => Some(Selection::Device(DevBlock(pick.block))),
        Lane::Cache | Lane::Reservations | Lane::Extents => {
            ino.map(|ino| Selection::Block { ino, block: FileBlock(pick.block) })
        }
    }
}

/// Everything about a block of the chosen file.
pub fn file_block(session: &mut Session, name: &str, ino: Ino, block: u64, lanes: &[LaneRuns]) -> InspectorScene {
    let Some(block_size) = BlockSize::new(session.setup().block_size()) else { return InspectorScene::default() };
    let (what, who) = match FileLooks::new(session.world(), ino, block_size) {
        Some(file) => (what(&file, block, lanes), who(session.world(), &file, block)),
        None => (Vec::new(), Vec::new()),
    };
    let why = why(session, Selection::Block { ino, block: FileBlock(block) });
    InspectorScene {
        title: format!("Block {block} of {name}"),
        what,
        since: why.first().map(|cause| cause.step),
        why,
        who,
        others: others(session, name, block, block_size),
    }
}

/// Everything about a device block.
pub fn device_block(session: &mut Session, block: u64, device: &DeviceScene) -> InspectorScene {
    let cell = block.checked_sub(device.lens.first).and_then(|at| device.cells.get(usize::try_from(at).ok()?));
    let mut what = Vec::new();
    if let Some(cell) = cell {
        what.push(fact("state", format!("{}: {}", cell.look.word(), cell.look.meaning())));
        if let Some((ino, file_block)) = cell.owner {
            what.push(fact("owner", format!("block {file_block} of {}", name_of(session.world(), Ino(ino)))));
        }
        if cell.writer > 0 {
            what.push(fact("contents", format!("written by command {}", cell.writer)));
        }
        if cell.busy {
            what.push(fact("request", String::from("on its way to the device")));
        }
    }
    let why = why(session, Selection::Device(DevBlock(block)));
    InspectorScene {
        title: format!("Device block {block}"),
        what,
        since: why.first().map(|cause| cause.step),
        why,
        who: Vec::new(),
        others: Vec::new(),
    }
}

/// Everything about a place behind the data.
pub fn metadata_block(session: &mut Session, block: u64) -> InspectorScene {
    let layout = session.setup().layout();
    let what = metadata::cell(session.world(), &layout, block).map(|cell| fact("state", cell.words));
    let why = why(session, Selection::Device(DevBlock(block)));
    InspectorScene {
        title: format!("Device block {block}"),
        what: what.into_iter().collect(),
        since: why.first().map(|cause| cause.step),
        why,
        ..InspectorScene::default()
    }
}

fn fact(name: &str, value: String) -> Fact {
    (name.to_owned(), value)
}

/// The first name of an inode, or its number.
pub fn name_of(world: &World, ino: Ino) -> String {
    let name = world.names.iter().find(|(_, known)| **known == ino);
    name.map_or_else(|| format!("inode {ino}"), |(name, _)| name.clone())
}

fn what(file: &FileLooks, block: u64, lanes: &[LaneRuns]) -> Vec<Fact> {
    let mut facts = Vec::new();
    let bytes = file.block_size.pos(FileBlock(block));
    facts.push(fact("bytes", format!("{bytes} to {}", bytes + file.block_size.bytes() - 1)));
    for lane in lanes {
        let found = inside(&lane.runs, block, block.saturating_add(1)).next();
        let look = found.map_or(lane.rest, |run| run.look);
        let value = match lane.lane {
            Lane::Reservations if look == Look::Absent => String::from("nothing promised"),
            Lane::Cache | Lane::Reservations | Lane::Extents | Lane::Device | Lane::Metadata => {
                format!("{}: {}", look.word(), look.meaning())
            }
        };
        facts.push(fact(lane_word(lane.lane), value));
        if let Some(place) = found.and_then(|run| place(lane.lane, run)) {
            facts.push(place);
        }
    }
    if let Some((_, stamped)) = file.view.data.get(FileBlock(block))
        && stamped.prov.0 > 0
    {
        facts.push(fact("cached bytes", format!("written by command {}", stamped.prov.0)));
    }
    if bytes >= file.view.size {
        facts.push(fact("end of file", String::from("this block lies behind it")));
    }
    facts
}

fn lane_word(lane: Lane) -> &'static str {
    match lane {
        Lane::Cache => "page cache",
        Lane::Reservations => "reservation",
        Lane::Extents => "extent",
        Lane::Device => "device",
        Lane::Metadata => "metadata",
    }
}

fn place(lane: Lane, run: Run) -> Option<Fact> {
    let (first, blocks) = run.whole;
    match (lane, run.address) {
        (Lane::Extents, Some(address)) => {
            let value = format!("device block {address}, in an extent of {blocks} blocks from block {first}");
            Some(fact("address", value))
        }
        _ => None,
    }
}

fn why(session: &Session, selection: Selection) -> Vec<CauseItem> {
    let item = |cause: extentscope_core::session::Cause| CauseItem {
        step: u64::try_from(cause.step).unwrap_or(u64::MAX),
        sentence: cause.sentence,
        kernel: cause.kernel,
    };
    session.why(selection).into_iter().map(item).collect()
}

/// The locks that protect the block, as far as somebody holds or wants them.
fn who(world: &World, file: &FileLooks, block: u64) -> Vec<String> {
    let page = file.block_size.page_of(FileBlock(block));
    let folio = file.view.folios.range(..=page).next_back().map(|(index, _)| index.0);
    let ino = u64::from(file.ino.0);
    let protects = |lock: &LockId| match lock.class {
        LockClass::Inode | LockClass::Invalidate | LockClass::Mapping => lock.a == ino,
        LockClass::Folio => lock.a == ino && Some(lock.b) == folio,
        LockClass::Node | LockClass::Commit => false,
    };
    let names: Vec<String> = world.locks.keys().filter(|lock| protects(lock)).map(ToString::to_string).collect();
    let locks = people::locks(world).into_iter().filter(|lock| names.contains(&lock.name));
    locks.map(|lock| lock_sentence(&lock.name, &lock.holders, &lock.waiters)).collect()
}

/// Who holds a lock and who waits.
pub fn lock_sentence(name: &str, holders: &[String], waiters: &[String]) -> String {
    match (holders.is_empty(), waiters.is_empty()) {
        (false, true) => format!("{name} is held by {}", holders.join(", ")),
        (false, false) => format!("{name} is held by {}; {} waits", holders.join(", "), waiters.join(", ")),
        (true, false) => format!("{name} is free; {} waits", waiters.join(", ")),
        (true, true) => format!("{name} is free"),
    }
}

fn others(session: &mut Session, name: &str, block: u64, block_size: BlockSize) -> Vec<Fact> {
    let pos = block_size.pos(FileBlock(block));
    let mut facts = Vec::new();
    if let Ok(answer) = session.fiemap(Some(name), Sync::No) {
        let record = answer.records.iter().find(|record| record.logical <= pos && pos < record.logical + record.length);
        facts.push(fact("FIEMAP", record.map_or_else(|| String::from("no extent: a hole"), record_words)));
    }
    if let Ok(table) = session.seek_table(Some(name)) {
        let segment = table.segments.iter().find(|segment| segment.start <= pos && pos < segment.end);
        facts.push(fact("SEEK", segment.map_or_else(|| String::from("behind the end of file"), segment_words)));
    }
    facts
}

fn record_words(record: &FiemapRecord) -> String {
    let names: Vec<&str> =
        flags::NAMES.iter().filter(|(bit, _)| record.flags & bit != 0).map(|(_, name)| *name).collect();
    let names = if names.is_empty() { String::from("no flags") } else { names.join(" ") };
    format!("flags {:#x} ({names})", record.flags)
}

fn segment_words(segment: &Segment) -> String {
    match segment.kind {
        SegmentKind::Data => String::from("data"),
        SegmentKind::Hole => String::from("hole"),
    }
}
