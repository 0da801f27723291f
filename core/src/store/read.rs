//! From a device to what it holds.

use super::contents::Contents;
use super::corrupt::{Finding, Rule};
use super::layout::{Layout, NODE_BYTES};
use super::superblock::Superblock;
use super::tree::{CowTree, Walk};
use crate::base::{BlockSize, DevBlock, Errno, Range, SortedMap};

/// Gives the bytes of blocks of a device.
pub type ReadBlocks<'a> = dyn FnMut(Range<DevBlock>) -> Result<Vec<u8>, Errno> + 'a;

/// A device's contents, as far as they can be read.
#[derive(Clone, Debug)]
pub struct Image {
    /// The newest superblock.
    pub superblock: Superblock,
    /// The tree that it points to.
    pub tree: CowTree,
    /// What its items say.
    pub contents: Contents,
}

/// The newer of the two superblocks at the end of a device of `bytes` bytes, which `read` gives by position. Where the
/// size of a block is not `known`, findings name theirs if one of the two says it.
///
/// # Errors
/// What is wrong, the pair included: one that cannot be read may have been the newest.
pub fn superblock(
    bytes: u64,
    known: Option<BlockSize>,
    read: &mut dyn FnMut(u64) -> Result<Vec<u8>, Errno>,
) -> Result<Superblock, Vec<Finding>> {
    let Some(first) = bytes.checked_sub(2 * NODE_BYTES) else {
        let what = format!("{bytes} bytes are too few for two superblocks");
        return Err(vec![Finding::new(Rule::Size, "device", None, what)]);
    };
    let mut found = Vec::new();
    let mut findings = Vec::new();
    for slot in 0..2 {
        let one = match read(first + slot * NODE_BYTES) {
            Ok(sector) => Superblock::decode(&sector, slot),
            Err(errno) => Err(Finding::new(Rule::Read, format!("superblock {slot}"), None, errno.text())),
        };
        match one {
            Ok(superblock) => found.push(superblock),
            Err(finding) => findings.push((slot, finding)),
        }
    }
    let size = known.or_else(|| found.first().map(|other| other.layout.block));
    let place = |slot: u64| size.map(|size| DevBlock((first + slot * NODE_BYTES) / size.bytes()));
    let [even, odd] = found.as_slice() else {
        return Err(findings.into_iter().map(|(slot, finding)| Finding { block: place(slot), ..finding }).collect());
    };
    let same = even.layout == odd.layout && even.settings == odd.settings;
    if !same || even.generation.abs_diff(odd.generation) != 1 {
        let what = format!("generations {} and {}", even.generation, odd.generation);
        return Err(vec![Finding::new(Rule::SuperblockPair, "superblocks", place(0), what)]);
    }
    let newest = if even.generation > odd.generation { even } else { odd };
    if newest.layout.bytes() != bytes {
        let what = format!("{bytes} bytes, the superblock says {}", newest.layout.bytes());
        return Err(vec![Finding::new(Rule::Size, "device", None, what)]);
    }
    Ok(newest.clone())
}

/// The superblock of a device whose block size is known, as when it is mounted again.
///
/// # Errors
/// What is wrong.
pub fn superblock_of(block: BlockSize, blocks: u64, read: &mut ReadBlocks<'_>) -> Result<Superblock, Vec<Finding>> {
    let bytes = blocks * block.bytes();
    superblock(bytes, Some(block), &mut |at| {
        let start = DevBlock(at / block.bytes());
        read(Range::sized(start, NODE_BYTES / block.bytes()))
    })
}

/// Everything behind a superblock. What is wrong is reported, and left out.
pub fn image(superblock: Superblock, read: &mut ReadBlocks<'_>, report: &mut dyn FnMut(Finding)) -> Image {
    let layout: Layout = superblock.layout;
    let mut node = |address: u32| read(layout.node(address));
    let mut walk = Walk {
        layout: &layout,
        generation: superblock.generation,
        read: &mut node,
        report,
        live: SortedMap::new(),
        items: SortedMap::new(),
    };
    if let Some(root) = &superblock.root {
        walk.run(root);
    }
    let (live, items) = (walk.live, walk.items);
    let tree = CowTree::found(layout, superblock.root, live);
    let items = items.iter().map(|(key, payload)| (key, payload.as_slice()));
    let contents = Contents::of(items, layout.block, report);
    Image { superblock, tree, contents }
}
