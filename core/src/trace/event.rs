//! The one list of events.
//!
//! An event is a fact about state: which field became what. Events carry ids, ranges and contents, never
//! references and never text made for display. Folding all of them from the start gives the state
//! (`view::fold`); the code that folds shares nothing with the code that changed the state.

use super::names::{Counter, Frame, LockId, Mode, TaskState};
use crate::base::cache_state::BlockState;
use crate::base::hints::Hints;
use crate::base::{
    DevBlock, Entry, Errno, FileBlock, Ino, NodeId, NodePlace, PageIndex, Payload, Prov, Range, Staged, TaskId,
};

use serde::Serialize;

/// What the list says about an event, for legends and documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventInfo {
    /// Stable name in traces.
    pub name: &'static str,
    /// One sentence.
    pub meaning: &'static str,
    /// The nearest kernel tracepoint or function.
    pub kernel: &'static str,
    /// Fields in order, each with its unit.
    pub fields: &'static [(&'static str, &'static str)],
}

macro_rules! events {
    ($($name:ident $text:literal, $meaning:literal, $kernel:literal { $($field:ident: $kind:ty = $unit:literal,)* })*) => {
        /// A change of state, or a boundary that the picture shows.
        #[derive(Clone, PartialEq, Eq, Debug, Serialize)]
        #[serde(tag = "event")]
        pub enum Event {
            $(
                #[doc = $meaning]
                #[serde(rename = $text)]
                $name {
                    $(#[doc = $unit] $field: $kind,)*
                },
            )*
        }

        impl Event {
            /// All events, in the order of the list.
            pub const LIST: &'static [EventInfo] = &[
                $(EventInfo {
                    name: $text,
                    meaning: $meaning,
                    kernel: $kernel,
                    fields: &[$((stringify!($field), $unit),)*],
                },)*
            ];
            /// What the list says about this event.
            pub fn info(&self) -> &'static EventInfo {
                let mut at = 0;
                $(
                    if matches!(self, Self::$name { .. }) {
                        return &Self::LIST[at];
                    }
                    at += 1;
                )*
                unreachable!("every event is on the list; {at} were compared")
            }
        }
    };
}

events! {
    // Scheduler.
    TaskSpawned "task_spawned", "A task exists.", "kthread_create" { task: TaskId = "task", label: String = "name", daemon: bool = "background task", }
    TaskChanged "task_changed", "A task became runnable, blocked or done.", "sched_switch" { task: TaskId = "task", state: TaskState = "state", }
    FrameEntered "frame_entered", "A task entered a function.", "function_graph" { task: TaskId = "task", frame: Frame = "function", a: u64 = "by function", b: u64 = "by function", }
    FrameLeft "frame_left", "A task left the function it was in.", "function_graph" { task: TaskId = "task", frame: Frame = "function", }
    LockWaited "lock_waited", "A task queued for a lock.", "contention_begin" { task: TaskId = "task", lock: LockId = "lock", mode: Mode = "mode", }
    LockTaken "lock_taken", "A task got a lock.", "lock_acquired" { task: TaskId = "task", lock: LockId = "lock", mode: Mode = "mode", }
    LockRefused "lock_refused", "A try-lock failed.", "lock_contended" { task: TaskId = "task", lock: LockId = "lock", mode: Mode = "mode", }
    LockAbandoned "lock_abandoned", "A waiting task was dropped and left the queue.", "contention_end" { task: TaskId = "task", lock: LockId = "lock", mode: Mode = "mode", }
    LockDropped "lock_dropped", "A task gave a lock back.", "lock_release" { task: TaskId = "task", lock: LockId = "lock", mode: Mode = "mode", }
    ClockMoved "clock_moved", "Virtual time passed.", "tick_do_update_jiffies64" { now: u64 = "nanoseconds", }
    // Commands and calls.
    CommandBegan "command_began", "A command of the script starts.", "sys_enter" { task: TaskId = "task", number: u32 = "command number from 1", }
    CommandEnded "command_ended", "A command of the script is over.", "sys_exit" { task: TaskId = "task", number: u32 = "command number from 1", ret: i64 = "by command", errno: Option<Errno> = "error", }
    // Names and inodes.
    InodeCreated "inode_created", "An inode exists.", "ext4_allocate_inode" { ino: Ino = "inode", }
    InodeRemoved "inode_removed", "An inode is gone.", "ext4_free_inode" { ino: Ino = "inode", }
    NameSet "name_set", "A name refers to an inode.", "d_instantiate" { name: String = "name", ino: Ino = "inode", }
    NameRemoved "name_removed", "A name is gone.", "d_delete" { name: String = "name", }
    SizeChanged "size_changed", "The size in memory changed.", "i_size_write" { ino: Ino = "inode", size: u64 = "bytes", }
    DiskSizeChanged "disk_size_changed", "The size that a commit would record changed.", "ext4_update_i_disksize" { ino: Ino = "inode", size: u64 = "bytes", }
    InlineRoom "inline_room", "The inode sets bytes aside for the file's data.", "ext4_create_inline_data" { ino: Ino = "inode", bytes: u64 = "bytes, 0 for none", }
    HintsSet "hints_set", "What a program asked of a file's future blocks changed.", "vfs_fileattr_set" { ino: Ino = "inode", hints: Hints = "extent size hints in bytes, no copy on write", }
    FileOpened "file_opened", "A name was opened.", "do_sys_open" { name: String = "name", ino: Ino = "inode", }
    FileClosed "file_closed", "A name was closed.", "filp_close" { name: String = "name", }
    CurrentChanged "current_changed", "Commands now mean this file (none: empty).", "xfs_io file" { name: String = "name", }
    // Page cache.
    FolioAdded "folio_added", "A folio entered the page cache.", "mm_filemap_add_to_page_cache" { ino: Ino = "inode", index: PageIndex = "page", pages: u32 = "pages", }
    FolioRemoved "folio_removed", "A folio left the page cache.", "mm_filemap_delete_from_page_cache" { ino: Ino = "inode", index: PageIndex = "page", }
    FolioSplit "folio_split", "A folio is now several, with the same blocks.", "folio_split" { ino: Ino = "inode", index: PageIndex = "page", into: Box<[(PageIndex, u32)]> = "first page and pages of each", }
    FolioWriteback "folio_writeback", "A folio is under writeback, or no longer.", "folio_start_writeback" { ino: Ino = "inode", index: PageIndex = "page", on: bool = "under writeback", }
    BlocksState "blocks_state", "Cached blocks changed state.", "folio_mark_dirty" { ino: Ino = "inode", range: Range<FileBlock> = "blocks", state: BlockState = "state", }
    BlocksData "blocks_data", "Cached blocks hold these bytes.", "copy_folio_from_iter" { ino: Ino = "inode", range: Range<FileBlock> = "blocks", data: Payload = "contents of each", prov: Prov = "command", }
    // Delayed allocation.
    DelayedAdded "delayed_added", "Blocks are promised a place.", "ext4_da_reserve_space" { ino: Ino = "inode", range: Range<FileBlock> = "blocks", }
    DelayedRemoved "delayed_removed", "A promise was kept or returned.", "ext4_da_release_space" { ino: Ino = "inode", range: Range<FileBlock> = "blocks", }
    DelayedUnbacked "delayed_unbacked", "Delayed blocks have no promise: their data goes where it was.", "btrfs_check_nocow_lock" { ino: Ino = "inode", range: Range<FileBlock> = "blocks", }
    OrderedBegan "ordered_began", "Blocks have a place on the device, and no record before all of them were written.", "btrfs_ordered_extent_add" { ino: Ino = "inode", range: Range<FileBlock> = "blocks", id: u64 = "ordered extent from 1", addr: DevBlock = "first block on the device", fresh: bool = "device blocks are new", }
    OrderedArrived "ordered_arrived", "Data of an ordered extent is on the device.", "btrfs_ordered_extent_mark_finished" { ino: Ino = "inode", range: Range<FileBlock> = "blocks", }
    OrderedEnded "ordered_ended", "Blocks are in flight no longer: recorded, or given up.", "btrfs_ordered_extent_remove" { ino: Ino = "inode", range: Range<FileBlock> = "blocks", }
    StagingSet "staging_set", "Blocks wait beside the tree in this state.", "xfs_reflink_cow_enospc" { ino: Ino = "inode", range: Range<FileBlock> = "blocks", state: Staged = "state", }
    StagingEnded "staging_ended", "Blocks wait beside the tree no longer.", "xfs_reflink_cow_remap_to" { ino: Ino = "inode", range: Range<FileBlock> = "blocks", }
    // Trees.
    TreeRoot "tree_root", "A tree's root is this node.", "bch2_btree_set_root" { tree: u32 = "tree", node: NodeId = "node", }
    TreeRemoved "tree_removed", "A tree is gone with its inode.", "ext4_ext_remove_space" { tree: u32 = "tree", }
    NodeCreated "node_created", "A B-tree node exists.", "btree_node_alloc" { node: NodeId = "node", level: u32 = "level, 0 is a leaf", }
    NodeFreed "node_freed", "A B-tree node is gone.", "btree_node_free" { node: NodeId = "node", }
    NodeSpliced "node_spliced", "Entries of a node were replaced.", "btree_node_write" { node: NodeId = "node", at: u32 = "entry", removed: u32 = "entries", inserted: Box<[Entry]> = "entries", }
    InlineSet "inline_set", "Inline data of a key.", "bkey_inline_data" { id: u64 = "inline identity", data: Payload = "contents", prov: Prov = "command", }
    InlineRemoved "inline_removed", "Inline data is gone.", "bkey_inline_data" { id: u64 = "inline identity", }
    // Space.
    SpaceTaken "space_taken", "Device blocks are in use.", "ext4_allocate_blocks" { range: Range<DevBlock> = "blocks", }
    SpacePinned "space_pinned", "Device blocks were freed and wait for a commit.", "ext4_free_blocks" { range: Range<DevBlock> = "blocks", }
    SpaceFreed "space_freed", "Device blocks are free.", "ext4_process_freed_data" { range: Range<DevBlock> = "blocks", }
    LedgerChanged "ledger_changed", "A counter of the space ledger changed.", "percpu_counter_add" { counter: Counter = "counter", value: u64 = "blocks", }
    PiecePacked "piece_packed", "Blocks lie compressed on the device, under addresses of their own.", "btrfs_submit_compressed_write" { packed: Range<DevBlock> = "addresses of the blocks", device: Range<DevBlock> = "blocks that they take", left: u64 = "blocks that are used", }
    PieceLeft "piece_left", "So many blocks of a compressed piece are still used; none: it is gone.", "btrfs_drop_extents" { start: DevBlock = "first address of the piece", left: u64 = "blocks", }
    WritePointMoved "write_point_moved", "The next data goes here, if there is room in the bucket.", "bch2_alloc_sectors_done" { at: DevBlock = "block", }
    SumKept "sum_kept", "Data of blocks is sent, and its checksum is kept.", "btrfs_csum_one_bio" { range: Range<DevBlock> = "blocks, all with the same data", sum: u32 = "CRC-32C of each block", }
    SumsGone "sums_gone", "Checksums of blocks are not kept any more.", "btrfs_del_csums" { range: Range<DevBlock> = "blocks", }
    SumWrong "sum_wrong", "A block that was read has other data than its checksum is of.", "btrfs_check_read_bio" { at: DevBlock = "block", kept: u32 = "the checksum that was kept", found: u32 = "the checksum of what is there", }
    BlocksShared "blocks_shared", "Device blocks have so many users besides the first.", "xfs_refcount_adjust" { range: Range<DevBlock> = "blocks", others: u32 = "users", }
    DiskExtentMade "disk_extent_made", "Device blocks are one extent, shared and freed as a whole.", "btrfs_add_delayed_data_ref" { range: Range<DevBlock> = "blocks", }
    DiskExtentUsed "disk_extent_used", "So many blocks of a file, counted from an origin in it, use an extent on the device.", "btrfs_inc_extent_ref" { start: DevBlock = "first block of the extent", ino: Ino = "inode", origin: i64 = "block of the file where the extent would start", blocks: u64 = "blocks", }
    DiskExtentGone "disk_extent_gone", "An extent on the device has no user any more.", "btrfs_free_extent" { start: DevBlock = "first block of the extent", }
    // Device.
    RequestQueued "request_queued", "A request waits for the device.", "block_rq_insert" { request: u64 = "request", write: bool = "write", fua: bool = "durable when done", range: Range<DevBlock> = "blocks", }
    RequestFailed "request_failed", "The device could not do a request, or lost it with its power.", "blk_update_request" { request: u64 = "request", errno: Errno = "error", }
    PowerCut "power_cut", "The power went and came back: what was not flushed is there or not.", "blk_abort_request" {}
    RequestDone "request_done", "The device did a request.", "block_rq_complete" { request: u64 = "request", }
    DeviceData "device_data", "Device blocks hold these bytes.", "block_bio_complete" { range: Range<DevBlock> = "blocks", data: Payload = "contents of each", prov: Prov = "command", }
    DeviceFlushed "device_flushed", "Everything written so far is durable.", "block_rq_issue" { epoch: u64 = "flushes so far", }
    NodePlaceChanged "node_place_changed", "Places for nodes on the device are used so.", "btrfs_alloc_tree_block" { range: Range<DevBlock> = "blocks", state: NodePlace = "use", }
    Committed "committed", "The metadata as it stands is what a mount would find.", "jbd2_end_commit" { number: u64 = "commits so far", }
    // Mount.
    ShutDown "shut_down", "Nothing reaches the device any more.", "ext4_shutdown" {}
    MemoryDropped "memory_dropped", "Everything held in memory is gone; only the device remains.", "generic_shutdown_super" {}
}
