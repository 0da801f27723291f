//! Newtypes for the address spaces, so that a block in a file is never taken for a block on the device.
//!
//! Byte offsets and byte lengths are plain `u64`, always named `pos`, `len` or `bytes`.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::ops::{Add, AddAssign, Sub};

/// Bytes in a page of the page cache. Constant, as on x86_64.
pub const PAGE_SIZE: u64 = 4096;

/// An address in one address space: ordered, countable, convertible by name only.
pub trait Unit: Copy + Ord + fmt::Debug {
    /// The number behind the unit.
    fn raw(self) -> u64;
    /// The unit of a number.
    fn of(raw: u64) -> Self;
}

macro_rules! unit {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub u64);

        impl Unit for $name {
            #[inline]
            fn raw(self) -> u64 {
                self.0
            }
            #[inline]
            fn of(raw: u64) -> Self {
                Self(raw)
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}", self.0)
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}", self.0)
            }
        }
        impl Add<u64> for $name {
            type Output = Self;
            #[inline]
            fn add(self, count: u64) -> Self {
                Self(self.0 + count)
            }
        }
        impl AddAssign<u64> for $name {
            #[inline]
            fn add_assign(&mut self, count: u64) {
                self.0 += count;
            }
        }
        impl Sub<u64> for $name {
            type Output = Self;
            #[inline]
            fn sub(self, count: u64) -> Self {
                Self(self.0 - count)
            }
        }
        /// The distance between two addresses, in units.
        impl Sub<$name> for $name {
            type Output = u64;
            #[inline]
            fn sub(self, other: Self) -> u64 {
                self.0 - other.0
            }
        }
    };
}

unit! {
    /// A filesystem block inside a file, counted from the file's start.
    FileBlock
}
unit! {
    /// A block on the device, in filesystem blocks from the device's start.
    DevBlock
}
unit! {
    /// A page of a file's page cache, in [`PAGE_SIZE`] units from the file's start.
    PageIndex
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub u32);

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}", self.0)
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}", self.0)
            }
        }
    };
}

id! {
    /// An inode number, from 1.
    Ino
}
id! {
    /// A node of an extent B-tree, unique within one filesystem and never reused.
    NodeId
}
id! {
    /// A task of the simulation, in order of spawning from 0.
    TaskId
}

/// The size of a filesystem block as a power of two, and every conversion that needs it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct BlockSize {
    shift: u32,
}

impl BlockSize {
    /// A block size in bytes; `None` unless it is a power of two from 512 to [`PAGE_SIZE`].
    pub fn new(bytes: u64) -> Option<Self> {
        let legal = bytes.is_power_of_two() && (512..=PAGE_SIZE).contains(&bytes);
        legal.then(|| Self { shift: bytes.trailing_zeros() })
    }
    /// Bytes in a block.
    #[inline]
    pub fn bytes(self) -> u64 {
        1 << self.shift
    }
    /// Blocks in a page, 1 to 8.
    #[inline]
    pub fn per_page(self) -> u64 {
        PAGE_SIZE >> self.shift
    }
    /// The block that holds byte `pos`.
    #[inline]
    pub fn block_of(self, pos: u64) -> FileBlock {
        FileBlock(pos >> self.shift)
    }
    /// The first block that starts at or after byte `pos`.
    #[inline]
    pub fn block_after(self, pos: u64) -> FileBlock {
        FileBlock((pos >> self.shift) + u64::from(pos & (self.bytes() - 1) != 0))
    }
    /// The byte at which a block starts.
    #[inline]
    pub fn pos(self, block: FileBlock) -> u64 {
        block.0 << self.shift
    }
    /// The byte on the device at which a block starts.
    #[inline]
    pub fn dev_pos(self, block: DevBlock) -> u64 {
        block.0 << self.shift
    }
    /// Whole blocks that `bytes` need.
    #[inline]
    pub fn count(self, bytes: u64) -> u64 {
        self.block_after(bytes).0
    }
    /// Whether a byte position or length is a multiple of the block size.
    #[inline]
    pub fn aligned(self, pos: u64) -> bool {
        pos & (self.bytes() - 1) == 0
    }
    /// The page that holds a block.
    #[inline]
    pub fn page_of(self, block: FileBlock) -> PageIndex {
        PageIndex(self.pos(block) / PAGE_SIZE)
    }
    /// The first block of a page.
    #[inline]
    pub fn first_block(self, page: PageIndex) -> FileBlock {
        FileBlock(page.0 * self.per_page())
    }
    /// The blocks that overlap the bytes `[pos, pos + len)`.
    #[inline]
    pub fn covering(self, pos: u64, len: u64) -> super::Range<FileBlock> {
        super::Range::new(self.block_of(pos), self.block_after(pos + len))
    }
    /// The blocks that lie wholly inside the bytes `[pos, pos + len)`; possibly empty.
    #[inline]
    pub fn inside(self, pos: u64, len: u64) -> super::Range<FileBlock> {
        let start = self.block_after(pos);
        super::Range::new(start, self.block_of(pos + len).max(start))
    }
}
