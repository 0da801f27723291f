//! Commands that set what a file is rather than what it holds, and what a filesystem that was shut down still answers.

use super::program::Executed;
use super::reply::CommandResult;
use super::say;
use super::script::{Command, FallocMode};
use crate::vfs::Fs;
use crate::vfs::open::OpenFile;
use crate::vfs::shutdown::Wants;

/// What a command wants of a filesystem that may be shut down; `None` for what always answers.
pub(super) fn wants(command: &Command, file: Option<&OpenFile>) -> Option<Wants> {
    Some(match command {
        Command::Fallocate(call) if call.mode == FallocMode::Unshare => Wants::Share,
        Command::Reflink(_) | Command::Dedupe(_) => Wants::Share,
        Command::Pwrite(_)
        | Command::Fsync
        | Command::Fdatasync
        | Command::Syncfs
        | Command::Truncate(_)
        | Command::Fallocate(_)
        | Command::CopyRange(_)
        | Command::Open(_)
        | Command::Snapshot(_)
        | Command::Remove(_)
        | Command::Rename { .. }
        | Command::Extsize(Some(_))
        | Command::Cowextsize(Some(_)) => Wants::Change,
        Command::Pread(_) => Wants::Read,
        Command::Stat(_) | Command::Fiemap(_) | Command::Filefrag(_) | Command::Seek(_) => Wants::Look,
        Command::Mmap(_) => Wants::Map,
        // The mapping that is kept goes on; without one, a new one is made.
        Command::Mwrite(_) | Command::Mread(_) | Command::Msync(_)
            if file.is_none_or(|file| file.mapping.is_none()) =>
        {
            Wants::Map
        }
        _ => return None,
    })
}

/// `extsize`, `cowextsize` and `nocow` of the current file.
pub(super) async fn set(fs: &Fs, file: &OpenFile, command: &Command) -> Executed {
    let hints = fs.hints(file.ino);
    let answer = |bytes: u32| (CommandResult::number(u64::from(bytes)), say::size_hint(fs, &file.name, command, bytes));
    let result = match command {
        Command::Extsize(None) => return answer(hints.extsize),
        Command::Cowextsize(None) => return answer(hints.cowextsize),
        Command::Extsize(Some(bytes)) => fs.set_extsize(file.ino, in_the_call(*bytes)).await,
        Command::Cowextsize(Some(bytes)) => fs.set_cowextsize(file.ino, in_the_call(*bytes)).await,
        _ => fs.set_nocow(file.ino).await,
    };
    let foreign = say::refused_by_the_tool(fs, command);
    let text = foreign.or_else(|| result.err().map(|error| say::error(command, &file.name, error)));
    (CommandResult::of(result), text.unwrap_or_default())
}

/// The call carries 32 bits, and the tool does not look whether a number has more.
fn in_the_call(bytes: i64) -> u32 {
    u32::try_from(bytes & i64::from(u32::MAX)).expect("32 bits are left")
}
