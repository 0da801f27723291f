//! Where the bytes of a write come from: one byte over and over, or the bytes of another file.

use super::Fill;
use crate::base::{FileBlock, Ino, Payload, Prov, Stamped};
use crate::map::Volume;

/// Equal bytes next to each other.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Piece {
    /// Position in the file that is written.
    pub pos: u64,
    /// Bytes.
    pub len: u64,
    /// The byte, and the command that writes it.
    pub fill: Fill,
}

/// The bytes of a write.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Source {
    /// One byte over and over.
    Fill(Fill),
    /// Pieces in order, without gaps.
    Pieces(Vec<Piece>),
}

impl Source {
    /// The parts of `[pos, pos + len)`, which lies inside, in order.
    pub fn each(&self, pos: u64, len: u64, mut part: impl FnMut(u64, u64, Fill)) {
        match self {
            Self::Fill(fill) => part(pos, len, *fill),
            Self::Pieces(pieces) => {
                let from = pieces.partition_point(|piece| piece.pos + piece.len <= pos);
                for piece in pieces[from..].iter().take_while(|piece| piece.pos < pos + len) {
                    let start = piece.pos.max(pos);
                    part(start, (piece.pos + piece.len).min(pos + len) - start, piece.fill);
                }
            }
        }
    }

    /// The command that writes.
    pub fn prov(&self) -> Prov {
        match self {
            Self::Fill(fill) => fill.prov,
            Self::Pieces(pieces) => pieces.first().map_or(Prov(0), |piece| piece.fill.prov),
        }
    }
}

impl Volume {
    /// The bytes of a file at `pos`, to be written at `to`, as a reader finds them in the cache or behind it.
    pub fn bytes_of(&self, ino: Ino, pos: u64, len: u64, to: u64, prov: Option<Prov>) -> Source {
        let block = self.profile.block;
        let mut pieces: Vec<Piece> = Vec::new();
        let mut add = |start: u64, len: u64, fill: Fill| match pieces.last_mut() {
            Some(last) if last.pos + last.len == start && last.fill == fill => last.len += len,
            _ => pieces.push(Piece { pos: start, len, fill }),
        };
        let end = pos + len;
        for (run, stamped) in self.peek(ino, block.covering(pos, len)) {
            let prov = prov.unwrap_or(stamped.prov);
            if let Payload::Fill(byte) = stamped.data {
                let from = block.pos(run.start).max(pos);
                add(from - pos + to, block.pos(run.end).min(end) - from, Fill { byte, prov });
                continue;
            }
            for at in run.iter() {
                let base = block.pos(at);
                for (offset, count, byte) in equal_bytes(&stamped, base.max(pos) - base, block.bytes().min(end - base))
                {
                    add(base + offset - pos + to, count, Fill { byte, prov });
                }
            }
        }
        Source::Pieces(pieces)
    }

    /// Whether blocks of two files hold the same bytes, `len` bytes from the start of each.
    pub fn same_bytes(&self, one: (Ino, FileBlock), other: (Ino, FileBlock), len: u64) -> bool {
        let block = self.profile.block;
        let bytes = |(ino, at): (Ino, FileBlock)| self.bytes_of(ino, block.pos(at), len, 0, Some(Prov(0)));
        bytes(one) == bytes(other)
    }
}

/// Runs of equal bytes of a block between two offsets: offset, count, byte.
fn equal_bytes(stamped: &Stamped, from: u64, to: u64) -> Vec<(u64, u64, u8)> {
    let mut runs: Vec<(u64, u64, u8)> = Vec::new();
    for at in from..to {
        let byte = stamped.data.byte(usize::try_from(at).expect("an offset in a block"));
        match runs.last_mut() {
            Some((_, count, last)) if *last == byte => *count += 1,
            _ => runs.push((at, 1, byte)),
        }
    }
    runs
}
