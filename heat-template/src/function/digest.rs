//! `digest`.

use super::{Function, Outcome, give, known, shown, visit_whole};
use crate::diagnostic::Diagnostic;
use crate::expression::{Argument, Call, Compiler, Context, EvaluationError, Expression, Reach};
use serde_json::Value;
use sha2::Digest as _;
use std::fmt::Write;

/// The algorithms that Python's `hashlib` offers with OpenSSL 3, save those whose length must be given (`shake_128`),
/// which Heat accepts and then fails on.
const ALGORITHMS: [&str; 17] = [
    "blake2b",
    "blake2s",
    "md5",
    "md5-sha1",
    "ripemd160",
    "sha1",
    "sha224",
    "sha256",
    "sha384",
    "sha3_224",
    "sha3_256",
    "sha3_384",
    "sha3_512",
    "sha512",
    "sha512_224",
    "sha512_256",
    "sm3",
];

/// `digest: [algorithm, text]`.
#[derive(Debug)]
struct Digest {
    argument: Expression,
}

/// Compiles `digest`; Heat checks nothing of it beforehand.
pub fn digest(call: &Call<'_>, compiler: &mut Compiler<'_>) -> Result<Box<dyn Function>, Box<Diagnostic>> {
    Ok(Box::new(Digest { argument: compiler.argument(call) }))
}

impl Function for Digest {
    fn arguments<'a>(&'a self, _: Reach<'_>, visit: &mut dyn FnMut(Argument, &'a Expression)) {
        visit_whole(&self.argument, visit);
    }

    fn evaluate(&self, context: &Context<'_>) -> Outcome {
        let argument = known!(self.argument.evaluate(context)?);
        let items = argument.as_array().map(Vec::as_slice).unwrap_or_default();
        if argument.as_array().is_none() || !items.iter().all(Value::is_string) {
            let message = format!("the argument of digest must be a list of texts, not {}", shown(&argument));
            return Err(EvaluationError::value(message));
        }
        let [Value::String(algorithm), Value::String(text)] = items else {
            return Err(EvaluationError::value("digest must be like: digest: [algorithm, text]"));
        };
        // Heat encodes the text as Latin-1.
        let bytes: Option<Vec<u8>> = text.chars().map(|letter| u8::try_from(letter as u32).ok()).collect();
        let Some(bytes) = bytes else {
            return Err(EvaluationError::value(
                "digest works only with characters of Latin-1, and the text has others",
            ));
        };
        match hash(&algorithm.to_lowercase(), &bytes) {
            Some(text) => give(text),
            None => Err(EvaluationError::value(format!(
                "digest: \"{algorithm}\" is not an algorithm; possible are {}",
                ALGORITHMS.join(", ")
            ))),
        }
    }
}

fn hash(algorithm: &str, bytes: &[u8]) -> Option<String> {
    Some(match algorithm {
        "blake2b" => hex(&blake2::Blake2b512::digest(bytes)),
        "blake2s" => hex(&blake2::Blake2s256::digest(bytes)),
        "md5" => hex(&md5::Md5::digest(bytes)),
        "md5-sha1" => hex(&md5::Md5::digest(bytes)) + &hex(&sha1::Sha1::digest(bytes)),
        "ripemd160" => hex(&ripemd::Ripemd160::digest(bytes)),
        "sha1" => hex(&sha1::Sha1::digest(bytes)),
        "sha224" => hex(&sha2::Sha224::digest(bytes)),
        "sha256" => hex(&sha2::Sha256::digest(bytes)),
        "sha384" => hex(&sha2::Sha384::digest(bytes)),
        "sha3_224" => hex(&sha3::Sha3_224::digest(bytes)),
        "sha3_256" => hex(&sha3::Sha3_256::digest(bytes)),
        "sha3_384" => hex(&sha3::Sha3_384::digest(bytes)),
        "sha3_512" => hex(&sha3::Sha3_512::digest(bytes)),
        "sha512" => hex(&sha2::Sha512::digest(bytes)),
        "sha512_224" => hex(&sha2::Sha512_224::digest(bytes)),
        "sha512_256" => hex(&sha2::Sha512_256::digest(bytes)),
        "sm3" => hex(&sm3::Sm3::digest(bytes)),
        _ => return None,
    })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::{ALGORITHMS, hash};

    #[test]
    fn hashes_are_those_of_pythons_hashlib() {
        // `hashlib.new(name, b"abc").hexdigest()`, cut after 16 digits.
        let known = [
            ("blake2b", "ba80a53f981c4d0d"),
            ("blake2s", "508c5e8c327c14e2"),
            ("md5", "900150983cd24fb0"),
            ("md5-sha1", "900150983cd24fb0"),
            ("ripemd160", "8eb208f7e05d987a"),
            ("sha1", "a9993e364706816a"),
            ("sha224", "23097d223405d822"),
            ("sha256", "ba7816bf8f01cfea"),
            ("sha384", "cb00753f45a35e8b"),
            ("sha3_224", "e642824c3f8cf24a"),
            ("sha3_256", "3a985da74fe225b2"),
            ("sha3_384", "ec01498288516fc9"),
            ("sha3_512", "b751850b1a57168a"),
            ("sha512", "ddaf35a193617aba"),
            ("sha512_224", "4634270f707b6a54"),
            ("sha512_256", "53048e2681941ef9"),
            ("sm3", "66c7f0f462eeedd9"),
        ];
        assert_eq!(known.map(|(name, _)| name), ALGORITHMS);
        for (name, beginning) in known {
            assert_eq!(
                hash(name, b"abc").map(|text| text[..16].to_owned()).as_deref(),
                Some(beginning),
                "{name}"
            );
        }
    }
}
