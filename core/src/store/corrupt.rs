//! What is wrong on a device: the rule, the object, the block.

use crate::base::DevBlock;
use serde::Serialize;
use std::fmt;

macro_rules! rules {
    ($($name:ident $text:literal, $meaning:literal;)*) => {
        /// A rule that a device keeps. Each has a name, which reports and documents use.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash, Serialize)]
        pub enum Rule {
            $(#[doc = $meaning] #[serde(rename = $text)] $name,)*
        }

        impl Rule {
            /// Every rule, in the order in which they are looked at.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];
            /// The rule's name.
            pub fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
            /// The rule, in one sentence.
            pub fn meaning(self) -> &'static str {
                match self { $(Self::$name => $meaning,)* }
            }
        }
    };
}

rules! {
    Read "read", "The device gives what is asked of it.";
    Size "size", "The device is as large as its superblock says.";
    SuperblockMagic "superblock-magic", "A superblock begins with the format's eight bytes.";
    SuperblockVersion "superblock-version", "The format's version is one that this program knows.";
    SuperblockChecksum "superblock-checksum", "A superblock's checksum is that of its bytes.";
    SuperblockGeometry "superblock-geometry", "Sizes and addresses in a superblock fit each other and the device.";
    SuperblockPair "superblock-pair", "The two superblocks say the same, and their generations follow each other.";
    NodeMagic "node-magic", "A node begins with its checksum and the format's four bytes.";
    NodeChecksum "node-checksum", "A node's checksum is that of its bytes, and the one that its parent remembers.";
    NodeAddress "node-address", "A node carries its own address.";
    NodeGeneration "node-generation", "A node is of the commit that its parent remembers, which is not newer than the superblock.";
    NodeLevel "node-level", "A node is one level below its parent.";
    NodeEntries "node-entries", "A node's entries lie inside it, do not overlap, and are not fewer than one.";
    NodeOrder "node-order", "Keys ascend, and lie between the parent's.";
    NodeOnce "node-once", "A node has one parent.";
    ItemKind "item-kind", "An item is of a kind that this version knows.";
    ItemForm "item-form", "An item has the length and the values that its kind allows.";
    Counters "counters", "The next inode's number is above all there are.";
    NameTarget "name-target", "A name refers to an inode.";
    ExtentInode "extent-inode", "A record's inode exists.";
    ExtentOrder "extent-order", "The records of a file do not overlap.";
    ExtentPlace "extent-place", "A record's blocks lie where data may lie.";
    ExtentOwner "extent-owner", "A block has as many records as users are counted, and one where nothing may be shared.";
    DiskExtents "disk-extents", "Extents on the device do not overlap, and a record's blocks lie in them where they are kept.";
    Pieces "pieces", "A compressed piece lies where data may lie, alone, and holds its blocks' data.";
    InlineData "inline-data", "Data of a key is there, whole, and has a key.";
    FreeMap "free-map", "Exactly the blocks that nothing owns are free.";
    SumPlace "sum-place", "Checksums are of blocks that something owns.";
    DataChecksum "data-checksum", "A block's data has the checksum that was kept of it.";
}

/// One broken rule.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Finding {
    /// The rule.
    pub rule: Rule,
    /// What breaks it, such as `inode 3` or `node 17`.
    pub object: String,
    /// The block where it shows, as the device counts them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub block: Option<DevBlock>,
    /// What was found.
    pub detail: String,
}

impl Finding {
    /// A broken rule.
    pub fn new(rule: Rule, object: impl Into<String>, block: Option<DevBlock>, detail: impl Into<String>) -> Self {
        Self { rule, object: object.into(), block, detail: detail.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.rule.name(), self.object)?;
        if let Some(block) = self.block {
            write!(f, " at block {block}")?;
        }
        write!(f, ": {}", self.detail)
    }
}
