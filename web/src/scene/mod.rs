//! The picture as it travels: what is visible of a run at one step, for the chosen file and lens.
//!
//! Plain numbers and words, made by the worker ([`crate::worker`]), drawn by the page. The page derives pixels from
//! it, never a fact.

mod compare;
mod look;

use extentscope_core::view::text_view::TextView;
use serde::{Deserialize, Serialize};

use crate::protocol::Place;

pub use compare::{CompareScene, SideBar, SideFile, SideScene, Stretch};
pub use look::{Change, Lane, Lens, Look, Pulse};

/// One cached block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CacheCell {
    /// How it looks.
    pub look: Look,
    /// Dirtied again while it is being written.
    pub dirty_again: bool,
    /// The command that wrote the bytes; 0 for nobody.
    pub writer: u32,
}

/// A folio inside the lens, clipped to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FolioBar {
    /// First block inside the lens.
    pub first: u64,
    /// Blocks inside the lens.
    pub blocks: u64,
    /// Pages of the whole folio.
    pub pages: u32,
}

/// Blocks that hold a promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bracket {
    /// First block.
    pub first: u64,
    /// Blocks.
    pub blocks: u64,
    /// [`Look::Delalloc`] or [`Look::Reserved`].
    pub look: Look,
}

/// A bar of the extent lane, holes included, clipped to the lens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExtentBar {
    /// First block inside the lens.
    pub first: u64,
    /// Blocks inside the lens.
    pub blocks: u64,
    /// How it looks.
    pub look: Look,
    /// The device block of `first`, where there is one.
    pub address: Option<u64>,
    /// First block of the whole extent.
    pub whole_first: u64,
    /// Blocks of the whole extent.
    pub whole_blocks: u64,
}

/// The whole file, reduced to at most as many columns as the page asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overview {
    /// Blocks in a column.
    pub blocks_per_column: u64,
    /// What most blocks of a column look like in the page cache.
    pub cache: Vec<Look>,
    /// The same in the extent lane.
    pub extents: Vec<Look>,
}

/// A row of the legend.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LegendRow {
    /// The state.
    pub look: Look,
    /// Blocks of the whole file in that state.
    pub blocks: u64,
    /// The same in bytes.
    pub bytes: u64,
}

/// The chosen file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileScene {
    /// Its name; empty when it has none any more.
    pub name: String,
    /// Its inode.
    pub ino: u32,
    /// Bytes.
    pub size: u64,
    /// Bytes that a commit would record.
    pub disk_size: u64,
    /// Blocks up to the last thing there is: end of file, extent, cached page.
    pub blocks: u64,
    /// What is shown.
    pub lens: Lens,
    /// One cell a block of the lens.
    pub cache: Vec<CacheCell>,
    /// Folios that reach into the lens.
    pub folios: Vec<FolioBar>,
    /// Promises inside the lens.
    pub promises: Vec<Bracket>,
    /// Blocks of the whole file that hold a promise without an address.
    pub promised: u64,
    /// The extent lane.
    pub extents: Vec<ExtentBar>,
    /// For files longer than the lens.
    pub overview: Option<Overview>,
    /// Counts over the whole file.
    pub legend: Vec<LegendRow>,
    /// The first change outside the lens since the picture shown before.
    pub changed_outside: Option<u64>,
}

/// One device block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceCell {
    /// How it looks.
    pub look: Look,
    /// Inode and file block of the extent that has it.
    pub owner: Option<(u32, u64)>,
    /// The command that wrote what is there; 0 for nobody.
    pub writer: u32,
    /// A request for it is on its way.
    pub busy: bool,
}

/// A node's place on the device, or a superblock's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MetaCell {
    /// Its first block.
    pub block: u64,
    /// How it is drawn.
    pub look: Look,
    /// What it is and how it stands, in words.
    pub words: String,
    /// A few letters for the eye.
    pub label: String,
    /// A request for it is on its way.
    pub busy: bool,
}

/// The part of the metadata that is shown.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct MetaScene {
    /// Some nodes, and the two superblocks behind them.
    pub cells: Vec<MetaCell>,
    /// The number of the first node.
    pub first: u64,
    /// Places for nodes on the whole device.
    pub nodes: u64,
    /// Places that are not free.
    pub used: u64,
    /// First block of the first place.
    pub start: u64,
    /// Blocks in a place.
    pub each: u64,
}

impl MetaScene {
    /// The cell that a device block belongs to, when it is shown.
    pub fn at(&self, block: u64) -> Option<usize> {
        self.cells.iter().position(|cell| cell.block <= block && block < cell.block + self.each)
    }
    /// Nodes that are shown: all cells but the two superblocks.
    pub fn shown(&self) -> u64 {
        self.cells.len().saturating_sub(2) as u64
    }
    /// The first block behind all nodes.
    pub fn end(&self) -> u64 {
        self.start + self.nodes * self.each
    }
    /// The first block of the place that a block belongs to.
    pub fn place(&self, block: u64) -> u64 {
        block - block.saturating_sub(self.start) % self.each.max(1)
    }
}

/// The device.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct DeviceScene {
    /// Blocks of the whole device.
    pub blocks: u64,
    /// What is shown.
    pub lens: Lens,
    /// One cell a block of the lens.
    pub cells: Vec<DeviceCell>,
    /// What lies behind the data.
    pub meta: MetaScene,
    /// Writes that are done and not flushed: request, first block, blocks.
    pub unflushed: Vec<(u64, u64, u64)>,
    /// Blocks that nobody has, of the whole device.
    pub free: u64,
    /// Flushes so far.
    pub flushes: u64,
    /// Commits so far.
    pub commits: u64,
}

/// A file of the flat name space.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileItem {
    /// Its name.
    pub name: String,
    /// Its inode.
    pub ino: u32,
    /// Bytes.
    pub size: u64,
    /// Open in the script.
    pub open: bool,
    /// The file that commands mean.
    pub current: bool,
}

/// What a task does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Doing {
    /// Takes this very step.
    Running,
    /// Could take a step.
    Runnable,
    /// Waits for a lock.
    Blocked,
    /// Waits for the device, for writeback or for time.
    Waiting,
    /// Waits for work or for the next command.
    Idle,
    /// Finished.
    Done,
}

impl Doing {
    /// The name in style sheets, and the word.
    pub fn key(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Runnable => "runnable",
            Self::Blocked => "blocked",
            Self::Waiting => "waiting",
            Self::Idle => "idle",
            Self::Done => "done",
        }
    }
}

/// A task at the cursor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskItem {
    /// Its id.
    pub task: u32,
    /// Its letter in lanes and markers.
    pub letter: String,
    /// Its name.
    pub label: String,
    /// The system's own.
    pub daemon: bool,
    /// What it does.
    pub doing: Doing,
    /// The same in words, with what it waits for.
    pub words: String,
    /// Functions it stands in, outermost first.
    pub frames: Vec<FrameItem>,
    /// The command it works on, as typed.
    pub command: Option<String>,
}

/// A function that a task stands in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FrameItem {
    /// Our word.
    pub label: String,
    /// The nearest kernel function.
    pub kernel: String,
    /// Its numbers, in words.
    pub numbers: String,
}

/// A lock that is held or wanted at the cursor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LockItem {
    /// Its name.
    pub name: String,
    /// Who holds it: letter and mode.
    pub holders: Vec<String>,
    /// Who waits for it.
    pub waiters: Vec<String>,
}

/// The time axis around the cursor.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TimelineScene {
    /// First step shown.
    pub first: u64,
    /// Steps shown.
    pub steps: u64,
    /// A lane per task.
    pub tasks: Vec<TaskLane>,
    /// A lane per lock.
    pub locks: Vec<LockLane>,
    /// First steps of commands: step and the line.
    pub commands: Vec<(u64, String)>,
    /// Bookmarks inside.
    pub bookmarks: Vec<u64>,
    /// Futures that were left.
    pub ghosts: Vec<Ghost>,
}

/// What a task did over time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskLane {
    /// The task.
    pub task: u32,
    /// Its letter.
    pub letter: String,
    /// Its name.
    pub label: String,
    /// In order, without gaps from its first to its last.
    pub segments: Vec<Segment>,
}

/// Steps in which a task did one thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Segment {
    /// First step.
    pub from: u64,
    /// First step after.
    pub to: u64,
    /// What.
    pub doing: Doing,
}

/// A lock, or all locks of one kind on one thing, over time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LockLane {
    /// Its name.
    pub name: String,
    /// Holds and waits.
    pub spans: Vec<LockSpan>,
}

/// Steps over which a task holds or wants a lock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LockSpan {
    /// First step.
    pub from: u64,
    /// First step after.
    pub to: u64,
    /// The task's letter.
    pub letter: String,
    /// Which one, where a lane stands for many: a folio's page, a node.
    pub object: String,
    /// `X`, `S` or `I`.
    pub mode: char,
    /// Wants it only.
    pub wanted: bool,
}

/// A branch on the time axis.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ghost {
    /// Its name.
    pub name: String,
    /// The last common step.
    pub from: u64,
    /// Its last step.
    pub to: u64,
}

/// The B-tree that holds the chosen file.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TreeScene {
    /// Level by level from the root, each from left to right.
    pub levels: Vec<Vec<TreeNode>>,
    /// Nodes of the whole tree.
    pub nodes: u64,
    /// Nodes left out, because they would not fit.
    pub hidden: u64,
    /// A sentence about its shape.
    pub note: String,
}

/// A node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TreeNode {
    /// Its id.
    pub node: u32,
    /// Its place among the nodes of the level above.
    pub parent: Option<usize>,
    /// What it holds.
    pub entries: Vec<TreeEntry>,
    /// Not in the picture shown before, or different.
    pub changed: bool,
}

/// An entry of a node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TreeEntry {
    /// A record of a leaf.
    Record {
        /// The inode.
        ino: u32,
        /// First file block.
        first: u64,
        /// Blocks.
        blocks: u64,
        /// How it looks.
        look: Look,
        /// First device block, where there is one.
        address: Option<u64>,
    },
    /// A child and the lower bound of its keys.
    Child {
        /// The inode of the lower bound.
        ino: u32,
        /// The block of the lower bound.
        first: u64,
        /// The child.
        node: u32,
    },
}

/// A fact about the selection: name and value.
pub type Fact = (String, String);

/// Everything about the selected block.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct InspectorScene {
    /// What is selected.
    pub title: String,
    /// Its state, lane by lane.
    pub what: Vec<Fact>,
    /// The events that led here, newest first.
    pub why: Vec<CauseItem>,
    /// The step of the newest of them.
    pub since: Option<u64>,
    /// Who holds or wants what protects it.
    pub who: Vec<String>,
    /// What the interfaces of the system answer for it.
    pub others: Vec<Fact>,
}

/// An event on the way to the cause.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CauseItem {
    /// When.
    pub step: u64,
    /// What.
    pub sentence: String,
    /// The nearest kernel function.
    pub kernel: String,
}

/// What the run was made with.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Settings {
    /// `ext4` ...
    pub personality: String,
    /// Bytes in a block.
    pub block_size: u64,
    /// Blocks of the device.
    pub device_blocks: u64,
    /// Keys in a node, when the script says so.
    pub fanout: Option<u32>,
    /// The seed.
    pub seed: u64,
    /// One line about the rest.
    pub summary: String,
    /// Where the device lies.
    pub place: Place,
    /// Bytes of the whole device.
    pub device_bytes: u64,
    /// How often the file below was written and made durable; none in memory.
    pub file_counts: Option<(u64, u64)>,
}

/// A future that was left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BranchItem {
    /// Its name.
    pub name: String,
    /// Its steps.
    pub steps: u64,
    /// The last common step.
    pub forked_at: u64,
    /// The lines that only it has.
    pub lines: Vec<String>,
}

/// How the run stands at its head.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Standing {
    /// Everything is done.
    #[default]
    Idle,
    /// Something can run.
    Pending,
    /// Nothing can run, something is unfinished: who waits for whom.
    Deadlock(String),
}

/// What is visible at one step.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Scene {
    /// The cursor.
    pub cursor: u64,
    /// The last step.
    pub length: u64,
    /// How the head of the run stands.
    pub standing: Standing,
    /// What the step at the cursor did.
    pub sentence: String,
    /// The command at the cursor: its number and the line.
    pub command: Option<(u32, String)>,
    /// Virtual time in nanoseconds.
    pub now: u64,
    /// What the run was made with.
    pub settings: Settings,
    /// All files.
    pub files: Vec<FileItem>,
    /// The chosen one.
    pub file: Option<FileScene>,
    /// The device.
    pub device: DeviceScene,
    /// The space ledger: name and blocks.
    pub ledger: Vec<(String, u64)>,
    /// All tasks.
    pub tasks: Vec<TaskItem>,
    /// Locks that are held or wanted.
    pub locks: Vec<LockItem>,
    /// Time.
    pub timeline: TimelineScene,
    /// What moved.
    pub pulses: Vec<Pulse>,
    /// Whether the cursor moved towards the last step.
    pub forward: bool,
    /// The tree, when its tab is open.
    pub tree: Option<TreeScene>,
    /// The selection.
    pub inspector: Option<InspectorScene>,
    /// The text view, when it is open.
    pub text: Option<TextView>,
    /// Every filesystem, when they are compared.
    pub compare: Option<CompareScene>,
    /// Futures that were left.
    pub branches: Vec<BranchItem>,
}
