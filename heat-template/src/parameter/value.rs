//! The values that parameters come to.

use super::{ParameterSchema, ParameterType, PseudoParameters};
use crate::diagnostic::{Code, Diagnostic, Effort, Guess, codes};
use crate::dialect::Dialect;
use crate::evaluated::{Evaluated, Unknown};
use crate::expression::join_key;
use crate::python::{self, PatternEffort};
use crate::redaction::Redaction;
use crate::schema::check::boolean_word;
use crate::schema::{Checks, CustomConstraints};
use crate::source::Span;
use indexmap::IndexMap;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fmt;

/// A value from outside, with its place if it stood in a file.
#[derive(Clone, PartialEq)]
pub struct GivenValue {
    /// The value.
    pub value: Value,
    /// Where it stood.
    pub span: Option<Span>,
}

/// A parameter with its value.
#[derive(Clone, PartialEq)]
pub struct ParameterValue {
    value: Evaluated,
    parameter_type: ParameterType,
    hidden: bool,
    pseudo: bool,
}

/// All parameters with their values, the pseudo parameters among them. Values are not part of its `Debug` output.
#[derive(Clone, Default, PartialEq)]
pub struct ParameterValues {
    values: IndexMap<String, ParameterValue>,
}

impl fmt::Debug for GivenValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Nobody knows here whether the parameter is a hidden one.
        f.debug_struct("GivenValue").field("span", &self.span).finish_non_exhaustive()
    }
}

impl fmt::Debug for ParameterValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.as_text())
    }
}

impl fmt::Debug for ParameterValues {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(&self.values).finish()
    }
}

impl ParameterValue {
    /// What `get_param` gives. It is unknown only where the parameter is wrong, which has been told.
    pub fn value(&self) -> &Evaluated {
        &self.value
    }

    /// Whether it must never be shown.
    pub fn is_hidden(&self) -> bool {
        self.hidden
    }

    /// Whether every template has it.
    pub fn is_pseudo(&self) -> bool {
        self.pseudo
    }

    /// The type.
    pub fn parameter_type(&self) -> ParameterType {
        self.parameter_type
    }

    /// The value as Heat lists it: a text, `******` for a hidden one.
    pub fn as_text(&self) -> String {
        if self.hidden {
            return "******".to_owned();
        }
        let value = self.value.to_value_lossy();
        match (self.parameter_type, &value) {
            (ParameterType::CommaDelimitedList, Value::Array(items)) => {
                items.iter().map(python::str_of).collect::<Vec<_>>().join(",")
            }
            (ParameterType::Json, value) => python::dumps(value, false),
            (_, value) => python::str_of(value),
        }
    }
}

impl ParameterValues {
    /// The parameter with this name.
    pub fn get(&self, name: &str) -> Option<&ParameterValue> {
        self.values.get(name)
    }

    /// Adds a parameter whose declaration is wrong, which has been told: it is there, and nothing is known of it.
    pub(crate) fn add_broken(&mut self, name: &str) {
        self.values.entry(name.to_owned()).or_insert_with(|| ParameterValue {
            value: Evaluated::Unknown(Unknown::default()),
            parameter_type: ParameterType::String,
            hidden: false,
            pseudo: false,
        });
    }

    /// All parameters, pseudo parameters first.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &ParameterValue)> {
        self.values.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// The parameters of the template as Heat lists them: texts, hidden ones masked.
    pub fn listed(&self) -> IndexMap<String, String> {
        self.iter().map(|(name, value)| (name.to_owned(), value.as_text())).collect()
    }

    /// The texts in values of hidden parameters, for taking them out of messages.
    pub(crate) fn secrets(&self) -> Redaction {
        fn gather(value: &Value, into: &mut Redaction) {
            match value {
                Value::Null | Value::Bool(_) => {}
                Value::Number(number) => into.add_also_short(number.as_str()),
                Value::String(text) => into.add_also_short(text),
                Value::Array(items) => items.iter().for_each(|item| gather(item, into)),
                Value::Object(entries) => entries.values().for_each(|entry| gather(entry, into)),
            }
        }
        let mut secrets = Redaction::default();
        for value in self.values.values().filter(|value| value.hidden) {
            gather(&value.value.to_value_lossy(), &mut secrets);
        }
        secrets
    }
}

/// Where the values of parameters come from, the nearest first.
pub(crate) struct Sources<'a> {
    /// Given in the request.
    pub request: &'a IndexMap<String, Value>,
    /// `parameters` of the environment.
    pub environment: &'a IndexMap<String, GivenValue>,
    /// `parameter_defaults` of the environment.
    pub defaults: &'a IndexMap<String, GivenValue>,
    pub pseudo: &'a PseudoParameters,
    /// A parameter without a value is an error; otherwise its value is not known.
    pub require: bool,
    /// Parameters whose values are not known yet.
    pub unknown: &'a BTreeSet<String>,
    /// Parameters that are hidden, whatever their declarations say.
    pub hidden: &'a BTreeSet<String>,
    /// What may be spent on looking for names that were meant.
    pub guessing: Option<&'a Effort>,
    /// What patterns may take.
    pub patterns: Option<&'a PatternEffort>,
}

/// Checks all values and brings them into their types.
pub(crate) fn resolve(
    dialect: &Dialect,
    schemas: &[ParameterSchema],
    declared: &dyn Fn(&str) -> bool,
    sources: &Sources<'_>,
    custom: &dyn CustomConstraints,
    diagnostics: &mut Vec<Diagnostic>,
) -> ParameterValues {
    for (name, span) in sources
        .request
        .keys()
        .map(|name| (name, None))
        .chain(sources.environment.iter().map(|(name, given)| (name, given.span)))
        .filter(|(name, span)| span.is_none() || !sources.request.contains_key(*name))
    {
        if !declared(name) {
            let mut diagnostic = Diagnostic::error(
                codes::PARAMETER_UNDECLARED,
                format!("parameter {name} is not defined in the template"),
            );
            diagnostic.primary = span.map(|span| crate::diagnostic::Label { span, text: String::new() });
            let known = schemas.iter().map(|schema| schema.name.as_str());
            // The name stands in another text than the template: there is no edit.
            if let Some(guess) = Guess::name_within(name, known, sources.guessing) {
                diagnostic = diagnostic.help(guess.question());
            }
            diagnostics.push(diagnostic);
        }
    }
    let mut values = IndexMap::new();
    for (name, text) in sources.pseudo.values(dialect.family()) {
        let value = ParameterValue {
            value: Evaluated::Known(Value::String(text)),
            parameter_type: ParameterType::String,
            hidden: false,
            pseudo: true,
        };
        values.insert(name.to_owned(), value);
    }
    let section = dialect.keys().parameters;
    for schema in schemas {
        let value = value_of(schema, sources, custom).unwrap_or_else(|failure| {
            let mut diagnostic = Diagnostic::error(failure.code, failure.message)
                .at(failure.span.unwrap_or(schema.span), "")
                .path(join_key(section, &schema.name));
            if failure.span.is_some_and(|span| span != schema.span) {
                diagnostic = diagnostic.label(schema.span, "declared here");
            }
            diagnostic.help.extend(failure.help);
            diagnostics.push(diagnostic);
            Evaluated::Unknown(Unknown::default())
        });
        let value = ParameterValue {
            value,
            parameter_type: schema.parameter_type,
            hidden: schema.hidden || sources.hidden.contains(&schema.name),
            pseudo: false,
        };
        values.insert(schema.name.clone(), value);
    }
    ParameterValues { values }
}

struct Failure {
    code: Code,
    message: String,
    span: Option<Span>,
    help: Option<String>,
}

fn value_of(
    schema: &ParameterSchema,
    sources: &Sources<'_>,
    custom: &dyn CustomConstraints,
) -> Result<Evaluated, Failure> {
    let name = &schema.name;
    if sources.unknown.contains(name) {
        return Ok(Evaluated::Unknown(Unknown::default()));
    }
    let secret = schema.hidden || sources.hidden.contains(name);
    // Null counts as not given, in each place.
    let request = sources.request.get(name).map(|value| (value, None));
    let from = |values: &'_ IndexMap<String, GivenValue>| -> Option<(Value, Option<Span>)> {
        values.get(name).map(|given| (given.value.clone(), given.span))
    };
    let user = match request {
        Some((value, span)) => Some((value.clone(), span)),
        None => from(sources.environment),
    };
    let given = user
        .filter(|(value, _)| !value.is_null())
        .or_else(|| from(sources.defaults).filter(|(value, _)| !value.is_null()))
        .or_else(|| schema.default.clone().map(|value| (value, schema.default_span)));
    let Some((given, span)) = given else {
        if !sources.require {
            return Ok(Evaluated::Unknown(Unknown::default()));
        }
        return Err(Failure {
            code: codes::PARAMETER_MISSING,
            message: format!("parameter {name} was not provided"),
            span: None,
            help: Some(format!("give a value for {name}, or declare a default")),
        });
    };
    let fail = |reason: String| Failure {
        code: codes::PARAMETER_VALUE,
        message: format!("parameter {name} is invalid: {reason}"),
        span,
        help: None,
    };
    let shown = |value: &Value| {
        if secret { "******".to_owned() } else { python::repr(value) }
    };
    // Constraints see the value as given, save for lists and JSON, which are read first; that is how Heat does it.
    let (typed, checked) = match schema.parameter_type {
        ParameterType::String => (Value::String(python::str_of(&given)), given.clone()),
        ParameterType::Number => {
            let number = match &given {
                Value::Bool(_) | Value::Number(_) => Some(given.clone()),
                Value::String(text) => python::number_from_text(text).map(|number| number.to_value()),
                _ => None,
            };
            (number.ok_or_else(|| fail(format!("{} is not a number", shown(&given))))?, given.clone())
        }
        ParameterType::Boolean => {
            let truth = boolean_word(&python::str_of(&given)).ok_or_else(|| {
                fail(format!(
                    "{} is not a boolean; possible are true, t, yes, y, on, 1, false, f, no, n, off, 0",
                    shown(&given)
                ))
            })?;
            (Value::Bool(truth), given.clone())
        }
        ParameterType::CommaDelimitedList => {
            let list: Value = match &given {
                Value::Array(items) => items.iter().map(|item| Value::String(python::str_of(item))).collect(),
                Value::String(text) if text.is_empty() => Value::Array(Vec::new()),
                Value::String(text) => text.split(',').map(|item| Value::String(item.to_owned())).collect(),
                other => {
                    return Err(fail(format!("{} is neither a list nor a text with commas", shown(other))));
                }
            };
            (list.clone(), list)
        }
        ParameterType::Json => {
            let value = match &given {
                Value::String(text) if !text.is_empty() => {
                    serde_json::from_str(text).map_err(|error| fail(format!("it is not JSON: {error}")))?
                }
                other => other.clone(),
            };
            (value.clone(), value)
        }
    };
    let checks = Checks::new(custom).secret(secret).sharing(sources.patterns);
    let reasons: Vec<_> = schema
        .constraints
        .iter()
        .filter_map(|constraint| checks.violation(constraint, &checked, schema.parameter_type.value_type()))
        .collect();
    if !reasons.is_empty() {
        return Err(fail(reasons.join("; ")));
    }
    Ok(Evaluated::Known(typed))
}
