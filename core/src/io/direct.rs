//! Direct I/O: around the cache.

use super::{Fill, Transfer};
use crate::base::{Errno, Extent, ExtentKind, FileBlock, Ino, PAGE_SIZE, Payload, Range, Stamped, order_by};
use crate::cache::folio_lock;
use crate::dev::Op;
use crate::map::pending::Change;
use crate::map::{MappingKind, Volume};
use crate::personality::plan::{DirectPath, Misaligned, Overwrite, Placement};
use crate::trace::{Frame, Mark, Mode};

impl Volume {
    fn direct_misaligned(&self, pos: u64, len: u64) -> bool {
        let align = self.profile.direct.align;
        !pos.is_multiple_of(align) || !len.is_multiple_of(align)
    }

    /// Writes `len` bytes at `pos` to the device at once. The caller holds the inode's lock exclusively.
    pub async fn direct_write(&self, ino: Ino, pos: u64, len: u64, fill: Fill) -> Transfer {
        let _frame = self.cx.frame(Frame::Direct, pos, len);
        let nocow = self.inodes.get(ino, |inode| inode.hints.nocow);
        if self.profile.direct.path == DirectPath::ThroughCache && (!nocow || self.direct_misaligned(pos, len)) {
            return self.write_through(ino, pos, len, fill).await;
        }
        if self.direct_misaligned(pos, len) {
            let prepared = match self.profile.direct.misaligned {
                Misaligned::AtOnce => Ok(()),
                Misaligned::AtSending => self.prepare_misaligned(ino, pos, len).await,
            };
            return Transfer::stopped(0, prepared.err().unwrap_or(Errno::EINVAL));
        }
        if pos.saturating_add(len) > self.profile.max_file_size {
            return Transfer::stopped(0, Errno::EFBIG);
        }
        self.note_change(ino, Change::Map);
        let result = async {
            self.zero_old_end(ino, pos, fill).await?;
            self.learn_gap_before(ino, pos, len);
            self.write_back_wait(ino, pos, len).await?;
            self.invalidate(ino, pos, len).await;
            self.direct_blocks(ino, pos, len, fill).await
        };
        match result.await {
            Ok(()) => {
                if pos + len > self.inodes.size(ino) {
                    self.inodes.set_size(ino, pos + len);
                    self.inodes.set_disk_size(ino, pos + len);
                }
                Transfer::whole(len)
            }
            Err(errno) => Transfer::stopped(0, errno),
        }
    }

    /// What a direct write does before it finds that it cannot be sent.
    async fn prepare_misaligned(&self, ino: Ino, pos: u64, len: u64) -> Result<(), Errno> {
        self.write_back_wait(ino, pos, len).await?;
        self.invalidate(ino, pos, len).await;
        let inside = self.profile.block.covering(pos, len);
        let end = self.eof_block(ino).min(inside.end);
        if inside.start >= end || self.profile.placement != Placement::UnwrittenThenConvert {
            return Ok(());
        }
        // One mapping at a time, and the first cannot be sent.
        let first = self.mapping(ino, Range::new(inside.start, end));
        if first.kind == MappingKind::Hole {
            self.direct_places(ino, first.range).await?;
        }
        Ok(())
    }

    /// A buffered write whose pages are written at once and leave the cache. What is in flight with them stays so.
    async fn write_through(&self, ino: Ino, pos: u64, len: u64, fill: Fill) -> Transfer {
        let transfer = self.write(ino, pos, len, fill).await;
        if transfer.done == 0 {
            return transfer;
        }
        if let Err(errno) = self.write_back(ino, pos, transfer.done).await {
            return Transfer::stopped(0, errno);
        }
        self.wait_writeback(ino, pos, transfer.done).await;
        self.invalidate(ino, pos, transfer.done).await;
        transfer
    }

    /// Reads around the cache, after writing back what is dirty.
    pub async fn direct_read(&self, ino: Ino, pos: u64, len: u64) -> Transfer {
        let _frame = self.cx.frame(Frame::Direct, pos, len);
        self.note_read(ino);
        if self.direct_misaligned(pos, len) {
            return match (self.profile.direct.path, self.profile.direct.misaligned_read) {
                (DirectPath::Around, Misaligned::AtOnce) => Transfer::stopped(0, Errno::EINVAL),
                (DirectPath::Around, Misaligned::AtSending) => self.read_misaligned(ino, pos, len).await,
                (DirectPath::ThroughCache, _) => self.read(ino, pos, len).await,
            };
        }
        let end = pos.saturating_add(len).min(self.inodes.size(ino));
        if pos >= end {
            return Transfer::whole(0);
        }
        let blocks = self.profile.block.covering(pos, end - pos);
        self.look_up(ino, blocks);
        if self.profile.direct.path == DirectPath::ThroughCache {
            if let Err(errno) = self.write_back(ino, pos, end - pos).await {
                return Transfer::stopped(0, errno);
            }
            self.wait_writeback(ino, pos, end - pos).await;
            // Blocks in flight are not waited for, but read through the cache (`btrfs_dio_iomap_begin`: ENOTBLK).
            if self.ordered.overlaps(ino, blocks) {
                return self.read(ino, pos, len).await;
            }
        } else if let Err(errno) = self.write_back_wait(ino, pos, end - pos).await {
            return Transfer::stopped(0, errno);
        }
        let blocks = self.profile.block.covering(pos, end - pos);
        for mapping in self.mappings(ino, blocks) {
            if mapping.kind == MappingKind::Written
                && let Some(range) = mapping.extent.and_then(|extent| extent.dev_range())
                && let Err(errno) = self.read_checked(range).await
            {
                return Transfer::stopped(0, errno);
            }
        }
        Transfer::whole(end - pos)
    }

    /// A read around the cache that is not aligned: what is dirty is written back, holes read as zeroes, and data on the
    /// device fails where its part of the request is not aligned (`iomap_dio_bio_iter`).
    async fn read_misaligned(&self, ino: Ino, pos: u64, len: u64) -> Transfer {
        let size = self.inodes.size(ino);
        if pos >= size {
            return Transfer::whole(0);
        }
        if let Err(errno) = self.write_back_wait(ino, pos, len).await {
            return Transfer::stopped(0, errno);
        }
        let block = self.profile.block;
        let written = |mapping: &crate::map::Mapping| {
            let from = block.pos(mapping.range.start).max(pos);
            let to = block.pos(mapping.range.end).min(pos.saturating_add(len));
            mapping.kind == MappingKind::Written && self.direct_misaligned(from, to.saturating_sub(from))
        };
        if self.mappings(ino, block.covering(pos, len.min(size - pos))).iter().any(written) {
            return Transfer::stopped(0, Errno::EINVAL);
        }
        Transfer::whole(len.min(size - pos))
    }

    /// Takes clean folios that overlap the bytes out of the cache.
    pub async fn invalidate(&self, ino: Ino, pos: u64, len: u64) {
        let blocks = self.profile.block.covering(pos, len);
        for (index, pages) in self.cache.folios_in(ino, blocks) {
            let _lock = self.cx.lock(folio_lock(ino, index), Mode::Exclusive).await;
            self.wait_stable(ino, index, pages).await;
            let folio = self.cache.folio_blocks(index, pages);
            let there = self.cache.folio_at(ino, index, |found| found.pages) == Some(pages);
            if there && !self.cache.is_dirty_in(ino, folio) {
                self.drop_cached(ino, folio);
            }
        }
    }

    async fn direct_blocks(&self, ino: Ino, pos: u64, len: u64, fill: Fill) -> Result<(), Errno> {
        let blocks = self.profile.block.covering(pos, len);
        let data = self.direct_data(ino, pos, len, fill);
        let mut extents = self.stage_now(ino, blocks).await?;
        let mut at = blocks.start;
        for staged in extents.clone() {
            extents.extend(self.direct_places(ino, Range::new(at, staged.start)).await?);
            at = staged.end();
        }
        extents.extend(self.direct_places(ino, Range::new(at, blocks.end)).await?);
        order_by(&mut extents, |extent| extent.start.0);
        let converts = extents.iter().any(|extent| extent.kind == ExtentKind::Unwritten);
        self.cx.step(Mark::Io).await;
        for extent in &extents {
            self.direct_extent(*extent, &data).await?;
        }
        for extent in &mut extents {
            extent.kind = ExtentKind::Written;
        }
        self.staging.arrived(ino, blocks);
        let removed = self.extents.update(ino, blocks, &extents).await;
        self.delalloc.take(ino, blocks);
        self.dispose_replaced(&removed, &extents);
        self.load_backing(ino, blocks);
        if converts && self.profile.placement == Placement::UnwrittenThenConvert {
            // The conversion records a size, also inside what is only cached (`xfs_iomap_write_unwritten`).
            let (end, recorded) = self.inodes.get(ino, |inode| ((pos + len).min(inode.size), inode.disk_size));
            self.inodes.set_disk_size(ino, end.max(recorded));
        }
        self.learn_blocks(ino, blocks);
        Ok(())
    }

    /// Where the data of blocks goes that wait for nothing beside the tree: where they are, or to new places.
    async fn direct_places(&self, ino: Ino, blocks: Range<FileBlock>) -> Result<Vec<Extent>, Errno> {
        if blocks.is_empty() {
            return Ok(Vec::new());
        }
        self.place_hinted_holes(ino, blocks).await?;
        let has_place = |kind: ExtentKind| matches!(kind, ExtentKind::Written | ExtentKind::Unwritten);
        let parts: Vec<_> = match self.profile.overwrite {
            Overwrite::InPlace => {
                let mappings = self.mappings(ino, blocks).into_iter();
                mappings.map(|part| (part.range, part.extent.filter(|extent| has_place(extent.kind)))).collect()
            }
            Overwrite::Elsewhere => self.in_place_parts(ino, blocks),
        };
        let mut extents: Vec<Extent> = Vec::new();
        let fresh = parts.iter().filter(|(_, place)| place.is_none()).map(|(part, _)| part.len()).sum();
        // Nobody else's promise is spent: the blocks are promised to this write until they are taken.
        let promise = self.promise_or_commit(fresh).await?;
        for (part, place) in parts {
            match place {
                Some(extent) => extents.push(extent),
                None => {
                    for piece in self.known_pieces(ino, part) {
                        extents.extend(self.take_blocks(ino, piece, ExtentKind::Unwritten).await?);
                    }
                }
            }
        }
        drop(promise);
        if self.profile.placement == Placement::UnwrittenThenConvert {
            self.insert_fresh(ino, &extents).await;
        }
        Ok(extents)
    }

    /// New blocks enter the tree as unwritten before the data is sent.
    async fn insert_fresh(&self, ino: Ino, extents: &[Extent]) {
        for extent in extents {
            if self.extents.get(ino, extent.start).is_none() {
                let removed = self.extents.update(ino, extent.range(), &[*extent]).await;
                assert!(removed.is_empty(), "new blocks go where there was a hole");
                self.delalloc.take(ino, extent.range());
                self.place_node(ino);
            }
        }
    }

    /// What the blocks hold afterwards: the bytes written, around them what the file said.
    fn direct_data(&self, ino: Ino, pos: u64, len: u64, fill: Fill) -> Vec<(Range<crate::base::FileBlock>, Stamped)> {
        let block = self.profile.block;
        let whole = block.inside(pos, len);
        let new = Stamped { data: Payload::Fill(fill.byte), prov: fill.prov };
        let mut data = Vec::new();
        for edge in block.covering(pos, len).iter().filter(|at| !whole.contains(*at)) {
            let old = self.peek(ino, Range::sized(edge, 1)).swap_remove(0).1.data;
            let from = pos.max(block.pos(edge)) - block.pos(edge);
            let to = (pos + len).min(block.pos(edge + 1)) - block.pos(edge);
            let index = |at: u64| usize::try_from(at).expect("an offset in a block");
            let patched = old.patched(index(from), index(to - from), &new.data, index(block.bytes()));
            data.push((Range::sized(edge, 1), Stamped { data: patched, prov: fill.prov }));
        }
        if !whole.is_empty() {
            data.push((whole, new));
        }
        order_by(&mut data, |(range, _)| range.start.0);
        data
    }

    async fn direct_extent(
        &self,
        extent: Extent,
        data: &[(Range<crate::base::FileBlock>, Stamped)],
    ) -> Result<(), Errno> {
        let on_device = extent.dev_range().expect("direct I/O goes to an address");
        let place = |range: Range<crate::base::FileBlock>| {
            Range::sized(extent.addr + (range.start - extent.start), range.len())
        };
        let runs = data.iter().filter(|(range, _)| range.overlaps(&extent.range()));
        let data =
            runs.map(|(range, stamped)| (place(range.intersect(&extent.range())), stamped.clone())).collect::<Vec<_>>();
        self.keep_sums(extent.ino, &data);
        debug_assert!(PAGE_SIZE >= self.profile.block.bytes(), "a block is at most a page");
        let ticket = self.io.submit(Op::Write { data, fua: false }, on_device);
        self.io.wait(ticket).await.map(drop)
    }
}
