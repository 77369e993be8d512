//! `and`, `or`, `not`, `bool`, `isBoolean`.

use crate::yaql::fault::Result;
use crate::yaql::machine::{Call, Machine};
use crate::yaql::spec::{ANY, LAMBDA, Overload, function, needs};
use crate::yaql::value::Value;

pub(super) static FUNCTIONS: &[Overload] = &[
    function("#operator_and", &[needs("left", LAMBDA), needs("right", LAMBDA)], and),
    function("#operator_or", &[needs("left", LAMBDA), needs("right", LAMBDA)], or),
    function("#unary_operator_not", &[needs("arg", ANY)], not),
    function("bool", &[needs("value", ANY)], truth),
    function("isBoolean", &[needs("value", ANY)], is_boolean),
];

/// The first operand that decides, else the second.
fn either<'a>(machine: &mut Machine<'a>, call: &Call<'a>, decides: bool) -> Result<Value> {
    let left = machine.apply(&call.needed_lambda(0)?, &[])?;
    if left.truth() == decides {
        return Ok(left);
    }
    machine.apply(&call.needed_lambda(1)?, &[])
}

fn and<'a>(machine: &mut Machine<'a>, call: Call<'a>) -> Result<Value> {
    either(machine, &call, false)
}

fn or<'a>(machine: &mut Machine<'a>, call: Call<'a>) -> Result<Value> {
    either(machine, &call, true)
}

fn not<'a>(_: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    Ok(Value::Bool(!call.value(0).truth()))
}

fn truth<'a>(_: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    Ok(Value::Bool(call.value(0).truth()))
}

fn is_boolean<'a>(_: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    Ok(Value::Bool(matches!(call.value(0), Value::Bool(_))))
}
