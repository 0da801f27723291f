//! Items: what one entry of a leaf says, and its bytes.

use super::contents::StoredInode;
use super::key::{Key, Kind};
use crate::base::hints::Hints;
use crate::base::payload::digest;
use crate::base::{DevBlock, Extent, ExtentKind, FileBlock, Ino, Range};

/// Bytes of a name at most (`NAME_MAX` of Linux is 255; a snapshot's name stands before it).
pub const NAME_MAX: usize = 1024;

/// One item.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Item {
    /// The next inode's number.
    Counters {
        /// Above all there are.
        next_ino: u32,
    },
    /// An inode.
    Inode(Ino, StoredInode),
    /// A name; `nth` of those with the same digest.
    Name {
        /// The name.
        name: String,
        /// The inode.
        ino: Ino,
        /// Its place among names of the same digest.
        nth: u64,
    },
    /// A record of a file's map.
    Extent(Extent),
    /// A part of the data of a key.
    Inline {
        /// The key's identity.
        id: u64,
        /// Which part.
        part: u64,
        /// See [`super::blob`].
        bytes: Vec<u8>,
    },
    /// Blocks that so many records use besides the first.
    Users(Range<DevBlock>, u32),
    /// Blocks that were allocated at once.
    DiskExtent(Range<DevBlock>),
    /// A compressed piece: its addresses, and its blocks.
    Piece(Range<DevBlock>, Range<DevBlock>),
    /// A part of a block inside a compressed piece.
    Packed {
        /// The block's address.
        at: DevBlock,
        /// Which part.
        part: u64,
        /// See [`super::blob`].
        bytes: Vec<u8>,
    },
    /// Free blocks.
    Free(Range<DevBlock>),
    /// The checksum of each of these blocks.
    Sum(Range<DevBlock>, u32),
}

impl Item {
    /// Where it stands, and its payload.
    pub fn encode(&self) -> (Key, Vec<u8>) {
        let at = |kind, range: &Range<DevBlock>| Key::new(kind, range.start.0, 0);
        match self {
            Self::Counters { next_ino } => (Key::new(Kind::Counters, 0, 0), next_ino.to_le_bytes().to_vec()),
            Self::Inode(ino, inode) => (Key::new(Kind::Inode, u64::from(ino.0), 0), inode_bytes(inode)),
            Self::Name { name, ino, nth } => {
                let key = Key::new(Kind::Name, digest(name.as_bytes()), *nth);
                (key, [&ino.0.to_le_bytes(), name.as_bytes()].concat())
            }
            Self::Extent(extent) => {
                (Key::new(Kind::Extent, u64::from(extent.ino.0), extent.start.0), extent_bytes(extent))
            }
            Self::Inline { id, part, bytes } => (Key::new(Kind::Inline, *id, *part), bytes.clone()),
            Self::Users(range, others) => (at(Kind::Users, range), counted(range, *others)),
            Self::DiskExtent(range) => (at(Kind::DiskExtent, range), range.len().to_le_bytes().to_vec()),
            Self::Piece(packed, device) => {
                let numbers = [packed.len(), device.start.0, device.len()];
                (at(Kind::Piece, packed), numbers.iter().flat_map(|number| number.to_le_bytes()).collect())
            }
            Self::Packed { at, part, bytes } => (Key::new(Kind::Packed, at.0, *part), bytes.clone()),
            Self::Free(range) => (at(Kind::Free, range), range.len().to_le_bytes().to_vec()),
            Self::Sum(range, sum) => (at(Kind::Sum, range), counted(range, *sum)),
        }
    }

    /// The item of an entry; `None` when it is of no form that its kind allows.
    pub fn decode(key: &Key, payload: &[u8]) -> Option<Self> {
        let kind = Kind::of(key.kind)?;
        let mut from = Reader(payload);
        let start = DevBlock(key.id);
        let item = match kind {
            Kind::Counters if key.id != 0 => return None,
            Kind::Counters => Self::Counters { next_ino: from.u32()? },
            // As for extents: nothing has the number 0.
            Kind::Inode if key.id == 0 => return None,
            Kind::Inode => Self::Inode(Ino(u32::try_from(key.id).ok()?), inode(&mut from)?),
            Kind::Name => {
                let ino = Ino(from.u32()?);
                let name = std::str::from_utf8(from.rest()).ok()?.to_owned();
                let fits = !name.is_empty() && name.len() <= NAME_MAX && digest(name.as_bytes()) == key.id;
                return fits.then_some(Self::Name { name, ino, nth: key.offset });
            }
            Kind::Extent => Self::Extent(extent(key, &mut from)?),
            Kind::Inline => return Some(Self::Inline { id: key.id, part: key.offset, bytes: from.rest().to_vec() }),
            Kind::Packed => return Some(Self::Packed { at: start, part: key.offset, bytes: from.rest().to_vec() }),
            Kind::Users => Self::Users(from.run(start)?, from.u32()?),
            Kind::DiskExtent => Self::DiskExtent(from.run(start)?),
            Kind::Piece => {
                let packed = from.run(start)?;
                let device = DevBlock(from.u64()?);
                Self::Piece(packed, from.run(device)?)
            }
            Kind::Free => Self::Free(from.run(start)?),
            Kind::Sum => Self::Sum(from.run(start)?, from.u32()?),
        };
        let by_file = matches!(kind, Kind::Extent);
        (from.0.is_empty() && (by_file || key.offset == 0)).then_some(item)
    }
}

fn counted(range: &Range<DevBlock>, number: u32) -> Vec<u8> {
    [range.len().to_le_bytes().as_slice(), &number.to_le_bytes()].concat()
}

fn inode_bytes(inode: &StoredInode) -> Vec<u8> {
    let StoredInode { size, inline_room, hints, shares, preallocated } = inode;
    let flags = [hints.nocow, hints.preallocated, *shares, *preallocated];
    let flags = flags.iter().rev().fold(0_u8, |bits, flag| bits << 1 | u8::from(*flag));
    let mut bytes = Vec::with_capacity(25);
    bytes.extend(size.to_le_bytes());
    bytes.extend(inline_room.to_le_bytes());
    bytes.extend(hints.extsize.to_le_bytes());
    bytes.extend(hints.cowextsize.to_le_bytes());
    bytes.push(flags);
    bytes
}

fn inode(from: &mut Reader<'_>) -> Option<StoredInode> {
    let (size, inline_room) = (from.u64()?, from.u64()?);
    let (extsize, cowextsize) = (from.u32()?, from.u32()?);
    let flags = from.u8()?;
    let bit = |number: u8| flags >> number & 1 == 1;
    let hints = Hints { extsize, cowextsize, nocow: bit(0), preallocated: bit(1) };
    let known = flags < 16 && size <= i64::MAX.unsigned_abs();
    known.then_some(StoredInode { size, inline_room, hints, shares: bit(2), preallocated: bit(3) })
}

fn extent_bytes(extent: &Extent) -> Vec<u8> {
    let kind: u8 = match extent.kind {
        ExtentKind::Written => 0,
        ExtentKind::Unwritten => 1,
        ExtentKind::Reserved => 2,
        ExtentKind::Inline => 3,
    };
    let mut bytes = Vec::with_capacity(14);
    bytes.extend(extent.addr.0.to_le_bytes());
    bytes.extend(extent.len.to_le_bytes());
    bytes.extend([kind, u8::from(extent.shared)]);
    bytes
}

fn extent(key: &Key, from: &mut Reader<'_>) -> Option<Extent> {
    let (addr, len) = (DevBlock(from.u64()?), from.u32()?);
    let kind = match from.u8()? {
        0 => ExtentKind::Written,
        1 => ExtentKind::Unwritten,
        2 => ExtentKind::Reserved,
        3 => ExtentKind::Inline,
        _ => return None,
    };
    let shared = match from.u8()? {
        0 => false,
        1 => true,
        _ => return None,
    };
    // Ends stay far below what a sum could overflow.
    let possible = len > 0 && key.offset < 1 << 55 && addr.0 < 1 << 55 && key.id > 0;
    let ino = Ino(u32::try_from(key.id).ok()?);
    possible.then_some(Extent { ino, start: FileBlock(key.offset), addr, len, kind, shared })
}

/// Takes numbers from the front; `None` when there are too few bytes.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*head)
    }
    fn u8(&mut self) -> Option<u8> {
        self.take::<1>().map(|[byte]| byte)
    }
    fn u32(&mut self) -> Option<u32> {
        self.take().map(u32::from_le_bytes)
    }
    fn u64(&mut self) -> Option<u64> {
        self.take().map(u64::from_le_bytes)
    }
    fn run(&mut self, start: DevBlock) -> Option<Range<DevBlock>> {
        let len = self.u64()?;
        let possible = len > 0 && len < 1 << 55 && start.0 < 1 << 55;
        possible.then(|| Range::sized(start, len))
    }
    fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.0)
    }
}
