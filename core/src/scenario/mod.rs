//! Scripts: what they say (`script`), how they are read (`parse`) and written (`print`), what there is (`help`).

pub mod help;
pub mod parse;
mod print;
pub mod script;
