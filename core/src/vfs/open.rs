//! Descriptors: which files are open, and which one commands mean.

use super::{Fs, OpResult};
use crate::base::hints::Hints;
use crate::base::{Errno, Ino, Prov};
use crate::inode::inode_lock;
use crate::map::errors::Told;
use crate::map::pending::Change;
use crate::personality::plan::{CloseFlush, NocowPlan};
use crate::trace::{Event, Frame, Mode};

/// How a file was opened.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct OpenFlags {
    /// O_CREAT.
    pub create: bool,
    /// O_TRUNC.
    pub truncate: bool,
    /// O_SYNC.
    pub sync: bool,
    /// O_DIRECT.
    pub direct: bool,
    /// O_RDONLY.
    pub read_only: bool,
    /// O_APPEND.
    pub append: bool,
}

/// An open file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OpenFile {
    /// Its name.
    pub name: String,
    /// Its inode.
    pub ino: Ino,
    /// How it was opened.
    pub flags: OpenFlags,
    /// Position and length in bytes of the kept mapping.
    pub mapping: Option<(u64, u64)>,
    /// Which opening this is, in order; a remount keeps it.
    pub opening: u64,
    /// Up to where it was told of errors of writeback.
    pub told: Told,
}

/// The open files, in order of opening.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct OpenFiles {
    /// The files.
    pub files: Vec<OpenFile>,
    /// The name of the one that commands mean.
    pub current: Option<String>,
    /// Openings so far.
    pub openings: u64,
}

impl OpenFiles {
    /// The file that commands mean.
    pub fn current(&self) -> Option<&OpenFile> {
        let name = self.current.as_ref()?;
        self.by_name(name)
    }
    /// An open file.
    pub fn by_name(&self, name: &str) -> Option<&OpenFile> {
        self.files.iter().find(|file| file.name == name)
    }
}

impl Fs {
    /// Opens a name and makes it current. A name that is open is closed first.
    pub async fn open(&self, name: &str, flags: OpenFlags, prov: Prov) -> OpResult<()> {
        if self.open_files(|open| open.by_name(name).is_some()) {
            self.close(name).await?;
        }
        let volume = self.volume();
        let found = volume.inodes.lookup(name);
        let ino = match found {
            Some(ino) => {
                if flags.truncate || !flags.read_only {
                    self.want_write()?;
                }
                ino
            }
            None if flags.create => {
                self.want_write()?;
                let ino = volume.inodes.create();
                volume.note_change(ino, Change::Times);
                volume.extents.add_inode(ino);
                volume.inodes.set_may_be_small(ino, volume.profile.inode_data.is_some());
                volume.inodes.link(name, ino);
                if matches!(volume.profile.nocow, NocowPlan::FromStart | NocowPlan::Always) {
                    volume.inodes.set_hints(ino, Hints { nocow: true, ..Hints::default() });
                }
                ino
            }
            None => return Err(Errno::ENOENT.into()),
        };
        volume.inodes.opened(ino);
        let told = volume.listen(ino);
        self.0.open.change(|open| {
            open.openings += 1;
            let opening = open.openings;
            open.files.push(OpenFile { name: name.to_owned(), ino, flags, mapping: None, opening, told });
        });
        volume.cx.emit(|| Event::FileOpened { name: name.to_owned(), ino });
        self.set_current(Some(name));
        // A file that was just made is not truncated (`FMODE_CREATED` in `do_open`).
        if flags.truncate && !flags.read_only && found.is_some() {
            self.truncate(ino, 0, prov).await?;
        }
        Ok(())
    }

    /// Makes an open file current.
    pub fn set_current(&self, name: Option<&str>) {
        self.0.open.change(|open| open.current = name.map(str::to_owned));
        self.volume().cx.emit(|| Event::CurrentChanged { name: name.unwrap_or("").to_owned() });
    }

    /// Keeps or forgets a mapping of the current file.
    pub fn set_mapping(&self, name: &str, mapping: Option<(u64, u64)>) {
        self.0.open.change(|open| {
            if let Some(file) = open.files.iter_mut().find(|file| file.name == name) {
                file.mapping = mapping;
            }
        });
    }

    /// Closes a name that is open. The last opened file becomes current.
    pub async fn close(&self, name: &str) -> OpResult<()> {
        let volume = self.volume();
        let file = self.0.open.change(|open| {
            let at = open.files.iter().position(|file| file.name == name)?;
            Some(open.files.remove(at))
        });
        let Some(file) = file else { return Err(Errno::EBADF.into()) };
        volume.cx.emit(|| Event::FileClosed { name: name.to_owned() });
        if self.open_files(|open| open.current.as_deref() == Some(name)) {
            let last = self.open_files(|open| open.files.last().map(|file| file.name.clone()));
            self.set_current(last.as_deref());
        }
        self.release(&file).await?;
        if volume.inodes.closed(file.ino) {
            self.evict(file.ino).await?;
        }
        Ok(())
    }

    /// A descriptor goes: what was cut to nothing before is written back, and what lies behind the end may go.
    pub(super) async fn release(&self, file: &OpenFile) -> OpResult<()> {
        let volume = self.volume();
        if volume.inodes.get(file.ino, |inode| inode.opens) == 1 {
            volume.space.drop_windows(file.ino);
        }
        let cut = volume.inodes.get(file.ino, |inode| inode.cut_to_nothing);
        if cut && volume.profile.close_flush != CloseFlush::Nothing {
            volume.inodes.set_cut_to_nothing(file.ino, false);
            volume.inodes.set_trimmed(file.ino, false);
            volume.write_back_wait(file.ino, 0, u64::MAX >> 1).await?;
        }
        let trims = volume.inodes.get(file.ino, |inode| inode.linked && !inode.trimmed) && !file.flags.read_only;
        if trims && volume.trim_behind_end(file.ino).await {
            volume.inodes.set_trimmed(file.ino, true);
        }
        Ok(())
    }

    /// Takes a name away; the file goes with its last descriptor.
    pub async fn remove(&self, name: &str) -> OpResult<()> {
        self.want_write()?;
        if self.open_files(|open| open.by_name(name).is_some()) {
            self.close(name).await?;
        }
        let ino = self.volume().inodes.unlink(name).ok_or(Errno::ENOENT)?;
        if self.volume().inodes.get(ino, |inode| inode.opens) == 0 {
            self.evict(ino).await?;
        }
        Ok(())
    }

    /// The inode's blocks, pages and promises are given back (`evict_inode`).
    pub(super) async fn evict(&self, ino: Ino) -> OpResult<()> {
        let volume = self.volume();
        let _frame = volume.cx.frame(Frame::Evict, u64::from(ino.0), 0);
        let _lock = volume.cx.lock(inode_lock(ino), Mode::Exclusive).await;
        self.drop_from(ino, crate::base::FileBlock(0)).await?;
        volume.dispose(&volume.extents.remove_inode(ino));
        volume.cache.forget(ino);
        volume.forget_changes_of(ino);
        volume.space.forget_windows(ino);
        volume.lookups.forget_file(ino);
        volume.forget_errors(ino);
        volume.inodes.remove(ino);
        Ok(())
    }
}
