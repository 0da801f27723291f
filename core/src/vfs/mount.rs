//! Unmount, mount, and losing power.

use super::open::{OpenFile, OpenFiles};
use super::{Fs, OpResult};
use crate::trace::{Event, Frame};

impl Fs {
    /// Unmounts cleanly and mounts again; files that were open are opened again, none has a mapping.
    pub async fn remount(&self) -> OpResult<()> {
        let volume = self.volume();
        let _frame = volume.cx.frame(Frame::Remount, 0, 0);
        if !volume.is_shut_down() {
            for file in self.open_files(|open| open.files.clone()) {
                self.release(&file).await?;
            }
            self.syncfs().await?;
            if volume.let_go_of_all().await {
                volume.commit().await?;
            }
        }
        self.start_over();
        Ok(())
    }

    /// Keeps exactly what the last commit made durable, and mounts that.
    pub async fn crash(&self) -> OpResult<()> {
        let volume = self.volume();
        let _frame = volume.cx.frame(Frame::Remount, 1, 0);
        for ino in volume.cache.files() {
            volume.wait_writeback(ino, 0, u64::MAX >> 1).await;
        }
        self.start_over();
        Ok(())
    }

    /// Forgets everything in memory and mounts what the last commit kept.
    fn start_over(&self) {
        let volume = self.volume();
        let open = self.0.open.change(std::mem::take);
        volume.cx.emit(|| Event::MemoryDropped {});
        volume.forget_memory();
        let committed = volume.committed.with(Clone::clone);
        volume.load(committed);
        self.reopen(open);
        // Freed at mount: what no committed inode has any more.
        volume.space.unpin();
    }

    fn reopen(&self, before: OpenFiles) {
        self.0.open.change(|open| open.openings = before.openings);
        for file in before.files {
            let Some(ino) = self.volume().inodes.lookup(&file.name) else { continue };
            self.volume().inodes.opened(ino);
            let name = file.name.clone();
            self.0.open.change(|open| open.files.push(OpenFile { ino, mapping: None, ..file }));
            self.volume().cx.emit(|| Event::FileOpened { name, ino });
        }
        let current = before.current.filter(|name| self.open_files(|open| open.by_name(name).is_some()));
        let last = self.open_files(|open| open.files.last().map(|file| file.name.clone()));
        let current = current.or(last);
        self.set_current(current.as_deref());
    }
}
