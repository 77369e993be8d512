//! `str_replace` in its versions, `str_replace_strict`, `str_replace_vstrict`, and `Fn::Replace`.

use super::{Function, Outcome, give, known, shown};
use crate::diagnostic::Diagnostic;
use crate::expression::{Argument, Call, Compiler, Context, EvaluationError, Expression, Kind, Reach};
use crate::python;
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::sync::Arc;

/// So many bytes that are looked through count as one that is made.
const LOOKED_FOR: usize = 16;

/// What going through a piece of the template counts as.
const PIECE: usize = 4;

/// How a version behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Manner {
    /// Maps and lists are refused as values.
    Plain,
    /// Maps and lists become JSON.
    Json,
    /// Every key must be in the text.
    Strict,
    /// And no value may be empty.
    VeryStrict,
}

/// `str_replace: {template: text, params: {key: value}}`.
#[derive(Debug)]
struct StrReplace {
    name: Arc<str>,
    manner: Manner,
    template: Expression,
    params: Expression,
    /// Where template and params stand.
    places: [Argument; 2],
}

/// Compiles `str_replace` of the first version.
pub fn plain(call: &Call<'_>, compiler: &mut Compiler<'_>) -> Result<Box<dyn Function>, Box<Diagnostic>> {
    hot(call, compiler, Manner::Plain)
}

/// Compiles `str_replace` of 2015-10-15.
pub fn json(call: &Call<'_>, compiler: &mut Compiler<'_>) -> Result<Box<dyn Function>, Box<Diagnostic>> {
    hot(call, compiler, Manner::Json)
}

/// Compiles `str_replace_strict`.
pub fn strict(call: &Call<'_>, compiler: &mut Compiler<'_>) -> Result<Box<dyn Function>, Box<Diagnostic>> {
    hot(call, compiler, Manner::Strict)
}

/// Compiles `str_replace_vstrict`.
pub fn very_strict(
    call: &Call<'_>,
    compiler: &mut Compiler<'_>,
) -> Result<Box<dyn Function>, Box<Diagnostic>> {
    hot(call, compiler, Manner::VeryStrict)
}

fn hot(
    call: &Call<'_>,
    compiler: &mut Compiler<'_>,
    manner: Manner,
) -> Result<Box<dyn Function>, Box<Diagnostic>> {
    let name = call.name;
    let argument = compiler.argument(call);
    let kind = argument.kind_name();
    let Kind::Map { entries, .. } = argument.into_kind() else {
        return Err(compiler.invalid(call, format!("the arguments of {name} must be a map, not {kind}")));
    };
    let (mut template, mut params) = (None, None);
    for entry in entries {
        match &*entry.key {
            "template" => template = Some(entry.value),
            "params" => params = Some(entry.value),
            // Heat pays no attention to other keys.
            _ => {}
        }
    }
    let (Some(template), Some(params)) = (template, params) else {
        let message = format!("{name} must be like: {name}: {{template: text, params: {{key: value}}}}");
        return Err(compiler.invalid(call, message));
    };
    make(call, compiler, manner, template, params, [Argument::Key("template"), Argument::Key("params")])
}

/// Compiles `Fn::Replace`, which takes the map first.
pub fn cfn(call: &Call<'_>, compiler: &mut Compiler<'_>) -> Result<Box<dyn Function>, Box<Diagnostic>> {
    let items = match compiler.argument(call).into_kind() {
        Kind::List { items, .. } => items,
        _ => Vec::new(),
    };
    let Ok([params, template]) = <[Expression; 2]>::try_from(items) else {
        let message = format!("the arguments of {0} must be like: {0}: [{{key: value}}, text]", call.name);
        return Err(compiler.invalid(call, message));
    };
    make(call, compiler, Manner::Plain, template, params, [Argument::Index(1), Argument::Index(0)])
}

fn make(
    call: &Call<'_>,
    compiler: &Compiler<'_>,
    manner: Manner,
    template: Expression,
    params: Expression,
    places: [Argument; 2],
) -> Result<Box<dyn Function>, Box<Diagnostic>> {
    if !matches!(params.kind(), Kind::Map { .. } | Kind::Call { .. } | Kind::Invalid(_)) {
        let message = format!("the params of {} must be a map, not {}", call.name, params.kind_name());
        return Err(compiler.invalid(call, message));
    }
    Ok(Box::new(StrReplace { name: call.name.clone(), manner, template, params, places }))
}

impl Function for StrReplace {
    fn arguments<'a>(&'a self, _: Reach<'_>, visit: &mut dyn FnMut(Argument, &'a Expression)) {
        visit(self.places[0], &self.template);
        visit(self.places[1], &self.params);
    }

    fn evaluate(&self, context: &Context<'_>) -> Outcome {
        let within = |error: EvaluationError, place: Argument| match place {
            Argument::Whole => error,
            Argument::Key(key) => error.within(key),
            Argument::Index(index) => error.within_index(index),
        };
        let template = self.template.evaluate(context).map_err(|error| within(error, self.places[0]))?;
        let params = self.params.evaluate(context).map_err(|error| within(error, self.places[1]))?;
        let (template, params) = (known!(template), known!(params));
        let Value::String(template) = template else {
            let message = format!("the template of {} must be a text, not {}", self.name, shown(&template));
            return Err(EvaluationError::value(message));
        };
        let Value::Object(params) = params else {
            let message = format!("the params of {} must be a map, not {}", self.name, shown(&params));
            return Err(EvaluationError::value(message));
        };
        give(self.replace(context, &template, &params)?)
    }
}

impl StrReplace {
    /// One pass: longer keys first, equal ones in alphabetical order; what was put in is not looked at again.
    fn replace(
        &self,
        context: &Context<'_>,
        template: &str,
        params: &Map<String, Value>,
    ) -> Result<String, EvaluationError> {
        // Each key is looked for in the whole template, which is quicker than making it.
        context.charge(params.len().saturating_mul(template.len()) / LOOKED_FOR)?;
        let mut keys: Vec<&String> = params.keys().collect();
        keys.sort_by(|a, b| b.chars().count().cmp(&a.chars().count()).then_with(|| a.cmp(b)));
        let mut texts = Vec::with_capacity(keys.len());
        for key in &keys {
            if key.is_empty() {
                return Err(EvaluationError::value(format!("{}: a key must not be empty", self.name)));
            }
            texts.push(self.text(key, &params[*key])?);
        }
        // Pieces of the template, and texts that were put between them.
        let mut pieces = vec![Piece::Open(template)];
        let mut unused = Vec::new();
        for (key, value) in keys.iter().zip(&texts) {
            // Each key goes through all pieces, however short they are.
            context.charge(pieces.len().saturating_mul(PIECE))?;
            if !pieces.iter().any(|piece| matches!(piece, Piece::Open(text) if text.contains(key.as_str()))) {
                unused.push(key.as_str());
                continue;
            }
            let mut next = Vec::with_capacity(pieces.len() + 2);
            for piece in pieces {
                match piece {
                    Piece::Open(text) => {
                        for (at, part) in text.split(key.as_str()).enumerate() {
                            if at > 0 {
                                next.push(Piece::Done(value));
                            }
                            if !part.is_empty() {
                                next.push(Piece::Open(part));
                            }
                        }
                    }
                    done => next.push(done),
                }
            }
            pieces = next;
        }
        if self.manner >= Manner::Strict && !unused.is_empty() {
            return Err(EvaluationError::value(format!(
                "{}: the following params are not in the template: {}",
                self.name,
                unused.join(",")
            )));
        }
        context.charge(pieces.iter().map(|piece| piece.text().len()).sum())?;
        Ok(pieces.iter().map(Piece::text).collect())
    }

    fn text<'v>(&self, key: &str, value: &'v Value) -> Result<Cow<'v, str>, EvaluationError> {
        let name = &self.name;
        let empty = match value {
            Value::Null => true,
            Value::String(text) => text.is_empty(),
            Value::Array(items) => items.is_empty(),
            Value::Object(entries) => entries.is_empty(),
            Value::Bool(_) | Value::Number(_) => false,
        };
        if self.manner == Manner::VeryStrict && empty {
            let message = format!("{name} has an undefined or empty value for param {key}");
            return Err(EvaluationError::value(message));
        }
        Ok(match value {
            Value::Null => "".into(),
            Value::String(text) => text.into(),
            Value::Array(_) | Value::Object(_) if self.manner == Manner::Plain => {
                let message =
                    format!("the params of {name} must be texts or numbers, param {key} is not valid");
                return Err(EvaluationError::value(message));
            }
            Value::Array(_) | Value::Object(_) => python::dumps(value, true).into(),
            other => python::str_of(other).into(),
        })
    }
}

/// A part of the text that is being made.
enum Piece<'t> {
    /// From the template: other keys are still looked for.
    Open(&'t str),
    /// Put in.
    Done(&'t str),
}

impl<'t> Piece<'t> {
    fn text(&self) -> &'t str {
        match self {
            Self::Open(text) | Self::Done(text) => text,
        }
    }
}
