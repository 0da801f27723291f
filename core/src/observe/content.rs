//! The digest of a file's content: independent of holes, placement and cache.

use crate::base::SortedMap;
use sha2::{Digest, Sha256};
use std::fmt::Write;

/// The bytes of one 4096-byte block of a file, zero padded past the end.
#[derive(Clone, Copy, Debug)]
pub enum BlockBytes<'a> {
    /// All of one value.
    Fill(u8),
    /// Any bytes.
    Bytes(&'a [u8; 4096]),
}

/// Computes content digests, and remembers the digests of uniform blocks.
#[derive(Default)]
pub struct ContentHasher {
    fills: SortedMap<u8, [u8; 32]>,
}

impl ContentHasher {
    /// A hasher that remembers nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// SHA-256 of one block; `None` for zeroes, which count as a hole.
    fn block(&mut self, bytes: BlockBytes<'_>) -> Option<[u8; 32]> {
        match bytes {
            BlockBytes::Fill(0) => None,
            BlockBytes::Fill(byte) => {
                let digest = || Sha256::digest([byte; 4096]).into();
                Some(*self.fills.entry(byte).or_insert_with(digest))
            }
            BlockBytes::Bytes(bytes) if bytes.iter().all(|byte| *byte == 0) => None,
            BlockBytes::Bytes(bytes) => Some(Sha256::digest(bytes).into()),
        }
    }

    /// The digest of a file of `size` bytes: the first 16 hex digits of SHA-256 over number and SHA-256 of each
    /// block that is not all zero, in order, then the size. `blocks` ascend; blocks that are left out are zero.
    pub fn hash<'a>(&mut self, blocks: impl IntoIterator<Item = (u64, BlockBytes<'a>)>, size: u64) -> String {
        let mut whole = Sha256::new();
        for (number, bytes) in blocks {
            if let Some(digest) = self.block(bytes) {
                whole.update(number.to_le_bytes());
                whole.update(digest);
            }
        }
        whole.update(size.to_le_bytes());
        let digest = whole.finalize();
        let mut text = String::with_capacity(16);
        for byte in digest.iter().take(8) {
            write!(text, "{byte:02x}").expect("a string takes all text");
        }
        text
    }
}

/// [`ContentHasher::hash`] for once.
pub fn content_sha<'a>(blocks: impl IntoIterator<Item = (u64, BlockBytes<'a>)>, size: u64) -> String {
    ContentHasher::new().hash(blocks, size)
}
