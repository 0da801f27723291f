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
mod punch;
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
use crate::store::Finding;
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
    period: Period,
}

impl Fs {
    /// Formats a device, mounts it, and starts the background tasks. `settings` are the directives that it is made with.
    ///
    /// # Panics
    /// When the device cannot be written: a device is tried before it is formatted.
    pub fn mkfs(cx: &Cx, profile: Profile, device: Box<dyn BlockDevice>, settings: String, period: Period) -> Self {
        let fs = Self::start(cx, profile, device, period);
        fs.volume().format(settings).expect("a device that is formatted can be written");
        fs
    }

    /// Mounts what is on a device, and starts the background tasks. Returns every rule that the device breaks; then the
    /// filesystem is empty and answers nothing but errors.
    pub fn mount(cx: &Cx, profile: Profile, device: Box<dyn BlockDevice>, period: Period) -> (Self, Vec<Finding>) {
        let fs = Self::start(cx, profile, device, period);
        let findings = fs.volume().mount().err().unwrap_or_default();
        if !findings.is_empty() {
            fs.volume().stop();
        }
        (fs, findings)
    }

    fn start(cx: &Cx, profile: Profile, device: Box<dyn BlockDevice>, period: Period) -> Self {
        // A level that is wrong on purpose takes locks in the wrong order, and that is what it shows.
        cx.check_lock_order(profile.fiemap.lock != FiemapLock::Blocking);
        let volume = Rc::new(Volume::new(cx, profile, device));
        let fs = Self(Rc::new(Shared { volume, open: StateCell::default(), period }));
        fs.start_tasks();
        fs
    }

    /// The background tasks of a mount, besides the device's.
    fn start_tasks(&self) {
        let volume = self.volume();
        let worker = volume.clone();
        volume.cx.spawn("ioend", true, Box::pin(async move { worker.complete_forever().await }));
        if let Some(period) = self.0.period {
            let flusher = volume.clone();
            volume.cx.spawn("flusher", true, Box::pin(async move { flusher.flush_forever(period).await }));
        }
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
