//! Reads a script. All errors are collected (up to a bound); a script with an error has no value, so nothing of
//! it can be executed. No input makes the parser panic, and it takes time linear in the input.
#![deny(clippy::arithmetic_side_effects)]

mod args;
mod block;
mod command;
pub(super) mod control;
mod data;
mod directive;
mod error;
mod expect;
mod maps;
mod number;
mod power;
mod space;
mod token;

pub use error::{ParseError, Rule};

use super::script::{Line, Script};
use crate::base::limits::SCRIPT_BYTES_MAX;
use block::Reader;
use error::Bad;

/// Reads a whole script. On failure every error found, in order of lines, at least one and at most
/// `limits::PARSE_ERRORS_MAX`.
pub fn parse(source: &str) -> Result<Script, Vec<ParseError>> {
    if source.len() > SCRIPT_BYTES_MAX {
        let message = format!("the script has {} bytes, more than {SCRIPT_BYTES_MAX}", source.len());
        return Err(vec![Bad::new(0..0, Rule::TooLarge, message).at(1, "")]);
    }
    Reader::new(source).script()
}

/// Reads a whole script that may not even be text.
pub fn parse_bytes(source: &[u8]) -> Result<Script, Vec<ParseError>> {
    match std::str::from_utf8(source) {
        Ok(text) => parse(text),
        Err(wrong) => {
            let good = source.get(..wrong.valid_up_to()).and_then(|good| std::str::from_utf8(good).ok()).unwrap_or("");
            let number = u32::try_from(good.matches('\n').count()).unwrap_or(u32::MAX).saturating_add(1);
            let line = good.rsplit('\n').next().unwrap_or("");
            let bad = Bad::new(line.len()..line.len(), Rule::Encoding, "this is not UTF-8 text");
            Err(vec![bad.at(number, line)])
        }
    }
}

/// Reads what was typed at the console: one command, or `None` for an empty line or a comment. A block may follow
/// its first line in the same text.
pub fn parse_line(text: &str) -> Result<Option<Line>, ParseError> {
    let at_start = |rule, message: &str| Bad::new(0..0, rule, message).at(1, text.lines().next().unwrap_or(""));
    let script = parse(text).map_err(|mut errors| errors.swap_remove(0))?;
    if script.directives != super::script::Directives::default() {
        return Err(at_start(Rule::Block, "a #@ line stands in a script, not at the console"));
    }
    let mut lines = script.lines.into_iter();
    let first = lines.next();
    match lines.next() {
        Some(_) => Err(at_start(Rule::Block, "the console takes one command at a time")),
        None => Ok(first),
    }
}
