//! What the next commit is about: the files that changed since the last one, and blocks whose record is ahead of their
//! data.
//!
//! Where a write puts its blocks into the tree as written at once, a commit must not keep the record before the data has
//! arrived: it writes the data first. Sources: `ext4_jbd2_inode_add_write`, `ext4_fsync_journal`; traces of our own on the
//! running kernel, where fsync of one file left another one clean.

use super::Volume;
use super::commit::{Scope, stored};
use crate::base::{Errno, FileBlock, Ino, Range, SortedMap, SortedSet};
use crate::extent::Trees;
pub use crate::personality::plan::Change;
use crate::personality::plan::Unpin;

/// What the next commit is about.
#[derive(Debug, Default)]
pub struct Pending {
    changed: SortedMap<Ino, Change>,
    ahead: SortedMap<Ino, Range<FileBlock>>,
    /// Files that nobody read since they changed.
    unread: SortedSet<Ino>,
}

impl Volume {
    /// A file changed: fsync has something to commit.
    pub fn note_change(&self, ino: Ino, change: Change) {
        self.pending.change(|pending| {
            let known = pending.changed.entry(ino).or_insert(change);
            *known = change.max(*known);
            pending.unread.insert(ino);
        });
    }

    /// A file is read: the first time after a change, that is written down (`relatime_need_update`).
    pub fn note_read(&self, ino: Ino) {
        self.pending.change(|pending| {
            if pending.unread.remove(&ino) {
                pending.changed.entry(ino).or_insert(Change::Times);
            }
        });
    }

    /// The tree says that blocks are written whose data is only in the cache. One range for each file, around all.
    pub(crate) fn note_ahead(&self, ino: Ino, range: Range<FileBlock>) {
        self.note_change(ino, Change::Map);
        self.pending.change(|pending| {
            let known = pending.ahead.entry(ino).or_insert(range);
            *known = Range::new(known.start.min(range.start), known.end.max(range.end));
        });
    }

    /// Everything that was noted belongs to a commit.
    pub(super) fn forget_changes(&self) {
        self.pending.change(|pending| {
            pending.changed.clear();
            pending.ahead.clear();
        });
    }

    /// A file is no more.
    pub fn forget_changes_of(&self, ino: Ino) {
        self.pending.change(|pending| {
            pending.changed.remove(&ino);
            pending.ahead.remove(&ino);
        });
    }

    /// Whether the last commit does not have the file as it is now, as far as blocks and size go.
    fn differs_from_commit(&self, ino: Ino) -> bool {
        let now = self.inodes.get(ino, stored);
        self.store.with(|store| {
            let told = store.told();
            let id = self.extents.tree_id(ino);
            let same = |trees: &Trees| match (trees.get(&id), told.trees.get(&id)) {
                (Some(now), Some(was)) => now.extents(ino).eq(was.extents(ino)),
                _ => false,
            };
            store.is_behind() || told.inodes.get(&ino) != Some(&now) || !self.extents.trees(same)
        })
    }

    /// Commits for a program that asked for one file, if at `least` so much of it changed since the last commit. If not,
    /// only its data is made durable: what was written in place is in the device's cache (`ext4_sync_file`,
    /// `xfs_file_fsync`).
    ///
    /// # Errors
    /// Those of [`Volume::commit`].
    pub async fn commit_for(&self, ino: Ino, least: Change) -> Result<(), Errno> {
        let least = least.min(self.profile.commit_for.datasync);
        let noted = self.pending.with(|pending| pending.changed.get(&ino).is_some_and(|change| *change >= least));
        if !noted && !self.is_read_only() && !self.differs_from_commit(ino) {
            self.still_writes()?;
            return self.io.flush().await;
        }
        let scope = match self.profile.space.unpin {
            Unpin::EachCommit => Scope::All,
            Unpin::NotFsync => Scope::File(ino),
        };
        self.commit_with_data(scope).await
    }

    /// Commits after the data that the records are ahead of. The caller holds no lock of a folio.
    ///
    /// # Errors
    /// Those of [`Volume::commit`]; an error of the data is told by the file's own fsync.
    pub async fn commit_with_data(&self, scope: Scope) -> Result<(), Errno> {
        let block = self.profile.block;
        for (ino, range) in self.pending.change(|pending| std::mem::take(&mut pending.ahead)) {
            let (from, to) = (block.pos(range.start), block.pos(range.end));
            if let Err(errno) = self.write_back_written(ino, from, to - from).await {
                self.note_error(ino, errno);
            }
        }
        self.commit_of(scope).await
    }
}
