//! Nearly valid images: a mount names a rule, or goes on as if nothing had happened. Never a panic, never a hang.

use base64::Engine;
use extentscope_tests::fuzzing::{self, TARGETS, kept};
use extentscope_tests::image::fuzz::{End, corpus, run};

/// `EXTENTSCOPE_SEED` runs one case, `EXTENTSCOPE_CASES` as many.
fn seeds() -> std::ops::Range<u64> {
    let number = |name: &str| std::env::var(name).ok().and_then(|value| value.parse().ok());
    match number("EXTENTSCOPE_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("EXTENTSCOPE_CASES").unwrap_or(4_000),
    }
}

#[test]
fn a_mount_of_any_image_answers() {
    let corpus = corpus();
    let (mut mounted, mut refused) = (0, 0);
    for seed in seeds() {
        let end = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| run(&corpus, seed)));
        match end {
            Ok(End::Mounted) => mounted += 1,
            Ok(End::Refused) => refused += 1,
            Err(_) => panic!(
                "replay: EXTENTSCOPE_SEED={seed} cargo test -p extentscope-tests --test suite a_mount_of_any_image"
            ),
        }
    }
    if seeds().end - seeds().start >= 4_000 {
        assert!(mounted > 100 && refused > 1_000, "{mounted} were mounted, {refused} refused: both are looked at");
    }
}

#[test]
fn what_a_fuzzer_found_to_be_new_goes_well() {
    for target in TARGETS {
        for input in kept(target) {
            let run = std::panic::AssertUnwindSafe(|| fuzzing::target(target)(&input));
            let name = base64::engine::general_purpose::STANDARD.encode(&input);
            assert!(std::panic::catch_unwind(run).is_ok(), "{target}: {name}");
        }
    }
}
