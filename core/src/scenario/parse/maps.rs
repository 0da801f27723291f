//! Commands that ask: maps, seeks, statistics.

use super::args::{Args, Flags, NO_FLAGS};
use super::error::Parsed;
use super::number;
use super::token::Token;
use crate::scenario::script::{Bmap, Command, Fiemap, Filefrag, Seek, SeekWhat, StatStyle, Statfs};

pub(super) fn fiemap(words: &[Token]) -> Parsed<Command> {
    let mut args = Args::read(words, Flags { plain: "alvNc", valued: "nF", foreign: "" })?;
    let off = args.optional().map(number::unsigned).transpose()?;
    let fiemap = Fiemap {
        off: off.unwrap_or(0),
        len: args.optional().map(number::unsigned).transpose()?,
        attributes: args.has('a'),
        lengths: args.has('l'),
        verbose: args.has('v'),
        limit: args.value('n', number::unsigned32)?,
        no_sync: args.has('N'),
        count_only: args.has('c'),
        raw_flags: args.value('F', number::unsigned32)?,
    };
    args.done()?;
    Ok(Command::Fiemap(fiemap))
}

pub(super) fn filefrag(words: &[Token]) -> Parsed<Command> {
    let mut args = Args::read(words, Flags { plain: "vs", valued: "b", foreign: "BekPVxX" })?;
    let filefrag = Filefrag {
        name: args.optional().map(super::args::file_name).transpose()?,
        verbose: args.has('v'),
        sync: args.has('s'),
        unit: args.value('b', |token| number::within(token, 1, 1 << 30))?,
    };
    args.done()?;
    Ok(Command::Filefrag(filefrag))
}

pub(super) fn seek(words: &[Token]) -> Parsed<Command> {
    let mut args = Args::read(words, Flags { plain: "adhrs", ..NO_FLAGS })?;
    let what = match (args.has('a'), args.has('d'), args.has('h')) {
        (true, _, _) | (_, true, true) => SeekWhat::All,
        (_, true, _) => SeekWhat::Data,
        (_, _, true) => SeekWhat::Hole,
        _ => return Err(args.missing("one of -a, -d and -h")),
    };
    let off = args.optional().map(number::offset).transpose()?.unwrap_or(0);
    args.done()?;
    Ok(Command::Seek(Seek { what, repeat: args.has('r'), show_start: args.has('s'), off }))
}

pub(super) fn stat(words: &[Token]) -> Parsed<Command> {
    let args = Args::read(words, Flags { plain: "vr", ..NO_FLAGS })?;
    // The raw form wins, whichever comes first.
    let style = match (args.has('r'), args.has('v')) {
        (true, _) => StatStyle::Raw,
        (false, true) => StatStyle::Verbose,
        (false, false) => StatStyle::Plain,
    };
    args.done()?;
    Ok(Command::Stat(style))
}

pub(super) fn statfs(words: &[Token]) -> Parsed<Command> {
    let args = Args::read(words, Flags { plain: "cgs", ..NO_FLAGS })?;
    let none = !(args.has('c') || args.has('g') || args.has('s'));
    args.done()?;
    Ok(Command::Statfs(Statfs {
        counts: none || args.has('c'),
        geometry: none || args.has('g'),
        statfs: none || args.has('s'),
    }))
}

pub(super) fn bmap(words: &[Token]) -> Parsed<Command> {
    let args = Args::read(words, Flags { plain: "acelpv", valued: "n", foreign: "d" })?;
    let bmap = Bmap {
        attributes: args.has('a'),
        cow_fork: args.has('c'),
        delayed: args.has('e'),
        lengths: args.has('l'),
        unwritten: args.has('p'),
        verbose: u8::try_from(args.times('v').min(2)).unwrap_or(2),
        limit: args.value('n', number::unsigned32)?,
    };
    args.done()?;
    Ok(Command::Bmap(bmap))
}
