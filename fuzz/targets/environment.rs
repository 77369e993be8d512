//! See `heat-template/tests/fuzz/judge/environment.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| -> libfuzzer_sys::Corpus { heat_fuzz::judge("environment", bytes) });
