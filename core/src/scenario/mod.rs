//! Scripts: what they say (`script`), how they are read and written.

pub mod script;
