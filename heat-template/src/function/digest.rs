//! `digest`.

use super::{Function, Outcome, give, known, shown, visit_whole};
use crate::diagnostic::Diagnostic;
use crate::expression::{Call, Compiler, Context, EvaluationError, Expression, Reach, Step};
use serde_json::Value;
use sha2::Digest as _;
use std::fmt::Write;

/// The algorithms that Python's `hashlib` offers, save those whose length must be given.
const ALGORITHMS: [&str; 11] = [
    "md5",
    "sha1",
    "sha224",
    "sha256",
    "sha384",
    "sha3_224",
    "sha3_256",
    "sha3_384",
    "sha3_512",
    "sha512",
    "sha512_256",
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
    fn arguments<'a>(&'a self, _: Reach<'_>, visit: &mut dyn FnMut(Option<Step>, &'a Expression)) {
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
        "md5" => hex(&md5::Md5::digest(bytes)),
        "sha1" => hex(&sha1::Sha1::digest(bytes)),
        "sha224" => hex(&sha2::Sha224::digest(bytes)),
        "sha256" => hex(&sha2::Sha256::digest(bytes)),
        "sha384" => hex(&sha2::Sha384::digest(bytes)),
        "sha512" => hex(&sha2::Sha512::digest(bytes)),
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
