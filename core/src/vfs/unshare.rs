//! UNSHARE_RANGE: a file gets blocks of its own.

use super::fallocate::Ask;
use super::{Fs, OpResult};
use crate::base::{Errno, FileBlock, Ino, Range};
use crate::inode::inode_lock;
use crate::map::MappingKind;
use crate::personality::plan::UnsharePlan;
use crate::trace::{Frame, Mode};

impl Fs {
    /// Shared blocks of the range are rewritten, holes are preallocated. EOPNOTSUPP where the filesystem cannot.
    pub async fn unshare(&self, ask: Ask) -> OpResult<()> {
        let volume = self.volume();
        let (pos, len) = ask.bytes(volume)?;
        if volume.profile.clone.unshare == UnsharePlan::Refused {
            return Err(Errno::EOPNOTSUPP.into());
        }
        let frame = volume.cx.frame(Frame::Fallocate, pos, len);
        let lock = volume.cx.lock(inode_lock(ask.ino), Mode::Exclusive).await;
        let size = volume.inodes.size(ask.ino);
        if pos < size && volume.profile.promise.staging.is_some() {
            self.unshare_beside(ask.ino, pos, len.min(size - pos)).await?;
        } else if pos < size {
            let block = volume.profile.block;
            let inside = block.covering(pos, len.min(size - pos));
            let (from, bytes) = (block.pos(inside.start), block.pos(inside.end) - block.pos(inside.start));
            volume.write_back_wait(ask.ino, from, bytes).await?;
            for part in self.shared_parts(ask.ino, inside) {
                self.rewrite(ask.ino, part).await?;
            }
            volume.write_back_wait(ask.ino, from, bytes).await?;
        }
        drop(lock);
        drop(frame);
        self.allocate(ask).await
    }

    /// The same where new data waits beside the tree: also what a window is there for is rewritten. A file that never
    /// shared anything is left alone, and so is its dirty data (`xfs_reflink_unshare`).
    async fn unshare_beside(&self, ino: Ino, pos: u64, len: u64) -> Result<(), Errno> {
        let volume = self.volume();
        if !volume.inodes.get(ino, |inode| inode.shares) {
            return Ok(());
        }
        volume.unshare(ino, pos, len).await?;
        volume.write_back_wait(ino, pos, len).await?;
        Ok(())
    }

    /// The parts of a range whose written blocks are shared.
    fn shared_parts(&self, ino: Ino, range: Range<FileBlock>) -> Vec<Range<FileBlock>> {
        let volume = self.volume();
        let written = volume.mappings(ino, range).into_iter().filter(|mapping| mapping.kind == MappingKind::Written);
        let runs = written.filter_map(|mapping| mapping.extent).flat_map(|extent| volume.refs.shared_runs(&extent));
        runs.filter(|(_, shared)| *shared).map(|(run, _)| run).collect()
    }

    /// Writes what a range holds over itself (`iomap_file_unshare`); the size stays.
    async fn rewrite(&self, ino: Ino, range: Range<FileBlock>) -> Result<(), Errno> {
        let volume = self.volume();
        let block = volume.profile.block;
        let (pos, end) = (block.pos(range.start), block.pos(range.end).min(volume.inodes.size(ino)));
        volume.read(ino, pos, end - pos).await;
        let bytes = volume.bytes_of(ino, pos, end - pos, pos, None);
        match volume.write_from(ino, pos, end - pos, &bytes).await.error {
            Some(crate::base::FsError::Errno(errno)) => Err(errno),
            _ => Ok(()),
        }
    }
}
