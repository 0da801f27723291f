//! `crash`: which writes survive when the power goes.

use super::args::{Args, Flags, NO_FLAGS};
use super::error::{Bad, Parsed, Rule, quoted};
use super::number;
use super::token::Token;
use crate::base::{DevBlock, Range};
use crate::dev::Survivor;
use crate::scenario::script::PowerCut;

/// Writes that one line may name.
const WRITES_MAX: usize = 4096;
/// Blocks and numbers stay below what a sum could overflow.
const NUMBER_MAX: u64 = 1 << 55;

pub(super) fn crash(words: &[Token]) -> Parsed<PowerCut> {
    let args = Args::read(words, Flags { plain: "an", valued: "kr", ..NO_FLAGS })?;
    let chosen = args.one_of("ankr")?;
    let kept = args.value('k', survivors)?;
    let seed = args.value('r', |token| number::within(token, 0, u64::MAX))?;
    args.done()?;
    Ok(match chosen {
        Some('a') => PowerCut::All,
        Some('n') => PowerCut::Nothing,
        Some('k') => PowerCut::Keep(kept.unwrap_or_default()),
        Some('r') => PowerCut::Random(seed.unwrap_or(0)),
        _ => PowerCut::Settled,
    })
}

/// `REQUEST[:FIRST[-LAST]][/BYTES]`, joined by commas.
fn survivors(token: &Token) -> Parsed<Vec<Survivor>> {
    let bad = |part: &str| {
        let message = format!("{} is not REQUEST[:FIRST[-LAST]][/BYTES], all numbers", quoted(part));
        Bad::new(token.span.clone(), Rule::BadNumber, message)
    };
    let parts: Vec<&str> = token.text.split(',').collect();
    if parts.len() > WRITES_MAX {
        let message = format!("at most {WRITES_MAX} writes can be named");
        return Err(Bad::new(token.span.clone(), Rule::OutOfRange, message));
    }
    parts.into_iter().map(|part| survivor(part).ok_or_else(|| bad(part))).collect()
}

fn survivor(text: &str) -> Option<Survivor> {
    let (text, bytes) = match text.split_once('/') {
        Some((text, bytes)) => (text, Some(digits(bytes)?)),
        None => (text, None),
    };
    let (request, blocks) = match text.split_once(':') {
        Some((request, blocks)) => (request, Some(run(blocks)?)),
        None => (text, None),
    };
    Some(Survivor { request: digits(request)?, blocks, bytes })
}

fn run(text: &str) -> Option<Range<DevBlock>> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (first, last) = (digits(first)?, digits(last)?);
    (first <= last).then(|| Range::new(DevBlock(first), DevBlock(last.saturating_add(1))))
}

fn digits(text: &str) -> Option<u64> {
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|number| plain && *number < NUMBER_MAX)
}
