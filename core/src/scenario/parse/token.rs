//! Cuts a line into words, by the quoting rules of a shell: `'...'`, `"..."`, backslash; `#` starts a comment.

use super::error::{Bad, Parsed, Rule};
use std::ops::Range;

/// One word.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Token {
    /// Without its quotes.
    pub text: String,
    /// Its bytes in the line, quotes included.
    pub span: Range<usize>,
    /// Whether any of it was quoted: then it is never a flag, a brace or a here-document.
    pub quoted: bool,
}

impl Token {
    /// Whether this is the bare word `word`.
    pub fn is(&self, word: &str) -> bool {
        !self.quoted && self.text == word
    }
}

/// The words of `line` up to a comment. `;`, `{` and `}` are words of their own when `braces` is set.
pub(super) fn tokens(line: &str, braces: bool) -> Parsed<Vec<Token>> {
    let mut scanner = Scanner { line, chars: line.char_indices().peekable(), braces, words: Vec::new() };
    while let Some((start, c)) = scanner.chars.peek().copied() {
        if c.is_whitespace() {
            scanner.chars.next();
        } else if c == '#' {
            break;
        } else {
            scanner.word(start)?;
        }
    }
    Ok(scanner.words)
}

struct Scanner<'a> {
    line: &'a str,
    chars: std::iter::Peekable<std::str::CharIndices<'a>>,
    braces: bool,
    words: Vec<Token>,
}

impl Scanner<'_> {
    fn word(&mut self, start: usize) -> Parsed<()> {
        let mut text = String::new();
        let mut quoted = false;
        while let Some((at, c)) = self.chars.peek().copied() {
            let special = self.braces && matches!(c, ';' | '{' | '}');
            if c.is_whitespace() || (special && at != start) {
                break;
            }
            self.chars.next();
            match c {
                '\'' | '"' => {
                    quoted = true;
                    self.quoted(at, c, &mut text)?;
                }
                '\\' => {
                    quoted = true;
                    let (_, escaped) = self
                        .chars
                        .next()
                        .ok_or_else(|| Bad::new(at..self.line.len(), Rule::Quote, "a backslash ends the line"))?;
                    text.push(escaped);
                }
                plain => text.push(plain),
            }
            if special {
                break;
            }
        }
        let end = self.chars.peek().map_or(self.line.len(), |(at, _)| *at);
        self.words.push(Token { text, span: start..end, quoted });
        Ok(())
    }

    /// The rest of a quoted stretch that `mark` opened at `start`.
    fn quoted(&mut self, start: usize, mark: char, text: &mut String) -> Parsed<()> {
        while let Some((_, c)) = self.chars.next() {
            match c {
                c if c == mark => return Ok(()),
                '\\' if mark == '"' => match self.chars.peek().copied() {
                    Some((_, escaped @ ('"' | '\\'))) => {
                        self.chars.next();
                        text.push(escaped);
                    }
                    _ => text.push('\\'),
                },
                plain => text.push(plain),
            }
        }
        Err(Bad::new(start..self.line.len(), Rule::Quote, format!("no {mark} ends this quotation")))
    }
}
