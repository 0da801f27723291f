//! Kinds of random scripts, as data: which operations they have, and how often each comes.

use Kind::*;

/// What one operation does; most are one command.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Whole pages, in calls of 4 KiB or 64 KiB.
    Write,
    /// Any bytes.
    SmallWrite,
    /// Any bytes at the end of the file.
    Append,
    /// Hundreds of KiB in calls of 64 KiB to 1 MiB.
    LargeWrite,
    /// O_DIRECT, whole pages.
    DirectWrite,
    /// With `-D`, `-w` or `-W`.
    SyncWrite,
    /// Buffered, anywhere inside the file.
    Read,
    /// O_DIRECT, whole pages.
    DirectRead,
    /// `fsync`, sometimes `fdatasync`.
    Fsync,
    /// `syncfs`.
    Syncfs,
    /// `sync_range` with some of its flags.
    SyncRange,
    /// To any size, or to whole pages.
    Truncate,
    /// `falloc`, sometimes `-k`.
    Allocate,
    /// `fpunch`, whole pages or any bytes.
    Punch,
    /// `fzero`, sometimes `-k`.
    Zero,
    /// `fwzero`, sometimes `-k`.
    WriteZeroes,
    /// `fcollapse` of whole blocks inside the file.
    Collapse,
    /// `finsert` of whole blocks inside the file.
    Insert,
    /// `funshare` inside the file.
    Unshare,
    /// `reflink` of a range, or of the whole file.
    Reflink,
    /// `dedupe` of ranges that may be alike.
    Dedupe,
    /// `copy_range`.
    Copy,
    /// `mwrite` inside the file.
    Store,
    /// `mread` inside the file.
    Load,
    /// `msync` of whole pages.
    Msync,
    /// `mmap` or `munmap`.
    Map,
    /// `fsync`, then `fadvise -d`.
    Drop,
    /// `fadvise -d` of whatever is there.
    DropDirty,
    /// `fiemap` with some of its flags.
    Fiemap,
    /// `seek`.
    Seek,
    /// The other file.
    Switch,
    /// `close` and `open`, sometimes with O_TRUNC.
    Reopen,
    /// `rm`, then the name again.
    Remove,
    /// `mv` over the other file, which is then made again.
    Rename,
    /// `remount`.
    Remount,
    /// `syncfs`, a write, `crash`.
    Crash,
    /// `syncfs`, a write, `shutdown`, `remount`.
    Shutdown,
    /// `extsize`.
    ExtentHint,
    /// `cowextsize`.
    CowHint,
    /// `nocow` of an empty file.
    NoCow,
    /// `snapshot`, and a file of it.
    Snapshot,
    /// A command that must fail, or one at the border of what may.
    Misuse,
    /// What only the engine has: `writeback`, `filefrag`.
    Flusher,
}

/// A kind of script.
#[derive(Debug)]
pub struct Recipe {
    /// Its name.
    pub name: &'static str,
    /// The filesystems for which it makes sense; empty: all.
    pub only: &'static [&'static str],
    /// Operations, and how often each comes.
    pub weights: &'static [(Kind, u64)],
}

const SHARE: &[&str] = &["xfs", "btrfs", "bcachefs"];
const SHIFT: &[&str] = &["ext4", "xfs"];

/// All kinds of scripts. What recordings are made of is in the first dozen; the others go wider.
pub const RECIPES: &[Recipe] = &[
    Recipe { name: "basic", only: &[], weights: &[(Write, 10), (Fsync, 4), (Truncate, 2), (Read, 1)] },
    Recipe {
        name: "small",
        only: &[],
        weights: &[(SmallWrite, 10), (Fsync, 4), (Truncate, 3), (Read, 1), (Append, 3)],
    },
    Recipe {
        name: "falloc",
        only: &[],
        weights: &[(Write, 8), (SmallWrite, 2), (Fsync, 4), (Allocate, 6), (Punch, 3), (Zero, 3), (Truncate, 1)],
    },
    Recipe {
        name: "shift",
        only: SHIFT,
        weights: &[
            (Write, 8),
            (SmallWrite, 1),
            (Fsync, 4),
            (Collapse, 3),
            (Insert, 3),
            (Punch, 1),
            (Allocate, 2),
            (Truncate, 1),
        ],
    },
    Recipe {
        name: "reflink",
        only: SHARE,
        weights: &[(Write, 8), (SmallWrite, 1), (Fsync, 4), (Reflink, 5), (Punch, 1), (Truncate, 1), (Unshare, 1)],
    },
    Recipe {
        name: "mmap",
        only: &[],
        weights: &[(Write, 3), (Store, 8), (Fsync, 3), (Msync, 2), (Allocate, 2), (Punch, 1), (Truncate, 1), (Map, 1)],
    },
    Recipe {
        name: "dio",
        only: &[],
        weights: &[(Write, 4), (DirectWrite, 6), (Fsync, 3), (Allocate, 2), (Punch, 1), (Read, 1), (DirectRead, 1)],
    },
    Recipe { name: "range", only: &[], weights: &[(Write, 8), (SyncRange, 5), (Fsync, 1), (Allocate, 2), (Punch, 1)] },
    Recipe {
        name: "cache",
        only: &[],
        weights: &[
            (Write, 6),
            (Read, 4),
            (Drop, 4),
            (Fsync, 4),
            (Allocate, 2),
            (Store, 1),
            (SmallWrite, 2),
            (LargeWrite, 2),
            (Load, 2),
        ],
    },
    Recipe {
        name: "twofile",
        only: &[],
        weights: &[(Write, 8), (Fsync, 3), (Switch, 5), (Truncate, 1), (Allocate, 1), (Punch, 1)],
    },
    Recipe {
        name: "mixed",
        only: &[],
        weights: &[
            (Write, 8),
            (SmallWrite, 3),
            (Fsync, 4),
            (Truncate, 2),
            (Allocate, 3),
            (Punch, 2),
            (Zero, 2),
            (Store, 2),
            (DirectWrite, 1),
            (SyncRange, 1),
            (Collapse, 1),
            (Insert, 1),
            (Read, 1),
            (Append, 2),
        ],
    },
    Recipe {
        name: "cowmix",
        only: SHARE,
        weights: &[
            (Write, 8),
            (SmallWrite, 2),
            (Fsync, 4),
            (Truncate, 1),
            (Allocate, 1),
            (Punch, 1),
            (Zero, 1),
            (Store, 2),
            (DirectWrite, 1),
            (Reflink, 4),
            (Unshare, 1),
            (Dedupe, 1),
            (Copy, 1),
            (Switch, 3),
        ],
    },
    Recipe {
        name: "crashy",
        only: &[],
        weights: &[
            (Write, 8),
            (SmallWrite, 2),
            (Fsync, 4),
            (Truncate, 1),
            (Allocate, 2),
            (Punch, 2),
            (Remount, 1),
            (Crash, 1),
            (Shutdown, 1),
        ],
    },
    Recipe {
        name: "names",
        only: &[],
        weights: &[
            (Write, 8),
            (Append, 2),
            (Fsync, 2),
            (Syncfs, 1),
            (Allocate, 2),
            (Switch, 3),
            (Reopen, 3),
            (Remove, 1),
            (Rename, 1),
            (SyncWrite, 2),
        ],
    },
    Recipe {
        name: "asking",
        only: &[],
        weights: &[
            (Write, 8),
            (SmallWrite, 2),
            (Allocate, 3),
            (Punch, 2),
            (Fiemap, 5),
            (Seek, 5),
            (Fsync, 1),
            (Truncate, 1),
            (DropDirty, 1),
        ],
    },
    Recipe {
        name: "hints",
        only: &["xfs", "btrfs"],
        weights: &[
            (Write, 8),
            (DirectWrite, 2),
            (Fsync, 3),
            (ExtentHint, 2),
            (CowHint, 1),
            (NoCow, 1),
            (Reflink, 2),
            (Allocate, 2),
            (Reopen, 2),
            (Truncate, 1),
            (Switch, 2),
            (Snapshot, 1),
        ],
    },
    Recipe {
        name: "misuse",
        only: &[],
        weights: &[(Write, 6), (Misuse, 10), (Allocate, 2), (Fsync, 1), (Truncate, 1), (Switch, 1)],
    },
    Recipe {
        name: "everything",
        only: &[],
        weights: &[
            (Write, 8),
            (SmallWrite, 3),
            (Append, 2),
            (LargeWrite, 1),
            (DirectWrite, 1),
            (SyncWrite, 1),
            (Read, 2),
            (DirectRead, 1),
            (Fsync, 3),
            (Syncfs, 1),
            (SyncRange, 1),
            (Truncate, 2),
            (Allocate, 3),
            (Punch, 2),
            (Zero, 2),
            (WriteZeroes, 1),
            (Collapse, 1),
            (Insert, 1),
            (Unshare, 1),
            (Reflink, 2),
            (Dedupe, 1),
            (Copy, 1),
            (Store, 2),
            (Load, 1),
            (Msync, 1),
            (Map, 1),
            (Drop, 1),
            (DropDirty, 1),
            (Fiemap, 1),
            (Seek, 1),
            (Switch, 3),
            (Reopen, 1),
            (Rename, 1),
            (Remount, 1),
            (Misuse, 1),
        ],
    },
];

/// Kinds of scripts that no kernel can run.
pub const ENGINE: &[Recipe] = &[Recipe {
    name: "flusher",
    only: &[],
    weights: &[
        (Write, 6),
        (SmallWrite, 4),
        (Store, 4),
        (DirectWrite, 2),
        (Flusher, 6),
        (Read, 2),
        (Load, 1),
        (Drop, 2),
        (DropDirty, 1),
        (SyncRange, 1),
        (Truncate, 2),
        (Allocate, 1),
        (Punch, 2),
        (Zero, 2),
        (Fiemap, 1),
        (Seek, 1),
        (Remount, 1),
    ],
}];

/// The kinds of scripts for a filesystem.
pub fn recipes(fs: &str) -> Vec<&'static Recipe> {
    RECIPES.iter().filter(|recipe| recipe.only.is_empty() || recipe.only.contains(&fs)).collect()
}
