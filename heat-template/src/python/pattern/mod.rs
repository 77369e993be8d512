//! Python's regular expressions.

mod refused;

pub(crate) use refused::refused;

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// Steps that a match may take back before it is given up.
pub(crate) const BACKTRACK_LIMIT: usize = 1_000_000;

/// Steps that every match may take back. Nearly all need none; the others begin anew, with what is left for such.
const QUICK: usize = 1_000;

/// So many matches may take all that one may.
const SLOW: usize = 50;

/// What is left for matches that take back many steps, for all that are made together in a check: the first ones may take
/// all that one may, the others less and less, so that together they take a certain time and not more.
#[derive(Debug, Default)]
pub struct PatternEffort {
    slow: AtomicUsize,
    /// The pattern that came last: aliases bring the same one again and again.
    last: Mutex<Option<Pattern>>,
}

impl PatternEffort {
    /// Compiles a pattern, unless it is the one that came last.
    ///
    /// # Errors
    ///
    /// [`PatternError::Syntax`] if it is not a regular expression.
    pub fn pattern(&self, pattern: &str) -> Result<Pattern, PatternError> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = last.as_ref().filter(|known| known.text == pattern) {
            return Ok(known.clone());
        }
        Ok(last.insert(Pattern::new(pattern)?).clone())
    }

    /// Counts one that takes back many steps, and says how many it may.
    fn next(&self) -> usize {
        let before = self.slow.fetch_add(1, Ordering::Relaxed);
        // Falling with the square, all that come after take about as much as those before.
        let all = BACKTRACK_LIMIT.saturating_mul(SLOW * SLOW);
        (all / before.saturating_mul(before).max(1)).clamp(QUICK, BACKTRACK_LIMIT)
    }
}

/// A compiled pattern in Python's syntax.
#[derive(Clone)]
pub struct Pattern {
    regex: fancy_regex::Regex,
    text: String,
}

/// Why a pattern cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// It is not a regular expression.
    #[error("\"{pattern}\" is not a regular expression: {reason}")]
    Syntax {
        /// The pattern.
        pattern: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Matching took too long and was given up.
    #[error("\"{pattern}\" takes too long to match")]
    TooLong {
        /// The pattern.
        pattern: String,
    },
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pattern({:?})", self.text)
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Pattern {
    /// Compiles a pattern.
    ///
    /// # Errors
    ///
    /// [`PatternError::Syntax`] if it is not a regular expression.
    pub fn new(pattern: &str) -> Result<Self, PatternError> {
        Ok(Self { regex: compiled(pattern, QUICK)?, text: pattern.to_owned() })
    }

    /// The pattern as written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// `match = re.match(text); match and match.end() == len(text)`: a pattern whose first match is shorter than the
    /// text fails, even if another alternative would have matched all of it.
    ///
    /// # Errors
    ///
    /// [`PatternError::TooLong`] if the pattern explodes.
    pub fn matches_whole(&self, text: &str) -> Result<bool, PatternError> {
        self.matches_whole_within(text, &PatternEffort::default())
    }

    /// The same as one of many.
    ///
    /// # Errors
    ///
    /// [`PatternError::TooLong`] if the pattern explodes, or takes more than is left.
    pub fn matches_whole_within(&self, text: &str, effort: &PatternEffort) -> Result<bool, PatternError> {
        let found = self.regex.find(text).or_else(|_| {
            let too_long = || PatternError::TooLong { pattern: self.text.clone() };
            match effort.next() {
                // It took that many already.
                QUICK => Err(too_long()),
                most => compiled(&self.text, most)?.find(text).map_err(|_| too_long()),
            }
        })?;
        Ok(found.is_some_and(|found| found.end() == text.len()))
    }
}

fn compiled(pattern: &str, limit: usize) -> Result<fancy_regex::Regex, PatternError> {
    let wrong = |reason: String| PatternError::Syntax { pattern: pattern.to_owned(), reason };
    if let Some(reason) = refused(pattern) {
        return Err(wrong(reason));
    }
    // A comment at the end, where there are such, would take the bracket with it.
    let end = if is_verbose(pattern) { "\n)" } else { ")" };
    // `re.match` tries only at the beginning. Python's `\Z` is the very end, which the engine writes `\z`, and its
    // `$` also matches before a last line end.
    fancy_regex::RegexBuilder::new(&format!("\\A(?:{}{end}", translate(pattern)))
        .backtrack_limit(limit)
        .build()
        .map_err(|error| wrong(error.to_string()))
}

/// Whether blanks and comments in it mean nothing.
pub(crate) fn is_verbose(pattern: &str) -> bool {
    let flags = pattern.strip_prefix("(?").and_then(|rest| rest.split_once(')')).map(|(flags, _)| flags);
    flags.is_some_and(|flags| flags.contains('x') && flags.chars().all(|flag| flag.is_ascii_alphabetic()))
}

/// How many digits of an octal code begin with this one, behind a backslash; 0 where it is a reference to a group.
fn octal(digit: char, rest: &std::iter::Peekable<std::str::Chars<'_>>, in_class: bool) -> usize {
    let more = rest.clone().take(2).take_while(|next| matches!(next, '0'..='7')).count();
    match digit {
        '0' => 1 + more,
        '1'..='3' if more == 2 => 3,
        '1'..='7' if in_class => 1 + more,
        _ => 0,
    }
}

/// A pattern in the engine's writing, where that differs from Python's.
pub(crate) fn translate(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len());
    let mut characters = pattern.chars().peekable();
    let mut in_class = false;
    // Where each open group begins, and whether it is a look-around.
    let mut groups: Vec<(usize, bool)> = Vec::new();
    while let Some(character) = characters.next() {
        match character {
            '\\' => match characters.next() {
                Some('Z') if !in_class => out.push_str("\\z"),
                Some(digit) if octal(digit, &characters, in_class) > 0 => {
                    let more = octal(digit, &characters, in_class) - 1;
                    let digits: String =
                        std::iter::once(digit).chain(characters.by_ref().take(more)).collect();
                    let code = u32::from_str_radix(&digits, 8).unwrap_or_default();
                    out.push_str(&format!("\\x{{{code:x}}}"));
                }
                // The engine knows no other escapes.
                Some(next) if !next.is_ascii() => out.push(next),
                Some(next) => {
                    out.push('\\');
                    out.push(next);
                }
                None => out.push('\\'),
            },
            '(' if !in_class => {
                let ahead: String = characters.clone().take(3).collect();
                let looks_around = ["?=", "?!", "?<=", "?<!"].iter().any(|mark| ahead.starts_with(mark));
                groups.push((out.len(), looks_around));
                out.push('(');
            }
            ')' if !in_class => {
                out.push(')');
                let repeated = matches!(characters.peek(), Some('*' | '+' | '?' | '{'));
                // The engine repeats no look-around; together with what never matches it may.
                if let Some((begin, true)) = groups.pop()
                    && repeated
                {
                    out.insert_str(begin, "(?:");
                    out.push_str("|(?!))");
                }
            }
            '$' if !in_class => out.push_str("(?:$|(?=\\n\\z))"),
            '[' if !in_class => {
                in_class = true;
                out.push('[');
                if characters.peek() == Some(&'^') {
                    characters.next();
                    out.push('^');
                }
                // A closing bracket in first place is itself.
                if characters.peek() == Some(&']') {
                    characters.next();
                    out.push_str("\\]");
                }
            }
            // Sets in sets and set operations are the engine's own; in Python these are themselves.
            '[' => out.push_str("\\["),
            '&' | '~' if in_class => {
                out.push('\\');
                out.push(character);
            }
            '-' if in_class && characters.peek() == Some(&'-') => out.push_str("\\-"),
            ']' if in_class => {
                in_class = false;
                out.push(']');
            }
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(pattern: &str, text: &str) -> bool {
        Pattern::new(pattern).unwrap().matches_whole(text).unwrap()
    }

    #[test]
    fn a_pattern_must_reach_the_end_with_its_first_match() {
        assert!(whole("[a-z]+[0-9]*", "web12"));
        assert!(!whole("[a-z]+", "web12"));
        assert!(!whole("a|ab", "ab"));
        assert!(whole("ab|a", "ab"));
        assert!(whole("^[A-Z]{2}-\\d+$", "QA-77"));
        assert!(!whole("^a$", "a\n"));
        assert!(whole("(?=.*[A-Z])(?!.*x)[A-Za-z]+\\Z", "aB"));
        assert!(whole("(.)\\1", "zz"));
        // A look-around that is repeated means something only where it must hold at least once.
        assert!(whole("[a-z]+(?=[.-][a-z])*\\.[a-z]+", "example.org"));
        assert!(whole("a(?!b)?b", "ab"));
        assert!(!whole("a(?=(c))+b", "ab"));
        assert!(whole("a(?=(b)){1,2}b\\1", "abb"));
        assert!(whole("[(?=]+", "(?="));
        assert!(whole("", ""));
        assert!(!whole("", "a"));
        // Comments, codes, and letters behind a backslash that need none.
        assert!(whole("(?x) a b # c", "ab"));
        assert!(whole("\\101\\0[\\60-\\071]", "A\08"));
        assert!(whole("(a)\\1\\é", "aaé"));
    }

    #[test]
    fn sets_are_pythons() {
        assert!(whole("[]a]+", "a]"));
        assert!(whole("[^]a]+", "bc"));
        assert!(whole("[[a]+", "[a"));
        assert!(whole("[a&&b]+", "a&b"));
        assert!(whole("[\\w.-]+", "a-b.c"));
    }

    #[test]
    fn a_pattern_that_explodes_ends_with_an_error() {
        let pattern = Pattern::new("(?=(a+)+b)(a+)+\\2c").unwrap();
        assert!(matches!(
            pattern.matches_whole(&"a".repeat(40)),
            Err(PatternError::TooLong { .. }) | Ok(false)
        ));
        assert!(matches!(Pattern::new("(a"), Err(PatternError::Syntax { .. })));
    }
}
