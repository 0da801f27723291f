//! What the tools would print about a file of a world, without running anything.

use super::facts::WorldFacts;
use super::world::World;
use crate::base::fiemap::{FiemapRecord, Segment};
use crate::base::{Errno, Ino};
use crate::personality::Profile;
use crate::query::fiemap::{Request, records};
use crate::query::{FileFacts, seek};
use crate::text::fiemap::FiemapListing;
use crate::text::filefrag::FilefragListing;
use crate::text::seek::{SeekAsk, lseek_in};
use crate::text::{fiemap, filefrag, qemu_map};

/// A file of a world and the tools' view of it.
#[derive(Clone, Debug)]
pub struct Listing<'a> {
    name: &'a str,
    facts: WorldFacts<'a>,
    profile: &'a Profile,
}

impl<'a> Listing<'a> {
    /// The file of that name; `None` when there is none.
    pub fn new(world: &'a World, name: &'a str, profile: &'a Profile) -> Option<Self> {
        let ino: Ino = world.ino(name)?;
        Some(Self { name, facts: WorldFacts::new(world, ino, profile)?, profile })
    }
    /// Size in bytes.
    pub fn size(&self) -> u64 {
        self.facts.size()
    }
    /// FIEMAP of the whole file without a flush.
    ///
    /// # Errors
    /// When this filesystem refuses the question.
    pub fn records(&self) -> Result<Vec<FiemapRecord>, Errno> {
        records(&self.facts, &self.profile.fiemap, &Request::ALL)
    }
    /// Data and holes in turn, over the whole file.
    pub fn segments(&self) -> Vec<Segment> {
        seek::segments(&self.facts, self.profile.seek)
    }
    /// `xfs_io -c "fiemap -v"`, of these records.
    pub fn xfs_io_fiemap(&self, records: &[FiemapRecord]) -> String {
        let whole = FiemapListing {
            name: self.name,
            size: self.size(),
            start: 0,
            end: None,
            records,
            verbose: true,
            lengths: false,
            limit: None,
        };
        fiemap::listing(&whole)
    }
    /// `filefrag -v`, of these records.
    pub fn filefrag(&self, records: &[FiemapRecord]) -> String {
        filefrag::listing(&FilefragListing {
            name: self.name,
            size: self.size(),
            block: self.profile.block.bytes(),
            fs_blocks: self.profile.device_blocks,
            magic: crate::personality::magic(self.profile.name),
            records,
            verbose: true,
            unit: None,
            groups: None,
        })
    }
    /// `xfs_io -c "seek -a -r 0"`, of these segments.
    pub fn xfs_io_seek(&self, segments: &[Segment]) -> String {
        let ask = SeekAsk { data: true, holes: true, repeat: true, show_start: false, off: 0 };
        crate::text::seek::listing(ask, |kind, from| lseek_in(segments, self.size(), kind, from))
    }
    /// `qemu-img map --output=json`.
    pub fn qemu_map(&self) -> String {
        qemu_map::listing(&self.segments(), self.size())
    }
}
