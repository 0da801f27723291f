//! Which blocks of the open files lie on the same place of the device.

use super::BLOCK;
use super::placement::Placement;
use crate::base::SortedMap;
use serde::Serialize;

/// For `n` blocks, each member's block `start + i` has one and the same address.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct ShareClass {
    /// Blocks.
    pub n: u64,
    /// File and first block, sorted; at least two.
    pub m: Vec<(String, u64)>,
}

/// A run of one file on the device: blocks of size [`BLOCK`], counted from a common remainder.
struct Placed<'a> {
    name: &'a str,
    /// First and behind the last, in blocks of the device.
    start: i128,
    end: i128,
    /// The file's block at device block 0.
    offset: i128,
}

/// The classes of all open files, sorted.
pub(super) fn classes<'a>(files: impl Iterator<Item = (&'a str, &'a Placement)>) -> Vec<ShareClass> {
    let mut by_remainder: SortedMap<i128, Vec<Placed<'_>>> = SortedMap::new();
    let block = i128::from(BLOCK);
    for (name, placement) in files {
        for run in placement.runs() {
            let shift = run.delta.div_euclid(block);
            let (start, end) = (i128::from(run.start) + shift, i128::from(run.end) + shift);
            let placed = Placed { name, start, end, offset: -shift };
            by_remainder.entry(run.delta.rem_euclid(block)).or_default().push(placed);
        }
    }
    let mut classes: Vec<ShareClass> = by_remainder.into_values().flat_map(overlaps).collect();
    classes.sort_by(|a, b| a.m.cmp(&b.m));
    join(classes)
}

/// Every stretch of the device that two or more runs cover.
fn overlaps(mut runs: Vec<Placed<'_>>) -> Vec<ShareClass> {
    runs.sort_by_key(|run| run.start);
    let mut classes = Vec::new();
    let mut active: Vec<&Placed<'_>> = Vec::new();
    let mut at = i128::MIN;
    let mut coming = runs.iter().peekable();
    loop {
        let begins = coming.peek().map(|run| run.start);
        let ends = active.iter().map(|run| run.end).min();
        let Some(border) = begins.into_iter().chain(ends).min() else { return classes };
        if active.len() > 1 {
            classes.extend(class(&active, at, border));
        }
        active.retain(|run| run.end > border);
        while let Some(run) = coming.next_if(|run| run.start == border) {
            active.push(run);
        }
        at = border;
    }
}

fn class(active: &[&Placed<'_>], start: i128, end: i128) -> Option<ShareClass> {
    let n = u64::try_from(end - start).ok().filter(|n| *n > 0)?;
    let block = |run: &Placed<'_>| u64::try_from(start + run.offset).unwrap_or(u64::MAX);
    let mut m: Vec<(String, u64)> = active.iter().map(|run| (run.name.to_string(), block(run))).collect();
    m.sort();
    Some(ShareClass { n, m })
}

/// Joins neighbours whose members all continue.
fn join(classes: Vec<ShareClass>) -> Vec<ShareClass> {
    let mut joined: Vec<ShareClass> = Vec::new();
    for class in classes {
        match joined.last_mut() {
            Some(last) if continues(last, &class) => last.n = last.n.saturating_add(class.n),
            _ => joined.push(class),
        }
    }
    joined
}

fn continues(last: &ShareClass, next: &ShareClass) -> bool {
    let follows = |(a, b): (&(String, u64), &(String, u64))| a.0 == b.0 && a.1.saturating_add(last.n) == b.1;
    last.m.len() == next.m.len() && last.m.iter().zip(&next.m).all(follows)
}
