//! What the VFS checks before blocks of two files may be shared, in its order (`generic_remap_checks`,
//! `generic_remap_check_len`, `generic_copy_file_checks`). Lengths and positions are bytes.

use crate::base::{Errno, Ino};
use crate::map::Volume;

/// What a request may become.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RemapKind {
    /// FICLONE and FICLONERANGE: all or nothing.
    Clone,
    /// FIDEDUPERANGE: nothing changes but the place; may be shortened.
    Dedupe,
    /// The first attempt of copy_file_range: may be shortened.
    Copy,
}

/// Two ranges of equal length, checked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Remap {
    /// The file to take from.
    pub source: Ino,
    /// Where from.
    pub source_pos: u64,
    /// The file that gets the blocks.
    pub target: Ino,
    /// Where to.
    pub target_pos: u64,
    /// Bytes; 0 for nothing to do.
    pub len: u64,
    /// What it may become.
    pub kind: RemapKind,
}

/// A position and a length as a caller gives them (`remap_verify_area`).
pub fn area(pos: i64, len: i64) -> Result<(u64, u64), Errno> {
    match (u64::try_from(pos), u64::try_from(len), pos.checked_add(len)) {
        (Ok(pos), Ok(len), Some(_)) => Ok((pos, len)),
        _ => Err(Errno::EINVAL),
    }
}

impl Remap {
    /// Bytes of each range that are written back before any check. A source that ends before the position makes the
    /// length wrap around, and everything behind the positions is written back (`btrfs_remap_file_range_prep`).
    pub fn flushed(&self, volume: &Volume) -> u64 {
        let block = volume.profile.block.bytes();
        let len = match self.len {
            0 => {
                let end = volume.inodes.size(self.source).next_multiple_of(block);
                end.wrapping_sub(self.source_pos / block * block)
            }
            len => len.checked_next_multiple_of(block).unwrap_or(len),
        };
        len.min(u64::MAX >> 2)
    }

    /// The checks before the flush: alignment, ends of files, overlap. May shorten the request.
    pub fn check(mut self, volume: &Volume) -> Result<Self, Errno> {
        let (source_size, target_size) = (volume.inodes.size(self.source), volume.inodes.size(self.target));
        if self.len == 0 {
            if self.kind == RemapKind::Dedupe || self.source_pos == source_size {
                return Ok(self);
            }
            self.len = source_size.checked_sub(self.source_pos).ok_or(Errno::EINVAL)?;
        }
        let block = volume.profile.block;
        if !block.aligned(self.source_pos) || !block.aligned(self.target_pos) {
            return Err(Errno::EINVAL);
        }
        let (source_end, target_end) = (self.source_pos + self.len, self.target_pos + self.len);
        let dedupe = self.kind == RemapKind::Dedupe;
        if dedupe && (source_end > source_size || target_end > target_size) || self.source_pos >= source_size {
            return Err(Errno::EINVAL);
        }
        if self.target_pos >= volume.profile.max_file_size {
            return Err(Errno::EFBIG);
        }
        let room = volume.profile.max_file_size - self.target_pos;
        let count = self.len.min(source_size - self.source_pos).min(room);
        let to_the_end = self.source_pos + count == source_size && (!dedupe || target_end == target_size);
        let down = count / block.bytes() * block.bytes();
        // The block that holds the source's end goes with it.
        let (count, whole) = match to_the_end {
            true => (count, source_size.next_multiple_of(block.bytes()) - self.source_pos),
            false => (down, down),
        };
        if self.source == self.target
            && self.target_pos + whole > self.source_pos
            && self.target_pos < self.source_pos + whole
        {
            return Err(Errno::EINVAL);
        }
        if count != self.len && self.kind == RemapKind::Clone {
            return Err(Errno::EINVAL);
        }
        self.len = count;
        Ok(self)
    }

    /// The check after the flush: a block that is not whole may only become the target's last one.
    pub fn check_tail(mut self, volume: &Volume) -> Result<Self, Errno> {
        let block = volume.profile.block;
        if block.aligned(self.len) || self.target_pos + self.len >= volume.inodes.size(self.target) {
            return Ok(self);
        }
        match self.kind {
            RemapKind::Clone => Err(Errno::EINVAL),
            RemapKind::Dedupe | RemapKind::Copy => {
                self.len = self.len / block.bytes() * block.bytes();
                Ok(self)
            }
        }
    }
}

/// How many bytes a copy can do: the source's end cuts it, an overlap in one file is an error.
pub fn copy_len(volume: &Volume, remap: &Remap) -> Result<u64, Errno> {
    let left = volume.inodes.size(remap.source).saturating_sub(remap.source_pos);
    let wanted = remap.len.min(left);
    if remap.target_pos >= volume.profile.max_file_size && wanted > 0 {
        return Err(Errno::EFBIG);
    }
    let count = wanted.min(volume.profile.max_file_size.saturating_sub(remap.target_pos));
    let overlaps = remap.target_pos + count > remap.source_pos && remap.target_pos < remap.source_pos + count;
    if remap.source == remap.target && overlaps {
        return Err(Errno::EINVAL);
    }
    Ok(count.min(crate::base::limits::CALL_BYTES_MAX))
}
