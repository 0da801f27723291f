//! A node's bytes: entries in the order of their keys, each with a payload.
//!
//! Numbers are little-endian. An entry of a leaf is an item; one of an inner node is a pointer to a child.

use super::corrupt::Rule;
use super::key::Key;
use super::layout::NODE_BYTES;

/// The four bytes behind the checksum.
const MAGIC: [u8; 4] = *b"XTND";
const HEADER: usize = 32;
const ENTRY: usize = 21;
const SIZE: usize = 4096;
const POINTER: usize = 16;

/// What a node of one level can hold, entries and payloads together.
pub const ROOM: usize = SIZE - HEADER;
/// Levels at most; a tree of the fewest entries a node can have and the most nodes there can be has fewer.
pub const LEVELS_MAX: u16 = 24;

/// A key and its payload.
pub type Entry = (Key, Vec<u8>);

/// What a parent, or the superblock, remembers of a node.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Pointer {
    /// Its place.
    pub address: u32,
    /// The commit that wrote it.
    pub generation: u64,
    /// Its checksum.
    pub checksum: u32,
}

impl Pointer {
    /// As a payload.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(POINTER);
        bytes.extend(self.address.to_le_bytes());
        bytes.extend(self.checksum.to_le_bytes());
        bytes.extend(self.generation.to_le_bytes());
        bytes
    }
    /// From a payload.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; POINTER] = bytes.try_into().ok()?;
        Some(Self { address: u32_at(bytes, 0), checksum: u32_at(bytes, 4), generation: u64_at(bytes, 8) })
    }
}

/// A node that was read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Node {
    /// 0 is a leaf.
    pub level: u16,
    /// In the order of their keys.
    pub entries: Vec<Entry>,
}

/// Bytes that an entry takes.
pub fn weight(entry: &Entry) -> usize {
    ENTRY + entry.1.len()
}

/// The bytes of a node, and its pointer. The entries fit.
pub fn encode(address: u32, generation: u64, level: u16, entries: &[Entry]) -> (Vec<u8>, Pointer) {
    let mut bytes = vec![0; SIZE];
    bytes[4..8].copy_from_slice(&MAGIC);
    bytes[8..16].copy_from_slice(&generation.to_le_bytes());
    bytes[16..20].copy_from_slice(&address.to_le_bytes());
    bytes[20..22].copy_from_slice(&level.to_le_bytes());
    let count = u16::try_from(entries.len()).expect("a node has few entries");
    bytes[22..24].copy_from_slice(&count.to_le_bytes());
    let (mut at, mut end) = (HEADER, SIZE);
    for (key, payload) in entries {
        let start = end - payload.len();
        assert!(at + ENTRY <= start, "the entries of a node fit into it");
        bytes[at] = key.kind;
        bytes[at + 1..at + 9].copy_from_slice(&key.id.to_le_bytes());
        bytes[at + 9..at + 17].copy_from_slice(&key.offset.to_le_bytes());
        let place = [start, payload.len()].map(|number| u16::try_from(number).expect("below 4096"));
        bytes[at + 17..at + 19].copy_from_slice(&place[0].to_le_bytes());
        bytes[at + 19..at + 21].copy_from_slice(&place[1].to_le_bytes());
        bytes[start..end].copy_from_slice(payload);
        (at, end) = (at + ENTRY, start);
    }
    let checksum = crc32c::crc32c(&bytes[4..]);
    bytes[..4].copy_from_slice(&checksum.to_le_bytes());
    (bytes, Pointer { address, generation, checksum })
}

/// Reads a node that its parent expects to be so.
///
/// # Errors
/// The first rule that is broken, and what was found instead.
pub fn decode(bytes: &[u8], expected: &Pointer, level: Option<u16>) -> Result<Node, (Rule, String)> {
    let bytes: &[u8; SIZE] = bytes.try_into().map_err(|_| (Rule::Read, format!("{} bytes", bytes.len())))?;
    let broken = |rule: Rule, what: String| Err((rule, what));
    if bytes[4..8] != MAGIC {
        return broken(Rule::NodeMagic, format!("{:02x?}", &bytes[4..8]));
    }
    let checksum = crc32c::crc32c(&bytes[4..]);
    if checksum != u32_at(bytes, 0) || checksum != expected.checksum {
        let (own, parents) = (u32_at(bytes, 0), expected.checksum);
        return broken(Rule::NodeChecksum, format!("{checksum:08x}, it says {own:08x}, its parent {parents:08x}"));
    }
    if u32_at(bytes, 16) != expected.address {
        return broken(Rule::NodeAddress, format!("it says {}", u32_at(bytes, 16)));
    }
    if u64_at(bytes, 8) != expected.generation {
        let own = u64_at(bytes, 8);
        return broken(Rule::NodeGeneration, format!("{own}, its parent says {}", expected.generation));
    }
    let own = u16_at(bytes, 20);
    if level.is_some_and(|level| level != own) || own >= LEVELS_MAX {
        return broken(Rule::NodeLevel, format!("level {own}"));
    }
    let entries = entries(bytes).ok_or((Rule::NodeEntries, "an entry lies outside the node".to_owned()))?;
    if entries.is_empty() {
        return broken(Rule::NodeEntries, "no entry".to_owned());
    }
    match entries.windows(2).find(|pair| pair[0].0 >= pair[1].0) {
        Some(pair) => broken(Rule::NodeOrder, format!("{} stands before {}", pair[0].0, pair[1].0)),
        None => Ok(Node { level: own, entries }),
    }
}

fn entries(bytes: &[u8; SIZE]) -> Option<Vec<Entry>> {
    let count = usize::from(u16_at(bytes, 22));
    let table = HEADER.checked_add(count.checked_mul(ENTRY)?)?;
    let mut end = SIZE;
    let mut entries = Vec::with_capacity(count.min(SIZE / ENTRY));
    for at in 0..count {
        let at = HEADER + at * ENTRY;
        let head = bytes.get(at..at + ENTRY)?;
        let key = Key { kind: head[0], id: u64_at(head, 1), offset: u64_at(head, 9) };
        let (start, len) = (usize::from(u16_at(head, 17)), usize::from(u16_at(head, 19)));
        // Payloads lie in reverse order without gaps, so that they cannot overlap.
        if start < table || start.checked_add(len)? != end {
            return None;
        }
        entries.push((key, bytes.get(start..end)?.to_vec()));
        end = start;
    }
    Some(entries)
}

pub(super) fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes(bytes[at..at + 2].try_into().expect("two bytes"))
}
pub(super) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"))
}
pub(super) fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes"))
}

const _: () = assert!(SIZE as u64 == NODE_BYTES);
