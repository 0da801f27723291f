//! From blocks and steps to pixels.

use crate::scene::Lens;
use crate::state::Room;

/// A count of things on the screen, as a number for drawing. What does not fit a screen is cut.
pub fn px(count: u64) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

/// The same for places in lists.
pub fn nth(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

/// A length in an attribute: one decimal is finer than any screen.
pub fn at(value: f64) -> String {
    format!("{value:.1}")
}

/// The offset axis.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Axis {
    /// What is shown.
    pub lens: Lens,
    /// Where it begins.
    pub left: f64,
    /// Pixels in a block.
    pub cell: f64,
}

impl Axis {
    /// An axis over `width` pixels, with a margin on both sides for the outermost labels.
    pub fn new(lens: Lens, width: f64) -> Self {
        let left = 8.0;
        Self { lens, left, cell: (width - 2.0 * left) / px(lens.blocks.max(1)) }
    }
    /// The left edge of a block; blocks outside the lens are moved to its edges.
    pub fn x(&self, block: u64) -> f64 {
        let inside = block.clamp(self.lens.first, self.lens.end());
        self.left + px(inside - self.lens.first) * self.cell
    }
    /// The width of so many blocks.
    pub fn width(&self, blocks: u64) -> f64 {
        px(blocks) * self.cell
    }
    /// The right end.
    pub fn right(&self) -> f64 {
        self.x(self.lens.end())
    }
}

/// Heights and sizes of letters, by layout.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sizes {
    /// The ruler.
    pub ruler: f64,
    /// A lane's title.
    pub title: f64,
    /// Cells of the page cache.
    pub cache: f64,
    /// Brackets.
    pub bracket: f64,
    /// Bars of the extent lane.
    pub extent: f64,
    /// A row of the device.
    pub device: f64,
    /// Between two lanes.
    pub gap: f64,
    /// Letters.
    pub font: f64,
    /// Strokes.
    pub stroke: f64,
}

impl Sizes {
    /// For a desk, for the last row of a lecture hall, for a hand.
    pub fn of(room: Room) -> Self {
        let desk = Self {
            ruler: 30.0,
            title: 16.0,
            cache: 40.0,
            bracket: 22.0,
            extent: 48.0,
            device: 33.0,
            gap: 6.0,
            font: 12.0,
            stroke: 1.5,
        };
        match room {
            Room::Hall => Self {
                ruler: 40.0,
                title: 24.0,
                cache: 44.0,
                bracket: 28.0,
                extent: 52.0,
                device: 40.0,
                gap: 4.0,
                font: 20.0,
                stroke: 2.0,
            },
            Room::Hand => Self { device: 28.0, ..desk },
            Room::Low => Self { cache: 36.0, bracket: 19.0, extent: 42.0, device: 26.0, gap: 4.0, ..desk },
            Room::Desk => desk,
        }
    }

    /// Whether a text of so many letters fits into a width.
    pub fn fits(&self, letters: usize, width: f64) -> bool {
        // Digits of the fonts in use are at most this wide.
        nth(letters) * self.font * 0.62 + 6.0 <= width
    }
}

/// Blocks between two marks of the ruler, so that labels do not touch.
pub fn ruler_step(cell: f64, font: f64) -> u64 {
    let wanted = font * 4.6;
    let mut step = 1;
    while px(step) * cell < wanted && step < 1 << 20 {
        step *= 2;
    }
    step
}

/// Bytes as people write them: exact, in the largest unit that divides them.
pub fn bytes(count: u64) -> String {
    let units = ["", "K", "M", "G", "T", "P"];
    let mut value = count;
    let mut unit = 0;
    while value >= 1024 && value.is_multiple_of(1024) && unit + 1 < units.len() {
        value /= 1024;
        unit += 1;
    }
    format!("{value}{}", units[unit])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_axis_ends_inside_the_margin() {
        let axis = Axis::new(Lens { first: 32, blocks: 32 }, 784.0);
        assert_eq!(at(axis.cell), "24.0");
        assert_eq!(at(axis.x(33)), "32.0");
        assert_eq!(at(axis.right()), "776.0");
        assert_eq!(at(axis.x(5)), "8.0", "what lies before the lens is at its edge");
    }

    #[test]
    fn ruler_labels_never_touch() {
        for cell in [4.0, 11.0, 24.0, 38.0] {
            let step = ruler_step(cell, 12.0);
            assert!(px(step) * cell >= 50.0 && step.is_power_of_two());
        }
    }

    #[test]
    fn bytes_are_exact() {
        let words: Vec<_> = [0, 512, 4096, 5000, 1 << 20, 3 << 30].into_iter().map(bytes).collect();
        assert_eq!(words, ["0", "512", "4K", "5000", "1M", "3G"]);
    }
}
