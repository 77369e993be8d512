//! Diagnostics as texts and data for people and programs.
//!
//! - [`lines`]: one line each, for editors and logs;
//! - [`json`]: stable data with places, for programs;
//! - [`sarif`]: SARIF 2.1.0, for code hosts and editors ([`sarif_failure`] where nothing could be checked);
//! - [`heat`]: the single text that Heat's API returns;
//! - `terminal`: with the lines of the template, as rustc prints them (feature `render`).
//!
//! ```
//! use heat_template::source::SourceMap;
//! use heat_template::{render, yaml};
//!
//! let mut sources = SourceMap::new();
//! let text = "a: [1, 2\n";
//! let file = sources.add("web.yaml", text);
//! let read = yaml::read(file, text, yaml::TextKind::Template, &yaml::Limits::default());
//! let line = render::lines(&read.diagnostics, &sources);
//! assert!(line.starts_with("web.yaml:2:1: error[HT0001]: expected `,` or `]`"), "{line}");
//! ```

mod json;
mod sarif;
#[cfg(feature = "render")]
mod terminal;

pub use json::{JsonDiagnostic, JsonEdit, JsonFix, JsonLabel, JsonPlace, JsonPosition, json};
pub use sarif::{sarif, sarif_failure};
#[cfg(feature = "render")]
pub use terminal::{Terminal, terminal};

use crate::diagnostic::{Diagnostic, Severity};
use crate::source::SourceMap;

/// `error` or `warning`.
fn severity_word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

/// `name:line:column` of a diagnostic; `None` where it has no place.
fn location(diagnostic: &Diagnostic, sources: &SourceMap) -> Option<String> {
    let (name, position) = sources.locate(diagnostic.primary.as_ref()?.span)?;
    Some(format!("{name}:{}:{}", position.line, position.column))
}

/// A text on one line.
fn flat(text: &str) -> String {
    text.split(['\n', '\r']).map(str::trim).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

/// `file:line:column: error[HT0001]: message`, the form that editors understand.
pub fn line(diagnostic: &Diagnostic, sources: &SourceMap) -> String {
    let Diagnostic { code, severity, .. } = diagnostic;
    let text = format!("{}[{code}]: {}", severity_word(*severity), flat(&diagnostic.message));
    match (location(diagnostic, sources), diagnostic.path.as_str()) {
        (Some(location), _) => format!("{location}: {text}"),
        (None, "") => text,
        (None, path) => format!("{path}: {text}"),
    }
}

/// All of them by [`line()`], each ended by a line feed.
pub fn lines(diagnostics: &[Diagnostic], sources: &SourceMap) -> String {
    diagnostics.iter().map(|diagnostic| line(diagnostic, sources) + "\n").collect()
}

/// The single text of an API error: every error with Heat's path and its place, a line each, without warnings.
pub fn heat(diagnostics: &[Diagnostic], sources: &SourceMap) -> String {
    let errors = diagnostics.iter().filter(|diagnostic| diagnostic.is_error());
    let texts: Vec<String> = errors
        .map(|error| match location(error, sources) {
            Some(location) => format!("{} ({location})", flat(&error.to_string())),
            None => flat(&error.to_string()),
        })
        .collect();
    texts.join("\n")
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::diagnostic::{Applicability, codes};
    use crate::source::Span;

    /// Two files, an error with labels, help and a fix, and a warning without a place.
    pub(crate) fn example() -> (Vec<Diagnostic>, SourceMap) {
        let mut sources = SourceMap::new();
        let text = "resources:\n  größe: {type: OS::Nova::Sever}\n";
        let template = sources.add("web.yaml", text);
        let environment = sources.add("env.yaml", "resource_registry:\n  OS::Nova::*: Acme::*\n");
        let start = text.find("OS::").unwrap() as u32;
        let written = Span::new(template, start, start + 15);
        let error = Diagnostic::error(codes::RESOURCE_TYPE_UNKNOWN, "no resource type `OS::Nova::Sever`")
            .at(written, "not known")
            .label(Span::new(environment, 21, 32), "this mapping does not help")
            .help("did you mean `OS::Nova::Server`?")
            .fix(Applicability::MaybeWrong, vec![(written, "OS::Nova::Server".to_owned())])
            .path("resources.größe");
        let warning = Diagnostic::warning(codes::PARAMETER_UNUSED, "the parameter `flavor`\n  is never used")
            .path("parameters.flavor");
        (vec![error, warning], sources)
    }

    #[test]
    fn one_line_each() {
        let (diagnostics, sources) = example();
        insta::assert_snapshot!(lines(&diagnostics, &sources), @r"
        web.yaml:2:17: error[HT0404]: no resource type `OS::Nova::Sever`
        parameters.flavor: warning[HT0211]: the parameter `flavor` is never used
        ");
    }

    #[test]
    fn one_text_for_heat() {
        let (diagnostics, sources) = example();
        insta::assert_snapshot!(heat(&diagnostics, &sources), @r"resources.größe: no resource type `OS::Nova::Sever` (web.yaml:2:17)");
    }
}
