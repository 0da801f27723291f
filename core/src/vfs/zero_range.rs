//! ZERO_RANGE where whole blocks are replaced and preallocated ones stay (`btrfs_zero_range`).

use super::Fs;
use super::fallocate::Ask;
use crate::base::{ExtentKind, FileBlock, FsResult, Range};
use crate::map::MappingKind;

impl Fs {
    /// The range reads as zeroes and has space. Its data was written back before.
    pub(super) async fn replace_written(&self, ask: &Ask, pos: u64, len: u64) -> FsResult<()> {
        let volume = self.volume();
        let block = volume.profile.block;
        let (mut pos, end) = (pos, pos + len);
        let first = volume.extents.get(ask.ino, block.block_of(pos));
        if let Some(front) = first.filter(|extent| extent.kind == ExtentKind::Unwritten) {
            // Preallocation at the front already is what is asked for.
            let front_end = block.pos(front.end());
            if front_end >= end {
                return Ok(());
            }
            pos = front_end;
        }
        let mut whole = block.inside(pos, end - pos);
        let touched = block.covering(pos, end - pos);
        if touched.len() == 1 {
            if whole.is_empty() && self.zero_part(ask, touched.start, pos, end).await? {
                return Ok(());
            }
            whole = touched;
        } else {
            if !block.aligned(pos) && !self.zero_part(ask, touched.start, pos, end).await? {
                whole.start = touched.start;
            }
            if !block.aligned(end) && !self.zero_part(ask, touched.end - 1, pos, end).await? {
                whole = Range::new(whole.start, touched.end);
            }
        }
        self.drop_blocks(ask.ino, whole).await?;
        if !whole.is_empty() {
            self.preallocate(ask.ino, whole).await.map_err(|(_, errno)| errno)?;
        }
        Ok(())
    }

    /// A block that is covered in part: whether it has space already. Data in it becomes zeroes, preallocation stays.
    async fn zero_part(&self, ask: &Ask, edge: FileBlock, pos: u64, end: u64) -> FsResult<bool> {
        let volume = self.volume();
        let block = volume.profile.block;
        match volume.mapping(ask.ino, Range::sized(edge, 1)).kind {
            MappingKind::Hole => Ok(false),
            MappingKind::Unwritten | MappingKind::Reserved => Ok(true),
            MappingKind::Written | MappingKind::Inline | MappingKind::Delayed => {
                let from = pos.max(block.pos(edge));
                let to = end.min(block.pos(edge + 1));
                volume.zero_block(ask.ino, from, to - from, ask.prov).await?;
                Ok(true)
            }
        }
    }
}
