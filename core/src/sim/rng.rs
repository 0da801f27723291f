//! Seeded generators, one named stream per purpose, so that a new user of randomness does not shift the others.

/// SplitMix64 (Steele, Lea, Flood 2014): the stream is part of a run's identity, so it is spelled out here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rng(u64);

impl Rng {
    /// The stream `name` of a seed.
    pub fn stream(seed: u64, name: &str) -> Self {
        Self(seed ^ crate::base::payload::digest(name.as_bytes()))
    }
    /// The next 64 bits.
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
    /// A number below `bound`, which is not 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.draw() % bound
    }
}
