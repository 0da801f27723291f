//! The tests that need the whole crate: one binary, one module per subject.

mod asked;
mod complete;
mod crash;
mod docs;
mod fidelity;
mod golden;
mod images;
mod map_schema;
mod observation;
mod parse;
mod parse_property;
mod reference;
mod remounted;
mod scenarios;
mod schedule;
mod tidy;
mod tool_sessions;
mod tools;
