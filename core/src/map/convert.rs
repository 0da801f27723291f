//! Unwritten blocks that become written at the write, where nothing converts them later.
//!
//! Source: `ext4_ext_convert_to_initialized`, which sees one block at a time of a write without delay.

use super::Volume;
use crate::base::{Errno, Extent, ExtentKind, FileBlock, Ino, Range, Stamped};
use crate::dev::Op;

impl Volume {
    /// Each unwritten block of `range` becomes written, and with it as much around it as `zeroes` blocks allow: that
    /// part is zeroed on the device.
    pub(super) async fn convert_at_write(&self, ino: Ino, range: Range<FileBlock>, zeroes: u64) -> Result<(), Errno> {
        for at in range.iter() {
            let found = self.extents.get(ino, at).filter(|extent| extent.kind == ExtentKind::Unwritten);
            let Some(extent) = found else { continue };
            let over = self.is_taken_over(ino, extent, at);
            let part = if over { Range::sized(at, 1) } else { self.with_neighbours(ino, extent, at, zeroes) };
            let written = Extent { kind: ExtentKind::Written, ..extent.trimmed(part).expect("a part of the record") };
            let device = written.dev_range().expect("an unwritten record has an address");
            let ticket = self.io.submit(Op::Write { data: vec![(device, Stamped::ZERO)], fua: false }, device);
            self.io.wait(ticket).await?;
            let replaced = self.extents.update(ino, part, &[written]).await;
            self.dispose_replaced(&replaced, &[written]);
            if !over {
                self.place_node(ino);
            }
            self.note_ahead(ino, Range::sized(at, 1));
        }
        Ok(())
    }

    /// Whether a written neighbour takes over the block at the edge of an unwritten record.
    fn is_taken_over(&self, ino: Ino, extent: Extent, at: FileBlock) -> bool {
        let block = |at: FileBlock| Extent {
            kind: ExtentKind::Written,
            ..extent.trimmed(Range::sized(at, 1)).expect("the block lies in the record")
        };
        let before = self.extents.prev(ino, extent.start).filter(|before| before.end() == extent.start);
        let behind = self.extents.get(ino, extent.end());
        extent.len > 1
            && ((at == extent.start && before.is_some_and(|before| before.continued_by(&block(at))))
                || (at + 1 == extent.end() && behind.is_some_and(|behind| block(at).continued_by(&behind))))
    }

    /// What of an unwritten record becomes written with the block at `at`: it alone where the record reaches behind the
    /// end of the file; else short rests in front of it and behind it too.
    fn with_neighbours(&self, ino: Ino, extent: Extent, at: FileBlock, zeroes: u64) -> Range<FileBlock> {
        let one = Range::sized(at, 1);
        if extent.end() > self.eof_block(ino).max(at + 1) {
            return one;
        }
        let mut part = one;
        let behind = extent.end() - at;
        if behind > 1 {
            if behind <= zeroes {
                part.end = extent.end();
            }
            if part.end - extent.start < zeroes {
                part.start = extent.start;
            }
        }
        part
    }
}
