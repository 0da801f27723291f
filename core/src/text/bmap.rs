//! `xfs_io -c bmap`: the native map of a file's data fork, in 512-byte units, with allocation groups.

use std::fmt::Write;

/// Where a stretch of the file is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BmapPlace {
    /// Nowhere.
    Hole,
    /// Promised, not placed.
    Delayed,
    /// At this 512-byte block of the device.
    Block(u64),
}

/// One record of the native map. All numbers are 512-byte blocks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BmapRecord {
    /// Offset in the file.
    pub offset: u64,
    /// Length.
    pub length: u64,
    /// Where it is.
    pub place: BmapPlace,
    /// Preallocated (told only when asked with `-p`).
    pub unwritten: bool,
    /// Reached through a reference count.
    pub shared: bool,
}

/// One call of the command and what the kernel answered.
#[derive(Clone, Copy, Debug)]
pub struct BmapListing<'a> {
    /// The file as it was opened.
    pub name: &'a str,
    /// The map. The kernel leaves out a hole at the end.
    pub records: &'a [BmapRecord],
    /// 512-byte blocks in an allocation group.
    pub group: u64,
    /// Allocation groups.
    pub groups: u64,
    /// `-v`: a table; twice for the legend.
    pub verbose: u8,
    /// `-l`: lengths in the plain form.
    pub lengths: bool,
    /// `-p`: flags are shown.
    pub unwritten: bool,
    /// `-n`: records.
    pub limit: Option<u32>,
}

const SHARED: u32 = 0o100_000;
const UNWRITTEN: u32 = 0o010_000;
const LEGEND: [(u32, &str); 6] = [
    (SHARED, "Shared extent"),
    (UNWRITTEN, "Unwritten preallocated extent"),
    (0o1000, "Doesn't begin on stripe unit"),
    (0o100, "Doesn't end   on stripe unit"),
    (0o10, "Doesn't begin on stripe width"),
    (0o1, "Doesn't end   on stripe width"),
];

/// `first..last` of `len` units from `start`. Like the tool it says that nothing at 0 ends at -1, where `fiemap` wraps.
fn span(start: u64, len: u64) -> String {
    format!("{start}..{}", start.wrapping_add(len).wrapping_sub(1).cast_signed())
}

/// The tool's output.
pub fn listing(ask: &BmapListing<'_>) -> String {
    let count = ask.limit.filter(|n| *n > 0).map_or(usize::MAX, |n| n as usize);
    if ask.records.is_empty() && count == usize::MAX {
        return format!("{}: no extents\n", ask.name);
    }
    let records = &ask.records[..ask.records.len().min(count)];
    let rows = if ask.verbose > 0 { Table::of(ask, records).text() } else { plain(ask, records) };
    format!("{}:\n{rows}", ask.name)
}

fn place(record: &BmapRecord) -> String {
    match record.place {
        BmapPlace::Hole => "hole".to_string(),
        BmapPlace::Delayed => "delalloc".to_string(),
        BmapPlace::Block(block) => span(block, record.length),
    }
}

fn plain(ask: &BmapListing<'_>, records: &[BmapRecord]) -> String {
    let line = |(number, record): (usize, &BmapRecord)| {
        let lengths = if ask.lengths { format!(" {} blocks", record.length) } else { String::new() };
        format!("\t{number}: [{}]: {}{lengths}\n", span(record.offset, record.length), place(record))
    };
    records.iter().enumerate().map(line).collect()
}

struct Table<'a> {
    ask: &'a BmapListing<'a>,
    records: &'a [BmapRecord],
    flags: bool,
    range: usize,
    block: usize,
    group: usize,
    inside: usize,
    total: usize,
}

impl<'a> Table<'a> {
    fn of(ask: &'a BmapListing<'a>, records: &'a [BmapRecord]) -> Self {
        let mut table = Self {
            ask,
            records,
            flags: ask.unwritten || records.iter().any(|record| record.unwritten),
            range: 16,
            block: 16,
            group: ask.groups.to_string().len().max(2),
            inside: 16,
            total: 5,
        };
        for record in records {
            table.range = table.range.max(span(record.offset, record.length).len() + 3);
            table.total = table.total.max(record.length.to_string().len());
            if let BmapPlace::Block(block) = record.place {
                table.block = table.block.max(span(block, record.length).len());
                table.inside = table.inside.max(span(block % ask.group.max(1), record.length).len() + 2);
            }
        }
        table
    }

    fn text(&self) -> String {
        let Self { range, block, group, inside, total, .. } = *self;
        let flags = if self.flags { " FLAGS" } else { "" };
        let mut text = format!(
            "{:>4}: {:range$} {:block$} {:>group$} {:inside$} {:>total$}{flags}\n",
            "EXT", "FILE-OFFSET", "BLOCK-RANGE", "AG", "AG-OFFSET", "TOTAL"
        );
        let mut last = 0;
        for (number, record) in self.records.iter().enumerate() {
            last = bits(record);
            text.push_str(&self.row(number, record));
        }
        // The tool looks at the flags of the last record here.
        if (last != 0 || self.ask.unwritten) && self.ask.verbose > 1 {
            text.push_str(" FLAG Values:\n");
            for (bit, meaning) in LEGEND {
                writeln!(text, "    {bit:07o} {meaning}").expect("a string takes all text");
            }
        }
        text
    }

    fn row(&self, number: usize, record: &BmapRecord) -> String {
        let Self { range, block, group, inside, total, .. } = *self;
        let offsets = format!("[{}]:", span(record.offset, record.length));
        let place = place(record);
        let (ag, within, flags) = match record.place {
            BmapPlace::Block(at) => {
                let size = self.ask.group.max(1);
                let bits = bits(record);
                let flags = if bits != 0 || self.ask.unwritten { format!(" {bits:06o}") } else { String::new() };
                ((at / size).to_string(), format!("({})", span(at % size, record.length)), flags)
            }
            BmapPlace::Hole | BmapPlace::Delayed => (String::new(), String::new(), String::new()),
        };
        format!(
            "{number:4}: {offsets:range$} {place:block$} {ag:>group$} {within:inside$} {:total$}{flags}\n",
            record.length
        )
    }
}

fn bits(record: &BmapRecord) -> u32 {
    let shared = if record.shared { SHARED } else { 0 };
    shared | if record.unwritten { UNWRITTEN } else { 0 }
}
