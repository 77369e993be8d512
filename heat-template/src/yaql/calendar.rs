//! Dates and time spans: the proleptic Gregorian calendar of the years 1 to 9999, in microseconds.

use super::fault::{Fault, Result};
use std::fmt;

const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400 * SECOND;
/// The most days that a time span may have.
const MAX_DAYS: i64 = 999_999_999;
/// Days from the year 1 to 1970.
const EPOCH: i64 = 719_162;
/// Days of all years that there are.
const END: i64 = 3_652_059;

/// A length of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct TimeSpan(i128);

/// What a date says of its place on the globe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Zone {
    /// Nothing.
    None,
    /// UTC.
    Utc,
    /// So far ahead of UTC.
    Offset(TimeSpan),
}

/// A date with a time of day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DateTime {
    /// Days since the first of January of the year 1.
    days: i64,
    pub(super) hour: u32,
    pub(super) minute: u32,
    pub(super) second: u32,
    pub(super) micro: u32,
    pub(super) zone: Zone,
}

impl TimeSpan {
    pub(super) const ZERO: Self = Self(0);

    /// A time span of microseconds; fails beyond what Python's may be.
    pub(super) fn new(micros: i128) -> Result<Self> {
        let days = micros.div_euclid(i128::from(DAY));
        if days.abs() > i128::from(MAX_DAYS) {
            return Err(Fault::other("the time span is too long"));
        }
        Ok(Self(micros))
    }

    /// The same of a float, rounded to the nearest even microsecond.
    pub(super) fn from_float(micros: f64) -> Result<Self> {
        if micros.is_nan() || micros.is_infinite() {
            return Err(Fault::other("infinity and NaN are no time spans"));
        }
        Self::new(micros.round_ties_even() as i128)
    }

    pub(super) fn micros(self) -> i128 {
        self.0
    }

    pub(super) fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// Whole seconds, towards zero.
    pub(super) fn seconds(self) -> i128 {
        self.0 / i128::from(SECOND)
    }

    fn parts(self) -> (i128, i128, i128) {
        let day = i128::from(DAY);
        let rest = self.0.rem_euclid(day);
        (self.0.div_euclid(day), rest / i128::from(SECOND), rest % i128::from(SECOND))
    }

    /// Python's `repr`.
    pub(super) fn repr(self) -> String {
        let (days, seconds, micros) = self.parts();
        let parts: Vec<_> = [("days", days), ("seconds", seconds), ("microseconds", micros)]
            .into_iter()
            .filter(|(_, value)| *value != 0)
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let parts = if parts.is_empty() { "0".to_owned() } else { parts.join(", ") };
        format!("datetime.timedelta({parts})")
    }
}

impl fmt::Display for TimeSpan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (days, seconds, micros) = self.parts();
        if days != 0 {
            write!(f, "{days} day{}, ", if days.abs() == 1 { "" } else { "s" })?;
        }
        write!(f, "{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)?;
        if micros != 0 { write!(f, ".{micros:06}") } else { Ok(()) }
    }
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

/// Days of a month.
pub(super) fn month_days(year: i64, month: i64) -> i64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn days_before_year(year: i64) -> i64 {
    let past = year - 1;
    past * 365 + past / 4 - past / 100 + past / 400
}

fn days_before_month(year: i64, month: i64) -> i64 {
    (1..month).map(|month| month_days(year, month)).sum()
}

impl Zone {
    /// The zone that is so far ahead of UTC.
    pub(super) fn ahead(offset: TimeSpan) -> Result<Self> {
        Ok(if offset.is_zero() { Self::Utc } else { Self::Offset(offset) })
    }

    /// How far it is ahead of UTC; a zone of a day and more is an error.
    pub(super) fn offset(self) -> Result<Option<TimeSpan>> {
        match self {
            Self::None => Ok(None),
            Self::Utc => Ok(Some(TimeSpan::ZERO)),
            Self::Offset(offset) if offset.0.abs() >= i128::from(DAY) => {
                Err(Fault::other("a time zone is less than a day away from UTC"))
            }
            Self::Offset(offset) => Ok(Some(offset)),
        }
    }
}

/// A date by its parts: year, month, day, hour, minute, second, microsecond.
pub(super) fn date(parts: [i64; 7], zone: Zone) -> Result<DateTime> {
    let [year, month, day, hour, minute, second, micro] = parts;
    let within = |value: i64, from: i64, to: i64, name: &str| {
        if (from..=to).contains(&value) {
            u32::try_from(value).map_err(|_| Fault::other(name))
        } else {
            Err(Fault::other(format!("{name} must be from {from} to {to}, not {value}")))
        }
    };
    within(year, 1, 9999, "the year")?;
    within(month, 1, 12, "the month")?;
    within(day, 1, month_days(year, month), "the day of this month")?;
    Ok(DateTime {
        days: days_before_year(year) + days_before_month(year, month) + day - 1,
        hour: within(hour, 0, 23, "the hour")?,
        minute: within(minute, 0, 59, "the minute")?,
        second: within(second, 0, 59, "the second")?,
        micro: within(micro, 0, 999_999, "the microsecond")?,
        zone,
    })
}

impl DateTime {
    /// Year, month, day.
    pub(super) fn civil(&self) -> (i64, i64, i64) {
        let mut year = self.days / 366 + 1;
        while days_before_year(year + 1) <= self.days {
            year += 1;
        }
        let mut rest = self.days - days_before_year(year);
        let mut month = 1;
        while rest >= month_days(year, month) {
            rest -= month_days(year, month);
            month += 1;
        }
        (year, month, rest + 1)
    }

    /// Monday is 0.
    pub(super) fn weekday(&self) -> i64 {
        self.days.rem_euclid(7)
    }

    /// The first of January is 1.
    pub(super) fn day_of_year(&self) -> i64 {
        self.days - days_before_year(self.civil().0) + 1
    }

    fn time_micros(&self) -> i64 {
        i64::from(self.hour * 3600 + self.minute * 60 + self.second) * SECOND + i64::from(self.micro)
    }

    /// Microseconds since the year 1, on its own clock.
    fn local(&self) -> i128 {
        i128::from(self.days) * i128::from(DAY) + i128::from(self.time_micros())
    }

    /// The parts without the zone.
    pub(super) fn parts(&self) -> [i64; 7] {
        let (year, month, day) = self.civil();
        [year, month, day, self.hour.into(), self.minute.into(), self.second.into(), self.micro.into()]
    }

    fn from_local(micros: i128, zone: Zone) -> Result<Self> {
        let day = i128::from(DAY);
        let days = micros.div_euclid(day);
        if days < 0 || days >= i128::from(END) {
            return Err(Fault::other("the date is out of range"));
        }
        let rest = i64::try_from(micros.rem_euclid(day)).unwrap_or(0);
        let seconds = u32::try_from(rest / SECOND).unwrap_or(0);
        Ok(Self {
            days: i64::try_from(days).unwrap_or(0),
            hour: seconds / 3600,
            minute: seconds / 60 % 60,
            second: seconds % 60,
            micro: u32::try_from(rest % SECOND).unwrap_or(0),
            zone,
        })
    }

    /// So many microseconds after the beginning of 1970 in UTC, on a clock of a zone.
    pub(super) fn from_timestamp(micros: i128, zone: Zone) -> Result<Self> {
        let offset = zone.offset()?.unwrap_or(TimeSpan::ZERO);
        Self::from_local(micros + i128::from(EPOCH) * i128::from(DAY) + offset.0, zone)
    }

    /// Moved by a time span, on its own clock.
    pub(super) fn plus(&self, span: TimeSpan, sign: i128) -> Result<Self> {
        Self::from_local(self.local() + sign * span.0, self.zone)
    }

    /// Microseconds since the year 1 in UTC; the same for dates that are equal.
    pub(super) fn moment(&self) -> i128 {
        let offset = self.zone.offset().ok().flatten().unwrap_or(TimeSpan::ZERO);
        self.local() - offset.0
    }

    /// The time between two dates.
    pub(super) fn since(&self, other: &Self) -> Result<TimeSpan> {
        self.zone.offset()?;
        other.zone.offset()?;
        if (self.zone == Zone::None) != (other.zone == Zone::None) {
            return Err(Fault::other("one of the dates has a time zone, the other has none"));
        }
        TimeSpan::new(self.moment() - other.moment())
    }

    /// Microseconds since the beginning of 1970 in UTC.
    pub(super) fn timestamp_micros(&self) -> i128 {
        self.moment() - i128::from(EPOCH) * i128::from(DAY)
    }

    /// Whether they are the same moment; one with a zone never is one without.
    pub(super) fn equals(&self, other: &Self) -> bool {
        (self.zone == Zone::None) == (other.zone == Zone::None) && self.moment() == other.moment()
    }

    /// The beginning of its day.
    pub(super) fn midnight(&self) -> Self {
        Self { hour: 0, minute: 0, second: 0, micro: 0, ..self.clone() }
    }
}

/// `+01:00`, with seconds and microseconds where there are any; `colon` goes between.
pub(super) fn offset_text(offset: TimeSpan, colon: &str) -> String {
    let size = offset.0.unsigned_abs();
    let (seconds, micros) = (size / 1_000_000, size % 1_000_000);
    let mut text = format!(
        "{}{:02}{colon}{:02}",
        if offset.0 < 0 { '-' } else { '+' },
        seconds / 3600,
        seconds / 60 % 60
    );
    if seconds % 60 != 0 || micros != 0 {
        text.push_str(&format!("{colon}{:02}", seconds % 60));
    }
    if micros != 0 {
        text.push_str(&format!(".{micros:06}"));
    }
    text
}

impl fmt::Display for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.civil();
        write!(f, "{year:04}-{month:02}-{day:02} {:02}:{:02}:{:02}", self.hour, self.minute, self.second)?;
        if self.micro != 0 {
            write!(f, ".{:06}", self.micro)?;
        }
        match self.zone.offset().ok().flatten() {
            Some(offset) => write!(f, "{}", offset_text(offset, ":")),
            None => Ok(()),
        }
    }
}

pub(super) const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

pub(super) const WEEKDAYS: [&str; 7] =
    ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// Python's `strftime`, in the C locale.
pub(super) fn format(date: &DateTime, pattern: &str) -> Result<String> {
    let (year, month, day) = date.civil();
    let weekday = date.weekday();
    let name = |names: &[&'static str], at: i64| names[usize::try_from(at).unwrap_or(0) % names.len()];
    let hour12 = if date.hour.is_multiple_of(12) { 12 } else { date.hour % 12 };
    let half = if date.hour < 12 { "AM" } else { "PM" };
    let year_day = date.day_of_year();
    // Weeks that begin with Sunday, and with Monday.
    let (sunday, monday) = ((year_day + 6 - (weekday + 1) % 7) / 7, (year_day + 6 - weekday) / 7);
    let (iso_year, iso_week) = iso_week(date);
    let offset = date.zone.offset()?;
    let mut out = String::new();
    let mut characters = pattern.chars();
    while let Some(character) = characters.next() {
        if character != '%' {
            out.push(character);
            continue;
        }
        let Some(kind) = characters.next() else {
            out.push('%');
            break;
        };
        match kind {
            'a' => out.push_str(&name(&WEEKDAYS, weekday)[..3]),
            'A' => out.push_str(name(&WEEKDAYS, weekday)),
            'b' | 'h' => out.push_str(&name(&MONTHS, month - 1)[..3]),
            'B' => out.push_str(name(&MONTHS, month - 1)),
            'c' => {
                let (weekday, month) = (&name(&WEEKDAYS, weekday)[..3], &name(&MONTHS, month - 1)[..3]);
                out.push_str(&format!(
                    "{weekday} {month} {day:2} {:02}:{:02}:{:02} {year}",
                    date.hour, date.minute, date.second
                ));
            }
            'C' => out.push_str(&(year / 100).to_string()),
            'd' => out.push_str(&format!("{day:02}")),
            'D' | 'x' => out.push_str(&format!("{month:02}/{day:02}/{:02}", year % 100)),
            'e' => out.push_str(&format!("{day:2}")),
            'f' => out.push_str(&format!("{:06}", date.micro)),
            'F' => out.push_str(&format!("{year}-{month:02}-{day:02}")),
            'G' => out.push_str(&iso_year.to_string()),
            'g' => out.push_str(&format!("{:02}", iso_year % 100)),
            'H' => out.push_str(&format!("{:02}", date.hour)),
            'I' => out.push_str(&format!("{hour12:02}")),
            'j' => out.push_str(&format!("{year_day:03}")),
            'k' => out.push_str(&format!("{:2}", date.hour)),
            'l' => out.push_str(&format!("{hour12:2}")),
            'm' => out.push_str(&format!("{month:02}")),
            'M' => out.push_str(&format!("{:02}", date.minute)),
            'n' => out.push('\n'),
            'p' => out.push_str(half),
            'P' => out.push_str(&half.to_lowercase()),
            'r' => out.push_str(&format!("{hour12:02}:{:02}:{:02} {half}", date.minute, date.second)),
            'R' => out.push_str(&format!("{:02}:{:02}", date.hour, date.minute)),
            'S' => out.push_str(&format!("{:02}", date.second)),
            't' => out.push('\t'),
            'T' | 'X' => out.push_str(&format!("{:02}:{:02}:{:02}", date.hour, date.minute, date.second)),
            'u' => out.push_str(&(weekday + 1).to_string()),
            'U' => out.push_str(&format!("{sunday:02}")),
            'V' => out.push_str(&format!("{iso_week:02}")),
            'w' => out.push_str(&((weekday + 1) % 7).to_string()),
            'W' => out.push_str(&format!("{monday:02}")),
            'y' => out.push_str(&format!("{:02}", year % 100)),
            'Y' => out.push_str(&year.to_string()),
            'z' => out.push_str(&offset.map(|offset| offset_text(offset, "")).unwrap_or_default()),
            'Z' => out.push_str(if date.zone == Zone::Utc { "UTC" } else { "" }),
            '%' => out.push('%'),
            '-' => {
                // Without what fills a number up.
                let Some(kind) = characters.next().filter(char::is_ascii_alphabetic) else {
                    return Err(Fault::other("\"%-\" is not supported in the format of a date"));
                };
                let text = format(date, &format!("%{kind}"))?;
                let short = text.trim_start_matches(['0', ' ']);
                out.push_str(if short.is_empty() { "0" } else { short });
            }
            other if other.is_ascii_alphabetic() || matches!(other, '_' | '0'..='9' | '^' | '#' | '+') => {
                return Err(Fault::other(format!("\"%{other}\" is not supported in the format of a date")));
            }
            other => {
                out.push('%');
                out.push(other);
            }
        }
    }
    Ok(out)
}

/// Year and number of the week, as ISO 8601 counts them.
fn iso_week(date: &DateTime) -> (i64, i64) {
    let year = date.civil().0;
    let week = (date.day_of_year() - date.weekday() + 9) / 7;
    let weeks = |year: i64| {
        let first = days_before_year(year).rem_euclid(7);
        if first == 3 || (first == 2 && is_leap(year)) { 53 } else { 52 }
    };
    if week < 1 {
        (year - 1, weeks(year - 1))
    } else if week > weeks(year) {
        (year + 1, 1)
    } else {
        (year, week)
    }
}
