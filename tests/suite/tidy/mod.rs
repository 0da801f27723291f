//! The rules of the code base that no compiler checks. Each is one test, and says which file broke which rule.

mod documents;
mod floors;
mod sizes;
mod source;
mod words;

use std::path::Path;

/// The root of the workspace.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests lie in a folder of the workspace")
}

/// Fails with all offences at once.
fn assert_none(rule: &str, offences: &[String]) {
    assert!(offences.is_empty(), "{rule}:\n  {}", offences.join("\n  "));
}
