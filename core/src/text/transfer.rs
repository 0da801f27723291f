//! `xfs_io -c pwrite`, `pread`, `reflink`, `dedupe`: the summary of a transfer, and the dump of bytes.

use std::fmt::Write;

/// The verb of the summary.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Transfer {
    /// `pwrite`
    Wrote,
    /// `pread`
    Read,
    /// `reflink`
    Linked,
    /// `dedupe`
    Deduped,
}

/// The two lines of the summary, without the timing that the tool adds to the second (`; 0.0000 sec (...)`).
pub fn summary(what: Transfer, done: u64, asked: u64, off: u64, calls: u64) -> String {
    let verb = match what {
        Transfer::Wrote => "wrote",
        Transfer::Read => "read",
        Transfer::Linked => "linked",
        Transfer::Deduped => "deduped",
    };
    format!("{verb} {done}/{asked} bytes at offset {off}\n{}, {calls} ops\n", amount(done))
}

/// A number of bytes as the tool shortens it. It prints whole units for numbers that fit an int, and three decimals
/// for larger ones.
fn amount(bytes: u64) -> String {
    const UNITS: [(u32, &str); 6] = [(60, "EiB"), (50, "PiB"), (40, "TiB"), (30, "GiB"), (20, "MiB"), (10, "KiB")];
    let Some((shift, unit)) = UNITS.into_iter().find(|(shift, _)| bytes >> shift > 0) else {
        return format!("{bytes}.000000 bytes");
    };
    if bytes <= 0x7fff_ffff {
        return format!("{} {unit}", rounded(u128::from(bytes), shift));
    }
    let thousandths = rounded(u128::from(bytes) * 1000, shift);
    format!("{}.{:03} {unit}", thousandths / 1000, thousandths % 1000)
}

/// `value / 2^shift`, to the nearest, halves to the even neighbour.
fn rounded(value: u128, shift: u32) -> u128 {
    let (whole, rest) = (value >> shift, value & ((1 << shift) - 1));
    let half = 1 << (shift - 1);
    whole + u128::from(rest > half || (rest == half && whole % 2 == 1))
}

/// `pread -v` and `mread -v`: sixteen bytes a line. `off` is the offset of the first; each call of read(2) starts a
/// line of its own, so give one call's bytes at a time.
pub fn hex_dump(off: u64, bytes: &[u8]) -> String {
    let mut text = String::new();
    let mut at = off;
    for line in bytes.chunks(16) {
        let hex: String = line.iter().map(|byte| format!("{byte:02x} ")).collect();
        // The tool shows letters and digits only.
        let shown = |byte: &u8| if byte.is_ascii_alphanumeric() { char::from(*byte) } else { '.' };
        let ascii: String = line.iter().map(shown).collect();
        writeln!(text, "{at:08x}:  {hex} {ascii}").expect("a string takes all text");
        at = at.wrapping_add(16);
    }
    text
}
