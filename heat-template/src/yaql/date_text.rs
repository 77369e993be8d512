//! Dates from texts: with a format, and in the usual writings without one.

use super::calendar::{DateTime, MONTHS, TimeSpan, WEEKDAYS, Zone, date};
use super::fault::{Fault, Result};

fn unreadable() -> Box<Fault> {
    Fault::other("the text is not a date in a writing that is known")
        .help("write it as 2024-05-17T09:30:00Z, or give its format: datetime(text, \"%d.%m.%Y\")")
}

/// Which of some names a text begins with: its number and its length. Three letters suffice.
fn named(text: &str, names: &[&str]) -> Option<(i64, usize)> {
    let begins = |name: &str| text.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name));
    names.iter().zip(1..).find_map(|(name, number)| {
        [*name, &name[..3]].into_iter().find(|name| begins(name)).map(|name| (number, name.len()))
    })
}

fn zone_of(text: &str) -> Option<Zone> {
    if text.is_empty() {
        return Some(Zone::None);
    }
    if ["z", "utc", "gmt"].iter().any(|name| text.eq_ignore_ascii_case(name)) {
        return Some(Zone::Utc);
    }
    let (sign, digits) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+')?),
    };
    let digits = digits.replace(':', "");
    let number = |range: std::ops::Range<usize>| digits.get(range)?.parse::<i128>().ok();
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (hours, minutes) = match digits.len() {
        1 | 2 => (number(0..digits.len())?, 0),
        4 => (number(0..2)?, number(2..4)?),
        _ => return None,
    };
    Zone::ahead(TimeSpan::new(sign * (hours * 60 + minutes) * 60_000_000).ok()?).ok()
}

/// The parts of a time of day, and what is behind it.
fn time(text: &str) -> Option<([i64; 4], Zone)> {
    let end =
        text.find(|c: char| !c.is_ascii_digit() && c != ':' && c != '.' && c != ',').unwrap_or(text.len());
    let (clock, rest) = text.split_at(end);
    let rest = rest.trim_start();
    let (half, rest) = match rest.get(..2).map(str::to_ascii_lowercase).as_deref() {
        Some("am") => (Some(0), rest[2..].trim_start()),
        Some("pm") => (Some(12), rest[2..].trim_start()),
        _ => (None, rest),
    };
    let (clock, fraction) = match clock.split_once(['.', ',']) {
        Some((clock, fraction)) => (clock, fraction),
        None => (clock, ""),
    };
    let parts: Vec<i64> = if clock.contains(':') {
        clock.split(':').map(|part| part.parse().ok().filter(|_| part.len() <= 2)).collect::<Option<_>>()?
    } else if matches!(clock.len(), 4 | 6) {
        (0..clock.len() / 2).map(|at| clock[2 * at..2 * at + 2].parse().ok()).collect::<Option<_>>()?
    } else if half.is_some() {
        vec![clock.parse().ok()?]
    } else {
        return None;
    };
    if parts.len() > 3
        || !fraction.is_empty() && parts.len() < 3
        || !fraction.bytes().all(|b| b.is_ascii_digit())
    {
        return None;
    }
    let mut hour = *parts.first()?;
    if let Some(half) = half {
        if !(1..=12).contains(&hour) {
            return None;
        }
        hour = hour % 12 + half;
    }
    let micro = format!("{fraction:0<6}").get(..6)?.parse().ok()?;
    let numbers = [hour, parts.get(1).copied().unwrap_or(0), parts.get(2).copied().unwrap_or(0), micro];
    Some((numbers, zone_of(rest)?))
}

/// Year, month and day from the beginning of a text, and what is behind them.
fn day(text: &str) -> Option<([i64; 3], &str)> {
    let digits = |text: &str| text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let number = |text: &str| text.parse::<i64>().ok();
    let first = digits(text);
    if first == 8 {
        return Some(([number(&text[..4])?, number(&text[4..6])?, number(&text[6..8])?], &text[8..]));
    }
    if first > 0 {
        let (one, rest) = text.split_at(first);
        if let Some(separator @ ('-' | '/' | '.')) = rest.chars().next() {
            let rest = &rest[1..];
            let second = digits(rest);
            if second > 0 && second <= 2 {
                let (two, rest) = rest.split_at(second);
                return match rest.strip_prefix(separator) {
                    Some(rest) => {
                        let third = digits(rest);
                        let (three, rest) = rest.split_at(third);
                        match (one.len(), three.len()) {
                            (4, 1 | 2) => Some(([number(one)?, number(two)?, number(three)?], rest)),
                            (1 | 2, 4) => {
                                // The month comes first, unless it cannot be one.
                                let (a, b) = (number(one)?, number(two)?);
                                let (month, day) = if a > 12 { (b, a) } else { (a, b) };
                                Some(([number(three)?, month, day], rest))
                            }
                            _ => None,
                        }
                    }
                    None => None,
                };
            }
            if let Some((month, length)) = named(rest, &MONTHS) {
                let rest = rest[length..].strip_prefix(separator)?;
                let (year, rest) = rest.split_at(digits(rest));
                return (year.len() == 4).then_some(([number(year)?, month, number(one)?], rest));
            }
            return None;
        }
        let (month, length) = named(rest.trim_start(), &MONTHS)?;
        let rest = rest.trim_start()[length..].trim_start_matches([' ', ',']);
        let (year, rest) = rest.split_at(digits(rest));
        return (year.len() == 4 && one.len() <= 2).then_some(([number(year)?, month, number(one)?], rest));
    }
    let (month, length) = named(text, &MONTHS)?;
    let rest = text[length..].trim_start();
    let (day, rest) = rest.split_at(digits(rest));
    let rest = rest.trim_start_matches([' ', ',']);
    let (year, rest) = rest.split_at(digits(rest));
    (year.len() == 4 && (1..=2).contains(&day.len())).then_some(([number(year)?, month, number(day)?], rest))
}

/// A date in one of the usual writings: ISO 8601, RFC 2822, `12/31/2024`, `May 17, 2024 9:30 PM`.
pub(super) fn parse(text: &str) -> Result<DateTime> {
    let wrong = unreadable;
    let trimmed = text.trim();
    let rest = match named(trimmed, &WEEKDAYS) {
        Some((_, length)) => trimmed[length..].trim_start_matches([' ', ',']),
        None => trimmed,
    };
    let ([year, month, day], rest) = day(rest).ok_or_else(wrong)?;
    let clock = rest.strip_prefix(['T', 't']).unwrap_or_else(|| rest.trim_start_matches([' ', ',']));
    if clock.is_empty() && !rest.trim().is_empty() {
        return Err(wrong());
    }
    let ([hour, minute, second, micro], zone) =
        if clock.is_empty() { ([0; 4], Zone::None) } else { time(clock).ok_or_else(wrong)? };
    zone.offset()?;
    date([year, month, day, hour, minute, second, micro], zone)
}

/// Python's `strptime`, in the C locale.
pub(super) fn parse_with(text: &str, format: &str) -> Result<DateTime> {
    let wrong = || Fault::other("the text does not have this format");
    let format =
        format.replace("%X", "%H:%M:%S").replace("%x", "%m/%d/%y").replace("%c", "%a %b %d %H:%M:%S %Y");
    let mut parts = [1900, 1, 1, 0, 0, 0, 0];
    let mut zone = Zone::None;
    let (mut half, mut hour12, mut year_day) = (0, None, None);
    let mut seen = Vec::new();
    let mut rest = text;
    let mut directives = format.chars().peekable();
    while let Some(character) = directives.next() {
        if character.is_whitespace() {
            // Any blank space stands for any blank space, but some there must be.
            while directives.peek().is_some_and(|next| next.is_whitespace()) {
                directives.next();
            }
            let after = rest.trim_start();
            if after.len() == rest.len() {
                return Err(wrong());
            }
            rest = after;
            continue;
        }
        if character != '%' {
            let mut characters = rest.chars();
            let same =
                characters.next().is_some_and(|found| found.to_lowercase().eq(character.to_lowercase()));
            if !same {
                return Err(wrong());
            }
            rest = characters.as_str();
            continue;
        }
        let kind = directives.next().ok_or_else(wrong)?;
        if kind != '%' && seen.contains(&kind) {
            return Err(Fault::other(format!("\"%{kind}\" stands twice in the format of a date")));
        }
        seen.push(kind);
        let mut take = |least: usize, most: usize, from: i64, to: i64| {
            let digits = rest.bytes().take(most).take_while(u8::is_ascii_digit).count();
            // The longest number that is in range, as the original's pattern finds it.
            for length in (least..=digits).rev() {
                if let Some(value) =
                    rest[..length].parse::<i64>().ok().filter(|value| (from..=to).contains(value))
                {
                    rest = &rest[length..];
                    return Ok(value);
                }
            }
            Err(wrong())
        };
        match kind {
            'Y' => parts[0] = take(4, 4, 0, 9999)?,
            'y' => {
                let year = take(2, 2, 0, 99)?;
                parts[0] = if year <= 68 { 2000 + year } else { 1900 + year };
            }
            'm' => parts[1] = take(1, 2, 1, 12)?,
            'd' => parts[2] = take(1, 2, 1, 31)?,
            'H' => parts[3] = take(1, 2, 0, 23)?,
            'I' => hour12 = Some(take(1, 2, 1, 12)?),
            'M' => parts[4] = take(1, 2, 0, 59)?,
            'S' => parts[5] = take(1, 2, 0, 61)?,
            'j' => year_day = Some(take(1, 3, 1, 366)?),
            'w' => {
                take(1, 1, 0, 6)?;
            }
            'f' => {
                let digits = rest.bytes().take(6).take_while(u8::is_ascii_digit).count();
                if digits == 0 {
                    return Err(wrong());
                }
                parts[6] = format!("{:0<6}", &rest[..digits]).parse().map_err(|_| wrong())?;
                rest = &rest[digits..];
            }
            'p' => {
                let name = rest.get(..2).unwrap_or_default();
                half = match name.to_ascii_lowercase().as_str() {
                    "am" => 0,
                    "pm" => 12,
                    _ => return Err(wrong()),
                };
                rest = &rest[2..];
            }
            'a' | 'A' | 'b' | 'B' => {
                let names: &[&str] = if kind.eq_ignore_ascii_case(&'a') { &WEEKDAYS } else { &MONTHS };
                let short = kind.is_ascii_lowercase();
                let matches = |name: &&str| {
                    rest.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name))
                };
                let found = names
                    .iter()
                    .map(|name| if short { &name[..3] } else { name })
                    .zip(1..)
                    .find(|(name, _)| matches(name))
                    .ok_or_else(wrong)?;
                if names.len() == 12 {
                    parts[1] = found.1;
                }
                rest = &rest[found.0.len()..];
            }
            'z' => {
                let end = rest.find(|c: char| !c.is_ascii_digit() && !matches!(c, '+' | '-' | ':' | 'Z'));
                let (offset, after) = rest.split_at(end.unwrap_or(rest.len()));
                let valid = offset == "Z" || offset.len() >= 5;
                zone = zone_of(offset).filter(|_| valid).ok_or_else(wrong)?;
                rest = after;
            }
            'Z' => {
                let name = ["UTC", "GMT"]
                    .into_iter()
                    .find(|name| rest.get(..3).is_some_and(|s| s.eq_ignore_ascii_case(name)));
                rest = &rest[name.ok_or_else(wrong)?.len()..];
            }
            '%' => rest = rest.strip_prefix('%').ok_or_else(wrong)?,
            other => {
                return Err(Fault::other(format!("\"%{other}\" is not supported in the format of a date")));
            }
        }
    }
    if !rest.is_empty() {
        return Err(wrong());
    }
    // Half of a day matters only with an hour of a half.
    if let Some(hour) = hour12 {
        parts[3] = hour % 12 + half;
    }
    if let Some(year_day) = year_day {
        let first = date([parts[0], 1, 1, 0, 0, 0, 0], Zone::None)?;
        let day = first.plus(TimeSpan::new(i128::from(year_day - 1) * 86_400_000_000)?, 1)?;
        let [_, month, day, ..] = day.parts();
        (parts[1], parts[2]) = (month, day);
    }
    date(parts, zone)
}
