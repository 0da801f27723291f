//! A block's bytes in parts that fit into items.

use crate::base::{Payload, SortedMap};

/// Bytes of a part.
const PART: usize = 1024;
const FILL: u8 = 0;
const BYTES: u8 = 1;

/// The parts of a block of `size` bytes: one for a uniform block.
pub fn split(data: &Payload, size: u64) -> Vec<Vec<u8>> {
    match data {
        Payload::Fill(byte) => vec![vec![FILL, *byte]],
        Payload::Bytes(bytes) => {
            let whole = usize::try_from(size).expect("a block is at most a page").min(bytes.len());
            bytes[..whole].chunks(PART).map(|part| [&[BYTES], part].concat()).collect()
        }
    }
}

/// The block of its parts; `None` when one is missing or has the wrong length.
pub fn join(parts: &SortedMap<u64, Vec<u8>>, size: u64) -> Option<Payload> {
    let size = usize::try_from(size).ok()?;
    if let Some([FILL, byte]) = parts.get(&0).map(Vec::as_slice) {
        return (parts.len() == 1).then_some(Payload::Fill(*byte));
    }
    let mut whole = Vec::with_capacity(size);
    for (expected, (number, part)) in (0..).zip(parts) {
        let (tag, bytes) = part.split_first()?;
        if expected != *number || *tag != BYTES {
            return None;
        }
        whole.extend_from_slice(bytes);
    }
    (whole.len() == size).then(|| Payload::Bytes(whole.into()))
}
