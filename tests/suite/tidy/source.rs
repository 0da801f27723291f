//! The Rust files of the workspace, and their tokens. Comments are not tokens; doc comments are string literals.

use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, Ident, TokenStream, TokenTree};

use super::root;

/// One Rust file.
pub struct Source {
    /// Its path from the root of the workspace, with `/`.
    pub path: String,
    /// Its text.
    pub text: String,
}

impl Source {
    /// Its tokens.
    pub fn tokens(&self) -> TokenStream {
        self.text.parse().unwrap_or_else(|error| panic!("{} cannot be read as Rust: {error}", self.path))
    }

    /// Its words (identifiers and keywords), however deep in brackets.
    pub fn words(&self) -> Vec<Ident> {
        flat(self.tokens()).into_iter().filter_map(Flat::into_word).collect()
    }
}

/// All Rust files below a folder of the workspace.
pub fn below(folder: &str) -> Vec<Source> {
    let mut sources = Vec::new();
    let mut waiting = vec![root().join(folder)];
    while let Some(current) = waiting.pop() {
        let entries = fs::read_dir(&current).unwrap_or_else(|error| panic!("{}: {error}", current.display()));
        for path in entries.map(|entry| entry.expect("a folder can be read to its end").path()) {
            if path.is_dir() {
                waiting.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                sources.push(read(&path));
            }
        }
    }
    sources.sort_by(|one, other| one.path.cmp(&other.path));
    sources
}

/// All Rust files of the workspace.
pub fn all() -> Vec<Source> {
    ["core", "web", "tests", "bench", "xtask"].into_iter().flat_map(below).collect()
}

fn read(path: &PathBuf) -> Source {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    Source { path: name_of(path), text }
}

fn name_of(path: &Path) -> String {
    let relative = path.strip_prefix(root()).unwrap_or(path);
    relative.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
}

/// A token stream without its tree: groups become an opening and a closing mark. String literals are dropped.
#[derive(Debug, Clone)]
pub enum Flat {
    /// An identifier or keyword.
    Word(Ident),
    /// A punctuation character.
    Mark(char),
    /// The start of a group.
    Open(Delimiter),
    /// The end of a group.
    Close,
}

impl Flat {
    fn into_word(self) -> Option<Ident> {
        match self {
            Self::Word(word) => Some(word),
            Self::Mark(_) | Self::Open(_) | Self::Close => None,
        }
    }
}

/// Flattens without recursion.
pub fn flat(tokens: TokenStream) -> Vec<Flat> {
    let mut out = Vec::new();
    let mut stack = vec![tokens.into_iter()];
    while let Some(current) = stack.last_mut() {
        match current.next() {
            Some(TokenTree::Group(group)) => {
                out.push(Flat::Open(group.delimiter()));
                stack.push(group.stream().into_iter());
            }
            Some(TokenTree::Ident(word)) => out.push(Flat::Word(word)),
            Some(TokenTree::Punct(mark)) => out.push(Flat::Mark(mark.as_char())),
            Some(TokenTree::Literal(_)) => {}
            None => {
                stack.pop();
                if !stack.is_empty() {
                    out.push(Flat::Close);
                }
            }
        }
    }
    out
}
