//! The list of simplifications: what the engine does not do as the kernel, and where that shows.
//!
//! `docs/FIDELITY.md` and the table in `ARCHITECTURE.md` are made from it. A difference that it explains is no failure of
//! the live differential. Whoever adds a line has shown that the difference comes from that simplification and nothing
//! else.

pub use extentscope_core::personality::simplified::{SIMPLIFICATIONS, Simplification};

/// Public traces that are not equal because of a simplification: its id, the filesystem, the trace.
const EXPLAINED: [(&str, &str, &str); 1] = [("F1", "bcachefs", "109-enospc-mwrite")];

/// The simplification because of which a public trace is not equal.
pub fn explanation(fs: &str, trace: &str) -> Option<&'static str> {
    EXPLAINED.iter().find(|(_, of, name)| *of == fs && *name == trace).map(|(id, ..)| *id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_is_explained_on_its_filesystem() {
        assert_eq!(explanation("bcachefs", "109-enospc-mwrite"), Some("F1"));
        assert_eq!(explanation("ext4", "109-enospc-mwrite"), None);
    }

    #[test]
    fn ids_are_in_order() {
        for (at, each) in SIMPLIFICATIONS.iter().enumerate() {
            assert_eq!(each.id, format!("F{}", at + 1));
        }
        assert!(EXPLAINED.iter().all(|(id, ..)| SIMPLIFICATIONS.iter().any(|each| each.id == *id)));
    }
}
