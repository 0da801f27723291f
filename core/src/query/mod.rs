//! Floor 12, questions about a file: FIEMAP, SEEK_DATA and SEEK_HOLE, the native map, usage.
//!
//! The rules are written once, over [`FileFacts`], so that the running engine and a picture of the past answer alike.

pub mod bmap;
pub mod fiemap;
pub mod seek;
pub mod usage;
pub mod walk;

use crate::base::cache_state::BlockState;
use crate::base::packed::PACKED;
use crate::base::{BlockSize, DevBlock, Extent, ExtentKind, FileBlock, Ino, Range};
use crate::map::Volume;
use crate::personality::Profile;
use crate::personality::plan::ToldEncoded;

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

/// How a record's data is encoded on the device.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Encoding {
    /// As it is.
    Plain,
    /// Marked as encoded, at an address like any other.
    Marked,
    /// Inside a compressed piece, which starts here.
    Piece(DevBlock),
}

impl Encoding {
    /// The encoding of a record; `piece` says where the piece of an address starts on the device.
    pub fn of(profile: &Profile, extent: &Extent, piece: impl Fn(DevBlock) -> Option<DevBlock>) -> Self {
        match extent.kind {
            ExtentKind::Inline if extent.addr >= PACKED => return Self::Marked,
            ExtentKind::Written => {}
            _ => return Self::Plain,
        }
        match (piece(extent.addr), profile.space.compress.map(|plan| plan.told)) {
            (Some(start), _) => Self::Piece(start),
            (None, Some(ToldEncoded::All)) => Self::Marked,
            (None, _) => Self::Plain,
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
    /// How many devices have a copy of each block.
    fn copies(&self) -> u64;
    /// How a record's data is encoded on the device.
    fn encoding(&self, extent: &Extent) -> Encoding;
    /// Bytes of the file that its inode holds; `None` where the data lies elsewhere.
    fn inode_bytes(&self) -> Option<u64>;
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
    fn copies(&self) -> u64 {
        self.volume.profile.space.copies
    }
    fn encoding(&self, extent: &Extent) -> Encoding {
        Encoding::of(&self.volume.profile, extent, |at| self.volume.space.piece_of(at))
    }
    fn inode_bytes(&self) -> Option<u64> {
        self.volume.inodes.get(self.ino, |inode| (inode.inline_room > 0).then(|| inode.inline_room.min(inode.size)))
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
