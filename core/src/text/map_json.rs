//! The extent map as JSON, `extentscope-map-1`: the types, in the shape of `static/schema/extent-map-1.json`.
//!
//! Plain data without time, build or source fields: equal states give equal texts. Keys come in the order of the
//! fields here.

use serde::de::{Error, Unexpected};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The value of `format`.
pub const FORMAT: &str = "extentscope-map-1";

/// The largest integer that JavaScript keeps exactly.
pub const EXACT_MAX: u64 = (1 << 53) - 1;

/// A number that a JavaScript reader keeps exactly: above [`EXACT_MAX`] it is written as a decimal string.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Hash)]
pub struct Count(pub u64);

impl From<u64> for Count {
    fn from(value: u64) -> Self {
        Self(value)
    }
}

impl Serialize for Count {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        if self.0 <= EXACT_MAX { to.serialize_u64(self.0) } else { to.collect_str(&self.0) }
    }
}

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Form {
            Number(u64),
            Text(String),
        }
        match Form::deserialize(from)? {
            Form::Number(number) => Ok(Self(number)),
            Form::Text(text) => {
                text.parse().map(Self).map_err(|_| D::Error::invalid_value(Unexpected::Str(&text), &"a decimal number"))
            }
        }
    }
}

/// The whole map.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExtentMap {
    /// Always [`FORMAT`].
    pub format: String,
    /// The filesystem that is modelled.
    pub personality: String,
    /// Its patch level.
    pub level: String,
    /// Sizes of the device and the filesystem.
    pub geometry: Geometry,
    /// Every file, by name.
    pub files: Vec<FileMap>,
}

/// Sizes of the device and the filesystem.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Geometry {
    /// Bytes in a filesystem block.
    pub block_size: Count,
    /// Bytes in a page of the cache.
    pub page_size: Count,
    /// Filesystem blocks on the device.
    pub device_blocks: Count,
    /// Of these, free and not promised.
    pub free_blocks: Count,
    /// Blocks promised without an address.
    pub reserved_blocks: Count,
    /// Keys in a B-tree node.
    pub fanout: Count,
}

/// One file. All offsets and lengths are bytes.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileMap {
    /// Its name.
    pub name: String,
    /// Its inode number.
    pub ino: Count,
    /// `i_size`.
    pub size: Count,
    /// `st_blocks`, in 512-byte units.
    pub blocks: Count,
    /// What FIEMAP without a flush answers, in order.
    pub extents: Vec<ExtentJson>,
    /// What lies between and behind them up to the size.
    pub holes: Vec<Stretch>,
    /// What is cached, in order.
    pub cache: Vec<CacheJson>,
    /// Space that is promised and not placed.
    pub reservations: Vec<ReservationJson>,
    /// The tree that holds the extents.
    pub tree: TreeJson,
}

/// `[logical, logical + length)`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stretch {
    /// First byte.
    pub logical: Count,
    /// Bytes.
    pub length: Count,
}

/// One record of the map.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExtentJson {
    /// First byte in the file.
    pub logical: Count,
    /// First byte on the device; null where there is no address.
    pub physical: Option<Count>,
    /// Bytes.
    pub length: Count,
    /// FIEMAP_EXTENT bits.
    pub flags: u32,
    /// Their names, by bit.
    pub names: Vec<String>,
    /// What the extent is.
    pub state: ExtentState,
    /// Who else maps these blocks.
    pub shared_with: Vec<SharedWith>,
    /// Which commands wrote the data, in order of offset.
    pub provenance: Vec<ProvenanceJson>,
}

/// What an extent is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ExtentState {
    /// Placed, with data.
    Written,
    /// Placed, reads as zeroes.
    Unwritten,
    /// Data in the cache, no address.
    Delalloc,
    /// Counted against free space, no address and no data.
    Reserved,
    /// Data inside metadata.
    Inline,
    /// Data that cannot be read off the device as it is (compressed).
    Encoded,
}

/// Another place that maps the same blocks.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SharedWith {
    /// The file's name.
    pub file: String,
    /// First byte there that is shared.
    pub logical: Count,
}

/// Who wrote a stretch.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProvenanceJson {
    /// First byte.
    pub logical: Count,
    /// Bytes.
    pub length: Count,
    /// The command, counted from 1.
    pub command: Count,
    /// Its text.
    pub cmd: String,
}

/// A cached stretch in one state.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CacheJson {
    /// First byte.
    pub logical: Count,
    /// Bytes.
    pub length: Count,
    /// Its state.
    pub state: CacheState,
    /// Whether the bytes are the file's bytes.
    pub uptodate: bool,
    /// Pages of the folio that holds it.
    pub folio_pages: Count,
}

/// The state of cached bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CacheState {
    /// Equal to the device.
    Clean,
    /// Newer than the device.
    Dirty,
    /// Being written.
    Writeback,
    /// Being written, and dirtied again.
    DirtyWriteback,
}

/// A promise of space.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReservationJson {
    /// First byte.
    pub logical: Count,
    /// Bytes.
    pub length: Count,
    /// Why.
    pub kind: ReservationKind,
}

/// Why space is promised.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ReservationKind {
    /// For data that is dirty in the cache.
    Delalloc,
    /// By a preallocation that has no address.
    Reserved,
    /// For a copy of shared data.
    Cow,
}

/// A B-tree.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TreeJson {
    /// Levels; 0 without a node.
    pub depth: Count,
    /// Its nodes, from the root down, each level in order.
    pub nodes: Vec<NodeJson>,
}

/// A node of a B-tree.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodeJson {
    /// Its number, never used again.
    pub id: Count,
    /// 0 is a leaf.
    pub level: Count,
    /// The node above; null for the root.
    pub parent: Option<Count>,
    /// What it holds, in order.
    pub entries: Vec<EntryJson>,
}

/// One key of a node.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub enum EntryJson {
    /// In a leaf: an extent.
    Extent {
        /// The inode that it belongs to.
        ino: Count,
        /// First byte in the file.
        logical: Count,
        /// Bytes.
        length: Count,
        /// First byte on the device; null where there is no address.
        physical: Option<Count>,
        /// What it is.
        state: ExtentState,
    },
    /// Above a leaf: a child and the first key under it.
    Child {
        /// The inode of the first key.
        ino: Count,
        /// First byte of the first key.
        logical: Count,
        /// The child's number.
        child: Count,
    },
}

impl ExtentMap {
    /// The text of the export: two-space indentation, a newline at the end.
    pub fn to_text(&self) -> String {
        let text = serde_json::to_string_pretty(self).expect("strings and numbers always have a form in JSON");
        format!("{text}\n")
    }
}
