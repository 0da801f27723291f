//! reflink, dedupe and copy_file_range: blocks of one file become blocks of another too.

use super::remap::{Remap, RemapKind, area, copy_len};
use super::{Fs, OpResult};
use crate::base::{DevBlock, Errno, Extent, ExtentKind, FileBlock, Ino, PAGE_SIZE, PageIndex, Prov, Range};
use crate::inode::{inode_lock, invalidate_lock};
use crate::io::{Fill, Transfer};
use crate::map::{MappingKind, Volume};
use crate::personality::plan::{
    RemapFlush, RemapGap, RemapInline, RemapMixed, RemapPlan, RemapTarget, RemapUnwritten, Reservation, SharePlan,
};
use crate::sim::Guard;
use crate::trace::{Frame, Mode};

/// Most bytes that a copy through the cache moves in one piece: a pipe of sixteen pages (`splice_file_range`).
const PIPE_PAGES: u64 = 16;
/// Most bytes that one call of dedupe looks at (`vfs_dedupe_file_range`).
const DEDUPE_MAX: u64 = 1 << 30;

/// Two ranges as a program gives them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CloneAsk {
    /// The file to take from.
    pub source: Ino,
    /// Where from, in bytes.
    pub source_off: i64,
    /// The file that gets the blocks.
    pub target: Ino,
    /// Where to, in bytes.
    pub target_off: i64,
    /// Bytes.
    pub len: i64,
    /// The command.
    pub prov: Prov,
}

/// What a dedupe found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Deduped {
    /// So many bytes are the same; whole blocks of them are shared now.
    Same(u64),
    /// The contents differ; nothing changed.
    Differs,
    /// The answer for this target is an error; the call itself succeeded.
    Refused(Errno),
}

impl CloneAsk {
    fn remap(&self, kind: RemapKind) -> Result<Remap, Errno> {
        let (source_pos, len) = area(self.source_off, self.len)?;
        let (target_pos, _) = area(self.target_off, self.len)?;
        Ok(Remap { source: self.source, source_pos, target: self.target, target_pos, len, kind })
    }
}

/// Locks of both files, the inodes' in rising order, then the mappings' (`lock_two_nondirectories`).
async fn lock_both(volume: &Volume, one: Ino, other: Ino) -> Vec<Guard> {
    let (low, high) = (one.min(other), one.max(other));
    let inodes = if low == high { vec![low] } else { vec![low, high] };
    let mut guards = Vec::new();
    for ino in &inodes {
        guards.push(volume.cx.lock(inode_lock(*ino), Mode::Exclusive).await);
    }
    for ino in &inodes {
        guards.push(volume.cx.lock(invalidate_lock(*ino), Mode::Exclusive).await);
    }
    guards
}

impl Fs {
    /// FICLONE and FICLONERANGE; length 0 means to the end of the source.
    pub async fn clone_range(&self, ask: &CloneAsk) -> OpResult<()> {
        let plan = self.volume().profile.clone.remap.ok_or(Errno::EOPNOTSUPP)?;
        let remap = ask.remap(RemapKind::Clone)?;
        Ok(self.remap(remap, plan, ask.prov).await.map(drop)?)
    }

    /// FIDEDUPERANGE on one target.
    pub async fn dedupe(&self, ask: &CloneAsk) -> OpResult<Deduped> {
        let plan = self.volume().profile.clone.remap.ok_or(Errno::EOPNOTSUPP)?;
        let mut remap = ask.remap(RemapKind::Dedupe)?;
        if remap.source_pos + remap.len > self.volume().inodes.size(ask.source) {
            return Err(Errno::EINVAL.into());
        }
        remap.len = remap.len.min(DEDUPE_MAX);
        Ok(match self.remap(remap, plan, ask.prov).await {
            Ok(Some(_)) => Deduped::Same(remap.len),
            Ok(None) => Deduped::Differs,
            Err(errno) => Deduped::Refused(errno),
        })
    }

    /// One copy_file_range(2): shares what can be shared, else copies through the cache. 0 at the source's end.
    pub async fn copy_range(&self, ask: &CloneAsk) -> Transfer {
        let volume = self.volume();
        let asked = ask.remap(RemapKind::Copy).and_then(|remap| Ok(Remap { len: copy_len(volume, &remap)?, ..remap }));
        let remap = match asked {
            Ok(remap) if remap.len == 0 => return Transfer::whole(0),
            Ok(remap) => remap,
            Err(errno) => return Transfer::stopped(0, errno),
        };
        let _frame = volume.cx.frame(Frame::Copy, remap.source_pos, remap.len);
        if let Some(plan) = volume.profile.clone.remap
            && let Ok(Some(done)) = self.remap(remap, plan, ask.prov).await
            && done > 0
        {
            return Transfer::whole(done);
        }
        self.splice(remap, ask.prov).await
    }

    /// Bytes through the page cache, a pipe's worth at a time.
    async fn splice(&self, remap: Remap, prov: Prov) -> Transfer {
        let volume = self.volume();
        let mut done = 0;
        while done < remap.len {
            let from = remap.source_pos + done;
            let part = (PIPE_PAGES * PAGE_SIZE - from % PAGE_SIZE).min(remap.len - done);
            let read = volume.read(remap.source, from, part).await;
            if read.done == 0 {
                return Transfer { done, error: read.error };
            }
            let bytes = volume.bytes_of(remap.source, from, read.done, remap.target_pos + done, Some(prov));
            let lock = volume.cx.lock(inode_lock(remap.target), Mode::Exclusive).await;
            let written = volume.write_from(remap.target, remap.target_pos + done, read.done, &bytes).await;
            drop(lock);
            done += written.done;
            if written.error.is_some() || written.done < read.done {
                let error = if done > 0 { None } else { written.error };
                return Transfer { done, error };
            }
        }
        Transfer::whole(done)
    }

    /// `remap_file_range`: how many bytes are shared now, or `None` when a dedupe finds other bytes.
    async fn remap(&self, asked: Remap, plan: RemapPlan, prov: Prov) -> Result<Option<u64>, Errno> {
        let volume = self.volume();
        let _frame = volume.cx.frame(Frame::Remap, asked.source_pos, asked.len);
        let _locks = lock_both(volume, asked.source, asked.target).await;
        let nocow = |ino| volume.inodes.get(ino, |inode| inode.hints.nocow);
        if plan.mixed == RemapMixed::Refused && nocow(asked.source) != nocow(asked.target) {
            return Err(Errno::EINVAL);
        }
        if plan.flush == RemapFlush::WholeSource {
            volume.write_back(asked.source, 0, u64::MAX >> 1).await?;
            let len = asked.flushed(volume);
            // No bytes from the first on mean all of a file (`btrfs_wait_ordered_range`).
            let all = |pos: u64| if len == 0 && pos == 0 { u64::MAX >> 1 } else { len };
            volume.write_back_wait(asked.source, asked.source_pos, all(asked.source_pos)).await?;
            volume.write_back_wait(asked.target, asked.target_pos, all(asked.target_pos)).await?;
        }
        let remap = asked.check(volume)?;
        if remap.len == 0 {
            return Ok(Some(0));
        }
        volume.write_back_wait(remap.source, remap.source_pos, remap.len).await?;
        volume.write_back_wait(remap.target, remap.target_pos, remap.len).await?;
        if remap.kind == RemapKind::Dedupe && !self.same(&remap).await? {
            return Ok(None);
        }
        let remap = remap.check_tail(volume)?;
        if remap.len == 0 {
            return Ok(Some(0));
        }
        self.prepare_target(&remap, plan, prov).await?;
        volume.inodes.set_shares(remap.source, true);
        volume.inodes.set_shares(remap.target, true);
        self.share(&remap, plan).await?;
        let end = remap.target_pos + remap.len;
        if remap.kind != RemapKind::Dedupe && end > volume.inodes.size(remap.target) {
            volume.inodes.set_size(remap.target, end);
            volume.inodes.set_disk_size(remap.target, end);
        }
        Ok(Some(remap.len))
    }

    /// Reads both ranges into the cache, page by page, until one differs (`vfs_dedupe_file_range_compare`).
    async fn same(&self, remap: &Remap) -> Result<bool, Errno> {
        let volume = self.volume();
        let block = volume.profile.block;
        let mut done = 0;
        while done < remap.len {
            let part = (PAGE_SIZE - (remap.source_pos + done) % PAGE_SIZE)
                .min(PAGE_SIZE - (remap.target_pos + done) % PAGE_SIZE)
                .min(remap.len - done);
            for (ino, pos) in [(remap.source, remap.source_pos), (remap.target, remap.target_pos)] {
                volume.read_page_alone(ino, PageIndex((pos + done) / PAGE_SIZE)).await?;
            }
            let at = |ino, pos: u64| (ino, block.block_of(pos + done));
            if !volume.same_bytes(at(remap.source, remap.source_pos), at(remap.target, remap.target_pos), part) {
                return Ok(false);
            }
            done += part;
        }
        Ok(true)
    }

    /// The bytes in front of the range are written, the cached pages of the range go.
    async fn prepare_target(&self, remap: &Remap, plan: RemapPlan, prov: Prov) -> Result<(), Errno> {
        let volume = self.volume();
        let (ino, mut from) = (remap.target, remap.target_pos);
        let size = volume.inodes.size(ino);
        if from > size && plan.gap != RemapGap::Left {
            volume.zero_old_end(ino, from, Fill { byte: 0, prov }).await?;
            volume.write_back_wait(ino, size, from - size).await?;
            let block = volume.profile.block;
            volume.learn_gap(ino, Range::new(block.block_after(size), block.block_of(from)));
            if plan.gap == RemapGap::WrittenAndDropped {
                from = size;
            }
        }
        if remap.kind == RemapKind::Dedupe && !plan.dedupe_drops {
            return Ok(());
        }
        let len = remap.target_pos + remap.len - from;
        match plan.target {
            RemapTarget::Invalidated => volume.invalidate(ino, from, len).await,
            RemapTarget::Truncated => {
                volume.write_back_wait(ino, from, len).await?;
                let start = volume.profile.block.first_block(PageIndex(from / PAGE_SIZE));
                let end = volume.profile.block.first_block(PageIndex((from + len).div_ceil(PAGE_SIZE)));
                self.lock_and_drop(ino, Range::new(start, end)).await?;
            }
        }
        Ok(())
    }

    /// The target's records of the range become the source's.
    async fn share(&self, remap: &Remap, plan: RemapPlan) -> Result<(), Errno> {
        let volume = self.volume();
        let block = volume.profile.block;
        let source = block.covering(remap.source_pos, remap.len);
        let target = block.block_of(remap.target_pos);
        let mut at = source.start;
        while at < source.end {
            let hold = volume.extents.read_lock(remap.source, at).await;
            let mapping = volume.mapping(remap.source, Range::new(at, source.end));
            drop(hold);
            let place = Range::sized(target + (mapping.range.start - source.start), mapping.range.len());
            match mapping.extent {
                Some(extent) if takes(plan, extent.kind) => self.share_record(remap, extent, place).await?,
                Some(extent) if extent.kind == ExtentKind::Inline => {
                    self.clone_inline(remap.target, extent, place.start, plan).await?;
                }
                _ => {
                    // Preallocation over preallocation stays as it is (`xfs_reflink_remap_extent`; recording 227).
                    let kept = mapping.kind == MappingKind::Unwritten;
                    for (part, there) in volume.extents.pieces(remap.target, place) {
                        if !(kept && there.is_some_and(|extent| extent.kind == ExtentKind::Unwritten)) {
                            let removed = volume.extents.update(remap.target, part, &[]).await;
                            volume.dispose(&removed);
                        }
                    }
                }
            }
            at = mapping.range.end;
        }
        let all = Range::sized(target, source.len());
        volume.lookups.forget(remap.target, all);
        if volume.profile.promise.reservation != Reservation::Folio {
            // Promises that nothing cached stood for.
            volume.delalloc.take(remap.target, all);
        }
        volume.load_backing(remap.target, all);
        Ok(())
    }

    async fn share_record(&self, remap: &Remap, extent: Extent, place: Range<FileBlock>) -> Result<(), Errno> {
        let volume = self.volume();
        let shared = volume.profile.share == SharePlan::Marks;
        let new = Extent { ino: remap.target, start: place.start, shared, ..extent };
        // From here on nobody can free the blocks.
        volume.refs.add(&new);
        if shared {
            self.mark_whole(remap.source, extent.start).await;
        }
        let removed = volume.extents.update(remap.target, place, &[new]).await;
        volume.dispose(&removed);
        Ok(())
    }

    /// The record that has the block is reached through a count from now on, all of it (`bch2_make_extent_indirect`;
    /// recording 042).
    async fn mark_whole(&self, ino: Ino, at: FileBlock) {
        let volume = self.volume();
        let Some(record) = volume.extents.get(ino, at).filter(|record| !record.shared) else { return };
        let marked = Extent { shared: true, ..record };
        let removed = volume.extents.update(ino, record.range(), &[marked]).await;
        volume.dispose_replaced(&removed, &[marked]);
    }

    /// Data inside a key gets a key of its own, or goes through the cache.
    async fn clone_inline(&self, ino: Ino, extent: Extent, at: FileBlock, plan: RemapPlan) -> Result<(), Errno> {
        let volume = self.volume();
        let in_key = match plan.inline {
            RemapInline::Key => true,
            RemapInline::KeyAtStart => at == FileBlock(0) && volume.extents.next(ino, at).is_none(),
        };
        if in_key {
            let addr = DevBlock(volume.extents.inline().copy(extent.addr.0));
            let key = Extent { ino, start: at, addr, ..extent };
            let removed = volume.extents.update(ino, key.range(), &[key]).await;
            volume.dispose(&removed);
            return Ok(());
        }
        let block = volume.profile.block;
        let prov = volume.extents.inline().get(extent.addr.0).prov;
        let bytes = volume.bytes_of(extent.ino, block.pos(extent.start), block.bytes(), block.pos(at), Some(prov));
        let size = volume.inodes.size(ino);
        let written = volume.write_from(ino, block.pos(at), block.bytes(), &bytes).await;
        // The size is the caller's to set.
        volume.inodes.set_size(ino, size);
        match written.error {
            Some(crate::base::FsError::Errno(errno)) => Err(errno),
            _ => volume.write_back_wait(ino, block.pos(at), block.bytes()).await,
        }
    }
}

fn takes(plan: RemapPlan, kind: ExtentKind) -> bool {
    match kind {
        ExtentKind::Written => true,
        ExtentKind::Unwritten => plan.unwritten == RemapUnwritten::Shared,
        ExtentKind::Reserved | ExtentKind::Inline => false,
    }
}

impl Volume {
    /// Brings one page into the cache, without readahead (`read_mapping_folio`).
    async fn read_page_alone(&self, ino: Ino, page: PageIndex) -> Result<(), Errno> {
        if self.cache.folio_at(ino, page, |_| ()).is_none() {
            self.add_folio(ino, page, 1);
        }
        let (index, pages) =
            self.cache.folio_at(ino, page, |folio| (folio.index, folio.pages)).expect("the page is cached");
        self.read_folio(ino, index, pages).await
    }
}
