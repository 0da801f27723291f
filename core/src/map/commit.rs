//! Committing: the metadata as it stands becomes what a mount finds, and how a mount takes it over.

use super::Volume;
use super::errors::Errors;
use super::log::with_file;
use super::pending::Pending;
use super::store::{Metadata, Store};
use crate::base::packed::PACKED;
use crate::base::{
    DevBlock, Errno, ExtentKind, FileBlock, Gather, Ino, NodePlace, Payload, Prov, Range, RangeMap, SortedMap, Stamped,
};
use crate::dev::{Op, Runs};
use crate::inode::{Inode, InodeTable};
use crate::personality::plan::{Defect, Unpin};
use crate::store::node::Pointer;
use crate::store::read::{self, Image};
use crate::store::tree::NodeBytes;
use crate::store::{Finding, StoredInode, Transaction, fsck};
use crate::trace::{Counter, Event, Frame, LockClass, LockId, Mode};
use std::rc::Rc;

/// What a commit makes durable.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Scope {
    /// Everything.
    All,
    /// One file, if that can be told alone; else everything.
    File(Ino),
}

impl Volume {
    /// Commits so far.
    pub fn commits(&self) -> u64 {
        self.store.with(Store::number)
    }

    /// Makes the metadata as it stands durable, and the data that it speaks of: nodes, a flush, the superblock. Then
    /// freed blocks can be used again.
    ///
    /// # Errors
    /// ENOSPC when there is no place for nodes. EIO of the device stops the filesystem: nothing is written any more
    /// (`jbd2_journal_abort`, `xfs_force_shutdown`, `btrfs_abort_transaction`).
    pub async fn commit(&self) -> Result<(), Errno> {
        self.commit_of(Scope::All).await
    }

    /// The same, of everything or of one file.
    ///
    /// # Errors
    /// As of [`Volume::commit`].
    pub(super) async fn commit_of(&self, scope: Scope) -> Result<(), Errno> {
        // Nothing has changed there, and fsync succeeds (`ext4_sync_file`).
        if self.is_read_only() {
            return Ok(());
        }
        self.still_writes()?;
        let lock = LockId { class: LockClass::Commit, a: 0, b: 0 };
        let _one = self.cx.lock(lock, Mode::Exclusive).await;
        let _frame = self.cx.frame(Frame::Commit, self.commits() + 1, 0);
        // Between here and the superblock others go on: what they change and free belongs to the next commit.
        let freed = self.space.pinned();
        let logged = match scope {
            Scope::File(ino) => self.metadata_of(ino).map(|metadata| (ino, metadata)),
            Scope::All => None,
        };
        let whole = logged.is_none();
        let metadata = match logged {
            Some((ino, metadata)) => {
                self.forget_changes_of(ino);
                metadata
            }
            None => {
                self.forget_changes();
                self.metadata()
            }
        };
        let next = self.change_store(|store| store.prepare(metadata))?;
        if let Err(errno) = self.write_tree(&next).await {
            self.stop();
            return Err(errno);
        }
        self.finish(next);
        // A log is no transaction: what was freed stays as it is.
        if whole {
            self.space.unpin(&freed);
            self.refs.settle();
        }
        Ok(())
    }

    /// The last commit with one file as it is now; `None` where that is not all of it.
    fn metadata_of(&self, ino: Ino) -> Option<Metadata> {
        let now = self.metadata();
        self.store.with(|store| with_file(store.told(), &now, ino, self.extents.tree_id(ino)))
    }

    /// Nothing reaches the device any more until the next mount.
    pub fn stop(&self) {
        self.shut_down.change(|down| *down = true);
        self.cx.emit(|| Event::ShutDown {});
    }

    async fn write_tree(&self, next: &Transaction) -> Result<(), Errno> {
        let tickets: Vec<_> = self
            .node_writes(next)
            .into_iter()
            .map(|(range, data)| self.io.submit(Op::Write { data, fua: false }, range))
            .collect();
        for ticket in tickets {
            self.io.wait(ticket).await?;
        }
        if !self.is_wrong(Defect::NoFlush) {
            self.io.flush().await?;
        }
        let (range, data) = self.superblock_write(next.generation, next.root);
        let fua = !self.is_wrong(Defect::NoFua);
        let ticket = self.io.submit(Op::Write { data, fua }, range);
        self.io.wait(ticket).await.map(drop)
    }

    /// Formats the device, which holds nothing that counts: both superblocks, one after the other.
    ///
    /// # Errors
    /// What the device says.
    pub fn format(&self, settings: String) -> Result<(), Errno> {
        self.store.change(|store| store.set_settings(settings));
        let (range, data) = self.superblock_write(0, None);
        self.io.do_now(Op::Write { data, fua: false }, range)?;
        let next = self.prepare()?;
        self.write_now(next)
    }

    /// A commit at once, while no task waits for the device.
    fn write_now(&self, next: Transaction) -> Result<(), Errno> {
        for (range, data) in self.node_writes(&next) {
            self.io.do_now(Op::Write { data, fua: false }, range)?;
        }
        self.io.do_now(Op::Flush, Range::sized(DevBlock(0), 0))?;
        let (range, data) = self.superblock_write(next.generation, next.root);
        self.io.do_now(Op::Write { data, fua: true }, range)?;
        self.finish(next);
        Ok(())
    }

    fn layout(&self) -> crate::store::Layout {
        self.store.with(|store| *store.tree().layout())
    }

    fn prepare(&self) -> Result<Transaction, Errno> {
        let metadata = self.metadata();
        self.change_store(|store| store.prepare(metadata))
    }

    /// Changes the store, and tells which places for nodes are used otherwise than before.
    fn change_store<R>(&self, change: impl FnOnce(&mut Store) -> R) -> R {
        if !self.cx.recording() {
            return self.store.change(change);
        }
        let before = self.store.with(Store::places);
        let result = self.store.change(change);
        let mut after = self.store.with(Store::places);
        for (range, _) in before.iter() {
            after.gaps(range).into_iter().for_each(|gap| after.insert(gap, NodePlace::Free));
        }
        for (range, state) in after.iter() {
            let mut differs: RangeMap<DevBlock, NodePlace> = RangeMap::default();
            differs.insert(range, *state);
            before.overlapping(range).filter(|(_, was)| *was == state).for_each(|(same, _)| differs.cut(same));
            for (range, state) in differs.iter() {
                self.cx.emit(|| Event::NodePlaceChanged { range, state: *state });
            }
        }
        result
    }

    fn finish(&self, next: Transaction) {
        let number = next.generation;
        self.change_store(|store| store.finish(next));
        self.cx.emit(|| Event::Committed { number });
    }

    /// The nodes of a transaction, neighbours in one write.
    fn node_writes(&self, next: &Transaction) -> Vec<(Range<DevBlock>, Runs)> {
        let layout = self.layout();
        let mut writes: Vec<(Range<DevBlock>, Runs)> = Vec::new();
        for (address, bytes) in &next.writes {
            let range = layout.node(*address);
            let data = self.block_runs(range, bytes);
            match writes.last_mut() {
                Some((before, runs)) if before.end == range.start => {
                    before.end = range.end;
                    runs.extend(data);
                }
                _ => writes.push((range, data)),
            }
        }
        writes
    }

    fn superblock_write(&self, generation: u64, root: Option<Pointer>) -> (Range<DevBlock>, Runs) {
        let superblock = self.store.with(|store| store.superblock(generation, root));
        let range = self.layout().superblock(generation);
        (range, self.block_runs(range, &superblock.encode().into()))
    }

    /// The blocks of a node's bytes.
    fn block_runs(&self, range: Range<DevBlock>, bytes: &NodeBytes) -> Runs {
        let stamp = |data: Rc<[u8]>| Stamped { data: Payload::Bytes(data), prov: Prov(0) };
        if range.len() == 1 {
            return vec![(range, stamp(bytes.clone()))];
        }
        let size = usize::try_from(self.profile.block.bytes()).expect("a block is at most a page");
        range.iter().zip(bytes.chunks(size)).map(|(at, block)| (Range::sized(at, 1), stamp(block.into()))).collect()
    }

    /// What a commit would keep.
    fn metadata(&self) -> Metadata {
        let (inodes, names, next_ino) = self.inodes.table(|table| {
            let inodes = table.inodes.iter().map(|(ino, one)| (*ino, stored(one))).gather();
            (inodes, table.names.clone(), table.next)
        });
        let pieces = self.space.pieces();
        let packed = pieces.iter().flat_map(|(start, piece)| self.packed(Range::new(*start, piece.end))).gather();
        Metadata {
            trees: self.extents.trees(Clone::clone),
            inodes,
            names,
            next_ino,
            inline: self.extents.inline().all().into_iter().map(|(id, stamped)| (id, stamped.data)).gather(),
            disk_extents: self.refs.made().into_iter().gather(),
            pieces,
            packed,
            sums: self.sums.all(),
        }
    }

    fn packed(&self, range: Range<DevBlock>) -> Vec<(DevBlock, Payload)> {
        let runs = self.io.device(|device| device.written(range));
        runs.into_iter()
            .flat_map(|(run, stamped)| run.iter().map(move |at| (at, stamped.data.clone())).collect::<Vec<_>>())
            .collect()
    }

    /// Everything in memory is gone; the device keeps what it has.
    pub fn forget_memory(&self) {
        self.cache.forget_all();
        self.delalloc.forget_all();
        self.ordered.forget_all();
        self.lookups.forget_all();
        self.staging.forget_all();
        self.space.forget_all();
        self.refs.forget_all();
        self.sums.forget_all();
        self.readahead.change(SortedMap::clear);
        self.pending.change(|pending| *pending = Pending::default());
        self.errors.change(|errors| *errors = Errors::default());
        self.shut_down.change(|down| *down = false);
    }

    /// Reads the device, checks it, and takes over what it holds. The volume is fresh.
    ///
    /// # Errors
    /// Every rule that the device breaks; nothing was taken over.
    pub fn mount(&self) -> Result<(), Vec<Finding>> {
        let image = self.read_image()?;
        let contents = &image.contents;
        self.load_inodes(&image);
        let records = &contents.extents;
        let inline =
            contents.inline.iter().map(|(id, data)| (*id, Stamped { data: data.clone(), prov: Prov(0) })).gather();
        let inodes: Vec<Ino> = contents.inodes.keys().copied().collect();
        self.extents.load(&inodes, records, &inline);
        let reserved = records.iter().filter(|extent| extent.kind == ExtentKind::Reserved);
        let reserved: u64 = reserved.map(|extent| u64::from(extent.len)).sum();
        let mut used = RangeMap::default();
        for range in self.refs.load(&contents.disk_extents, records) {
            used.insert(range, ());
        }
        let pieces = self.space.load_pieces(contents.pieces.values().copied(), &used);
        used.cut(Range { start: PACKED, end: DevBlock(u64::MAX) });
        pieces.into_iter().for_each(|range| used.insert(range, ()));
        self.space.load(&used);
        if reserved > 0 {
            self.space.ledger().add(Counter::Reserved, reserved);
        }
        self.sums.load(&contents.sums);
        self.hold_packed(&image);
        let orphans = fsck::orphans(contents);
        let number = image.superblock.generation;
        let told = self.metadata();
        self.change_store(|store| *store = Store::found(image, &self.profile, told));
        self.cx.emit(|| Event::Committed { number });
        for orphan in orphans {
            self.dispose(&self.extents.remove_inode(orphan));
            self.inodes.remove(orphan);
        }
        self.mount_wrongly();
        // What orphans had is used again at once, where the next commit says that they are gone. A log does not.
        if self.profile.space.unpin == Unpin::EachCommit {
            self.space.unpin(&self.space.pinned());
        }
        Ok(())
    }

    /// What a mount changes that should change nothing.
    fn mount_wrongly(&self) {
        let inodes: Vec<(Ino, u64)> =
            self.inodes.table(|table| table.inodes.iter().map(|(ino, inode)| (*ino, inode.disk_size)).collect());
        if self.is_wrong(Defect::TrimAtMount) {
            for (ino, size) in inodes {
                let behind = Range::new(self.profile.block.block_after(size), FileBlock(u64::MAX >> 2));
                self.dispose(&self.extents.replace(ino, behind, &[]));
            }
        } else if self.is_wrong(Defect::MountChanges) {
            for (ino, size) in inodes {
                self.inodes.set_disk_size(ino, size + 1);
                self.inodes.set_size(ino, size + 1);
            }
            // A device that fails keeps what it had.
            let _kept = self.prepare().and_then(|next| self.write_now(next));
        }
    }

    /// Whether this filesystem does this wrong on purpose.
    pub fn is_wrong(&self, defect: Defect) -> bool {
        self.profile.defect == Some(defect)
    }

    /// What the device holds, if it keeps every rule.
    fn read_image(&self) -> Result<Image, Vec<Finding>> {
        let block = self.profile.block;
        let mut read = |range: Range<DevBlock>| Ok(bytes_of(&self.io.read_now(range)?, block.bytes()));
        let superblock = read::superblock_of(block, self.io.device(|device| device.blocks()), &mut read)?;
        let mut findings = Vec::new();
        let image = read::image(superblock, &mut read, &mut |finding| findings.push(finding));
        if findings.is_empty() {
            fsck::check(&image.contents, &self.profile, &mut |finding| findings.push(finding));
        }
        if findings.is_empty() { Ok(image) } else { Err(findings) }
    }

    fn load_inodes(&self, image: &Image) {
        let contents = &image.contents;
        let mut table = InodeTable { next: contents.next_ino, names: contents.names.clone(), ..InodeTable::default() };
        for (ino, stored) in &contents.inodes {
            let StoredInode { size, inline_room, hints, shares, preallocated } = *stored;
            let inode = Inode { disk_size: size, inline_room, hints, shares, preallocated, ..Inode::default() };
            table.inodes.insert(*ino, inode);
        }
        for ino in contents.names.values() {
            table.inodes.get_mut(ino).expect("a checked name has an inode").linked = true;
        }
        self.inodes.load(table);
    }

    /// What lies in pieces is kept beside the device.
    fn hold_packed(&self, image: &Image) {
        for (at, data) in &image.contents.packed {
            let range = Range::sized(*at, 1);
            if self.io.device(|device| device.written(range)).is_empty() {
                let data = vec![(range, Stamped { data: data.clone(), prov: Prov(0) })];
                self.io.do_now(Op::Write { data, fua: true }, range).expect("what lies beside the device cannot fail");
            }
        }
    }
}

/// What a commit keeps of an inode.
pub(super) fn stored(inode: &Inode) -> StoredInode {
    StoredInode {
        size: inode.disk_size,
        inline_room: inode.inline_room,
        hints: inode.hints,
        shares: inode.shares,
        preallocated: inode.preallocated,
    }
}

/// Runs of blocks as bytes.
pub fn bytes_of(runs: &[(Range<DevBlock>, Stamped)], size: u64) -> Vec<u8> {
    let size = usize::try_from(size).expect("a block is at most a page");
    let mut bytes = Vec::new();
    for (range, stamped) in runs {
        for _ in range.iter() {
            let at = bytes.len();
            bytes.resize(at + size, 0);
            stamped.data.copy_to(0, &mut bytes[at..]);
        }
    }
    bytes
}
