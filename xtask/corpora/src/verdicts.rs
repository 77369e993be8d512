//! Whether a template or an environment is fine, to us and to Heat.

use crate::Failure;
use crate::heat_types::HeatTypes;
use heat_template::diagnostic::Diagnostic;
use heat_template::environment::Environment;
use heat_template::expression::AvailabilityZones;
use heat_template::source::SourceMap;
use heat_template::yaml::Limits;
use heat_template::{Inputs, ParseOptions, PseudoParameters, Template};
use indexmap::IndexMap;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;

/// A request, and what Heat says to it.
#[derive(Debug, Deserialize)]
pub(crate) struct Question {
    file: String,
    kind: Kind,
    /// The environment that goes with it, for people.
    #[serde(default)]
    with: Option<String>,
    text: String,
    #[serde(default)]
    environment: Option<String>,
    #[serde(default)]
    files: IndexMap<String, String>,
    #[serde(default)]
    parameters: IndexMap<String, Value>,
    /// Names that stand for several files, of which one was sent.
    #[serde(default)]
    clashes: Vec<String>,
    /// Whether other templates belong to the stack.
    #[serde(default)]
    nested: bool,
    heat: Verdict,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Template,
    Environment,
}

#[derive(Debug, Deserialize)]
struct Verdict {
    /// `None` if Heat did not come to an end.
    valid: Option<bool>,
    #[serde(default)]
    message: String,
    /// What types refuse by rules of their own, beyond their schemas.
    #[serde(default)]
    of_types: Vec<String>,
}

impl Question {
    /// Reads a line of `judge.py folder`.
    pub(crate) fn read(line: &str) -> Result<Self, Failure> {
        Ok(serde_json::from_str(line)?)
    }

    /// Our errors.
    fn judged(&self, types: &HeatTypes) -> Vec<Diagnostic> {
        let mut sources = SourceMap::new();
        let limits = Limits::default();
        let mut diagnostics = Vec::new();
        let environment = match (&self.environment, self.kind) {
            (Some(text), _) => Some(text),
            (None, Kind::Environment) => Some(&self.text),
            (None, Kind::Template) => None,
        };
        let environment = environment.map(|text| {
            let read = Environment::parse(&mut sources, "environment", text, &limits);
            diagnostics.extend(read.diagnostics);
            read.value.unwrap_or_default()
        });
        if self.kind == Kind::Template {
            let parsed = Template::parse(&mut sources, &self.file, &self.text, &ParseOptions::default());
            diagnostics.extend(parsed.diagnostics);
            if let Some(template) = parsed.value {
                let inputs = Inputs {
                    parameters: self.parameters.clone(),
                    environment: environment.unwrap_or_default(),
                    files: self.files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect(),
                    pseudo: PseudoParameters {
                        stack_name: "corpus".to_owned(),
                        ..PseudoParameters::default()
                    },
                    require_values: true,
                    // As Heat is told here.
                    zones: AvailabilityZones::Known(vec!["nova".to_owned()]),
                    ..Inputs::default()
                };
                diagnostics.extend(template.validate(&inputs, types, types).diagnostics);
            }
        }
        diagnostics.retain(Diagnostic::is_error);
        diagnostics
    }
}

/// What is compared, and how it came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    ValidToBoth,
    InvalidToBoth,
    OnlyWeRefuse,
    OnlyHeatRefuses,
    HeatDoesNotEnd,
}

impl Outcome {
    fn name(self) -> &'static str {
        match self {
            Self::ValidToBoth => "valid to both",
            Self::InvalidToBoth => "invalid to both",
            Self::OnlyWeRefuse => "only we refuse",
            Self::OnlyHeatRefuses => "only Heat refuses",
            Self::HeatDoesNotEnd => "Heat does not come to an end",
        }
    }
}

/// How many of a folder came out how.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    counts: BTreeMap<(Kind, &'static str, Outcome), usize>,
    of_types: usize,
    /// Tell what both say, too.
    verbose: bool,
    pub(crate) differences: usize,
}

impl Figures {
    pub(crate) fn new(verbose: bool) -> Self {
        Self { verbose, ..Self::default() }
    }

    /// Judges one, counts it, and tells a difference at once.
    pub(crate) fn count(&mut self, question: &Question, types: &HeatTypes) {
        let errors = question.judged(types);
        let outcome = match (question.heat.valid, errors.is_empty()) {
            (None, _) => Outcome::HeatDoesNotEnd,
            (Some(true), true) => Outcome::ValidToBoth,
            (Some(false), true) => Outcome::OnlyHeatRefuses,
            (Some(false), false) => Outcome::InvalidToBoth,
            (Some(true), false) => Outcome::OnlyWeRefuse,
        };
        let shape = match (&question.with, question.nested) {
            (None, false) => "alone",
            (None, true) => "alone, with nested templates",
            (Some(_), false) => "with an environment",
            (Some(_), true) => "with an environment, with nested templates",
        };
        *self.counts.entry((question.kind, shape, outcome)).or_default() += 1;
        self.of_types += usize::from(!question.heat.of_types.is_empty());
        let ours =
            errors.iter().map(|error| format!("{} {error}", error.code)).collect::<Vec<_>>().join(" & ");
        let differs =
            matches!(outcome, Outcome::OnlyWeRefuse | Outcome::OnlyHeatRefuses | Outcome::HeatDoesNotEnd);
        self.differences += usize::from(differs);
        if differs || self.verbose {
            let with = question.with.as_ref().map(|name| format!(" with {name}")).unwrap_or_default();
            let clashes = if question.clashes.is_empty() { "" } else { " (names of files clash)" };
            let line = format!(
                "{}: {}{with}{clashes} [{shape}]\n    Heat: {}\n    we:   {ours}",
                outcome.name(),
                question.file,
                question.heat.message.replace('\n', " | "),
            );
            println!("{line}");
        }
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for ((kind, shape, outcome), count) in &self.counts {
            let kind = match kind {
                Kind::Template => "templates",
                Kind::Environment => "environments",
            };
            writeln!(f, "    {count:>5} {kind} {shape}: {}", outcome.name())?;
        }
        writeln!(
            f,
            "    {:>5} of them a type refuses by rules of its own, which do not count here",
            self.of_types
        )
    }
}
