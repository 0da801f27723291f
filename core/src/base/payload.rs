//! Real bytes, uniform blocks kept compactly, and the tag that says who wrote them.

use serde::{Deserialize, Serialize, Serializer};
use std::fmt;
use std::rc::Rc;

/// The contents of a block, or of each block of a uniform run.
#[derive(Clone)]
pub enum Payload {
    /// Every byte is the same. Made by whoever fills; looked for only in bytes from outside.
    Fill(u8),
    /// The bytes of a block, or of each block of a run: blocks whose bytes happen to be equal join to one.
    Bytes(Rc<[u8]>),
}

impl Payload {
    /// All zeroes.
    pub const ZERO: Self = Self::Fill(0);

    /// The contents of a block whose bytes come from outside.
    pub fn found(bytes: &[u8]) -> Self {
        match bytes.first() {
            Some(first) if is_filled(bytes, *first) => Self::Fill(*first),
            _ => Self::Bytes(bytes.into()),
        }
    }

    /// The byte at `at`, which is inside the block.
    pub fn byte(&self, at: usize) -> u8 {
        match self {
            Self::Fill(byte) => *byte,
            Self::Bytes(bytes) => bytes[at],
        }
    }
    /// Copies the bytes from `from` on into `out`.
    pub fn copy_to(&self, from: usize, out: &mut [u8]) {
        match self {
            Self::Fill(byte) => out.fill(*byte),
            Self::Bytes(bytes) => out.copy_from_slice(&bytes[from..from + out.len()]),
        }
    }
    /// Fills `out` with equal blocks of `size` bytes.
    pub fn repeat_to(&self, out: &mut [u8], size: usize) {
        match self {
            Self::Fill(byte) => out.fill(*byte),
            Self::Bytes(_) => out.chunks_exact_mut(size).for_each(|block| self.copy_to(0, block)),
        }
    }
    /// The block with `[at, at + len)` replaced from `source` (taken at the same offsets). `size` is the block's.
    pub fn patched(&self, at: usize, len: usize, source: &Self, size: usize) -> Self {
        if at == 0 && len == size {
            return source.clone();
        }
        if let (Self::Fill(old), Self::Fill(new)) = (self, source)
            && old == new
        {
            return self.clone();
        }
        let mut bytes = vec![0; size];
        self.copy_to(0, &mut bytes);
        source.copy_to(at, &mut bytes[at..at + len]);
        Self::Bytes(bytes.into())
    }
}

/// Whether every byte is this one. Looks at eight at a time: no compiler does so for a loop that may end early.
fn is_filled(bytes: &[u8], byte: u8) -> bool {
    let word = u64::from_ne_bytes([byte; 8]);
    let (words, rest) = bytes.as_chunks::<8>();
    words.iter().all(|chunk| u64::from_ne_bytes(*chunk) == word) && rest.iter().all(|other| *other == byte)
}

impl PartialEq for Payload {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Fill(a), Self::Fill(b)) => a == b,
            (Self::Bytes(a), Self::Bytes(b)) => Rc::ptr_eq(a, b) || a == b,
            (Self::Fill(fill), Self::Bytes(bytes)) | (Self::Bytes(bytes), Self::Fill(fill)) => is_filled(bytes, *fill),
        }
    }
}
impl Eq for Payload {}

impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fill(byte) => write!(f, "fill {byte:#04x}"),
            Self::Bytes(bytes) => write!(f, "{} bytes #{:016x}", bytes.len(), digest(bytes)),
        }
    }
}

/// In a trace the bytes appear as their digest.
impl Serialize for Payload {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Fill(byte) => to.collect_str(&format_args!("fill {byte:#04x}")),
            Self::Bytes(bytes) => to.collect_str(&format_args!("{:016x}", digest(bytes))),
        }
    }
}

/// FNV-1a over 64 bits: names contents in traces and digests; no defence against an adversary.
pub fn digest(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

/// Who wrote a block: the number of the command in the run, 0 for nobody (zeroes of a hole, prefill).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Prov(pub u32);

impl fmt::Debug for Prov {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "by #{}", self.0)
    }
}

/// A block's contents and who wrote them.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Stamped {
    /// The contents.
    pub data: Payload,
    /// The command that wrote them last.
    pub prov: Prov,
}

impl Stamped {
    /// Zeroes that nobody wrote.
    pub const ZERO: Self = Self { data: Payload::ZERO, prov: Prov(0) };
}
