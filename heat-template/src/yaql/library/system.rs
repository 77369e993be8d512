//! What the language itself is made of: `.`, `?.`, `->`, `let`, `with`, `def`, `unpack`, `assert`, `call`.

use crate::yaql::fault::{Fault, Result};
use crate::yaql::machine::{Arg, Call, Lambda, Machine};
use crate::yaql::resolve;
use crate::yaql::spec::{
    ANY, CONTEXT, CONTEXT_LAMBDA, Default, EXPRESSION, ITERABLE, KEYWORD, LAMBDA, MAP, METHOD_LAMBDA,
    Overload, Raw, SEQUENCE, TEXT, function, may, method, needs,
};
use crate::yaql::value::Value;
use std::sync::Arc;

pub(super) static FUNCTIONS: &[Overload] = &[
    function("#operator_.", &[needs("receiver", ANY), needs("expr", METHOD_LAMBDA)], dot),
    function("#operator_?.", &[needs("receiver", ANY), needs("expr", EXPRESSION)], elvis),
    function("#operator_->", &[needs("left", CONTEXT), needs("right", CONTEXT_LAMBDA)], send_context),
    function("let", &[], let_).rest(ANY).any_names().context(),
    function("with", &[], with).rest(ANY).context(),
    function("def", &[needs("name", TEXT), needs("func", LAMBDA)], def).context(),
    method("unpack", &[needs("sequence", ITERABLE)], unpack).rest(TEXT).context(),
    method(
        "assert",
        &[
            needs("obj", ANY),
            needs("condition", LAMBDA),
            may("message", TEXT, Default::Text("Assertion failed")),
        ],
        assert,
    ),
    function(
        "call",
        &[
            needs("name", TEXT),
            needs("args", SEQUENCE),
            needs("kwargs", MAP),
            may("receiver", ANY, Default::NoValue),
        ],
        call_by_name,
    ),
];

/// What is called where nothing else suits.
pub(super) static FALLBACKS: &[Overload] =
    &[function("#operator_.", &[needs("obj", ANY), needs("name", KEYWORD)], property)];

fn dot<'a>(machine: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let receiver = call.value(0);
    machine.apply_on(&call.needed_lambda(1)?, receiver)
}

fn elvis<'a>(machine: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let receiver = call.value(0);
    match (receiver, call.args.pop()) {
        (Value::Null, _) => Ok(Value::Null),
        (receiver, Some(Arg::Node(node))) => {
            let args = vec![Raw::Value(receiver), Raw::Node(node)];
            let context = call.context;
            machine
                .deeper(6, |machine| resolve::call(machine, "#operator_.", context, None, args, Vec::new()))
        }
        _ => Err(Fault::other("behind ?. stands no expression")),
    }
}

fn property<'a>(machine: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let object = call.value(0);
    let name = call.text(1);
    let kind = object.type_name();
    let fault_of = |fault: Box<Fault>| {
        let nearer = Fault::other(format!("{kind} has no \"{name}\""));
        if fault.kind == crate::yaql::fault::FaultKind::Limit { fault } else { nearer }
    };
    let property = format!("#property#{name}");
    if super::layers(&property).is_empty() {
        return Err(fault_of(Fault::other("")));
    }
    machine.invoke(&property, call.context, vec![object])
}

fn send_context<'a>(machine: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let Value::Context(context) = call.value(0) else {
        return Err(Fault::other("in front of -> stands no context"));
    };
    let right = call.needed_lambda(1)?;
    machine.apply_in(&right, context)
}

fn numbered(machine: &mut Machine<'_>, context: usize, values: Vec<Value>) {
    for (value, number) in values.into_iter().zip(1..) {
        machine.set(context, &format!("{number}"), value);
    }
}

fn let_<'a>(machine: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    numbered(machine, call.context, call.rest_values());
    for (name, value) in call.named {
        machine.set(call.context, &name, value);
    }
    Ok(machine.expose(call.context))
}

fn with<'a>(machine: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    numbered(machine, call.context, call.rest_values());
    Ok(machine.expose(call.context))
}

/// A name as the original's convention has it: `my_function` is `myFunction`.
fn conventional(name: &str) -> String {
    let name = name.trim_end_matches('_');
    let prefix = match name.chars().next() {
        // Behind a prefix between two equal signs, as in `#operator_`, nothing changes.
        Some(sign) if !sign.is_alphabetic() => match name[sign.len_utf8()..].find(sign) {
            Some(end) if end > 0 => end + 2 * sign.len_utf8(),
            _ => return name.to_owned(),
        },
        _ => 0,
    };
    let mut out = name[..prefix].to_owned();
    let mut characters = name[prefix..].chars().peekable();
    let mut first = true;
    while let Some(character) = characters.next() {
        match characters.peek() {
            Some(next) if character == '_' && !first && (next.is_alphanumeric() || *next == '_') => {
                out.extend(next.to_uppercase());
                characters.next();
            }
            _ => out.push(character),
        }
        first = false;
    }
    out
}

fn def<'a>(machine: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let name: Arc<str> = conventional(&call.text(0)).into();
    let lambda: Lambda<'a> = call.needed_lambda(1)?;
    machine.define(call.context, name, lambda);
    Ok(machine.expose(call.context))
}

fn unpack<'a>(machine: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let sequence = call.value(0);
    let names = call.rest_values();
    let mut cursor = machine.cursor(&sequence)?;
    let mut values = Vec::new();
    while values.len() <= names.len() {
        match cursor.next(machine)? {
            Some(value) => values.push(value),
            None => break,
        }
    }
    if names.is_empty() {
        // What was looked at is gone if it was an iterator; a collection is gone through again.
        let rest = machine.all(&sequence)?;
        numbered(machine, call.context, rest);
    } else if names.len() == values.len() {
        for (name, value) in names.iter().zip(values) {
            if let Value::Text(name) = name {
                machine.set(call.context, name, value);
            }
        }
    } else {
        return Err(Fault::other(format!(
            "{} elements cannot be unpacked into {} names",
            values.len(),
            names.len()
        )));
    }
    Ok(machine.expose(call.context))
}

fn assert<'a>(machine: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let object = call.value(0);
    let object = machine.memorize(object)?;
    if machine.apply(&call.needed_lambda(1)?, std::slice::from_ref(&object))?.truth() {
        return Ok(object);
    }
    Err(Fault::other(call.text(2).to_string()))
}

fn call_by_name<'a>(machine: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let name = call.text(0);
    let args: Vec<_> = machine.all(&call.value(1))?.into_iter().map(Raw::Value).collect();
    let mut named = Vec::new();
    if let Value::Dict(kwargs) = call.value(2) {
        for (key, value) in kwargs.iter() {
            match key.value() {
                Value::Text(name) if name.chars().next().is_some_and(|c| c.is_alphabetic() || c == '_') => {
                    named.push((name.clone(), Raw::Value(value.clone())));
                }
                other => {
                    return Err(Fault::other(format!("{} is no name of an argument", other.type_name())));
                }
            }
        }
    }
    let receiver = match call.value(3) {
        Value::Missing => None,
        receiver => Some(receiver),
    };
    machine.deeper(6, |machine| resolve::call(machine, &name, call.context, receiver, args, named))
}
