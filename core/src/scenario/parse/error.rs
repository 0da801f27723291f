//! What is wrong with a script, where, and what was probably meant.

use std::fmt;
use std::ops::Range;

/// The rule of the language that a line breaks.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
#[allow(missing_docs)]
pub enum Rule {
    UnknownCommand,
    UnknownDirective,
    UnknownFlag,
    UnknownWord,
    FlagValue,
    MissingArgument,
    ExtraArgument,
    BadNumber,
    OutOfRange,
    BadName,
    BadTask,
    Conflict,
    Quote,
    Block,
    TooLarge,
    Encoding,
}

impl Rule {
    /// A short name, stable, for messages and for machines.
    pub fn name(self) -> &'static str {
        match self {
            Self::UnknownCommand => "unknown-command",
            Self::UnknownDirective => "unknown-directive",
            Self::UnknownFlag => "unknown-flag",
            Self::UnknownWord => "unknown-word",
            Self::FlagValue => "flag-value",
            Self::MissingArgument => "missing-argument",
            Self::ExtraArgument => "extra-argument",
            Self::BadNumber => "bad-number",
            Self::OutOfRange => "out-of-range",
            Self::BadName => "bad-name",
            Self::BadTask => "bad-task",
            Self::Conflict => "conflict",
            Self::Quote => "quote",
            Self::Block => "block",
            Self::TooLarge => "too-large",
            Self::Encoding => "encoding",
        }
    }
}

/// One error. `Display` prints the message, the line with a caret under the token, the usage and the suggestion.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ParseError {
    /// Line of the source, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// Length of the offending token in characters, at least 1.
    pub token_len: u32,
    /// The rule that is broken.
    pub rule: Rule,
    /// What is wrong, in one sentence without a full stop.
    pub message: String,
    /// The nearest word that would have been right.
    pub nearest: Option<String>,
    /// How the command is written, where the command is known.
    pub usage: Option<&'static str>,
    /// The line, shortened around the token where it is very long.
    pub source: String,
    /// Column of the caret in `source`, from 1.
    caret: u32,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = self.line.to_string();
        let gutter = number.len();
        writeln!(f, "line {}, column {}: {} ({})", self.line, self.column, self.message, self.rule.name())?;
        writeln!(f, " {number} | {}", self.source)?;
        let indent = usize::try_from(self.caret.saturating_sub(1)).unwrap_or(0);
        let carets = usize::try_from(self.token_len).unwrap_or(1).min(SHOWN_MAX);
        write!(f, " {:gutter$} | {:indent$}{}", "", "", "^".repeat(carets))?;
        if let Some(usage) = self.usage {
            write!(f, "\n usage: {usage}")?;
        }
        if let Some(nearest) = &self.nearest {
            write!(f, "\n did you mean `{nearest}`?")?;
        }
        Ok(())
    }
}

impl std::error::Error for ParseError {}

/// Characters of a line that an error shows at most.
const SHOWN_MAX: usize = 120;

/// An error before it knows its line: what the readers of words return.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Bad {
    /// The offending bytes of the line.
    pub span: Range<usize>,
    pub rule: Rule,
    pub message: String,
    pub nearest: Option<String>,
    pub usage: Option<&'static str>,
}

pub(super) type Parsed<T> = Result<T, Bad>;

impl Bad {
    pub fn new(span: Range<usize>, rule: Rule, message: impl Into<String>) -> Self {
        Self { span, rule, message: message.into(), nearest: None, usage: None }
    }

    pub fn near(mut self, nearest: Option<String>) -> Self {
        self.nearest = nearest;
        self
    }

    /// The usage of the innermost command that knows one stays.
    pub fn usage(mut self, usage: &'static str) -> Self {
        self.usage = self.usage.or(Some(usage));
        self
    }

    /// Places the error in line `number`, whose whole text is `source`.
    pub fn at(self, number: u32, source: &str) -> ParseError {
        let before = source.get(..self.span.start).unwrap_or(source).chars().count();
        let inside = source.get(self.span.clone()).unwrap_or("").chars().count();
        let from = before.saturating_sub(SHOWN_MAX / 2);
        let shown = source.chars().skip(from).take(SHOWN_MAX);
        ParseError {
            line: number,
            column: one_based(before),
            token_len: u32::try_from(inside).unwrap_or(u32::MAX).max(1),
            rule: self.rule,
            message: self.message,
            nearest: self.nearest,
            usage: self.usage,
            source: shown.map(|c| if c.is_control() { ' ' } else { c }).collect(),
            caret: one_based(before.saturating_sub(from)),
        }
    }
}

fn one_based(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX).saturating_add(1)
}

/// A token as an error quotes it: shortened when very long.
pub(super) fn quoted(text: &str) -> String {
    let mut shown: String = text.chars().take(40).map(|c| if c.is_control() { '?' } else { c }).collect();
    if text.chars().nth(40).is_some() {
        shown.push_str("...");
    }
    format!("`{shown}`")
}

/// The candidate that was probably meant, if one is near enough.
pub(super) fn nearest<'a>(typed: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<String> {
    if typed.is_empty() || typed.len() > 32 {
        return None;
    }
    let typed = typed.to_ascii_lowercase();
    let allowed = (typed.chars().count() / 3).clamp(1, 3);
    let scored = candidates.into_iter().map(|word| (distance(&typed, word), word));
    let best = scored.min_by_key(|(distance, _)| *distance)?;
    (best.0 <= allowed).then(|| best.1.to_string())
}

/// Edit distance; a word that begins with what was typed counts as one edit away.
fn distance(typed: &str, word: &str) -> usize {
    let edits = strsim::damerau_levenshtein(typed, word);
    let prefix = typed.len() >= 2 && word.starts_with(typed);
    if prefix { edits.min(1) } else { edits }
}
