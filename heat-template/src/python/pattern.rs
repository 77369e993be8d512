//! Python's regular expressions.

use std::fmt;

/// Steps that a match may take back before it is given up.
pub(crate) const BACKTRACK_LIMIT: usize = 1_000_000;

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
        // `re.match` tries only at the beginning. Python's `\Z` is the very end, which the engine writes `\z`, and its
        // `$` also matches before a last line end.
        let regex = fancy_regex::RegexBuilder::new(&format!("\\A(?:{})", translate(pattern)))
            .backtrack_limit(BACKTRACK_LIMIT)
            .build()
            .map_err(|error| PatternError::Syntax {
                pattern: pattern.to_owned(),
                reason: error.to_string(),
            })?;
        Ok(Self { regex, text: pattern.to_owned() })
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
        match self.regex.find(text) {
            Ok(found) => Ok(found.is_some_and(|found| found.end() == text.len())),
            Err(_) => Err(PatternError::TooLong { pattern: self.text.clone() }),
        }
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
