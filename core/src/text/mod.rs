//! The texts of the tools, byte for byte: pure functions from plain records to what xfs_io 6.1, filefrag (e2fsprogs
//! 1.47), qemu-img and fincore print. They know no engine and import only `base`; the tests hold them against
//! captured output of the real tools.

pub mod bmap;
pub mod errors;
pub mod fiemap;
pub mod filefrag;
pub mod fincore;
pub mod map_json;
pub mod qemu_map;
pub mod seek;
pub mod stat;
pub mod transfer;

/// Bytes in a basic block: the unit of xfs_io's listings, whatever the filesystem's block is.
const BASIC_BLOCK_SHIFT: u32 = 9;

/// Whole basic blocks in `bytes`.
fn basic_blocks(bytes: u64) -> u64 {
    bytes >> BASIC_BLOCK_SHIFT
}

/// `first..last` of `len` units from `start`; wraps like the tool where `len` is 0.
fn span(start: u64, len: u64) -> String {
    format!("{start}..{}", start.wrapping_add(len).wrapping_sub(1))
}
