//! The settings of a run: a personality, its options, a device.

use super::script::Directives;
use crate::base::{Gather, SortedMap};
use crate::personality::{self, OptionError, Profile, Request};
use crate::store::Layout;
use crate::store::superblock::SETTINGS_MAX;

/// Bytes of the device when a script does not say: the recordings' default.
pub const RECORDED_SIZE: u64 = 512 << 20;
/// Blocks of the page's device, small enough to be drawn whole.
pub const PAGE_BLOCKS: u64 = 64;

/// A value that cannot be honoured.
pub type SetupError = OptionError;

/// Everything that a run depends on besides its lines and choices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setup {
    directives: Directives,
    profile: Profile,
    settings: String,
}

impl Setup {
    /// The setup of a personality with a script's directives; the device is as large as they say, else
    /// [`RECORDED_SIZE`].
    pub fn new(personality: &str, directives: &Directives) -> Result<Self, SetupError> {
        Self::sized(personality, directives, RECORDED_SIZE)
    }

    /// The same with another default size of the device, in bytes.
    pub fn sized(personality: &str, directives: &Directives, default_size: u64) -> Result<Self, SetupError> {
        let options = |of: &SortedMap<String, String>| of.get(personality).cloned().unwrap_or_default();
        let (mkfs, mount) = (options(&directives.mkfs), options(&directives.mount));
        let block = directives.block_size.unwrap_or(4096);
        let in_blocks = directives.device_blocks.and_then(|blocks| blocks.checked_mul(block));
        let own = directives.size_of.get(personality).copied();
        let borrowed = personality::size_from(personality).and_then(|other| directives.size_of.get(other).copied());
        let size = own.or(borrowed).or(directives.size).or(in_blocks).unwrap_or(default_size);
        let profile = personality::profile(&Request {
            name: personality,
            level: directives.level.as_deref(),
            patches: &directives.patches,
            mkfs: &mkfs,
            mount: &mount,
            size,
            block_size: directives.block_size,
            fanout: directives.fanout,
        })?;
        if profile.device_blocks < 8 {
            return Err(OptionError {
                place: "size".to_owned(),
                option: size.to_string(),
                reason: "is fewer than 8 blocks".to_owned(),
            });
        }
        let mut directives = directives.clone();
        directives.personality = Some(personality.to_owned());
        let settings = settings(personality, &directives, size);
        if settings.len() > SETTINGS_MAX {
            let reason = format!("has more than the {SETTINGS_MAX} bytes that a superblock keeps of all settings");
            return Err(OptionError { place: "settings".to_owned(), option: settings, reason });
        }
        Ok(Self { directives, profile, settings })
    }

    /// The setup of a filesystem that is on a device, from the settings that its superblock keeps. What else the
    /// directives say is taken over; those that say how a filesystem is made must say the same.
    ///
    /// # Errors
    /// The settings cannot be honoured, or the directives ask for another filesystem.
    pub fn of_device(settings: &str, directives: &Directives) -> Result<Self, SetupError> {
        let bad = |reason: String| OptionError { place: "settings".to_owned(), option: settings.to_owned(), reason };
        let kept = super::parse::parse(settings).map_err(|errors| bad(format!("do not parse: {}", errors[0])))?;
        let personality = kept.directives.personality.clone().unwrap_or_default();
        let kept = Directives {
            seed: directives.seed,
            writeback: directives.writeback,
            title: directives.title.clone(),
            description: directives.description.clone(),
            ..kept.directives
        };
        let setup = Self::new(&personality, &kept)?;
        let wanted = directives.personality.as_ref().filter(|wanted| **wanted != personality);
        match wanted {
            Some(wanted) => Err(OptionError {
                place: "personality".to_owned(),
                option: wanted.clone(),
                reason: format!("is not what is on the device: {personality}"),
            }),
            None => Ok(setup),
        }
    }

    /// The directives, with the personality filled in.
    pub fn directives(&self) -> &Directives {
        &self.directives
    }
    /// What makes the filesystem behave as it does.
    pub fn profile(&self) -> &Profile {
        &self.profile
    }
    /// Bytes in a filesystem block.
    pub fn block_size(&self) -> u64 {
        self.profile.block.bytes()
    }
    /// Where things lie on the device.
    pub fn layout(&self) -> Layout {
        Layout::new(self.profile.block, self.profile.device_blocks)
    }
    /// The directives that decide what the filesystem is, as lines of a script: what a device keeps of them.
    pub fn settings(&self) -> String {
        self.settings.clone()
    }
    /// Filesystem blocks on the device.
    pub fn device_blocks(&self) -> u64 {
        self.profile.device_blocks
    }
    /// The filesystem's name.
    pub fn personality_name(&self) -> &'static str {
        self.profile.name
    }
    /// The kernel or patch state.
    pub fn level_name(&self) -> &str {
        &self.profile.level
    }
    /// The seed of everything random; 0 unless the script says otherwise.
    pub fn seed(&self) -> u64 {
        self.directives.seed.unwrap_or(0)
    }
    /// What the device holds before mkfs, a byte.
    pub fn prefill(&self) -> u8 {
        self.directives.prefill.unwrap_or(0)
    }
}

/// What of the directives decides how a filesystem of `size` bytes looks on the device and behaves.
fn settings(personality: &str, directives: &Directives, size: u64) -> String {
    let own = |of: &SortedMap<String, String>| -> SortedMap<String, String> {
        of.iter().filter(|(name, _)| *name == personality).map(|(name, value)| (name.clone(), value.clone())).gather()
    };
    let kept = Directives {
        personality: Some(personality.to_owned()),
        level: directives.level.clone(),
        patches: directives.patches.clone(),
        mkfs: own(&directives.mkfs),
        mount: own(&directives.mount),
        size: Some(size),
        block_size: directives.block_size,
        fanout: directives.fanout,
        ..Directives::default()
    };
    kept.to_string()
}
