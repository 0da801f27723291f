//! read(2), write(2) and stores through mappings, one call each.

use super::Fs;
use crate::base::{Errno, Ino, limits::CALL_BYTES_MAX, limits::MAX_FILE_OFFSET};
use crate::inode::inode_lock;
use crate::io::{Fill, Transfer};
use crate::personality::plan::Misaligned;
use crate::trace::{Frame, Mode};

/// Through the cache or around it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Path {
    /// Through the page cache.
    Buffered,
    /// O_DIRECT.
    Direct,
}

impl Fs {
    /// One pwrite(2). Offsets and lengths are `loff_t`: negative ones are EINVAL.
    pub async fn pwrite(&self, ino: Ino, off: i64, len: u64, fill: Fill, path: Path) -> Transfer {
        let volume = self.volume();
        let Ok(pos) = position(off, len) else { return Transfer::stopped(0, Errno::EINVAL) };
        let len = len.min(CALL_BYTES_MAX);
        if len == 0 {
            return Transfer::whole(0);
        }
        let _frame = volume.cx.frame(Frame::Call, pos, len);
        let _lock = volume.cx.lock(inode_lock(ino), Mode::Exclusive).await;
        match path {
            Path::Buffered => volume.write(ino, pos, len, fill).await,
            Path::Direct if volume.lies_in_inode(ino) => volume.write(ino, pos, len, fill).await,
            Path::Direct => self.direct_write(ino, pos, len, fill).await,
        }
    }

    async fn direct_write(&self, ino: Ino, pos: u64, len: u64, fill: Fill) -> Transfer {
        let volume = self.volume();
        let recorded = volume.inodes.get(ino, |inode| inode.disk_size);
        let mut transfer = volume.direct_write(ino, pos, len, fill).await;
        // A write that would have grown the recorded size leaves nothing behind the end when it fails, not even what
        // was there before (`ext4_inode_extension_cleanup`).
        let cleans = volume.profile.direct.misaligned == Misaligned::AtSending;
        if cleans && transfer.error.is_some() && pos.saturating_add(len) > recorded {
            volume.space.drop_windows(ino);
            let failed = self.drop_from(ino, volume.eof_block(ino)).await.err();
            transfer.error = failed.or(transfer.error);
        }
        transfer
    }

    /// One pread(2). Reads take no inode lock on the buffered path.
    pub async fn pread(&self, ino: Ino, off: i64, len: u64, path: Path) -> Transfer {
        let volume = self.volume();
        let Ok(pos) = position(off, len) else { return Transfer::stopped(0, Errno::EINVAL) };
        let len = len.min(CALL_BYTES_MAX);
        let _frame = volume.cx.frame(Frame::Call, pos, len);
        match path {
            Path::Buffered => volume.read(ino, pos, len).await,
            Path::Direct if volume.lies_in_inode(ino) => volume.read(ino, pos, len).await,
            Path::Direct => {
                let _lock = volume.cx.lock(inode_lock(ino), Mode::Shared).await;
                volume.direct_read(ino, pos, len).await
            }
        }
    }
}

/// A position whose transfer ends inside `loff_t`; EINVAL for any other (`rw_verify_area`).
fn position(off: i64, len: u64) -> Result<u64, Errno> {
    let pos = u64::try_from(off).map_err(|_| Errno::EINVAL)?;
    let end = pos.checked_add(len).filter(|end| *end <= MAX_FILE_OFFSET);
    end.map(|_| pos).ok_or(Errno::EINVAL)
}
