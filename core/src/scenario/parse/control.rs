//! Commands about names, mounts, time, tasks and faults.

use super::args::{Args, Flags, NO_FLAGS, choice, file_name};
use super::error::{Bad, Parsed, Rule, nearest, quoted};
use super::number;
use super::token::Token;
use crate::base::limits::{REPEAT_MAX, TASK_NAME_MAX};
use crate::scenario::help::{self as table, COMMANDS};
use crate::scenario::script::{Command, Fault, Until};

/// The one argument of `rm` and `snapshot`.
pub(super) fn one_name(words: &[Token]) -> Parsed<String> {
    let mut args = Args::read(words, NO_FLAGS)?;
    let name = args.name()?;
    args.done()?;
    Ok(name)
}

pub(super) fn rename(words: &[Token]) -> Parsed<Command> {
    let mut args = Args::read(words, NO_FLAGS)?;
    let from = args.name()?;
    let to = file_name(args.required("the new name")?)?;
    args.done()?;
    Ok(Command::Rename { from, to })
}

pub(super) fn shutdown(words: &[Token]) -> Parsed<Command> {
    let args = Args::read(words, Flags { plain: "f", ..NO_FLAGS })?;
    args.done()?;
    Ok(Command::Shutdown { flush_log: args.has('f') })
}

pub(super) fn writeback(words: &[Token]) -> Parsed<Command> {
    let mut args = Args::read(words, NO_FLAGS)?;
    let range = args.optional_range()?;
    args.done()?;
    Ok(Command::Writeback(range))
}

pub(super) fn sleep(words: &[Token]) -> Parsed<Command> {
    let mut args = Args::read(words, NO_FLAGS)?;
    let nanoseconds = number::duration(args.required("a duration")?)?;
    args.done()?;
    Ok(Command::Sleep(nanoseconds))
}

pub(super) fn help(words: &[Token]) -> Parsed<Command> {
    let mut args = Args::read(words, NO_FLAGS)?;
    let name = args.optional();
    args.done()?;
    if let Some(token) = name.filter(|token| table::entry(&token.text).is_none()) {
        let near = nearest(&token.text, COMMANDS.iter().map(|entry| entry.name));
        let message = format!("there is no command {}", quoted(&token.text));
        return Err(Bad::new(token.span.clone(), Rule::UnknownCommand, message).near(near));
    }
    Ok(Command::Help(name.map(|token| token.text.clone())))
}

pub(super) fn run(words: &[Token]) -> Parsed<Command> {
    let mut args = Args::read(words, NO_FLAGS)?;
    let task = task_name(args.required("a task")?)?;
    let until = match args.optional() {
        None => Until::Exit,
        Some(word) => {
            choice(word, "what follows the task", &[("until", ())])?;
            until(&mut args)?
        }
    };
    args.done()?;
    Ok(Command::Run { task, until })
}

fn until(args: &mut Args) -> Parsed<Until> {
    let word = args.required("`lock CLASS`, `exit` or `N steps` after until")?;
    if word.text.starts_with(|c: char| c.is_ascii_digit()) {
        let count = number::within(word, 1, REPEAT_MAX)?;
        let unit = args.required("`steps` after the number")?;
        choice(unit, "what follows the number", &[("steps", ()), ("step", ())])?;
        return Ok(Until::Steps(count));
    }
    if choice(word, "a place to stop at", &[("lock", true), ("exit", false)])? {
        let class = args.required("the class of the lock")?;
        return Ok(Until::Lock(identifier(class, "a class of locks")?));
    }
    Ok(Until::Exit)
}

pub(super) fn step(words: &[Token]) -> Parsed<Command> {
    let mut args = Args::read(words, NO_FLAGS)?;
    let count = args.optional().map(|token| number::within(token, 1, REPEAT_MAX)).transpose()?;
    args.done()?;
    Ok(Command::Step(count.unwrap_or(1)))
}

pub(super) fn schedule(words: &[Token]) -> Parsed<Command> {
    let mut args = Args::read(words, NO_FLAGS)?;
    let first = task_name(args.required("at least one task")?)?;
    let rest = args.rest().map(task_name);
    let tasks = std::iter::once(Ok(first)).chain(rest).collect::<Parsed<Vec<String>>>()?;
    Ok(Command::Schedule(tasks))
}

/// The words of `inject`, shared with the printer.
pub(in crate::scenario) const FAULTS: &[(&str, Fault)] = &[
    ("read-error", Fault::ReadError),
    ("write-error", Fault::WriteError),
    ("no-space", Fault::NoSpace),
    ("flush-error", Fault::FlushError),
    ("torn-write", Fault::TornWrite),
    ("lost-flush", Fault::LostFlush),
    ("bit-flip", Fault::BitFlip),
    ("power-cut", Fault::PowerCut),
];

pub(super) fn inject(words: &[Token]) -> Parsed<Command> {
    let mut args = Args::read(words, NO_FLAGS)?;
    let fault = choice(args.required("a fault")?, "a fault", FAULTS)?;
    let nth = args.optional().map(|token| number::within(token, 1, REPEAT_MAX)).transpose()?;
    args.done()?;
    Ok(Command::Inject { fault, nth: nth.unwrap_or(1) })
}

/// A task's name: letters, digits, `_`, `-`, `.`, `/`; a letter first.
pub(super) fn task_name(token: &Token) -> Parsed<String> {
    let name = identifier(token, "a task's name")?;
    if name.chars().count() <= TASK_NAME_MAX {
        return Ok(name);
    }
    let message = format!("a task's name has at most {TASK_NAME_MAX} characters");
    Err(Bad::new(token.span.clone(), Rule::BadTask, message))
}

/// A word of letters, digits and `_ - . /` that starts with a letter.
pub(super) fn identifier(token: &Token, what: &str) -> Parsed<String> {
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/');
    let starts = token.text.starts_with(|c: char| c.is_ascii_alphabetic());
    if starts && token.text.chars().all(legal) {
        return Ok(token.text.clone());
    }
    let message = format!("{} is not {what}: letters, digits and _ - . /, a letter first", quoted(&token.text));
    Err(Bad::new(token.span.clone(), Rule::BadName, message))
}
