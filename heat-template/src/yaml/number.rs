//! Numbers as Python reads and prints them.

use serde_json::Number;

/// Integers with more decimal digits are refused, as Python refuses to turn them into text.
const MAX_DIGITS: usize = 4_300;

/// A float as a number whose text is Python's (`1e+16`, `1e-05`, `3.0`); `None` for infinities and NaN.
///
/// Numbers that this crate makes of floats go through here, so that texts made of them equal Heat's.
pub fn float_number(value: f64) -> Option<Number> {
    value.is_finite().then(|| Number::from_string_unchecked(float_text(value)))
}

/// What Python's `repr` and `json.dumps` print for a float: `Infinity`, `-Infinity` and `NaN` as in JSON.
pub fn float_text(value: f64) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "Infinity" } else { "-Infinity" }.to_owned();
    }
    // The shortest digits that read back the same, which is also what Python prints: `-d.ddde-7`.
    let scientific = half_even(value, format!("{value:e}"));
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if !(-4..16).contains(&exponent) {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{mantissa}e{sign}{:02}", exponent.unsigned_abs());
    }
    fixed(mantissa, exponent)
}

/// Of two shortest texts that are equally near Python takes the one with the even digit.
fn half_even(value: f64, shortest: String) -> String {
    let digits = shortest.bytes().take_while(|byte| *byte != b'e').filter(u8::is_ascii_digit).count();
    // Fewer digits are never equally near.
    if digits < 15 {
        return shortest;
    }
    let rounded = format!("{value:.*e}", digits - 1);
    if rounded.parse() == Ok(value) { rounded } else { shortest }
}

/// `-d.ddd` times a power of ten without an exponent, with at least one digit on either side of the dot.
fn fixed(mantissa: &str, exponent: i32) -> String {
    let (sign, mantissa) = mantissa.strip_prefix('-').map_or(("", mantissa), |digits| ("-", digits));
    let mut digits = mantissa.replace('.', "");
    if exponent < 0 {
        return format!("{sign}0.{}{digits}", "0".repeat(exponent.unsigned_abs() as usize - 1));
    }
    let dot = exponent as usize + 1;
    while digits.len() <= dot {
        digits.push('0');
    }
    digits.insert(dot, '.');
    sign.to_owned() + &digits
}

/// The value of a text that is a YAML 1.1 integer, or that `!!int` says is one. `None` where Python fails.
pub(super) fn integer(text: &str) -> Option<Number> {
    // Most integers are written as JSON writes them.
    if let [b'1'..=b'9', rest @ ..] | [b'-', b'1'..=b'9', rest @ ..] | rest @ [b'0'] = text.as_bytes()
        && rest.len() < 18
        && rest.iter().all(u8::is_ascii_digit)
    {
        return Some(Number::from_string_unchecked(text.to_owned()));
    }
    let clean: String = text.chars().filter(|c| *c != '_').collect();
    let (negative, digits) = match clean.as_bytes().first()? {
        b'-' => (true, &clean[1..]),
        b'+' => (false, &clean[1..]),
        _ => (false, &*clean),
    };
    let magnitude = if digits == "0" {
        "0".to_owned()
    } else if let Some(binary) = digits.strip_prefix("0b") {
        radix(binary, 2)?
    } else if let Some(hexadecimal) = digits.strip_prefix("0x") {
        radix(hexadecimal, 16)?
    } else if digits.starts_with('0') {
        radix(digits, 8)?
    } else if digits.contains(':') {
        sexagesimal(digits)?
    } else {
        decimal(digits)?
    };
    let sign = if negative && magnitude != "0" { "-" } else { "" };
    Some(Number::from_string_unchecked(format!("{sign}{magnitude}")))
}

/// The value of a decimal integer as JSON writes it; `None` beyond Python's limit of digits.
pub(super) fn json_integer(text: &str) -> Option<Number> {
    let (sign, digits) = text.strip_prefix('-').map_or(("", text), |digits| ("-", digits));
    let magnitude = decimal(digits)?;
    let sign = if magnitude == "0" { "" } else { sign };
    Some(Number::from_string_unchecked(format!("{sign}{magnitude}")))
}

/// The value of a text that is a YAML 1.1 float, or that `!!float` says is one. `None` where Python fails.
pub(super) fn float(text: &str) -> Option<f64> {
    let clean: String = text.chars().filter(|c| *c != '_').map(|c| c.to_ascii_lowercase()).collect();
    let (sign, digits) = match clean.as_bytes().first()? {
        b'-' => (-1.0, &clean[1..]),
        b'+' => (1.0, &clean[1..]),
        _ => (1.0, &*clean),
    };
    match digits {
        ".inf" => Some(sign * f64::INFINITY),
        ".nan" => Some(f64::NAN),
        _ if digits.contains(':') => {
            let (mut sum, mut base) = (0.0, 1.0);
            for part in digits.rsplit(':') {
                sum += python_float(part)? * base;
                base *= 60.0;
                if base == f64::INFINITY {
                    return None;
                }
            }
            Some(sign * sum)
        }
        _ => python_float(digits).map(|value| sign * value),
    }
}

/// Python's `float(text)`: blanks around it do not matter.
fn python_float(text: &str) -> Option<f64> {
    text.trim().parse().ok()
}

/// Decimal digits without needless zeros in front.
fn decimal(digits: &str) -> Option<String> {
    let digits = digits.trim();
    if digits.is_empty() || digits.len() > MAX_DIGITS || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let significant = digits.trim_start_matches('0');
    Some(if significant.is_empty() { "0" } else { significant }.to_owned())
}

fn radix(digits: &str, base: u32) -> Option<String> {
    // Python's `int(text, base)` takes the base's own prefix and blanks as well, which only an explicit tag can bring here.
    let digits = digits.trim();
    let digits = if base == 8 { digits.strip_prefix("0o").unwrap_or(digits) } else { digits };
    let mut value = Magnitude::default();
    for digit in digits.chars() {
        value.push(base, digit.to_digit(base)?)?;
    }
    (!digits.is_empty()).then(|| value.text())
}

fn sexagesimal(digits: &str) -> Option<String> {
    let mut parts = digits.split(':');
    let mut value = Magnitude::default();
    for digit in decimal(parts.next()?)?.bytes() {
        value.push(10, u32::from(digit - b'0'))?;
    }
    for part in parts {
        value.push(60, decimal(part)?.parse().ok()?)?;
    }
    Some(value.text())
}

/// An integer of any size: groups of nine decimal digits, the least first.
#[derive(Default)]
struct Magnitude(Vec<u32>);

impl Magnitude {
    const GROUP: u64 = 1_000_000_000;

    /// Multiplies by `base` and adds `digit`; `None` where the number grows beyond Python's limit.
    fn push(&mut self, base: u32, digit: u32) -> Option<()> {
        let mut carry = u64::from(digit);
        for group in &mut self.0 {
            let value = u64::from(*group) * u64::from(base) + carry;
            *group = (value % Self::GROUP) as u32;
            carry = value / Self::GROUP;
        }
        while carry > 0 {
            self.0.push((carry % Self::GROUP) as u32);
            carry /= Self::GROUP;
        }
        (self.0.len() * 9 <= MAX_DIGITS + 8).then_some(())
    }

    fn text(&self) -> String {
        let mut groups = self.0.iter().rev();
        let mut text = groups.next().map_or_else(|| "0".to_owned(), u32::to_string);
        for group in groups {
            text += &format!("{group:09}");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn int(text: &str) -> Option<String> {
        integer(text).map(|number| number.to_string())
    }

    #[test]
    fn integers_in_every_base() {
        for (text, value) in [
            ("0", "0"),
            ("-0", "0"),
            ("+1", "1"),
            ("010", "8"),
            ("-0777", "-511"),
            ("0_", "0"),
            ("00", "0"),
            ("0x1F", "31"),
            ("-0x_ff", "-255"),
            ("0b1010_1010", "170"),
            ("1_000", "1000"),
            ("190:20:30", "685230"),
            ("-1:30", "-90"),
            ("0xFFFFFFFFFFFFFFFFFFFF", "1208925819614629174706175"),
            ("123456789012345678901234567890", "123456789012345678901234567890"),
        ] {
            assert_eq!(int(text).as_deref(), Some(value), "{text}");
        }
        for text in ["", "-", "0x_", "0b", "08", "1.5", "a", "1:a"] {
            assert_eq!(int(text), None, "{text}");
        }
    }

    #[test]
    fn integers_too_long_for_python_are_refused_quickly() {
        assert!(integer(&"9".repeat(4_300)).is_some());
        assert_eq!(integer(&"9".repeat(4_301)), None);
        assert_eq!(integer(&format!("0x{}", "f".repeat(1_000_000))), None);
        assert_eq!(integer(&format!("1{}", ":59".repeat(1_000_000))), None);
    }

    #[test]
    fn floats_print_as_python_prints_them() {
        for (value, text) in [
            (1.0, "1.0"),
            (-0.0, "-0.0"),
            (0.1, "0.1"),
            (1e15, "1000000000000000.0"),
            (1e16, "1e+16"),
            (1.5e300, "1.5e+300"),
            (0.0001, "0.0001"),
            (0.000_01, "1e-05"),
            (1.234_5e-7, "1.2345e-07"),
            (123_456.789, "123456.789"),
            // Exactly between ….12 and ….13, and both read back the same.
            (145_678_923_456_789.0 + 0.125, "145678923456789.12"),
            (-9_007_199_254_740_992.0, "-9007199254740992.0"),
            (0.012_5, "0.0125"),
            (-100.0, "-100.0"),
            (f64::NAN, "NaN"),
            (f64::NEG_INFINITY, "-Infinity"),
        ] {
            assert_eq!(float_text(value), text);
        }
    }

    #[test]
    fn floats_are_read_as_python_reads_them() {
        for (text, value) in [
            ("1.", 1.0),
            (".5", 0.5),
            ("1_0.5", 10.5),
            ("1.e+3", 1000.0),
            ("190:20:30.15", 685_230.15),
            ("-1:30.5", -90.5),
            ("-.INF", f64::NEG_INFINITY),
        ] {
            assert_eq!(float(text), Some(value), "{text}");
        }
        assert!(float(".NaN").is_some_and(f64::is_nan));
        assert_eq!(float("x"), None);
        assert_eq!(float(""), None);
    }

    proptest! {
        #[test]
        fn float_text_reads_back_the_same(value in proptest::num::f64::NORMAL | proptest::num::f64::SUBNORMAL) {
            prop_assert_eq!(float_text(value).parse::<f64>(), Ok(value));
        }

        #[test]
        fn any_base_gives_the_same_integer(value: u64) {
            let expected = Some(value.to_string());
            prop_assert_eq!(int(&format!("0x{value:x}")), expected.clone());
            prop_assert_eq!(int(&format!("0b{value:b}")), expected.clone());
            prop_assert_eq!(int(&format!("0{value:o}")), expected);
        }
    }
}
