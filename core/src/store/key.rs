//! Names of items.

/// What an item says. The number is its place on the device: numbers are never reused.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
#[repr(u8)]
pub enum Kind {
    /// Numbers that go on counting; one item.
    Counters = 1,
    /// An inode.
    Inode = 2,
    /// A name.
    Name = 3,
    /// A record of a file's map.
    Extent = 4,
    /// A part of the data of a key.
    Inline = 5,
    /// Blocks that several records use.
    Users = 6,
    /// Blocks that were allocated at once.
    DiskExtent = 7,
    /// A compressed piece.
    Piece = 8,
    /// A part of a block inside a compressed piece.
    Packed = 9,
    /// Free blocks.
    Free = 10,
    /// Checksums of data.
    Sum = 11,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 11] = [
        Self::Counters,
        Self::Inode,
        Self::Name,
        Self::Extent,
        Self::Inline,
        Self::Users,
        Self::DiskExtent,
        Self::Piece,
        Self::Packed,
        Self::Free,
        Self::Sum,
    ];

    /// The kind of a number.
    pub fn of(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.number() == number)
    }
    /// Its number on the device.
    pub fn number(self) -> u8 {
        self as u8
    }
    /// A word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Counters => "counters",
            Self::Inode => "inode",
            Self::Name => "name",
            Self::Extent => "extent",
            Self::Inline => "inline",
            Self::Users => "users",
            Self::DiskExtent => "disk-extent",
            Self::Piece => "piece",
            Self::Packed => "packed",
            Self::Free => "free",
            Self::Sum => "sum",
        }
    }
}

/// Where an item stands in the tree. What `id` and `offset` mean is the kind's.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub struct Key {
    /// What the item says.
    pub kind: u8,
    /// An inode, a digest, a block.
    pub id: u64,
    /// A block, a part.
    pub offset: u64,
}

impl Key {
    /// No key is smaller.
    pub const MIN: Self = Self { kind: 0, id: 0, offset: 0 };

    /// The key of a kind.
    pub fn new(kind: Kind, id: u64, offset: u64) -> Self {
        Self { kind: kind.number(), id, offset }
    }
}

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match Kind::of(self.kind) {
            Some(kind) => write!(f, "{} {} {}", kind.name(), self.id, self.offset),
            None => write!(f, "kind {} {} {}", self.kind, self.id, self.offset),
        }
    }
}
