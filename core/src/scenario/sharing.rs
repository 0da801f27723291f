//! The commands that share or copy blocks: reflink, dedupe, copy_range.

use super::program::{Executed, named};
use super::reply::{CommandResult, DIFFERS};
use super::script::{CloneFrom, ClonePart, Command, CopyRange};
use crate::base::{Errno, FsError, Ino, Prov};
use crate::text::errors::{Call, DEDUPE_DIFFERS, failed};
use crate::text::transfer::{Transfer as Moved, summary};
use crate::trace::Mark;
use crate::vfs::Fs;
use crate::vfs::clone::{CloneAsk, Deduped};
use crate::vfs::open::OpenFile;

/// The file to take from: one that is open, or one that has the name.
fn source(fs: &Fs, name: &str) -> Result<Ino, Executed> {
    let open = fs.open_files(|open| open.by_name(name).map(|file| file.ino));
    open.or_else(|| fs.volume().inodes.lookup(name)).ok_or_else(|| {
        let errno = Errno::ENOENT;
        (CommandResult::failed(errno.into()), failed(Call::Open, name, errno))
    })
}

/// Only a descriptor that can be written, and not only appended to, takes blocks (`generic_file_rw_checks`).
fn writable(fs: &Fs, file: &OpenFile, command: &Command) -> Result<(), Executed> {
    if file.flags.read_only || file.flags.append {
        return Err(named(fs, command, Err(Errno::EBADF.into())));
    }
    Ok(())
}

fn asked(source: Ino, file: &OpenFile, part: ClonePart, prov: Prov) -> CloneAsk {
    let (source_off, target_off, len) = (part.source_off, part.dest_off, part.len);
    CloneAsk { source, source_off, target: file.ino, target_off, len, prov }
}

/// `reflink`.
pub(super) async fn reflink(fs: &Fs, file: &OpenFile, command: &Command, clone: &CloneFrom, prov: Prov) -> Executed {
    let ready = source(fs, &clone.source).and_then(|ino| writable(fs, file, command).map(|()| ino));
    let ino = match ready {
        Ok(ino) => ino,
        Err(executed) => return executed,
    };
    let part = clone.part.unwrap_or(ClonePart::WHOLE);
    match fs.clone_range(&asked(ino, file, part, prov)).await {
        Ok(()) => {
            let (len, off) = (u64::try_from(part.len).unwrap_or(0), u64::try_from(part.dest_off).unwrap_or(0));
            (CommandResult::done(), summary(Moved::Linked, len, len, off, 1))
        }
        Err(error) => named(fs, command, Err(error)),
    }
}

/// `dedupe`: one call after the other until everything is done.
pub(super) async fn dedupe(fs: &Fs, file: &OpenFile, command: &Command, clone: &CloneFrom, prov: Prov) -> Executed {
    let ino = match source(fs, &clone.source) {
        Ok(ino) => ino,
        Err(executed) => return executed,
    };
    let Some(part) = clone.part else { return named(fs, command, Err(Errno::EINVAL.into())) };
    let (mut done, mut calls) = (0, 0);
    while calls == 0 || done < part.len {
        if calls > 0 {
            fs.volume().cx.step(Mark::Call).await;
        }
        let rest = ClonePart {
            source_off: part.source_off.saturating_add(done),
            dest_off: part.dest_off.saturating_add(done),
            len: part.len - done,
        };
        calls += 1;
        let number = CommandResult::number(u64::try_from(done).unwrap_or(0));
        match fs.dedupe(&asked(ino, file, rest, prov)).await {
            Ok(Deduped::Same(0)) => break,
            Ok(Deduped::Same(bytes)) => done += i64::try_from(bytes).expect("a length fits 63 bits"),
            Ok(Deduped::Differs) => {
                return (CommandResult { err: Some(DIFFERS), ..number }, DEDUPE_DIFFERS.to_owned());
            }
            Ok(Deduped::Refused(errno)) => {
                let (failed, text) = named(fs, command, Err(errno.into()));
                return (CommandResult { ret: number.ret, ..failed }, text);
            }
            Err(error) => return named(fs, command, Err(error)),
        }
    }
    let bytes = |value: i64| u64::try_from(value).unwrap_or(0);
    let text = summary(Moved::Deduped, bytes(done), bytes(part.len), bytes(part.dest_off), calls);
    (CommandResult::number(bytes(done)), text)
}

/// `copy_range`: one call after the other until everything is done or the source ends.
pub(super) async fn copy_range(fs: &Fs, file: &OpenFile, command: &Command, copy: &CopyRange, prov: Prov) -> Executed {
    let ready = source(fs, &copy.source).and_then(|ino| writable(fs, file, command).map(|()| ino));
    let ino = match ready {
        Ok(ino) => ino,
        Err(executed) => return executed,
    };
    let size = i64::try_from(fs.volume().inodes.size(ino)).unwrap_or(i64::MAX);
    let len = copy.len.unwrap_or_else(|| size.saturating_sub(copy.source_off).max(0));
    let (mut done, mut calls) = (0, 0);
    let mut error: Option<FsError> = None;
    while done < len && error.is_none() {
        if calls > 0 {
            fs.volume().cx.step(Mark::Call).await;
        }
        let rest = ClonePart {
            source_off: copy.source_off.saturating_add(done),
            dest_off: copy.dest_off.saturating_add(done),
            len: len - done,
        };
        calls += 1;
        let one = fs.copy_range(&asked(ino, file, rest, prov)).await;
        done += i64::try_from(one.done).expect("a length fits 63 bits");
        error = one.error;
        if one.done == 0 {
            break;
        }
    }
    let number = CommandResult::number(u64::try_from(done).unwrap_or(0));
    match error {
        None => (number, String::new()),
        Some(error) => {
            let (failed, text) = named(fs, command, Err(error));
            (CommandResult { ret: number.ret, ..failed }, text)
        }
    }
}
