//! How the filesystems under test are made: each as it comes, and with the options that change what is written when.

/// A way to make a filesystem.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Make {
    /// What reports call it.
    pub name: &'static str,
    /// The personality.
    pub personality: &'static str,
    /// Directives, a line each.
    pub directives: &'static str,
}

const fn make(name: &'static str, personality: &'static str, directives: &'static str) -> Make {
    Make { name, personality, directives }
}

/// Every way. The first of a personality is without options.
pub const ALL: [Make; 12] = [
    make("ext4", "ext4", ""),
    make("ext4-1k", "ext4", "#@ mkfs.ext4 -b 1024\n"),
    make("ext4-nodelalloc", "ext4", "#@ mount.ext4 nodelalloc\n"),
    make("ext4-inline", "ext4", "#@ mkfs.ext4 -O inline_data\n"),
    make("xfs", "xfs", ""),
    make("xfs-1k", "xfs", "#@ mkfs.xfs -b size=1024\n"),
    make("btrfs", "btrfs", ""),
    make("btrfs-nodatacow", "btrfs", "#@ mount.btrfs nodatacow\n"),
    make("btrfs-compress", "btrfs", "#@ mount.btrfs compress=zlib\n"),
    make("bcachefs", "bcachefs", ""),
    make("bcachefs-nocow", "bcachefs", "#@ mkfs.bcachefs --nocow\n"),
    make("bcachefs-compress", "bcachefs", "#@ mkfs.bcachefs --compression=lz4\n"),
];

/// The ways that a name means: one of them, or all of a personality.
pub fn named(name: &str) -> Vec<Make> {
    let exact: Vec<Make> = ALL.into_iter().filter(|make| make.name == name && !make.directives.is_empty()).collect();
    if exact.is_empty() { ALL.into_iter().filter(|make| make.personality == name).collect() } else { exact }
}
