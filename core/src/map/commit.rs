//! What a mount would find: until the on-device format exists, a frozen copy of the metadata behind the commit step.

use super::Volume;
use crate::base::packed::{PACKED, Piece};
use crate::base::{DevBlock, Errno, Extent, ExtentKind, Ino, Range, RangeMap, Stamped};
use crate::extent::Trees;
use crate::inode::InodeTable;
use crate::trace::{Counter, Event, Frame, LockClass, LockId, Mode};
use std::collections::BTreeMap;

/// The metadata of the last commit.
#[derive(Clone, Default)]
pub struct Committed {
    /// Commits so far.
    pub number: u64,
    /// Everything, once there was a commit.
    pub metadata: Option<Metadata>,
}

/// A filesystem's metadata as plain data.
#[derive(Clone)]
pub struct Metadata {
    /// The extent trees.
    pub trees: Trees,
    /// Names and inodes.
    pub inodes: InodeTable,
    /// Data inside keys.
    pub inline: BTreeMap<u64, Stamped>,
    /// What was allocated at once, where that is kept.
    pub disk_extents: Vec<Range<DevBlock>>,
    /// Compressed pieces.
    pub pieces: BTreeMap<DevBlock, Piece>,
}

impl Volume {
    /// Makes the metadata as it stands durable: data first, then the commit, then freed blocks can be used again.
    pub async fn commit(&self) -> Result<(), Errno> {
        self.still_writes()?;
        let lock = LockId { class: LockClass::Commit, a: 0, b: 0 };
        let _one = self.cx.lock(lock, Mode::Exclusive).await;
        let number = self.committed.with(|committed| committed.number) + 1;
        let _frame = self.cx.frame(Frame::Commit, number, 0);
        self.io.flush().await?;
        self.freeze(number);
        self.space.unpin();
        Ok(())
    }

    /// Keeps a copy of the metadata as commit `number`.
    pub fn freeze(&self, number: u64) {
        let metadata = Metadata {
            trees: self.extents.trees(Clone::clone),
            inodes: self.inodes.table(Clone::clone),
            inline: self.extents.inline().all(),
            disk_extents: self.refs.made(),
            pieces: self.space.pieces(),
        };
        self.committed.change(|committed| *committed = Committed { number, metadata: Some(metadata) });
        self.cx.emit(|| Event::Committed { number });
    }

    /// Everything in memory is gone; the device keeps what it has.
    pub fn forget_memory(&self) {
        self.cache.forget_all();
        self.delalloc.forget_all();
        self.ordered.forget_all();
        self.staging.forget_all();
        self.space.forget_all();
        self.refs.forget_all();
        self.readahead.change(BTreeMap::clear);
        self.errors.change(BTreeMap::clear);
        self.shut_down.change(|down| *down = false);
    }

    /// Takes over what the last commit kept. The volume is fresh; which blocks are free follows from the trees.
    pub fn load(&self, committed: Committed) {
        let number = committed.number;
        let Some(metadata) = committed.metadata.clone() else { return };
        self.inodes.load(metadata.inodes);
        self.extents.load(metadata.trees, &metadata.inline);
        let orphans: Vec<u32> = self.extents.trees(|trees| {
            let known = |id: &u32| *id == 0 || self.inodes.table(|table| table.inodes.contains_key(&Ino(*id)));
            trees.keys().filter(|id| !known(id)).copied().collect()
        });
        for orphan in orphans {
            self.extents.remove_inode(Ino(orphan));
        }
        let inodes = self.inodes.table(|table| table.inodes.keys().copied().collect::<Vec<_>>());
        let records: Vec<Extent> = inodes.into_iter().flat_map(|ino| self.extents.extents(ino)).collect();
        let reserved = records.iter().filter(|extent| extent.kind == ExtentKind::Reserved);
        let reserved: u64 = reserved.map(|extent| u64::from(extent.len)).sum();
        let mut used = RangeMap::default();
        for range in self.refs.load(&metadata.disk_extents, &records) {
            used.insert(range, ());
        }
        let pieces = self.space.load_pieces(&metadata.pieces, &used);
        used.cut(Range { start: PACKED, end: DevBlock(u64::MAX) });
        pieces.into_iter().for_each(|range| used.insert(range, ()));
        self.space.load(&used);
        if reserved > 0 {
            self.space.ledger().add(Counter::Reserved, reserved);
        }
        self.committed.change(|own| *own = committed);
        self.cx.emit(|| Event::Committed { number });
    }
}
