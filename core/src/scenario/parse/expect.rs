//! `expect`: claims about the command before, about the run, or about what a command prints.

use super::command::command;
use super::control::identifier;
use super::error::{Bad, Parsed, Rule, nearest, quoted};
use super::token::Token;
use crate::scenario::help;
use crate::scenario::script::{Command, Expect};

/// What the first line of an `expect` says.
pub(super) enum Head {
    /// All of it.
    Done(Expect),
    /// The text follows.
    Text { command: Box<Command>, end_mark: String },
}

/// The word of `<<END`, if the token is one.
pub(super) fn end_mark(token: &Token) -> Option<String> {
    let mark = token.text.strip_prefix("<<").filter(|mark| !mark.is_empty() && !token.quoted)?;
    mark.chars().all(|c| c.is_ascii_alphanumeric() || c == '_').then(|| mark.to_string())
}

/// The whole claim, its text read.
pub(super) fn output(command: Box<Command>, end_mark: String, expected: String) -> Command {
    Command::Expect(Expect::Output { command, end_mark, expected })
}

/// Reads the first line.
pub(super) fn head(words: &[Token]) -> Parsed<Head> {
    let end = words.last().map_or(0, |word| word.span.end);
    let missing = |what: &str| Bad::new(end..end, Rule::MissingArgument, format!("expect needs {what}"));
    let kind = words.get(1).ok_or_else(|| missing("a claim"))?;
    let argument = |what: &str| words.get(2).ok_or_else(|| missing(what));
    let (claim, used) = match kind.text.as_str() {
        "ok" => (Expect::Success, 2),
        "deadlock" => (Expect::Deadlock, 2),
        "livelock" => (Expect::Livelock, 2),
        "error" => (Expect::Error(error_name(argument("the name of an error, such as ENOSPC")?)?), 3),
        "finding" => (Expect::Finding(identifier(argument("the name of a finding")?, "a finding")?), 3),
        _ => return text(words.get(1..).unwrap_or_default()),
    };
    match words.get(used) {
        None => Ok(Head::Done(claim)),
        Some(extra) => {
            let message = format!("expect does not take {} here", quoted(&extra.text));
            Err(Bad::new(extra.span.clone(), Rule::ExtraArgument, message))
        }
    }
}

/// `COMMAND ... <<END`; `words` is not empty.
fn text(words: &[Token]) -> Parsed<Head> {
    let (last, rest) = words.split_last().expect("expect has a word after it");
    let first = words.first().unwrap_or(last);
    if help::entry(&first.text).is_none() {
        let claims = ["ok", "error", "deadlock", "livelock", "finding"];
        let near = nearest(&first.text, claims.into_iter().chain(help::COMMANDS.iter().map(|entry| entry.name)));
        let message = format!("{} is neither a claim nor a command", quoted(&first.text));
        return Err(Bad::new(first.span.clone(), Rule::UnknownWord, message).near(near));
    }
    let Some(end_mark) = end_mark(last).filter(|_| !rest.is_empty()) else {
        let message = "the text that the command prints follows: end this line with <<END";
        return Err(Bad::new(last.span.clone(), Rule::Block, message));
    };
    let command = command(rest)?;
    if command.is_control() {
        let message = format!("{} prints nothing to expect", quoted(&first.text));
        return Err(Bad::new(first.span.clone(), Rule::Conflict, message));
    }
    Ok(Head::Text { command: Box::new(command), end_mark })
}

/// An errno's name, or one of the words that observations use.
fn error_name(token: &Token) -> Parsed<String> {
    let text = token.text.as_str();
    let errno =
        text.len() > 2 && text.starts_with('E') && text.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit());
    if errno || matches!(text, "SHORT" | "DIFFERS" | "SIGBUS") {
        return Ok(text.to_string());
    }
    let message = format!("{} is not the name of an error: ENOSPC, SHORT, DIFFERS, SIGBUS, ...", quoted(text));
    Err(Bad::new(token.span.clone(), Rule::BadName, message))
}
