//! Which steps of two documents differ in what can be compared across allocators: results, sizes, states, flags
//! and their limits, moves, sharing, seek, content. The rules are those of the recordings' format, section 4.

use crate::document::{Document, File, Record, Step};
use serde_json::Value;
use std::collections::BTreeMap;

/// A field that can be compared.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Field {
    /// Result, error name and answers of `seek`.
    Ret,
    /// `i_size`.
    Size,
    /// State of every block.
    St,
    /// Flags and their exact byte limits.
    Fx,
    /// Moves.
    Mv,
    /// Sharing classes.
    Share,
    /// Seek view.
    Sk,
    /// Content.
    Sha,
}

/// All of them, with the names that recordings use for what is unstable.
const FIELDS: [(Field, &str); 8] = [
    (Field::Ret, "ret"),
    (Field::Size, "size"),
    (Field::St, "st"),
    (Field::Fx, "fx"),
    (Field::Mv, "mv"),
    (Field::Share, "share"),
    (Field::Sk, "sk"),
    (Field::Sha, "sha"),
];

/// The first difference of one step.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Difference {
    /// The step's number in the golden; 0 when the documents have different lengths.
    pub n: u64,
    /// The command.
    pub cmd: String,
    /// What differs, and both sides of it.
    pub what: String,
}

/// Every step that differs, in order; a different number of steps is one difference more.
pub fn compare(golden: &Document, observed: &Document) -> Vec<Difference> {
    let mut differences = Vec::new();
    let (mut golden_view, mut observed_view) = (View::default(), View::default());
    for (g, o) in golden.steps.iter().zip(&observed.steps) {
        golden_view.take(g);
        observed_view.take(o);
        let step = Pair { fs: &golden.fs, golden: g, observed: o };
        if let Some(what) = step.difference(&golden_view, &observed_view) {
            differences.push(Difference { n: g.n, cmd: g.cmd.clone(), what });
        }
    }
    let (expected, got) = (golden.steps.len(), observed.steps.len());
    if expected != got {
        let what = format!("steps: golden {expected}, observed {got}");
        differences.push(Difference { n: 0, cmd: String::new(), what });
    }
    differences
}

/// The full state after a step: files that a step does not list are carried over.
#[derive(Default)]
struct View<'a> {
    files: BTreeMap<&'a str, &'a File>,
    share: Option<&'a Value>,
}

impl<'a> View<'a> {
    fn take(&mut self, step: &'a Step) {
        self.files.extend(step.files.iter().map(|(name, file)| (name.as_str(), file)));
        self.share = step.share.as_ref().or(self.share);
    }

    fn classes(&self) -> &[Value] {
        self.share.and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }
}

/// One step of both documents.
struct Pair<'a> {
    fs: &'a str,
    golden: &'a Step,
    observed: &'a Step,
}

impl Pair<'_> {
    /// What was not the same in two recordings of the golden is not compared.
    fn compares(&self, field: Field) -> bool {
        let name = FIELDS.iter().find(|(known, _)| *known == field).map_or("", |(_, name)| name);
        !self.golden.unstable.iter().any(|unstable| unstable == name)
    }

    fn difference(&self, golden: &View, observed: &View) -> Option<String> {
        if self.golden.cmd != self.observed.cmd {
            return Some(both("command", &self.golden.cmd, &self.observed.cmd));
        }
        if let Some(what) = self.result() {
            return Some(what);
        }
        let names = |view: &View| view.files.keys().map(|name| name.to_string()).collect::<Vec<_>>();
        if names(golden) != names(observed) {
            return Some(both("files", &names(golden), &names(observed)));
        }
        for ((name, g), o) in golden.files.iter().zip(observed.files.values()) {
            if let Some(what) = self.file(name, g, o) {
                return Some(format!("{name}: {what}"));
            }
        }
        let shares = (golden.classes(), observed.classes());
        let differ = self.compares(Field::Share) && shares.0 != shares.1;
        differ.then(|| both("share classes", &shares.0, &shares.1))
    }

    /// Errors, results and answers.
    fn result(&self) -> Option<String> {
        let (g, o) = (self.golden, self.observed);
        if !self.compares(Field::Ret) {
            return None;
        }
        if g.err != o.err {
            return Some(both("err", &g.err, &o.err));
        }
        // The number of records depends on placement.
        let is_fiemap = g.cmd.starts_with("fiemap");
        if !is_fiemap && g.ret != o.ret {
            return Some(both("ret", &g.ret, &o.ret));
        }
        if g.mismatch != o.mismatch {
            return Some(both("mismatch", &g.mismatch, &o.mismatch));
        }
        if self.compares(Field::Fx) && is_fiemap && free_of_placement(self.fs, &g.cmd) {
            let (p, q) = (folded(&answer(g)), folded(&answer(o)));
            if p != q {
                return Some(both("fiemap records [logical, end, flags]", &p, &q));
            }
        }
        let seeks = g.cmd.starts_with("seek") && g.out != o.out;
        seeks.then(|| both("seek result", &g.out, &o.out))
    }

    fn file(&self, name: &str, g: &File, o: &File) -> Option<String> {
        if self.compares(Field::Size) && g.size != o.size {
            return Some(both("size", &g.size, &o.size));
        }
        if self.compares(Field::St) {
            if let Some(what) = first_difference("state", &g.norm.st, &o.norm.st) {
                return Some(what);
            }
            let (p, q) = (folded(&g.ext), folded(&o.ext));
            if self.compares(Field::Fx) && p != q {
                return Some(both("records [logical, end, flags]", &p, &q));
            }
        }
        if self.compares(Field::Mv)
            && let Some(what) = self.moved(name, g, o)
        {
            return Some(what);
        }
        if self.compares(Field::Sk)
            && let Some(what) = first_difference("SEEK", &g.norm.sk, &o.norm.sk)
        {
            return Some(what);
        }
        let differ = self.compares(Field::Sha) && g.norm.sha != o.norm.sha;
        differ.then(|| both("content", &g.norm.sha, &o.norm.sha))
    }

    /// A file that is not listed did not move. Where one command frees and allocates, the allocator may give the
    /// same block again.
    fn moved(&self, name: &str, g: &File, o: &File) -> Option<String> {
        let listed = |step: &Step, file: &File| {
            if step.files.contains_key(name) { file.norm.mv.clone() } else { "same".to_string() }
        };
        let (mut p, mut q) = (listed(self.golden, g), listed(self.observed, o));
        if self.golden.cmd.starts_with("fzero") && self.fs != "ext4" {
            (p, q) = (in_place(&p), in_place(&q));
        }
        if p == q {
            return None;
        }
        let runs = |text: &str| if text == "same" { String::new() } else { text.to_string() };
        let what = first_difference("moved", &runs(&p), &runs(&q));
        Some(what.unwrap_or_else(|| both("block 0 moved", &p, &q)))
    }
}

fn both<T: std::fmt::Debug + ?Sized>(what: &str, golden: &T, observed: &T) -> String {
    format!("{what}: golden {golden:?}, observed {observed:?}")
}

/// The records that a `fiemap` command answered.
fn answer(step: &Step) -> Vec<Record> {
    let value = step.out.clone().unwrap_or(Value::Array(Vec::new()));
    serde_json::from_value(value).unwrap_or_default()
}

/// Whether the answer of this `fiemap` command can be compared: a short array cuts at record borders, and btrfs
/// answers a window with whole records.
fn free_of_placement(fs: &str, cmd: &str) -> bool {
    let words: Vec<&str> = cmd.split_whitespace().collect();
    let has_window = words.iter().skip(1).any(|word| !word.starts_with('-'));
    let cut = words.contains(&"-n") || words.contains(&"-c");
    !cut && (fs != "btrfs" || !has_window)
}

/// Records without their placement: logical, end, flags. Neighbours of equal flags join, copies on several devices
/// count once, LAST stays on the end, MERGED does not count.
fn folded(records: &[Record]) -> Vec<(u64, u64, u64)> {
    const LAST: u64 = 0x1;
    const MERGED: u64 = 0x1000;
    let mut out: Vec<(u64, u64, u64)> = Vec::new();
    for (logical, length, _, flags, _) in records {
        let kind = flags & !(LAST | MERGED);
        let end = logical.saturating_add(*length);
        match out.last_mut() {
            Some(last) if last.1 == *logical && last.2 & !LAST == kind => {
                last.1 = end;
                last.2 = kind | flags & LAST;
            }
            Some(last) if last.0 == *logical && last.1 == end => last.2 |= flags & LAST,
            _ => out.push((*logical, end, kind | flags & LAST)),
        }
    }
    out
}

/// The runs of a run-length coded string; what is not a count and a character is skipped.
fn runs(text: &str) -> Vec<(u64, char)> {
    let mut runs = Vec::new();
    let mut count: Option<u64> = None;
    for c in text.chars() {
        match c.to_digit(10) {
            Some(digit) => count = Some(count.unwrap_or(0).saturating_mul(10).saturating_add(u64::from(digit))),
            None => runs.extend(count.take().map(|count| (count, c))),
        }
    }
    runs
}

/// A move string with `M` taken for `=`, or `same` when then nothing moved.
fn in_place(text: &str) -> String {
    if text == "same" {
        return text.to_string();
    }
    let mut joined: Vec<(u64, char)> = Vec::new();
    for (count, c) in runs(text) {
        let c = if c == 'M' { '=' } else { c };
        match joined.last_mut() {
            Some(last) if last.1 == c => last.0 += count,
            _ => joined.push((count, c)),
        }
    }
    if joined.iter().all(|(_, c)| matches!(c, '=' | '.')) {
        return "same".to_string();
    }
    joined.iter().map(|(count, c)| format!("{count}{c}")).collect()
}

/// The first block in which two run-length coded strings differ; `?` on either side is never a difference.
fn first_difference(kind: &str, golden: &str, observed: &str) -> Option<String> {
    let (g, o) = (runs(golden), runs(observed));
    let (mut left, mut right) = (g.iter().copied().peekable(), o.iter().copied().peekable());
    let (mut a, mut b) = (left.next(), right.next());
    let mut block = 0;
    while let (Some((n, p)), Some((m, q))) = (a, b) {
        if p != q && p != '?' && q != '?' {
            break;
        }
        let common = n.min(m);
        block += common;
        a = if n > common { Some((n - common, p)) } else { left.next() };
        b = if m > common { Some((m - common, q)) } else { right.next() };
    }
    let name = |run: Option<(u64, char)>| run.map_or("end".to_string(), |(_, c)| c.to_string());
    (a.is_some() || b.is_some()).then(|| {
        let sides = format!("golden {}, observed {}", name(a), name(b));
        format!("block {block} {kind}: {sides}\n    golden   {golden}\n    observed {observed}")
    })
}
