//! What lies at a block, and how far.

use super::Volume;
use crate::base::{DevBlock, Extent, ExtentKind, FileBlock, Ino, Range};

/// What a range of a file is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MappingKind {
    /// Nothing on the device and nothing promised.
    Hole,
    /// Promised, in the index of delayed ranges.
    Delayed,
    /// Has an address and data.
    Written,
    /// Has an address, reads as zeroes.
    Unwritten,
    /// Reserved by a key, reads as zeroes.
    Reserved,
    /// Data inside metadata.
    Inline,
}

/// The largest range around a block, cut to what was asked, that is all of one kind.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Mapping {
    /// What it is.
    pub kind: MappingKind,
    /// Where in the file. Not empty.
    pub range: Range<FileBlock>,
    /// The record of the tree, cut to the range, for kinds that have one.
    pub extent: Option<Extent>,
}

impl Mapping {
    /// A mapping for a question about `asked`. Checks what every user relies on (`iomap_iter_done`).
    fn new(kind: MappingKind, range: Range<FileBlock>, extent: Option<Extent>, asked: FileBlock) -> Self {
        assert!(!range.is_empty(), "a mapping is not empty");
        assert!(range.start <= asked, "a mapping starts at or before the question");
        assert!(range.end > asked, "a mapping reaches past the question");
        if let Some(extent) = extent {
            assert!(extent.range() == range, "the record is cut to the mapping");
        }
        Self { kind, range, extent }
    }

    /// The mapping of a record that is cut already.
    fn of(extent: Extent, asked: FileBlock) -> Self {
        let kind = match extent.kind {
            ExtentKind::Written => MappingKind::Written,
            ExtentKind::Unwritten => MappingKind::Unwritten,
            ExtentKind::Reserved => MappingKind::Reserved,
            ExtentKind::Inline => MappingKind::Inline,
        };
        Self::new(kind, extent.range(), Some(extent), asked)
    }

    /// Where the first block is on the device.
    pub fn addr(&self) -> Option<DevBlock> {
        self.extent.filter(|extent| extent.kind.has_address()).map(|extent| extent.addr)
    }

    /// Whether reading gives zeroes without asking the device.
    pub fn reads_as_zero(&self) -> bool {
        !matches!(self.kind, MappingKind::Written | MappingKind::Inline)
    }
}

impl Volume {
    /// What lies at `range.start`, cut to `range`, which is not empty. Ask under the tree's lock.
    pub fn mapping(&self, ino: Ino, range: Range<FileBlock>) -> Mapping {
        let at = range.start;
        let found = self.extents.next(ino, at);
        if let Some(extent) = found.filter(|extent| extent.start <= at) {
            let extent = extent.trimmed(range).expect("the extent covers the block");
            return Mapping::of(extent, at);
        }
        let hole = Range::new(at, found.map_or(range.end, |next| next.start.min(range.end)));
        match self.delalloc.next(ino, at) {
            Some(delayed) if delayed.start <= at => {
                Mapping::new(MappingKind::Delayed, Range::new(at, delayed.end.min(hole.end)), None, at)
            }
            Some(delayed) => Mapping::new(MappingKind::Hole, Range::new(at, delayed.start.min(hole.end)), None, at),
            None => Mapping::new(MappingKind::Hole, hole, None, at),
        }
    }

    /// The parts of `range` that are holes, in order.
    pub fn holes(&self, ino: Ino, range: Range<FileBlock>) -> Vec<Range<FileBlock>> {
        let mut holes = Vec::new();
        let mut add = |part, delayed: bool| {
            if !delayed {
                holes.push(part);
            }
        };
        self.extents.each_piece(ino, range, |part, extent| {
            if extent.is_none() {
                self.delalloc.each_part(ino, part, &mut add);
            }
        });
        holes
    }

    /// All mappings of `range`, in order.
    pub fn mappings(&self, ino: Ino, range: Range<FileBlock>) -> Vec<Mapping> {
        let mut all = Vec::new();
        self.extents.each_piece(ino, range, |part, extent| match extent {
            Some(extent) => all.push(Mapping::of(extent, part.start)),
            None => self.delalloc.each_part(ino, part, |part, delayed| {
                let kind = if delayed { MappingKind::Delayed } else { MappingKind::Hole };
                all.push(Mapping::new(kind, part, None, part.start));
            }),
        });
        all
    }
}
