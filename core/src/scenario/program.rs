//! From a command to calls of the filesystem, and from their results to what the tool prints.

use super::attributes;
use super::reply::{CommandResult, Short};
use super::script::{
    Advice, Bmap, ByteRange, Command, Expect, Fadvise, FallocMode, Fallocate, Fiemap, Filefrag, Mmap, Mread, Msync,
    MsyncMode, Mwrite, Open, Pread, Pwrite, Seek, SeekWhat, SyncRange,
};
use super::{say, sharing};
use crate::base::fiemap::{SegmentKind, request};
use crate::base::limits::MAX_FILE_OFFSET;
use crate::base::{Errno, FsError, Ino, Prov};
use crate::io::{Fill, Transfer};
use crate::map::pending::Change;
use crate::personality::plan::SeekNegative;
use crate::query::fiemap::Request;
use crate::query::{LiveFacts, seek};
use crate::text::transfer::Transfer as Moved;
use crate::trace::{Frame, Mark};
use crate::vfs::Fs;
use crate::vfs::fallocate::{Ask, SizeRule};
use crate::vfs::open::{OpenFile, OpenFlags};
use crate::vfs::rw::Path;

/// What a command gave, and the text that the tool prints.
pub(super) type Executed = (CommandResult, String);

/// Executes one command on behalf of the running task.
pub(super) async fn execute(fs: &Fs, command: &Command, prov: Prov) -> Executed {
    let wants = fs.open_files(|open| attributes::wants(command, open.current()));
    if let Some(Err(error)) = wants.map(|wants| fs.answers(wants)) {
        let result = CommandResult::failed(error);
        let moves = matches!(command, Command::Pwrite(_) | Command::Pread(_) | Command::Mwrite(_) | Command::Mread(_));
        let text = say::unanswered(command, error).unwrap_or_else(|| failed(fs, command, error));
        return (CommandResult { ret: moves.then_some(0), ..result }, text);
    }
    match command {
        Command::Open(open) => named(fs, command, open_file(fs, open, prov).await),
        Command::File(name) => {
            let result = choose_file(fs, name.as_deref());
            let none = fs.open_files(|open| open.files.is_empty());
            let text =
                if result.err.is_some() || none { say::no_such_file(fs, name.as_deref()) } else { say::files(fs) };
            (result, text)
        }
        Command::Syncfs => named(fs, command, fs.syncfs().await),
        Command::Remount => named(fs, command, fs.remount().await),
        Command::Crash(_) => named(fs, command, fs.crash().await),
        Command::Snapshot(name) => named(fs, command, fs.snapshot(name).await),
        Command::Remove(name) => named(fs, command, fs.remove(name).await),
        Command::Rename { from, to } => named(fs, command, fs.rename(from, to).await),
        Command::Shutdown { flush_log } => named(fs, command, fs.shutdown(*flush_log).await),
        Command::Sleep(nanoseconds) => {
            fs.volume().cx.sleep(*nanoseconds).await;
            (CommandResult::done(), String::new())
        }
        Command::Inject { fault, nth } => {
            fs.volume().io.inject(*fault, *nth);
            (CommandResult::done(), String::new())
        }
        Command::Help(name) => (CommandResult::done(), say::help(name.as_deref())),
        Command::Writeback(None) => named(fs, command, fs.volume().flush_all_wait().await.map_err(FsError::from)),
        Command::Filefrag(filefrag) => filefrag_file(fs, filefrag).await,
        Command::Statfs(_) => (CommandResult::done(), say::statfs(fs)),
        Command::Expect(expect) => Box::pin(expected(fs, expect, prov)).await,
        _ => match fs.open_files(|open| open.current().cloned()) {
            Some(file) => on_file(fs, &file, command, prov).await,
            None => (CommandResult::failed(Errno::EBADF.into()), say::NO_FILE.to_owned()),
        },
    }
}

pub(super) fn named(fs: &Fs, command: &Command, result: Result<(), FsError>) -> Executed {
    let text = result.err().map(|error| failed(fs, command, error)).unwrap_or_default();
    (CommandResult::of(result), text)
}

/// `close` shows what is still open.
async fn closed(fs: &Fs, file: &OpenFile, command: &Command) -> Executed {
    match fs.close(&file.name).await {
        Ok(()) => (CommandResult::done(), say::files(fs)),
        Err(error) => named(fs, command, Err(error)),
    }
}

fn failed(fs: &Fs, command: &Command, error: FsError) -> String {
    let name = fs.open_files(|open| open.current.clone()).unwrap_or_default();
    say::error(command, &name, error)
}

/// Commands that mean the current file.
async fn on_file(fs: &Fs, file: &OpenFile, command: &Command, prov: Prov) -> Executed {
    let ino = file.ino;
    let plain = match command {
        Command::Close => return closed(fs, file, command).await,
        Command::Fsync => fs.fsync(ino).await,
        Command::Fdatasync => fs.fdatasync(ino).await,
        Command::SyncRange(ask) => sync_range(fs, ino, ask).await,
        // A descriptor that cannot write is EINVAL to ftruncate(2), and only to that.
        Command::Truncate(_) if file.flags.read_only => Err(Errno::EINVAL.into()),
        Command::Truncate(size) => fs.truncate(ino, *size, prov).await,
        Command::Fallocate(ask) => match fallocate_checks(fs, file, ask) {
            Ok(()) => fallocate(fs, ino, ask, prov).await,
            Err(errno) => Err(errno.into()),
        },
        Command::Mmap(ask) => mmap(fs, file, ask),
        Command::Munmap => munmap(fs, file),
        Command::Msync(ask) => msync(fs, file, ask).await,
        Command::Fadvise(ask) => fadvise(fs, ino, ask).await,
        Command::Writeback(Some(range)) => match bytes(range) {
            Ok((pos, len)) => fs.volume().write_back_settled(ino, pos, len).await.map_err(FsError::from),
            Err(errno) => Err(errno.into()),
        },
        _ => return answering(fs, file, command, prov).await,
    };
    named(fs, command, plain)
}

/// Commands that print something when they succeed.
async fn answering(fs: &Fs, file: &OpenFile, command: &Command, prov: Prov) -> Executed {
    match command {
        Command::Pwrite(ask) => pwrite(fs, file, command, ask, prov).await,
        Command::Pread(ask) => pread(fs, file, command, ask).await,
        Command::Mwrite(ask) => mwrite(fs, file, command, ask, prov).await,
        Command::Mread(ask) => mread(fs, file, command, ask).await,
        Command::Fiemap(ask) => fiemap(fs, file, command, ask).await,
        Command::Seek(ask) => seek_file(fs, file.ino, ask).await,
        Command::Extsize(_) | Command::Cowextsize(_) | Command::Nocow => attributes::set(fs, file, command).await,
        Command::Reflink(clone) => sharing::reflink(fs, file, command, clone, prov).await,
        Command::Dedupe(clone) => sharing::dedupe(fs, file, command, clone, prov).await,
        Command::CopyRange(copy) => sharing::copy_range(fs, file, command, copy, prov).await,
        Command::Stat(style) => (CommandResult::done(), say::stat(fs, file, *style)),
        Command::Bmap(ask) => bmap(fs, file, command, ask).await,
        // What steers a run is no call; whoever runs lines takes it before.
        _ => (CommandResult::failed(Errno::EOPNOTSUPP.into()), String::new()),
    }
}

async fn open_file(fs: &Fs, open: &Open, prov: Prov) -> Result<(), FsError> {
    let flags = OpenFlags {
        create: open.create,
        truncate: open.truncate,
        sync: open.sync,
        direct: open.direct,
        read_only: open.read_only,
        append: open.append,
    };
    fs.open(&open.name, flags, prov).await
}

/// `file` takes a name or an index.
fn choose_file(fs: &Fs, name: Option<&str>) -> CommandResult {
    let Some(wanted) = name else { return CommandResult::done() };
    let found = fs.open_files(|open| {
        let by_index = wanted.parse::<usize>().ok().and_then(|at| open.files.get(at));
        open.by_name(wanted).or(by_index).map(|file| file.name.clone())
    });
    match found {
        Some(name) => {
            fs.set_current(Some(&name));
            CommandResult::done()
        }
        None => CommandResult::failed(Errno::EBADF.into()),
    }
}

fn bytes(range: &ByteRange) -> Result<(u64, u64), Errno> {
    match (u64::try_from(range.off), u64::try_from(range.len)) {
        (Ok(pos), Ok(len)) => Ok((pos, len)),
        _ => Err(Errno::EINVAL),
    }
}

fn path(file: &OpenFile, direct: bool) -> Path {
    if direct || file.flags.direct { Path::Direct } else { Path::Buffered }
}

async fn pwrite(fs: &Fs, file: &OpenFile, command: &Command, ask: &Pwrite, prov: Prov) -> Executed {
    if file.flags.read_only {
        return named(fs, command, Err(Errno::EBADF.into()));
    }
    let (asked, fill) = (u64::try_from(ask.range.len).unwrap_or(0), Fill { byte: ask.fill, prov });
    let mut total = Transfer::whole(0);
    let mut calls = 0;
    while total.done < asked {
        if calls > 0 {
            fs.volume().cx.step(Mark::Call).await;
        }
        let done = i64::try_from(total.done).expect("a length fits");
        let part = ask.chunk.min(asked - total.done);
        let off = if file.flags.append {
            fs.volume().inodes.size(file.ino).try_into().unwrap_or(i64::MAX)
        } else {
            ask.range.off.saturating_add(done)
        };
        let mut one = fs.pwrite(file.ino, off, part, fill, path(file, ask.direct)).await;
        // Bytes done before an error are the call's result; the error comes with the next call.
        if one.done > 0 {
            one.error = None;
        }
        calls += 1;
        total = Transfer { done: total.done + one.done, error: one.error };
        // The part that was written, and no more (`generic_write_sync`).
        let synced = if ask.dsync || file.flags.sync {
            let least = if file.flags.sync { Change::Times } else { Change::Map };
            fs.fsync_range(file.ino, u64::try_from(off).unwrap_or(0), one.done.max(1), least).await
        } else {
            Ok(())
        };
        total.error = total.error.or(synced.err());
        if one.done < part || total.error.is_some() || ask.once {
            break;
        }
    }
    if ask.fsync || ask.fdatasync {
        let synced = if ask.fsync { fs.fsync(file.ino).await } else { fs.fdatasync(file.ino).await };
        total.error = total.error.or(synced.err());
    }
    let text = match total.error {
        Some(error) => failed(fs, command, error),
        None if ask.quiet => String::new(),
        None => say::moved(Moved::Wrote, total.done, ask.range, calls),
    };
    (CommandResult::transfer(total, asked, Short::IsAnError), text)
}

async fn pread(fs: &Fs, file: &OpenFile, command: &Command, ask: &Pread) -> Executed {
    let asked = u64::try_from(ask.range.len).unwrap_or(0);
    let mut total = Transfer::whole(0);
    let mut calls = 0;
    while total.done < asked {
        if calls > 0 {
            fs.volume().cx.step(Mark::Call).await;
        }
        let done = i64::try_from(total.done).expect("a length fits");
        let part = ask.chunk.min(asked - total.done);
        let one = fs.pread(file.ino, ask.range.off.saturating_add(done), part, path(file, ask.direct)).await;
        // A call that finds the end is not counted.
        calls += u64::from(one.done > 0);
        total = Transfer { done: total.done + one.done, error: one.error };
        if one.done < part || one.error.is_some() {
            break;
        }
    }
    let text = match total.error {
        Some(error) => failed(fs, command, error),
        None if ask.quiet => String::new(),
        None => {
            let dump =
                if ask.verbose { say::dump(fs, file.ino, ask.range.off, total.done, ask.chunk) } else { String::new() };
            dump + &say::moved(Moved::Read, total.done, ask.range, calls)
        }
    };
    (CommandResult::transfer(total, asked, Short::IsTheEnd), text)
}

async fn sync_range(fs: &Fs, ino: Ino, ask: &SyncRange) -> Result<(), FsError> {
    let (pos, len) = bytes(&ask.range)?;
    if pos + len > MAX_FILE_OFFSET {
        return Err(Errno::EINVAL.into());
    }
    let what =
        crate::vfs::sync::SyncRange { wait_before: ask.wait_before, write: ask.write, wait_after: ask.wait_after };
    fs.sync_range(ino, pos, len, what).await
}

/// What `vfs_fallocate` looks at before it asks the filesystem, in its order.
fn fallocate_checks(fs: &Fs, file: &OpenFile, ask: &Fallocate) -> Result<(), Errno> {
    let (off, len) = bytes(&ask.range)?;
    if len == 0 {
        return Err(Errno::EINVAL);
    }
    if file.flags.read_only {
        return Err(Errno::EBADF);
    }
    if off + len > fs.volume().profile.max_file_size { Err(Errno::EFBIG) } else { Ok(()) }
}

async fn fallocate(fs: &Fs, ino: Ino, ask: &Fallocate, prov: Prov) -> Result<(), FsError> {
    let size = if ask.keep_size { SizeRule::Keep } else { SizeRule::Extend };
    let request = Ask { ino, off: ask.range.off, len: ask.range.len, size, prov };
    match ask.mode {
        FallocMode::Allocate => fs.allocate(request).await,
        FallocMode::Punch => fs.punch(request).await,
        FallocMode::Zero => fs.zero_range(request).await,
        FallocMode::Collapse => fs.collapse(request).await,
        FallocMode::Insert => fs.insert(request).await,
        FallocMode::Unshare => fs.unshare(request).await,
        FallocMode::WriteZeroes => Err(Errno::EOPNOTSUPP.into()),
    }
}

fn mmap(fs: &Fs, file: &OpenFile, ask: &Mmap) -> Result<(), FsError> {
    let (pos, len) = match &ask.range {
        Some(range) => bytes(range)?,
        None => (0, fs.volume().inodes.size(file.ino)),
    };
    if len == 0 || !pos.is_multiple_of(crate::base::PAGE_SIZE) {
        return Err(Errno::EINVAL.into());
    }
    if ask.write && file.flags.read_only {
        return Err(Errno::EACCES.into());
    }
    fs.volume().note_read(file.ino);
    fs.set_mapping(&file.name, Some((pos, len)));
    Ok(())
}

fn munmap(fs: &Fs, file: &OpenFile) -> Result<(), FsError> {
    if file.mapping.is_none() {
        return Err(Errno::EINVAL.into());
    }
    fs.set_mapping(&file.name, None);
    Ok(())
}

/// The range of a command on a mapping: as given, else the kept mapping's.
fn mapped(file: &OpenFile, range: Option<&ByteRange>) -> Result<(u64, u64), Errno> {
    match range {
        Some(range) => bytes(range),
        None => file.mapping.ok_or(Errno::EINVAL),
    }
}

async fn mwrite(fs: &Fs, file: &OpenFile, command: &Command, ask: &Mwrite, prov: Prov) -> Executed {
    let (pos, len) = match mapped(file, ask.range.as_ref()) {
        Ok(found) => found,
        Err(errno) => return named(fs, command, Err(errno.into())),
    };
    let volume = fs.volume();
    let mut transfer = volume.store(file.ino, pos, len, Fill { byte: ask.fill, prov }).await;
    if transfer.error.is_some() {
        // A signal tells nothing of what went before it.
        transfer.done = 0;
    }
    let text = transfer.error.map(|error| failed(fs, command, error)).unwrap_or_default();
    (CommandResult::transfer(transfer, len, Short::IsAnError), text)
}

async fn mread(fs: &Fs, file: &OpenFile, command: &Command, ask: &Mread) -> Executed {
    let (pos, len) = match mapped(file, ask.range.as_ref()) {
        Ok(found) => found,
        Err(errno) => return named(fs, command, Err(errno.into())),
    };
    if ask.range.is_some() {
        fs.volume().note_read(file.ino);
    }
    let mut transfer = fs.volume().load_mapped(file.ino, pos, len).await;
    if transfer.error.is_some() {
        transfer.done = 0;
    }
    let text = match transfer.error {
        Some(error) => failed(fs, command, error),
        None => ask.dump.map(|dump| say::mapped_dump(fs, file, dump, (pos, len))).unwrap_or_default(),
    };
    (CommandResult::transfer(transfer, len, Short::IsTheEnd), text)
}

async fn msync(fs: &Fs, file: &OpenFile, ask: &Msync) -> Result<(), FsError> {
    let (pos, len) = mapped(file, ask.range.as_ref())?;
    match ask.mode {
        MsyncMode::Sync => fs.fsync_range(file.ino, pos, len, Change::Times).await,
        MsyncMode::Async | MsyncMode::Invalidate => Ok(()),
    }
}

async fn fadvise(fs: &Fs, ino: Ino, ask: &Fadvise) -> Result<(), FsError> {
    let (pos, len) = ask.range.as_ref().map_or(Ok((0, 0)), bytes)?;
    match ask.advice {
        Advice::DontNeed => fs.dont_need(ino, pos, len).await,
        Advice::Normal | Advice::NoReuse | Advice::Random | Advice::Sequential | Advice::WillNeed => Ok(()),
    }
}

async fn fiemap(fs: &Fs, file: &OpenFile, command: &Command, ask: &Fiemap) -> Executed {
    let attributes = if ask.attributes { request::XATTR } else { 0 };
    let sync = if ask.no_sync || ask.count_only { 0 } else { request::SYNC };
    let flags = ask.raw_flags.unwrap_or(sync | attributes);
    let asked = Request {
        start: ask.off,
        len: ask.len.unwrap_or(u64::MAX),
        flags,
        limit: ask.limit.filter(|limit| *limit > 0),
    };
    match fs.volume().fiemap(file.ino, &asked).await {
        Ok(records) => {
            let text = say::fiemap(fs, file, ask, &records);
            let ret = CommandResult::number(records.len() as u64);
            let records = if ask.count_only { None } else { Some(records) };
            (CommandResult { records, ..ret }, text)
        }
        Err(error) => named(fs, command, Err(error)),
    }
}

async fn filefrag_file(fs: &Fs, ask: &Filefrag) -> Executed {
    let file = fs.open_files(|open| match &ask.name {
        Some(name) => open.by_name(name).map(|file| (file.name.clone(), file.ino)),
        None => open.current().map(|file| (file.name.clone(), file.ino)),
    });
    let named_file = || ask.name.as_ref().and_then(|name| Some((name.clone(), fs.volume().inodes.lookup(name)?)));
    let Some((name, ino)) = file.or_else(named_file) else {
        return (CommandResult::failed(Errno::ENOENT.into()), say::NO_FILE.to_owned());
    };
    let flags = if ask.sync { request::SYNC } else { 0 };
    match fs.volume().fiemap(ino, &Request { flags, ..Request::ALL }).await {
        Ok(records) => (CommandResult::done(), say::filefrag(fs, &name, ino, ask, &records)),
        Err(error) => (CommandResult::failed(error), say::filefrag_failed(&name, error)),
    }
}

/// `bmap`: on a filesystem that is not the tool's own it asks nothing, and of the fork of copies the kernel tells nothing.
async fn bmap(fs: &Fs, file: &OpenFile, command: &Command, ask: &Bmap) -> Executed {
    if let Some(text) = say::refused_by_the_tool(fs, command) {
        return (CommandResult::failed(Errno::EOPNOTSUPP.into()), text);
    }
    if ask.cow_fork {
        return named(fs, command, Err(Errno::EINVAL.into()));
    }
    let records = if ask.attributes {
        say::attribute_map(fs, file.ino, ask)
    } else {
        match fs.volume().native_map(file.ino, ask.delayed).await {
            Ok(records) => records,
            Err(error) => return named(fs, command, Err(error)),
        }
    };
    (CommandResult::done(), say::bmap(fs, file, ask, &records))
}

async fn seek_file(fs: &Fs, ino: Ino, ask: &Seek) -> Executed {
    let volume = fs.volume();
    let _frame = volume.cx.frame(Frame::Seek, u64::try_from(ask.off).unwrap_or(0), 0);
    let hold = volume.extents.read_lock(ino, crate::base::FileBlock(0)).await;
    let facts = LiveFacts::new(volume, ino);
    let plan = volume.profile.seek;
    let result = match ask.what {
        SeekWhat::All => {
            let segments = seek::segments(&facts, plan);
            CommandResult { segments: Some(segments), ..CommandResult::number(0) }
        }
        SeekWhat::Data | SeekWhat::Hole => {
            let what = if ask.what == SeekWhat::Data { SegmentKind::Data } else { SegmentKind::Hole };
            let from = match (u64::try_from(ask.off), plan.negative) {
                (Ok(from), _) => Ok(from),
                (Err(_), SeekNegative::Start) => Ok(0),
                (Err(_), SeekNegative::Nothing) => Err(Errno::ENXIO),
            };
            match from.and_then(|from| seek::seek(&facts, plan, from, what)) {
                Ok(found) => CommandResult::number(found),
                Err(errno) => CommandResult::failed(errno.into()),
            }
        }
    };
    drop(hold);
    let text = say::seek(fs, ino, ask);
    (result, text)
}

/// A claim of the script: the text says what is wrong, and the result fails.
async fn expected(fs: &Fs, expect: &Expect, prov: Prov) -> Executed {
    let Expect::Output { command, expected, .. } = expect else {
        return (CommandResult::done(), String::new());
    };
    let (_, text) = Box::pin(execute(fs, command, prov)).await;
    let trimmed = |text: &str| text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n");
    if trimmed(&text) == trimmed(expected) {
        return (CommandResult::done(), String::new());
    }
    let failed = CommandResult { err: Some(EXPECTATION), ..CommandResult::default() };
    (failed, format!("expectation failed\n--- expected\n{expected}--- got\n{text}"))
}

/// The result of a claim that is not true.
pub const EXPECTATION: &str = "EXPECTATION";
