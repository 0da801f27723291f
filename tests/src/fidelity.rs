//! The list of simplifications: what the engine does not do as the kernel, and where that shows.
//!
//! `docs/FIDELITY.md` and the table in `ARCHITECTURE.md` are made from it. A difference that it explains is no failure of
//! the live differential. Whoever adds a line has shown that the difference comes from that simplification and nothing
//! else.

/// One simplification.
#[derive(Debug)]
pub struct Simplification {
    /// Its name in documents and comments.
    pub id: &'static str,
    /// What is simpler here.
    pub what: &'static str,
    /// Where a user may see it.
    pub shows: &'static str,
    /// Differences that it explains.
    pub explains: &'static [Explains],
}

/// Differences of one kind.
#[derive(Debug)]
pub enum Explains {
    /// The whole of a public trace on a filesystem.
    Trace(&'static str, &'static str),
}

use Explains::Trace;

/// All simplifications.
pub const SIMPLIFICATIONS: &[Simplification] = &[
    Simplification {
        id: "F1",
        what: "metadata has no bytes and no place on the device; its size is a constant at mkfs",
        shows: "`statfs`, addresses of the first data, how much fits before ENOSPC",
        explains: &[
            Trace("bcachefs", "079-enospc-delalloc"),
            Trace("bcachefs", "080-enospc-prealloc"),
            Trace("bcachefs", "082-enospc-nocow"),
            Trace("bcachefs", "083-enospc-cow-shared"),
        ],
    },
    Simplification {
        id: "F2",
        what: "a commit is one step behind a flush; there is no journal, and node writes are not requests",
        shows: "timeline, `crash`",
        explains: &[],
    },
    Simplification {
        id: "F3",
        what: "`crash` waits for writeback under way and keeps the last commit; other legal outcomes are not shown",
        shows: "`crash`",
        explains: &[],
    },
    Simplification {
        id: "F4",
        what: "one device queue, first come first served, fixed cost",
        shows: "order of completion",
        explains: &[],
    },
    Simplification {
        id: "F5",
        what: "space search: goal, then first fit, then the longest run; no groups, no preallocation windows",
        shows: "physical addresses",
        explains: &[],
    },
    Simplification { id: "F6", what: "fdatasync does what fsync does", shows: "commits", explains: &[] },
    Simplification {
        id: "F7",
        what: "no reclaim: pages leave only by punch, truncate, direct I/O, fadvise, remount",
        shows: "cached pages",
        explains: &[],
    },
    Simplification {
        id: "F8",
        what: "a B-tree node's locks are held from root to leaf, without sequence numbers and relocking",
        shows: "lock lanes",
        explains: &[],
    },
    Simplification {
        id: "F9",
        what: "data is one byte repeated per write, as `xfs_io` writes it; blocks cut by a write hold real mixed bytes",
        shows: "none",
        explains: &[],
    },
];

/// The simplification because of which a public trace is not equal.
pub fn explanation(fs: &str, trace: &str) -> Option<&'static str> {
    let explains = |Trace(of, name): &Explains| *of == fs && *name == trace;
    SIMPLIFICATIONS.iter().find(|each| each.explains.iter().any(explains)).map(|each| each.id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_is_explained_on_its_filesystem() {
        assert_eq!(explanation("bcachefs", "079-enospc-delalloc"), Some("F1"));
        assert_eq!(explanation("ext4", "079-enospc-delalloc"), None);
    }

    #[test]
    fn ids_are_in_order() {
        for (at, each) in SIMPLIFICATIONS.iter().enumerate() {
            assert_eq!(each.id, format!("F{}", at + 1));
        }
    }
}
