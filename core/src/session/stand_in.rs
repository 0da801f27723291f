//! Stands in for the engine's live run until it lands; the signatures are the engine's. Goes away then.
#![allow(missing_docs, clippy::missing_panics_doc, clippy::missing_errors_doc)]

use crate::scenario::script::Directives;
use std::fmt;

#[derive(Clone, Debug)]
pub struct Setup {
    personality: &'static str,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SetupError(pub String);

impl fmt::Display for SetupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Setup {
    pub fn new(_personality: &str, _directives: &Directives) -> Result<Self, SetupError> {
        todo!("the engine's")
    }
    pub fn block_size(&self) -> u64 {
        4096
    }
    pub fn device_blocks(&self) -> u64 {
        64
    }
    pub fn personality_name(&self) -> &'static str {
        self.personality
    }
}
