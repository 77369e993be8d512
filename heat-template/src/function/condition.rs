//! The functions that only conditions have: `equals`, `not`, `and`, `or`, in HOT and in CFN.

use super::{Function, Outcome, give, known, visit_whole};
use crate::diagnostic::{Diagnostic, codes};
use crate::evaluated::Evaluated;
use crate::expression::{Argument, Call, Compiler, Context, EvaluationError, Expression, Kind, Reach};
use crate::python;
use serde_json::Value;

/// `equals: [value, value]`.
#[derive(Debug)]
struct Equals {
    left: Expression,
    right: Expression,
}

/// Compiles `equals` and `Fn::Equals`.
pub fn equals(call: &Call<'_>, compiler: &mut Compiler<'_>) -> Result<Box<dyn Function>, Box<Diagnostic>> {
    let items = match compiler.argument(call).into_kind() {
        Kind::List { items, .. } => items,
        _ => Vec::new(),
    };
    match <[Expression; 2]>::try_from(items) {
        Ok([left, right]) => Ok(Box::new(Equals { left, right })),
        Err(_) => {
            Err(compiler.invalid(call, format!("the arguments of \"{}\" must be [value, value]", call.name)))
        }
    }
}

impl Function for Equals {
    fn arguments<'a>(&'a self, _: Reach<'_>, visit: &mut dyn FnMut(Argument, &'a Expression)) {
        visit(Argument::Index(0), &self.left);
        visit(Argument::Index(1), &self.right);
    }

    fn evaluate(&self, context: &Context<'_>) -> Outcome {
        let left = known!(self.left.evaluate(context).map_err(|error| error.within_index(0))?);
        let right = known!(self.right.evaluate(context).map_err(|error| error.within_index(1))?);
        give(python::equal(&left, &right))
    }
}

/// `not: condition`, `Fn::Not: [condition]`.
#[derive(Debug)]
struct Not {
    condition: Expression,
}

/// Compiles `not`.
pub fn not(call: &Call<'_>, compiler: &mut Compiler<'_>) -> Result<Box<dyn Function>, Box<Diagnostic>> {
    let condition = compiler.argument(call);
    if condition.is_null() {
        return Err(compiler.invalid(call, format!("the argument of \"{}\" must be a condition", call.name)));
    }
    Ok(Box::new(Not { condition }))
}

/// Compiles `Fn::Not`, which takes its condition in a list.
pub fn not_in_list(
    call: &Call<'_>,
    compiler: &mut Compiler<'_>,
) -> Result<Box<dyn Function>, Box<Diagnostic>> {
    let items = match compiler.argument(call).into_kind() {
        Kind::List { items, .. } => items,
        _ => Vec::new(),
    };
    match <[Expression; 1]>::try_from(items) {
        Ok([condition]) => Ok(Box::new(Not { condition })),
        Err(_) => {
            Err(compiler.invalid(call, format!("the arguments of \"{}\" must be [condition]", call.name)))
        }
    }
}

impl Function for Not {
    fn arguments<'a>(&'a self, _: Reach<'_>, visit: &mut dyn FnMut(Argument, &'a Expression)) {
        visit_whole(&self.condition, visit);
    }

    fn evaluate(&self, context: &Context<'_>) -> Outcome {
        give(!context.condition(&self.condition)?)
    }

    fn conditions<'a>(&'a self, visit: &mut dyn FnMut(&'a str)) {
        self.condition.as_str().into_iter().for_each(visit);
    }
}

/// `and: [condition, condition, …]` and `or`.
#[derive(Debug)]
struct Several {
    conditions: Vec<Expression>,
    /// The value that decides: the rest is not looked at.
    decides: bool,
}

/// Compiles `and` and `Fn::And`.
pub fn and(call: &Call<'_>, compiler: &mut Compiler<'_>) -> Result<Box<dyn Function>, Box<Diagnostic>> {
    several(call, compiler, false)
}

/// Compiles `or` and `Fn::Or`.
pub fn or(call: &Call<'_>, compiler: &mut Compiler<'_>) -> Result<Box<dyn Function>, Box<Diagnostic>> {
    several(call, compiler, true)
}

fn several(
    call: &Call<'_>,
    compiler: &mut Compiler<'_>,
    decides: bool,
) -> Result<Box<dyn Function>, Box<Diagnostic>> {
    let name = call.name;
    let Kind::List { items, .. } = compiler.argument(call).into_kind() else {
        return Err(
            compiler.invalid(call, format!("the arguments of \"{name}\" must be a list of conditions"))
        );
    };
    if items.len() < 2 {
        return Err(compiler.invalid(call, format!("\"{name}\" needs two conditions at least")));
    }
    Ok(Box::new(Several { conditions: items, decides }))
}

impl Function for Several {
    fn arguments<'a>(&'a self, _: Reach<'_>, visit: &mut dyn FnMut(Argument, &'a Expression)) {
        for (at, condition) in self.conditions.iter().enumerate() {
            visit(Argument::Index(at), condition);
        }
    }

    fn evaluate(&self, context: &Context<'_>) -> Outcome {
        // Heat resolves all items first (where a function may fail), then asks for one condition after the other.
        let mut values = Vec::with_capacity(self.conditions.len());
        for (at, condition) in self.conditions.iter().enumerate() {
            values.push(condition.evaluate(context).map_err(|error| error.within_index(at))?);
        }
        for (at, value) in values.iter().enumerate() {
            let truth = match value {
                Evaluated::Known(Value::Bool(value)) => *value,
                other => context
                    .condition_value(other)
                    .map_err(|error| error.at(self.conditions[at].span()).within_index(at))?,
            };
            if truth == self.decides {
                return give(self.decides);
            }
        }
        give(!self.decides)
    }

    fn conditions<'a>(&'a self, visit: &mut dyn FnMut(&'a str)) {
        self.conditions.iter().filter_map(Expression::as_str).for_each(visit);
    }
}

/// The error of a definition whose value is no boolean.
pub(crate) fn not_a_boolean(name: &str, value: &Value) -> EvaluationError {
    EvaluationError::new(
        codes::CONDITION_VALUE,
        format!("the definition of condition \"{name}\" is not a boolean but {}", super::shown(value)),
    )
}
