//! Floor 3, personalities: what differs between filesystems, as data.
//!
//! The engine asks questions; the answers are the fields of a [`Profile`], plain enums and numbers, each with the
//! kernel function or the recording that it condenses. No state, no async, nothing above floor 0. This folder is the
//! only place that names a filesystem.

mod bcachefs;
mod btrfs;
mod ext4;
pub mod options;
pub mod plan;
pub mod simplified;
mod xfs;

pub use options::OptionError;
pub use plan::Profile;

/// The filesystems that can be simulated.
pub const NAMES: [&str; 4] = [ext4::NAME, xfs::NAME, btrfs::NAME, bcachefs::NAME];
/// The page's first choice.
pub const DEFAULT: &str = ext4::NAME;

/// What a profile is made from.
#[derive(Clone, Debug, Default)]
pub struct Request<'a> {
    /// Which filesystem.
    pub name: &'a str,
    /// A named bundle of patches; `None` for the recorded kernel.
    pub level: Option<&'a str>,
    /// Single switches, applied after the level.
    pub patches: &'a [(String, String)],
    /// Options of mkfs, in that tool's spelling.
    pub mkfs: &'a str,
    /// Options of mount.
    pub mount: &'a str,
    /// Bytes of the device.
    pub size: u64,
    /// Bytes in a block, where the options of mkfs do not say.
    pub block_size: Option<u64>,
    /// Entries of a B-tree node, for teaching; `None` for the real shape.
    pub fanout: Option<u32>,
}

/// The profile for a request, or the name of the option that is not known or not modelled.
pub fn profile(request: &Request<'_>) -> Result<Profile, OptionError> {
    let (defects, patches): (Vec<_>, Vec<_>) = request.patches.iter().cloned().partition(|(key, _)| key == "defect");
    let own = Request { patches: &patches, ..request.clone() };
    let mut profile = match request.name {
        ext4::NAME => ext4::profile(&own)?,
        xfs::NAME => xfs::profile(&own)?,
        btrfs::NAME => btrfs::profile(&own)?,
        bcachefs::NAME => bcachefs::profile(&own)?,
        other => return Err(OptionError::personality(other, &NAMES)),
    };
    if let Some((_, name)) = defects.last() {
        let known: Vec<&str> = plan::Defect::ALL.iter().map(|(name, _)| *name).collect();
        let defect = plan::Defect::of(name);
        profile.defect = Some(defect.ok_or_else(|| OptionError::not_one_of("patch defect", name, &known))?);
    }
    if let Some(fanout) = request.fanout {
        let entries = fanout.max(3);
        profile.tree = plan::TreeShape { root: entries, node: entries, ..profile.tree };
    }
    Ok(profile)
}

/// The filesystem whose device size a script means for this one too, when it has none of its own: the recordings of
/// one were made with the sizes written down for the other.
pub fn size_from(name: &str) -> Option<&'static str> {
    (name == bcachefs::NAME).then_some(btrfs::NAME)
}

/// What statfs(2) says of the filesystem's type; 0 for one that is not known.
pub fn magic(name: &str) -> u32 {
    match name {
        ext4::NAME => 0xef53,
        xfs::NAME => xfs::MAGIC,
        btrfs::NAME => btrfs::MAGIC,
        bcachefs::NAME => 0xca45_1a4e,
        _ => 0,
    }
}
