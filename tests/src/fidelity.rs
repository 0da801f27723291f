//! The list of simplifications: what the engine does not do as the kernel, and where that shows.
//!
//! `docs/FIDELITY.md` is made from it. A difference that it explains is no failure of the live differential.

use crate::compare::Difference;

/// One simplification.
#[derive(Debug)]
pub struct Simplification {
    /// Its name in documents and comments.
    pub id: &'static str,
    /// What is simpler here.
    pub what: &'static str,
    /// Where a user may see it.
    pub shows: &'static str,
    /// Differences that it explains.
    pub explains: &'static [Explains],
}

/// Differences of one kind.
#[derive(Debug)]
pub enum Explains {
    /// All of a public trace on a filesystem.
    Trace(&'static str, &'static str),
}

/// All simplifications.
pub const SIMPLIFICATIONS: &[Simplification] = &[];

/// The simplification that explains a difference.
pub fn explanation(fs: &str, trace: &str, _script: &str, _difference: &Difference) -> Option<&'static str> {
    let explains = |explains: &Explains| match explains {
        Explains::Trace(of, name) => *of == fs && *name == trace,
    };
    SIMPLIFICATIONS.iter().find(|each| each.explains.iter().any(explains)).map(|each| each.id)
}
