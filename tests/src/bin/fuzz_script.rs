//! The fuzzer of `cargo xtask fuzz --target script`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| extentscope_tests::fuzzing::script(bytes));
