//! Options as the tools spell them, and what is wrong with one.

use std::fmt;

/// An option, level or switch that cannot be honoured.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OptionError {
    /// Where it stood: `mkfs.ext4`, `level`, ...
    pub place: String,
    /// The option as written.
    pub option: String,
    /// Why it cannot be honoured.
    pub reason: String,
}

impl OptionError {
    /// An option that the engine does not model.
    pub fn not_modelled(place: &str, option: &str) -> Self {
        Self { place: place.to_owned(), option: option.to_owned(), reason: "is not modelled".to_owned() }
    }
    /// A value that is not one of these.
    pub fn not_one_of(place: &str, option: &str, choices: &[&str]) -> Self {
        let reason = format!("is not one of: {}", choices.join(", "));
        Self { place: place.to_owned(), option: option.to_owned(), reason }
    }
    /// A filesystem that is not known.
    pub fn personality(name: &str, names: &[&str]) -> Self {
        Self::not_one_of("personality", name, names)
    }
}

impl fmt::Display for OptionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: `{}` {}", self.place, self.option, self.reason)
    }
}

/// A size as mkfs tools take it: digits and an optional k, m or g. In bytes.
pub fn size(text: &str) -> Option<u64> {
    let split = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, suffix) = text.split_at(split);
    let unit = match suffix {
        "" => 1,
        "k" | "K" => 1 << 10,
        "m" | "M" => 1 << 20,
        "g" | "G" => 1 << 30,
        _ => return None,
    };
    digits.parse::<u64>().ok()?.checked_mul(unit)
}
