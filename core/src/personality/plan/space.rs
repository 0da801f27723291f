//! Questions about blocks of the device: what is set aside, where new data goes, how it is compressed.

use crate::base::{DevBlock, Ino};

/// What is set aside, and where new data goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SpacePlan {
    /// A promise of so many blocks sets one more aside, for the metadata that it will need; 0 for none.
    pub headroom: u64,
    /// Device blocks that metadata takes when it is first needed.
    pub growth: MetadataGrowth,
    /// Where the search for free blocks begins.
    pub goal: GoalPlan,
    /// How data is compressed; `None` where it is not.
    pub compress: Option<CompressPlan>,
    /// After which commits freed blocks can be used again.
    pub unpin: Unpin,
    /// Whether data has checksums.
    pub sums: DataSums,
    /// How many devices have a copy: FIEMAP gives a record with an address so many times, the answer's last one once.
    pub copies: u64,
}

impl SpacePlan {
    /// Nothing is set aside; a file's blocks go behind each other.
    pub const PLAIN: Self = Self {
        headroom: 0,
        growth: MetadataGrowth::NONE,
        goal: GoalPlan::BehindExtent,
        compress: None,
        unpin: Unpin::EachCommit,
        sums: DataSums::None,
        copies: 1,
    };
}

/// Checksums of data.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DataSums {
    /// None.
    None,
    /// Each block's is kept, and asked when it is read.
    Kept,
}

/// After which commits freed blocks can be used again, and counts of users are settled.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unpin {
    /// After each.
    EachCommit,
    /// Not after fsync, which writes a log and no transaction (`btrfs_sync_log`; traces of our own on the running
    /// kernel).
    NotFsync,
}

/// How data is compressed. All data of this language compresses well: a piece takes one block.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CompressPlan {
    /// Blocks of a file that are compressed together at most; a single block cannot get smaller.
    pub blocks: u64,
    /// Blocks that one piece of work compresses: it looks for space anew (`ASYNC_CHUNK_SIZE`).
    pub together: u64,
    /// What goes out together with what is asked for.
    pub sent: PackedSent,
    /// What FIEMAP calls encoded.
    pub told: ToldEncoded,
}

/// What writeback sends of data that is compressed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PackedSent {
    /// The folios that are asked for.
    Folios,
    /// All of the delayed run behind them too (`run_delalloc_compressed`).
    Run,
}

/// What FIEMAP calls encoded.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ToldEncoded {
    /// Everything that went through the compressor, what did not get smaller included.
    All,
    /// What is compressed.
    Packed,
}

/// Where the search for free blocks begins.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum GoalPlan {
    /// Behind the extent in front of it in the file.
    BehindExtent,
    /// In the bucket that is being filled, whichever file it is for.
    OpenBucket,
    /// In space that is held for the file; else as a buddy allocator searches (`ext4_mb_new_blocks`).
    Windows(WindowPlan),
    /// Near what the file has on both sides, else near its inode; the nearest run that holds everything.
    Near(NearPlan),
    /// At the lowest free blocks of a group where the file has blocks that are known in memory, else at the longest free
    /// run of it.
    Groups(GroupPlan),
}

/// Groups of device blocks, each for small or for large allocations, as the first one in it was
/// (`find_free_extent_check_size_class`; traces of our own on the running kernel).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct GroupPlan {
    /// Blocks of the group that mkfs makes, from the first block of data on.
    pub first: u64,
    /// Where the next one begins, counted from there; between them lies metadata.
    pub next: u64,
    /// Blocks of the largest small allocation.
    pub small: u64,
}

/// Space that is held for files.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct WindowPlan {
    /// Bytes in a block.
    pub block: u64,
    /// Blocks of a group.
    pub group: u64,
    /// Groups.
    pub groups: u64,
    /// Blocks at the start of the first group that hold metadata.
    pub kept_first: u64,
    /// Blocks at the start of any other group that hold copies of metadata.
    pub kept: u64,
    /// The order of the largest chunk of free blocks.
    pub order_max: u32,
    /// Files of at most so many blocks share a pool (`s_mb_stream_request`).
    pub small: u64,
    /// Blocks of a pool (`s_mb_group_prealloc`).
    pub pool: u64,
}

/// Groups of blocks, each searched by itself, and where the inodes are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NearPlan {
    /// Blocks of a group.
    pub group: u64,
    /// Groups.
    pub groups: u64,
    /// The first block of inodes.
    pub inodes: DevBlock,
    /// Inodes of a block.
    pub per_block: u64,
}

/// Inodes that the filesystem has for itself in front of the first file: the root folder and two more.
const OWN_INODES: u64 = 3;
/// Inodes of a chunk. More than these are not looked at.
const CHUNK: u64 = 64;

impl NearPlan {
    /// The block of a file's inode.
    pub fn home(&self, ino: Ino) -> DevBlock {
        let at = (u64::from(ino.0).saturating_sub(1) + OWN_INODES).min(CHUNK - 1);
        self.inodes + at / self.per_block
    }
}

/// Device blocks that metadata takes when it is first needed, and keeps.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MetadataGrowth {
    /// For the first record of any file.
    pub record: u64,
    /// More for the first data that has an address.
    pub data: u64,
    /// More for the first blocks with several users.
    pub sharing: u64,
}

impl MetadataGrowth {
    /// Its room is set aside at mkfs.
    pub const NONE: Self = Self { record: 0, data: 0, sharing: 0 };
}
