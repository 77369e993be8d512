//! What the fuzzer tries: the judges of heat-template's own tests.

#[path = "../../heat-template/tests/fuzz/judge/mod.rs"]
mod judge;

/// Judges bytes by the name of a target; what is no text is none of its business.
pub fn judge(target: &str, bytes: &[u8]) -> libfuzzer_sys::Corpus {
    match std::str::from_utf8(bytes) {
        Ok(text) => {
            judge::judge(target, text);
            libfuzzer_sys::Corpus::Keep
        }
        Err(_) => libfuzzer_sys::Corpus::Reject,
    }
}
