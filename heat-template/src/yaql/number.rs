//! Arithmetic: integers of any size and floats, as Python counts.

use super::fault::{Fault, Result};
use super::value::Value;
use num_bigint::{BigInt, Sign};
use num_integer::Integer;
use num_traits::{FromPrimitive, Signed, ToPrimitive, Zero};
use std::cmp::Ordering;

/// The most bits that an integer may have: beyond that Heat's memory quota does not let it pass anyway.
const MAX_BITS: u64 = 100_000;

/// A number, whatever its kind; booleans are numbers.
pub(super) enum Number {
    Int(BigInt),
    Float(f64),
}

/// The number that a value is.
pub(super) fn number(value: &Value) -> Option<Number> {
    match value {
        Value::Float(value) => Some(Number::Float(*value)),
        other => big(other).map(Number::Int),
    }
}

/// The integer that a value is.
pub(super) fn big(value: &Value) -> Option<BigInt> {
    match value {
        Value::Bool(value) => Some(BigInt::from(u8::from(*value))),
        Value::Int(value) => Some(BigInt::from(*value)),
        Value::Big(value) => Some((**value).clone()),
        _ => None,
    }
}

fn small(value: &Value) -> Option<i64> {
    match value {
        Value::Bool(value) => Some(i64::from(*value)),
        Value::Int(value) => Some(*value),
        _ => None,
    }
}

fn not_a_number(value: &Value) -> Box<Fault> {
    Fault::other(format!("{} is not a number", value.type_name()))
}

fn too_large() -> Box<Fault> {
    Fault::other("the integer is too large")
}

/// As a float; an integer that is too large for one is an error.
pub(super) fn float(value: &Value) -> Result<f64> {
    match number(value).ok_or_else(|| not_a_number(value))? {
        Number::Float(value) => Ok(value),
        Number::Int(value) => big_to_float(&value),
    }
}

pub(super) fn big_to_float(value: &BigInt) -> Result<f64> {
    value
        .to_f64()
        .filter(|value| value.is_finite())
        .ok_or_else(|| Fault::other("the integer is too large for a float"))
}

/// An operation of arithmetic.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Operation {
    Plus,
    Minus,
    Times,
    Divide,
    Modulo,
}

/// `left operation right`; `/` of two integers rounds down.
pub(super) fn calculate(operation: Operation, left: &Value, right: &Value) -> Result<Value> {
    if let (Some(a), Some(b)) = (small(left), small(right)) {
        let result = match operation {
            Operation::Plus => a.checked_add(b),
            Operation::Minus => a.checked_sub(b),
            Operation::Times => a.checked_mul(b),
            Operation::Divide | Operation::Modulo if b == 0 => return Err(by_zero()),
            Operation::Divide => {
                a.checked_div(b).map(|result| result - i64::from(a % b != 0 && (a < 0) != (b < 0)))
            }
            Operation::Modulo => {
                a.checked_rem(b).map(|rest| if rest != 0 && (rest < 0) != (b < 0) { rest + b } else { rest })
            }
        };
        if let Some(result) = result {
            return Ok(Value::Int(result));
        }
    }
    if let (Some(a), Some(b)) = (big(left), big(right)) {
        return Ok(Value::integer(match operation {
            Operation::Plus => a + b,
            Operation::Minus => a - b,
            Operation::Times if a.bits() + b.bits() > 2 * MAX_BITS => return Err(too_large()),
            Operation::Times => a * b,
            Operation::Divide | Operation::Modulo if b.is_zero() => return Err(by_zero()),
            Operation::Divide => a.div_floor(&b),
            Operation::Modulo => a.mod_floor(&b),
        }));
    }
    let (a, b) = (float(left)?, float(right)?);
    Ok(Value::Float(match operation {
        Operation::Plus => a + b,
        Operation::Minus => a - b,
        Operation::Times => a * b,
        Operation::Divide | Operation::Modulo if b == 0.0 => return Err(by_zero()),
        Operation::Divide => a / b,
        Operation::Modulo => float_modulo(a, b),
    }))
}

fn by_zero() -> Box<Fault> {
    Fault::other("a division by zero")
}

/// The rest has the sign of the divisor, also where it is zero.
fn float_modulo(a: f64, b: f64) -> f64 {
    let rest = a % b;
    if rest == 0.0 {
        0.0_f64.copysign(b)
    } else if (rest < 0.0) != (b < 0.0) {
        rest + b
    } else {
        rest
    }
}

/// `-value`.
pub(super) fn negative(value: &Value) -> Result<Value> {
    match value {
        Value::Float(value) => Ok(Value::Float(-value)),
        other => Ok(Value::integer(-big(other).ok_or_else(|| not_a_number(other))?)),
    }
}

/// `abs(value)`.
pub(super) fn absolute(value: &Value) -> Result<Value> {
    match value {
        Value::Float(value) => Ok(Value::Float(value.abs())),
        other => Ok(Value::integer(big(other).ok_or_else(|| not_a_number(other))?.abs())),
    }
}

/// Which number is greater; `None` where one is no number.
pub(super) fn compare(left: &Value, right: &Value) -> Option<Ordering> {
    if let (Some(a), Some(b)) = (small(left), small(right)) {
        return Some(a.cmp(&b));
    }
    match (number(left)?, number(right)?) {
        (Number::Int(a), Number::Int(b)) => Some(a.cmp(&b)),
        (Number::Float(a), Number::Float(b)) => a.partial_cmp(&b),
        (Number::Int(a), Number::Float(b)) => compare_int(&a, b),
        (Number::Float(a), Number::Int(b)) => compare_int(&b, a).map(Ordering::reverse),
    }
}

fn compare_int(left: &BigInt, right: f64) -> Option<Ordering> {
    if right.is_nan() {
        return None;
    }
    match BigInt::from_f64(right.trunc()) {
        Some(whole) => {
            Some(left.cmp(&whole).then_with(|| 0.0.partial_cmp(&right.fract()).unwrap_or(Ordering::Equal)))
        }
        None => Some(if right > 0.0 { Ordering::Less } else { Ordering::Greater }),
    }
}

/// `pow(base, exponent)`.
pub(super) fn power(base: &Value, exponent: &Value) -> Result<Value> {
    if let (Some(a), Some(b)) = (big(base), big(exponent))
        && !b.is_negative()
    {
        let exponent = match b.to_u32() {
            Some(exponent) => exponent,
            None if a.bits() > 1 => return Err(too_large()),
            // 0, 1 and -1 have all the powers one wants.
            None => 2 + u32::from(b.is_odd()),
        };
        if a.bits() > 1 && (a.bits() - 1).saturating_mul(u64::from(exponent)) > MAX_BITS {
            return Err(too_large());
        }
        return Ok(Value::integer(a.pow(exponent)));
    }
    let (a, b) = (float(base)?, float(exponent)?);
    if a == 0.0 && b < 0.0 {
        return Err(Fault::other("0.0 cannot be raised to a negative power"));
    }
    if a < 0.0 && a.is_finite() && b.is_finite() && b.fract() != 0.0 {
        return Err(Fault::other("the power is a complex number"));
    }
    let result = a.powf(b);
    if result.is_infinite() && a.is_finite() && b.is_finite() {
        return Err(Fault::other("the power is too large for a float"));
    }
    Ok(Value::Float(result))
}

/// `pow(base, exponent, modulus)`; with what it costs, in the machine's units.
pub(super) fn power_modulo(base: &Value, exponent: &Value, modulus: &Value) -> Result<(Value, u64)> {
    let (Some(a), Some(b), Some(m)) = (big(base), big(exponent), big(modulus)) else {
        return Err(Fault::other("a power with a modulus needs integers"));
    };
    if m.is_zero() {
        return Err(Fault::other("the modulus is zero"));
    }
    let words = m.bits().div_ceil(64) + 1;
    let cost = (b.bits().saturating_mul(words).saturating_mul(words)) / 16;
    if b.bits().max(m.bits()).max(a.bits()) > 4096 {
        return Err(too_large());
    }
    let result = if b.is_negative() {
        let inverse = a.modinv(&m).ok_or_else(|| Fault::other("the base has no inverse for this modulus"))?;
        inverse.modpow(&-b, &m)
    } else {
        a.modpow(&b, &m)
    };
    Ok((Value::integer(result), cost))
}

/// `value << bits`, or `>>`.
pub(super) fn shift(value: &Value, bits: &Value, left: bool) -> Result<Value> {
    let (Some(value), Some(bits)) = (big(value), big(bits)) else {
        return Err(Fault::other("only integers can be shifted"));
    };
    if bits.is_negative() {
        return Err(Fault::other("a shift by a negative number of bits"));
    }
    if left {
        if value.is_zero() {
            return Ok(Value::Int(0));
        }
        let bits = bits.to_u64().filter(|bits| *bits <= MAX_BITS).ok_or_else(too_large)?;
        return Ok(Value::integer(value << bits));
    }
    let bits = bits.to_u64().unwrap_or(u64::MAX);
    if bits > value.bits() {
        return Ok(Value::Int(if value.is_negative() { -1 } else { 0 }));
    }
    Ok(Value::integer(value >> bits))
}

/// `round(value, digits)`: half to even, by the exact decimal value.
pub(super) fn round(value: &Value, digits: i64) -> Result<Value> {
    let float = match value {
        Value::Float(value) => *value,
        whole => {
            let whole = big(whole).ok_or_else(|| not_a_number(whole))?;
            return Ok(Value::integer(if digits >= 0 { whole } else { round_to(whole, digits) }));
        }
    };
    if !float.is_finite() || float == 0.0 || digits > 330 {
        return Ok(Value::Float(float));
    }
    if digits >= 0 {
        let text = format!("{float:.*}", usize::try_from(digits).unwrap_or(0));
        return Ok(Value::Float(text.parse().unwrap_or(float)));
    }
    if digits < -308 {
        return Ok(Value::Float(0.0_f64.copysign(float)));
    }
    // What is behind the point decides only where the rest is exactly a half.
    let scaled = BigInt::from_f64((float.abs()).trunc()).unwrap_or_default() * 2u8
        + BigInt::from(u8::from(float.fract() != 0.0));
    let unit = BigInt::from(10u8).pow(u32::try_from(digits.unsigned_abs()).unwrap_or(0)) * 2u8;
    let rounded = nearest(&scaled, &unit) / 2u8;
    let result = rounded.to_f64().unwrap_or(f64::INFINITY);
    if result.is_infinite() {
        return Err(Fault::other("the rounded value is too large to represent"));
    }
    Ok(Value::Float(result.copysign(float)))
}

fn round_to(value: BigInt, digits: i64) -> BigInt {
    let places = u32::try_from(digits.unsigned_abs()).unwrap_or(u32::MAX);
    if u64::from(places) > value.bits() {
        return BigInt::zero();
    }
    nearest(&value, &BigInt::from(10u8).pow(places))
}

/// The multiple of a unit that is nearest, of two the even one.
fn nearest(value: &BigInt, unit: &BigInt) -> BigInt {
    let (quotient, rest) = value.div_mod_floor(unit);
    let up = match (&rest * 2u8).cmp(unit) {
        Ordering::Less => false,
        Ordering::Greater => true,
        Ordering::Equal => quotient.is_odd(),
    };
    (quotient + BigInt::from(u8::from(up))) * unit
}

/// `int(value)`.
pub(super) fn to_int(value: &Value) -> Result<Value> {
    match value {
        Value::Float(value) => BigInt::from_f64(value.trunc())
            .map(Value::integer)
            .ok_or_else(|| Fault::other("infinity and NaN are no integers")),
        Value::Text(text) => {
            int_of(text).map(Value::integer).ok_or_else(|| Fault::other("the text is not an integer"))
        }
        other => big(other).map(Value::integer).ok_or_else(|| not_a_number(other)),
    }
}

/// Digits, perhaps with `_` between two of them.
fn digits(text: &str) -> Option<String> {
    let inner = !text.starts_with('_') && !text.ends_with('_') && !text.contains("__") && !text.is_empty();
    let plain: String = text.chars().filter(|c| *c != '_').collect();
    (inner && plain.bytes().all(|byte| byte.is_ascii_digit())).then_some(plain)
}

fn int_of(text: &str) -> Option<BigInt> {
    let text = super::text::strip(text, None);
    let (negative, unsigned) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let digits = digits(unsigned).filter(|digits| digits.len() <= 4300)?;
    let value: BigInt = digits.parse().ok()?;
    Some(if negative { -value } else { value })
}

/// `float(value)`.
pub(super) fn to_float(value: &Value) -> Result<Value> {
    let Value::Text(text) = value else { return float(value).map(Value::Float) };
    let wrong = || Fault::other("the text is not a number");
    let stripped = super::text::strip(text, None);
    let unsigned = stripped.strip_prefix(['-', '+']).unwrap_or(stripped);
    if ["inf", "infinity", "nan"].iter().any(|name| unsigned.eq_ignore_ascii_case(name)) {
        return stripped.parse().map(Value::Float).map_err(|_| wrong());
    }
    // Underscores stand between digits only.
    let mut plain = String::with_capacity(stripped.len());
    let bytes = stripped.as_bytes();
    for (at, character) in stripped.char_indices() {
        if character == '_' {
            let digit = |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_some_and(u8::is_ascii_digit);
            if !digit(at.checked_sub(1)) || !digit(Some(at + 1)) {
                return Err(wrong());
            }
        } else if matches!(character, '0'..='9' | '.' | 'e' | 'E' | '+' | '-') {
            plain.push(character);
        } else {
            return Err(wrong());
        }
    }
    plain.parse().map(Value::Float).map_err(|_| wrong())
}

/// Python's `hash` of a number.
pub(super) fn hash(value: &Value) -> i64 {
    const MODULUS: u64 = (1 << 61) - 1;
    let whole = |value: &BigInt| {
        let rest = (value.magnitude() % MODULUS).to_i64().unwrap_or(0);
        let hash = if value.sign() == Sign::Minus { -rest } else { rest };
        if hash == -1 { -2 } else { hash }
    };
    match number(value) {
        Some(Number::Int(value)) => whole(&value),
        Some(Number::Float(value)) if value.is_nan() => 0,
        Some(Number::Float(value)) if value.is_infinite() => {
            if value > 0.0 {
                314_159
            } else {
                -314_159
            }
        }
        Some(Number::Float(value)) => float_hash(value),
        None => 0,
    }
}

fn float_hash(value: f64) -> i64 {
    const MODULUS: u64 = (1 << 61) - 1;
    let bits = value.to_bits();
    let exponent = (bits >> 52) & 0x7ff;
    let fraction = bits & ((1 << 52) - 1);
    if exponent == 0 && fraction == 0 {
        return 0;
    }
    let (mantissa, shift) =
        if exponent == 0 { (fraction, -1074) } else { (fraction | 1 << 52, exponent.cast_signed() - 1075) };
    // Multiplying by two is a rotation of 61 bits.
    let turn = u32::try_from(shift.rem_euclid(61)).unwrap_or(0);
    let mantissa = mantissa % MODULUS;
    let rotated =
        if turn == 0 { mantissa } else { ((mantissa << turn) & MODULUS) | (mantissa >> (61 - turn)) };
    let hash = (rotated % MODULUS).cast_signed();
    let hash = if value < 0.0 { -hash } else { hash };
    if hash == -1 { -2 } else { hash }
}
