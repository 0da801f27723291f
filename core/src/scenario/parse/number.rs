//! Numbers as xfs_io reads them: decimal, `0x` hex or leading-zero octal, with a unit letter.

use super::error::{Bad, Parsed, Rule, quoted};
use super::token::Token;

/// A signed number with its unit applied, wide enough for every legal one.
fn read(token: &Token) -> Parsed<i128> {
    let bad = |why: &str| Bad::new(token.span.clone(), Rule::BadNumber, format!("{} {why}", quoted(&token.text)));
    let (negative, unsigned) = match token.text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, token.text.strip_prefix('+').unwrap_or(&token.text)),
    };
    let (radix, digits) = radix_of(unsigned);
    let count = digits.chars().take_while(|c| c.is_digit(radix)).count();
    let (number, suffix) = digits.split_at(count);
    if number.is_empty() {
        return Err(bad("is not a number"));
    }
    let unit = unit_of(suffix).ok_or_else(|| match (radix, suffix.chars().next()) {
        (8, Some('8' | '9')) => bad("is not a number: a leading 0 means octal"),
        _ => bad("is not a number: the units are k m g t p e, b (4096) and s (512)"),
    })?;
    let value = i128::from_str_radix(number, radix).ok().and_then(|value| value.checked_mul(unit));
    let value = value.filter(|value| *value <= i128::from(u64::MAX));
    let value = value.ok_or_else(|| {
        Bad::new(token.span.clone(), Rule::OutOfRange, format!("{} is past 2^64-1", quoted(&token.text)))
    })?;
    Ok(if negative { value.saturating_neg() } else { value })
}

/// Base and digits: `0x10`, `010`, `10`. A single `0` is decimal.
fn radix_of(text: &str) -> (u32, &str) {
    if let Some(hex) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        return (16, hex);
    }
    match text.strip_prefix('0') {
        Some(rest) if rest.starts_with(|c: char| c.is_ascii_digit()) => (8, rest),
        _ => (10, text),
    }
}

fn unit_of(suffix: &str) -> Option<i128> {
    Some(match suffix.to_ascii_lowercase().as_str() {
        "" => 1,
        "s" => 512,
        "b" => 4096,
        "k" => 1 << 10,
        "m" => 1 << 20,
        "g" => 1 << 30,
        "t" => 1 << 40,
        "p" => 1 << 50,
        "e" => 1 << 60,
        _ => return None,
    })
}

fn out_of_range(token: &Token, why: impl AsRef<str>) -> Bad {
    Bad::new(token.span.clone(), Rule::OutOfRange, format!("{} {}", quoted(&token.text), why.as_ref()))
}

/// A file offset or length as `loff_t`: negative ones pass, the engine answers them with an errno.
pub(super) fn offset(token: &Token) -> Parsed<i64> {
    i64::try_from(read(token)?).map_err(|_| out_of_range(token, "is past 2^63-1, the largest file offset"))
}

/// A 64-bit number without a sign.
pub(super) fn unsigned(token: &Token) -> Parsed<u64> {
    u64::try_from(read(token)?).map_err(|_| out_of_range(token, "is negative"))
}

/// A number from `min` to `max`.
pub(super) fn within(token: &Token, min: u64, max: u64) -> Parsed<u64> {
    let value = unsigned(token)?;
    if (min..=max).contains(&value) {
        return Ok(value);
    }
    Err(out_of_range(token, format!("is not from {min} to {max}")))
}

/// A number that fits 32 bits.
pub(super) fn unsigned32(token: &Token) -> Parsed<u32> {
    u32::try_from(read(token)?).map_err(|_| out_of_range(token, "is not from 0 to 2^32-1"))
}

/// A fill byte: the low eight bits, as memset(3) takes them.
pub(super) fn fill(token: &Token) -> Parsed<u8> {
    let value = read(token)?;
    Ok(value.to_le_bytes()[0])
}

/// A duration in nanoseconds: `5` or `5s`, `20ms`, `3us`, `100ns`.
pub(super) fn duration(token: &Token) -> Parsed<u64> {
    let text = token.text.as_str();
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let nanoseconds = match text.get(digits.len()..).unwrap_or("") {
        "" | "s" => 1_000_000_000,
        "ms" => 1_000_000,
        "us" => 1_000,
        "ns" => 1,
        _ => 0,
    };
    let number = digits.chars().all(|c| c.is_ascii_digit()).then(|| digits.parse::<u64>().ok()).flatten();
    let value = number.filter(|_| nanoseconds > 0).and_then(|number| number.checked_mul(nanoseconds));
    let message = format!("{} is not a duration: a number with s, ms, us or ns", quoted(text));
    value.ok_or_else(|| Bad::new(token.span.clone(), Rule::BadNumber, message))
}
