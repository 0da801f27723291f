//! Scripts: what they say (`script`), how they are read (`parse`) and written (`print`), what there is (`help`).

mod attributes;
pub mod devices;
pub mod found;
pub mod help;
pub mod machine;
#[cfg(test)]
mod machine_tests;
pub mod observe;
pub mod parse;
mod power;
mod print;
mod program;
pub mod reply;
mod say;
pub mod script;
pub mod setup;
mod sharing;
