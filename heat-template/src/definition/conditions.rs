//! Deciding the conditions.

use super::Names;
use crate::expression::{Conditions, Context, EvaluationError, Expression, NoResources};
use crate::function::condition::not_a_boolean;
use crate::parameter::ParameterValues;
use crate::template::{Files, Template};
use indexmap::IndexMap;
use serde_json::Value;
use std::collections::HashMap;

/// The values of all conditions. One that cannot be decided keeps its error, which matters only where it is used.
pub(super) fn decide(
    template: &Template,
    parameters: &ParameterValues,
    files: &Files,
    names: &Names,
) -> Conditions {
    let inner = template.inner();
    let section = inner.dialect.keys().conditions;
    let expressions: HashMap<&str, &Expression> =
        inner.conditions.iter().map(|condition| (condition.name.as_str(), &condition.expression)).collect();
    let mut conditions = Conditions { values: IndexMap::new(), known: inner.condition_names.clone() };
    // Conditions name each other. One that needs another first says so, waits on this stack and is tried again: chains
    // of any length, without recursion.
    let mut waiting: Vec<&str> = Vec::new();
    let mut on_stack = std::collections::HashSet::new();
    for condition in &inner.conditions {
        waiting.push(&condition.name);
        on_stack.insert(condition.name.as_str());
        while let Some(name) = waiting.last().copied() {
            if conditions.values.contains_key(name) {
                waiting.pop();
                on_stack.remove(name);
                continue;
            }
            let context = Context {
                parameters,
                conditions: &conditions,
                files,
                mappings: Some(&inner.mappings),
                enabled: names,
                scope: &NoResources,
                facade: None,
                allowance: None,
            };
            let value = match expressions.get(name) {
                Some(expression) => value_of(name, expression, &context),
                None => conditions.get(name),
            };
            let value = match value {
                Err(mut error) => match error.pending.take() {
                    Some(first) if on_stack.contains(first.as_str()) => {
                        // Everything from the first one on is part of the circle.
                        let from = waiting.iter().position(|waiting| *waiting == first).unwrap_or(0);
                        let error = error.within(name).within(section).complete();
                        for name in waiting.drain(from..) {
                            on_stack.remove(name);
                            conditions.values.insert(name.to_owned(), Err(error.clone()));
                        }
                        continue;
                    }
                    Some(first) => {
                        if let Some((first, _)) = expressions.get_key_value(first.as_str()) {
                            waiting.push(first);
                            on_stack.insert(first);
                            continue;
                        }
                        Err(error)
                    }
                    None => Err(error.within(name).within(section).complete()),
                },
                decided => decided,
            };
            conditions.values.insert(name.to_owned(), value);
        }
    }
    conditions
}

fn value_of(name: &str, expression: &Expression, context: &Context<'_>) -> Result<bool, EvaluationError> {
    match expression.evaluate(context)?.into_known() {
        None => Err(EvaluationError::undecided().at(expression.span())),
        Some(Value::Bool(value)) => Ok(value),
        Some(other) => Err(not_a_boolean(name, &other).at(expression.span())),
    }
}
