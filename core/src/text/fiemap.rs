//! `xfs_io -c fiemap`: the extent map in 512-byte units, holes included.

use super::{basic_blocks, span};
use crate::base::fiemap::{FiemapRecord, flags};
use std::fmt::Write;

/// Records that the tool asks for at a time; the first batch decides the widths of the columns.
const BATCH: usize = 32;

/// One call of the command and what the kernel answered.
#[derive(Clone, Copy, Debug)]
pub struct FiemapListing<'a> {
    /// The file as it was opened.
    pub name: &'a str,
    /// `i_size` in bytes.
    pub size: u64,
    /// First byte asked about.
    pub start: u64,
    /// First byte not asked about; `None` without a length.
    pub end: Option<u64>,
    /// The answer for that window, all batches.
    pub records: &'a [FiemapRecord],
    /// `-v`: a table.
    pub verbose: bool,
    /// `-l`: lengths in the plain form.
    pub lengths: bool,
    /// `-n`: rows, holes included.
    pub limit: Option<u32>,
}

/// The tool's output.
pub fn listing(ask: &FiemapListing<'_>) -> String {
    let mut text = format!("{}:\n", ask.name);
    let end = ask.end.unwrap_or(u64::MAX);
    let mut rows = Rows { ask, widths: Widths::of(ask.records), printed: 0, text: &mut text };
    let mut at = ask.start;
    for record in ask.records {
        if rows.printed == 0 {
            rows.header();
        }
        rows.hole(basic_blocks(at), basic_blocks(record.logical));
        rows.record(record);
        at = record.logical.wrapping_add(record.length);
        if record.flags & flags::LAST != 0 || at >= end || rows.full() {
            break;
        }
    }
    let end = end.min(ask.size);
    if !rows.full() && rows.printed > 0 && at < end {
        rows.row(basic_blocks(at), basic_blocks(end).wrapping_sub(basic_blocks(at)), None);
    }
    text
}

/// Widths of the table's columns.
struct Widths {
    offset: usize,
    blocks: usize,
    total: usize,
    flags: usize,
}

impl Widths {
    /// Holes do not count, and a range counts without its colon.
    fn of(records: &[FiemapRecord]) -> Self {
        let mut widths = Self { offset: 16, blocks: 16, total: 5, flags: 5 };
        for record in records.iter().take(BATCH) {
            let (start, len) = (basic_blocks(record.logical), basic_blocks(record.length));
            widths.offset = widths.offset.max(span(start, len).len() + 2);
            widths.blocks = widths.blocks.max(span(basic_blocks(record.physical), len).len());
            widths.total = widths.total.max(len.to_string().len());
            widths.flags = widths.flags.max(format!("{:x}", record.flags).len());
            if record.flags & flags::LAST != 0 {
                break;
            }
        }
        widths
    }
}

struct Rows<'a> {
    ask: &'a FiemapListing<'a>,
    widths: Widths,
    printed: u32,
    text: &'a mut String,
}

impl Rows<'_> {
    fn full(&self) -> bool {
        self.ask.limit == Some(self.printed)
    }

    fn header(&mut self) {
        if self.ask.verbose {
            let w = &self.widths;
            let (offset, blocks, total, flags) = (w.offset, w.blocks, w.total, w.flags);
            let titles =
                format!("{:offset$} {:blocks$} {:>total$} {:>flags$}", "FILE-OFFSET", "BLOCK-RANGE", "TOTAL", "FLAGS");
            self.line(&format!("{:>4}: {titles}", "EXT"));
        }
    }

    fn hole(&mut self, from: u64, to: u64) {
        if from < to {
            self.row(from, to - from, None);
        }
    }

    fn record(&mut self, record: &FiemapRecord) {
        if !self.full() {
            let (start, len) = (basic_blocks(record.logical), basic_blocks(record.length));
            self.row(start, len, Some((basic_blocks(record.physical), record.flags)));
        }
    }

    /// One row: a hole without `place`.
    fn row(&mut self, start: u64, len: u64, place: Option<(u64, u32)>) {
        let number = self.printed;
        let blocks = place.map_or("hole".to_string(), |(block, _)| span(block, len));
        let range = format!("[{}]:", span(start, len));
        if self.ask.verbose {
            let w = &self.widths;
            let (offset, wide, total, flags) = (w.offset, w.blocks, w.total, w.flags);
            let bits = place.map_or(String::new(), |(_, bits)| format!(" {:>flags$}", format!("{bits:#x}")));
            self.line(&format!("{number:4}: {range:offset$} {blocks:wide$} {len:>total$}{bits}"));
        } else {
            let lengths = if self.ask.lengths { format!(" {len} blocks") } else { String::new() };
            self.line(&format!("\t{number}: {range} {blocks}{lengths}"));
        }
        self.printed += 1;
    }

    fn line(&mut self, line: &str) {
        writeln!(self.text, "{line}").expect("a string takes all text");
    }
}
