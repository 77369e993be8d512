//! Applying the edits that diagnostics carry: what is written stays as it is, byte for byte, but for what is mended.
//!
//! ```
//! use heat_template::fix::{self, Applicability};
//! use heat_template::source::SourceMap;
//! use heat_template::{ParseOptions, Template};
//!
//! let text = "heat_template_version: 2021-04-16\nresorces: {}  # none yet\n";
//! let parsed = Template::parse(&mut SourceMap::new(), "web.yaml", text, &ParseOptions::default());
//! let file = parsed.value.as_ref().ok_or("no template")?.file();
//! let mended = fix::apply(&parsed.diagnostics, file, text, Applicability::Safe);
//! assert_eq!(mended.text, "heat_template_version: 2021-04-16\nresources: {}  # none yet\n");
//! assert_eq!((mended.applied.len(), mended.refused.len()), (1, 0));
//! # Ok::<(), &str>(())
//! ```

pub use crate::diagnostic::Applicability;

use crate::diagnostic::Diagnostic;
use crate::source::{FileId, Span};

/// A text with its fixes applied.
#[derive(Debug, Clone, PartialEq)]
pub struct Mended {
    /// The new text.
    pub text: String,
    /// Indices of the diagnostics whose fixes were applied.
    pub applied: Vec<usize>,
    /// Indices of the diagnostics whose fixes were not: their edits overlap those of one before, or reach into other
    /// files or beyond the text.
    pub refused: Vec<usize>,
}

/// Applies the fixes of the diagnostics to one text: the safe ones, or with [`Applicability::MaybeWrong`] all.
///
/// The edits of one fix are made together or not at all. Of fixes that overlap the first one is made; a second run over
/// what is found in the new text may make the others.
pub fn apply(diagnostics: &[Diagnostic], file: FileId, text: &str, least: Applicability) -> Mended {
    let mut edits: Vec<&(Span, String)> = Vec::new();
    let mut mended = Mended { text: String::new(), applied: Vec::new(), refused: Vec::new() };
    for (index, diagnostic) in diagnostics.iter().enumerate() {
        let Some(fix) = &diagnostic.fix else { continue };
        let wanted = least == Applicability::MaybeWrong || fix.applicability == Applicability::Safe;
        if !wanted || !fix.edits.iter().any(|(span, _)| span.file == file) {
            continue;
        }
        let fits = |edit: &(Span, String)| {
            let (span, _) = edit;
            span.file == file
                && text.get(span.start as usize..span.end as usize).is_some()
                && edits.iter().all(|made| *made == edit || apart(made.0, *span))
        };
        let apart_from_each_other = fix
            .edits
            .iter()
            .enumerate()
            .all(|(at, (span, _))| fix.edits[..at].iter().all(|(before, _)| apart(*before, *span)));
        if apart_from_each_other && fix.edits.iter().all(fits) {
            for edit in &fix.edits {
                if !edits.contains(&edit) {
                    edits.push(edit);
                }
            }
            mended.applied.push(index);
        } else {
            mended.refused.push(index);
        }
    }
    edits.sort_by_key(|(span, _)| span.start);
    let mut done = 0;
    for (span, replacement) in edits {
        mended.text += text.get(done..span.start as usize).unwrap_or_default();
        mended.text += replacement;
        done = span.end as usize;
    }
    mended.text += text.get(done..).unwrap_or_default();
    mended
}

/// Whether two edits can both be made. Of two insertions at one place nobody knows which comes first.
fn apart(one: Span, other: Span) -> bool {
    (one.end <= other.start || other.end <= one.start) && (one.start, one.end) != (other.start, other.end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::codes;
    use crate::source::SourceMap;

    fn diagnostic(file: FileId, applicability: Applicability, edits: &[(u32, u32, &str)]) -> Diagnostic {
        let edits =
            edits.iter().map(|(start, end, text)| (Span::new(file, *start, *end), (*text).to_owned()));
        Diagnostic::error(codes::SYNTAX, "x").fix(applicability, edits.collect())
    }

    #[test]
    fn what_overlaps_is_refused_as_a_whole() {
        use Applicability::{MaybeWrong, Safe};
        let text = "abcdefgh";
        let file = SourceMap::new().add("t", text);
        let diagnostics = [
            diagnostic(file, Safe, &[(0, 2, "AB")]),
            diagnostic(file, Safe, &[(6, 7, "G"), (1, 3, "x")]),
            diagnostic(file, MaybeWrong, &[(4, 5, "E")]),
            diagnostic(file, Safe, &[(0, 2, "AB")]),
            diagnostic(file, Safe, &[(2, 2, "-")]),
            diagnostic(file, Safe, &[(2, 2, "+")]),
            diagnostic(file, Safe, &[(7, 99, "")]),
        ];
        let safe = apply(&diagnostics, file, text, Safe);
        assert_eq!(safe.text, "AB-cdefgh");
        assert_eq!((safe.applied, safe.refused), (vec![0, 3, 4], vec![1, 5, 6]));
        assert_eq!(apply(&diagnostics, file, text, MaybeWrong).text, "AB-cdEfgh");
    }

    #[test]
    fn an_edit_in_another_file_does_not_touch_this_one() {
        let mut sources = SourceMap::new();
        let (one, other) = (sources.add("one", "abc"), sources.add("other", "abc"));
        let mut both = diagnostic(one, Applicability::Safe, &[(0, 1, "x")]);
        both.fix.as_mut().unwrap().edits.push((Span::new(other, 0, 1), "y".to_owned()));
        let foreign = diagnostic(other, Applicability::Safe, &[(0, 1, "x")]);
        let mended = apply(&[both, foreign], one, "abc", Applicability::Safe);
        assert_eq!((mended.text.as_str(), mended.applied, mended.refused), ("abc", vec![], vec![0]));
    }
}
