//! `map_merge` and `map_replace`.

use super::{Function, Outcome, give, known, shown, visit_whole};
use crate::diagnostic::Diagnostic;
use crate::evaluated::Evaluated;
use crate::expression::{Argument, Call, Compiler, Context, EvaluationError, Expression, Reach, weight};
use crate::python;
use indexmap::IndexMap;
use serde_json::{Map, Value};

/// `map_merge: [map, map, …]`.
#[derive(Debug)]
struct MapMerge {
    argument: Expression,
}

/// Compiles `map_merge`; Heat checks nothing of it beforehand.
pub fn merge(call: &Call<'_>, compiler: &mut Compiler<'_>) -> Result<Box<dyn Function>, Box<Diagnostic>> {
    Ok(Box::new(MapMerge { argument: compiler.argument(call) }))
}

impl Function for MapMerge {
    fn arguments<'a>(&'a self, _: Reach<'_>, visit: &mut dyn FnMut(Argument, &'a Expression)) {
        visit_whole(&self.argument, visit);
    }

    fn evaluate(&self, context: &Context<'_>) -> Outcome {
        let items = match self.argument.evaluate(context)?.into_list() {
            Ok(items) => items,
            Err(unknown @ Evaluated::Unknown(_)) => return Ok(Some(unknown)),
            Err(Evaluated::Known(Value::String(text))) if text.is_empty() => Vec::new(),
            Err(_) => {
                let message = "the argument of map_merge must be a list of maps, as in map_merge: [{key1: val1}, {key2: val2}]";
                return Err(EvaluationError::value(message));
            }
        };
        let mut merged = IndexMap::new();
        let mut unknown = None;
        for (at, item) in items.into_iter().enumerate() {
            match item.into_map() {
                Ok(entries) => merged.extend(entries),
                Err(Evaluated::Known(Value::Null)) => {}
                Err(missing @ Evaluated::Unknown(_)) => unknown = Some(missing),
                Err(other) => {
                    let message =
                        format!("items to merge must be maps, not {}", shown(&other.to_value_lossy()));
                    return Err(EvaluationError::value(message).within_index(at));
                }
            }
        }
        Ok(Some(unknown.unwrap_or_else(|| Evaluated::map(merged))))
    }
}

/// `map_replace: [map, {keys: {…}, values: {…}}]`.
#[derive(Debug)]
struct MapReplace {
    argument: Expression,
}

/// Compiles `map_replace`; Heat checks nothing of it beforehand.
pub fn replace(call: &Call<'_>, compiler: &mut Compiler<'_>) -> Result<Box<dyn Function>, Box<Diagnostic>> {
    Ok(Box::new(MapReplace { argument: compiler.argument(call) }))
}

fn wrong_form() -> EvaluationError {
    EvaluationError::value(
        "the arguments of map_replace must be like: map_replace: [{key1: val1}, {keys: {key1: key2}, values: {val1: val2}}]",
    )
}

fn map_or_null(value: Option<Value>) -> Result<Map<String, Value>, EvaluationError> {
    match value {
        None | Some(Value::Null) => Ok(Map::new()),
        Some(Value::Object(entries)) => Ok(entries),
        Some(_) => Err(wrong_form()),
    }
}

impl Function for MapReplace {
    fn arguments<'a>(&'a self, _: Reach<'_>, visit: &mut dyn FnMut(Argument, &'a Expression)) {
        visit_whole(&self.argument, visit);
    }

    fn evaluate(&self, context: &Context<'_>) -> Outcome {
        let argument = known!(self.argument.evaluate(context)?);
        let Value::Array(items) = argument else { return Err(wrong_form()) };
        let Ok([input, replacements]) = <[Value; 2]>::try_from(items) else { return Err(wrong_form()) };
        let input = map_or_null(Some(input))?;
        let mut replacements = map_or_null(Some(replacements))?;
        if replacements.keys().any(|key| key != "keys" && key != "values") {
            return Err(wrong_form());
        }
        let keys = map_or_null(replacements.swap_remove("keys"))?;
        let values = map_or_null(replacements.swap_remove("values"))?;
        let mut output = Map::new();
        for (key, value) in &input {
            let key = match keys.get(key) {
                None | Some(Value::Null) => key.clone(),
                Some(new) => {
                    let new = key_text(new)?;
                    if new != *key && input.contains_key(&new) {
                        let message = format!(
                            "map_replace: key replacement {new} collides with a key in the input map"
                        );
                        return Err(EvaluationError::value(message));
                    }
                    if output.contains_key(&new) {
                        let message = format!(
                            "map_replace: key replacement {new} collides with a key in the output map"
                        );
                        return Err(EvaluationError::value(message));
                    }
                    new
                }
            };
            let value = value.as_str().and_then(|text| values.get(text)).unwrap_or(value);
            // One text may stand for many large values.
            context.charge(weight(value))?;
            output.insert(key, value.clone());
        }
        give(output)
    }
}

/// A key as JSON writes it.
fn key_text(value: &Value) -> Result<String, EvaluationError> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Bool(_) | Value::Number(_) => Ok(python::dumps(value, false)),
        other => Err(EvaluationError::value(format!("map_replace: {} cannot be a key", shown(other)))),
    }
}
