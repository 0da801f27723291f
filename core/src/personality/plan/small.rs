//! Questions about small files: data in the inode, and blocks behind the end.

/// Data that is written into the inode, at the write.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct InodeDataPlan {
    /// An inode that has data sets at least so many bytes aside (`EXT4_MIN_INLINE_DATA_SIZE`).
    pub bytes_min: u64,
    /// At most so many.
    pub bytes_max: u64,
}

/// What becomes of cached blocks behind the end of the file when their folio is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BeyondEnd {
    /// They hold zeroes and are up to date (`ext4_bio_write_folio`).
    Zeroed,
    /// Nothing.
    Untouched,
}
