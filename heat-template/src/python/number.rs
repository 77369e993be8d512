//! Integers of any size and floats.

use crate::yaml::{float_number, float_text};
use serde_json::{Number, Value};
use std::cmp::Ordering;

/// A Python number: `int` or `float`.
#[derive(Debug, Clone, PartialEq)]
pub enum Num {
    /// An integer that fits.
    Int(i128),
    /// A bigger integer: its sign and decimal digits without leading zeros.
    Big {
        /// Below zero.
        negative: bool,
        /// Decimal digits.
        digits: String,
    },
    /// A float, also infinite or not a number.
    Float(f64),
}

impl Num {
    /// The number that a value is; booleans are numbers, texts are not.
    pub fn of(value: &Value) -> Option<Self> {
        match value {
            Value::Bool(value) => Some(Self::Int(i128::from(*value))),
            Value::Number(number) => Some(Self::from_number(number)),
            _ => None,
        }
    }

    /// The number; it is a float if it is written with a point or an exponent.
    pub fn from_number(number: &Number) -> Self {
        let text = number.as_str();
        integer(text).unwrap_or_else(|| Self::Float(text.parse().unwrap_or(f64::NAN)))
    }

    /// Whether it is a float.
    pub fn is_float(&self) -> bool {
        matches!(self, Self::Float(_))
    }

    /// Whether it equals zero.
    pub fn is_zero(&self) -> bool {
        match self {
            Self::Int(value) => *value == 0,
            Self::Big { .. } => false,
            Self::Float(value) => *value == 0.0,
        }
    }

    /// As a float, as near as it gets.
    pub fn to_f64(&self) -> f64 {
        match self {
            Self::Int(value) => *value as f64,
            Self::Big { negative, digits } => {
                let value: f64 = digits.parse().unwrap_or(f64::INFINITY);
                if *negative { -value } else { value }
            }
            Self::Float(value) => *value,
        }
    }

    /// Which is greater; `None` where one is not a number.
    pub fn compare(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Int(a), Self::Int(b)) => Some(a.cmp(b)),
            (Self::Float(a), Self::Float(b)) => a.partial_cmp(b),
            (Self::Int(a), Self::Float(b)) => compare_int_float(*a, *b),
            (Self::Float(a), Self::Int(b)) => compare_int_float(*b, *a).map(Ordering::reverse),
            (
                Self::Big { negative, digits },
                Self::Big { negative: other_negative, digits: other_digits },
            ) => Some(match (negative, other_negative) {
                (true, false) => Ordering::Less,
                (false, true) => Ordering::Greater,
                (false, false) => size(digits, other_digits),
                (true, true) => size(other_digits, digits),
            }),
            // Whatever does not fit into 128 bits is greater, by its size, than all that does.
            (Self::Big { negative, .. }, Self::Int(_)) => {
                Some(if *negative { Ordering::Less } else { Ordering::Greater })
            }
            (Self::Int(_), Self::Big { .. }) => other.compare(self).map(Ordering::reverse),
            (Self::Big { .. }, Self::Float(b)) => match other.truncate() {
                // What is as large has no fraction, so that this is exact.
                Some(whole) => self.compare(&whole),
                None => 0.0.partial_cmp(b),
            },
            (Self::Float(_), Self::Big { .. }) => other.compare(self).map(Ordering::reverse),
        }
    }

    /// Bits that are the same for equal numbers, and hardly for others: of a whole number the rest of its division by a
    /// prime, as in Python.
    pub(crate) fn equality_bits(&self) -> u64 {
        const PRIME: u64 = (1 << 61) - 1;
        let signed = |negative: bool, rest: u64| if negative { !rest } else { rest };
        match self {
            Self::Int(value) => {
                let rest = value.unsigned_abs() % u128::from(PRIME);
                signed(*value < 0, rest as u64)
            }
            Self::Big { negative, digits } => {
                let add = |rest: u128, digit: u8| (rest * 10 + u128::from(digit - b'0')) % u128::from(PRIME);
                signed(*negative, digits.bytes().fold(0, add) as u64)
            }
            Self::Float(value) if value.is_finite() && value.trunc() == *value => {
                self.truncate().map_or(0, |whole| whole.equality_bits())
            }
            Self::Float(value) => value.to_bits(),
        }
    }

    /// Python's `%`: the result has the sign of the divisor. `None` for a divisor of zero.
    pub fn modulo(&self, divisor: &Self) -> Option<Self> {
        if divisor.is_zero() {
            return None;
        }
        if let (Self::Int(a), Self::Int(b)) = (self, divisor) {
            let rest = a.checked_rem(*b)?;
            return Some(Self::Int(if rest != 0 && (rest < 0) != (*b < 0) { rest + b } else { rest }));
        }
        if let (Self::Big { negative, digits }, Self::Int(b)) = (self, divisor) {
            let size = b.unsigned_abs();
            // Long division by hand; a divisor above 2^124 would overflow and has no use here.
            if size < 1 << 120 {
                let rest =
                    digits.bytes().fold(0_u128, |rest, digit| (rest * 10 + u128::from(digit - b'0')) % size);
                let rest = i128::try_from(rest).ok()?;
                let rest = if *negative { -rest } else { rest };
                return Some(Self::Int(if rest != 0 && (rest < 0) != (*b < 0) { rest + b } else { rest }));
            }
        }
        let (a, b) = (self.to_f64(), divisor.to_f64());
        let rest = a % b;
        Some(Self::Float(if rest != 0.0 && (rest < 0.0) != (b < 0.0) { rest + b } else { rest }))
    }

    /// Python's `+`.
    #[must_use]
    pub fn plus(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::Int(a), Self::Int(b)) => {
                a.checked_add(*b).map_or_else(|| Self::Float(self.to_f64() + other.to_f64()), Self::Int)
            }
            _ => Self::Float(self.to_f64() + other.to_f64()),
        }
    }

    /// Python's `int(number)`: towards zero. `None` for infinity and for what is not a number.
    pub fn truncate(&self) -> Option<Self> {
        match self {
            Self::Float(value) if !value.is_finite() => None,
            Self::Float(value) => integer(&format!("{:.0}", value.trunc())),
            whole => Some(whole.clone()),
        }
    }

    /// As a JSON value; infinity and NaN, for which JSON has no number, become texts, as everywhere in this crate.
    pub fn to_value(&self) -> Value {
        self.to_number().map_or_else(|| Value::String(self.json()), Value::Number)
    }

    /// As a JSON number; `None` for infinity and NaN.
    pub fn to_number(&self) -> Option<Number> {
        match self {
            Self::Int(value) => Some(
                i64::try_from(*value)
                    .map(Number::from)
                    .unwrap_or_else(|_| Number::from_string_unchecked(value.to_string())),
            ),
            Self::Big { .. } => Some(Number::from_string_unchecked(self.repr())),
            Self::Float(value) => float_number(*value),
        }
    }

    /// Python's `repr`, which is also its `str`: shortest digits, exponent from 1e16 on and below 1e-4.
    pub fn repr(&self) -> String {
        match self {
            Self::Int(value) => value.to_string(),
            Self::Big { negative, digits } => format!("{}{digits}", if *negative { "-" } else { "" }),
            Self::Float(value) => float_repr(*value),
        }
    }

    /// As Python's `json.dumps` writes it.
    pub fn json(&self) -> String {
        match self {
            Self::Float(value) => float_text(*value),
            other => other.repr(),
        }
    }
}

/// Compares digits without leading zeros by the numbers that they are.
fn size(left: &str, right: &str) -> Ordering {
    left.len().cmp(&right.len()).then_with(|| left.cmp(right))
}

fn compare_int_float(int: i128, float: f64) -> Option<Ordering> {
    if float.is_nan() {
        return None;
    }
    // Exactly: the float's whole part as an integer where that is possible, then its fraction.
    if float >= 1.7e38 {
        return Some(Ordering::Less);
    }
    if float <= -1.7e38 {
        return Some(Ordering::Greater);
    }
    let whole = float.trunc();
    let fraction = float - whole;
    Some(int.cmp(&(whole as i128)).then_with(|| 0.0_f64.partial_cmp(&fraction).unwrap_or(Ordering::Equal)))
}

fn float_repr(value: f64) -> String {
    if value.is_nan() {
        return "nan".to_owned();
    }
    if value.is_infinite() {
        return if value < 0.0 { "-inf" } else { "inf" }.to_owned();
    }
    float_text(value)
}

/// An integer in plain decimal digits with an optional sign.
fn integer(text: &str) -> Option<Num> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let digits = digits.trim_start_matches('0');
    if digits.is_empty() {
        return Some(Num::Int(0));
    }
    match digits.parse::<i128>() {
        Ok(value) => Some(Num::Int(if negative { -value } else { value })),
        Err(_) => Some(Num::Big { negative, digits: digits.to_owned() }),
    }
}

/// Removes single underscores between digits, which Python allows in numbers.
fn without_underscores(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    for (at, byte) in bytes.iter().enumerate() {
        let digit = |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_some_and(u8::is_ascii_digit);
        if *byte == b'_' && !(digit(at.checked_sub(1)) && digit(Some(at + 1))) {
            return None;
        }
    }
    Some(text.replace('_', ""))
}

/// Python's `int(text)`; `None` where it raises.
pub fn int_from_text(text: &str) -> Option<Num> {
    integer(&without_underscores(text.trim())?)
}

/// Heat's `str_to_num`: an integer if it is one, else a float; `None` where Python raises.
pub fn number_from_text(text: &str) -> Option<Num> {
    if let Some(int) = int_from_text(text) {
        return Some(int);
    }
    let text = without_underscores(text.trim())?;
    let bare = text.trim_start_matches(['+', '-']).to_ascii_lowercase();
    let sign = text.len() - bare.len();
    if sign > 1 {
        return None;
    }
    let value = match bare.as_str() {
        "inf" | "infinity" => f64::INFINITY,
        "nan" => f64::NAN,
        // Rust also reads words like these; digits, point and exponent are the same as Python's.
        _ if bare.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'+' | b'-')) => {
            bare.parse().ok()?
        }
        _ => return None,
    };
    Some(Num::Float(if text.starts_with('-') { -value } else { value }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn repr(value: f64) -> String {
        Num::Float(value).repr()
    }

    #[test]
    fn floats_are_written_as_python_writes_them() {
        assert_eq!(repr(1.5), "1.5");
        assert_eq!(repr(7.0), "7.0");
        assert_eq!(repr(-0.0), "-0.0");
        assert_eq!(repr(1e16), "1e+16");
        assert_eq!(repr(1e15), "1000000000000000.0");
        assert_eq!(repr(1e20), "1e+20");
        assert_eq!(repr(1.234e-5), "1.234e-05");
        assert_eq!(repr(0.0001), "0.0001");
        assert_eq!(repr(0.1 + 0.2), "0.30000000000000004");
        assert_eq!(repr(f64::INFINITY), "inf");
    }

    #[test]
    fn texts_become_numbers_as_in_python() {
        let read = |text| number_from_text(text).map(|number| number.repr());
        assert_eq!(read("10").as_deref(), Some("10"));
        assert_eq!(read(" 5 ").as_deref(), Some("5"));
        assert_eq!(read("1_000").as_deref(), Some("1000"));
        assert_eq!(read("1__0"), None);
        assert_eq!(read("1e3").as_deref(), Some("1000.0"));
        assert_eq!(read("-2.50").as_deref(), Some("-2.5"));
        assert_eq!(read("+.5").as_deref(), Some("0.5"));
        assert_eq!(read("nan").as_deref(), Some("nan"));
        assert_eq!(read("0x10"), None);
        assert_eq!(read(""), None);
        assert_eq!(read("+-1"), None);
        assert_eq!(read("1e"), None);
        assert_eq!(read("123456789012345678901234567890123456789012").map(|n| n.len()), Some(42));
    }

    #[test]
    fn big_integers_compare_and_divide() {
        let big = number_from_text("340282366920938463463374607431768211457000000").unwrap();
        assert_eq!(big.compare(&Num::Int(5)), Some(Ordering::Greater));
        assert_eq!(big.modulo(&Num::Int(1000)), Some(Num::Int(0)));
        assert_eq!(big.modulo(&Num::Int(7000000)), Some(Num::Int(1000000 * (big_mod_7()))));
        fn big_mod_7() -> i128 {
            "340282366920938463463374607431768211457"
                .bytes()
                .fold(0, |rest, digit| (rest * 10 + i128::from(digit - b'0')) % 7)
        }
    }

    #[test]
    fn modulo_has_the_sign_of_the_divisor() {
        let modulo = |a: i128, b: i128| Num::Int(a).modulo(&Num::Int(b));
        assert_eq!(modulo(-1, 3), Some(Num::Int(2)));
        assert_eq!(modulo(1, -3), Some(Num::Int(-2)));
        assert_eq!(modulo(9, 4), Some(Num::Int(1)));
        assert_eq!(modulo(9, 0), None);
        assert_eq!(Num::Float(-1.5).modulo(&Num::Int(1)), Some(Num::Float(0.5)));
    }

    #[test]
    fn integers_and_floats_compare_exactly() {
        let huge = Num::Int(9_007_199_254_740_993);
        assert_eq!(huge.compare(&Num::Float(9_007_199_254_740_992.0)), Some(Ordering::Greater));
        assert_eq!(Num::Int(1).compare(&Num::Float(1.5)), Some(Ordering::Less));
        assert_eq!(Num::Int(-1).compare(&Num::Float(-1.5)), Some(Ordering::Greater));
        assert_eq!(Num::Int(1).compare(&Num::Float(f64::NAN)), None);
        // 1e40 is 10000000000000000303786028427003666890752.
        let big = |digits: &str| integer(digits).unwrap_or(Num::Int(0));
        let written = big("10000000000000000000000000000000000000000");
        assert_eq!(written.compare(&Num::Float(1e40)), Some(Ordering::Less));
        let exact = big("10000000000000000303786028427003666890752");
        assert_eq!(exact.compare(&Num::Float(1e40)), Some(Ordering::Equal));
        assert_eq!(Num::Float(1e40).compare(&written), Some(Ordering::Greater));
        assert_eq!(exact.compare(&Num::Float(f64::INFINITY)), Some(Ordering::Less));
        assert_eq!(
            big("-10000000000000000000000000000000000000000").compare(&Num::Float(-1e40)),
            Some(Ordering::Greater)
        );
        assert_eq!(exact.compare(&Num::Float(f64::NAN)), None);
    }

    #[test]
    fn equal_numbers_have_the_same_bits_and_big_ones_that_one_float_stands_for_do_not() {
        let exact = integer("-10000000000000000303786028427003666890752").unwrap_or(Num::Int(0));
        assert_eq!(exact.equality_bits(), Num::Float(-1e40).equality_bits());
        assert_eq!(Num::Int(-7).equality_bits(), Num::Float(-7.0).equality_bits());
        assert_eq!(Num::Int(0).equality_bits(), Num::Float(-0.0).equality_bits());
        let bits = (0..10_000).map(|last| integer(&format!("{}{last:05}", "9".repeat(300))));
        let bits: std::collections::HashSet<_> =
            bits.flatten().map(|number| number.equality_bits()).collect();
        assert!(bits.len() > 9_990, "{} of 10,000", bits.len());
    }

    #[test]
    fn truncation_goes_towards_zero() {
        assert_eq!(Num::Float(-5.9).truncate(), Some(Num::Int(-5)));
        assert_eq!(Num::Float(1e20).truncate(), Some(Num::Int(100_000_000_000_000_000_000)));
        assert_eq!(Num::Float(f64::NAN).truncate(), None);
        assert_eq!(Num::of(&json!(true)), Some(Num::Int(1)));
    }
}
