//! One command of the language as calls of the kernel.

use std::fs::File;
use std::io;

use extentscope_core::base::fiemap::request;
use extentscope_core::observe::Output;
use extentscope_core::scenario::script::{
    Advice, ByteRange, CloneFrom, Command, CopyRange, FallocMode, Fallocate, Fiemap, Mmap, Msync, MsyncMode, Seek,
    SeekWhat, SyncRange,
};

use super::errors::{name, name_of};
use super::look;
use super::mount::Mounted;
use super::sys::{self, Access, Ended, Hint, Mapping};
use super::transfer;

const PAGE: u64 = 4096;

/// What a command answered.
#[derive(Debug, Default)]
pub struct Answer {
    /// Bytes done, offset or count.
    pub ret: Option<i64>,
    /// What went wrong after that.
    pub err: Option<String>,
    /// Records or segments.
    pub out: Option<Output>,
    /// A read saw other bytes than were written.
    pub mismatch: bool,
}

impl Answer {
    /// A number.
    pub fn number(number: u64) -> Self {
        Self { ret: Some(i64::try_from(number).unwrap_or(i64::MAX)), ..Self::default() }
    }
    /// A number, and what went wrong after that.
    pub fn partial(number: u64, err: Option<String>) -> Self {
        Self { err, ..Self::number(number) }
    }
}

/// Why a command has no answer.
#[derive(Debug)]
pub enum Failure {
    /// The call failed.
    Call(io::Error),
    /// The recording cannot go on.
    Stop(String),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Call(error)
    }
}

type Answered = Result<Answer, Failure>;

fn done() -> Answered {
    Ok(Answer::default())
}

/// Bytes as the kernel takes them; negative ones become numbers that no file reaches, and the kernel says so.
fn unsigned(number: i64) -> u64 {
    number.cast_unsigned()
}

/// Executes one command.
pub fn execute(at: &mut Mounted, command: &Command) -> Answered {
    match command {
        Command::Open(ask) => at.open(ask)?,
        Command::File(name) => choose(at, name.as_deref())?,
        Command::Close => {
            at.current()?;
            at.close();
        }
        Command::Pwrite(ask) => return Ok(transfer::write(at, ask)?),
        Command::Pread(ask) => return Ok(transfer::read(at, ask)?),
        Command::Fsync => at.current()?.file.sync_all()?,
        Command::Fdatasync => at.current()?.file.sync_data()?,
        Command::Syncfs => sys::sync_filesystem(&at.disk.root_folder()?)?,
        Command::SyncRange(ask) => sync_range(&at.current()?.file, ask)?,
        Command::Truncate(size) => sys::truncate(&at.current()?.file, *size)?,
        Command::Fallocate(ask) => fallocate(&at.current()?.file, ask)?,
        Command::Mmap(ask) => map(at, ask)?,
        Command::Munmap => {
            let kept = at.current_mut()?.mapping.take();
            kept.ok_or_else(|| io::Error::from_raw_os_error(libc::EINVAL))?;
        }
        Command::Mwrite(ask) => {
            let access = if ask.reverse { Access::StoreBackward(ask.fill) } else { Access::Store(ask.fill) };
            return mapped(at, ask.range.as_ref(), access);
        }
        Command::Mread(ask) => return mapped(at, ask.range.as_ref(), Access::Load),
        Command::Msync(ask) => return msync(at, ask),
        Command::Fadvise(ask) => {
            let range = ask.range.unwrap_or(ByteRange { off: 0, len: 0 });
            sys::fadvise(&at.current()?.file, range.off, range.len, advice(ask.advice))?;
        }
        _ => return asked(at, command),
    }
    done()
}

/// Commands that ask or that mean more than one file.
fn asked(at: &mut Mounted, command: &Command) -> Answered {
    match command {
        Command::Fiemap(ask) => return fiemap(&at.current()?.file, ask),
        Command::Seek(ask) => return seek(&at.current()?.file, ask),
        Command::Reflink(ask) => reflink(at, ask)?,
        Command::Dedupe(ask) => return dedupe(at, ask),
        Command::CopyRange(ask) => return copy_range(at, ask),
        Command::Extsize(value) => return hint(&at.current()?.file, Hint::Extent, *value),
        Command::Cowextsize(value) => return hint(&at.current()?.file, Hint::CopyOnWrite, *value),
        Command::Nocow => sys::set_no_cow(&at.current()?.file)?,
        Command::Snapshot(name) => at.snapshot(name)?,
        Command::Remove(name) => at.remove(name)?,
        Command::Rename { from, to } => at.rename(from, to)?,
        Command::Remount => at.remount().map_err(Failure::Stop)?,
        Command::Crash(_) => at.crash().map_err(Failure::Stop)?,
        Command::Shutdown { flush_log } => at.shut_down(*flush_log)?,
        // They only print.
        Command::Stat(_) | Command::Statfs(_) | Command::Help(_) => {}
        other => return Err(Failure::Stop(format!("`{}` has no meaning on a kernel", other.name()))),
    }
    done()
}

fn choose(at: &mut Mounted, name: Option<&str>) -> io::Result<()> {
    let Some(name) = name else { return Ok(()) };
    if at.by_name(name).is_none() {
        return Err(io::Error::from_raw_os_error(libc::EBADF));
    }
    at.current = Some(name.to_owned());
    Ok(())
}

fn sync_range(file: &File, ask: &SyncRange) -> io::Result<()> {
    let flags = [
        (ask.wait_before, libc::SYNC_FILE_RANGE_WAIT_BEFORE),
        (ask.write, libc::SYNC_FILE_RANGE_WRITE),
        (ask.wait_after, libc::SYNC_FILE_RANGE_WAIT_AFTER),
    ];
    let flags = flags.into_iter().filter(|(set, _)| *set).fold(0, |all, (_, flag)| all | flag);
    sys::sync_file_range(file, ask.range.off, ask.range.len, flags)
}

fn fallocate(file: &File, ask: &Fallocate) -> io::Result<()> {
    /// FALLOC_FL_WRITE_ZEROES is younger than the C library.
    const WRITE_ZEROES: i32 = 0x80;
    let mode = match ask.mode {
        FallocMode::Allocate => 0,
        FallocMode::Punch => libc::FALLOC_FL_PUNCH_HOLE | libc::FALLOC_FL_KEEP_SIZE,
        FallocMode::Zero => libc::FALLOC_FL_ZERO_RANGE,
        FallocMode::Collapse => libc::FALLOC_FL_COLLAPSE_RANGE,
        FallocMode::Insert => libc::FALLOC_FL_INSERT_RANGE,
        FallocMode::Unshare => libc::FALLOC_FL_UNSHARE_RANGE,
        FallocMode::WriteZeroes => WRITE_ZEROES,
    };
    let keep = if ask.keep_size { libc::FALLOC_FL_KEEP_SIZE } else { 0 };
    sys::fallocate(file, mode | keep, ask.range.off, ask.range.len)
}

fn map(at: &mut Mounted, ask: &Mmap) -> io::Result<()> {
    let opened = at.current_mut()?;
    let size = opened.file.metadata()?.len();
    let range = ask.range.map_or((0, size), |range| (range.off, unsigned(range.len)));
    opened.mapping = None;
    opened.mapping = Some(Mapping::new(&opened.file, range.0, range.1)?);
    Ok(())
}

/// An access through the mapping that is kept, if it covers the range, else through one of its own.
fn mapped(at: &Mounted, range: Option<&ByteRange>, access: Access) -> Answered {
    let opened = at.current()?;
    let invalid = || io::Error::from_raw_os_error(libc::EINVAL);
    let kept = opened.mapping.as_ref();
    let (off, len) = match range {
        Some(range) if range.off >= 0 && range.len >= 0 => (unsigned(range.off), unsigned(range.len)),
        Some(_) => return Err(invalid().into()),
        None => kept.map(Mapping::range).ok_or_else(invalid)?,
    };
    let ended = match kept.filter(|mapping| mapping.covers(off, len)) {
        Some(mapping) => mapping.access(off, len, access)?,
        None => {
            let start = off / PAGE * PAGE;
            match Mapping::new(&opened.file, i64::try_from(start).unwrap_or(i64::MAX), off - start + len) {
                Ok(mapping) => mapping.access(off, len, access)?,
                Err(error) => Ended::Errno(error.raw_os_error().unwrap_or(0)),
            }
        }
    };
    let err = match ended {
        Ended::Done => None,
        Ended::Errno(errno) => Some(name_of(errno)),
        Ended::Signal(libc::SIGBUS) => Some("SIGBUS".to_owned()),
        Ended::Signal(other) => return Err(Failure::Stop(format!("an access ended with signal {other}"))),
    };
    Ok(if err.is_some() { Answer::partial(0, err) } else { Answer::number(len) })
}

fn msync(at: &Mounted, ask: &Msync) -> Answered {
    let flags = match ask.mode {
        MsyncMode::Sync => libc::MS_SYNC,
        MsyncMode::Async => libc::MS_ASYNC,
        MsyncMode::Invalidate => libc::MS_INVALIDATE,
    };
    let answer = mapped(at, ask.range.as_ref(), Access::Sync(flags))?;
    if answer.err.is_some() { Ok(answer) } else { done() }
}

fn advice(advice: Advice) -> i32 {
    match advice {
        Advice::Normal => libc::POSIX_FADV_NORMAL,
        Advice::DontNeed => libc::POSIX_FADV_DONTNEED,
        Advice::NoReuse => libc::POSIX_FADV_NOREUSE,
        Advice::Random => libc::POSIX_FADV_RANDOM,
        Advice::Sequential => libc::POSIX_FADV_SEQUENTIAL,
        Advice::WillNeed => libc::POSIX_FADV_WILLNEED,
    }
}

fn fiemap(file: &File, ask: &Fiemap) -> Answered {
    let sync = if ask.no_sync { 0 } else { request::SYNC };
    let attributes = if ask.attributes { request::XATTR } else { 0 };
    let flags = ask.raw_flags.unwrap_or(sync | attributes);
    if ask.count_only {
        let (count, _) = sys::fiemap(file, 0, u64::MAX, flags, 0)?;
        return Ok(Answer::number(count.into()));
    }
    let len = ask.len.unwrap_or(u64::MAX - ask.off);
    let records = look::fiemap(file, ask.off, len, flags, ask.limit.filter(|limit| *limit > 0))?;
    Ok(Answer { out: Some(Output::Extents(records.clone())), ..Answer::number(records.len() as u64) })
}

fn seek(file: &File, ask: &Seek) -> Answered {
    const DATA: i32 = 3;
    const HOLE: i32 = 4;
    Ok(match ask.what {
        SeekWhat::All => {
            let size = file.metadata()?.len();
            let segments = look::segments(file, u64::try_from(ask.off).unwrap_or(0), size);
            Answer { out: Some(Output::Segments(segments)), ..Answer::number(0) }
        }
        SeekWhat::Data => Answer::number(sys::seek(file, ask.off, DATA)?),
        SeekWhat::Hole => Answer::number(sys::seek(file, ask.off, HOLE)?),
    })
}

fn hint(file: &File, hint: Hint, value: Option<i64>) -> Answered {
    match value {
        None => Ok(Answer::number(sys::hint(file, hint)?.into())),
        // The structure has 32 bits for it; the tool cuts.
        Some(bytes) => {
            let low = u32::try_from(unsigned(bytes) & u64::from(u32::MAX)).expect("the low 32 bits");
            sys::set_hint(file, hint, low)?;
            done()
        }
    }
}

/// The file to take from: the descriptor of an open one, else one for this command. There is a current file.
fn source(at: &Mounted, name: &str) -> io::Result<File> {
    at.current()?;
    match at.by_name(name) {
        Some(opened) => opened.file.try_clone(),
        None => File::open(at.disk.root().join(name)),
    }
}

fn reflink(at: &Mounted, ask: &CloneFrom) -> io::Result<()> {
    let from = source(at, &ask.source)?;
    let file = &at.current()?.file;
    match ask.part {
        None => sys::clone_file(file, &from),
        Some(part) => {
            sys::clone_range(file, &from, unsigned(part.source_off), unsigned(part.len), unsigned(part.dest_off))
        }
    }
}

fn dedupe(at: &Mounted, ask: &CloneFrom) -> Answered {
    let Some(part) = ask.part else { return Err(io::Error::from_raw_os_error(libc::EINVAL).into()) };
    let from = source(at, &ask.source)?;
    let file = &at.current()?.file;
    let (mut source_off, mut dest_off) = (unsigned(part.source_off), unsigned(part.dest_off));
    let mut left = u64::try_from(part.len).unwrap_or(0);
    let mut total = 0;
    while left > 0 {
        let answer = sys::dedupe(file, &from, source_off, left, dest_off)?;
        match answer.status {
            errno if errno < 0 => return Ok(Answer::partial(total, Some(name_of(-errno)))),
            0 if answer.bytes == 0 => break,
            0 => {}
            _ => return Ok(Answer::partial(total, Some("DIFFERS".to_owned()))),
        }
        total += answer.bytes;
        source_off += answer.bytes;
        dest_off += answer.bytes;
        left = left.saturating_sub(answer.bytes);
    }
    Ok(Answer::number(total))
}

fn copy_range(at: &Mounted, ask: &CopyRange) -> Answered {
    let from = source(at, &ask.source)?;
    let size = i64::try_from(from.metadata()?.len()).unwrap_or(i64::MAX);
    let mut left = u64::try_from(ask.len.unwrap_or_else(|| size.saturating_sub(ask.source_off))).unwrap_or(0);
    let mut total = 0;
    while left > 0 {
        let so_far = i64::try_from(total).unwrap_or(i64::MAX);
        let (source_off, dest_off) = (ask.source_off.saturating_add(so_far), ask.dest_off.saturating_add(so_far));
        match sys::copy_range(&at.current()?.file, &from, source_off, dest_off, left) {
            Err(error) => return Ok(Answer::partial(total, Some(name(&error)))),
            Ok(0) => break,
            Ok(bytes) => {
                total += bytes;
                left = left.saturating_sub(bytes);
            }
        }
    }
    Ok(Answer::number(total))
}
