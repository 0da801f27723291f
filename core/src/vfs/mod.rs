//! Floor 13, operations: what a system call does to a file, with the inode's locks.
//!
//! [`Fs`] is a mounted filesystem with its open files and its background tasks.

pub mod clone;
pub mod fallocate;
mod free_space;
pub mod hints;
pub mod mount;
pub mod names;
pub mod open;
pub mod remap;
mod resize;
pub mod rw;
pub mod shift;
pub mod shutdown;
pub mod size;
pub mod snapshot;
pub mod sync;
pub mod unshare;
mod zero_range;

use crate::base::{FsError, StateCell};
use crate::dev::BlockDevice;
use crate::map::Volume;
use crate::personality::Profile;
use crate::personality::plan::FiemapLock;
use crate::sim::Cx;
use open::OpenFiles;
use std::rc::Rc;

/// Nanoseconds between two rounds of periodic writeback (`dirty_writeback_centisecs`), where a script turns it on.
pub type Period = Option<u64>;

/// A mounted filesystem.
#[derive(Clone)]
pub struct Fs(Rc<Shared>);

struct Shared {
    volume: Rc<Volume>,
    open: StateCell<OpenFiles>,
}

impl Fs {
    /// Formats a device, mounts it, and starts the background tasks.
    pub fn mkfs(cx: &Cx, profile: Profile, device: Box<dyn BlockDevice>, period: Period) -> Self {
        // A level that is wrong on purpose takes locks in the wrong order, and that is what it shows.
        cx.check_lock_order(profile.fiemap.lock != FiemapLock::Blocking);
        let volume = Rc::new(Volume::new(cx, profile, device));
        let worker = volume.clone();
        cx.spawn("ioend", true, Box::pin(async move { worker.complete_forever().await }));
        if let Some(period) = period {
            let flusher = volume.clone();
            cx.spawn("flusher", true, Box::pin(async move { flusher.flush_forever(period).await }));
        }
        volume.freeze(1);
        Self(Rc::new(Shared { volume, open: StateCell::default() }))
    }

    /// The floors below.
    pub fn volume(&self) -> &Rc<Volume> {
        &self.0.volume
    }

    /// Looks at the open files.
    pub fn open_files<R>(&self, look: impl FnOnce(&OpenFiles) -> R) -> R {
        self.0.open.with(look)
    }
}

/// Why an operation of this floor failed, or what it gave.
pub type OpResult<T> = Result<T, FsError>;
