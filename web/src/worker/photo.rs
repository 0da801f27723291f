//! What a tool answered, line by line, each line with the blocks it speaks of.

use extentscope_core::base::fiemap::{FiemapRecord, flags};
use extentscope_core::base::{BlockSize, FileBlock};

use crate::protocol::{PhotoRow, Tool};

/// xfs_io counts in these units, whatever the block size.
const SECTOR: u64 = 512;

/// The lines of a tool's text. `records` are what a FIEMAP answer was printed from.
pub fn rows(tool: Tool, text: &str, block_size: BlockSize, records: &[FiemapRecord]) -> Vec<PhotoRow> {
    let row = |line: &str| {
        let blocks = blocks(tool, line, block_size);
        PhotoRow { text: line.to_owned(), blocks, words: String::new() }
    };
    let mut rows: Vec<PhotoRow> = text.lines().map(row).collect();
    if tool == Tool::Seek {
        join_segments(&mut rows, block_size);
    }
    for row in &mut rows {
        if let Some((first, blocks)) = row.blocks {
            let what = match tool {
                Tool::Seek => segment(&row.text).to_owned(),
                Tool::Fiemap | Tool::Filefrag => {
                    let pos = block_size.pos(FileBlock(first));
                    let record =
                        records.iter().find(|record| record.logical <= pos && pos < record.logical + record.length);
                    record.map_or_else(|| String::from("hole"), |record| place(record, blocks, block_size))
                }
            };
            row.words = format!("{}: {what}", run("block", first, blocks));
        }
    }
    rows
}

/// `block 3`, `blocks 0 to 3`.
fn run(one: &str, first: u64, count: u64) -> String {
    if count <= 1 { format!("{one} {first}") } else { format!("{one}s {first} to {}", first + count - 1) }
}

/// Where a record's data is, with the names of its flags.
fn place(record: &FiemapRecord, blocks: u64, block_size: BlockSize) -> String {
    let names: Vec<&str> =
        flags::NAMES.iter().filter(|(bit, _)| record.flags & bit != 0).map(|(_, name)| *name).collect();
    let place = if record.flags & flags::UNKNOWN == 0 {
        run("device block", block_size.block_of(record.physical).0, blocks)
    } else {
        String::from("no address yet")
    };
    if names.is_empty() { place } else { format!("{place}, {}", names.join(" ")) }
}

fn segment(line: &str) -> &'static str {
    if line.starts_with("DATA") { "data" } else { "hole" }
}

fn blocks(tool: Tool, line: &str, block_size: BlockSize) -> Option<(u64, u64)> {
    match tool {
        Tool::Fiemap => {
            let (_, rest) = line.split_once('[')?;
            let (range, _) = rest.split_once(']')?;
            let (first, last) = pair(range)?;
            let first_block = first.checked_mul(SECTOR)? / block_size.bytes();
            let last_block = last.checked_mul(SECTOR)? / block_size.bytes();
            Some((first_block, last_block.checked_sub(first_block)? + 1))
        }
        Tool::Filefrag => {
            let mut columns = line.split(':');
            columns.next()?.trim().parse::<u64>().ok()?;
            let (first, last) = pair(columns.next()?)?;
            Some((first, last.checked_sub(first)? + 1))
        }
        // The end of a segment is in the next line.
        Tool::Seek => Some((block_size.block_of(position(line)?).0, 0)),
    }
}

fn pair(range: &str) -> Option<(u64, u64)> {
    let (first, last) = range.split_once("..")?;
    Some((first.trim().parse().ok()?, last.trim().parse().ok()?))
}

fn position(line: &str) -> Option<u64> {
    line.split_whitespace().next_back()?.parse().ok()
}

fn join_segments(rows: &mut [PhotoRow], block_size: BlockSize) {
    let ends: Vec<Option<u64>> = rows.iter().skip(1).map(|row| position(&row.text)).chain([None]).collect();
    for (row, end) in rows.iter_mut().zip(ends) {
        if let Some((first, blocks)) = &mut row.blocks {
            *blocks = end.map_or(1, |end| block_size.count(end).saturating_sub(*first).max(1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(tool: Tool, text: &str) -> Vec<Option<(u64, u64)>> {
        let block_size = BlockSize::new(4096).unwrap();
        rows(tool, text, block_size, &[]).into_iter().map(|row| row.blocks).collect()
    }

    #[test]
    fn sectors_of_a_fiemap_listing_become_blocks() {
        let text = "a:\n EXT: FILE-OFFSET      BLOCK-RANGE        TOTAL FLAGS\n   0: [0..127]:        8..135    128   0x0\n   1: [128..255]:      hole                 128\n";
        assert_eq!(found(Tool::Fiemap, text), [None, None, Some((0, 16)), Some((16, 16))]);
    }

    #[test]
    fn a_filefrag_listing_counts_in_blocks() {
        let text = "File size of a is 65536 (16 blocks of 4096 bytes)\n ext:     logical_offset:        physical_offset: length:   expected: flags:\n   0:        0..      15:          0..         0:      0:             last,unknown_loc,delalloc,eof\na: 1 extent found\n";
        assert_eq!(found(Tool::Filefrag, text), [None, None, Some((0, 16)), None]);
    }

    #[test]
    fn a_line_in_words_names_place_and_flags() {
        let block_size = BlockSize::new(4096).unwrap();
        let record =
            FiemapRecord { logical: 0, physical: 40_960, length: 8_192, flags: flags::UNWRITTEN | flags::LAST };
        let rows = rows(Tool::Fiemap, "   0: [0..15]:        80..95    16   0x801\n", block_size, &[record]);
        assert_eq!(rows[0].words, "blocks 0 to 1: device blocks 10 to 11, LAST UNWRITTEN");
    }

    #[test]
    fn a_segment_ends_where_the_next_begins() {
        assert_eq!(found(Tool::Seek, "Whence\tResult\nDATA\t0\nHOLE\t65536\n"), [None, Some((0, 16)), Some((16, 1))]);
    }
}
