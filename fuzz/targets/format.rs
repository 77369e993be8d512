//! See `heat-template/tests/fuzz/judge/format.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| -> libfuzzer_sys::Corpus { heat_fuzz::judge("format", bytes) });
