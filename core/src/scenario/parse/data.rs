//! Commands that open files and move bytes.

use super::args::{Args, Flags, NO_FLAGS};
use super::error::Parsed;
use super::number;
use super::token::Token;
use crate::base::limits::CALL_BYTES_MAX;
use crate::scenario::script::{
    Advice, Command, Fadvise, Mmap, Mread, MreadDump, Msync, MsyncMode, Mwrite, Open, Pread, Pwrite, SyncRange,
};

/// Bytes in one call unless `-b` says otherwise, as in xfs_io.
const DEFAULT_CHUNK: u64 = 4096;

pub(super) fn open(words: &[Token]) -> Parsed<Command> {
    let mut args = Args::read(words, Flags { plain: "ftsdra", valued: "", foreign: "cnxmRTPL" })?;
    let open = Open {
        name: args.name()?,
        create: args.has('f'),
        truncate: args.has('t'),
        sync: args.has('s'),
        direct: args.has('d'),
        read_only: args.has('r'),
        append: args.has('a'),
    };
    args.done()?;
    Ok(Command::Open(open))
}

pub(super) fn file(words: &[Token]) -> Parsed<Command> {
    let mut args = Args::read(words, NO_FLAGS)?;
    let which = args.optional().map(super::args::file_name).transpose()?;
    args.done()?;
    Ok(Command::File(which))
}

pub(super) fn pwrite(words: &[Token]) -> Parsed<Command> {
    let mut args = Args::read(words, Flags { plain: "dDwWNOq", valued: "Sb", foreign: "AiUsFBRZV" })?;
    let pwrite = Pwrite {
        range: args.range()?,
        fill: args.value('S', number::fill)?.unwrap_or(0xcd),
        chunk: args.value('b', chunk)?.unwrap_or(DEFAULT_CHUNK),
        direct: args.has('d'),
        dsync: args.has('D'),
        fdatasync: args.has('w'),
        fsync: args.has('W'),
        nowait: args.has('N'),
        once: args.has('O'),
        quiet: args.has('q'),
    };
    args.done()?;
    Ok(Command::Pwrite(pwrite))
}

pub(super) fn pread(words: &[Token]) -> Parsed<Command> {
    let mut args = Args::read(words, Flags { plain: "dqv", valued: "b", foreign: "iUFBRZV" })?;
    let pread = Pread {
        range: args.range()?,
        chunk: args.value('b', chunk)?.unwrap_or(DEFAULT_CHUNK),
        direct: args.has('d'),
        verbose: args.has('v'),
        quiet: args.has('q'),
    };
    args.done()?;
    Ok(Command::Pread(pread))
}

fn chunk(token: &Token) -> Parsed<u64> {
    number::within(token, 1, CALL_BYTES_MAX)
}

pub(super) fn sync_range(words: &[Token]) -> Parsed<Command> {
    let mut args = Args::read(words, Flags { plain: "abw", ..NO_FLAGS })?;
    let range = args.range()?;
    let (wait_before, wait_after) = (args.has('b'), args.has('a'));
    let write = args.has('w') || !(wait_before || wait_after);
    args.done()?;
    Ok(Command::SyncRange(SyncRange { range, wait_before, write, wait_after }))
}

pub(super) fn mmap(words: &[Token]) -> Parsed<Command> {
    let mut args = Args::read(words, Flags { plain: "rwx", valued: "s", foreign: "S" })?;
    // `-s size` only reserves address space beforehand: checked, then of no effect.
    args.value('s', number::unsigned)?;
    let any = args.has('r') || args.has('w') || args.has('x');
    let mmap = Mmap {
        range: args.optional_range()?,
        read: args.has('r') || !any,
        write: args.has('w') || !any,
        exec: args.has('x') || !any,
    };
    args.done()?;
    Ok(Command::Mmap(mmap))
}

pub(super) fn mwrite(words: &[Token]) -> Parsed<Command> {
    let mut args = Args::read(words, Flags { plain: "r", valued: "S", foreign: "" })?;
    let mwrite = Mwrite {
        range: args.optional_range()?,
        fill: args.value('S', number::fill)?.unwrap_or(b'X'),
        reverse: args.has('r'),
    };
    args.done()?;
    Ok(Command::Mwrite(mwrite))
}

pub(super) fn mread(words: &[Token]) -> Parsed<Command> {
    let mut args = Args::read(words, Flags { plain: "frv", ..NO_FLAGS })?;
    let dump = args.one_of("fv")?.map(|flag| match flag {
        'f' => MreadDump::FromFile,
        _ => MreadDump::FromMapping,
    });
    let mread = Mread { range: args.optional_range()?, reverse: args.has('r'), dump };
    args.done()?;
    Ok(Command::Mread(mread))
}

pub(super) fn msync(words: &[Token]) -> Parsed<Command> {
    let mut args = Args::read(words, Flags { plain: "ais", ..NO_FLAGS })?;
    let mode = match args.one_of("ais")? {
        Some('a') => MsyncMode::Async,
        Some('i') => MsyncMode::Invalidate,
        _ => MsyncMode::Sync,
    };
    let range = args.optional_range()?;
    args.done()?;
    Ok(Command::Msync(Msync { range, mode }))
}

pub(super) fn fadvise(words: &[Token]) -> Parsed<Command> {
    let mut args = Args::read(words, Flags { plain: "dnrsw", ..NO_FLAGS })?;
    let advice = match args.one_of("dnrsw")? {
        Some('d') => Advice::DontNeed,
        Some('n') => Advice::NoReuse,
        Some('r') => Advice::Random,
        Some('s') => Advice::Sequential,
        Some('w') => Advice::WillNeed,
        _ => Advice::Normal,
    };
    let range = args.optional_range()?;
    args.done()?;
    Ok(Command::Fadvise(Fadvise { advice, range }))
}
