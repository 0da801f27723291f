//! Drawing: from a scene to SVG. The only place that knows pixels.

pub mod bars;
pub mod compare;
pub mod device;
pub mod icons;
pub mod map;
pub mod marks;
pub mod overview;
#[cfg(test)]
mod palette_tests;
pub mod patterns;
pub mod scale;
pub mod timeline;
pub mod tree;
