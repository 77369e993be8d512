//! Which type a plain scalar has, by YAML 1.1's rules as PyYAML applies them.

/// What a plain scalar is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Plain {
    Null,
    Bool(bool),
    Int,
    Float,
    Timestamp,
    /// `<<`
    Merge,
    /// `=`
    Value,
    /// `!`, `&` or `*`, which only the non-specific tag can make a plain scalar of.
    Indicator,
    Text,
}

/// Resolves a plain scalar.
pub(super) fn plain(text: &str) -> Plain {
    let bytes = text.as_bytes();
    let Some(first) = bytes.first() else { return Plain::Null };
    match first {
        b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' => word(text),
        b'~' if bytes.len() == 1 => Plain::Null,
        b'<' if text == "<<" => Plain::Merge,
        b'=' if bytes.len() == 1 => Plain::Value,
        b'!' | b'&' | b'*' if bytes.len() == 1 => Plain::Indicator,
        b'-' | b'+' | b'.' | b'0'..=b'9' => number(bytes),
        _ => Plain::Text,
    }
}

fn word(text: &str) -> Plain {
    match text {
        "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => Plain::Bool(true),
        "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => Plain::Bool(false),
        "null" | "Null" | "NULL" => Plain::Null,
        _ => Plain::Text,
    }
}

/// The bytes behind those at the beginning that belong to a class.
fn skip(bytes: &[u8], class: impl Fn(u8) -> bool) -> &[u8] {
    let length = bytes.iter().take_while(|byte| class(**byte)).count();
    &bytes[length..]
}

fn digit(byte: u8) -> bool {
    byte.is_ascii_digit()
}

fn digit_or_bar(byte: u8) -> bool {
    byte.is_ascii_digit() || byte == b'_'
}

fn number(bytes: &[u8]) -> Plain {
    let (signed, body) = match bytes[0] {
        b'-' | b'+' => (true, &bytes[1..]),
        _ => (false, bytes),
    };
    match body {
        [b'.', rest @ ..] => dotted(rest, signed),
        [b'0'..=b'9', ..] => {
            if is_float(body) {
                Plain::Float
            } else if is_int(body) {
                Plain::Int
            } else if !signed && is_timestamp(body) {
                Plain::Timestamp
            } else {
                Plain::Text
            }
        }
        _ => Plain::Text,
    }
}

/// What stands behind a dot at the beginning.
fn dotted(rest: &[u8], signed: bool) -> Plain {
    match rest {
        b"inf" | b"Inf" | b"INF" => Plain::Float,
        b"nan" | b"NaN" | b"NAN" if !signed => Plain::Float,
        [b'0'..=b'9', ..] if !signed && is_exponent(skip(rest, digit_or_bar)) => Plain::Float,
        _ => Plain::Text,
    }
}

/// Nothing, or `e` with a sign and digits.
fn is_exponent(bytes: &[u8]) -> bool {
    match bytes {
        [] => true,
        [b'e' | b'E', b'-' | b'+', digits @ ..] => !digits.is_empty() && digits.iter().all(|b| digit(*b)),
        _ => false,
    }
}

/// What follows the first digits of a sexagesimal number, if at least one group does.
fn sexagesimal_groups(mut bytes: &[u8]) -> Option<&[u8]> {
    let mut groups = 0;
    while let [b':', rest @ ..] = bytes {
        bytes = match rest {
            [b'0'..=b'5', b'0'..=b'9', rest @ ..] | [b'0'..=b'9', rest @ ..] => rest,
            _ => return None,
        };
        groups += 1;
    }
    (groups > 0).then_some(bytes)
}

/// Begins with a digit.
fn is_float(bytes: &[u8]) -> bool {
    let rest = skip(bytes, digit_or_bar);
    match rest {
        [b'.', fraction @ ..] => is_exponent(skip(fraction, digit_or_bar)),
        [b':', ..] => match sexagesimal_groups(rest) {
            Some([b'.', fraction @ ..]) => skip(fraction, digit_or_bar).is_empty(),
            _ => false,
        },
        _ => false,
    }
}

/// Begins with a digit.
fn is_int(bytes: &[u8]) -> bool {
    let all = |rest: &[u8], class: fn(u8) -> bool| !rest.is_empty() && rest.iter().all(|byte| class(*byte));
    match bytes {
        b"0" => true,
        [b'0', b'b', rest @ ..] => all(rest, |b| matches!(b, b'0' | b'1' | b'_')),
        [b'0', b'x', rest @ ..] => all(rest, |b| b.is_ascii_hexdigit() || b == b'_'),
        [b'0', rest @ ..] => all(rest, |b| matches!(b, b'0'..=b'7' | b'_')),
        _ => {
            let rest = skip(bytes, digit_or_bar);
            rest.is_empty() || sexagesimal_groups(rest).is_some_and(<[u8]>::is_empty)
        }
    }
}

/// A date, or a date with a time.
fn is_timestamp(bytes: &[u8]) -> bool {
    Timestamp::parse(bytes).is_some()
}

/// The parts of a timestamp.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Timestamp<'t> {
    pub(super) year: u32,
    pub(super) month: u32,
    pub(super) day: u32,
    /// Hour, minute, second and the digits of the fraction.
    pub(super) time: Option<(u32, u32, u32, &'t [u8])>,
}

impl<'t> Timestamp<'t> {
    /// The parts, if the bytes are a timestamp in form (the numbers may still be impossible).
    pub(super) fn parse(bytes: &'t [u8]) -> Option<Self> {
        let (year, rest) = digits(bytes, 4, 4)?;
        let (month, rest) = digits(rest.strip_prefix(b"-")?, 1, 2)?;
        let (day, after_day) = digits(rest.strip_prefix(b"-")?, 1, 2)?;
        if after_day.is_empty() {
            // A date alone has two digits everywhere.
            return (bytes.len() == 10).then_some(Self { year, month, day, time: None });
        }
        let rest = match after_day {
            [b'T' | b't', rest @ ..] => rest,
            [b' ' | b'\t', ..] => skip(after_day, |b| matches!(b, b' ' | b'\t')),
            _ => return None,
        };
        let (hour, rest) = digits(rest, 1, 2)?;
        let (minute, rest) = digits(rest.strip_prefix(b":")?, 2, 2)?;
        let (second, mut rest) = digits(rest.strip_prefix(b":")?, 2, 2)?;
        let mut fraction: &[u8] = &[];
        if let [b'.', behind @ ..] = rest {
            rest = skip(behind, digit);
            fraction = &behind[..behind.len() - rest.len()];
        }
        let zone = skip(rest, |b| matches!(b, b' ' | b'\t'));
        let complete = match zone {
            [] => rest.is_empty(),
            b"Z" => true,
            [b'-' | b'+', zone @ ..] => match digits(zone, 1, 2) {
                Some((_, [])) => true,
                Some((_, [b':', minutes @ ..])) => matches!(digits(minutes, 2, 2), Some((_, []))),
                _ => false,
            },
            _ => false,
        };
        complete.then_some(Self { year, month, day, time: Some((hour, minute, second, fraction)) })
    }

    /// The text that Python's JSON gives it, `None` where no such day or time exists.
    pub(super) fn to_text(self) -> Option<String> {
        let Self { year, month, day, time } = self;
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let days = match month {
            1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
            4 | 6 | 9 | 11 => 30,
            2 => 28 + u32::from(leap),
            _ => 0,
        };
        if year == 0 || day == 0 || day > days {
            return None;
        }
        let date = format!("{year:04}-{month:02}-{day:02}");
        let Some((hour, minute, second, fraction)) = time else { return Some(date) };
        if hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        let fraction: String =
            fraction.iter().map(|b| char::from(*b)).chain(std::iter::repeat('0')).take(6).collect();
        Some(format!("{date}T{hour:02}:{minute:02}:{second:02}.{fraction}"))
    }
}

/// Between `least` and `most` digits as a number, and what follows.
fn digits(bytes: &[u8], least: usize, most: usize) -> Option<(u32, &[u8])> {
    let length = bytes.iter().take(most).take_while(|b| digit(**b)).count();
    if length < least {
        return None;
    }
    let value = bytes[..length].iter().fold(0, |sum, b| sum * 10 + u32::from(b - b'0'));
    Some((value, &bytes[length..]))
}

/// A text that people from other languages would take for a number: `08`, `0o17`, `1e3`.
pub(super) fn looks_like_number(text: &str) -> bool {
    let bytes = text.as_bytes();
    let body = match bytes {
        [b'-' | b'+', body @ ..] => body,
        _ => bytes,
    };
    match body {
        [b'0', b'o' | b'O', rest @ ..] => !rest.is_empty() && rest.iter().all(|b| matches!(b, b'0'..=b'7')),
        [b'0', rest @ ..] if !rest.is_empty() && rest.iter().all(|b| digit(*b)) => true,
        [b'0'..=b'9' | b'.', ..] => {
            let rest = skip(body, |b| digit(b) || b == b'.');
            let dots = body.iter().filter(|b| **b == b'.').count();
            match rest {
                [b'e' | b'E', b'-' | b'+', exponent @ ..] | [b'e' | b'E', exponent @ ..] => {
                    dots <= 1 && !exponent.is_empty() && exponent.iter().all(|b| digit(*b))
                }
                _ => false,
            }
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(texts: &[&str], kind: Plain) {
        for text in texts {
            assert_eq!(plain(text), kind, "{text}");
        }
    }

    #[test]
    fn words() {
        check(&["yes", "Yes", "YES", "on", "On", "ON", "true", "True", "TRUE"], Plain::Bool(true));
        check(&["no", "No", "NO", "off", "Off", "OFF", "false", "False", "FALSE"], Plain::Bool(false));
        check(&["y", "n", "Y", "N", "yEs", "tRue", "t", "f", "nil", "None", "enabled"], Plain::Text);
        check(&["", "~", "null", "Null", "NULL"], Plain::Null);
        check(&["<<"], Plain::Merge);
        check(&["="], Plain::Value);
        check(&["<", "<<<", "==", "~~"], Plain::Text);
    }

    #[test]
    fn integers() {
        check(
            &[
                "0",
                "-0",
                "+1",
                "0777",
                "010",
                "00",
                "0_",
                "0x1F",
                "0b101",
                "0b_",
                "1_000",
                "1_",
                "12:30",
                "190:20:30",
            ],
            Plain::Int,
        );
        check(&["22:22", "1:5", "-1:30", "+0x_ff"], Plain::Int);
        check(
            &[
                "08", "0899", "0o17", "0O17", "0XFF", "0B1", "_1", "1:60", "0:05", "1:", "1:2:", "--1", "1a",
                "-",
            ],
            Plain::Text,
        );
    }

    #[test]
    fn floats() {
        check(
            &["1.5", "1.", "1.e+3", "6.8e+5", ".5", ".5e-1", "1_0.5", "1.5_0", "-1.25", "+1.5"],
            Plain::Float,
        );
        check(
            &[".inf", "-.Inf", "+.INF", ".nan", ".NaN", ".NAN", "20:30.15", "0:05.", "1:30.5"],
            Plain::Float,
        );
        check(
            &["1e3", "1E5", "1e-5", "1e+3", "1.e3", "6.02e23", "1.2.3", "1.5.", "-.5", "._5", "."],
            Plain::Text,
        );
        check(&["-.nan", "inf", "nan", ".iNf", "1.5e", "1.5e+", "1:60.5"], Plain::Text);
    }

    #[test]
    fn timestamps() {
        check(
            &["2012-01-01", "2012-13-45", "2001-12-14t21:59:43.10-05:00", "2001-12-14 21:59:43"],
            Plain::Timestamp,
        );
        check(
            &["2001-1-4  1:59:43 Z", "2001-12-14T21:59:43.+5", "2001-12-14\t21:59:43 -05:30"],
            Plain::Timestamp,
        );
        check(
            &["2012-1-1", "2012-01-01x", "2012-01-01 10:00", "-2012-01-01", "2001-12-14 21:59:43 "],
            Plain::Text,
        );
    }

    #[test]
    fn timestamps_in_python_json() {
        let text = |t: &str| Timestamp::parse(t.as_bytes()).and_then(Timestamp::to_text);
        assert_eq!(text("2012-02-29").as_deref(), Some("2012-02-29"));
        assert_eq!(text("2011-02-29"), None);
        assert_eq!(text("2001-12-14t21:59:43.10-05:00").as_deref(), Some("2001-12-14T21:59:43.100000"));
        assert_eq!(text("2001-1-4 1:59:43").as_deref(), Some("2001-01-04T01:59:43.000000"));
        assert_eq!(text("2001-12-14 24:00:00"), None);
    }

    #[test]
    fn look_alikes() {
        for text in ["08", "0o17", "0O17", "1e3", "6.02e23", "1.5E3", "-08", ".5e3"] {
            assert!(plain(text) == Plain::Text && looks_like_number(text), "{text}");
        }
        for text in ["1.2.3", "1.2.3e4", "e3", "1e", "abc", "0x", "10.0.0.1", "0", ""] {
            assert!(!looks_like_number(text), "{text}");
        }
    }
}
