//! What a fuzzer is let loose on, and the inputs that are kept because each reaches something that the others do not.

use crate::image::fuzz::{Seed, corpus, run_bytes};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use extentscope_core::scenario::parse::{parse, parse_bytes};
use extentscope_core::scenario::setup::Setup;

thread_local! {
    static IMAGES: Vec<Seed> = corpus();
}

/// The names of the targets; each has a program `fuzz_NAME` and kept inputs in `fixtures/fuzz/NAME.txt`.
pub const TARGETS: [&str; 2] = ["image", "script"];

/// Bytes decide how a valid image is changed; the mount of it answers.
///
/// # Panics
/// When the engine does, or when what was mounted breaks a rule.
pub fn image(bytes: &[u8]) {
    IMAGES.with(|images| run_bytes(images, bytes));
}

/// Bytes are a script: it is refused, or what is printed of it is read as the same script, and its settings answer.
///
/// # Panics
/// When the parser does, or when the script is not the same.
pub fn script(bytes: &[u8]) {
    let Ok(script) = parse_bytes(bytes) else { return };
    let printed = script.to_string();
    let again = parse(&printed).unwrap_or_else(|errors| panic!("{}: {printed}", errors[0]));
    assert_eq!(again.to_string(), printed, "a printed script is printed alike");
    for personality in extentscope_core::personality::NAMES {
        let _either = Setup::new(personality, &script.directives).map(|setup| setup.layout().blocks());
    }
}

/// The target of a name.
///
/// # Panics
/// When there is none.
pub fn target(name: &str) -> fn(&[u8]) {
    match name {
        "image" => image,
        "script" => script,
        _ => panic!("{name} is no target"),
    }
}

/// The kept inputs of a target: one in a line, in base64.
///
/// # Panics
/// When the file is not there or is not in base64.
pub fn kept(name: &str) -> Vec<Vec<u8>> {
    let path = crate::here().join("fixtures/fuzz").join(name).with_extension("txt");
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    text.lines().map(|line| STANDARD.decode(line).expect("a line is in base64")).collect()
}
