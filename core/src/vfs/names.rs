//! rename(2).

use super::{Fs, OpResult};
use crate::base::{Errno, FsResult, Ino};
use crate::personality::plan::RenameFlush;
use crate::trace::Event;

impl Fs {
    /// Gives a file another name. A file that has that name is closed and goes; the new one may be written back first,
    /// so that a crash does not leave a name without data (`ext4_rename`, `btrfs_rename`; recording 089).
    pub async fn rename(&self, from: &str, to: &str) -> OpResult<()> {
        self.want_write()?;
        let volume = self.volume();
        let ino = volume.inodes.lookup(from).ok_or(Errno::ENOENT)?;
        if from == to {
            return Ok(());
        }
        let replaced = volume.inodes.lookup(to);
        if let Some(replaced) = replaced {
            self.flush_for_rename(ino, replaced).await?;
        }
        volume.note_change(ino, volume.profile.commit_for.name);
        volume.inodes.unlink(from);
        volume.inodes.link(to, ino);
        if self.open_files(|open| open.by_name(to).is_some()) {
            self.close(to).await?;
        }
        let unused = |replaced: &Ino| {
            volume.inodes.table(|table| table.inodes.get(replaced).is_some_and(|inode| inode.opens == 0))
        };
        if let Some(replaced) = replaced.filter(unused) {
            self.evict(replaced).await?;
        }
        self.rename_open(from, to);
        Ok(())
    }

    async fn flush_for_rename(&self, ino: Ino, replaced: Ino) -> FsResult<()> {
        let volume = self.volume();
        let wanted = match volume.profile.rename_flush {
            RenameFlush::Nothing => false,
            RenameFlush::Delayed => volume.delalloc.blocks(ino) > 0,
            RenameFlush::OverData => volume.inodes.size(replaced) > 0,
            RenameFlush::AndWait => return Ok(volume.write_back_file(ino).await?),
        };
        if wanted && let Err(errno) = volume.write_back(ino, 0, u64::MAX >> 1).await {
            volume.note_error(ino, errno);
        }
        Ok(())
    }

    /// An open file goes on under its new name, as the last opened.
    fn rename_open(&self, from: &str, to: &str) {
        let moved = self.0.open.change(|open| {
            let at = open.files.iter().position(|file| file.name == from)?;
            let mut file = open.files.remove(at);
            to.clone_into(&mut file.name);
            open.files.push(file.clone());
            Some(file)
        });
        let Some(file) = moved else { return };
        self.volume().cx.emit(|| Event::FileClosed { name: from.to_owned() });
        self.volume().cx.emit(|| Event::FileOpened { name: to.to_owned(), ino: file.ino });
        let was_current = self.open_files(|open| {
            let current = open.current.as_deref();
            current == Some(from) || current.is_none_or(|name| open.by_name(name).is_none())
        });
        if was_current {
            self.set_current(Some(to));
        }
    }
}
