//! What decides a case: a seed, or bytes that a fuzzer changes one by one.

use extentscope_core::sim::rng::Rng;

/// Decisions, one after the other.
pub trait Chance {
    /// A number below `end`, which is not 0.
    fn below(&mut self, end: u64) -> u64;
    /// Any number.
    fn draw(&mut self) -> u64;
    /// A number below `end`, for things in memory.
    fn index(&mut self, end: usize) -> usize {
        usize::try_from(self.below(end as u64)).expect("it is below an index")
    }
}

impl Chance for Rng {
    fn below(&mut self, end: u64) -> u64 {
        Rng::below(self, end)
    }
    fn draw(&mut self) -> u64 {
        Rng::draw(self)
    }
}

/// Decisions out of bytes, each of as few as hold it; zeroes when they are used up.
pub struct Bytes<'a>(pub &'a [u8]);

impl Bytes<'_> {
    fn take(&mut self, bytes: usize) -> u64 {
        let (now, rest) = self.0.split_at(bytes.min(self.0.len()));
        self.0 = rest;
        now.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
    }
}

impl Chance for Bytes<'_> {
    fn below(&mut self, end: u64) -> u64 {
        let bits = u64::BITS - (end - 1).leading_zeros();
        self.take(bits.div_ceil(8) as usize) % end
    }
    fn draw(&mut self) -> u64 {
        self.take(8)
    }
}
