//! Arithmetic and bits.

use crate::yaql::fault::{Fault, Result};
use crate::yaql::machine::{Call, Machine};
use crate::yaql::number::{self, Operation};
use crate::yaql::spec::{ANY, Default, INT, NUMBER, NUMBER_OR_NULL, Overload, Param, function, may, needs};
use crate::yaql::value::Value;
use num_bigint::BigInt;

const NUMBERS: [Param; 2] = [needs("left", NUMBER), needs("right", NUMBER)];
const INTS: [Param; 2] = [needs("left", INT), needs("right", INT)];
const SHIFT: [Param; 2] = [needs("value", INT), needs("bitsNumber", INT)];

pub(super) static FUNCTIONS: &[Overload] = &[
    function("#operator_+", &NUMBERS, plus),
    function("#operator_-", &NUMBERS, minus),
    function("#operator_*", &NUMBERS, times),
    function("#operator_/", &NUMBERS, divide),
    function("#operator_mod", &NUMBERS, modulo),
    function("#unary_operator_+", &[needs("op", NUMBER)], same),
    function("#unary_operator_-", &[needs("op", NUMBER)], negative),
    function("abs", &[needs("op", NUMBER)], absolute),
    function("int", &[needs("value", ANY)], int),
    function("float", &[needs("value", ANY)], float),
    function("random", &[], random),
    function("random", &[needs("from", ANY), needs("to", ANY)], random),
    function("bitwiseAnd", &INTS, bitwise_and),
    function("bitwiseOr", &INTS, bitwise_or),
    function("bitwiseXor", &INTS, bitwise_xor),
    function("bitwiseNot", &[needs("arg", INT)], bitwise_not),
    function("shiftBitsLeft", &SHIFT, shift_left),
    function("shiftBitsRight", &SHIFT, shift_right),
    function("max", &[needs("a", ANY), needs("b", ANY)], max),
    function("min", &[needs("a", ANY), needs("b", ANY)], min),
    function(
        "pow",
        &[needs("a", NUMBER), needs("b", NUMBER), may("c", NUMBER_OR_NULL, Default::Null)],
        power,
    ),
    function("sign", &[needs("num", NUMBER)], sign),
    function("round", &[needs("number", NUMBER), may("ndigits", INT, Default::Int(0))], round),
    function("isInteger", &[needs("value", ANY)], is_integer),
    function("isNumber", &[needs("value", ANY)], is_number),
];

fn plus<'a>(_: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    number::calculate(Operation::Plus, &call.value(0), &call.value(1))
}

fn minus<'a>(_: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    number::calculate(Operation::Minus, &call.value(0), &call.value(1))
}

fn times<'a>(_: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    number::calculate(Operation::Times, &call.value(0), &call.value(1))
}

fn divide<'a>(_: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    number::calculate(Operation::Divide, &call.value(0), &call.value(1))
}

fn modulo<'a>(_: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    number::calculate(Operation::Modulo, &call.value(0), &call.value(1))
}

fn same<'a>(_: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    Ok(call.value(0))
}

fn negative<'a>(_: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    number::negative(&call.value(0))
}

fn absolute<'a>(_: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    number::absolute(&call.value(0))
}

fn int<'a>(_: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    match call.value(0) {
        Value::Null => Ok(Value::Int(0)),
        value => number::to_int(&value),
    }
}

fn float<'a>(_: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    match call.value(0) {
        Value::Null => Ok(Value::Float(0.0)),
        value => number::to_float(&value),
    }
}

fn random<'a>(_: &mut Machine<'a>, _: Call<'a>) -> Result<Value> {
    let message =
        "random() is not supported: it would give another value each time the template is evaluated";
    Err(Fault::limit(message).help("take the value of a resource OS::Heat::RandomString"))
}

fn bits(
    call: &mut Call<'_>,
    work: fn(BigInt, BigInt) -> BigInt,
    truths: fn(bool, bool) -> bool,
) -> Result<Value> {
    match (call.value(0), call.value(1)) {
        (Value::Bool(left), Value::Bool(right)) => Ok(Value::Bool(truths(left, right))),
        (left, right) => match (number::big(&left), number::big(&right)) {
            (Some(left), Some(right)) => Ok(Value::integer(work(left, right))),
            _ => Err(Fault::other("bits are those of integers")),
        },
    }
}

fn bitwise_and<'a>(_: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    bits(&mut call, |a, b| a & b, |a, b| a & b)
}

fn bitwise_or<'a>(_: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    bits(&mut call, |a, b| a | b, |a, b| a | b)
}

fn bitwise_xor<'a>(_: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    bits(&mut call, |a, b| a ^ b, |a, b| a ^ b)
}

fn bitwise_not<'a>(_: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let value = call.value(0);
    number::big(&value)
        .map(|value| Value::integer(!value))
        .ok_or_else(|| Fault::other("bits are those of integers"))
}

fn shift_left<'a>(_: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    number::shift(&call.value(0), &call.value(1), true)
}

fn shift_right<'a>(_: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    number::shift(&call.value(0), &call.value(1), false)
}

/// The greater of two by the operator `>`, or the other one.
fn greater<'a>(machine: &mut Machine<'a>, mut call: Call<'a>, wanted: bool) -> Result<Value> {
    let (a, b) = (call.value(0), call.value(1));
    let b_is_greater = machine.invoke("#operator_>", call.context, vec![b.clone(), a.clone()])?.truth();
    Ok(if b_is_greater == wanted { b } else { a })
}

fn max<'a>(machine: &mut Machine<'a>, call: Call<'a>) -> Result<Value> {
    greater(machine, call, true)
}

fn min<'a>(machine: &mut Machine<'a>, call: Call<'a>) -> Result<Value> {
    greater(machine, call, false)
}

fn power<'a>(machine: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let (base, exponent) = (call.value(0), call.value(1));
    match call.value(2) {
        Value::Null => number::power(&base, &exponent),
        modulus => {
            let (value, cost) = number::power_modulo(&base, &exponent, &modulus)?;
            machine.pay(cost)?;
            Ok(value)
        }
    }
}

fn sign<'a>(_: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let order = number::compare(&call.value(0), &Value::Int(0));
    Ok(Value::Int(order.map_or(0, |order| order as i64)))
}

fn round<'a>(_: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let digits = call.int(1);
    number::round(&call.value(0), digits)
}

fn is_integer<'a>(_: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    Ok(Value::Bool(matches!(call.value(0), Value::Int(_) | Value::Big(_))))
}

fn is_number<'a>(_: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    Ok(Value::Bool(matches!(call.value(0), Value::Int(_) | Value::Big(_) | Value::Float(_))))
}
