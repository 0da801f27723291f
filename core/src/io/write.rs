//! Buffered write: into the cache, with a promise for what has no place yet.

use super::{Fill, Source, Transfer};
use crate::base::{Errno, Extent, ExtentKind, FileBlock, Ino, PAGE_SIZE, PageIndex, Payload, Prov, Range, Stamped};
use crate::cache::folio_lock;
use crate::map::Volume;
use crate::map::begin::When;
use crate::map::pending::Change;
use crate::personality::plan::{Defect, Delayed, GrowTail, Reservation, TruncateFlush, WriteFolio, WritebackUnit};
use crate::trace::{Frame, Mode};

/// One folio's part of a write.
pub(super) struct Part {
    pub(super) index: PageIndex,
    pub(super) pages: u32,
    pub(super) pos: u64,
    pub(super) len: u64,
}

impl Volume {
    /// Writes `len` bytes at `pos`. The caller holds the inode's lock exclusively.
    ///
    /// Stops at the first error; what was done before stays. Grows the size as it goes.
    pub async fn write(&self, ino: Ino, pos: u64, len: u64, fill: Fill) -> Transfer {
        self.write_from(ino, pos, len, &Source::Fill(fill)).await
    }

    /// [`Volume::write`] of any bytes.
    pub async fn write_from(&self, ino: Ino, pos: u64, len: u64, source: &Source) -> Transfer {
        let _frame = self.cx.frame(Frame::Write, pos, len);
        if pos >= self.profile.max_file_size {
            return Transfer::stopped(0, Errno::EFBIG);
        }
        let len = len.min(self.profile.max_file_size - pos);
        self.note_change(ino, if pos + len > self.inodes.size(ino) { Change::Map } else { Change::Times });
        match self.write_into_inode(ino, pos, len, source).await {
            Ok(true) => {
                self.note_change(ino, Change::Map);
                return Transfer::whole(len);
            }
            Ok(false) => {}
            Err(errno) => return Transfer::stopped(0, errno),
        }
        if let Err(errno) = self.zero_old_end(ino, pos, Fill { byte: 0, prov: source.prov() }).await {
            return Transfer::stopped(0, errno);
        }
        self.learn_gap_before(ino, pos, len);
        let mut done = 0;
        let mut relieved = false;
        while done < len {
            let reach = match self.reserve_ahead(ino, pos + done, len - done).await {
                Err(Errno::ENOSPC) if done == 0 && !relieved => {
                    relieved = true;
                    self.give_room(ino).await;
                    continue;
                }
                reserved => reserved,
            };
            let part = match reach {
                Ok(reach) => self.write_part_of(ino, pos + done, reach, len, source).await,
                Err(errno) => Transfer::stopped(0, errno),
            };
            done += part.done;
            // What was done before is told first; the next call fails.
            let short = done > 0 && self.profile.promise.reservation != Reservation::Folio;
            match part.error {
                Some(_) if short => return Transfer::whole(done),
                Some(error) => return Transfer { done, error: Some(error) },
                None => {}
            }
        }
        Transfer::whole(done)
    }

    /// Writes `len` bytes of a call of `call` bytes, folio by folio.
    async fn write_part_of(&self, ino: Ino, pos: u64, len: u64, call: u64, source: &Source) -> Transfer {
        let mut done = 0;
        while done < len {
            match self.write_folio(ino, pos + done, len - done, call, source).await {
                // The folio was replaced while the task waited for its lock: look again.
                Ok(None) => {}
                Ok(Some(0)) => return Transfer::stopped(done, Errno::ENOSPC),
                Ok(Some(bytes)) => done += bytes,
                Err(errno) => return Transfer::stopped(done, errno),
            }
        }
        Transfer::whole(done)
    }

    /// A write or a change of size past an unaligned end: the old end's block must read as zeroes behind it.
    pub async fn zero_old_end(&self, ino: Ino, pos: u64, fill: Fill) -> Result<(), Errno> {
        let size = self.inodes.size(ino);
        let block = self.profile.block;
        if self.profile.truncate.flush == TruncateFlush::ZeroedAndUnrecorded {
            if pos > size {
                self.zero_range(ino, size, pos - size, fill.prov).await?;
            }
            return Ok(());
        }
        if pos <= size || block.aligned(size) || block.block_of(pos) == block.block_of(size) {
            return Ok(());
        }
        self.zero_tail(ino, fill.prov).await
    }

    /// The block of an unaligned end reads as zeroes behind it, as the personality sees to that.
    pub async fn zero_tail(&self, ino: Ino, prov: Prov) -> Result<(), Errno> {
        let size = self.inodes.size(ino);
        let block = self.profile.block;
        let rest = block.pos(block.block_after(size)) - size;
        match self.profile.truncate.grow {
            _ if rest == 0 => {}
            GrowTail::ZeroIfMapped => drop(self.zero_if_mapped(ino, size, rest, prov).await?),
            GrowTail::ZeroAlways => self.zero_block(ino, size, rest, prov).await?,
            GrowTail::Nothing => {}
        }
        Ok(())
    }

    /// Space runs short: pushes out what is dirty, and says whether this write can still be delayed.
    ///
    /// Writeback is started for every file and not waited for (`try_to_writeback_inodes_sb`); its error is told later.
    pub(super) async fn relieve(&self) -> When {
        let Some(plan) = self.profile.pressure else { return When::Later };
        let counts = || {
            let (delayed, taken) = self.space.ledger().rough();
            (self.profile.data_area.len().saturating_sub(taken), delayed)
        };
        let (free, delayed) = counts();
        if delayed > 0 && free < 2 * delayed {
            self.push_out().await;
        }
        let short = 2 * free < 3 * delayed || free < delayed + plan.watermark;
        if short { When::Now } else { When::Later }
    }

    /// Writes into one folio; returns the bytes done, which may be fewer than the folio has room for, or `None` when
    /// the folio is not the one that was found before its lock was taken.
    async fn write_folio(
        &self,
        ino: Ino,
        pos: u64,
        len: u64,
        call: u64,
        source: &Source,
    ) -> Result<Option<u64>, Errno> {
        let order = match self.profile.write_folio {
            WriteFolio::RestOfCall => len,
            WriteFolio::WholeCall => call,
            WriteFolio::Page => PAGE_SIZE,
        };
        let part = self.write_part(ino, pos, len, order);
        let _frame = self.cx.frame(Frame::WriteFolio, part.index.0, u64::from(part.pages));
        let when = self.relieve().await;
        let touched = self.profile.block.covering(part.pos, part.len);
        self.settle(ino, touched).await?;
        self.make_room(ino, touched).await?;
        let _lock = self.cx.lock(folio_lock(ino, part.index), Mode::Exclusive).await;
        if self.ordered.overlaps(ino, touched) {
            return Ok(None);
        }
        if !self.folio_for_write(ino, &part) {
            return Ok(None);
        }
        self.wait_stable(ino, part.index, part.pages).await;
        let block = self.profile.block;
        let wanted = block.covering(part.pos, part.len);
        if part.len < u64::from(part.pages) * PAGE_SIZE {
            self.cache.keep_states(ino, part.index);
        }
        self.fill_edges(ino, &part).await?;
        let got = self.begin_write_as(ino, wanted, when).await?;
        let end = (part.pos + part.len).min(block.pos(got.end));
        if end <= part.pos {
            return Ok(Some(0));
        }
        source.each(part.pos, end - part.pos, |pos, len, fill| self.copy_in(ino, pos, len, fill));
        if end > self.inodes.size(ino) {
            self.inodes.set_size(ino, end);
            // With blocks that are written at once the size is, too (`ext4_write_end`).
            if self.profile.delayed == Delayed::Never {
                self.inodes.set_disk_size(ino, end);
            }
        }
        self.tell_too_early(ino, wanted);
        Ok(Some(end - part.pos))
    }

    /// What the device is told when the cache has data, and should be told when the device has it.
    fn tell_too_early(&self, ino: Ino, blocks: Range<FileBlock>) {
        if self.is_wrong(Defect::SizeEarly) {
            self.inodes.set_disk_size(ino, self.inodes.size(ino));
        } else if self.is_wrong(Defect::ConvertEarly) {
            for extent in self.extents.pieces(ino, blocks).into_iter().filter_map(|(_, extent)| extent) {
                if extent.kind == ExtentKind::Unwritten {
                    let written = Extent { kind: ExtentKind::Written, ..extent };
                    self.extents.replace(ino, extent.range(), &[written]);
                }
            }
        }
    }

    /// Whether the folio is still the one that was found, or could be added; its lock is held.
    pub(super) fn folio_for_write(&self, ino: Ino, part: &Part) -> bool {
        match self.cache.folio_at(ino, part.index, |folio| (folio.index, folio.pages)) {
            Some(found) => found == (part.index, part.pages),
            None => {
                let free = !self.cache.has_folio_in(ino, self.cache.folio_blocks(part.index, part.pages));
                if free {
                    self.add_folio(ino, part.index, part.pages);
                }
                free
            }
        }
    }

    /// The folio that is there for `pos`, or the one to add, at most `order` bytes long (`fgf_set_order`).
    pub(super) fn write_part(&self, ino: Ino, pos: u64, len: u64, order: u64) -> Part {
        let page = PageIndex(pos / PAGE_SIZE);
        let (index, pages) = match self.cache.folio_at(ino, page, |folio| (folio.index, folio.pages)) {
            Some(found) => found,
            None => (page, self.cache.room(ino, page, (order / PAGE_SIZE).max(1))),
        };
        let end = (index.0 + u64::from(pages)) * PAGE_SIZE;
        Part { index, pages, pos, len: len.min(end - pos) }
    }

    /// Blocks that are overwritten in part must say what the file says before.
    async fn fill_edges(&self, ino: Ino, part: &Part) -> Result<(), Errno> {
        let block = self.profile.block;
        let inside = block.inside(part.pos, part.len);
        let covering = block.covering(part.pos, part.len);
        match self.profile.unit {
            WritebackUnit::DirtyBlocks => {
                self.fill_or_zero(ino, Range::new(covering.start, inside.start.min(covering.end))).await?;
                self.fill_or_zero(ino, Range::new(inside.end.max(covering.start), covering.end)).await
            }
            WritebackUnit::Folio => {
                let folio = self.cache.folio_blocks(part.index, part.pages);
                if inside == folio { Ok(()) } else { self.fill_or_zero(ino, folio).await }
            }
        }
    }

    async fn fill_or_zero(&self, ino: Ino, range: Range<FileBlock>) -> Result<(), Errno> {
        if range.is_empty() { Ok(()) } else { self.fill(ino, range).await }
    }

    /// Puts the bytes into the folio, which is locked and prepared.
    pub fn copy_in(&self, ino: Ino, pos: u64, len: u64, fill: Fill) {
        self.patch(ino, pos, len, fill);
        self.inodes.list(ino);
        self.cache.set_state(ino, self.profile.block.covering(pos, len), |mut state| {
            state.uptodate = true;
            state.dirty = true;
            state
        });
    }

    /// Changes bytes of cached blocks and no state.
    pub fn patch(&self, ino: Ino, pos: u64, len: u64, fill: Fill) {
        let block = self.profile.block;
        let whole = block.inside(pos, len);
        let source = Stamped { data: Payload::Fill(fill.byte), prov: fill.prov };
        for edge in block.covering(pos, len).iter().filter(|at| !whole.contains(*at)) {
            let start = block.pos(edge);
            let from = pos.max(start) - start;
            let to = (pos + len).min(start + block.bytes()) - start;
            let as_index = |at: u64| usize::try_from(at).expect("an offset in a block");
            let old = self.cache.data(ino, edge).map_or(Payload::ZERO, |stamped| stamped.data);
            let data = old.patched(as_index(from), as_index(to - from), &source.data, as_index(block.bytes()));
            self.cache.set_data(ino, Range::sized(edge, 1), &Stamped { data, prov: fill.prov });
        }
        if !whole.is_empty() {
            self.cache.set_data(ino, whole, &source);
        }
    }

    /// Waits until a folio is not under writeback (`folio_wait_stable`).
    pub async fn wait_stable(&self, ino: Ino, index: PageIndex, pages: u32) {
        let blocks = self.cache.folio_blocks(index, pages);
        let reason = crate::trace::Reason::Writeback(u64::from(ino.0));
        self.cache.writeback_ended().wait_until(&self.cx, reason, || !self.cache.under_writeback(ino, blocks)).await;
    }
}
