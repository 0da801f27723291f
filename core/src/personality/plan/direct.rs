//! Questions about direct I/O.

/// Direct I/O.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DirectPlan {
    /// Offsets and lengths must be multiples of this, in bytes.
    pub align: u64,
    /// How a write that may be direct goes.
    pub path: DirectPath,
    /// When a write around the cache is found not to be aligned.
    pub misaligned: Misaligned,
    /// The same of a read.
    pub misaligned_read: Misaligned,
}

/// When a direct write is found not to be aligned to the device's sectors. EINVAL either way.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Misaligned {
    /// Before anything else (`xfs_file_dio_write`).
    AtOnce,
    /// When it is to be sent: the range was written back, and holes before the end have their blocks, unwritten
    /// (`ext4_dio_write_iter`, `iomap_dio_bio_iter`; seen on 6.18).
    AtSending,
}

/// How a direct write goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DirectPath {
    /// Around the cache; what is not aligned is EINVAL.
    Around,
    /// Through the cache, written at once and dropped from it, where data has checksums or is not aligned
    /// (`btrfs_direct_write`).
    ThroughCache,
}
