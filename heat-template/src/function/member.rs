//! `Fn::MemberListToMap`.

use super::{Function, Outcome, give, known, shown};
use crate::diagnostic::Diagnostic;
use crate::expression::{Argument, Call, Compiler, Context, EvaluationError, Expression, Kind, Reach};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// `Fn::MemberListToMap: [key name, value name, [".member.0.Name=key", ".member.0.Value=value", …]]`.
#[derive(Debug)]
struct MemberListToMap {
    key_name: String,
    value_name: String,
    list: Expression,
}

/// Compiles `Fn::MemberListToMap`; both names must stand there in so many words.
pub fn list_to_map(
    call: &Call<'_>,
    compiler: &mut Compiler<'_>,
) -> Result<Box<dyn Function>, Box<Diagnostic>> {
    let items = match compiler.argument(call).into_kind() {
        Kind::List { items, .. } => items,
        _ => Vec::new(),
    };
    let Ok([key_name, value_name, list]) = <[Expression; 3]>::try_from(items) else {
        let message = format!(
            "the arguments of {0} must be like: {0}: [Name, Value, [.member.0.Name=key, .member.0.Value=door]]",
            call.name
        );
        return Err(compiler.invalid(call, message));
    };
    match (key_name.as_str(), value_name.as_str()) {
        (Some(key_name), Some(value_name)) => Ok(Box::new(MemberListToMap {
            key_name: key_name.to_owned(),
            value_name: value_name.to_owned(),
            list,
        })),
        _ => Err(compiler.invalid(call, format!("the names in {} must be texts", call.name))),
    }
}

impl Function for MemberListToMap {
    fn arguments<'a>(&'a self, _: Reach<'_>, visit: &mut dyn FnMut(Argument, &'a Expression)) {
        visit(Argument::Index(2), &self.list);
    }

    fn evaluate(&self, context: &Context<'_>) -> Outcome {
        let list = known!(self.list.evaluate(context).map_err(|error| error.within_index(2))?);
        // Whatever Python can go through will do: the keys of a map, the letters of a text.
        let items = match list {
            Value::Array(items) => items,
            Value::Object(entries) => entries.into_iter().map(|(key, _)| key.into()).collect(),
            Value::String(text) => text.chars().map(|letter| letter.to_string().into()).collect(),
            other => {
                let message = format!("the member list must be a list, not {}", shown(&other));
                return Err(EvaluationError::value(message));
            }
        };
        // Later items with the same text in front of the first `=` win.
        let mut members: BTreeMap<u64, Map<String, Value>> = BTreeMap::new();
        for item in &items {
            let Value::String(text) = item else {
                let message = format!("items of a member list must be texts, not {}", shown(item));
                return Err(EvaluationError::value(message));
            };
            let Some((name, value)) = text.split_once('=') else {
                return Err(EvaluationError::value(format!(
                    "item {} of the member list has no \"=\"",
                    shown(item)
                )));
            };
            let Some((number, key)) = name.strip_prefix(".member.").and_then(|rest| rest.split_once('.'))
            else {
                continue;
            };
            if let Ok(number) = number.parse() {
                members.entry(number).or_default().insert(key.to_owned(), value.into());
            }
        }
        let pairs = members.into_values().filter_map(|mut member| {
            let key = member.swap_remove(&self.key_name)?;
            Some((key.as_str()?.to_owned(), member.swap_remove(&self.value_name)?))
        });
        give(pairs.collect::<Map<_, _>>())
    }
}
