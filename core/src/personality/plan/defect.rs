//! What a filesystem does wrong on purpose: faults of durability, one at a time, to be found by crash tests and seen by
//! whoever learns why the order of writes matters. `#@ patch defect=NAME`.

/// A fault. None of them is a kernel's.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Defect {
    /// The superblock is written without a flush before it.
    NoFlush,
    /// The superblock is written without FUA: fsync comes back before it is durable.
    NoFua,
    /// A preallocated block is called written when the cache has its data, not when the device has.
    ConvertEarly,
    /// Freed blocks are used again before the commit that frees them.
    ReuseEarly,
    /// The size grows on the device when the cache has the data, not when the device has.
    SizeEarly,
    /// The counts of users are written one commit late.
    CountLate,
    /// Each mount changes something on the device.
    MountChanges,
    /// A mount gives back what lies behind the end of a file.
    TrimAtMount,
}

impl Defect {
    /// Every fault with its name in scripts.
    pub const ALL: [(&'static str, Self); 8] = [
        ("no-flush", Self::NoFlush),
        ("no-fua", Self::NoFua),
        ("convert-early", Self::ConvertEarly),
        ("reuse-early", Self::ReuseEarly),
        ("size-early", Self::SizeEarly),
        ("count-late", Self::CountLate),
        ("mount-changes", Self::MountChanges),
        ("trim-at-mount", Self::TrimAtMount),
    ];

    /// The fault of a name.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| *known == name).map(|(_, defect)| *defect)
    }
}
