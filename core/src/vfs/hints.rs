//! FS_IOC_FSSETXATTR and FS_IOC_SETFLAGS: what a program asks of a file's future blocks.
//!
//! Sources: `xfs_ioctl_setattr_check_extsize`, `xfs_inode_validate_extsize`, `btrfs_fileattr_set`; on each filesystem
//! asked with a trace of all of them, before and after data.

use super::{Fs, OpResult};
use crate::base::hints::Hints;
use crate::base::{Errno, Ino};
use crate::inode::inode_lock;
use crate::personality::plan::{NocowPlan, SizeHintPlan};
use crate::trace::Mode;

impl Fs {
    /// What is set for a file.
    pub fn hints(&self, ino: Ino) -> Hints {
        self.volume().inodes.get(ino, |inode| inode.hints)
    }

    /// Sets the extent size hint, in bytes; 0 takes it away. A file that has data keeps what it has (EINVAL).
    pub async fn set_extsize(&self, ino: Ino, bytes: u32) -> OpResult<()> {
        self.want_write()?;
        let volume = self.volume();
        let _lock = volume.cx.lock(inode_lock(ino), Mode::Exclusive).await;
        let old = self.hints(ino);
        if self.size_hint_kept(bytes)? {
            let has_data = volume.extents.next(ino, crate::base::FileBlock(0)).is_some() || self.has_delayed(ino);
            if has_data && bytes != old.extsize {
                return Err(Errno::EINVAL.into());
            }
            volume.inodes.set_hints(ino, Hints { extsize: bytes, ..old });
        }
        Ok(())
    }

    /// Sets the extent size hint of copy on write, in bytes; 0 takes it away.
    pub async fn set_cowextsize(&self, ino: Ino, bytes: u32) -> OpResult<()> {
        self.want_write()?;
        let volume = self.volume();
        let _lock = volume.cx.lock(inode_lock(ino), Mode::Exclusive).await;
        if self.size_hint_kept(bytes)? {
            volume.inodes.set_hints(ino, Hints { cowextsize: bytes, ..self.hints(ino) });
        }
        Ok(())
    }

    /// Sets the flag of no copy on write.
    pub async fn set_nocow(&self, ino: Ino) -> OpResult<()> {
        self.want_write()?;
        let volume = self.volume();
        let _lock = volume.cx.lock(inode_lock(ino), Mode::Exclusive).await;
        match volume.profile.nocow {
            NocowPlan::Refused | NocowPlan::Always => return Err(Errno::EOPNOTSUPP.into()),
            NocowPlan::WhenEmpty | NocowPlan::FromStart if volume.inodes.size(ino) > 0 => {}
            NocowPlan::WhenEmpty | NocowPlan::FromStart => {
                volume.inodes.set_hints(ino, Hints { nocow: true, ..self.hints(ino) })
            }
        }
        Ok(())
    }

    /// Whether a size hint of so many bytes is remembered; EINVAL where it cannot be.
    fn size_hint_kept(&self, bytes: u32) -> Result<bool, Errno> {
        let volume = self.volume();
        let bytes = u64::from(bytes);
        match volume.profile.size_hint {
            SizeHintPlan::Kept { bytes_max } if bytes > bytes_max || !volume.profile.block.aligned(bytes) => {
                Err(Errno::EINVAL)
            }
            SizeHintPlan::Kept { .. } => Ok(true),
            SizeHintPlan::Refused if bytes > 0 => Err(Errno::EOPNOTSUPP),
            SizeHintPlan::Refused | SizeHintPlan::Ignored => Ok(false),
        }
    }

    fn has_delayed(&self, ino: Ino) -> bool {
        self.volume().delalloc.blocks(ino) > 0
    }
}
