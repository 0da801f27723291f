//! A snapshot of the whole filesystem: every file once more, with the same blocks.

use super::{Fs, OpResult};
use crate::base::{DevBlock, Errno, Extent, ExtentKind, Ino};
use crate::inode::inode_lock;
use crate::personality::plan::SnapshotPlan;
use crate::trace::{Counter, Frame, Mode};

impl Fs {
    /// Writes everything back, then gives each file a copy `NAME/file` whose records have the same blocks.
    pub async fn snapshot(&self, name: &str) -> OpResult<()> {
        self.want_write()?;
        let volume = self.volume();
        if volume.profile.clone.snapshot == SnapshotPlan::Refused {
            return Err(Errno::ENOTTY.into());
        }
        let below = format!("{name}/");
        let taken = |other: &String| other == name || other.starts_with(&below);
        if volume.inodes.table(|table| table.names.keys().any(taken)) {
            return Err(Errno::EEXIST.into());
        }
        let _frame = volume.cx.frame(Frame::Snapshot, 0, 0);
        // What lies in an older snapshot is not part of this tree, and is not written back (`btrfs_start_delalloc_snapshot`).
        let files: Vec<(String, Ino)> = volume.inodes.table(|table| {
            let own = table.names.iter().filter(|(name, _)| !name.contains('/'));
            own.map(|(name, ino)| (name.clone(), *ino)).collect()
        });
        for (_, ino) in &files {
            volume.write_back_wait(*ino, 0, u64::MAX >> 1).await?;
        }
        for (file, ino) in files {
            let _lock = volume.cx.lock(inode_lock(ino), Mode::Exclusive).await;
            self.copy_inode(ino, &format!("{below}{file}")).await;
        }
        Ok(volume.commit().await?)
    }

    async fn copy_inode(&self, ino: Ino, name: &str) {
        let volume = self.volume();
        let copy = volume.inodes.create();
        volume.extents.add_inode(copy);
        let size = volume.inodes.get(ino, |inode| inode.disk_size);
        volume.inodes.set_size(copy, size);
        volume.inodes.set_disk_size(copy, size);
        volume.inodes.set_hints(copy, volume.inodes.get(ino, |inode| inode.hints));
        for extent in volume.extents.extents(ino) {
            let mut new = Extent { ino: copy, ..extent };
            match extent.kind {
                ExtentKind::Written | ExtentKind::Unwritten => {
                    volume.refs.add(&new);
                    volume.refs.keep(&extent);
                }
                ExtentKind::Reserved => volume.space.ledger().add(Counter::Reserved, u64::from(extent.len)),
                ExtentKind::Inline => {
                    new.addr = DevBlock(volume.extents.inline().copy(extent.addr.0));
                }
            }
            let removed = volume.extents.update(copy, new.range(), &[new]).await;
            assert!(removed.is_empty(), "a new file has no records");
        }
        volume.inodes.link(name, copy);
    }
}
