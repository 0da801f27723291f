//! The superblock: one sector that says where everything begins.

use super::corrupt::{Finding, Rule};
use super::layout::{Layout, NODE_BYTES, NODES_MAX};
use super::node::{Pointer, u16_at, u32_at, u64_at};
use crate::base::BlockSize;

/// The first eight bytes.
const MAGIC: [u8; 8] = *b"EXTENTSC";
/// The version of the format that this program writes.
pub const VERSION: u32 = 1;
/// A superblock is one sector, which a device writes whole or not at all.
pub const SECTOR: usize = 512;
const SETTINGS: usize = 96;
/// Bytes of settings at most.
pub const SETTINGS_MAX: usize = SECTOR - SETTINGS;

/// What one commit says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Superblock {
    /// The commit, from 1. It lies in the place of its parity.
    pub generation: u64,
    /// Sizes.
    pub layout: Layout,
    /// The tree's root; none for an empty filesystem.
    pub root: Option<Pointer>,
    /// The directives that the filesystem was made with, as a script's lines.
    pub settings: String,
}

impl Superblock {
    /// Its bytes: a sector, and zeroes behind it.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![0; usize::try_from(NODE_BYTES).expect("small")];
        bytes[..8].copy_from_slice(&MAGIC);
        bytes[8..12].copy_from_slice(&VERSION.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.generation.to_le_bytes());
        let block = u32::try_from(self.layout.block.bytes()).expect("a block is at most a page");
        bytes[24..28].copy_from_slice(&block.to_le_bytes());
        bytes[28..32].copy_from_slice(&self.layout.nodes.to_le_bytes());
        bytes[32..40].copy_from_slice(&self.layout.data_blocks.to_le_bytes());
        if let Some(root) = &self.root {
            bytes[40] = 1;
            bytes[48..64].copy_from_slice(&root.encode());
        }
        let settings = self.settings.as_bytes();
        assert!(settings.len() <= SETTINGS_MAX, "settings were measured before");
        let len = u16::try_from(settings.len()).expect("below 512");
        bytes[64..66].copy_from_slice(&len.to_le_bytes());
        bytes[SETTINGS..SETTINGS + settings.len()].copy_from_slice(settings);
        let checksum = checksum(&bytes[..SECTOR]);
        bytes[12..16].copy_from_slice(&checksum.to_le_bytes());
        bytes
    }

    /// Reads one of the two; `block` is for the message.
    ///
    /// # Errors
    /// The first rule that it breaks.
    pub fn decode(bytes: &[u8], slot: u64) -> Result<Self, Finding> {
        let broken = |rule, what: String| Err(Finding::new(rule, format!("superblock {slot}"), None, what));
        let Some(bytes) = bytes.get(..SECTOR) else {
            return broken(Rule::Size, format!("{} bytes", bytes.len()));
        };
        if bytes[..8] != MAGIC {
            return broken(Rule::SuperblockMagic, format!("{:02x?}", &bytes[..8]));
        }
        if u32_at(bytes, 8) != VERSION {
            return broken(Rule::SuperblockVersion, format!("version {}, not {VERSION}", u32_at(bytes, 8)));
        }
        let (own, found) = (u32_at(bytes, 12), checksum(bytes));
        if own != found {
            return broken(Rule::SuperblockChecksum, format!("{found:08x}, it says {own:08x}"));
        }
        match read(bytes).filter(|superblock| superblock.generation % 2 == slot) {
            Some(superblock) => Ok(superblock),
            None => broken(Rule::SuperblockGeometry, "a value is not possible".to_owned()),
        }
    }
}

fn read(bytes: &[u8]) -> Option<Superblock> {
    let block = BlockSize::new(u64::from(u32_at(bytes, 24)))?;
    let (nodes, data_blocks) = (u32_at(bytes, 28), u64_at(bytes, 32));
    let possible = nodes > 0 && u64::from(nodes) <= NODES_MAX && data_blocks < 1 << 48;
    let layout = possible.then_some(Layout { block, data_blocks, nodes })?;
    let root = match bytes[40] {
        0 => None,
        1 => Some(Pointer::decode(&bytes[48..64])?),
        _ => return None,
    };
    let settings = bytes.get(SETTINGS..SETTINGS + usize::from(u16_at(bytes, 64)))?;
    let settings = std::str::from_utf8(settings).ok()?.to_owned();
    Some(Superblock { generation: u64_at(bytes, 16), layout, root, settings })
}

/// Over the sector, with zeroes where the checksum stands.
fn checksum(sector: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c_append(crc32c::crc32c(&sector[..12]), &[0; 4]), &sector[16..])
}
