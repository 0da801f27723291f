//! Questions about SEEK_DATA and SEEK_HOLE.

/// What SEEK_DATA and SEEK_HOLE look at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SeekPlan {
    /// When a preallocated block is data.
    pub prealloc: SeekPrealloc,
    /// How the end of cached data over a hole is found.
    pub cache: SeekCache,
    /// What a position before the file's start means.
    pub negative: SeekNegative,
}

/// What a position before the file's start means.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SeekNegative {
    /// Nothing is there: ENXIO (`iomap_seek_data`).
    Nothing,
    /// The start (`find_desired_extent` of btrfs).
    Start,
}

/// When a preallocated block is data.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SeekPrealloc {
    /// When a cached page of it is up to date or dirty (`mapping_seek_hole_data`).
    CachedPages,
    /// When the page cache has data for it.
    CachedData,
    /// Where it is delayed or in flight (`btrfs_find_delalloc_in_range`).
    Delayed,
}

/// How the end of cached data over a hole is found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SeekCache {
    /// Delayed ranges end where the index says.
    Index,
    /// The scan of the page cache runs past the hole of the tree, and a missing folio counts as hole.
    ScanToMissingFolio,
}
