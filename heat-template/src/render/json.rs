//! Diagnostics as data for programs.

use crate::diagnostic::{Applicability, Code, Diagnostic, Label, Severity};
use crate::source::{SourceMap, Span};
use serde::Serialize;

/// One diagnostic with places that need no [`SourceMap`]. Fields are added over time, never taken away.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct JsonDiagnostic {
    /// Stable code, `HT0001`.
    pub code: Code,
    /// `error` or `warning`.
    pub severity: Severity,
    /// What is wrong.
    pub message: String,
    /// Heat's dotted path; empty for the whole template.
    pub path: String,
    /// The place it is about; `null` where there is none.
    pub primary: Option<JsonLabel>,
    /// Other places.
    pub labels: Vec<JsonLabel>,
    /// Ways out.
    pub help: Vec<String>,
    /// Edits that would mend it; `null` where none is certain enough.
    pub fix: Option<JsonFix>,
}

/// A place with a word about it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct JsonLabel {
    /// Where.
    #[serde(flatten)]
    pub place: JsonPlace,
    /// What is there; may be empty.
    pub text: String,
}

/// A range of a file.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct JsonPlace {
    /// Name of the file as the user knows it.
    pub file: String,
    /// The first character.
    pub start: JsonPosition,
    /// Behind the last character.
    pub end: JsonPosition,
}

/// A position in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct JsonPosition {
    /// Line, from one.
    pub line: u32,
    /// Column in characters, from one.
    pub column: u32,
    /// Offset in bytes, from zero.
    pub offset: u32,
}

/// Edits that belong together.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct JsonFix {
    /// `safe` or `maybe-wrong`.
    pub applicability: Applicability,
    /// The edits, in order.
    pub edits: Vec<JsonEdit>,
}

/// A range and what to put in its place.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct JsonEdit {
    /// Where.
    #[serde(flatten)]
    pub place: JsonPlace,
    /// The new text.
    pub text: String,
}

/// Diagnostics as data. Places in files that the map does not have are left out.
pub fn json(diagnostics: &[Diagnostic], sources: &SourceMap) -> Vec<JsonDiagnostic> {
    let label =
        |label: &Label| Some(JsonLabel { place: place(label.span, sources)?, text: label.text.clone() });
    diagnostics
        .iter()
        .map(|diagnostic| JsonDiagnostic {
            code: diagnostic.code,
            severity: diagnostic.severity,
            message: diagnostic.message.clone(),
            path: diagnostic.path.clone(),
            primary: diagnostic.primary.as_ref().and_then(label),
            labels: diagnostic.labels.iter().filter_map(label).collect(),
            help: diagnostic.help.clone(),
            fix: diagnostic.fix.as_ref().and_then(|fix| {
                let edits = fix.edits.iter();
                let edits = edits
                    .map(|(span, text)| Some(JsonEdit { place: place(*span, sources)?, text: text.clone() }));
                // Half of the edits would be no fix.
                Some(JsonFix { applicability: fix.applicability, edits: edits.collect::<Option<_>>()? })
            }),
        })
        .collect()
}

pub(super) fn place(span: Span, sources: &SourceMap) -> Option<JsonPlace> {
    let file = sources.get(span.file)?;
    let position = |offset| {
        let position = file.position(offset);
        JsonPosition { line: position.line, column: position.column, offset }
    };
    Some(JsonPlace { file: file.name().to_owned(), start: position(span.start), end: position(span.end) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::tests::example;

    #[test]
    fn places_are_lines_columns_and_bytes() {
        let (diagnostics, sources) = example();
        let text = serde_json::to_string_pretty(&json(&diagnostics, &sources)).unwrap();
        insta::assert_snapshot!(text, @r#"
        [
          {
            "code": "HT0404",
            "severity": "error",
            "message": "no resource type `OS::Nova::Sever`",
            "path": "resources.größe",
            "primary": {
              "file": "web.yaml",
              "start": {
                "line": 2,
                "column": 17,
                "offset": 29
              },
              "end": {
                "line": 2,
                "column": 32,
                "offset": 44
              },
              "text": "not known"
            },
            "labels": [
              {
                "file": "env.yaml",
                "start": {
                  "line": 2,
                  "column": 3,
                  "offset": 21
                },
                "end": {
                  "line": 2,
                  "column": 14,
                  "offset": 32
                },
                "text": "this mapping does not help"
              }
            ],
            "help": [
              "did you mean `OS::Nova::Server`?"
            ],
            "fix": {
              "applicability": "maybe-wrong",
              "edits": [
                {
                  "file": "web.yaml",
                  "start": {
                    "line": 2,
                    "column": 17,
                    "offset": 29
                  },
                  "end": {
                    "line": 2,
                    "column": 32,
                    "offset": 44
                  },
                  "text": "OS::Nova::Server"
                }
              ]
            }
          },
          {
            "code": "HT0211",
            "severity": "warning",
            "message": "the parameter `flavor`\n  is never used",
            "path": "parameters.flavor",
            "primary": null,
            "labels": [],
            "help": [],
            "fix": null
          }
        ]
        "#);
    }

    #[test]
    fn a_place_in_an_unknown_file_is_left_out() {
        let (diagnostics, _) = example();
        let data = json(&diagnostics, &SourceMap::new());
        assert!(data.iter().all(|d| d.primary.is_none() && d.labels.is_empty() && d.fix.is_none()));
    }
}
