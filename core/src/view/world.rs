//! What can be seen of the simulated system at one step.

use crate::base::cache_state::BlockState;
use crate::base::hints::Hints;
use crate::base::packed::Piece;
use crate::base::{
    DevBlock, Entry, Extent, FileBlock, Ino, NodeId, NodePlace, PageIndex, Range, RangeMap, Sharing, SortedMap, Staged,
    Stamped, TaskId,
};
use crate::trace::{Counter, Frame, LockId, Mode, TaskState};
use serde::Serialize;

/// Everything visible. Two worlds are equal when nobody could tell them apart.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct World {
    /// Virtual time in nanoseconds.
    pub now: u64,
    /// Every task that ever was, by id.
    pub tasks: SortedMap<TaskId, TaskView>,
    /// Locks that somebody holds.
    pub locks: SortedMap<LockId, LockView>,
    /// Names and their inodes.
    pub names: SortedMap<String, Ino>,
    /// Open files by name.
    pub open: SortedMap<String, Ino>,
    /// The file that commands mean; empty for none.
    pub current: String,
    /// Inodes.
    pub files: SortedMap<Ino, FileView>,
    /// Roots by tree: 0 where one tree holds all inodes, else the inode's number.
    pub trees: SortedMap<u32, NodeId>,
    /// B-tree nodes.
    pub nodes: SortedMap<NodeId, NodeView>,
    /// Data that lives inside metadata, by identity.
    pub inline: SortedMap<u64, Stamped>,
    /// Device blocks that are not free.
    pub space: RangeMap<DevBlock, SpaceState>,
    /// Checksums of data that are kept.
    pub sums: RangeMap<DevBlock, u32>,
    /// Compressed pieces by their first address.
    pub pieces: SortedMap<DevBlock, Piece>,
    /// Where the last data went, its end, where buckets are filled one after the other.
    pub write_point: DevBlock,
    /// Who uses device blocks besides their first user.
    pub sharing: Sharing,
    /// The space ledger, in blocks; a counter that was never set is 0.
    pub ledger: SortedMap<Counter, u64>,
    /// Contents of device blocks that were written.
    pub device: RangeMap<DevBlock, Stamped>,
    /// Requests that the device has not done.
    pub requests: SortedMap<u64, RequestView>,
    /// Writes that are done and not flushed, in order: a power cut may undo them.
    pub unflushed: Vec<(u64, Range<DevBlock>)>,
    /// Flushes of the device so far.
    pub flushes: u64,
    /// Who uses which places for nodes; the others are free.
    pub node_places: RangeMap<DevBlock, NodePlace>,
    /// Commits of the metadata so far.
    pub commits: u64,
    /// Nothing reaches the device any more.
    pub shut_down: bool,
}

/// A task.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TaskView {
    /// Its name.
    pub label: String,
    /// Whether a run may end while it waits for work.
    pub daemon: bool,
    /// Whether it can take a step.
    pub state: TaskState,
    /// The command of the script that it works on.
    pub command: Option<u32>,
    /// Functions it is in, outermost first, each with its two numbers.
    pub frames: Vec<(Frame, u64, u64)>,
}

/// A lock.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct LockView {
    /// Who holds it, in order of taking.
    pub holders: Vec<(TaskId, Mode)>,
    /// Who waits, first to be served first.
    pub waiters: Vec<(TaskId, Mode)>,
}

/// A file: its sizes, its page cache and its promises. Its extents are in the nodes.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct FileView {
    /// Size in memory, in bytes.
    pub size: u64,
    /// Size that a commit would record, in bytes.
    pub disk_size: u64,
    /// Bytes that the inode has set aside for data; 0 for none.
    pub inline_room: u64,
    /// What a program asked of its future blocks.
    pub hints: Hints,
    /// Folios by their first page.
    pub folios: SortedMap<PageIndex, FolioView>,
    /// State of cached blocks.
    pub states: RangeMap<FileBlock, BlockState>,
    /// Contents of cached blocks that are up to date or dirty.
    pub data: RangeMap<FileBlock, Stamped>,
    /// Blocks that are promised a place, where the filesystem keeps an index of them.
    pub delayed: RangeMap<FileBlock, ()>,
    /// Those of them that space was not promised for.
    pub unbacked: RangeMap<FileBlock, ()>,
    /// Blocks that have a place on the device and no record yet.
    pub ordered: RangeMap<FileBlock, FlightView>,
    /// Blocks whose new data waits beside the tree.
    pub staging: RangeMap<FileBlock, Staged>,
}

/// Blocks of an ordered extent.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct FlightView {
    /// Which ordered extent.
    pub id: u64,
    /// Its first block in the file when it began.
    pub start: FileBlock,
    /// That block's place on the device.
    pub addr: DevBlock,
    /// Whether the device blocks were taken for it.
    pub fresh: bool,
    /// Whether the data is on the device.
    pub arrived: bool,
}

/// A folio.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FolioView {
    /// Pages, a power of two.
    pub pages: u32,
    /// Whether it is being written.
    pub writeback: bool,
}

/// A B-tree node.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NodeView {
    /// 0 is a leaf.
    pub level: u32,
    /// Extents in a leaf, children elsewhere, in order.
    pub entries: Vec<Entry>,
}

/// Why a device block is not free.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SpaceState {
    /// An extent has it, or is about to.
    Used,
    /// Freed, but the last commit still refers to it.
    Pinned,
}

/// A request on its way to the device.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RequestView {
    /// Whether it is durable when it is done.
    pub fua: bool,
    /// Write or read.
    pub write: bool,
    /// Which blocks.
    pub range: Range<DevBlock>,
}

impl World {
    /// The inode of a name.
    pub fn ino(&self, name: &str) -> Option<Ino> {
        self.names.get(name).copied()
    }
    /// The extents of a file in order, read off the leaves.
    pub fn extents(&self, ino: Ino) -> Vec<Extent> {
        let Some(root) = self.trees.get(&ino.0).or_else(|| self.trees.get(&0)) else { return Vec::new() };
        let mut found = Vec::new();
        let mut open = vec![*root];
        while let Some(node) = open.pop() {
            let Some(node) = self.nodes.get(&node) else { continue };
            for entry in node.entries.iter().rev() {
                if let Entry::Child { node, .. } = entry {
                    open.push(*node);
                }
            }
            for entry in &node.entries {
                if let Entry::Extent(extent) = entry
                    && extent.ino == ino
                {
                    found.push(*extent);
                }
            }
        }
        found
    }
    /// A counter of the ledger, in blocks.
    pub fn counter(&self, counter: Counter) -> u64 {
        self.ledger.get(&counter).copied().unwrap_or(0)
    }
}
