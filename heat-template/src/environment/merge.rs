//! Several environments become one, by Heat's strategies.
//!
//! Sections are merged entry by entry, a later file winning; parameters by `parameter_merge_strategies`: `overwrite`,
//! `merge` (texts and lists are appended, maps merged on the first level) or `deep_merge` (maps at every level).

use super::{Environment, Inner};
use crate::checked::Checked;
use crate::diagnostic::suggest;
use crate::diagnostic::{Diagnostic, codes};
use crate::parameter::{GivenValue, ParameterType};
use crate::source::SourceMap;
use crate::template::Files;
use crate::yaml::Limits;
use indexmap::IndexMap;
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::sync::Arc;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Strategy {
    Overwrite,
    Merge,
    DeepMerge,
}

impl Strategy {
    fn of(value: &Value) -> Option<Self> {
        match value.as_str()? {
            "overwrite" => Some(Self::Overwrite),
            "merge" => Some(Self::Merge),
            "deep_merge" => Some(Self::DeepMerge),
            _ => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Overwrite => "overwrite",
            Self::Merge => "merge",
            Self::DeepMerge => "deep_merge",
        }
    }
}

impl Environment {
    /// Merges attached environments one after the other, as Heat's service does.
    ///
    /// `request` are the parameters of the request itself: they are what the first file is merged into.
    /// `parameter_type` tells the types of the parameters that the template and its attached templates have; values for
    /// others are dropped from the second file on.
    pub fn merge_files(
        sources: &mut SourceMap,
        request: &IndexMap<String, Value>,
        names: &[String],
        files: &Files,
        parameter_type: &dyn Fn(&str) -> Option<ParameterType>,
        limits: &Limits,
    ) -> Checked<Self> {
        let given = |value: &Value| GivenValue { value: value.clone(), span: None };
        let mut merged = Inner {
            parameters: request.iter().map(|(name, value)| (name.clone(), given(value))).collect(),
            ..Inner::default()
        };
        let mut diagnostics = Vec::new();
        let mut strategies = HashMap::new();
        for name in names {
            let Some(written) = files.written(name) else {
                let message = format!("the environment file \"{name}\" is not attached");
                let mut diagnostic = Diagnostic::error(codes::ENVIRONMENT_FILE_MISSING, message);
                let help = suggest::nearest(name, files.names());
                diagnostic.help.extend(help.map(|similar| format!("did you mean \"{similar}\"?")));
                diagnostics.push(diagnostic);
                continue;
            };
            let read = Self::parse_written(sources, &written, limits);
            diagnostics.extend(read.diagnostics);
            let Some(environment) = read.value else { continue };
            let inner = Arc::unwrap_or_clone(environment.0);
            for section in [&inner.parameters, &inner.parameter_defaults] {
                conflicts(
                    section,
                    &inner.merge_strategies,
                    parameter_type,
                    &mut strategies,
                    name,
                    &mut diagnostics,
                );
            }
            merge_section(
                &mut merged.parameters,
                inner.parameters,
                parameter_type,
                &strategies,
                &mut diagnostics,
            );
            merge_section(
                &mut merged.parameter_defaults,
                inner.parameter_defaults,
                parameter_type,
                &strategies,
                &mut diagnostics,
            );
            // Heat merges these key by key and not deeper: a later `resources` takes the place of an earlier one.
            merged.registry = merged.registry.replaced_by(inner.registry);
            merged.event_sinks.extend(inner.event_sinks);
            merged.encrypted_param_names.extend(inner.encrypted_param_names);
        }
        Checked::new(Self(Arc::new(merged)), diagnostics)
    }
}

/// Settles the strategy of each parameter; two files may not name different ones.
fn conflicts(
    section: &IndexMap<String, GivenValue>,
    in_file: &Map<String, Value>,
    parameter_type: &dyn Fn(&str) -> Option<ParameterType>,
    strategies: &mut HashMap<String, Strategy>,
    file: &str,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let default = in_file.get("default").and_then(Strategy::of).unwrap_or(Strategy::Overwrite);
    for (name, given) in section.iter().filter(|(_, given)| !given.value.is_null()) {
        if parameter_type(name).is_none() {
            continue;
        }
        let known = strategies.get(name).copied();
        let strategy = match in_file.get(name) {
            // A word that is no strategy silently means the default.
            Some(word) => Strategy::of(word).unwrap_or(default),
            None => known.unwrap_or(default),
        };
        match known {
            None => {
                strategies.insert(name.clone(), strategy);
            }
            Some(known) if known != strategy => {
                let (known, strategy) = (known.name(), strategy.name());
                let message = format!(
                    "conflicting merge strategies for parameter {name} in environment file \"{file}\": \
                     {strategy}, and {known} before"
                );
                let mut diagnostic = Diagnostic::error(codes::MERGE_STRATEGY, message);
                if let Some(span) = given.span {
                    diagnostic = diagnostic.at(span, "");
                }
                diagnostics.push(diagnostic);
            }
            Some(_) => {}
        }
    }
}

fn merge_section(
    old: &mut IndexMap<String, GivenValue>,
    new: IndexMap<String, GivenValue>,
    parameter_type: &dyn Fn(&str) -> Option<ParameterType>,
    strategies: &HashMap<String, Strategy>,
    diagnostics: &mut Vec<Diagnostic>,
) {
    if new.is_empty() {
        return;
    }
    if old.is_empty() {
        *old = new;
        return;
    }
    for (name, given) in new {
        let Some(parameter_type) = parameter_type(&name).filter(|_| !given.value.is_null()) else { continue };
        let strategy = strategies.get(&name).copied().unwrap_or(Strategy::Overwrite);
        if strategy == Strategy::Overwrite {
            old.insert(name, given);
            continue;
        }
        let before = old.get(&name).map(|given| given.value.clone());
        match merge_value(before, given.value, parameter_type, strategy == Strategy::DeepMerge) {
            Ok(value) => {
                old.insert(name, GivenValue { value, span: given.span });
            }
            Err(reason) => {
                let message = format!("parameter {name} cannot be merged: {reason}");
                let mut diagnostic = Diagnostic::error(codes::MERGE_STRATEGY, message);
                if let Some(span) = given.span {
                    diagnostic = diagnostic.at(span, "");
                }
                diagnostics.push(diagnostic.help("use the strategy `overwrite`"));
            }
        }
    }
}

fn merge_value(
    old: Option<Value>,
    new: Value,
    parameter_type: ParameterType,
    deep: bool,
) -> Result<Value, String> {
    match parameter_type {
        ParameterType::Json => {
            let new = match new {
                Value::String(text) if text.is_empty() => Value::String(text),
                Value::String(text) => {
                    serde_json::from_str(&text).map_err(|error| format!("it is not JSON: {error}"))?
                }
                other => other,
            };
            match (old, new) {
                (old, new) if !old.as_ref().is_some_and(crate::python::truthy) => Ok(new),
                (Some(Value::Object(old)), Value::Object(new)) => {
                    Ok(Value::Object(merge_maps(old, new, deep)?))
                }
                _ => Err("only maps can be merged with maps".to_owned()),
            }
        }
        ParameterType::CommaDelimitedList => match (old, new) {
            (_, new @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_))) => {
                Err(format!("a list cannot take in {}", crate::python::type_name(&new)))
            }
            (old, new) => merge_lists(old, new),
        },
        ParameterType::String => match (old, new) {
            (None, Value::String(new)) => Ok(Value::String(new)),
            (Some(Value::String(old)), Value::String(new)) => Ok(Value::String(old + &new)),
            _ => Err("only texts can be appended to a text".to_owned()),
        },
        ParameterType::Number | ParameterType::Boolean => {
            Err("numbers and booleans have no merge strategy but overwrite".to_owned())
        }
    }
}

fn merge_lists(old: Option<Value>, new: Value) -> Result<Value, String> {
    match (old, new) {
        (old, new) if !old.as_ref().is_some_and(crate::python::truthy) => Ok(new),
        (Some(Value::Array(mut old)), Value::Array(new)) => {
            old.extend(new);
            Ok(Value::Array(old))
        }
        (Some(Value::String(old)), Value::String(new)) => Ok(Value::String(format!("{old},{new}"))),
        _ => Err("a list and a text with commas cannot be merged".to_owned()),
    }
}

fn merge_maps(
    mut old: Map<String, Value>,
    new: Map<String, Value>,
    deep: bool,
) -> Result<Map<String, Value>, String> {
    for (key, value) in new {
        if value.is_null() {
            continue;
        }
        let before = old.get_mut(&key).map(Value::take).filter(crate::python::truthy);
        let value = match (deep, before, value) {
            (false, _, value) => value,
            (true, Some(Value::Object(before)), Value::Object(value)) => {
                Value::Object(merge_maps(before, value, deep)?)
            }
            (true, Some(before), value @ Value::Array(_)) => merge_lists(Some(before), value)?,
            (true, Some(Value::String(before)), Value::String(value)) => Value::String(before + &value),
            (true, Some(_), Value::Object(_) | Value::String(_)) => {
                return Err(format!("the values of \"{key}\" are of different kinds"));
            }
            (true, _, value) => value,
        };
        old.insert(key, value);
    }
    Ok(old)
}
