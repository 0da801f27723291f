//! Unmount, mount, and losing power.

use super::open::{OpenFile, OpenFiles};
use super::{Fs, OpResult};
use crate::base::Errno;
use crate::dev::Survivors;
use crate::map::pending::Change;
use crate::store::Finding;
use crate::trace::{Event, Frame};

impl Fs {
    /// Whether the mount lets anything change (`mnt_want_write`); EROFS where it does not.
    pub(super) fn want_write(&self) -> Result<(), Errno> {
        if self.volume().is_read_only() { Err(Errno::EROFS) } else { Ok(()) }
    }

    /// Unmounts cleanly and mounts again; files that were open are opened again, none has a mapping.
    pub async fn remount(&self) -> OpResult<()> {
        let volume = self.volume();
        let _frame = volume.cx.frame(Frame::Remount, 0, 0);
        if !volume.is_shut_down() && !volume.is_read_only() {
            for file in self.open_files(|open| open.files.clone()) {
                self.release(&file).await?;
            }
            self.syncfs().await?;
            if volume.let_go_of_all().await {
                volume.commit().await?;
            }
        }
        self.let_writeback_end().await;
        self.start_over()
    }

    /// Keeps exactly what the last commit made durable, and mounts that.
    pub async fn crash(&self) -> OpResult<()> {
        let volume = self.volume();
        let _frame = volume.cx.frame(Frame::Remount, 1, 0);
        self.let_writeback_end().await;
        volume.io.cut_power(&Survivors::All);
        self.start_over()
    }

    /// Waits for what is on its way to the device: it belongs to folios that a mount forgets.
    async fn let_writeback_end(&self) {
        let volume = self.volume();
        for ino in volume.cache.files() {
            volume.wait_writeback(ino, 0, u64::MAX >> 1).await;
        }
    }

    /// The power goes at once: of the writes that were not flushed only the survivors are there when what is left is
    /// mounted. Every task has ended; the background tasks begin again. Returns every rule that the device breaks.
    pub fn lose_power(&self, survivors: &Survivors) -> Vec<Finding> {
        let volume = self.volume();
        volume.ioends.change(std::collections::VecDeque::clear);
        volume.io.cut_power(survivors);
        volume.io.start();
        self.start_tasks();
        self.mount_again().err().unwrap_or_default()
    }

    /// Forgets everything in memory and mounts what is on the device.
    ///
    /// # Errors
    /// EUCLEAN when the device breaks a rule: the filesystem is then empty, and answers nothing but errors.
    fn start_over(&self) -> OpResult<()> {
        Ok(self.mount_again().map_err(|_| Errno::EUCLEAN)?)
    }

    fn mount_again(&self) -> Result<(), Vec<Finding>> {
        let volume = self.volume();
        let open = self.0.open.change(std::mem::take);
        volume.cx.emit(|| Event::MemoryDropped {});
        volume.forget_memory();
        let mounted = volume.mount();
        if mounted.is_err() {
            volume.stop();
        }
        self.reopen(open);
        mounted
    }

    fn reopen(&self, before: OpenFiles) {
        self.0.open.change(|open| open.openings = before.openings);
        for file in before.files {
            let Some(ino) = self.volume().inodes.lookup(&file.name) else { continue };
            self.volume().inodes.opened(ino);
            // The first open writes down where it is mounted, and others come while that waits to be committed.
            if self.volume().profile.commit_for.first_open && !self.open_files(|open| open.files.is_empty()) {
                self.volume().note_change(ino, Change::Map);
            }
            let name = file.name.clone();
            let told = self.volume().listen(ino);
            self.0.open.change(|open| open.files.push(OpenFile { ino, mapping: None, told, ..file }));
            self.volume().cx.emit(|| Event::FileOpened { name, ino });
        }
        let current = before.current.filter(|name| self.open_files(|open| open.by_name(name).is_some()));
        let last = self.open_files(|open| open.files.last().map(|file| file.name.clone()));
        let current = current.or(last);
        self.set_current(current.as_deref());
    }
}
