//! The tests that need the whole crate: one binary, one module per subject.

mod golden;
mod observation;
mod parse;
mod parse_property;
mod tidy;
