//! `xfs_io -c seek`: where data and holes are, asked with lseek(2).

use crate::base::errno::Errno;
use crate::base::fiemap::{Segment, SegmentKind};
use std::fmt::Write;

/// One call of the command.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SeekAsk {
    /// `-d` or `-a`.
    pub data: bool,
    /// `-h` or `-a`.
    pub holes: bool,
    /// `-r`: all that follow.
    pub repeat: bool,
    /// `-s`: where each search started, too.
    pub show_start: bool,
    /// Where to start.
    pub off: u64,
}

/// The tool's output. `lseek` answers SEEK_DATA and SEEK_HOLE at an offset.
pub fn listing(ask: SeekAsk, mut lseek: impl FnMut(SegmentKind, u64) -> Result<u64, Errno>) -> String {
    let mut text = String::from(if ask.show_start { "Whence\tStart\tResult\n" } else { "Whence\tResult\n" });
    let mut start = ask.off;
    let (mut kind, mut found) = first(ask, &mut lseek);
    let (mut data, mut holes) = (ask.data, ask.holes);
    let mut count = 0;
    while data || holes {
        let name = if kind == SegmentKind::Data { "DATA" } else { "HOLE" };
        let wanted = if kind == SegmentKind::Data { &mut data } else { &mut holes };
        let from = if ask.show_start { format!("{start}\t") } else { String::new() };
        let result = match found {
            Ok(at) => at,
            Err(Errno::ENXIO) => {
                if count == 0 {
                    writeln!(text, "{name}\t{from}EOF").expect("a string takes all text");
                }
                return text;
            }
            Err(error) => {
                writeln!(text, "ERR\t{start}\t{}", error.text()).expect("a string takes all text");
                return text;
            }
        };
        if *wanted {
            writeln!(text, "{name}\t{from}{result}").expect("a string takes all text");
        }
        *wanted = *wanted && ask.repeat;
        // Data and holes alternate even where only one of them is shown.
        kind = if kind == SegmentKind::Data { SegmentKind::Hole } else { SegmentKind::Data };
        start = result;
        found = lseek(kind, start);
        if let Ok(at) = found
            && at <= start
        {
            return invalid(text, start, kind, at);
        }
        count += 1;
    }
    text
}

/// What lies at the start: a hole if there is one right there (or nothing but holes is asked for), else data.
fn first(
    ask: SeekAsk,
    lseek: &mut impl FnMut(SegmentKind, u64) -> Result<u64, Errno>,
) -> (SegmentKind, Result<u64, Errno>) {
    if ask.holes {
        let hole = lseek(SegmentKind::Hole, ask.off);
        if hole == Ok(ask.off) || !ask.data {
            return (SegmentKind::Hole, hole);
        }
    }
    (SegmentKind::Data, lseek(SegmentKind::Data, ask.off))
}

fn invalid(mut text: String, start: u64, kind: SegmentKind, at: u64) -> String {
    let name = if kind == SegmentKind::Data { "DATA" } else { "HOLE" };
    writeln!(text, "Invalid seek result: lseek(<fd>, {start}, SEEK_{name}) = {at}").expect("a string takes all text");
    text
}

/// lseek(2) on a file of `size` bytes whose whole map is `segments`. There is a hole at the end of every file.
pub fn lseek_in(segments: &[Segment], size: u64, kind: SegmentKind, off: u64) -> Result<u64, Errno> {
    if off >= size {
        return Err(Errno::ENXIO);
    }
    let mut after = segments.iter().filter(|segment| segment.end > off && segment.kind == kind);
    match (after.next(), kind) {
        (Some(segment), _) => Ok(segment.start.max(off)),
        (None, SegmentKind::Hole) => Ok(size),
        (None, SegmentKind::Data) => Err(Errno::ENXIO),
    }
}
