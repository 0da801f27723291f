//! Floor 12, questions about a file: FIEMAP, SEEK_DATA and SEEK_HOLE, usage.
//!
//! The rules are written once, over [`FileFacts`], so that the running engine and a picture of the past answer alike.

pub mod fiemap;
pub mod seek;
pub mod usage;
pub mod walk;

use crate::base::cache_state::BlockState;
use crate::base::{BlockSize, Extent, FileBlock, Ino, Range};
use crate::map::Volume;

/// Which cached blocks a look at the page cache counts as data.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CacheLook {
    /// Those whose backing says data.
    Backing,
    /// Those that are up to date.
    Uptodate,
}

impl CacheLook {
    /// Whether a cached block counts.
    pub fn counts(self, state: BlockState) -> bool {
        match self {
            Self::Backing => state.backing.is_data(),
            Self::Uptodate => state.uptodate,
        }
    }
}

/// What the questions need to know of a file.
pub trait FileFacts {
    /// Size in bytes.
    fn size(&self) -> u64;
    /// Bytes in a block.
    fn block(&self) -> BlockSize;
    /// The extent that covers a block, or the first behind it.
    fn extent(&self, at: FileBlock) -> Option<Extent>;
    /// Parts of a record in order, each with whether it is told as shared.
    fn shared_runs(&self, extent: &Extent) -> Vec<(Range<FileBlock>, bool)>;
    /// The range without a record, delayed or in flight, that covers a block, or the first behind it.
    fn delayed(&self, at: FileBlock) -> Option<Range<FileBlock>>;
    /// The range that waits beside the tree and covers a block, or the first behind it.
    fn staged(&self, at: FileBlock) -> Option<Range<FileBlock>>;
    /// The first run of cached blocks in `range` that count as data, cut to `range`.
    fn cached(&self, range: Range<FileBlock>, look: CacheLook) -> Option<Range<FileBlock>>;
}

/// The facts of a file in a running engine.
pub struct LiveFacts<'a> {
    volume: &'a Volume,
    ino: Ino,
}

impl<'a> LiveFacts<'a> {
    /// The facts of one file.
    pub fn new(volume: &'a Volume, ino: Ino) -> Self {
        Self { volume, ino }
    }
}

impl FileFacts for LiveFacts<'_> {
    fn size(&self) -> u64 {
        self.volume.inodes.size(self.ino)
    }
    fn block(&self) -> BlockSize {
        self.volume.profile.block
    }
    fn extent(&self, at: FileBlock) -> Option<Extent> {
        self.volume.extents.next(self.ino, at)
    }
    fn shared_runs(&self, extent: &Extent) -> Vec<(Range<FileBlock>, bool)> {
        self.volume.refs.shared_runs(extent)
    }
    fn delayed(&self, at: FileBlock) -> Option<Range<FileBlock>> {
        self.volume.next_pending(self.ino, at)
    }
    fn staged(&self, at: FileBlock) -> Option<Range<FileBlock>> {
        self.volume.staging.next(self.ino, at).map(|(range, _)| range)
    }
    fn cached(&self, range: Range<FileBlock>, look: CacheLook) -> Option<Range<FileBlock>> {
        self.volume.cache.find_run(self.ino, range, |state| look.counts(state))
    }
}
