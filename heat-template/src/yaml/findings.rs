//! What is wrong or strange about a text beyond its grammar, as diagnostics with places and ways out.

use super::YAML_TAG;
use super::construct::{Failure, Remark, Special, shown};
use super::node::{Node, NodeKind};
use super::resolve::{Plain, plain};
use crate::diagnostic::{Applicability, Diagnostic, codes, suggest};
use crate::source::Span;

/// So many are told; a text with more is hostile or not a template at all, and nobody reads them.
pub(crate) const MOST: usize = 1_000;

/// For so many undefined aliases a similar anchor is looked for.
const SUGGESTIONS: usize = 20;

/// The findings of one text.
pub(super) struct Findings<'t> {
    text: &'t str,
    diagnostics: Vec<Diagnostic>,
    refused: bool,
    left_out: usize,
    suggestions: usize,
}

impl<'t> Findings<'t> {
    /// None yet.
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, diagnostics: Vec::new(), refused: false, left_out: 0, suggestions: 0 }
    }

    /// All of them.
    pub(super) fn finish(mut self) -> Vec<Diagnostic> {
        if self.left_out > 0 {
            let message = match self.left_out {
                1 => "1 more problem is left out".to_owned(),
                more => format!("{more} more problems are left out"),
            };
            self.diagnostics.push(Diagnostic::warning(codes::PROBLEMS_LEFT_OUT, message));
        }
        self.diagnostics
    }

    /// Adds one. An error that refuses the text is never left out.
    pub(super) fn push(&mut self, diagnostic: Diagnostic) {
        if self.diagnostics.len() >= MOST && (self.refused || !diagnostic.is_error()) {
            self.left_out += 1;
            return;
        }
        self.refused |= diagnostic.is_error();
        self.diagnostics.push(diagnostic);
    }

    /// What a span covers.
    fn written(&self, span: Span) -> &'t str {
        self.text.get(span.start as usize..span.end as usize).unwrap_or_default()
    }

    /// The first line of a span, for labels.
    fn head(&self, span: Span) -> Span {
        let covered = self.written(span);
        let length = covered.find(['\n', '\r']).unwrap_or(covered.len()) as u32;
        Span { end: span.start + length, ..span }
    }

    /// Another document begins.
    pub(super) fn second_document(&mut self, span: Span, first: Option<Span>) {
        let message = "a single document is expected, but another one follows";
        let diagnostic =
            Diagnostic::error(codes::SECOND_DOCUMENT, message).at(span, "the second document begins here");
        self.push(match first {
            Some(first) => diagnostic.label(Span { end: first.start, ..first }, "the first one begins here"),
            None => diagnostic,
        });
    }

    /// An anchor that exists.
    pub(super) fn duplicate_anchor(&mut self, name: &str, span: Span, first: Span) {
        self.push(
            Diagnostic::error(codes::DUPLICATE_ANCHOR, format!("the anchor `{name}` is defined twice"))
                .at(self.head(span), "defined again")
                .label(self.head(first), "first defined here")
                .help("give the second one another name"),
        );
    }

    /// An alias inside its own value.
    pub(super) fn recursive_alias(&mut self, name: &str, span: Span, anchored: Span) {
        let message = format!("`*{name}` stands inside the value that it stands for");
        self.push(
            Diagnostic::error(codes::RECURSIVE_ALIAS, message)
                .at(span, "here it would contain itself")
                .label(self.head(anchored), "the anchored value begins here"),
        );
    }

    /// An alias without an anchor.
    pub(super) fn undefined_alias<'a>(
        &mut self,
        name: &str,
        span: Span,
        anchors: impl Iterator<Item = &'a str>,
    ) {
        let message = format!("no anchor `&{name}` comes before the alias `*{name}`");
        let diagnostic = Diagnostic::error(codes::UNDEFINED_ALIAS, message).at(span, "not defined");
        let mut known: Vec<&str> = Vec::new();
        if self.suggestions < SUGGESTIONS {
            self.suggestions += 1;
            known.extend(anchors);
            known.sort_unstable();
        }
        self.push(match suggest::nearest(name, known) {
            Some(known) => diagnostic
                .help(format!("did you mean `*{known}`?"))
                .fix(Applicability::MaybeWrong, vec![(span, format!("*{known}"))]),
            None => diagnostic.help("quote the text if `*` is part of it"),
        });
    }

    /// A tag that is not known, or a value that does not fit its tag.
    pub(super) fn refuse(&mut self, failure: Failure, tag: Option<&str>, span: Span) {
        let name = tag.map_or("!".to_owned(), short_tag);
        let place = self.head(span);
        self.push(match failure {
            Failure::UnknownTag => {
                let message = format!("the tag `{name}` is not known");
                let diagnostic =
                    Diagnostic::error(codes::UNKNOWN_TAG, message).at(place, "this value has it");
                diagnostic.help(match function(&name) {
                    Some(function) => format!("write the function as a map: `{{ {function}: … }}`"),
                    None => "quote the text if `!` is part of it".to_owned(),
                })
            }
            Failure::Mismatch(reason) => {
                let message = match tag {
                    Some(_) => format!("the value does not fit its tag `{name}`: {reason}"),
                    None => reason,
                };
                Diagnostic::error(codes::TAG_MISMATCH, message).at(place, "")
            }
        });
    }

    /// A scalar that is perhaps not what it looks like.
    pub(super) fn remark(&mut self, remark: Remark, text: &str, kind: &NodeKind, span: Span) {
        let quoted = format!("\"{text}\"");
        self.push(match (remark, kind) {
            (Remark::SurprisingNumber, NodeKind::Number(number)) => {
                let message = format!("`{text}` is the number {number} in YAML 1.1");
                Diagnostic::warning(codes::SURPRISING_NUMBER, message)
                    .at(span, if text.contains(':') { "read in base sixty" } else { "read as octal" })
                    .help(format!("quote it if the text is meant: {quoted}"))
            }
            (Remark::TextNotNumber, _) => {
                let message = format!("`{text}` is a text in YAML 1.1, not a number");
                let diagnostic = Diagnostic::warning(codes::TEXT_NOT_NUMBER, message)
                    .at(span, "read as text")
                    .help(format!("quote it to make that plain: {quoted}"));
                // An anchor before it belongs to the span as well.
                if self.written(span) == text {
                    diagnostic.fix(Applicability::Safe, vec![(span, quoted)])
                } else {
                    diagnostic
                }
            }
            _ => not_finite(text, span),
        });
    }

    /// A list, a map or bytes in the place of a key.
    pub(super) fn unusable_key(&mut self, key: &Node, special: Special) {
        let what = match special {
            Special::Bytes => "bytes",
            Special::Date => "a date",
            _ => key.kind_name(),
        };
        let diagnostic = Diagnostic::error(codes::KEY_NOT_SCALAR, format!("{what} cannot be a key"))
            .at(self.head(key.span), "used as a key here");
        let braces = self.written(key.span).starts_with('{');
        self.push(if braces {
            diagnostic.help("quote the text if the braces belong to it")
        } else {
            diagnostic
        });
    }

    /// A key that is no text, if its text is not what is written.
    pub(super) fn key_becomes(&mut self, key: &Node, text: &str) {
        let written = self.written(key.span);
        if matches!(key.kind, NodeKind::String(_)) || written == text {
            return;
        }
        let name = if written.is_empty() { "nothing".to_owned() } else { format!("`{}`", shown(written)) };
        let diagnostic =
            Diagnostic::warning(codes::KEY_BECOMES_TEXT, format!("the key {name} becomes `{text}`"))
                .at(key.span, format!("read as {}", key.kind_name()));
        let quoted = format!("\"{written}\"");
        // Only a plain scalar can be kept by quotes.
        self.push(if written.is_empty() || plain(written) == Plain::Text {
            diagnostic
        } else {
            diagnostic
                .help(format!("quote it to keep it: {quoted}"))
                .fix(Applicability::MaybeWrong, vec![(key.span, quoted)])
        });
    }

    /// A merge of something else than maps.
    pub(super) fn bad_merge(&mut self, value: &Node, key: Span) {
        let message = format!("`<<` merges a map or a list of maps, not {}", value.kind_name());
        self.push(
            Diagnostic::error(codes::BAD_MERGE, message)
                .at(self.head(value.span), value.kind_name())
                .label(key, "merged by this key"),
        );
    }

    /// `<<` and `=` have a meaning only as keys.
    pub(super) fn special_value(&mut self, special: Special, span: Span) {
        let (code, text) = match special {
            Special::No | Special::Bytes | Special::Date | Special::Pair => return,
            Special::Merge => (codes::BAD_MERGE, "<<"),
            Special::Value => (codes::VALUE_KEY, "="),
        };
        let quoted = format!("\"{text}\"");
        self.push(
            Diagnostic::error(code, format!("a bare `{text}` is not a value"))
                .at(span, "")
                .help(format!("quote it if the text is meant: {quoted}"))
                .fix(Applicability::MaybeWrong, vec![(span, quoted)]),
        );
    }

    /// A key that was given before.
    pub(super) fn duplicate_key(&mut self, key: &str, first: Span, later: Span) {
        let message = format!("the key `{}` is given twice", shown(key));
        self.push(
            Diagnostic::warning(codes::DUPLICATE_KEY, message)
                .at(later, "this value stands")
                .label(first, "this one is ignored"),
        );
    }
}

/// Infinity or NaN.
pub(super) fn not_finite(text: &str, span: Span) -> Diagnostic {
    let message = format!("`{}` has no form as a JSON number", shown(text));
    Diagnostic::warning(codes::NUMBER_NOT_FINITE, message).at(span, "kept as text")
}

/// `!!str` for `tag:yaml.org,2002:str`.
fn short_tag(tag: &str) -> String {
    match tag.strip_prefix(YAML_TAG) {
        Some(name) => format!("!!{}", shown(name)),
        None => shown(tag),
    }
}

/// The function that the short form of other tools stands for.
fn function(tag: &str) -> Option<String> {
    let name = tag.strip_prefix('!')?;
    match name {
        "Ref" => Some(name.to_owned()),
        "GetAtt" | "Join" | "Select" | "Split" | "Base64" | "FindInMap" | "GetAZs" | "If" | "Equals"
        | "Not" | "And" | "Or" => Some(format!("Fn::{name}")),
        _ if name.starts_with("get_") || name.starts_with("str_") || name.starts_with("list_") => {
            Some(name.to_owned())
        }
        _ => None,
    }
}
