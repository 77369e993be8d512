//! What Python's regular expressions refuse and the engine takes.

use std::iter::Peekable;
use std::str::Chars;

/// Letters that mean something after a backslash, outside of a set and in one.
const ESCAPES: &str = "AbBdDsSwWZafnrtvxuUN";
const ESCAPES_IN_SET: &str = "abdDfnrsStUuvwWxN";

/// Why Python refuses a pattern, in its own words, as far as the engine would not refuse it.
pub(crate) fn refused(pattern: &str) -> Option<String> {
    let mut in_set = false;
    let mut at_start = true;
    let mut characters = pattern.chars().peekable();
    while let Some(character) = characters.next() {
        let begins = std::mem::take(&mut at_start);
        match character {
            '\\' => {
                let known = if in_set { ESCAPES_IN_SET } else { ESCAPES };
                match characters.next() {
                    Some('x') if !hex(&mut characters, 2) => return Some("incomplete escape \\x".to_owned()),
                    Some('u') if !hex(&mut characters, 4) => return Some("incomplete escape \\u".to_owned()),
                    Some('U') if !hex(&mut characters, 8) => return Some("incomplete escape \\U".to_owned()),
                    Some(letter) if letter.is_ascii_alphabetic() && !known.contains(letter) => {
                        return Some(format!("bad escape \\{letter}"));
                    }
                    Some(_) => {}
                    None => return Some("bad escape (end of pattern)".to_owned()),
                }
            }
            '[' if !in_set => {
                in_set = true;
                characters.next_if_eq(&'^');
                // A closing bracket in first place is itself.
                characters.next_if_eq(&']');
            }
            ']' if in_set => in_set = false,
            '(' if !in_set && characters.next_if_eq(&'?').is_some() => {
                let whole_flags = match extension(&mut characters) {
                    Ok(whole_flags) => whole_flags,
                    Err(reason) => return Some(reason),
                };
                if whole_flags && !begins {
                    return Some("global flags not at the start of the expression".to_owned());
                }
                // More of them may follow.
                at_start = whole_flags;
            }
            _ => {}
        }
    }
    None
}

/// Takes so many hexadecimal digits; false if they are not there.
fn hex(characters: &mut Peekable<Chars<'_>>, digits: usize) -> bool {
    (0..digits).all(|_| characters.next_if(char::is_ascii_hexdigit).is_some())
}

/// Looks at what follows `(?`. Gives whether it is flags for the whole expression.
fn extension(characters: &mut Peekable<Chars<'_>>) -> Result<bool, String> {
    let unknown = |text: &str| Err(format!("unknown extension ?{text}"));
    match characters.peek().copied() {
        Some(':' | '=' | '!' | '>' | '#' | '(') => Ok(false),
        Some('<') => {
            characters.next();
            match characters.peek() {
                Some('=' | '!') => Ok(false),
                other => unknown(&format!("<{}", other.map(char::to_string).unwrap_or_default())),
            }
        }
        Some('P') => {
            characters.next();
            match characters.peek() {
                Some('<' | '=') => Ok(false),
                other => unknown(&format!("P{}", other.map(char::to_string).unwrap_or_default())),
            }
        }
        Some(flag) if "aiLmsux-".contains(flag) => {
            while let Some(flag) = characters.next_if(|next| next.is_ascii_alphabetic() || *next == '-') {
                if !"aiLmsux-".contains(flag) {
                    return Err("unknown flag".to_owned());
                }
            }
            Ok(characters.next_if_eq(&')').is_some())
        }
        Some(other) => unknown(&other.to_string()),
        None => Err("unexpected end of pattern".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_python_refuses_is_refused() {
        for pattern in [
            "abc(?i)", "(?<x>a)", "\\x{41}", "\\p{L}", "\\h", "a\\z", "\\Ka", "\\Ga", "\\e", "\\R", "(?U)a",
            "(?R)", "[\\A]", "\\u00", "(?", "a\\", "(?P>x)",
        ] {
            assert!(refused(pattern).is_some(), "{pattern}");
        }
        for pattern in [
            "(?i)abc",
            "(?i)(?s)a",
            "(?i:a)b",
            "(?-i:a)",
            "(?P<x>a)(?P=x)",
            "\\x41",
            "\\u0041",
            "[\\b\\d\\]x]",
            "\\.\\-\\/",
            "(?:a)(?=b)(?!c)(?<=d)(?<!e)",
            "(?#note)a",
            "[(?<x]",
            "\\\\z",
            "\\é",
            "(a)(?(1)b|c)",
            "\\A\\Z",
            "[]\\]]",
        ] {
            assert_eq!(refused(pattern), None, "{pattern}");
        }
    }
}
