//! `filefrag`: the extent map in filesystem blocks, and the number of discontinuities.

use crate::base::fiemap::{FiemapRecord, flags};

/// One call of the tool and what the kernel answered.
#[derive(Clone, Copy, Debug)]
pub struct FilefragListing<'a> {
    /// The file as it was named.
    pub name: &'a str,
    /// `i_size` in bytes.
    pub size: u64,
    /// Bytes in a block of the filesystem, a power of two.
    pub block: u64,
    /// `f_blocks` of statfs(2).
    pub fs_blocks: u64,
    /// `f_type` of statfs(2).
    pub magic: u32,
    /// FIEMAP of the whole file.
    pub records: &'a [FiemapRecord],
    /// `-v`: a table.
    pub verbose: bool,
    /// `-b N`: bytes in a unit; rounded down to a power of two.
    pub unit: Option<u64>,
    /// Cylinder groups, where the tool takes the file for one with a block map.
    pub groups: Option<u64>,
}

/// How the tool says each flag, in its order.
const WORDS: [(u32, &str); 11] = [
    (flags::LAST, "last,"),
    (flags::UNKNOWN, "unknown_loc,"),
    (flags::DELALLOC, "delalloc,"),
    (flags::ENCODED, "encoded,"),
    (0x80, "encrypted,"),
    (flags::NOT_ALIGNED, "not_aligned,"),
    (flags::DATA_INLINE, "inline,"),
    (0x400, "tail_packed,"),
    (flags::UNWRITTEN, "unwritten,"),
    (flags::MERGED, "merged,"),
    (flags::SHARED, "shared,"),
];

/// The tool's output.
pub fn listing(ask: &FilefragListing<'_>) -> String {
    let mut rows = String::new();
    let table = Table::of(ask);
    let mut extents = 0u64;
    let mut last = FiemapRecord { logical: 0, physical: 0, length: 0, flags: 0 };
    for (number, record) in ask.records.iter().enumerate() {
        let expected = discontinuity(&last, record);
        if expected.is_some() {
            extents += 1;
        }
        extents = extents.max(1);
        rows.push_str(&table.row(number, record, expected));
        last = *record;
        if record.flags & flags::LAST != 0 {
            break;
        }
    }
    let head = if ask.verbose { table.head() } else { String::new() };
    let rows = if ask.verbose { rows } else { String::new() };
    let plural = if extents == 1 { "" } else { "s" };
    format!("{head}{rows}{}: {extents} extent{plural} found\n", ask.name)
}

/// The address at which the record would continue the one before, when it does neither keep the distance nor
/// follow directly. A record at the start of the file never breaks anything.
fn discontinuity(last: &FiemapRecord, record: &FiemapRecord) -> Option<u64> {
    let dense = last.physical.wrapping_add(last.length);
    let expected = last.physical.wrapping_add(record.logical).wrapping_sub(last.logical);
    let breaks = record.logical != 0 && record.physical != expected && record.physical != dense;
    breaks.then_some(expected)
}

struct Table<'a> {
    ask: &'a FilefragListing<'a>,
    shift: u32,
    /// Blocks of the file, in the filesystem's blocks.
    blocks: u64,
    logical: usize,
    physical: usize,
}

impl<'a> Table<'a> {
    fn of(ask: &'a FilefragListing<'a>) -> Self {
        let blocks = ask.size.div_ceil(ask.block.max(1));
        // Floor of the logarithm, not the number of digits: that is how wide the tool makes its columns.
        let logical = blocks.checked_ilog10().map_or(0, |digits| digits as usize).max(8);
        let physical = ask.fs_blocks.checked_ilog10().map_or(0, |digits| digits as usize).max(10);
        let shift = ask.unit.unwrap_or(ask.block).max(1).ilog2();
        Self { ask, shift, blocks, logical, physical }
    }

    fn head(&self) -> String {
        let ask = self.ask;
        let units = (u128::from(self.blocks) * u128::from(ask.block)) >> self.shift;
        let plural = if self.blocks == 1 { "" } else { "s" };
        let groups = ask.groups.map_or(String::new(), |n| format!("Filesystem cylinder groups approximately {n}\n"));
        let size = format!(
            "File size of {} is {} ({units} block{plural} of {} bytes)\n",
            ask.name,
            ask.size,
            1u64 << self.shift
        );
        let titles = if ask.records.is_empty() { String::new() } else { self.titles() };
        format!("Filesystem type is: {:x}\n{groups}{size}{titles}", ask.magic)
    }

    fn titles(&self) -> String {
        let (logical, physical, expected) = (2 * self.logical + 3, 2 * self.physical + 3, self.physical + 1);
        format!(
            " ext: {:>logical$} {:>physical$} length: {:>expected$} flags:\n",
            "logical_offset:", "physical_offset:", "expected:"
        )
    }

    fn row(&self, number: usize, record: &FiemapRecord, expected: Option<u64>) -> String {
        // Inline data counts in bytes.
        let shift = if record.flags & flags::DATA_INLINE != 0 { 0 } else { self.shift };
        let last = record.length.wrapping_sub(1) >> shift;
        let logical = record.logical >> shift;
        let unknown = record.flags & flags::UNKNOWN != 0;
        let physical = if unknown { 0 } else { record.physical >> shift };
        let (length, physical_last) =
            if unknown { (0, 0) } else { (record.length >> shift, physical.wrapping_add(last)) };
        let (wide, far) = (self.logical, self.physical);
        let ranges = format!(
            "{logical:wide$}..{:wide$}: {physical:far$}..{physical_last:far$}: {length:6}",
            logical.wrapping_add(last)
        );
        let expected = expected.filter(|_| !unknown).map(|at| at >> shift);
        format!("{number:4}: {ranges}: {}\n", self.flags(record, expected))
    }

    /// Expected address and flags. The tool cuts the last character of this column before it adds `,eof`, whatever
    /// that character is.
    fn flags(&self, record: &FiemapRecord, expected: Option<u64>) -> String {
        let far = self.physical;
        let mut text = expected.map_or(format!("{:far$}  ", ""), |at| format!("{at:far$}: "));
        let mut rest = record.flags;
        for (bit, word) in WORDS {
            if rest & bit != 0 {
                text.push_str(word);
                rest &= !bit;
            }
        }
        for bit in (0..u32::BITS).map(|shift| 1u32 << shift).filter(|bit| rest & bit != 0) {
            text.push_str(&format!("{bit:#x},"));
        }
        text.pop();
        if record.logical.wrapping_add(record.length) >= self.ask.size {
            text.push_str(",eof");
        }
        text
    }
}
