//! Sentences of the page, each from one template: names of cells, and short counts.

use crate::scene::{CacheCell, DeviceCell, ExtentBar, Look, MetaCell};

/// A cell of the page cache.
pub fn cache_cell(block: u64, cell: &CacheCell) -> String {
    let again = if cell.dirty_again { ", dirtied again" } else { "" };
    match cell.writer {
        0 => format!("block {block}, page cache, {}{again}", cell.look.word()),
        writer => format!("block {block}, page cache, {}{again}, written by command {writer}", cell.look.word()),
    }
}

/// A cell of the reservation lane.
pub fn reservation_cell(block: u64, look: Look) -> String {
    match look {
        Look::Absent => format!("block {block}, reservations, nothing promised"),
        look => format!("block {block}, reservations, {}: {}", look.word(), look.meaning()),
    }
}

/// A cell of the extent lane.
pub fn extent_cell(block: u64, bar: &ExtentBar) -> String {
    match bar.address {
        Some(address) => {
            let device = address + (block - bar.first);
            format!("block {block}, extent, {}, device block {device}", bar.look.word())
        }
        None => format!("block {block}, extent, {}", bar.look.word()),
    }
}

/// A cell of the device.
pub fn device_cell(block: u64, cell: &DeviceCell) -> String {
    let busy = if cell.busy { ", request on its way" } else { "" };
    match cell.owner {
        Some((ino, file_block)) => {
            format!("device block {block}, {}, holds block {file_block} of inode {ino}{busy}", cell.look.word())
        }
        None => format!("device block {block}, {}{busy}", cell.look.word()),
    }
}

/// A cell of the metadata.
pub fn meta_cell(cell: &MetaCell) -> String {
    let busy = if cell.busy { ", request on its way" } else { "" };
    format!("device block {}, {}{busy}", cell.block, cell.words)
}

/// The title of the metadata: which nodes are shown.
pub fn metadata_title(first: u64, last: u64, nodes: u64, used: u64) -> String {
    format!("Metadata, nodes {first} to {last} of {nodes}, {used} in use")
}

/// A line of the script without the words that only claim something about it.
pub fn plain_line(line: &str) -> &str {
    let line = line.split_once("<<").map_or(line, |(before, _)| before).trim_end();
    match line.strip_prefix("expect ") {
        Some(rest) if rest != "ok" && !rest.starts_with("error ") => rest,
        _ => line,
    }
}

/// `1 block`, `2 blocks`.
pub fn count(number: u64, one: &str, many: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {many}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_is_shown_as_the_command_it_is_about() {
        assert_eq!(plain_line("expect filefrag -v <<END"), "filefrag -v");
        assert_eq!(plain_line("expect error ENOSPC"), "expect error ENOSPC");
        assert_eq!(plain_line("pwrite 0 4k"), "pwrite 0 4k");
    }

    #[test]
    fn a_cell_says_what_the_picture_shows() {
        let cell = CacheCell { look: Look::Writeback, dirty_again: true, writer: 3 };
        assert_eq!(cache_cell(4, &cell), "block 4, page cache, under writeback, dirtied again, written by command 3");
        let bar = ExtentBar {
            first: 2,
            blocks: 8,
            look: Look::Unwritten,
            address: Some(20),
            whole_first: 2,
            whole_blocks: 8,
        };
        assert_eq!(extent_cell(4, &bar), "block 4, extent, unwritten, device block 22");
        assert_eq!(count(1, "block", "blocks"), "1 block");
    }
}
