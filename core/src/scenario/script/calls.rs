//! What the commands carry: one type per command that has several fields.

use super::Command;
pub use crate::dev::Fault;
use crate::dev::Survivor;

/// `off len` of a command, in bytes, as typed: not yet checked against a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ByteRange {
    /// First byte.
    pub off: i64,
    /// Bytes.
    pub len: i64,
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

impl ClonePart {
    /// All zeroes is the whole file: the tool asks FICLONE.
    pub const WHOLE: Self = Self { source_off: 0, dest_off: 0, len: 0 };
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

impl Bmap {
    /// The `BMV_IF_*` bits that the tool hands over. Of another fork it never asks for preallocated blocks.
    pub fn request_flags(&self) -> u32 {
        let bit = |set: bool, bits: u32| if set { bits } else { 0 };
        let other = self.attributes || self.cow_fork;
        bit(self.attributes, 0x1)
            | bit(self.unwritten && !other, 0x4)
            | bit(self.delayed, 0x8)
            | bit(self.cow_fork, 0x28)
    }
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

/// Which writes that were not flushed are there when the power comes back.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum PowerCut {
    /// `crash`: everything under way arrives first, and all of it survives.
    Settled,
    /// `crash -a`: all that the device was done with.
    All,
    /// `crash -n`: none.
    Nothing,
    /// `crash -k LIST`: these.
    Keep(Vec<Survivor>),
    /// `crash -r SEED`: chance decides.
    Random(u64),
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
