//! Flags and arguments of one command, in the manner of getopt(3) with permutation.

use super::error::{Bad, Parsed, Rule, nearest, quoted};
use super::number;
use super::token::Token;
use crate::base::limits::NAME_BYTES_MAX;
use crate::scenario::script::ByteRange;
use std::ops::Range;

/// Which flags a command has.
#[derive(Clone, Copy)]
pub(super) struct Flags {
    /// Letters without a value.
    pub plain: &'static str,
    /// Letters with a value.
    pub valued: &'static str,
    /// Letters that xfs_io has and this language has not.
    pub foreign: &'static str,
}

/// A command without flags.
pub(super) const NO_FLAGS: Flags = Flags { plain: "", valued: "", foreign: "" };

/// The words of one command, sorted.
pub(super) struct Args<'a> {
    /// The command's name, where an error about something missing points.
    name: &'a Token,
    set: Vec<(char, Option<Value>)>,
    rest: std::collections::VecDeque<&'a Token>,
    last: &'a Token,
}

/// The value of a flag, which may be glued to it (`-b4k`).
type Value = Token;

impl<'a> Args<'a> {
    /// Sorts `words`, whose first is the command's name.
    pub fn read(words: &'a [Token], flags: Flags) -> Parsed<Self> {
        let (name, rest) = words.split_first().expect("a command has a name");
        let mut args = Self { name, set: Vec::new(), rest: [].into(), last: words.last().unwrap_or(name) };
        let mut words = rest.iter();
        let mut only_arguments = false;
        while let Some(word) = words.next() {
            if only_arguments || !is_flag(word) {
                args.rest.push_back(word);
            } else if word.text == "--" {
                only_arguments = true;
            } else {
                args.flags(word, flags, &mut words)?;
            }
        }
        Ok(args)
    }

    /// One word of flags, such as `-dS`, and the value that its last letter may take from the next word.
    fn flags(&mut self, word: &'a Token, flags: Flags, words: &mut std::slice::Iter<'a, Token>) -> Parsed<()> {
        for (at, letter) in word.text.char_indices().skip(1) {
            if flags.plain.contains(letter) {
                self.set.push((letter, None));
                continue;
            }
            if !flags.valued.contains(letter) {
                return Err(self.unknown_flag(word, letter, flags));
            }
            let glued = word.text.get(at.saturating_add(letter.len_utf8())..).unwrap_or("");
            let value = if glued.is_empty() {
                words.next().cloned().ok_or_else(|| {
                    Bad::new(word.span.clone(), Rule::FlagValue, format!("the flag -{letter} takes a value"))
                })?
            } else {
                let start = word.span.end.saturating_sub(glued.len());
                Token { text: glued.to_string(), span: start..word.span.end, quoted: false }
            };
            self.set.push((letter, Some(value)));
            return Ok(());
        }
        Ok(())
    }

    fn unknown_flag(&self, word: &Token, letter: char, flags: Flags) -> Bad {
        let name = &self.name.text;
        let message = if flags.foreign.contains(letter) {
            format!("the flag -{letter} of xfs_io's {name} is not modelled")
        } else {
            format!("{name} has no flag -{letter}")
        };
        let known = flags.plain.chars().chain(flags.valued.chars());
        let other_case = |known: &char| known.eq_ignore_ascii_case(&letter);
        let near = known.clone().find(other_case).map(|known| format!("-{known}"));
        Bad::new(word.span.clone(), Rule::UnknownFlag, message).near(near)
    }

    /// Whether a flag without a value is set.
    pub fn has(&self, letter: char) -> bool {
        self.set.iter().any(|(set, _)| *set == letter)
    }

    /// How often a flag is set.
    pub fn times(&self, letter: char) -> usize {
        self.set.iter().filter(|(set, _)| *set == letter).count()
    }

    /// The value of a flag, read; the last one wins.
    pub fn value<T>(&self, letter: char, read: impl FnOnce(&Token) -> Parsed<T>) -> Parsed<Option<T>> {
        let value = self.set.iter().rev().find(|(set, _)| *set == letter);
        value.and_then(|(_, value)| value.as_ref()).map(read).transpose()
    }

    /// At most one of these flags is set; it is returned.
    pub fn one_of(&self, letters: &str) -> Parsed<Option<char>> {
        let mut set = letters.chars().filter(|letter| self.has(*letter));
        let first = set.next();
        match set.next() {
            Some(second) => {
                let message = format!("-{} and -{second} exclude each other", first.unwrap_or(second));
                Err(Bad::new(self.whole(), Rule::Conflict, message))
            }
            None => Ok(first),
        }
    }

    /// The next argument, if there is one.
    pub fn optional(&mut self) -> Option<&'a Token> {
        self.rest.pop_front()
    }

    /// The next argument; `what` names it in the error.
    pub fn required(&mut self, what: &str) -> Parsed<&'a Token> {
        self.rest.pop_front().ok_or_else(|| self.missing(what))
    }

    /// The error that `what` is missing; points behind the last word.
    pub fn missing(&self, what: &str) -> Bad {
        let end = self.last.span.end;
        Bad::new(end..end, Rule::MissingArgument, format!("{} needs {what}", self.name.text))
    }

    /// All bytes of the command.
    pub fn whole(&self) -> Range<usize> {
        self.name.span.start..self.last.span.end
    }

    /// The arguments that were not taken yet.
    pub fn rest(&mut self) -> impl Iterator<Item = &'a Token> + use<'a> {
        std::mem::take(&mut self.rest).into_iter()
    }

    /// `off len`, both there.
    pub fn range(&mut self) -> Parsed<ByteRange> {
        let off = number::offset(self.required("an offset and a length")?)?;
        let len = number::offset(self.required("a length after the offset")?)?;
        Ok(ByteRange { off, len })
    }

    /// `[off len]`: both or neither.
    pub fn optional_range(&mut self) -> Parsed<Option<ByteRange>> {
        if self.rest.is_empty() { Ok(None) } else { self.range().map(Some) }
    }

    /// A file's name.
    pub fn name(&mut self) -> Parsed<String> {
        file_name(self.required("a file name")?)
    }

    /// Nothing may be left.
    pub fn done(&self) -> Parsed<()> {
        match self.rest.front() {
            None => Ok(()),
            Some(extra) => Err(Bad::new(
                extra.span.clone(),
                Rule::ExtraArgument,
                format!("{} does not take {} here", self.name.text, quoted(&extra.text)),
            )),
        }
    }
}

/// `-x` is a flag, `-1` and `-` are not.
fn is_flag(word: &Token) -> bool {
    let mut chars = word.text.chars();
    !word.quoted && chars.next() == Some('-') && chars.next().is_some_and(|c| !c.is_ascii_digit())
}

/// A name in the root, or in a snapshot (`snap/a`).
pub(super) fn file_name(token: &Token) -> Parsed<String> {
    let bad = |why: &str| Err(Bad::new(token.span.clone(), Rule::BadName, format!("{} {why}", quoted(&token.text))));
    let parts: Vec<&str> = token.text.split('/').collect();
    if token.text.contains('\0') {
        return bad("is no file name: it holds a NUL");
    }
    if parts.iter().any(|part| part.is_empty() || *part == "." || *part == "..") || parts.len() > 2 {
        return bad("is no file name: names are flat, `a`, or `snap/a` inside a snapshot");
    }
    if parts.iter().any(|part| part.len() > NAME_BYTES_MAX) {
        return bad("is no file name: it is longer than 255 bytes");
    }
    Ok(token.text.clone())
}

/// One of several fixed words.
pub(super) fn choice<T: Copy>(token: &Token, what: &str, words: &[(&str, T)]) -> Parsed<T> {
    if let Some((_, value)) = words.iter().find(|(word, _)| token.text == *word) {
        return Ok(*value);
    }
    let names: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
    let message = format!("{} is not {what}: {}", quoted(&token.text), names.join(", "));
    let near = nearest(&token.text, names.iter().copied());
    Err(Bad::new(token.span.clone(), Rule::UnknownWord, message).near(near))
}
