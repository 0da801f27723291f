//! JSON that JavaScript reads without loss: an integer beyond 2^53 - 1 becomes a decimal string.

use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};
use std::io::{self, Write};

/// The largest integer that every JSON reader keeps exactly: `Number.MAX_SAFE_INTEGER`.
pub const SAFE_MAX: u64 = (1 << 53) - 1;

/// serde_json's compact form, except for integers that are not safe.
struct SafeIntegers;

impl Formatter for SafeIntegers {
    fn write_u64<W: ?Sized + Write>(&mut self, to: &mut W, value: u64) -> io::Result<()> {
        if value <= SAFE_MAX { write!(to, "{value}") } else { write!(to, "\"{value}\"") }
    }
    fn write_i64<W: ?Sized + Write>(&mut self, to: &mut W, value: i64) -> io::Result<()> {
        if value.unsigned_abs() <= SAFE_MAX { write!(to, "{value}") } else { write!(to, "\"{value}\"") }
    }
}

/// Writes `value` on one line, without a newline.
pub fn write<T: Serialize + ?Sized>(to: impl Write, value: &T) -> io::Result<()> {
    value.serialize(&mut Serializer::with_formatter(to, SafeIntegers)).map_err(io::Error::from)
}

/// `value` as one line of JSON.
///
/// # Panics
/// Never for this crate's records: none has a key that is not text, and a `Vec` takes every byte.
pub fn to_string<T: Serialize + ?Sized>(value: &T) -> String {
    let mut text = Vec::new();
    write(&mut text, value).expect("our records serialize, and memory takes every byte");
    String::from_utf8(text).expect("JSON is text")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_that_javascript_would_round_are_strings() {
        assert_eq!(
            to_string(&[0, SAFE_MAX, SAFE_MAX + 1, u64::MAX]),
            r#"[0,9007199254740991,"9007199254740992","18446744073709551615"]"#
        );
        assert_eq!(to_string(&[-1, i64::MIN]), r#"[-1,"-9223372036854775808"]"#);
    }
}
