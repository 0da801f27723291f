//! Floor 9, the mapping layer: the lower floors put together, and the question that every data path asks them.
//!
//! A [`Volume`] is one mounted filesystem without its operations. [`Mapping`] says what lies at a block, as far as
//! it lies there; [`begin`] prepares a range for writing.

pub mod allocate;
pub mod begin;
pub mod behind_end;
pub mod commit;
mod convert;
pub mod errors;
pub mod in_place;
mod known;
mod log;
pub mod mapping;
pub mod near;
pub mod pending;
pub mod reserve;
pub mod store;
pub mod window;

pub use mapping::{Mapping, MappingKind};

use crate::base::{Extent, ExtentKind, FileBlock, Ino, Range, SortedMap, StateCell};
use crate::cache::PageCache;
use crate::cache::readahead::Readahead;
use crate::delalloc::Delalloc;
use crate::delalloc::lookups::Lookups;
use crate::delalloc::ordered::Ordered;
use crate::delalloc::staging::Staging;
use crate::dev::{BlockDevice, IoQueue};
use crate::extent::ExtentMap;
use crate::inode::Inodes;
use crate::personality::Profile;
use crate::personality::plan::{Defect, Reservation};
use crate::sim::{Cx, WaitQueue};
use crate::space::{Refs, Space, Sums};
use crate::store::Layout;
use crate::trace::Counter;
use std::rc::Rc;
use store::Store;

/// The floors 0 to 8 of one mounted filesystem.
pub struct Volume {
    /// Scheduler, clock, events, locks.
    pub cx: Cx,
    /// What makes this filesystem different.
    pub profile: Rc<Profile>,
    /// The device.
    pub io: IoQueue,
    /// Free blocks and promises.
    pub space: Space,
    /// Who else uses device blocks.
    pub refs: Refs,
    /// Files' maps.
    pub extents: ExtentMap,
    /// Names and sizes.
    pub inodes: Inodes,
    /// The page cache.
    pub cache: PageCache,
    /// Delayed ranges.
    pub delalloc: Delalloc,
    /// Blocks with a place and without a record.
    pub ordered: Ordered,
    /// Checksums of data.
    pub sums: Sums,
    /// What of the mappings is in memory.
    pub lookups: Lookups,
    /// What waits beside the trees.
    pub staging: Staging,
    /// Readahead windows by inode.
    pub readahead: StateCell<SortedMap<Ino, Readahead>>,
    /// What the next commit is about.
    pub pending: StateCell<pending::Pending>,
    /// What the device keeps.
    pub store: StateCell<Store>,
    /// Runs on their way to the device, for the completion task.
    pub ioends: StateCell<std::collections::VecDeque<Ioend>>,
    /// Wakes the completion task.
    pub ioend_work: WaitQueue,
    /// Errors of writeback.
    pub errors: StateCell<errors::Errors>,
    /// Nothing reaches the device any more (FS_IOC_GOINGDOWN).
    pub shut_down: StateCell<bool>,
}

/// A run of blocks on its way to the device, and what to do when it has arrived.
pub struct Ioend {
    /// The file.
    pub ino: Ino,
    /// The run in the file.
    pub range: Range<FileBlock>,
    /// Folios under writeback for it.
    pub folios: Vec<crate::base::PageIndex>,
    /// What the tree says afterwards, for blocks whose record changes.
    pub extents: Vec<Extent>,
    /// Blocks in flight that it brings to the device.
    pub flights: Vec<Range<FileBlock>>,
    /// Blocks whose record waits beside the tree.
    pub staged: Vec<Range<FileBlock>>,
    /// End of the data in the file, in bytes: the recorded size grows to it.
    pub end: u64,
    /// The requests.
    pub tickets: Vec<crate::dev::queue::Ticket>,
}

impl Volume {
    /// An empty filesystem on a device, and its background task for the device.
    pub fn new(cx: &Cx, profile: Profile, device: Box<dyn BlockDevice>) -> Self {
        let layout = Layout::new(profile.block, profile.device_blocks);
        let io = IoQueue::new(cx, device, profile.block.bytes());
        let batch = profile.pressure.map_or(1, |plan| plan.batch);
        let space =
            Space::new(cx, profile.data_area, &profile.metadata, profile.spare_blocks, profile.space.headroom, batch);
        let mapping = match profile.promise.reservation {
            Reservation::Folio => None,
            Reservation::Mapping(plan) => Some(plan.mapping),
        };
        Self {
            cx: cx.clone(),
            extents: ExtentMap::new(cx, profile.tree, profile.limits),
            refs: Refs::new(cx, profile.share),
            inodes: Inodes::new(cx),
            cache: PageCache::new(cx, profile.block),
            delalloc: Delalloc::new(cx, &space, mapping),
            ordered: Ordered::new(cx),
            lookups: Lookups::default(),
            sums: Sums::new(cx, profile.block),
            staging: Staging::new(cx, &space, mapping),
            readahead: StateCell::default(),
            pending: StateCell::default(),
            store: StateCell::new(Store::new(layout, &profile)),
            ioends: StateCell::default(),
            ioend_work: WaitQueue::default(),
            errors: StateCell::default(),
            shut_down: StateCell::default(),
            profile: Rc::new(profile),
            io,
            space,
        }
    }

    /// Extents that left the tree give back what they had.
    pub fn dispose(&self, removed: &[Extent]) {
        for extent in removed {
            match extent.kind {
                ExtentKind::Written | ExtentKind::Unwritten => {
                    for unused in self.refs.drop(extent) {
                        self.space.free(unused);
                        self.sums.forget(unused);
                        if self.is_wrong(Defect::ReuseEarly) {
                            self.space.unpin(&[unused]);
                        }
                    }
                }
                ExtentKind::Reserved => self.space.ledger().sub(Counter::Reserved, u64::from(extent.len)),
                ExtentKind::Inline => self.extents.inline().remove(extent.addr.0),
            }
        }
    }

    /// Extents were replaced by `new`: what of the old ones' blocks no new one has is given back.
    pub fn dispose_replaced(&self, removed: &[Extent], new: &[Extent]) {
        let kept: Vec<_> = new.iter().filter_map(Extent::dev_range).collect();
        for extent in removed {
            let Some(range) = extent.dev_range() else {
                self.dispose(std::slice::from_ref(extent));
                continue;
            };
            let mut left = vec![range];
            for keep in &kept {
                left = left
                    .iter()
                    .flat_map(|part| <[_; 2]>::from(part.subtract(keep)))
                    .filter(|part| !part.is_empty())
                    .collect();
            }
            for part in left {
                self.dispose(&[crate::space::refs::part_of(extent, part)]);
            }
        }
    }

    /// Whether the filesystem was shut down since it was mounted.
    pub fn is_shut_down(&self) -> bool {
        self.shut_down.with(|down| *down)
    }

    /// Whether the device is one that nothing may be written to.
    pub fn is_read_only(&self) -> bool {
        self.io.device(|device| device.is_read_only())
    }

    /// The errno of a change, where the filesystem was shut down, or its device may not be written.
    pub fn still_writes(&self) -> Result<(), crate::base::Errno> {
        if self.is_read_only() {
            return Err(crate::base::Errno::EROFS);
        }
        if !self.is_shut_down() {
            return Ok(());
        }
        Err(self.profile.shutdown.map_or(crate::base::Errno::EROFS, |plan| plan.changes))
    }

    /// The last block that a file of `size` bytes has, plus one.
    pub fn eof_block(&self, ino: Ino) -> FileBlock {
        self.profile.block.block_after(self.inodes.size(ino))
    }
}
