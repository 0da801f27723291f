//! Compressed pieces: the blocks of the device that they take, until nobody uses any of theirs.

use super::Space;
use crate::base::packed::{PACKED, Piece};
use crate::base::{DevBlock, Range, RangeMap, SortedMap};
use crate::trace::Event;

/// The pieces, and the first address that was never given.
#[derive(Clone, Debug, Default)]
pub(super) struct Pieces {
    by_start: SortedMap<DevBlock, Piece>,
    next: Option<DevBlock>,
}

impl Space {
    /// `count` blocks lie compressed in `device`. Returns their addresses, which no piece had before.
    pub fn pack(&self, count: u64, device: Range<DevBlock>) -> Range<DevBlock> {
        let start = self.0.pieces.with(|pieces| pieces.next).unwrap_or(PACKED);
        let packed = Range::sized(start, count);
        self.put_piece(start, Piece { end: packed.end, device, left: count });
        packed
    }

    /// Where the piece of an address lies on the device; `None` for an address that is the device's own.
    pub fn piece_of(&self, at: DevBlock) -> Option<DevBlock> {
        self.0.pieces.with(|pieces| piece_of(&pieces.by_start, at))
    }

    /// All pieces.
    pub fn pieces(&self) -> SortedMap<DevBlock, Piece> {
        self.0.pieces.with(|pieces| pieces.by_start.clone())
    }

    /// A mount found these pieces, and which blocks are used. Returns what the pieces take on the device.
    pub fn load_pieces(
        &self,
        found: impl Iterator<Item = (Range<DevBlock>, Range<DevBlock>)>,
        used: &RangeMap<DevBlock, ()>,
    ) -> Vec<Range<DevBlock>> {
        let mut taken = Vec::new();
        for (packed, device) in found {
            let left = used.covered(packed);
            if left > 0 {
                self.put_piece(packed.start, Piece { end: packed.end, device, left });
                taken.push(device);
            }
        }
        taken
    }

    fn put_piece(&self, start: DevBlock, piece: Piece) {
        self.0.pieces.change(|pieces| {
            pieces.by_start.insert(start, piece);
            // One address stays unused, so that two pieces never seem to continue each other.
            pieces.next = pieces.next.max(Some(piece.end + 1));
        });
        let Piece { end, device, left } = piece;
        self.0.cx.emit(|| Event::PiecePacked { packed: Range::new(start, end), device, left });
    }

    /// Blocks of pieces are used no more. Pieces without a used block give back what they take.
    pub(super) fn free_packed(&self, range: Range<DevBlock>) {
        let over: Vec<(DevBlock, Piece)> = self.0.pieces.with(|pieces| {
            let behind = pieces.by_start.range(..range.end).rev();
            behind.take_while(|(_, piece)| piece.end > range.start).map(|(start, piece)| (*start, *piece)).collect()
        });
        let covered: u64 =
            over.iter().map(|(start, piece)| Range::new(*start, piece.end).intersect(&range).len()).sum();
        assert!(covered == range.len(), "blocks of pieces are freed");
        for (start, piece) in over {
            let gone = Range::new(start, piece.end).intersect(&range).len();
            let left = piece.left.checked_sub(gone).expect("only used blocks of a piece are freed");
            self.0.pieces.change(|pieces| match left {
                0 => drop(pieces.by_start.remove(&start)),
                _ => drop(pieces.by_start.insert(start, Piece { left, ..piece })),
            });
            self.0.cx.emit(|| Event::PieceLeft { start, left });
            if left == 0 {
                self.free(piece.device);
            }
        }
    }

    /// Everything in memory is gone. Addresses are not given again: the device still has what they named.
    pub(super) fn forget_pieces(&self) {
        self.0.pieces.change(|pieces| pieces.by_start.clear());
    }
}

/// Where the piece of an address lies on the device, for the engine and for the picture.
pub fn piece_of(pieces: &SortedMap<DevBlock, Piece>, at: DevBlock) -> Option<DevBlock> {
    let (_, piece) = pieces.range(..=at).next_back().filter(|(_, piece)| at < piece.end)?;
    Some(piece.device.start)
}
