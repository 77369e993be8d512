//! Deciding the conditions.

use super::Names;
use super::dependencies::components;
use crate::expression::{
    Allowance, AvailabilityZones, Conditions, Context, EvaluationError, Expression, NoResources, Reach,
    Visited, walk,
};
use crate::function::condition::not_a_boolean;
use crate::parameter::ParameterValues;
use crate::template::{Files, Template};
use indexmap::{IndexMap, IndexSet};
use serde_json::Value;
use std::collections::HashMap;

/// What each call of a condition that is begun anew counts as having made. It is far more than beginning anew takes, so that
/// a check with many such conditions ends soon.
const BEGUN_ANEW: usize = 1 << 10;

/// The values of all conditions. One that cannot be decided keeps its error, which matters only where it is used.
pub(super) fn decide(
    template: &Template,
    parameters: &ParameterValues,
    files: &Files,
    names: &Names,
    allowance: &Allowance<'_>,
) -> Conditions {
    let inner = template.inner();
    let expressions: IndexMap<&str, &Expression> =
        inner.conditions.iter().map(|condition| (condition.name.as_str(), &condition.expression)).collect();
    let edges: Vec<Vec<usize>> =
        expressions.values().map(|expression| named(expression, &expressions)).collect();
    let mut deciding = Deciding {
        template,
        expressions,
        conditions: Conditions { values: IndexMap::new(), known: inner.condition_names.clone() },
        parameters,
        files,
        names,
        allowance,
    };
    // Each after those that it names, so that it is evaluated once.
    for mut together in components(&edges) {
        together.sort_unstable();
        for at in together {
            deciding.decide(at);
        }
    }
    let mut conditions = deciding.conditions;
    let place: HashMap<&str, usize> =
        deciding.expressions.keys().enumerate().map(|(at, name)| (*name, at)).collect();
    conditions.values.sort_by_cached_key(|name, _| place.get(name.as_str()).copied());
    conditions
}

/// The conditions that one names in so many words.
fn named(expression: &Expression, all: &IndexMap<&str, &Expression>) -> Vec<usize> {
    let mut found = IndexSet::new();
    walk(expression, Reach::All, &[], &mut |visited| {
        if let Visited::Call { function, .. } = visited {
            function.conditions(&mut |name| found.extend(all.get_index_of(name)));
        }
    });
    found.into_iter().collect()
}

struct Deciding<'a> {
    template: &'a Template,
    expressions: IndexMap<&'a str, &'a Expression>,
    conditions: Conditions,
    parameters: &'a ParameterValues,
    files: &'a Files,
    names: &'a Names,
    allowance: &'a Allowance<'a>,
}

impl Deciding<'_> {
    /// Decides one condition, and whichever it needs.
    ///
    /// What it names is decided already, but for circles, of which it may need only a part, and for names that a function
    /// makes. A condition that needs such a one says so, waits on a stack and is tried again: without recursion.
    fn decide(&mut self, at: usize) {
        let mut waiting: IndexSet<usize> = IndexSet::from([at]);
        while let Some(at) = waiting.last().copied() {
            let Some((name, expression)) =
                self.expressions.get_index(at).map(|(name, expression)| (*name, *expression))
            else {
                return;
            };
            if self.conditions.values.contains_key(name) {
                waiting.pop();
                continue;
            }
            let value = match self.value_of(name, expression) {
                Err(mut error) => {
                    let pending = error.pending.take();
                    match pending.and_then(|first| self.expressions.get_index_of(first.as_str())) {
                        None => Err(self.told(name, error)),
                        Some(first) => match waiting.get_index_of(&first) {
                            // Everything from the first one on is part of the circle.
                            Some(from) => {
                                let error = self.told(name, error);
                                for at in waiting.split_off(from) {
                                    self.keep(at, Err(error.clone()));
                                }
                                continue;
                            }
                            None => match self.context().charge_check(calls(expression) * BEGUN_ANEW) {
                                Ok(()) => {
                                    waiting.insert(first);
                                    continue;
                                }
                                Err(error) => Err(self.told(name, error.at(expression.span()))),
                            },
                        },
                    }
                }
                decided => decided,
            };
            self.keep(at, value);
        }
    }

    fn context(&self) -> Context<'_> {
        Context {
            parameters: self.parameters,
            conditions: &self.conditions,
            files: self.files,
            mappings: Some(&self.template.inner().mappings),
            // No condition may ask for them.
            zones: &AvailabilityZones::NotAsked,
            enabled: self.names,
            scope: &NoResources,
            facade: None,
            allowance: Some(self.allowance),
        }
    }

    fn value_of(&self, name: &str, expression: &Expression) -> Result<bool, EvaluationError> {
        match expression.evaluate(&self.context())?.into_known() {
            None => Err(EvaluationError::undecided().at(expression.span())),
            Some(Value::Bool(value)) => Ok(value),
            Some(other) => Err(not_a_boolean(name, &other).at(expression.span())),
        }
    }

    /// An error with the path of its condition.
    fn told(&self, name: &str, error: EvaluationError) -> EvaluationError {
        error.within(name).within(self.template.inner().dialect.keys().conditions).complete()
    }

    fn keep(&mut self, at: usize, value: Result<bool, EvaluationError>) {
        if let Some((name, _)) = self.expressions.get_index(at) {
            self.conditions.values.insert((*name).to_owned(), value);
        }
    }
}

/// How many parts of an expression are begun anew with it: its calls and their arguments.
fn calls(expression: &Expression) -> usize {
    let mut count = 1;
    walk(expression, Reach::All, &[], &mut |visited| {
        if let Visited::Call { function, .. } = visited {
            function.arguments(Reach::All, &mut |_, _| count += 1);
        }
    });
    count
}
