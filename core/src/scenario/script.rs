//! What a script says, as data: directives and typed commands in the order of the file.
//!
//! Source: the xfs_io dialect with the extensions of the recordings. Nothing here is executed; the parser
//! (`parse`) builds these values and the printer (`print`) writes them back. Offsets and lengths are
//! `loff_t`, so `i64`: a negative one reaches the engine and gets its errno there.

mod calls;

use crate::base::SortedMap;
use crate::text::errors::Call;

pub use calls::*;

/// A whole script.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Script {
    /// The `#@ key value` lines, wherever they stood.
    pub directives: Directives,
    /// The commands, in order.
    pub lines: Vec<Line>,
}

/// One command of a script.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Line {
    /// Line of the source, from 1; 1 for a line of the console.
    pub number: u32,
    /// The command as typed, trimmed, without comment and without the `@task` prefix: `cmd` of an observation.
    /// Of a block (`repeat`, `expect ... <<`) its first line.
    pub text: String,
    /// The task that runs it (`@w1 pwrite 0 4k`); `None` for the script's own task.
    pub task: Option<String>,
    /// What to do.
    pub command: Command,
}

/// The settings that a script carries in its `#@` lines. Absent means "the runner's default".
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Directives {
    /// `fs A B`: the recorder's filter; observation ignores it.
    pub fs: Vec<String>,
    /// `personality NAME`.
    pub personality: Option<String>,
    /// `level NAME`: a named bundle of switches.
    pub level: Option<String>,
    /// `patch KEY=VALUE`, in order; a later one wins.
    pub patches: Vec<(String, String)>,
    /// `seed N`.
    pub seed: Option<u64>,
    /// `fanout N`: keys in a B-tree node, for teaching.
    pub fanout: Option<u32>,
    /// `size BYTES`: the image, for every personality without its own.
    pub size: Option<u64>,
    /// `size.P BYTES`.
    pub size_of: SortedMap<String, u64>,
    /// `mkfs.P OPTIONS`, as written.
    pub mkfs: SortedMap<String, String>,
    /// `mount.P OPTIONS`, as written.
    pub mount: SortedMap<String, String>,
    /// `prefill BYTE`: what the device holds before mkfs.
    pub prefill: Option<u8>,
    /// `blocks N` or `device-blocks N`: the image in filesystem blocks; only one of this and `size`.
    pub device_blocks: Option<u64>,
    /// `block-size BYTES`: a filesystem block, for personalities without an mkfs option of their own.
    pub block_size: Option<u64>,
    /// `writeback NANOSECONDS` (`writeback 5s`): turns periodic writeback on.
    pub writeback: Option<u64>,
    /// `title TEXT`, for the scenario picker.
    pub title: Option<String>,
    /// `description TEXT`, repeated lines joined by a newline.
    pub description: Option<String>,
}

/// Every command of the language. A payload exists where there are several fields.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Command {
    /// `open [-f] [-t] [-s] [-d] [-r] [-a] NAME`
    Open(Open),
    /// `file [NAME|INDEX]`: makes an open file current; without an argument lists the open files.
    File(Option<String>),
    /// `close`
    Close,
    /// `pwrite [flags] off len`
    Pwrite(Pwrite),
    /// `pread [flags] off len`
    Pread(Pread),
    /// `fsync`
    Fsync,
    /// `fdatasync`
    Fdatasync,
    /// `syncfs`, `sync`
    Syncfs,
    /// `sync_range [-b] [-w] [-a] off len`
    SyncRange(SyncRange),
    /// `truncate size`
    Truncate(i64),
    /// `falloc`, `fpunch`, `fzero`, `fcollapse`, `finsert`, `funshare`, `fwzero`: fallocate(2).
    Fallocate(Fallocate),
    /// `reflink SRC [soff doff len]`
    Reflink(CloneFrom),
    /// `dedupe SRC soff doff len`
    Dedupe(CloneFrom),
    /// `copy_range [-s soff] [-d doff] [-l len] SRC`
    CopyRange(CopyRange),
    /// `mmap [-rwx] [-s size] [off len]`; without a range the whole file.
    Mmap(Mmap),
    /// `munmap`
    Munmap,
    /// `mwrite [-r] [-S byte] [off len]`
    Mwrite(Mwrite),
    /// `mread [-r] [-f] [-v] [off len]`
    Mread(Mread),
    /// `msync [-a] [-i] [-s] [off len]`
    Msync(Msync),
    /// `fadvise [-d|-n|-r|-s|-w] [off len]`
    Fadvise(Fadvise),
    /// `fiemap [-a] [-l] [-v] [-n N] [-N] [-c] [-F flags] [off [len]]`
    Fiemap(Fiemap),
    /// `filefrag [-v] [-s] [-b N] [NAME]` (extension)
    Filefrag(Filefrag),
    /// `seek -a|-d|-h [-r] [-s] off`
    Seek(Seek),
    /// `stat [-v|-r]`
    Stat(StatStyle),
    /// `statfs [-c] [-g] [-s]`
    Statfs(Statfs),
    /// `bmap [-a] [-c] [-e] [-l] [-p] [-v] [-n N]`
    Bmap(Bmap),
    /// `extsize [bytes]`: reads without a value.
    Extsize(Option<i64>),
    /// `cowextsize [bytes]`: reads without a value.
    Cowextsize(Option<i64>),
    /// `nocow` (extension)
    Nocow,
    /// `snapshot NAME` (extension)
    Snapshot(String),
    /// `rm NAME` (extension)
    Remove(String),
    /// `mv FROM TO` (extension)
    Rename {
        /// The name now.
        from: String,
        /// The name afterwards; a file of that name is replaced.
        to: String,
    },
    /// `remount` (extension)
    Remount,
    /// `shutdown [-f]`
    Shutdown {
        /// `-f`: flush the log first.
        flush_log: bool,
    },
    /// `crash [-a | -n | -k WRITES | -r SEED]` (extension): the power goes; what is on the device is mounted.
    Crash(PowerCut),
    /// `quit`: ends the script.
    Quit,
    /// `writeback [off len]` (extension): what the flusher would do now, on all dirty files or a range of the current one.
    Writeback(Option<ByteRange>),
    /// `sleep DURATION` (extension): virtual time passes, in nanoseconds.
    Sleep(u64),
    /// `help [COMMAND]`
    Help(Option<String>),
    /// `run TASK until lock CLASS | exit | N steps` (extension)
    Run {
        /// The task that may run.
        task: String,
        /// Where it stops.
        until: Until,
    },
    /// `step [N]` (extension): N steps of whatever the chooser picks.
    Step(u64),
    /// `schedule TASK TASK ...` (extension): one step of each, in order.
    Schedule(Vec<String>),
    /// `repeat N { ... }` (extension)
    Repeat {
        /// How often.
        count: u64,
        /// What.
        lines: Vec<Line>,
    },
    /// `expect ...` (extension): a claim; the script fails where it is not true.
    Expect(Expect),
    /// `inject FAULT [N]` (extension)
    Inject {
        /// What the device does wrong.
        fault: Fault,
        /// To which of the coming requests of that kind, from 1.
        nth: u64,
    },
}

impl Command {
    /// Whether the command steers the run instead of calling into the filesystem: a task cannot be given one.
    pub fn is_control(&self) -> bool {
        let steers = matches!(self, Self::Run { .. } | Self::Step(_) | Self::Schedule(_) | Self::Repeat { .. });
        let claims = matches!(self, Self::Expect(_) | Self::Inject { .. } | Self::Help(_) | Self::Quit);
        steers || claims || matches!(self, Self::Remount | Self::Crash(_))
    }

    /// The call that the tool names when the command fails, for `text::errors::failed`; `None` where it makes none.
    pub fn call(&self) -> Option<Call> {
        Some(match self {
            Self::Open(_) => Call::Open,
            Self::Pwrite(_) => Call::Pwrite,
            Self::Pread(_) => Call::Pread,
            Self::Fsync => Call::Fsync,
            Self::Fdatasync => Call::Fdatasync,
            Self::Syncfs => Call::Syncfs,
            Self::SyncRange(_) => Call::SyncFileRange,
            Self::Truncate(_) => Call::Ftruncate,
            Self::Fallocate(_) => Call::Fallocate,
            Self::Fadvise(_) => Call::Fadvise,
            Self::Mmap(_) => Call::Mmap,
            Self::Munmap => Call::Munmap,
            Self::Msync(_) => Call::Msync,
            Self::Stat(_) => Call::Fstat,
            Self::Statfs(_) => Call::Fstatfs,
            Self::Fiemap(_) | Self::Filefrag(_) => Call::Fiemap,
            Self::Bmap(bmap) => Call::Bmap(bmap.request_flags()),
            Self::Reflink(clone) if clone.part.is_some_and(|part| part != ClonePart::WHOLE) => Call::CloneRange,
            Self::Reflink(_) => Call::Clone,
            Self::Dedupe(_) => Call::Dedupe,
            Self::CopyRange(_) => Call::CopyRange,
            Self::Extsize(_) => Call::SetExtsize,
            Self::Cowextsize(_) => Call::SetCowextsize,
            Self::Shutdown { .. } => Call::Shutdown,
            _ => return None,
        })
    }

    /// The word that calls the command in its usual spelling; a key of `help::COMMANDS`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Open(_) => "open",
            Self::File(_) => "file",
            Self::Close => "close",
            Self::Pwrite(_) => "pwrite",
            Self::Pread(_) => "pread",
            Self::Fsync => "fsync",
            Self::Fdatasync => "fdatasync",
            Self::Syncfs => "syncfs",
            Self::SyncRange(_) => "sync_range",
            Self::Truncate(_) => "truncate",
            Self::Fallocate(call) => call.mode.name(),
            Self::Reflink(_) => "reflink",
            Self::Dedupe(_) => "dedupe",
            Self::CopyRange(_) => "copy_range",
            Self::Mmap(_) => "mmap",
            Self::Munmap => "munmap",
            Self::Mwrite(_) => "mwrite",
            Self::Mread(_) => "mread",
            Self::Msync(_) => "msync",
            Self::Fadvise(_) => "fadvise",
            Self::Fiemap(_) => "fiemap",
            Self::Filefrag(_) => "filefrag",
            Self::Seek(_) => "seek",
            Self::Stat(_) => "stat",
            Self::Statfs(_) => "statfs",
            Self::Bmap(_) => "bmap",
            Self::Extsize(_) => "extsize",
            Self::Cowextsize(_) => "cowextsize",
            Self::Nocow => "nocow",
            Self::Snapshot(_) => "snapshot",
            Self::Remove(_) => "rm",
            Self::Rename { .. } => "mv",
            Self::Remount => "remount",
            Self::Shutdown { .. } => "shutdown",
            Self::Crash(_) => "crash",
            Self::Quit => "quit",
            Self::Writeback(_) => "writeback",
            Self::Sleep(_) => "sleep",
            Self::Help(_) => "help",
            Self::Run { .. } => "run",
            Self::Step(_) => "step",
            Self::Schedule(_) => "schedule",
            Self::Repeat { .. } => "repeat",
            Self::Expect(_) => "expect",
            Self::Inject { .. } => "inject",
        }
    }
}
