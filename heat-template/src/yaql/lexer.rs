//! From a text to tokens.
//!
//! The rules are those of the original's lexer: a function's name and its opening parenthesis are one token (`not(x)` is
//! a call of a function named `not`), a word may be an operator, a number ends where a word would go on.

use super::syntax::SyntaxError;
use num_bigint::BigInt;
use std::ops::Range;
use std::sync::Arc;

/// Longer integers are refused, as by Python.
const MAX_DIGITS: usize = 4300;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    /// A bare word.
    Keyword(Arc<str>),
    /// A name with its opening parenthesis.
    Function(Arc<str>),
    /// `$`, `$name`.
    Variable(Arc<str>),
    Text(Arc<str>),
    Int(i64),
    Big(Arc<BigInt>),
    Float(f64),
    True,
    False,
    Null,
    /// `+`, `and`, `=>`, `[` …
    Symbol(&'static str),
}

/// Symbols, longer ones first.
const SYMBOLS: [&str; 23] = [
    "->", "?.", "=~", "!~", ">=", "<=", "!=", "=>", ".", "+", "-", "*", "/", ">", "<", "=", "[", "{", "(",
    ")", "]", ",", "}",
];

/// Operators that are words.
const WORDS: [&str; 5] = ["mod", "in", "not", "and", "or"];

/// Reads all tokens, each with its place in bytes.
pub(super) fn tokens(text: &str) -> Result<Vec<(Token, Range<usize>)>, SyntaxError> {
    let mut lexer = Lexer { text, at: 0 };
    let mut tokens = Vec::new();
    while let Some(token) = lexer.next()? {
        tokens.push(token);
    }
    Ok(tokens)
}

struct Lexer<'t> {
    text: &'t str,
    at: usize,
}

fn is_word(character: char) -> bool {
    character == '_' || character.is_alphanumeric()
}

fn starts_word(character: char) -> bool {
    is_word(character) && !character.is_numeric()
}

impl<'t> Lexer<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn illegal(&self) -> SyntaxError {
        let found = self.rest().chars().next().unwrap_or(' ');
        let end = self.at + found.len_utf8();
        SyntaxError::new(format!("the character \"{found}\" is not possible here"), self.at..end)
    }

    fn next(&mut self) -> Result<Option<(Token, Range<usize>)>, SyntaxError> {
        let blank = |character| matches!(character, ' ' | '\t' | '\r' | '\n');
        self.at = self.text.len() - self.rest().trim_start_matches(blank).len();
        let start = self.at;
        let Some(first) = self.rest().chars().next() else { return Ok(None) };
        // A word begins only where none is before it.
        let boundary = !self.text[..start].chars().next_back().is_some_and(is_word);
        let token = match first {
            '$' => {
                self.at += 1;
                let name = self.word();
                Token::Variable(format!("${name}").into())
            }
            '\'' | '"' => Token::Text(self.quoted(first)?.into()),
            '`' => Token::Text(self.verbatim()?.into()),
            '0'..='9' if boundary => self.number()?,
            _ if boundary && starts_word(first) => {
                let word = self.word();
                if self.rest().starts_with('(') {
                    self.at += 1;
                    Token::Function(word.into())
                } else if word.starts_with("__") {
                    self.at = start;
                    return Err(self.illegal());
                } else if let Some(operator) = WORDS.iter().find(|name| **name == word) {
                    Token::Symbol(operator)
                } else {
                    match word {
                        "true" => Token::True,
                        "false" => Token::False,
                        "null" => Token::Null,
                        _ => Token::Keyword(word.into()),
                    }
                }
            }
            _ => {
                let symbol = SYMBOLS.iter().find(|symbol| self.rest().starts_with(**symbol));
                let symbol = symbol.ok_or_else(|| self.illegal())?;
                self.at += symbol.len();
                Token::Symbol(symbol)
            }
        };
        Ok(Some((token, start..self.at)))
    }

    fn word(&mut self) -> &'t str {
        let start = self.at;
        self.at = self.text.len() - self.rest().trim_start_matches(is_word).len();
        &self.text[start..self.at]
    }

    /// `\b\d+(\.?\d+)?\b`.
    fn number(&mut self) -> Result<Token, SyntaxError> {
        let start = self.at;
        let digits = |text: &str| text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let ends = |text: &str| !text.chars().next().is_some_and(is_word);
        let whole = digits(self.rest());
        let after = &self.rest()[whole..];
        let fraction = after.strip_prefix('.').map_or(0, digits);
        if fraction > 0 && ends(&after[1 + fraction..]) {
            self.at += whole + 1 + fraction;
            return Ok(Token::Float(self.text[start..self.at].parse().unwrap_or(f64::NAN)));
        }
        if !ends(after) {
            return Err(self.illegal());
        }
        self.at += whole;
        let text = &self.text[start..self.at];
        if let Ok(value) = text.parse() {
            return Ok(Token::Int(value));
        }
        if text.len() > MAX_DIGITS {
            return Err(SyntaxError::new(
                format!("an integer of more than {MAX_DIGITS} digits"),
                start..self.at,
            ));
        }
        Ok(Token::Big(Arc::new(text.parse().unwrap_or_default())))
    }

    /// The text between two quotes, where `\` hides one character.
    fn delimited(&mut self, quote: char) -> Result<&'t str, SyntaxError> {
        let start = self.at + 1;
        let mut characters = self.text[start..].char_indices();
        while let Some((at, character)) = characters.next() {
            match character {
                // A hidden line end is none.
                '\\' if characters.next().is_none_or(|(_, hidden)| hidden == '\n') => {
                    return Err(self.illegal());
                }
                '\\' => {}
                _ if character == quote => {
                    self.at = start + at + 1;
                    return Ok(&self.text[start..start + at]);
                }
                _ => {}
            }
        }
        Err(SyntaxError::new("this text has no end", self.at..self.text.len()))
    }

    fn verbatim(&mut self) -> Result<String, SyntaxError> {
        Ok(self.delimited('`')?.replace("\\`", "`"))
    }

    fn quoted(&mut self, quote: char) -> Result<String, SyntaxError> {
        let start = self.at + 1;
        let text = self.delimited(quote)?;
        unescape(text)
            .map_err(|(range, reason)| SyntaxError::new(reason, start + range.start..start + range.end))
    }
}

/// Python's escapes; a sequence that is none stays as it is.
fn unescape(text: &str) -> Result<String, (Range<usize>, String)> {
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while let Some(offset) = text[at..].find('\\') {
        out.push_str(&text[at..at + offset]);
        at += offset;
        let rest = &text[at + 1..];
        let Some(kind) = rest.chars().next() else { break };
        let hex = match kind {
            'x' => 2,
            'u' => 4,
            'U' => 8,
            _ => 0,
        };
        if hex > 0 {
            let mut digits = rest[1..].char_indices();
            let taken = digits.by_ref().take(hex).take_while(|(_, c)| *c != '\n').count();
            if taken < hex {
                out.push('\\');
                at += 1;
                continue;
            }
            let end = 1 + digits.next().map_or(rest.len() - 1, |(end, _)| end);
            let code = &rest[1..end];
            let character = (code.chars().all(|c| c.is_ascii_hexdigit()))
                .then(|| u32::from_str_radix(code, 16).ok().and_then(char::from_u32))
                .flatten();
            let Some(character) = character else {
                return Err((at..at + 1 + end, format!("\"\\{kind}{code}\" is no character")));
            };
            out.push(character);
            at += 1 + end;
        } else if kind.is_digit(8) {
            let length = rest.chars().take(3).take_while(|c| c.is_digit(8)).count();
            let code = u32::from_str_radix(&rest[..length], 8).unwrap_or(0);
            out.push(char::from_u32(code).unwrap_or('\u{fffd}'));
            at += 1 + length;
        } else if kind == 'N' && rest[1..].starts_with('{') && rest.find('}').is_some_and(|end| end > 2) {
            let end = at + 2 + rest.find('}').unwrap_or(0);
            return Err((at..end, "characters by their name are not supported".to_owned()));
        } else {
            let simple = match kind {
                '\\' => '\\',
                '\'' => '\'',
                '"' => '"',
                'a' => '\u{7}',
                'b' => '\u{8}',
                'f' => '\u{c}',
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                'v' => '\u{b}',
                _ => {
                    out.push('\\');
                    at += 1;
                    continue;
                }
            };
            out.push(simple);
            at += 2;
        }
    }
    out.push_str(&text[at..]);
    Ok(out)
}
