//! The extent map document: what every file looks like at one step, made from the picture alone.
//!
//! Equal worlds with equal commands give equal documents, wherever they are made.

use super::facts::WorldFacts;
use super::lexicon::Lexicon;
use super::select::extent_at;
use super::world::{FileView, World};
use crate::base::cache_state::Backing;
use crate::base::fiemap::{FiemapRecord, flags};
use crate::base::{Entry, Extent, ExtentKind, FileBlock, Ino, NodeId, PAGE_SIZE, Range, RangeMap};
use crate::personality::plan::Profile;
use crate::query::fiemap::{Request, records};
use crate::text::map_json::{
    CacheJson, CacheState, Count, EntryJson, ExtentJson, ExtentMap, ExtentState, FORMAT, FileMap, Geometry, NodeJson,
    ProvenanceJson, ReservationJson, ReservationKind, SharedWith, Stretch, TreeJson,
};
use crate::trace::Counter;

/// The document of a world.
pub fn document(world: &World, profile: &Profile, names: &Lexicon) -> ExtentMap {
    let files = world.names.iter().filter_map(|(name, ino)| {
        let facts = WorldFacts::new(world, *ino, profile)?;
        Some(Mapper { world, profile, names, ino: *ino, file: &world.files[ino] }.file(name, &facts))
    });
    ExtentMap {
        format: FORMAT.to_owned(),
        personality: profile.name.to_owned(),
        level: profile.level.clone(),
        geometry: geometry(world, profile),
        files: files.collect(),
    }
}

fn geometry(world: &World, profile: &Profile) -> Geometry {
    let total = profile.data_area.len().saturating_sub(profile.spare_blocks);
    Geometry {
        block_size: Count(profile.block.bytes()),
        page_size: Count(PAGE_SIZE),
        device_blocks: Count(profile.device_blocks),
        free_blocks: Count(total.saturating_sub(world.ledger.values().sum())),
        reserved_blocks: Count(world.counter(Counter::Delayed) + world.counter(Counter::Reserved)),
        fanout: Count(u64::from(profile.tree.node)),
    }
}

/// One file of a world.
struct Mapper<'a> {
    world: &'a World,
    profile: &'a Profile,
    names: &'a Lexicon,
    ino: Ino,
    file: &'a FileView,
}

impl Mapper<'_> {
    fn file(&self, name: &str, facts: &WorldFacts<'_>) -> FileMap {
        let found = records(facts, &self.profile.fiemap, &Request::ALL).unwrap_or_default();
        let written = self.writers();
        FileMap {
            name: name.to_owned(),
            ino: Count(u64::from(self.ino.0)),
            size: Count(self.file.size),
            blocks: Count(facts.stat_blocks()),
            holes: holes(&found, self.file.size),
            extents: found.iter().map(|record| self.extent(record, &written)).collect(),
            cache: self.cache(),
            reservations: self.reservations(),
            tree: self.tree(),
        }
    }

    fn extent(&self, record: &FiemapRecord, written: &RangeMap<FileBlock, u32>) -> ExtentJson {
        let placed = record.flags & (flags::UNKNOWN | flags::DELALLOC | flags::DATA_INLINE) == 0;
        ExtentJson {
            logical: Count(record.logical),
            physical: placed.then_some(Count(record.physical)),
            length: Count(record.length),
            flags: record.flags,
            names: flags::NAMES
                .iter()
                .filter(|(bit, _)| record.flags & bit != 0)
                .map(|(_, name)| (*name).to_owned())
                .collect(),
            state: state_of(record.flags),
            shared_with: if record.flags & flags::SHARED == 0 { Vec::new() } else { self.shared_with(record) },
            provenance: self.provenance(record, written),
        }
    }

    /// Which command wrote each block that has data: what is cached counts before what is stored.
    fn writers(&self) -> RangeMap<FileBlock, u32> {
        let mut writers = RangeMap::default();
        for extent in self.world.extents(self.ino) {
            match extent.kind {
                ExtentKind::Written => {
                    let Some(device) = extent.dev_range() else { continue };
                    for (run, data) in self.world.device.overlapping(device) {
                        let run = run.intersect(&device);
                        writers.insert(Range::sized(extent.start + (run.start - device.start), run.len()), data.prov.0);
                    }
                }
                ExtentKind::Inline => {
                    if let Some(data) = self.world.inline.get(&extent.addr.0) {
                        writers.insert(extent.range(), data.prov.0);
                    }
                }
                ExtentKind::Unwritten | ExtentKind::Reserved => {}
            }
        }
        for (run, data) in self.file.data.iter() {
            writers.insert(run, data.prov.0);
        }
        writers
    }

    fn provenance(&self, record: &FiemapRecord, written: &RangeMap<FileBlock, u32>) -> Vec<ProvenanceJson> {
        let block = self.profile.block;
        let (start, end) = (record.logical, record.logical + record.length);
        let runs = written.overlapping(Range::new(block.block_of(start), block.block_after(end)));
        runs.filter(|(_, command)| **command > 0)
            .map(|(run, command)| {
                let from = block.pos(run.start).max(start);
                ProvenanceJson {
                    logical: Count(from),
                    length: Count(block.pos(run.end).min(end) - from),
                    command: Count(u64::from(*command)),
                    cmd: self.names.command(*command).unwrap_or_default().to_owned(),
                }
            })
            .collect()
    }

    /// Who else maps the blocks of a record, in order of name and offset.
    fn shared_with(&self, record: &FiemapRecord) -> Vec<SharedWith> {
        let block = self.profile.block;
        let start = block.block_of(record.logical);
        let Some(mine) = extent_at(self.world, self.ino, start) else { return Vec::new() };
        let Some(device) =
            mine.trimmed(block.covering(record.logical, record.length)).and_then(|part| part.dev_range())
        else {
            return Vec::new();
        };
        let mut found = Vec::new();
        for (name, ino) in &self.world.names {
            for extent in self.world.extents(*ino) {
                let Some(theirs) = extent.dev_range().filter(|theirs| theirs.overlaps(&device)) else { continue };
                let common = theirs.intersect(&device);
                let logical = extent.start + (common.start - theirs.start);
                if *ino != self.ino || logical != mine.start + (common.start - mine.addr) {
                    found.push(SharedWith { file: name.clone(), logical: Count(block.pos(logical)) });
                }
            }
        }
        found
    }

    fn cache(&self) -> Vec<CacheJson> {
        let block = self.profile.block;
        let mut all: Vec<CacheJson> = Vec::new();
        for (index, folio) in &self.file.folios {
            let blocks = Range::sized(block.first_block(*index), u64::from(folio.pages) * block.per_page());
            for (run, state) in self.file.states.overlapping(blocks) {
                let run = run.intersect(&blocks);
                let next = CacheJson {
                    logical: Count(block.pos(run.start)),
                    length: Count(run.len() * block.bytes()),
                    state: match (state.dirty, folio.writeback) {
                        (false, false) => CacheState::Clean,
                        (true, false) => CacheState::Dirty,
                        (false, true) => CacheState::Writeback,
                        (true, true) => CacheState::DirtyWriteback,
                    },
                    uptodate: state.uptodate,
                    folio_pages: Count(u64::from(folio.pages)),
                };
                match all.last_mut() {
                    Some(last) if continues(last, &next) => last.length.0 += next.length.0,
                    _ => all.push(next),
                }
            }
        }
        all
    }

    fn reservations(&self) -> Vec<ReservationJson> {
        let mut all: RangeMap<FileBlock, ReservationKind> = RangeMap::default();
        for extent in self.world.extents(self.ino) {
            if extent.kind == ExtentKind::Reserved {
                all.insert(extent.range(), ReservationKind::Reserved);
            }
        }
        for (run, ()) in self.file.delayed.iter() {
            all.insert(run, ReservationKind::Delalloc);
        }
        for (run, _) in self.file.ordered.iter() {
            all.insert(run, ReservationKind::Delalloc);
        }
        for (run, state) in self.file.states.iter() {
            if state.backing == Backing::Dirty {
                all.insert(run, ReservationKind::Delalloc);
            }
        }
        let block = self.profile.block;
        let json = |(run, kind): (Range<FileBlock>, &ReservationKind)| ReservationJson {
            logical: Count(block.pos(run.start)),
            length: Count(run.len() * block.bytes()),
            kind: *kind,
        };
        all.iter().map(json).collect()
    }

    /// The nodes from the root down, each level in order.
    fn tree(&self) -> TreeJson {
        let root = self.world.trees.get(&self.ino.0).or_else(|| self.world.trees.get(&0));
        let mut nodes = Vec::new();
        let mut level: Vec<(NodeId, Option<NodeId>)> = root.map(|root| (*root, None)).into_iter().collect();
        let mut depth = 0;
        while !level.is_empty() {
            depth += 1;
            let mut below = Vec::new();
            for (id, parent) in level {
                let Some(view) = self.world.nodes.get(&id) else { continue };
                below.extend(view.entries.iter().filter_map(|entry| match entry {
                    Entry::Child { node, .. } => Some((*node, Some(id))),
                    Entry::Extent(_) => None,
                }));
                nodes.push(NodeJson {
                    id: Count(u64::from(id.0)),
                    level: Count(u64::from(view.level)),
                    parent: parent.map(|parent| Count(u64::from(parent.0))),
                    entries: view.entries.iter().map(|entry| self.entry(entry)).collect(),
                });
            }
            level = below;
        }
        TreeJson { depth: Count(depth), nodes }
    }

    fn entry(&self, entry: &Entry) -> EntryJson {
        let block = self.profile.block;
        match entry {
            Entry::Extent(extent) => EntryJson::Extent {
                ino: Count(u64::from(extent.ino.0)),
                logical: Count(block.pos(extent.start)),
                length: Count(u64::from(extent.len) * block.bytes()),
                physical: physical(extent, block),
                state: kind_state(extent.kind),
            },
            Entry::Child { key, node } => EntryJson::Child {
                ino: Count(u64::from(key.ino.0)),
                logical: Count(block.pos(key.start)),
                child: Count(u64::from(node.0)),
            },
        }
    }
}

fn physical(extent: &Extent, block: crate::base::BlockSize) -> Option<Count> {
    extent.dev_range().map(|range| Count(block.dev_pos(range.start)))
}

fn kind_state(kind: ExtentKind) -> ExtentState {
    match kind {
        ExtentKind::Written => ExtentState::Written,
        ExtentKind::Unwritten => ExtentState::Unwritten,
        ExtentKind::Reserved => ExtentState::Reserved,
        ExtentKind::Inline => ExtentState::Inline,
    }
}

fn state_of(bits: u32) -> ExtentState {
    let has = |bit| bits & bit != 0;
    match () {
        () if has(flags::DATA_INLINE) => ExtentState::Inline,
        () if has(flags::ENCODED) => ExtentState::Encoded,
        () if has(flags::DELALLOC) && has(flags::UNWRITTEN) => ExtentState::Reserved,
        () if has(flags::DELALLOC) => ExtentState::Delalloc,
        () if has(flags::UNWRITTEN) => ExtentState::Unwritten,
        () => ExtentState::Written,
    }
}

fn continues(last: &CacheJson, next: &CacheJson) -> bool {
    let same = last.state == next.state && last.uptodate == next.uptodate && last.folio_pages == next.folio_pages;
    same && last.logical.0 + last.length.0 == next.logical.0
}

/// What lies between and behind the records, up to the size.
fn holes(found: &[FiemapRecord], size: u64) -> Vec<Stretch> {
    let mut holes = Vec::new();
    let mut at = 0;
    let ends = found.iter().map(|record| (record.logical, record.logical + record.length));
    for (start, end) in ends.chain([(size, size)]) {
        let start = start.min(size);
        if at < start {
            holes.push(Stretch { logical: Count(at), length: Count(start - at) });
        }
        at = at.max(end);
    }
    holes
}
