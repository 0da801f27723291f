//! Half-open ranges, one type per address space.

use super::units::Unit;
use serde::{Deserialize, Serialize};
use std::fmt;

/// `[start, end)`. Invariant: `start <= end`; an empty range has `start == end`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Range<U> {
    /// First unit inside.
    pub start: U,
    /// First unit after.
    pub end: U,
}

impl<U: Unit> Range<U> {
    /// The range `[start, end)`. Panics when `start > end`.
    #[inline]
    pub fn new(start: U, end: U) -> Self {
        assert!(start <= end, "a range ends at or after its start");
        Self { start, end }
    }
    /// `count` units from `start`.
    #[inline]
    pub fn sized(start: U, count: u64) -> Self {
        Self { start, end: U::of(start.raw() + count) }
    }
    /// Units inside.
    #[inline]
    pub fn len(&self) -> u64 {
        self.end.raw() - self.start.raw()
    }
    /// Whether nothing is inside.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.start >= self.end
    }
    /// Whether `at` is inside.
    #[inline]
    pub fn contains(&self, at: U) -> bool {
        self.start <= at && at < self.end
    }
    /// Whether the other range is wholly inside (an empty one always is).
    #[inline]
    pub fn covers(&self, other: &Self) -> bool {
        other.is_empty() || (self.start <= other.start && other.end <= self.end)
    }
    /// Whether both share a unit.
    #[inline]
    pub fn overlaps(&self, other: &Self) -> bool {
        !self.is_empty() && !other.is_empty() && self.start < other.end && other.start < self.end
    }
    /// The common part; empty (at this range's nearer end) when there is none.
    pub fn intersect(&self, other: &Self) -> Self {
        let start = self.start.max(other.start);
        let end = self.end.min(other.end);
        if start <= end { Self { start, end } } else { Self { start, end: start } }
    }
    /// What of this range lies before and after `hole`.
    pub fn subtract(&self, hole: &Self) -> (Self, Self) {
        if !self.overlaps(hole) {
            return (*self, Self { start: self.end, end: self.end });
        }
        let before = Self { start: self.start, end: hole.start.max(self.start) };
        let after = Self { start: hole.end.min(self.end), end: self.end };
        (before, after)
    }
    /// Each unit inside, in order.
    pub fn iter(&self) -> impl Iterator<Item = U> + use<U> {
        (self.start.raw()..self.end.raw()).map(U::of)
    }
}

impl<U: Unit> fmt::Debug for Range<U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{:?},{:?})", self.start, self.end)
    }
}
