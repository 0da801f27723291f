//! What the engine does not do as a kernel, told to whoever looks: in the page, in `docs/FIDELITY.md`.

/// One simplification.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Simplification {
    /// Its name in documents, comments and the page.
    pub id: &'static str,
    /// What is simpler here.
    pub what: &'static str,
    /// Where a user may see it.
    pub shows: &'static str,
    /// The part of the page that it belongs to.
    pub near: Near,
}

/// A part of the page.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Near {
    /// The file map and the device below it.
    Map,
    /// The timeline with its locks.
    Timeline,
}

/// All simplifications, in the order of their names.
pub const SIMPLIFICATIONS: [Simplification; 11] = [
    Simplification {
        id: "F1",
        what: "metadata lies in a format of our own behind the data; what a filesystem takes for its own is a constant at mkfs",
        shows: "`statfs`, addresses of the first data, how much fits before ENOSPC",
        near: Near::Map,
    },
    Simplification {
        id: "F2",
        what: "every commit writes changed nodes, flushes, and writes one superblock; there is no journal, and where fsync writes a log it is a commit of one file",
        shows: "timeline, `crash`",
        near: Near::Timeline,
    },
    Simplification {
        id: "F3",
        what: "`crash` without a flag waits for what is under way, and all of it survives; with one, requests are lost whole or by blocks",
        shows: "`crash`",
        near: Near::Timeline,
    },
    Simplification {
        id: "F4",
        what: "one device queue, first come first served, fixed cost",
        shows: "order of completion",
        near: Near::Timeline,
    },
    Simplification {
        id: "F5",
        what: "space search: groups near the file's blocks on xfs; groups of small and of large data on btrfs; groups, windows and one pool of preallocation on ext4 without delayed allocation; elsewhere goal, then first fit, then the longest run",
        shows: "physical addresses; there also what a write zeroes around itself, after much was freed or on several processors",
        near: Near::Map,
    },
    Simplification {
        id: "F6",
        what: "what a read writes down is known since the mount only; the device is flushed also where fsync has no log to write",
        shows: "commits",
        near: Near::Timeline,
    },
    Simplification {
        id: "F7",
        what: "no reclaim: pages leave only by punch, truncate, direct I/O, fadvise, remount",
        shows: "cached pages",
        near: Near::Map,
    },
    Simplification {
        id: "F8",
        what: "a B-tree node's locks are held from root to leaf, without sequence numbers and relocking",
        shows: "lock lanes",
        near: Near::Timeline,
    },
    Simplification {
        id: "F9",
        what: "data is one byte repeated per write, as `xfs_io` writes it; blocks cut by a write hold real mixed bytes",
        shows: "none",
        near: Near::Map,
    },
    Simplification {
        id: "F10",
        what: "a compressed piece takes one block, and its bytes are kept as they were, in the metadata",
        shows: "addresses and free space of compressed files",
        near: Near::Map,
    },
    Simplification {
        id: "F11",
        what: "files have no times, owners and permissions, and devices have no numbers",
        shows: "`stat -v` and `stat -r` leave those lines out, or say what a new file of root has",
        near: Near::Map,
    },
];
