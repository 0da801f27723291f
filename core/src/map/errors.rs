//! Errors of writeback, and who was told of them: each descriptor once, whoever comes later only of what nobody saw.
//!
//! Sources: `lib/errseq.c`, `mapping_set_error`, `filemap_check_errors`, `file_check_and_advance_wb_err`; the running
//! kernel's ext4, xfs and btrfs over a device that fails, asked in `asked.rs` of the tests.

use super::Volume;
use crate::base::{Errno, Ino, SortedMap};

/// The last error of something, and how many there were that somebody saw (`errseq_t`).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ErrSeq {
    errno: Option<Errno>,
    seen: bool,
    count: u64,
}

impl ErrSeq {
    fn set(&mut self, errno: Errno) {
        self.count += u64::from(self.seen);
        (self.errno, self.seen) = (Some(errno), false);
    }
    /// Where somebody starts to listen who comes now: in front of an error that nobody saw.
    fn sample(self) -> Self {
        if self.seen { self } else { Self::default() }
    }
    /// The error that came after `since`, which moves up to now.
    fn tell(&mut self, since: &mut Self) -> Result<(), Errno> {
        if self == since {
            return Ok(());
        }
        self.seen = true;
        *since = *self;
        self.errno.map_or(Ok(()), Err)
    }
}

/// Up to where a descriptor was told.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Told {
    /// Of its file (`f_wb_err`).
    file: ErrSeq,
    /// Of the whole filesystem (`f_sb_err`).
    filesystem: ErrSeq,
}

/// The errors of one mount.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Errors {
    filesystem: ErrSeq,
    files: SortedMap<Ino, FileErrors>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
struct FileErrors {
    seq: ErrSeq,
    /// For calls that know no descriptor; the first of them takes it (`AS_EIO`, `AS_ENOSPC`).
    flag: Option<Errno>,
}

impl Errors {
    fn file(&mut self, ino: Ino) -> &mut FileErrors {
        self.files.entry(ino).or_default()
    }
}

impl Volume {
    /// Data of a file was lost on its way to the device.
    pub fn note_error(&self, ino: Ino, errno: Errno) {
        self.errors.change(|errors| {
            errors.filesystem.set(errno);
            let file = errors.file(ino);
            file.seq.set(errno);
            file.flag = Some(errno);
        });
    }

    /// The error that no call without a descriptor was told of, nor any fsync since.
    pub(crate) fn take_error(&self, ino: Ino) -> Result<(), Errno> {
        self.errors.change(|errors| errors.files.get_mut(&ino).and_then(|file| file.flag.take())).map_or(Ok(()), Err)
    }

    /// A descriptor is opened.
    pub fn listen(&self, ino: Ino) -> Told {
        self.errors.with(|errors| Told {
            file: errors.files.get(&ino).map(|file| file.seq).unwrap_or_default().sample(),
            filesystem: errors.filesystem.sample(),
        })
    }

    /// What a descriptor was not told of its file yet.
    ///
    /// # Errors
    /// The last error since then.
    pub fn tell(&self, ino: Ino, told: &mut Told) -> Result<(), Errno> {
        self.errors.change(|errors| {
            let file = errors.file(ino);
            file.flag = None;
            file.seq.tell(&mut told.file)
        })
    }

    /// What a descriptor was not told of the filesystem yet (`syncfs`).
    ///
    /// # Errors
    /// The last error since then.
    pub fn tell_of_all(&self, told: &mut Told) -> Result<(), Errno> {
        self.errors.change(|errors| errors.filesystem.tell(&mut told.filesystem))
    }

    /// The file is gone, and its errors with it.
    pub fn forget_errors(&self, ino: Ino) {
        self.errors.change(|errors| errors.files.remove(&ino));
    }
}
