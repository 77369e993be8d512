//! `yaql`.

use super::{Function, Outcome, known};
use crate::diagnostic::{Diagnostic, codes};
use crate::evaluated::Evaluated;
use crate::expression::{
    Argument, Call, Compiler, Context, EvaluationError, Expression, Kind, Reach, Scalar,
};
use crate::source::Span;
use crate::yaql::{Fault, Statement, SyntaxError, place};
use serde_json::{Value, json};
use std::ops::Range;

/// So many bytes that are made count as much as one step of an expression.
const STEP: usize = 64;

/// `yaql: {expression: text, data: value}`.
#[derive(Debug)]
struct Yaql {
    expression: Expression,
    data: Option<Expression>,
    /// An expression in so many words, read beforehand.
    literal: Option<Literal>,
}

/// An expression that stands in the template.
#[derive(Debug)]
struct Literal {
    statement: Statement,
    text: String,
    /// Where it stands, and how it is written there.
    span: Span,
    source: Option<String>,
}

/// Compiles `yaql`: an expression in so many words is read, one that a function gives is read when it is there.
pub fn yaql(call: &Call<'_>, compiler: &mut Compiler<'_>) -> Result<Box<dyn Function>, Box<Diagnostic>> {
    let argument = compiler.argument(call);
    let kind = argument.kind_name();
    let Kind::Map { entries, .. } = argument.into_kind() else {
        return Err(compiler.invalid(call, format!("the arguments of yaql must be a map, not {kind}")));
    };
    let (mut expression, mut data, mut other) = (None, None, false);
    for entry in entries {
        match &*entry.key {
            "expression" => expression = Some(entry.value),
            "data" => data = Some(entry.value),
            _ => other = true,
        }
    }
    let Some(expression) = expression.filter(|_| !other) else {
        let message = "yaql must be like: yaql: {expression: $.data.var1.sum(), data: {var1: [3, 2, 1]}}";
        return Err(compiler.invalid(call, message));
    };
    let literal = match expression.kind() {
        Kind::Call { .. } | Kind::Invalid(_) => None,
        Kind::Scalar(Scalar::Text(text)) => {
            let span = expression.span();
            let source = compiler.source(span).map(str::to_owned);
            let statement = Statement::parse(text).map_err(|error| {
                let at = located(span, source.as_deref(), text, error.span());
                let message = format!("the expression cannot be read: {}", described(&error, text));
                Box::new(Diagnostic { primary: None, ..*compiler.invalid(call, message) }.at(at, ""))
            })?;
            Some(Literal { statement, text: text.to_string(), span, source })
        }
        _ => {
            let message = format!("the expression of yaql must be a text, not {}", expression.kind_name());
            return Err(compiler.invalid(call, message));
        }
    };
    Ok(Box::new(Yaql { expression, data, literal }))
}

/// The message with the place in the expression, for those who see no source.
fn described(error: &SyntaxError, text: &str) -> String {
    let before = text.get(..error.span().start).unwrap_or(text);
    format!("{error} (at character {})", before.chars().count() + 1)
}

/// A part of an expression as a place in the template.
fn located(span: Span, source: Option<&str>, text: &str, part: Range<usize>) -> Span {
    let within = source.and_then(|source| place(source, text, part));
    let offset = |at: usize| u32::try_from(at).ok().and_then(|at| span.start.checked_add(at));
    match within.and_then(|within| Some((offset(within.start)?, offset(within.end)?))) {
        Some((start, end)) if end <= span.end => Span::new(span.file, start, end),
        _ => span,
    }
}

fn failed(fault: &Fault) -> EvaluationError {
    let error = EvaluationError::new(codes::FUNCTION_VALUE, format!("the expression fails: {fault}"));
    match fault.way_out() {
        Some(help) => error.help(help),
        None => error,
    }
}

impl Function for Yaql {
    fn arguments<'a>(&'a self, _: Reach<'_>, visit: &mut dyn FnMut(Argument, &'a Expression)) {
        visit(Argument::Key("expression"), &self.expression);
        if let Some(data) = &self.data {
            visit(Argument::Key("data"), data);
        }
    }

    fn evaluate(&self, context: &Context<'_>) -> Outcome {
        let read;
        let statement = match &self.literal {
            Some(literal) => &literal.statement,
            None => {
                let value = self.expression.evaluate(context).map_err(|error| error.within("expression"))?;
                let value = known!(value);
                let Value::String(text) = &value else {
                    let kind = crate::python::type_name(&value);
                    return Err(EvaluationError::value(format!(
                        "the expression of yaql must be a text, not {kind}"
                    )));
                };
                read = Statement::parse(text).map_err(|error| {
                    EvaluationError::value(format!(
                        "the expression cannot be read: {}",
                        described(&error, text)
                    ))
                })?;
                &read
            }
        };
        let data = match &self.data {
            Some(data) => known!(data.evaluate(context).map_err(|error| error.within("data"))?),
            None => json!({}),
        };
        // Where nothing is left, no work is begun.
        context.charge_check(1)?;
        let (result, steps) = statement.evaluate_counting(&json!({"data": data}));
        context.charge_check(usize::try_from(steps).unwrap_or(usize::MAX).saturating_mul(STEP))?;
        match result {
            Ok(value) => Ok(Some(Evaluated::Known(value))),
            Err(fault) => {
                let error = failed(&fault);
                Err(match (&self.literal, fault.span()) {
                    (Some(literal), Some(part)) => {
                        error.at(located(literal.span, literal.source.as_deref(), &literal.text, part))
                    }
                    _ => error,
                })
            }
        }
    }
}
