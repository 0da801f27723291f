//! Commands that change sizes, space and sharing.

use super::args::{Args, Flags, NO_FLAGS};
use super::error::{Bad, Parsed, Rule};
use super::number;
use super::token::Token;
use crate::scenario::script::{CloneFrom, ClonePart, Command, CopyRange, FallocMode, Fallocate};

pub(super) fn truncate(words: &[Token]) -> Parsed<Command> {
    let mut args = Args::read(words, NO_FLAGS)?;
    let size = number::offset(args.required("a size")?)?;
    args.done()?;
    Ok(Command::Truncate(size))
}

/// `falloc`, whose flags can make it any of its relatives.
pub(super) fn falloc(words: &[Token]) -> Parsed<Command> {
    let mut args = Args::read(words, Flags { plain: "cikpu", ..NO_FLAGS })?;
    let mode = match args.one_of("cipu")? {
        Some('c') => FallocMode::Collapse,
        Some('i') => FallocMode::Insert,
        Some('p') => FallocMode::Punch,
        Some('u') => FallocMode::Unshare,
        _ => FallocMode::Allocate,
    };
    let keep_size = match (mode, args.has('k')) {
        (FallocMode::Collapse | FallocMode::Insert, true) => {
            return Err(Bad::new(args.whole(), Rule::Conflict, "-k cannot be kept with -c or -i"));
        }
        (FallocMode::Punch, _) => true,
        (_, keep) => keep,
    };
    let range = args.range()?;
    args.done()?;
    Ok(Command::Fallocate(Fallocate { mode, keep_size, range }))
}

/// The relatives under their own names; only `fzero` and `fwzero` have a flag.
pub(super) fn fallocate(words: &[Token], mode: FallocMode) -> Parsed<Command> {
    let keeps = matches!(mode, FallocMode::Zero | FallocMode::WriteZeroes);
    let mut args = Args::read(words, Flags { plain: if keeps { "k" } else { "" }, ..NO_FLAGS })?;
    let keep_size = args.has('k') || mode == FallocMode::Punch;
    let range = args.range()?;
    args.done()?;
    Ok(Command::Fallocate(Fallocate { mode, keep_size, range }))
}

pub(super) fn reflink(words: &[Token]) -> Parsed<Command> {
    let mut args = Args::read(words, Flags { foreign: "Cq", ..NO_FLAGS })?;
    let source = args.name()?;
    let part = match args.optional() {
        None => None,
        Some(first) => Some(part(first, &mut args)?),
    };
    args.done()?;
    Ok(Command::Reflink(CloneFrom { source, part }))
}

pub(super) fn dedupe(words: &[Token]) -> Parsed<Command> {
    let mut args = Args::read(words, Flags { foreign: "Cq", ..NO_FLAGS })?;
    let source = args.name()?;
    let first = args.required("the offset in the source")?;
    let part = Some(part(first, &mut args)?);
    args.done()?;
    Ok(Command::Dedupe(CloneFrom { source, part }))
}

fn part(source_off: &Token, args: &mut Args) -> Parsed<ClonePart> {
    Ok(ClonePart {
        source_off: number::offset(source_off)?,
        dest_off: number::offset(args.required("the offset in the current file")?)?,
        len: number::offset(args.required("a length")?)?,
    })
}

pub(super) fn copy_range(words: &[Token]) -> Parsed<Command> {
    let mut args = Args::read(words, Flags { plain: "", valued: "sdl", foreign: "f" })?;
    let copy = CopyRange {
        source: args.name()?,
        source_off: args.value('s', number::offset)?.unwrap_or(0),
        dest_off: args.value('d', number::offset)?.unwrap_or(0),
        len: args.value('l', number::offset)?,
    };
    args.done()?;
    Ok(Command::CopyRange(copy))
}

/// The value of `extsize` and `cowextsize`.
pub(super) fn hint(words: &[Token]) -> Parsed<Option<i64>> {
    let mut args = Args::read(words, Flags { foreign: "DR", ..NO_FLAGS })?;
    let value = args.optional().map(number::offset).transpose()?;
    args.done()?;
    Ok(value)
}
