//! Takes secret texts out of what is told, however it is written there.
//!
//! ```
//! use heat_template::redaction::Redaction;
//!
//! let mut redaction = Redaction::default();
//! redaction.add("it's \"open\"");
//! assert_eq!(redaction.mask("the password 'it\\'s \"open\"' is refused"), "the password '******' is refused");
//! assert_eq!(redaction.mask("nothing to hide"), "nothing to hide");
//! ```

use crate::python;
use serde_json::Value;
use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};

/// What stands for a secret.
const MASK: &str = "******";

/// Texts are found by so many bytes at their beginning.
const BEGINNING: usize = 3;

/// A text of fewer characters is found in too much else.
const SHORTEST: usize = 4;

/// What messages that are too long end with.
const CUT: char = '…';

/// A secret of which a message that was cut shows so many bytes is taken out as well.
const CUT_BYTES: usize = 6;

/// Secret texts, in all the forms in which a message may tell them.
#[derive(Clone, Default)]
pub struct Redaction {
    /// By their first bytes, the longest first: a longer one may hold a shorter one.
    forms: HashMap<[u8; BEGINNING], BTreeSet<(Reverse<usize>, String)>>,
}

/// Nobody has to know them.
impl std::fmt::Debug for Redaction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Redaction").finish_non_exhaustive()
    }
}

impl Redaction {
    /// Adds a secret, as it is and as Python, JSON and Rust write it between quotes. One of less than four characters would be
    /// found in every word, and is not looked for.
    pub fn add(&mut self, text: &str) {
        if text.chars().count() < SHORTEST || self.has(text) {
            return;
        }
        for form in written(text) {
            self.insert(form);
        }
    }

    /// As [`add`](Self::add); a short one is looked for where it stands alone, between quotes or blanks.
    pub fn add_also_short(&mut self, text: &str) {
        if text.chars().count() >= SHORTEST {
            return self.add(text);
        }
        for form in written(text) {
            for alone in [format!("'{form}'"), format!("\"{form}\""), format!(" {form} ")] {
                self.insert(alone);
            }
        }
    }

    fn has(&self, text: &str) -> bool {
        let known = text.as_bytes().first_chunk().and_then(|beginning| self.forms.get(beginning));
        known.is_some_and(|known| known.contains(&(Reverse(text.len()), text.to_owned())))
    }

    fn insert(&mut self, form: String) {
        if let Some(beginning) = form.as_bytes().first_chunk() {
            self.forms.entry(*beginning).or_default().insert((Reverse(form.len()), form));
        }
    }

    /// The text with `******` in the place of each secret, and of what is left of one where the text was cut. Secrets that
    /// overlap are masked together. Each place is looked at once.
    pub fn mask<'t>(&self, text: &'t str) -> Cow<'t, str> {
        if self.forms.is_empty() {
            return Cow::Borrowed(text);
        }
        let mut masked = String::new();
        let (mut from, mut until) = (0, 0);
        for (at, _) in text.char_indices() {
            let Some(length) = self.at_beginning(&text[at..]) else { continue };
            if at >= until {
                if until > from {
                    masked.push_str(MASK);
                }
                masked.push_str(&text[until..at]);
                from = at;
            }
            until = until.max(at + length);
        }
        if until == 0 {
            return Cow::Borrowed(text);
        }
        masked.push_str(MASK);
        masked.push_str(&text[until..]);
        Cow::Owned(masked)
    }

    /// How many bytes at the beginning are a secret, or what was left of one.
    fn at_beginning(&self, text: &str) -> Option<usize> {
        let forms = self.forms.get(text.as_bytes().first_chunk::<BEGINNING>()?)?;
        forms.iter().find_map(|(_, form)| {
            let same = text.bytes().zip(form.bytes()).take_while(|(one, other)| one == other).count();
            let cut = || same >= CUT_BYTES && text.get(same..).is_some_and(|rest| rest.starts_with(CUT));
            (same == form.len() || cut()).then_some(same)
        })
    }
}

/// The ways in which messages write a text: as it is, and between the quotes of Python, of JSON and of Rust.
fn written(text: &str) -> BTreeSet<String> {
    let between_quotes = |quoted: String| {
        let mut inside = quoted.chars();
        inside.next();
        inside.next_back();
        inside.as_str().to_owned()
    };
    let value = Value::from(text);
    let forms = [
        text.to_owned(),
        between_quotes(python::repr(&value)),
        between_quotes(python::dumps(&value, false)),
        between_quotes(value.to_string()),
        between_quotes(format!("{text:?}")),
    ];
    forms.into_iter().filter(|form| !form.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(secret: &str, text: &str) -> String {
        let mut redaction = Redaction::default();
        redaction.add_also_short(secret);
        redaction.mask(text).into_owned()
    }

    #[test]
    fn a_secret_is_found_in_whatever_writing() {
        for secret in
            ["gehe\"im'nis", "gehe\\im'nis", "zwei\nZeilen", "schlüssel\u{7}", "plain-secret", "tab\there"]
        {
            let value = Value::from(secret);
            for told in [
                secret.to_owned(),
                python::repr(&value),
                python::dumps(&value, false),
                python::repr(&Value::from(vec![secret])),
                format!("{secret:?}"),
            ] {
                let clean = masked(secret, &format!("it is {told} and no number"));
                assert!(clean.contains(MASK) && clean.starts_with("it is "), "{clean}");
                assert!(clean.ends_with("and no number"), "{clean}");
                for part in ["gehe", "zwei", "schl", "plain", "there"] {
                    assert!(!clean.contains(part), "{clean}");
                }
            }
        }
    }

    #[test]
    fn what_is_left_of_one_that_was_cut_is_taken_out() {
        let secret = "s3cr3t ".repeat(100);
        let shown: String = secret.chars().take(150).collect();
        assert_eq!(masked(&secret, &format!("['{shown}… is no number")), "['******… is no number");
        // Something else that begins alike.
        assert_eq!(masked("OS::Heat::Value-key", "the type OS::Heat::Value"), "the type OS::Heat::Value");
    }

    #[test]
    fn a_short_one_is_taken_out_where_it_stands_alone() {
        assert_eq!(masked("it", "it is 'it' and \"it\" or it x"), "it is ****** and ****** or******x");
        assert_eq!(masked("7", "'7' of 17"), "****** of 17");
    }

    #[test]
    fn the_longest_goes_first_and_those_that_overlap_go_together() {
        let mut redaction = Redaction::default();
        ["secret", "secret-of-all", "hunter2", "ter2pass"].iter().for_each(|text| redaction.add(text));
        redaction.add("abc");
        for (text, masked) in [
            ("a secret-of-all, a secret", "a ******, a ******"),
            ("hunter2pass", "******"),
            ("hunter2hunter2", "************"),
            ("abc is too short", "abc is too short"),
            ("", ""),
        ] {
            assert_eq!(redaction.mask(text), masked);
        }
    }
}
