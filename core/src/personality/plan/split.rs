//! The question when a folio that is cut in its middle can be split there.

/// What keeps a folio whole when a part of it is cut off.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FolioSplit {
    /// A block that is dirty and stays (`try_to_free_buffers`).
    DirtyRest,
    /// Anything dirty in it, once its blocks have states of their own: after it was read, written in part, stored into or
    /// written back (`iomap_release_folio`, `ifs_alloc`; traces of our own on the running kernel).
    DirtyWithStates,
}
