//! The vocabulary that the scheduler, the events and the picture share.

use crate::base::TaskId;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What a lock protects. The order of the variants is the order in which they may be taken.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LockClass {
    /// `inode->i_rwsem`: reads shared, writes and size changes exclusive. `a` is the inode.
    Inode,
    /// `mapping->invalidate_lock`: page faults shared, hole making exclusive. `a` is the inode.
    Invalidate,
    /// `folio_lock`. `a` is the inode, `b` the index of the folio's first page.
    Folio,
    /// A file's mapping as one (`i_data_sem`). `a` is the inode.
    Mapping,
    /// A B-tree node (`six_lock`). `a` is the node.
    Node,
    /// Serialises commits of the whole filesystem.
    Commit,
}

impl LockClass {
    /// The kernel's word for it.
    pub fn kernel(self) -> &'static str {
        match self {
            Self::Commit => "j_barrier",
            Self::Inode => "i_rwsem",
            Self::Invalidate => "invalidate_lock",
            Self::Folio => "folio lock",
            Self::Mapping => "i_data_sem",
            Self::Node => "six lock",
        }
    }
}

/// One lock of the simulated system.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LockId {
    /// What it protects.
    pub class: LockClass,
    /// First part of the object's name, by class.
    pub a: u64,
    /// Second part, by class.
    pub b: u64,
}

impl fmt::Display for LockId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.class {
            LockClass::Commit => write!(f, "{}", self.class.kernel()),
            LockClass::Folio => write!(f, "{} {}:{}", self.class.kernel(), self.a, self.b),
            LockClass::Inode | LockClass::Invalidate | LockClass::Mapping | LockClass::Node => {
                write!(f, "{} {}", self.class.kernel(), self.a)
            }
        }
    }
}
impl fmt::Debug for LockId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// How a lock is held.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// With other readers and one intent holder.
    Shared,
    /// With readers; excludes other intent holders.
    Intent,
    /// Alone.
    Exclusive,
}

impl Mode {
    /// Whether two holders may have these modes at once.
    pub fn compatible(self, other: Self) -> bool {
        matches!((self, other), (Self::Shared, Self::Shared | Self::Intent) | (Self::Intent, Self::Shared))
    }
    /// Whether a hold in this mode already gives what `wanted` asks.
    pub fn gives(self, wanted: Self) -> bool {
        self >= wanted
    }
}

/// Why a task cannot run.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "on", content = "what")]
pub enum Reason {
    /// Another task holds the lock.
    Lock(LockId),
    /// A request has not completed; the request's number.
    Io(u64),
    /// Writeback of a file has not finished; the inode.
    Writeback(u64),
    /// Virtual time has not come; nanoseconds.
    Timer(u64),
    /// A background task has nothing to do.
    Work,
    /// A script's task waits for its next command.
    Command,
}

/// What a task is doing for the scheduler.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state", content = "reason")]
pub enum TaskState {
    /// May take the next step.
    Runnable,
    /// Waits.
    Blocked(Reason),
    /// Finished.
    Done,
}

/// Why a step begins here: the place where the task was suspended.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "at", content = "what")]
pub enum Mark {
    /// A task's first step.
    Start,
    /// Before an attempt to take a lock.
    Lock(LockId, Mode),
    /// The lock that the task waited for was handed to it.
    Granted(LockId),
    /// What the task waited for has come.
    Woken(Reason),
    /// Before handing a request to the device, or before the device does one.
    Io,
    /// A command of the script begins; its number from 1.
    Command(u32),
    /// Between two system calls of one command.
    Call,
    /// Between two looks at one file.
    Look,
}

macro_rules! frames {
    ($($(#[$doc:meta])* $name:ident = $label:literal, $kernel:literal;)*) => {
        /// What a task stands in: a function of the engine that the picture names.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Frame { $($(#[$doc])* $name,)* }
        impl Frame {
            /// The word for the frame.
            pub fn label(self) -> &'static str {
                match self { $(Self::$name => $label,)* }
            }
            /// The nearest kernel function.
            pub fn kernel(self) -> &'static str {
                match self { $(Self::$name => $kernel,)* }
            }
        }
    };
}

frames! {
    /// A system call that moves bytes; `a` position, `b` length in bytes.
    Call = "system call", "do_syscall_64";
    /// Buffered write; `a` position, `b` length in bytes.
    Write = "buffered write", "iomap_file_buffered_write";
    /// Copy into one folio; `a` index, `b` pages.
    WriteFolio = "write into folio", "iomap_write_begin";
    /// Buffered read; `a` position, `b` length in bytes.
    Read = "buffered read", "filemap_read";
    /// Read missing blocks of a folio; `a` index, `b` pages.
    ReadFolio = "read folio", "read_folio";
    /// Store or load through a mapping; `a` position, `b` length in bytes.
    Fault = "page fault", "page_mkwrite";
    /// O_DIRECT read or write; `a` position, `b` length in bytes.
    Direct = "direct I/O", "iomap_dio_rw";
    /// Zero bytes through the cache; `a` position, `b` length in bytes.
    Zero = "zero range", "iomap_zero_range";
    /// Writeback of a byte range; `a` position, `b` length.
    Writeback = "writeback", "do_writepages";
    /// Write one run of blocks; `a` first block, `b` blocks.
    WritebackRun = "write run", "iomap_writepage_map";
    /// Completion of a run; `a` first block, `b` blocks.
    Ioend = "I/O completion", "iomap_finish_ioend";
    /// Periodic or pressure writeback.
    Flush = "flusher", "wb_workfn";
    /// Change of size; `a` old, `b` new.
    Truncate = "truncate", "setattr_prepare";
    /// fallocate; `a` position, `b` length.
    Fallocate = "fallocate", "vfs_fallocate";
    /// reflink and dedupe; `a` position in the source, `b` length in bytes.
    Remap = "remap range", "remap_file_range";
    /// copy_file_range; `a` position in the source, `b` length in bytes.
    Copy = "copy range", "vfs_copy_file_range";
    /// fsync, fdatasync; `a` inode.
    Fsync = "fsync", "vfs_fsync_range";
    /// Everything to the device.
    Syncfs = "syncfs", "sync_filesystem";
    /// Snapshot of the whole filesystem.
    Snapshot = "snapshot", "create_snapshot";
    /// A metadata commit; `a` its number.
    Commit = "commit", "jbd2_journal_commit_transaction";
    /// FIEMAP walk; `a` start, `b` length.
    Fiemap = "fiemap", "fiemap_prep";
    /// SEEK_DATA, SEEK_HOLE; `a` offset.
    Seek = "seek", "vfs_llseek";
    /// Walk of the filesystem's own map; `b` length in bytes.
    Bmap = "bmap", "xfs_getbmap";
    /// Last reference to an inode goes; `a` inode.
    Evict = "evict", "evict_inodes";
    /// FS_IOC_GOINGDOWN; `a` is 1 when the log is flushed.
    Shutdown = "shutdown", "ext4_force_shutdown";
    /// Unmount and mount.
    Remount = "remount", "deactivate_super";
    /// The device does a request; `a` its number.
    Device = "device request", "blk_mq_end_request";
}

/// A counter of the space ledger, in filesystem blocks.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Counter {
    /// Data blocks that have an address.
    Used,
    /// Blocks promised to dirty data without an address.
    Delayed,
    /// Blocks promised by reservation keys.
    Reserved,
    /// Freed, reusable after the next commit.
    Pinned,
    /// Blocks of the metadata itself (tree nodes).
    Metadata,
}

/// A task named in an answer of the scheduler.
pub type Holder = (TaskId, Mode);
