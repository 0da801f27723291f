//! The fuzzer of `cargo xtask fuzz --target image`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| extentscope_tests::fuzzing::image(bytes));
