//! From "did you mean" to an edit: a name that is not known, the one that was meant, and how the text writes it.
//!
//! Where a problem is found, the text is not at hand, only the name as it was read. So a diagnostic keeps the guess, and
//! [`spell`] makes the edit where the text is known again: in quotes where the name was in quotes, and only if what
//! stands at the place really is the name.

use super::suggest::{self, Effort};
use super::{Applicability, Diagnostic, Fix};
use crate::source::{FileId, Span};
use crate::yaml;

/// A name that is not known, and the one that was probably meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guess {
    /// What was written.
    pub written: String,
    /// What was meant.
    pub meant: String,
    /// It can hardly be anything else.
    pub certain: bool,
}

impl Guess {
    /// A key or a word of the language that is near to what was written.
    pub fn word<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<Self> {
        Self::word_within(written, known, None)
    }

    /// The same as one of many: nothing where the effort for all of them is spent.
    pub(crate) fn word_within<'a>(
        written: &str,
        known: impl IntoIterator<Item = &'a str>,
        effort: Option<&Effort>,
    ) -> Option<Self> {
        let suggest::Nearest { name, certain } = suggest::guess_within(written, known, effort)?;
        Some(Self { written: written.to_owned(), meant: name.to_owned(), certain })
    }

    /// A name that the author of the template made up: another one may be missing as well, so that it is never certain.
    pub fn name<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<Self> {
        Self::name_within(written, known, None)
    }

    /// The same as one of many: nothing where the effort for all of them is spent.
    pub(crate) fn name_within<'a>(
        written: &str,
        known: impl IntoIterator<Item = &'a str>,
        effort: Option<&Effort>,
    ) -> Option<Self> {
        Some(Self { certain: false, ..Self::word_within(written, known, effort)? })
    }

    /// `did you mean "…"?`
    pub fn question(&self) -> String {
        format!("did you mean \"{}\"?", self.meant)
    }
}

/// Makes fixes of the guesses about names in this text.
pub(crate) fn spell(diagnostics: &mut [Diagnostic], file: FileId, text: &str) {
    for diagnostic in diagnostics {
        let Some(span) = diagnostic.primary.as_ref().map(|label| label.span).filter(|span| span.file == file)
        else {
            continue;
        };
        let Some(guess) = diagnostic.guess.take() else { continue };
        let Some(edit) = edit(&guess, span, text) else { continue };
        // A warning is about a text that works, so that no edit of it is certain.
        let applicability = if guess.certain && diagnostic.is_error() {
            Applicability::Safe
        } else {
            Applicability::MaybeWrong
        };
        diagnostic.fix = Some(Fix { applicability, edits: vec![edit] });
    }
}

/// The name in its place, written as it was; `None` where it does not stand there exactly once.
fn edit(guess: &Guess, span: Span, text: &str) -> Option<(Span, String)> {
    let at_place = text.get(span.start as usize..span.end as usize)?;
    let (offset, length, meant) = [
        (format!("\"{}\"", guess.written), format!("\"{}\"", guess.meant)),
        (format!("'{}'", guess.written), format!("'{}'", guess.meant)),
        (guess.written.clone(), yaml::word(&guess.meant)),
    ]
    .into_iter()
    .filter(|(_, meant)| !meant.contains('\\') && !guess.meant.contains(['"', '\'']))
    .find_map(|(written, meant)| Some((only(at_place, &written)?, written.len(), meant)))?;
    let start = span.start + offset as u32;
    Some((Span::new(span.file, start, start + length as u32), meant))
}

/// Where a word stands, if it stands there once, not as a part of another word and not in quotes of another kind.
fn only(text: &str, word: &str) -> Option<usize> {
    let mut found = text.match_indices(word).map(|(at, _)| at).filter(|at| {
        let apart = |c: char| {
            !c.is_alphanumeric() && !matches!(c, '_' | '-' | ':' | '.' | '/' | '"' | '\'' | '&' | '*' | '!')
        };
        let before = text[..*at].chars().next_back();
        let behind = text[at + word.len()..].chars().next();
        before.is_none_or(apart) && behind.is_none_or(|c| apart(c) || c == ':')
    });
    let first = found.next()?;
    found.next().is_none().then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::codes;
    use crate::source::SourceMap;

    fn mended(text: &str, place: &str, certain: bool) -> Option<(String, Applicability)> {
        let file = SourceMap::new().add("t.yaml", text);
        let start = text.find(place).unwrap() as u32;
        let guess = Guess { written: "nmae".into(), meant: "name".into(), certain };
        let diagnostic = Diagnostic::error(codes::PROPERTY_UNKNOWN, "no such property")
            .at(Span::new(file, start, start + place.len() as u32), "")
            .meant(Some(guess));
        assert_eq!(diagnostic.help, ["did you mean \"name\"?"]);
        let mut diagnostics = [diagnostic];
        spell(&mut diagnostics, file, text);
        let fix = diagnostics[0].fix.clone()?;
        let (span, meant) = &fix.edits[0];
        let mut text = text.to_owned();
        text.replace_range(span.start as usize..span.end as usize, meant);
        Some((text, fix.applicability))
    }

    #[test]
    fn a_name_keeps_its_quotes() {
        use Applicability::{MaybeWrong, Safe};
        for (text, place, expected) in [
            ("nmae: x", "nmae", "name: x"),
            ("{\"nmae\": 1}", "\"nmae\"", "{\"name\": 1}"),
            ("'nmae': x", "'nmae'", "'name': x"),
            ("&a nmae: x", "&a nmae", "&a name: x"),
            ("v: {get_param: nmae}", "{get_param: nmae}", "v: {get_param: name}"),
            ("v: [get_nmae, nmae]", "[get_nmae, nmae]", "v: [get_nmae, name]"),
        ] {
            assert_eq!(mended(text, place, true), Some((expected.to_owned(), Safe)), "{text}");
            assert_eq!(mended(text, place, false), Some((expected.to_owned(), MaybeWrong)), "{text}");
        }
    }

    #[test]
    fn what_is_not_there_or_there_twice_is_left() {
        for (text, place) in
            [("v: [nmae, nmae]", "[nmae, nmae]"), ("v: *nmae", "*nmae"), ("v: \"n\\x6dae\"", "\"n\\x6dae\"")]
        {
            assert_eq!(mended(text, place, true), None, "{text}");
        }
    }
}
