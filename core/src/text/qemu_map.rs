//! `qemu-img map --output=json -f raw`: what an image tool makes of the data and holes of a file.

use crate::base::fiemap::{Segment, SegmentKind};

/// The tool takes the file for a disk: its end is rounded up to a sector, and what that adds is a hole.
const SECTOR: u64 = 512;

/// The tool's output for a file of `size` bytes with these segments (SEEK_DATA and SEEK_HOLE over all of it).
pub fn listing(segments: &[Segment], size: u64) -> String {
    let end = size.div_ceil(SECTOR).saturating_mul(SECTOR);
    if end == 0 {
        return "[{ \"start\": 0, \"length\": 0, \"depth\": 0, \"present\": false, \"zero\": false, \"data\": false, \
                \"compressed\": false}]\n"
            .to_string();
    }
    let tail = (size < end).then_some(Segment { kind: SegmentKind::Hole, start: size, end });
    let mut joined: Vec<Segment> = Vec::new();
    for segment in segments.iter().copied().chain(tail) {
        match joined.last_mut() {
            Some(last) if last.kind == segment.kind && last.end == segment.start => last.end = segment.end,
            _ => joined.push(segment),
        }
    }
    let rows: Vec<String> = joined.iter().map(row).collect();
    format!("[{}]\n", rows.join(",\n"))
}

fn row(segment: &Segment) -> String {
    let data = segment.kind == SegmentKind::Data;
    format!(
        "{{ \"start\": {start}, \"length\": {length}, \"depth\": 0, \"present\": true, \"zero\": {zero}, \
         \"data\": {data}, \"compressed\": false, \"offset\": {start}}}",
        start = segment.start,
        length = segment.end - segment.start,
        zero = !data
    )
}
