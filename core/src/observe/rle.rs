//! Run-length coded strings: a count, then one character (`4D2.10u`).

use std::fmt::Write;

/// Builds one string; neighbours of one character join, empty runs vanish.
#[derive(Default)]
pub(super) struct Rle {
    text: String,
    run: Option<(u64, char)>,
}

impl Rle {
    /// Appends `count` times `c`.
    pub fn push(&mut self, count: u64, c: char) {
        if count == 0 {
            return;
        }
        match &mut self.run {
            Some((run, last)) if *last == c => *run = run.saturating_add(count),
            _ => {
                self.flush();
                self.run = Some((count, c));
            }
        }
    }

    fn flush(&mut self) {
        if let Some((count, c)) = self.run.take() {
            write!(self.text, "{count}{c}").expect("a string takes all text");
        }
    }

    /// The string.
    pub fn finish(mut self) -> String {
        self.flush();
        self.text
    }
}
