//! What a file should hold, computed from the commands, so that nobody has to read it: reading fills the page cache and
//! so changes what SEEK_DATA answers.

use std::collections::BTreeMap;

use extentscope_core::observe::{BlockBytes, ContentHasher};

const BLOCK: u64 = 4096;

/// One block that is not known to be all zeroes.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Block {
    Fill(u8),
    Bytes(Box<[u8; 4096]>),
}

impl Block {
    fn copy_to(&self, from: usize, to: &mut [u8]) {
        match self {
            Self::Fill(byte) => to.fill(*byte),
            Self::Bytes(bytes) => to.copy_from_slice(&bytes[from..from + to.len()]),
        }
    }
}

/// The content of one file.
#[derive(Clone, Debug, Default)]
pub struct Shadow {
    blocks: BTreeMap<u64, Block>,
    size: u64,
    unknown: bool,
    digest: Option<String>,
}

fn index(at: u64) -> usize {
    usize::try_from(at).expect("inside a block, or a file that fits memory")
}

impl Shadow {
    /// Bytes.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Whether a command ended in a way that does not tell what the file holds.
    pub fn is_unknown(&self) -> bool {
        self.unknown
    }

    /// From now on the file has to be read.
    pub fn forget(&mut self) {
        self.unknown = true;
    }

    /// Sets a block in part; the bytes behind stay.
    fn put(&mut self, number: u64, from: usize, bytes: &[u8]) {
        let old = self.blocks.remove(&number).unwrap_or(Block::Fill(0));
        let mut whole = Box::new([0; 4096]);
        old.copy_to(0, whole.as_mut_slice());
        whole[from..from + bytes.len()].copy_from_slice(bytes);
        if whole.iter().any(|byte| *byte != 0) {
            self.blocks.insert(number, Block::Bytes(whole));
        }
    }

    /// Fills bytes; the file does not grow.
    pub fn fill(&mut self, off: u64, len: u64, byte: u8) {
        self.digest = None;
        let end = off.saturating_add(len);
        let whole = off.div_ceil(BLOCK)..end / BLOCK;
        if byte == 0 && whole.start < whole.end {
            // Nothing is kept for zeroes, and a hole may be as long as a file can be.
            let mut behind = self.blocks.split_off(&whole.start);
            self.blocks.append(&mut behind.split_off(&whole.end));
        } else {
            self.blocks.extend(whole.clone().map(|number| (number, Block::Fill(byte))));
        }
        let mut edge = |from: u64, to: u64| {
            if from < to && (byte != 0 || self.blocks.contains_key(&(from / BLOCK))) {
                self.put(from / BLOCK, index(from % BLOCK), &vec![byte; index(to - from)]);
            }
        };
        if whole.start <= whole.end {
            edge(off, (whole.start * BLOCK).min(end));
            edge((whole.end * BLOCK).max(off), end);
        } else {
            edge(off, end);
        }
    }

    /// Fills bytes inside the file.
    pub fn fill_inside(&mut self, off: u64, len: u64, byte: u8) {
        self.fill(off, len.min(self.size.saturating_sub(off)), byte);
    }

    /// Puts bytes in; the file does not grow.
    pub fn write(&mut self, mut off: u64, mut bytes: &[u8]) {
        self.digest = None;
        while !bytes.is_empty() {
            let from = index(off % BLOCK);
            let (now, rest) = bytes.split_at(bytes.len().min(4096 - from));
            self.put(off / BLOCK, from, now);
            off += now.len() as u64;
            bytes = rest;
        }
    }

    /// The file is at least this long.
    pub fn grow(&mut self, size: u64) {
        self.digest = None;
        self.size = self.size.max(size);
    }

    /// The file is as long as this; what was behind is gone.
    pub fn truncate(&mut self, size: u64) {
        if size < self.size {
            self.fill(size, u64::MAX - size, 0);
        }
        self.digest = None;
        self.size = size;
    }

    /// Whether these bytes are what the file holds there.
    pub fn holds(&self, off: u64, bytes: &[u8]) -> bool {
        let mut at = off;
        let mut rest = bytes;
        let mut block = [0; 4096];
        while !rest.is_empty() {
            let from = index(at % BLOCK);
            let (now, behind) = rest.split_at(rest.len().min(4096 - from));
            match self.blocks.get(&(at / BLOCK)) {
                Some(found) => found.copy_to(from, &mut block[..now.len()]),
                None => block[..now.len()].fill(0),
            }
            if block[..now.len()] != *now {
                return false;
            }
            at += now.len() as u64;
            rest = behind;
        }
        true
    }

    /// Every byte; the file must fit memory.
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = vec![0; index(self.size)];
        for (at, piece) in self.pieces(0, self.size) {
            bytes[index(at)..index(at) + piece.len()].copy_from_slice(&piece);
        }
        bytes
    }

    /// The bytes of a range that are kept, in pieces, with their offsets.
    fn pieces(&self, off: u64, end: u64) -> Vec<(u64, Vec<u8>)> {
        let numbers = off / BLOCK..end.div_ceil(BLOCK);
        let blocks = self.blocks.range(numbers);
        let pieces = blocks.filter_map(|(number, block)| {
            let (from, to) = (off.max(number * BLOCK), end.min((number + 1) * BLOCK));
            let mut bytes = vec![0; index(to.checked_sub(from)?)];
            block.copy_to(index(from % BLOCK), &mut bytes);
            Some((from, bytes))
        });
        pieces.collect()
    }

    /// Moves everything from byte `from` on by `by` bytes.
    fn shift(&mut self, from: u64, by: i64) {
        let pieces = self.pieces(from, u64::MAX - BLOCK);
        self.fill(from, u64::MAX - BLOCK - from, 0);
        for (at, bytes) in pieces {
            self.write(at.saturating_add_signed(by), &bytes);
        }
        self.size = self.size.saturating_add_signed(by);
    }

    /// FALLOC_FL_COLLAPSE_RANGE.
    pub fn collapse(&mut self, off: u64, len: u64) {
        self.fill(off, len, 0);
        self.shift(off.saturating_add(len), -i64::try_from(len).unwrap_or(i64::MAX));
    }

    /// FALLOC_FL_INSERT_RANGE.
    pub fn insert(&mut self, off: u64, len: u64) {
        self.shift(off, i64::try_from(len).unwrap_or(i64::MAX));
    }

    /// Takes a range of a file, which may be this file as it was.
    pub fn copy_from(&mut self, source: &Self, source_off: u64, dest_off: u64, len: u64) {
        let len = len.min(source.size.saturating_sub(source_off));
        self.fill(dest_off, len, 0);
        for (at, bytes) in source.pieces(source_off, source_off.saturating_add(len)) {
            self.write(at - source_off + dest_off, &bytes);
        }
        self.grow(dest_off.saturating_add(len));
        self.unknown |= source.unknown;
    }

    /// The digest that observations have.
    pub fn digest(&mut self, hasher: &mut ContentHasher) -> String {
        let blocks = self.blocks.iter().map(|(number, block)| match block {
            Block::Fill(byte) => (*number, BlockBytes::Fill(*byte)),
            Block::Bytes(bytes) => (*number, BlockBytes::Bytes(bytes)),
        });
        self.digest.get_or_insert_with(|| hasher.hash(blocks, self.size)).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The same operations on a plain vector.
    #[test]
    fn a_shadow_is_a_file() {
        let mut shadow = Shadow::default();
        let mut plain = vec![0u8; 40_000];
        shadow.grow(40_000);
        let fills = [(0, 40_000, 1), (100, 5000, 2), (4096, 8192, 0), (9000, 10, 3), (8191, 2, 0), (20_000, 4096, 0)];
        for (off, len, byte) in fills {
            shadow.fill(off, len, byte);
            plain[index(off)..index(off + len)].fill(byte);
            assert!(shadow.holds(0, &plain), "fill {off} {len} {byte}");
        }
        shadow.collapse(1024, 3072);
        plain.drain(1024..4096);
        shadow.insert(5120, 1024);
        plain.splice(5120..5120, [0; 1024]);
        assert_eq!(shadow.size(), plain.len() as u64);
        assert!(shadow.holds(0, &plain));
        let source = shadow.clone();
        shadow.copy_from(&source, 0, 30_000, 9000);
        plain.resize(39_000, 0);
        plain.copy_within(0..9000, 30_000);
        assert!(shadow.holds(0, &plain) && shadow.size() == 39_000);
        shadow.truncate(30_100);
        shadow.grow(39_000);
        plain[30_100..].fill(0);
        assert!(shadow.holds(0, &plain));
        plain[7] = 0x77;
        assert!(!shadow.holds(0, &plain));
    }

    #[test]
    fn equal_contents_have_equal_digests() {
        let mut hasher = ContentHasher::new();
        let (mut one, mut other) = (Shadow::default(), Shadow::default());
        one.fill(0, 8192, 5);
        other.write(0, &[5; 8192]);
        other.fill(100_000, 5000, 9);
        other.fill(99_000, 50_000, 0);
        one.grow(8192);
        other.grow(8192);
        assert_eq!(one.digest(&mut hasher), other.digest(&mut hasher));
    }
}
