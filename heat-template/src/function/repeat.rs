//! `repeat` in its three versions.

use super::{Checking, Function, Outcome, give, known, shown};
use crate::diagnostic::{Diagnostic, codes};
use crate::expression::{
    Argument, Call, Compiler, Context, EvaluationError, Expression, Kind, Reach, Scalar, weight,
};
use serde_json::Value;

/// Copies that one `repeat` may make; Heat has no limit, and a template of a few lines could fill any memory.
pub(crate) const MOST_COPIES: usize = 100_000;

/// So many bytes that are looked through count as one that is made.
const LOOKED_FOR: usize = 4;

/// `repeat: {template: …, for_each: {variable: [value, …]}}`.
#[derive(Debug)]
struct Repeat {
    template: Expression,
    for_each: Expression,
    maps: bool,
    /// Every combination; otherwise item by item.
    permutations: bool,
}

/// Compiles `repeat` of 2015-04-30: over lists.
pub fn over_lists(
    call: &Call<'_>,
    compiler: &mut Compiler<'_>,
) -> Result<Box<dyn Function>, Box<Diagnostic>> {
    compile(call, compiler, false, false)
}

/// Compiles `repeat` of 2016-10-14: also over the keys of maps.
pub fn over_lists_and_maps(
    call: &Call<'_>,
    compiler: &mut Compiler<'_>,
) -> Result<Box<dyn Function>, Box<Diagnostic>> {
    compile(call, compiler, true, false)
}

/// Compiles `repeat` of 2017-09-01: with `permutations`.
pub fn with_permutations(
    call: &Call<'_>,
    compiler: &mut Compiler<'_>,
) -> Result<Box<dyn Function>, Box<Diagnostic>> {
    compile(call, compiler, true, true)
}

fn compile(
    call: &Call<'_>,
    compiler: &mut Compiler<'_>,
    maps: bool,
    can_zip: bool,
) -> Result<Box<dyn Function>, Box<Diagnostic>> {
    let argument = compiler.argument(call);
    let kind = argument.kind_name();
    let Kind::Map { entries, .. } = argument.into_kind() else {
        return Err(compiler.invalid(call, format!("the arguments of repeat must be a map, not {kind}")));
    };
    let (mut template, mut for_each, mut permutations) = (None, None, None);
    for entry in entries {
        match &*entry.key {
            "template" => template = Some(entry.value),
            "for_each" => for_each = Some(entry.value),
            "permutations" if can_zip => permutations = Some(entry.value),
            // Heat pays no attention to other keys.
            _ => {}
        }
    }
    let (Some(template), Some(for_each)) = (template, for_each) else {
        let message =
            "repeat must be like: repeat: {template: this is %var%, for_each: {\"%var%\": [a, b, c]}}";
        return Err(compiler.invalid(call, message));
    };
    let permutations = match permutations.map(Expression::into_kind) {
        None => true,
        Some(Kind::Scalar(Scalar::Bool(value))) => value,
        Some(_) => return Err(compiler.invalid(call, "permutations of repeat must be true or false")),
    };
    Ok(Box::new(Repeat { template, for_each, maps, permutations }))
}

impl Function for Repeat {
    fn arguments<'a>(&'a self, _: Reach<'_>, visit: &mut dyn FnMut(Argument, &'a Expression)) {
        visit(Argument::Key("for_each"), &self.for_each);
        visit(Argument::Key("template"), &self.template);
    }

    fn check(&self, checking: &Checking<'_>, report: &mut dyn FnMut(Diagnostic)) {
        if !matches!(self.for_each.kind(), Kind::Map { .. } | Kind::Call { .. } | Kind::Invalid(_)) {
            let message = format!("for_each of repeat must be a map, not {}", self.for_each.kind_name());
            let diagnostic = Diagnostic::error(codes::FUNCTION_ARGUMENTS, message);
            report(diagnostic.at(self.for_each.span(), "").path(checking.path()));
        }
    }

    fn evaluate(&self, context: &Context<'_>) -> Outcome {
        let for_each = known!(self.for_each.evaluate(context).map_err(|error| error.within("for_each"))?);
        let Value::Object(for_each) = for_each else {
            let message = format!("for_each of repeat must be a map, not {}", shown(&for_each));
            return Err(EvaluationError::value(message));
        };
        if for_each.is_empty() {
            return Err(EvaluationError::value("for_each of repeat must not be empty"));
        }
        let mut variables = Vec::with_capacity(for_each.len());
        let mut lists = Vec::with_capacity(for_each.len());
        let mut lengths = Vec::new();
        for (variable, values) in for_each {
            let list: Vec<Value> = match values {
                Value::Null => Vec::new(),
                Value::Array(items) => {
                    lengths.push(items.len());
                    items
                }
                Value::Object(entries) if self.maps && self.permutations => {
                    lengths.push(entries.len());
                    entries.into_iter().map(|(key, _)| Value::String(key)).collect()
                }
                other => {
                    let possible = if self.maps && self.permutations { "lists or maps" } else { "lists" };
                    let message =
                        format!("the values of for_each in repeat must be {possible}, not {}", shown(&other));
                    return Err(EvaluationError::value(message).within(&variable).within("for_each"));
                }
            };
            variables.push(variable);
            lists.push(list);
        }
        if !self.permutations && lengths.windows(2).any(|pair| pair[0] != pair[1]) {
            let message = "without permutations the lists of for_each in repeat must have the same length";
            return Err(EvaluationError::value(message));
        }
        let template = known!(self.template.evaluate(context).map_err(|error| error.within("template"))?);
        let copies = if self.permutations {
            lists
                .iter()
                .try_fold(1_usize, |product, list| product.checked_mul(list.len()))
                .unwrap_or(usize::MAX)
        } else {
            lists.iter().map(Vec::len).min().unwrap_or(0)
        };
        if copies > MOST_COPIES {
            let message = format!("repeat would make {copies} copies; at most {MOST_COPIES} are possible");
            return Err(EvaluationError::new(codes::VALUE_TOO_LARGE, message));
        }
        // Each variable is looked for in each copy, though it may not be there.
        let looked_for = weight(&template).saturating_mul(variables.len().max(1));
        context.charge(looked_for.saturating_mul(copies) / LOOKED_FOR)?;
        let mut results = Vec::with_capacity(copies);
        let mut chosen = vec![0_usize; lists.len()];
        for copy in 0..copies {
            if self.permutations {
                // The last variable is the fastest.
                let mut rest = copy;
                for (at, list) in lists.iter().enumerate().rev() {
                    chosen[at] = rest % list.len();
                    rest /= list.len();
                }
            } else {
                chosen.fill(copy);
            }
            let pairs: Vec<_> = variables
                .iter()
                .zip(&lists)
                .zip(&chosen)
                .map(|((variable, list), at)| (variable.as_str(), &list[*at]))
                .collect();
            results.push(substitute(context, &template, &pairs)?);
        }
        give(results)
    }
}

/// Replaces each variable in all texts and keys, one after the other: a later one also in what an earlier one put in.
fn substitute(
    context: &Context<'_>,
    template: &Value,
    pairs: &[(&str, &Value)],
) -> Result<Value, EvaluationError> {
    Ok(match template {
        Value::String(text) => Value::String(substitute_text(context, text, pairs)?),
        Value::Array(items) => {
            Value::Array(items.iter().map(|item| substitute(context, item, pairs)).collect::<Result<_, _>>()?)
        }
        Value::Object(entries) => Value::Object(
            entries
                .iter()
                .map(|(key, value)| {
                    Ok((substitute_text(context, key, pairs)?, substitute(context, value, pairs)?))
                })
                .collect::<Result<_, EvaluationError>>()?,
        ),
        other => other.clone(),
    })
}

fn substitute_text(
    context: &Context<'_>,
    text: &str,
    pairs: &[(&str, &Value)],
) -> Result<String, EvaluationError> {
    let mut text = text.to_owned();
    for (variable, value) in pairs {
        let Value::String(value) = value else {
            let message = format!("repeat can put only texts into a text: {variable} is {}", shown(value));
            return Err(EvaluationError::value(message));
        };
        // It may grow with each variable, and is counted as a whole only when it is made.
        if value.len() > variable.len() {
            let found = text.matches(variable).count();
            context.charge(found.saturating_mul(value.len() - variable.len()))?;
        }
        text = text.replace(variable, value);
    }
    Ok(text)
}
