//! `#@ key value` lines. A key that is given twice keeps its last value, as in the recorder, except where noted.

use super::control::identifier;
use super::error::{Bad, Parsed, Rule, nearest, quoted};
use super::number;
use super::token::Token;
use crate::base::limits::MAX_FILE_OFFSET;
use crate::scenario::script::Directives;

/// The keys that stand alone.
pub(in crate::scenario) const KEYS: &[&str] = &[
    "fs",
    "personality",
    "level",
    "patch",
    "seed",
    "fanout",
    "size",
    "prefill",
    "blocks",
    "device-blocks",
    "block-size",
    "writeback",
    "title",
    "description",
];
/// The keys that take the name of a personality after a dot.
pub(in crate::scenario) const DOTTED_KEYS: &[&str] = &["size", "mkfs", "mount"];

/// Fan-outs that a B-tree can be built with.
const FANOUT: std::ops::RangeInclusive<u64> = 3..=4096;

/// Reads one line that starts with `#@` into `to`.
pub(super) fn read(line: &str, to: &mut Directives) -> Parsed<()> {
    let start = line.find("#@").unwrap_or(0).saturating_add(2);
    let Some(key) = word(line, start) else { return Ok(()) };
    let rest = line.get(key.span.end..).unwrap_or("");
    let value_start = line.len().saturating_sub(rest.trim_start().len());
    let text = rest.trim();
    let value =
        Token { text: text.to_string(), span: value_start..value_start.saturating_add(text.len()), quoted: true };
    match key.text.split_once('.') {
        Some((base, personality)) => dotted(&key, base, personality, &value, to),
        None => plain(&key, &value, to),
    }
}

/// The word at or after byte `start`.
fn word(line: &str, start: usize) -> Option<Token> {
    let rest = line.get(start..)?;
    let trimmed = rest.trim_start();
    let text = trimmed.split_whitespace().next()?;
    let at = line.len().saturating_sub(trimmed.len());
    Some(Token { text: text.to_string(), span: at..at.saturating_add(text.len()), quoted: false })
}

fn dotted(key: &Token, base: &str, personality: &str, value: &Token, to: &mut Directives) -> Parsed<()> {
    let named =
        !personality.is_empty() && personality.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    if !DOTTED_KEYS.contains(&base) || !named {
        return Err(unknown(key, base));
    }
    let personality = personality.to_string();
    match base {
        "size" => {
            to.size_of.insert(personality, bytes(present(value, key)?)?);
        }
        "mkfs" => {
            to.mkfs.insert(personality, value.text.clone());
        }
        _ => {
            to.mount.insert(personality, value.text.clone());
        }
    }
    Ok(())
}

fn plain(key: &Token, value: &Token, to: &mut Directives) -> Parsed<()> {
    if !KEYS.contains(&key.text.as_str()) {
        return Err(unknown(key, &key.text));
    }
    let value = present(value, key)?;
    match key.text.as_str() {
        "fs" => to.fs = value.text.split_whitespace().map(str::to_string).collect(),
        "personality" => to.personality = Some(identifier(value, "a personality")?),
        "level" => to.level = Some(level(value)?),
        "patch" => to.patches.extend(patches(value)?),
        "seed" => to.seed = Some(number::unsigned(value)?),
        "fanout" => to.fanout = u32::try_from(number::within(value, *FANOUT.start(), *FANOUT.end())?).ok(),
        "size" => to.size = Some(bytes(value)?),
        "prefill" => to.prefill = u8::try_from(number::within(value, 0, 255)?).ok(),
        "blocks" | "device-blocks" => to.device_blocks = Some(number::within(value, 1, MAX_FILE_OFFSET / 4096)?),
        "block-size" => to.block_size = Some(block_size(value)?),
        "writeback" => to.writeback = Some(number::duration(value)?),
        "title" => to.title = Some(value.text.clone()),
        _ => {
            // Several lines make one text.
            let text = to.description.get_or_insert_default();
            if !text.is_empty() {
                text.push('\n');
            }
            text.push_str(&value.text);
        }
    }
    Ok(())
}

fn present<'t>(value: &'t Token, key: &Token) -> Parsed<&'t Token> {
    if value.text.is_empty() {
        let end = key.span.end;
        return Err(Bad::new(end..end, Rule::MissingArgument, format!("#@ {} needs a value", key.text)));
    }
    Ok(value)
}

fn bytes(value: &Token) -> Parsed<u64> {
    number::within(value, 1, MAX_FILE_OFFSET)
}

fn block_size(value: &Token) -> Parsed<u64> {
    let bytes = number::within(value, 512, 65536)?;
    if bytes.is_power_of_two() {
        return Ok(bytes);
    }
    Err(Bad::new(value.span.clone(), Rule::OutOfRange, format!("{} is not a power of two", quoted(&value.text))))
}

/// A level's name may start with a digit (`6.16`).
fn level(value: &Token) -> Parsed<String> {
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    if value.text.chars().all(legal) {
        return Ok(value.text.clone());
    }
    let message = format!("{} is not a level: letters, digits and . - _", quoted(&value.text));
    Err(Bad::new(value.span.clone(), Rule::BadName, message))
}

fn patches(value: &Token) -> Parsed<Vec<(String, String)>> {
    let pairs = value.text.split_whitespace().map(|pair| match pair.split_once('=') {
        Some((key, value)) if !key.is_empty() && !value.is_empty() => Ok((key.to_string(), value.to_string())),
        _ => {
            let message = format!("{} is not KEY=VALUE", quoted(pair));
            Err(Bad::new(value.span.clone(), Rule::BadName, message))
        }
    });
    pairs.collect()
}

fn unknown(key: &Token, base: &str) -> Bad {
    let message = match key.text.as_str() {
        "mkfs" | "mount" => format!("#@ {} needs a personality: {}.NAME", key.text, key.text),
        text => format!("{} is not a directive", quoted(text)),
    };
    let near = nearest(base, KEYS.iter().chain(DOTTED_KEYS).copied());
    let near = near.map(|near| match key.text.split_once('.') {
        Some((_, personality)) if DOTTED_KEYS.contains(&near.as_str()) && !personality.is_empty() => {
            format!("{near}.{personality}")
        }
        None if matches!(near.as_str(), "mkfs" | "mount") => format!("{near}.NAME"),
        _ => near,
    });
    Bad::new(key.span.clone(), Rule::UnknownDirective, message).near(near)
}
