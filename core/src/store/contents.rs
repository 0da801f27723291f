//! Everything that the items of one commit say, as plain data.

use super::blob;
use super::corrupt::{Finding, Rule};
use super::item::Item;
use super::key::Key;
use crate::base::hints::Hints;
use crate::base::{BlockSize, DevBlock, Extent, Ino, Payload, Range, RangeMap, SortedMap};

/// What a commit keeps of an inode.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct StoredInode {
    /// The recorded size, in bytes.
    pub size: u64,
    /// Bytes set aside for data in the inode.
    pub inline_room: u64,
    /// What a program asked of its future blocks.
    pub hints: Hints,
    /// Some of its blocks may be shared.
    pub shares: bool,
    /// Space was asked for by name.
    pub preallocated: bool,
}

/// One commit.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Contents {
    /// The number of the next inode.
    pub next_ino: u32,
    /// Inodes by number.
    pub inodes: SortedMap<Ino, StoredInode>,
    /// Names.
    pub names: SortedMap<String, Ino>,
    /// Records of all files, in the order of inode and block.
    pub extents: Vec<Extent>,
    /// Data of keys, by identity.
    pub inline: SortedMap<u64, Payload>,
    /// Users of blocks besides the first.
    pub users: RangeMap<DevBlock, u32>,
    /// What was allocated at once, where that is kept.
    pub disk_extents: Vec<Range<DevBlock>>,
    /// Compressed pieces: addresses and blocks.
    pub pieces: SortedMap<DevBlock, (Range<DevBlock>, Range<DevBlock>)>,
    /// Data of blocks inside compressed pieces.
    pub packed: SortedMap<DevBlock, Payload>,
    /// Free blocks.
    pub free: RangeMap<DevBlock, ()>,
    /// Checksums of data.
    pub sums: RangeMap<DevBlock, u32>,
}

/// Data in parts, by identity.
type Parts = SortedMap<u64, SortedMap<u64, Vec<u8>>>;

impl Contents {
    /// What items say, in the order of their keys. What is wrong with single items is reported, and left out.
    pub fn of<'a>(
        items: impl Iterator<Item = (&'a Key, &'a [u8])>,
        block: BlockSize,
        report: &mut dyn FnMut(Finding),
    ) -> Self {
        let mut contents = Self { next_ino: 1, ..Self::default() };
        let (mut inline, mut packed) = (Parts::new(), Parts::new());
        for (key, payload) in items {
            if super::Kind::of(key.kind).is_none() {
                report(Finding::new(Rule::ItemKind, format!("item {key}"), None, format!("kind {}", key.kind)));
                continue;
            }
            match Item::decode(key, payload) {
                Some(Item::Inline { id, part, bytes }) => drop(inline.entry(id).or_default().insert(part, bytes)),
                Some(Item::Packed { at, part, bytes }) => drop(packed.entry(at.0).or_default().insert(part, bytes)),
                Some(item) => contents.add(item, report),
                None => report(Finding::new(
                    Rule::ItemForm,
                    format!("item {key}"),
                    None,
                    format!("{} bytes that say nothing", payload.len()),
                )),
            }
        }
        for (id, parts) in inline {
            match blob::join(&parts, block.bytes()) {
                Some(data) => drop(contents.inline.insert(id, data)),
                None => report(Finding::new(Rule::InlineData, format!("inline {id}"), None, "parts are missing")),
            }
        }
        for (at, parts) in packed {
            match blob::join(&parts, block.bytes()) {
                Some(data) => drop(contents.packed.insert(DevBlock(at), data)),
                None => report(Finding::new(Rule::Pieces, format!("packed block {at}"), None, "parts are missing")),
            }
        }
        contents
    }

    fn add(&mut self, item: Item, report: &mut dyn FnMut(Finding)) {
        match item {
            Item::Counters { next_ino } => self.next_ino = next_ino,
            Item::Inode(ino, inode) => drop(self.inodes.insert(ino, inode)),
            Item::Name { name, ino, .. } => {
                if self.names.insert(name.clone(), ino).is_some() {
                    report(Finding::new(Rule::NameTarget, format!("name {name}"), None, "it stands twice"));
                }
            }
            Item::Extent(extent) => self.extents.push(extent),
            Item::Users(range, others) => add(&mut self.users, range, others, report),
            Item::DiskExtent(range) => self.disk_extents.push(range),
            Item::Piece(packed, device) => drop(self.pieces.insert(packed.start, (packed, device))),
            Item::Free(range) => add(&mut self.free, range, (), report),
            Item::Sum(range, sum) => add(&mut self.sums, range, sum, report),
            Item::Inline { .. } | Item::Packed { .. } => unreachable!("parts are joined first"),
        }
    }
}

/// One more run; runs of a kind neither overlap nor could be one.
fn add<V: Clone + PartialEq>(
    map: &mut RangeMap<DevBlock, V>,
    range: Range<DevBlock>,
    value: V,
    report: &mut dyn FnMut(Finding),
) {
    let (overlaps, before) = (map.overlaps(range), map.len());
    map.insert(range, value);
    if overlaps || map.len() != before + 1 {
        let what = format!("{range:?} overlaps another run, or is one with it");
        report(Finding::new(Rule::ItemForm, "runs of blocks", Some(range.start), what));
    }
}
