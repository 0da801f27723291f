//! What a script says, as data: directives and typed commands in the order of the file.
//!
//! Source: the xfs_io dialect with the extensions of the recordings. Nothing here is executed; the parser
//! (`parse`) builds these values and the printer (`print`) writes them back. Offsets and lengths are
//! `loff_t`, so `i64`: a negative one reaches the engine and gets its errno there.

use std::collections::BTreeMap;

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
    pub size_of: BTreeMap<String, u64>,
    /// `mkfs.P OPTIONS`, as written.
    pub mkfs: BTreeMap<String, String>,
    /// `mount.P OPTIONS`, as written.
    pub mount: BTreeMap<String, String>,
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

/// `off len` of a command, in bytes, as typed: not yet checked against a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ByteRange {
    /// First byte.
    pub off: i64,
    /// Bytes.
    pub len: i64,
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
    /// `crash` (extension): only what has reached the device is kept.
    Crash,
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

/// `open`: always read-write unless `read_only`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Open {
    /// The file.
    pub name: String,
    /// `-f`: O_CREAT.
    pub create: bool,
    /// `-t`: O_TRUNC.
    pub truncate: bool,
    /// `-s`: O_SYNC.
    pub sync: bool,
    /// `-d`: O_DIRECT.
    pub direct: bool,
    /// `-r`: O_RDONLY.
    pub read_only: bool,
    /// `-a`: O_APPEND.
    pub append: bool,
}

/// `pwrite`: one pwrite(2) per `chunk` bytes, stopping at the first error or short count.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Pwrite {
    /// Where.
    pub range: ByteRange,
    /// `-S`: the byte written, by default 0xcd; of a larger number the low byte, as the tool does.
    pub fill: u8,
    /// `-b`: bytes in one call, 1 to `limits::CALL_BYTES_MAX`, by default 4096.
    pub chunk: u64,
    /// `-d`: O_DIRECT for this command (extension).
    pub direct: bool,
    /// `-D`: each call is RWF_DSYNC.
    pub dsync: bool,
    /// `-w`: fdatasync at the end.
    pub fdatasync: bool,
    /// `-W`: fsync at the end.
    pub fsync: bool,
    /// `-N`: each call is RWF_NOWAIT.
    pub nowait: bool,
    /// `-O`: one call only.
    pub once: bool,
    /// `-q`: print nothing.
    pub quiet: bool,
}

/// `pread`: one pread(2) per `chunk` bytes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Pread {
    /// Where.
    pub range: ByteRange,
    /// `-b`: bytes in one call, 1 to `limits::CALL_BYTES_MAX`, by default 4096.
    pub chunk: u64,
    /// `-d`: O_DIRECT for this command (extension).
    pub direct: bool,
    /// `-v`: dump the bytes.
    pub verbose: bool,
    /// `-q`: print nothing.
    pub quiet: bool,
}

/// `sync_range`: sync_file_range(2). Without a flag xfs_io asks for `write`; the parser does the same.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SyncRange {
    /// Where.
    pub range: ByteRange,
    /// `-b`: SYNC_FILE_RANGE_WAIT_BEFORE.
    pub wait_before: bool,
    /// `-w`: SYNC_FILE_RANGE_WRITE.
    pub write: bool,
    /// `-a`: SYNC_FILE_RANGE_WAIT_AFTER.
    pub wait_after: bool,
}

/// What fallocate(2) is asked to do.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, PartialOrd, Ord)]
pub enum FallocMode {
    /// `falloc`: mode 0.
    Allocate,
    /// `fpunch`, `falloc -p`: PUNCH_HOLE, always with KEEP_SIZE.
    Punch,
    /// `fzero`: ZERO_RANGE.
    Zero,
    /// `fcollapse`, `falloc -c`: COLLAPSE_RANGE.
    Collapse,
    /// `finsert`, `falloc -i`: INSERT_RANGE.
    Insert,
    /// `funshare`, `falloc -u`: UNSHARE_RANGE.
    Unshare,
    /// `fwzero`: WRITE_ZEROES (extension).
    WriteZeroes,
}

/// One fallocate(2).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fallocate {
    /// What.
    pub mode: FallocMode,
    /// KEEP_SIZE: `-k`, and always for a punch.
    pub keep_size: bool,
    /// Where.
    pub range: ByteRange,
}

/// Source and range of `reflink` and `dedupe`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CloneFrom {
    /// The file to take from.
    pub source: String,
    /// `None`: the whole file (`reflink SRC`, FICLONE).
    pub part: Option<ClonePart>,
}

/// The range of FICLONERANGE and FIDEDUPERANGE, in bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ClonePart {
    /// Offset in the source.
    pub source_off: i64,
    /// Offset in the current file.
    pub dest_off: i64,
    /// Bytes; for `reflink` 0 means "to the end of the source".
    pub len: i64,
}

/// `copy_range`: copy_file_range(2), repeated until done or 0.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CopyRange {
    /// The file to take from.
    pub source: String,
    /// `-s`, by default 0.
    pub source_off: i64,
    /// `-d`, by default 0.
    pub dest_off: i64,
    /// `-l`; `None`: to the end of the source.
    pub len: Option<i64>,
}

/// `mmap`: a shared mapping of the current file. No protection flag means all of them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mmap {
    /// Where; `None`: the whole file.
    pub range: Option<ByteRange>,
    /// `-r`.
    pub read: bool,
    /// `-w`.
    pub write: bool,
    /// `-x`.
    pub exec: bool,
}

/// `mwrite`: stores through a shared mapping.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mwrite {
    /// Where, in the file; `None`: the whole mapping.
    pub range: Option<ByteRange>,
    /// `-S`: the byte stored, by default `X`.
    pub fill: u8,
    /// `-r`: from the end backward.
    pub reverse: bool,
}

/// `mread`: loads through a shared mapping.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mread {
    /// Where, in the file; `None`: the whole mapping.
    pub range: Option<ByteRange>,
    /// `-r`: from the end backward.
    pub reverse: bool,
    /// `-f` or `-v`: dump the bytes, and relative to what.
    pub dump: Option<MreadDump>,
}

/// What the offsets of a dump of `mread` count from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MreadDump {
    /// `-f`: the start of the file.
    FromFile,
    /// `-v`: the start of the mapping.
    FromMapping,
}

/// `msync`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Msync {
    /// Where; `None`: the whole mapping.
    pub range: Option<ByteRange>,
    /// How.
    pub mode: MsyncMode,
}

/// The flag of msync(2).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MsyncMode {
    /// `-s`, the default: MS_SYNC.
    Sync,
    /// `-a`: MS_ASYNC.
    Async,
    /// `-i`: MS_INVALIDATE.
    Invalidate,
}

/// `fadvise`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fadvise {
    /// What.
    pub advice: Advice,
    /// Where; `None`: the whole file.
    pub range: Option<ByteRange>,
}

/// The advice of posix_fadvise(2).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Advice {
    /// No flag.
    Normal,
    /// `-d`: clean pages in the range are dropped, dirty ones written.
    DontNeed,
    /// `-n`
    NoReuse,
    /// `-r`
    Random,
    /// `-s`
    Sequential,
    /// `-w`
    WillNeed,
}

/// `fiemap`: FS_IOC_FIEMAP. `off` and `len` are `u64` as in the ioctl.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Fiemap {
    /// First byte asked about.
    pub off: u64,
    /// Bytes asked about; `None`: to the end of the address space.
    pub len: Option<u64>,
    /// `-a`: FIEMAP_FLAG_XATTR.
    pub attributes: bool,
    /// `-l`: lengths are printed.
    pub lengths: bool,
    /// `-v`: tabular.
    pub verbose: bool,
    /// `-n`: at most so many records.
    pub limit: Option<u32>,
    /// `-N` (extension): without FIEMAP_FLAG_SYNC.
    pub no_sync: bool,
    /// `-c` (extension): only count.
    pub count_only: bool,
    /// `-F` (extension): these request flags instead of the ones above.
    pub raw_flags: Option<u32>,
}

/// `filefrag`: FIEMAP as filefrag(8) asks it, without a flush unless `sync`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Filefrag {
    /// The file; `None`: the current one.
    pub name: Option<String>,
    /// `-v`: one line per record.
    pub verbose: bool,
    /// `-s`: FIEMAP_FLAG_SYNC.
    pub sync: bool,
    /// `-b N`: bytes in a unit of the listing; `None`: the filesystem's block.
    pub unit: Option<u64>,
}

/// What `seek` looks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SeekWhat {
    /// `-a`: data and holes.
    All,
    /// `-d`: SEEK_DATA.
    Data,
    /// `-h`: SEEK_HOLE.
    Hole,
}

/// `seek`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Seek {
    /// What to look for.
    pub what: SeekWhat,
    /// `-r`: all that remain, not only the first.
    pub repeat: bool,
    /// `-s`: print the offset asked about too.
    pub show_start: bool,
    /// Where to start.
    pub off: i64,
}

/// How `stat` prints.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum StatStyle {
    /// No flag.
    Plain,
    /// `-v`
    Verbose,
    /// `-r`
    Raw,
}

/// Which parts `statfs` prints; no flag means all.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Statfs {
    /// `-c`
    pub counts: bool,
    /// `-g`
    pub geometry: bool,
    /// `-s`
    pub statfs: bool,
}

/// `bmap`: the native map of the data fork, in 512-byte units.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Bmap {
    /// `-a`: the attribute fork.
    pub attributes: bool,
    /// `-c`: the copy-on-write fork.
    pub cow_fork: bool,
    /// `-e`: delayed extents too (no flush).
    pub delayed: bool,
    /// `-l`: lengths are printed.
    pub lengths: bool,
    /// `-p`: unwritten extents are told from holes.
    pub unwritten: bool,
    /// `-v`, twice for the legend of flags.
    pub verbose: u8,
    /// `-n`: at most so many records.
    pub limit: Option<u32>,
}

/// Where `run` stops.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Until {
    /// `lock CLASS`: right before the task asks for a lock of this class.
    Lock(String),
    /// `exit`: the task's command is done (or the task is blocked for good).
    Exit,
    /// `N steps`.
    Steps(u64),
}

/// A claim of the script's author.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Expect {
    /// `expect COMMAND <<END ... END`: what the command prints. Spaces at line ends do not count.
    Output {
        /// The command that is run (on the script's own task).
        command: Box<Command>,
        /// The word that ends the block.
        end_mark: String,
        /// The lines between, each ended by a newline.
        expected: String,
    },
    /// `expect ok`: the command before succeeded.
    Success,
    /// `expect error ENOSPC`: the command before failed with this name (an errno, `SHORT`, `DIFFERS`, `SIGBUS`).
    Error(String),
    /// `expect deadlock`: nothing can run and something is unfinished.
    Deadlock,
    /// `expect livelock`: states repeat without progress.
    Livelock,
    /// `expect finding NAME`: a check reported this finding.
    Finding(String),
}

/// What `inject` makes the device do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    /// `read-error`: a read fails with EIO.
    ReadError,
    /// `write-error`: a write fails with EIO.
    WriteError,
    /// `no-space`: a write fails with ENOSPC.
    NoSpace,
    /// `flush-error`: a flush fails with EIO.
    FlushError,
    /// `torn-write`: only the first sectors of a write arrive.
    TornWrite,
    /// `lost-flush`: a flush answers but does nothing.
    LostFlush,
    /// `bit-flip`: a read returns one wrong bit.
    BitFlip,
    /// `power-cut`: the device is gone from this write on.
    PowerCut,
}

impl Command {
    /// Whether the command steers the run instead of calling into the filesystem: a task cannot be given one.
    pub fn is_control(&self) -> bool {
        let steers = matches!(self, Self::Run { .. } | Self::Step(_) | Self::Schedule(_) | Self::Repeat { .. });
        let claims = matches!(self, Self::Expect(_) | Self::Inject { .. } | Self::Help(_) | Self::Quit);
        steers || claims || matches!(self, Self::Remount | Self::Crash)
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
            Self::Crash => "crash",
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

impl FallocMode {
    /// The command that asks for this mode.
    pub fn name(self) -> &'static str {
        match self {
            Self::Allocate => "falloc",
            Self::Punch => "fpunch",
            Self::Zero => "fzero",
            Self::Collapse => "fcollapse",
            Self::Insert => "finsert",
            Self::Unshare => "funshare",
            Self::WriteZeroes => "fwzero",
        }
    }
}
