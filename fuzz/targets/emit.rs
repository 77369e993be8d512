//! See `heat-template/tests/fuzz/judge/emit.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| -> libfuzzer_sys::Corpus { heat_fuzz::judge("emit", bytes) });
