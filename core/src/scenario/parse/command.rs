//! Which reader reads which command, and what to say when there is none.

use super::args::{Args, NO_FLAGS};
use super::error::{Bad, Parsed, Rule, nearest, quoted};
use super::token::Token;
use super::{control, data, maps, power, space};
use crate::scenario::help;
use crate::scenario::script::{Command, FallocMode};

/// Reads one command that stands on its own: no block opens in it. `words` is not empty.
pub(super) fn command(words: &[Token]) -> Parsed<Command> {
    let name = words.first().expect("a command has a name");
    let entry = help::entry(&name.text).ok_or_else(|| unknown(name))?;
    read(words, entry.name).map_err(|bad| bad.usage(entry.usage))
}

fn read(words: &[Token], name: &'static str) -> Parsed<Command> {
    match name {
        "open" => data::open(words),
        "file" => data::file(words),
        "pwrite" => data::pwrite(words),
        "pread" => data::pread(words),
        "sync_range" => data::sync_range(words),
        "mmap" => data::mmap(words),
        "mwrite" => data::mwrite(words),
        "mread" => data::mread(words),
        "msync" => data::msync(words),
        "fadvise" => data::fadvise(words),
        "truncate" => space::truncate(words),
        "falloc" => space::falloc(words),
        "fpunch" => space::fallocate(words, FallocMode::Punch),
        "fzero" => space::fallocate(words, FallocMode::Zero),
        "fcollapse" => space::fallocate(words, FallocMode::Collapse),
        "finsert" => space::fallocate(words, FallocMode::Insert),
        "funshare" => space::fallocate(words, FallocMode::Unshare),
        "fwzero" => space::fallocate(words, FallocMode::WriteZeroes),
        "reflink" => space::reflink(words),
        "dedupe" => space::dedupe(words),
        "copy_range" => space::copy_range(words),
        "extsize" => space::hint(words).map(Command::Extsize),
        "cowextsize" => space::hint(words).map(Command::Cowextsize),
        "fiemap" => maps::fiemap(words),
        "filefrag" => maps::filefrag(words),
        "seek" => maps::seek(words),
        "stat" => maps::stat(words),
        "statfs" => maps::statfs(words),
        "bmap" => maps::bmap(words),
        "snapshot" => control::one_name(words).map(Command::Snapshot),
        "rm" => control::one_name(words).map(Command::Remove),
        "mv" => control::rename(words),
        "shutdown" => control::shutdown(words),
        "crash" => power::crash(words).map(Command::Crash),
        "writeback" => control::writeback(words),
        "sleep" => control::sleep(words),
        "help" => control::help(words),
        "run" => control::run(words),
        "step" => control::step(words),
        "schedule" => control::schedule(words),
        "inject" => control::inject(words),
        other => plain(words, other),
    }
}

/// Commands without flags and arguments.
fn plain(words: &[Token], name: &'static str) -> Parsed<Command> {
    let args = Args::read(words, NO_FLAGS)?;
    args.done()?;
    Ok(match name {
        "close" => Command::Close,
        "fsync" => Command::Fsync,
        "fdatasync" => Command::Fdatasync,
        "syncfs" | "sync" => Command::Syncfs,
        "munmap" => Command::Munmap,
        "nocow" => Command::Nocow,
        "remount" => Command::Remount,
        "quit" => Command::Quit,
        other => {
            let message = format!("`{other}` opens a block and cannot stand here");
            return Err(Bad::new(args.whole(), Rule::Block, message));
        }
    })
}

fn unknown(name: &Token) -> Bad {
    let near = nearest(&name.text, help::COMMANDS.iter().map(|entry| entry.name));
    let message = if help::NOT_MODELLED.contains(&name.text.as_str()) {
        format!("xfs_io's {} is not modelled", quoted(&name.text))
    } else {
        format!("{} is not a command", quoted(&name.text))
    };
    Bad::new(name.span.clone(), Rule::UnknownCommand, message).near(near)
}
