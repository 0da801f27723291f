//! Floor 6, inodes: names, sizes, and what a file remembers besides its extents.

use crate::base::hints::Hints;
use crate::base::{Ino, SortedMap, StateCell};
use crate::sim::Cx;
use crate::trace::{Event, LockClass, LockId};
use std::rc::Rc;

/// An inode in memory.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Inode {
    /// Size that programs see, in bytes.
    pub size: u64,
    /// Size that a commit records, in bytes; grows when data arrives, not when it is written.
    pub disk_size: u64,
    /// Descriptors that refer to it.
    pub opens: u32,
    /// Whether a name refers to it.
    pub linked: bool,
    /// Cut to nothing since it was last written back at close.
    pub cut_to_nothing: bool,
    /// Bytes that the inode has set aside for data; 0 for none.
    pub inline_room: u64,
    /// Data may be written into the inode. A mount says so of files that have some there.
    pub may_be_small: bool,
    /// What a program asked of its future blocks.
    pub hints: Hints,
    /// Space behind the end was given back at a close before.
    pub trimmed: bool,
    /// Some of its blocks may be shared (`XFS_DIFLAG2_REFLINK`).
    pub shares: bool,
    /// Space was asked for by name: what lies behind the end is kept.
    pub preallocated: bool,
    /// When pages of it first became dirty since the last syncfs, counted from 1; 0 if none did. It was written back since,
    /// or not (`b_dirty`).
    pub listed: u64,
}

/// What a commit keeps of the inodes.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct InodeTable {
    /// Inodes by number.
    pub inodes: SortedMap<Ino, Inode>,
    /// Names.
    pub names: SortedMap<String, Ino>,
    /// The number of the next inode.
    pub next: u32,
}

/// All inodes of a filesystem, behind one gate for each field.
#[derive(Clone)]
pub struct Inodes(Rc<Shared>);

struct Shared {
    cx: Cx,
    table: StateCell<InodeTable>,
}

/// `i_rwsem` of an inode.
pub fn inode_lock(ino: Ino) -> LockId {
    LockId { class: LockClass::Inode, a: u64::from(ino.0), b: 0 }
}

/// `invalidate_lock` of an inode's mapping.
pub fn invalidate_lock(ino: Ino) -> LockId {
    LockId { class: LockClass::Invalidate, a: u64::from(ino.0), b: 0 }
}

impl Inodes {
    /// No inode.
    pub fn new(cx: &Cx) -> Self {
        let table = InodeTable { next: 1, ..InodeTable::default() };
        Self(Rc::new(Shared { cx: cx.clone(), table: StateCell::new(table) }))
    }
    /// Looks at the table.
    pub fn table<R>(&self, look: impl FnOnce(&InodeTable) -> R) -> R {
        self.0.table.with(look)
    }
    /// The inode of a name.
    pub fn lookup(&self, name: &str) -> Option<Ino> {
        self.table(|table| table.names.get(name).copied())
    }
    /// A field of an inode, which exists.
    pub fn get<R>(&self, ino: Ino, look: impl FnOnce(&Inode) -> R) -> R {
        self.table(|table| look(table.inodes.get(&ino).expect("the inode exists")))
    }
    /// Size that programs see, in bytes.
    pub fn size(&self, ino: Ino) -> u64 {
        self.get(ino, |inode| inode.size)
    }
    fn change<R>(&self, ino: Ino, change: impl FnOnce(&mut Inode) -> R) -> R {
        self.0.table.change(|table| change(table.inodes.get_mut(&ino).expect("the inode exists")))
    }

    /// A new, empty inode without a name.
    pub fn create(&self) -> Ino {
        let ino = self.0.table.change(|table| {
            let ino = Ino(table.next);
            table.next += 1;
            table.inodes.insert(ino, Inode::default());
            ino
        });
        self.0.cx.emit(|| Event::InodeCreated { ino });
        ino
    }
    /// The inode is gone. Nothing may refer to it.
    pub fn remove(&self, ino: Ino) {
        let inode = self.0.table.change(|table| table.inodes.remove(&ino)).expect("a removed inode existed");
        assert!(inode.opens == 0, "an open inode stays");
        assert!(!inode.linked, "a named inode stays");
        self.0.cx.emit(|| Event::InodeRemoved { ino });
    }
    /// Lets a name refer to an inode. Returns the inode that it referred to before.
    pub fn link(&self, name: &str, ino: Ino) -> Option<Ino> {
        let before = self.0.table.change(|table| table.names.insert(name.to_owned(), ino));
        if let Some(before) = before {
            self.change(before, |inode| inode.linked = false);
        }
        self.change(ino, |inode| inode.linked = true);
        self.0.cx.emit(|| Event::NameSet { name: name.to_owned(), ino });
        before
    }
    /// Takes a name away; returns its inode.
    pub fn unlink(&self, name: &str) -> Option<Ino> {
        let ino = self.0.table.change(|table| table.names.remove(name))?;
        self.change(ino, |inode| inode.linked = false);
        self.0.cx.emit(|| Event::NameRemoved { name: name.to_owned() });
        Some(ino)
    }
    /// The gate of the size in memory.
    pub fn set_size(&self, ino: Ino, size: u64) {
        if self.change(ino, |inode| std::mem::replace(&mut inode.size, size) != size) {
            self.0.cx.emit(|| Event::SizeChanged { ino, size });
        }
    }
    /// The gate of the recorded size.
    pub fn set_disk_size(&self, ino: Ino, size: u64) {
        if self.change(ino, |inode| std::mem::replace(&mut inode.disk_size, size) != size) {
            self.0.cx.emit(|| Event::DiskSizeChanged { ino, size });
        }
    }
    /// The gate of the bytes that the inode has for data.
    pub fn set_inline_room(&self, ino: Ino, bytes: u64) {
        if self.change(ino, |inode| std::mem::replace(&mut inode.inline_room, bytes) != bytes) {
            self.0.cx.emit(|| Event::InlineRoom { ino, bytes });
        }
    }
    /// Lets data be written into the inode, or not any more.
    pub fn set_may_be_small(&self, ino: Ino, may: bool) {
        self.change(ino, |inode| inode.may_be_small = may);
    }
    /// The gate of the hints.
    pub fn set_hints(&self, ino: Ino, hints: Hints) {
        if self.change(ino, |inode| std::mem::replace(&mut inode.hints, hints) != hints) {
            self.0.cx.emit(|| Event::HintsSet { ino, hints });
        }
    }
    /// One more descriptor.
    pub fn opened(&self, ino: Ino) {
        self.change(ino, |inode| inode.opens += 1);
    }
    /// One descriptor less; whether the inode is now unused and unnamed.
    pub fn closed(&self, ino: Ino) -> bool {
        self.change(ino, |inode| {
            inode.opens = inode.opens.checked_sub(1).expect("a closed inode was open");
            inode.opens == 0 && !inode.linked
        })
    }
    /// Remembers, or forgets, that the file was cut to nothing.
    pub fn set_cut_to_nothing(&self, ino: Ino, cut: bool) {
        self.change(ino, |inode| inode.cut_to_nothing = cut);
    }
    /// Remembers, or forgets, that space behind the end was given back at a close.
    pub fn set_trimmed(&self, ino: Ino, trimmed: bool) {
        self.change(ino, |inode| inode.trimmed = trimmed);
    }
    /// Remembers, or forgets, that blocks may be shared.
    pub fn set_shares(&self, ino: Ino, shares: bool) {
        self.change(ino, |inode| inode.shares = shares);
    }
    /// Pages of the file become dirty: it is the last of the list, if it is not in it.
    pub fn list(&self, ino: Ino) {
        if self.get(ino, |inode| inode.listed) == 0 {
            let last = self.table(|table| table.inodes.values().map(|inode| inode.listed).max());
            self.change(ino, |inode| inode.listed = last.unwrap_or(0) + 1);
        }
    }
    /// syncfs was there.
    pub fn unlist(&self, ino: Ino) {
        if self.get(ino, |inode| inode.listed) != 0 {
            self.change(ino, |inode| inode.listed = 0);
        }
    }
    /// Remembers that space was asked for by name.
    pub fn set_preallocated(&self, ino: Ino) {
        self.change(ino, |inode| inode.preallocated = true);
    }
    /// A mount found this table; no descriptor is open, and sizes are the recorded ones.
    pub fn load(&self, mut table: InodeTable) {
        for inode in table.inodes.values_mut() {
            inode.size = inode.disk_size;
            inode.opens = 0;
            inode.cut_to_nothing = false;
            inode.trimmed = false;
            inode.listed = 0;
            inode.may_be_small = inode.inline_room > 0;
        }
        let (inodes, names) = (table.inodes.clone(), table.names.clone());
        self.0.table.change(|own| *own = table);
        for (ino, inode) in inodes {
            self.0.cx.emit(|| Event::InodeCreated { ino });
            self.0.cx.emit(|| Event::SizeChanged { ino, size: inode.size });
            self.0.cx.emit(|| Event::DiskSizeChanged { ino, size: inode.disk_size });
            if inode.inline_room > 0 {
                self.0.cx.emit(|| Event::InlineRoom { ino, bytes: inode.inline_room });
            }
            if inode.hints != Hints::default() {
                self.0.cx.emit(|| Event::HintsSet { ino, hints: inode.hints });
            }
        }
        for (name, ino) in names {
            self.0.cx.emit(|| Event::NameSet { name, ino });
        }
    }
}
