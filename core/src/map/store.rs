//! What the device keeps of this filesystem, as far as this mount knows, and what a commit changes in it.

use crate::base::packed::Piece;
use crate::base::{
    BlockSize, DevBlock, Errno, Extent, Gather, Ino, NodePlace, Payload, Range, RangeMap, SortedMap, SortedSet,
};
use crate::extent::Trees;
use crate::personality::Profile;
use crate::personality::plan::Defect;
use crate::store::node::Pointer;
use crate::store::read::Image;
use crate::store::users::{Change, Edits};
use crate::store::{CowTree, Item, Kind, Layout, StoredInode, Superblock, Transaction, Users, blob};

/// A filesystem's metadata as plain data: what a commit writes.
#[derive(Clone, Default)]
pub struct Metadata {
    /// The extent trees.
    pub trees: Trees,
    /// Inodes.
    pub inodes: SortedMap<Ino, StoredInode>,
    /// Names.
    pub names: SortedMap<String, Ino>,
    /// The number of the next inode.
    pub next_ino: u32,
    /// Data inside keys.
    pub inline: SortedMap<u64, Payload>,
    /// What was allocated at once, where that is kept.
    pub disk_extents: SortedSet<Range<DevBlock>>,
    /// Compressed pieces, by the first of their addresses.
    pub pieces: SortedMap<DevBlock, Piece>,
    /// What their blocks hold.
    pub packed: SortedMap<DevBlock, Payload>,
    /// Checksums of data; a commit keeps those of blocks that something owns.
    pub sums: RangeMap<DevBlock, u32>,
}

/// The tree on the device, and the metadata that it was made from.
pub struct Store {
    /// Commits so far.
    number: u64,
    settings: String,
    told: Metadata,
    users: Users,
    /// Items that changed and are not in the tree yet: a commit failed.
    pending: Edits,
    /// Counts that wait for the next commit, where they are late on purpose.
    late: Option<Edits>,
    tree: CowTree,
    /// Nodes that the commit under way writes, and those that it gives up.
    under_way: Option<(Vec<u32>, Vec<u32>)>,
}

impl Store {
    /// Nothing was written yet.
    pub fn new(layout: Layout, profile: &Profile) -> Self {
        Self {
            number: 0,
            settings: String::new(),
            told: Metadata::default(),
            users: Users::new(profile.data_area, &profile.metadata),
            pending: Edits::new(),
            late: late(profile),
            tree: CowTree::new(layout),
            under_way: None,
        }
    }

    /// What a mount found; `told` is the same as the engine has it.
    pub fn found(image: Image, profile: &Profile, told: Metadata) -> Self {
        let mut users = Users::new(profile.data_area, &profile.metadata);
        let nothing = Metadata::default();
        count(&mut users, &records(&nothing.trees, &told.trees), &nothing, &told);
        // The items about users and free blocks are on the device already.
        users.tell(&mut Edits::new());
        let Superblock { generation, settings, .. } = image.superblock;
        Self {
            number: generation,
            settings,
            told,
            users,
            pending: Edits::new(),
            late: late(profile),
            tree: image.tree,
            under_way: None,
        }
    }

    /// The directives that the filesystem was made with go into every superblock.
    pub fn set_settings(&mut self, settings: String) {
        self.settings = settings;
    }
    /// Commits so far.
    pub fn number(&self) -> u64 {
        self.number
    }
    /// What the last commit keeps.
    pub fn told(&self) -> &Metadata {
        &self.told
    }
    /// Whether a commit is under way, or one failed whose changes the next one has to make.
    pub fn is_behind(&self) -> bool {
        self.under_way.is_some() || !self.pending.is_empty()
    }
    /// The tree on the device.
    pub fn tree(&self) -> &CowTree {
        &self.tree
    }

    /// The next tree, for this metadata.
    ///
    /// # Errors
    /// ENOSPC when there are too few places for nodes; the changes wait for the next commit.
    pub fn prepare(&mut self, mut metadata: Metadata) -> Result<Transaction, Errno> {
        let block = self.tree.layout().block;
        let records = records(&self.told.trees, &metadata.trees);
        count(&mut self.users, &records, &self.told, &metadata);
        metadata.sums = self.users.owned_of(&metadata.sums);
        changes(records, &self.told, &metadata, block, &mut self.pending);
        match &mut self.late {
            None => self.users.tell(&mut self.pending),
            Some(late) => {
                let mut counts = Edits::new();
                self.users.tell(&mut counts);
                let users = counts.extract_if(.., |key, _| key.kind == Kind::Users.number()).into_iter().gather();
                self.pending.extend(std::mem::replace(late, users));
                self.pending.extend(counts);
            }
        }
        self.told = metadata;
        let next = self.tree.change(self.number + 1, &self.pending)?;
        self.under_way = Some((next.writes.keys().copied().collect(), next.retired().iter().copied().collect()));
        Ok(next)
    }

    /// Who uses which places for nodes; the others are free.
    pub fn places(&self) -> RangeMap<DevBlock, NodePlace> {
        let (new, retired) = self.under_way.as_ref().map_or((&[][..], &[][..]), |(new, retired)| (new, retired));
        let live = self.tree.live().map(|address| (address, NodePlace::Used));
        let later = retired.iter().map(|address| (*address, NodePlace::Retired));
        let later = later.chain(new.iter().map(|address| (*address, NodePlace::New)));
        let mut places = RangeMap::default();
        for (address, state) in live.chain(later) {
            places.insert(self.tree.layout().node(address), state);
        }
        places
    }

    /// The superblock of a commit.
    pub fn superblock(&self, generation: u64, root: Option<Pointer>) -> Superblock {
        Superblock { generation, layout: *self.tree.layout(), root, settings: self.settings.clone() }
    }

    /// A prepared tree is durable.
    pub fn finish(&mut self, next: Transaction) {
        self.number = next.generation;
        self.pending.clear();
        self.tree.commit(next);
        self.under_way = None;
    }
}

/// Room for counts that are late on purpose.
fn late(profile: &Profile) -> Option<Edits> {
    (profile.defect == Some(Defect::CountLate)).then(Edits::new)
}

/// Counts the owners of blocks that came and went.
fn count(users: &mut Users, (gone, came): &Changed, old: &Metadata, new: &Metadata) {
    let ranges = |records: &[Extent]| records.iter().filter_map(Extent::dev_range).collect::<Vec<_>>();
    users.exchange(&ranges(gone), &ranges(came));
    new.disk_extents.difference(&old.disk_extents).for_each(|range| users.own(*range, Change::More));
    old.disk_extents.difference(&new.disk_extents).for_each(|range| users.own(*range, Change::Less));
    let only = |of: &Metadata, not: &Metadata| -> Vec<Range<DevBlock>> {
        of.pieces.iter().filter(|(start, _)| !not.pieces.contains_key(start)).map(|(_, piece)| piece.device).collect()
    };
    only(new, old).into_iter().for_each(|device| users.own(device, Change::More));
    only(old, new).into_iter().for_each(|device| users.own(device, Change::Less));
}

/// Records that went, and records that came.
type Changed = (Vec<Extent>, Vec<Extent>);

fn records(old: &Trees, new: &Trees) -> Changed {
    let (mut gone, mut came) = (Vec::new(), Vec::new());
    for (id, tree) in new {
        let (less, more) = tree.changes_since(old.get(id));
        gone.extend(less);
        came.extend(more);
    }
    gone.extend(old.iter().filter(|(id, _)| !new.contains_key(id)).flat_map(|(_, tree)| tree.iter()));
    (gone, came)
}

/// The items that differ between two states.
fn changes((gone, came): Changed, old: &Metadata, new: &Metadata, block: BlockSize, edits: &mut Edits) {
    if old.next_ino != new.next_ino {
        put(edits, &Item::Counters { next_ino: new.next_ino });
    }
    gone.into_iter().for_each(|extent| forget(edits, &Item::Extent(extent)));
    came.into_iter().for_each(|extent| put(edits, &Item::Extent(extent)));
    differ(&old.inodes, &new.inodes, edits, |ino, inode| vec![Item::Inode(*ino, *inode)]);
    let (old_names, new_names) = (numbered(&old.names), numbered(&new.names));
    differ(&old_names, &new_names, edits, |(name, nth), ino| {
        vec![Item::Name { name: (*name).to_owned(), ino: *ino, nth: *nth }]
    });
    let size = block.bytes();
    let parts = |data: &Payload| (0..).zip(blob::split(data, size)).collect::<Vec<(u64, Vec<u8>)>>();
    differ(&old.inline, &new.inline, edits, |id, data| {
        parts(data).into_iter().map(|(part, bytes)| Item::Inline { id: *id, part, bytes }).collect()
    });
    differ(&old.packed, &new.packed, edits, |at, data| {
        parts(data).into_iter().map(|(part, bytes)| Item::Packed { at: *at, part, bytes }).collect()
    });
    old.disk_extents.difference(&new.disk_extents).for_each(|range| forget(edits, &Item::DiskExtent(*range)));
    new.disk_extents.difference(&old.disk_extents).for_each(|range| put(edits, &Item::DiskExtent(*range)));
    let sums = |of: &RangeMap<DevBlock, u32>, not: &RangeMap<DevBlock, u32>| -> Vec<Item> {
        let only = of.iter().filter(|(range, sum)| not.get(range.start) != Some((*range, sum)));
        only.map(|(range, sum)| Item::Sum(range, *sum)).collect()
    };
    sums(&old.sums, &new.sums).iter().for_each(|item| forget(edits, item));
    sums(&new.sums, &old.sums).iter().for_each(|item| put(edits, item));
    // How many blocks of a piece are left is counted again at the mount.
    let place = |piece: &Piece| (piece.end, piece.device);
    let pieces = |of: &SortedMap<DevBlock, Piece>, not: &SortedMap<DevBlock, Piece>| -> Vec<Item> {
        let only = of.iter().filter(|(start, piece)| not.get(start).map(place) != Some(place(piece)));
        only.map(|(start, piece)| Item::Piece(Range::new(*start, piece.end), piece.device)).collect()
    };
    pieces(&old.pieces, &new.pieces).iter().for_each(|item| forget(edits, item));
    pieces(&new.pieces, &old.pieces).iter().for_each(|item| put(edits, item));
}

/// Names with their place among those of the same digest.
fn numbered(names: &SortedMap<String, Ino>) -> SortedMap<(&str, u64), Ino> {
    let mut seen: SortedMap<u64, u64> = SortedMap::new();
    let number = |name: &str, seen: &mut SortedMap<u64, u64>| {
        let nth = seen.entry(crate::base::payload::digest(name.as_bytes())).or_default();
        *nth += 1;
        *nth - 1
    };
    names.iter().map(|(name, ino)| ((name.as_str(), number(name, &mut seen)), *ino)).gather()
}

/// Walks two maps at once, and edits the items of what only one has or both have differently.
fn differ<K: Ord, V: PartialEq>(
    old: &SortedMap<K, V>,
    new: &SortedMap<K, V>,
    edits: &mut Edits,
    items: impl Fn(&K, &V) -> Vec<Item>,
) {
    let changed = |of: &SortedMap<K, V>, key: &K, value: &V| of.get(key) != Some(value);
    for (key, value) in old.iter().filter(|(key, value)| changed(new, key, value)) {
        items(key, value).iter().for_each(|item| forget(edits, item));
    }
    for (key, value) in new.iter().filter(|(key, value)| changed(old, key, value)) {
        items(key, value).iter().for_each(|item| put(edits, item));
    }
}

fn put(edits: &mut Edits, item: &Item) {
    let (key, payload) = item.encode();
    edits.insert(key, Some(payload));
}

fn forget(edits: &mut Edits, item: &Item) {
    edits.insert(item.encode().0, None);
}
