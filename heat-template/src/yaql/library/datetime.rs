//! Dates and time spans.

use crate::yaql::calendar::{DateTime, TimeSpan, Zone, date, format};
use crate::yaql::date_text;
use crate::yaql::fault::{Fault, Result};
use crate::yaql::machine::{Call, Machine};
use crate::yaql::number;
use crate::yaql::spec::{
    ANY, DATE_TIME, Default, INT, INT_OR_NULL, INTEGER, NUMBER, Overload, Param, TEXT, TEXT_OR_NULL,
    TIME_SPAN, TIME_SPAN_OR_NULL, function, may, method, needs,
};
use crate::yaql::value::Value;
use std::rc::Rc;

const DT: Param = needs("dt", DATE_TIME);
const TS: Param = needs("ts", TIME_SPAN);
const N: Param = needs("n", NUMBER);
const SPANS: [Param; 2] = [needs("ts1", TIME_SPAN), needs("ts2", TIME_SPAN)];
const OFFSET: Param = may("offset", TIME_SPAN, Default::NoTime);
const OF_SPAN: [Param; 1] = [needs("obj", TIME_SPAN)];
const OF_DATE: [Param; 1] = [needs("obj", DATE_TIME)];

const fn part(name: &'static str) -> Param {
    may(name, INT, Default::Int(0))
}

const fn other(name: &'static str) -> Param {
    may(name, INT_OR_NULL, Default::Null)
}

pub(super) static FUNCTIONS: &[Overload] = &[
    function(
        "datetime",
        &[
            needs("year", INT),
            needs("month", INT),
            needs("day", INT),
            part("hour"),
            part("minute"),
            part("second"),
            part("microsecond"),
            OFFSET,
        ],
        build_datetime,
    ),
    function("datetime", &[needs("timestamp", NUMBER), OFFSET], from_timestamp),
    function("datetime", &[needs("string", TEXT), may("format", TEXT_OR_NULL, Default::Null)], from_string),
    function(
        "timespan",
        &[
            part("days"),
            part("hours"),
            part("minutes"),
            may("seconds", INTEGER, Default::Int(0)),
            may("milliseconds", INTEGER, Default::Int(0)),
            may("microseconds", INTEGER, Default::Int(0)),
        ],
        build_timespan,
    ),
    function("now", &[may("offset", TIME_SPAN_OR_NULL, Default::NoTime)], now),
    function("localtz", &[], utctz),
    function("utctz", &[], utctz),
    function("#operator_+", &[DT, TS], date_plus_span),
    function("#operator_+", &[TS, DT], span_plus_date),
    function("#operator_+", &SPANS, span_plus_span),
    function("#operator_-", &[DT, TS], date_minus_span),
    function("#operator_-", &[needs("dt1", DATE_TIME), needs("dt2", DATE_TIME)], date_minus_date),
    function("#operator_-", &SPANS, span_minus_span),
    function("#operator_*", &[TS, N], span_times_number),
    function("#operator_*", &[N, TS], number_times_span),
    function("#operator_/", &SPANS, span_by_span),
    function("#operator_/", &[TS, N], span_by_number),
    function("#unary_operator_-", &[TS], negative_span),
    function("#unary_operator_+", &[TS], same),
    function("#property#microseconds", &OF_SPAN, microseconds),
    function("#property#milliseconds", &OF_SPAN, milliseconds),
    function("#property#seconds", &OF_SPAN, seconds),
    function("#property#minutes", &OF_SPAN, minutes),
    function("#property#hours", &OF_SPAN, hours),
    function("#property#days", &OF_SPAN, days),
    function("#property#year", &OF_DATE, year),
    function("#property#month", &OF_DATE, month),
    function("#property#day", &OF_DATE, day),
    function("#property#hour", &OF_DATE, hour),
    function("#property#minute", &OF_DATE, minute),
    function("#property#second", &OF_DATE, second),
    function("#property#microsecond", &OF_DATE, microsecond),
    function("#property#date", &OF_DATE, date_of),
    function("#property#time", &OF_DATE, time_of),
    function("#property#weekday", &OF_DATE, weekday),
    function("#property#utc", &OF_DATE, utc),
    function("#property#offset", &OF_DATE, offset),
    function("#property#timestamp", &OF_DATE, timestamp),
    method(
        "replace",
        &[
            DT,
            other("year"),
            other("month"),
            other("day"),
            other("hour"),
            other("minute"),
            other("second"),
            other("microsecond"),
            may("offset", TIME_SPAN_OR_NULL, Default::Null),
        ],
        replace,
    ),
    method("format", &[DT, needs("format", TEXT)], format_date),
    function("isDatetime", &[needs("value", ANY)], is_datetime),
    function("isTimespan", &[needs("value", ANY)], is_timespan),
];

fn give(date: DateTime) -> Value {
    Value::DateTime(Rc::new(date))
}

fn span(call: &mut Call<'_>, at: usize) -> TimeSpan {
    match call.value(at) {
        Value::TimeSpan(span) => span,
        _ => TimeSpan::ZERO,
    }
}

fn moment(call: &mut Call<'_>, at: usize) -> Result<Rc<DateTime>> {
    match call.value(at) {
        Value::DateTime(date) => Ok(date),
        other => Err(Fault::other(format!("{} is no date", other.type_name()))),
    }
}

fn build_datetime<'a>(_: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let parts = std::array::from_fn(|at| call.int(at));
    date(parts, Zone::ahead(span(&mut call, 7))?).map(give)
}

fn from_timestamp<'a>(_: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let seconds = number::float(&call.value(0))?;
    if !seconds.is_finite() || seconds.abs() > 1e12 {
        return Err(Fault::other("the timestamp is out of range"));
    }
    // Rounded half to even, whole seconds apart, as Python does it.
    let (whole, fraction) = (seconds.floor(), seconds - seconds.floor());
    let micros = (whole as i128) * 1_000_000 + (fraction * 1e6).round_ties_even() as i128;
    DateTime::from_timestamp(micros, Zone::ahead(span(&mut call, 1))?).map(give)
}

fn from_string<'a>(machine: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let text = call.text(0);
    machine.pay(u64::try_from(text.len() / 16).unwrap_or(u64::MAX))?;
    let mut date = match call.text_or_null(1).filter(|format| !format.is_empty()) {
        Some(format) => date_text::parse_with(&text, &format)?,
        None => date_text::parse(&text)?,
    };
    if date.zone == Zone::None {
        date.zone = Zone::Utc;
    }
    Ok(give(date))
}

fn build_timespan<'a>(_: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    const UNITS: [i128; 6] = [86_400_000_000, 3_600_000_000, 60_000_000, 1_000_000, 1000, 1];
    let micros = (0..UNITS.len()).map(|at| i128::from(call.int(at)) * UNITS[at]).sum();
    TimeSpan::new(micros).map(Value::TimeSpan)
}

fn now<'a>(_: &mut Machine<'a>, _: Call<'a>) -> Result<Value> {
    let message = "now() is not supported: it would give another value each time the template is evaluated";
    Err(Fault::limit(message).help("give the time as a parameter"))
}

fn utctz<'a>(_: &mut Machine<'a>, _: Call<'a>) -> Result<Value> {
    Ok(Value::TimeSpan(TimeSpan::ZERO))
}

fn date_plus_span<'a>(_: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let date = moment(&mut call, 0)?;
    date.plus(span(&mut call, 1), 1).map(give)
}

fn span_plus_date<'a>(_: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let date = moment(&mut call, 1)?;
    date.plus(span(&mut call, 0), 1).map(give)
}

fn date_minus_span<'a>(_: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let date = moment(&mut call, 0)?;
    date.plus(span(&mut call, 1), -1).map(give)
}

fn date_minus_date<'a>(_: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let (left, right) = (moment(&mut call, 0)?, moment(&mut call, 1)?);
    left.since(&right).map(Value::TimeSpan)
}

fn span_plus_span<'a>(_: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    TimeSpan::new(span(&mut call, 0).micros() + span(&mut call, 1).micros()).map(Value::TimeSpan)
}

fn span_minus_span<'a>(_: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    TimeSpan::new(span(&mut call, 0).micros() - span(&mut call, 1).micros()).map(Value::TimeSpan)
}

/// So many microseconds, an integer or a float.
fn span_of(micros: &Value) -> Result<Value> {
    let span = match micros {
        Value::Int(micros) => TimeSpan::new(i128::from(*micros)),
        Value::Big(_) => Err(Fault::other("the time span is too long")),
        other => TimeSpan::from_float(number::float(other)?),
    };
    span.map(Value::TimeSpan)
}

/// The microseconds of a span as a number.
fn micros(span: TimeSpan) -> Value {
    i64::try_from(span.micros()).map_or_else(|_| Value::integer(span.micros().into()), Value::Int)
}

fn times(span: TimeSpan, factor: &Value) -> Result<Value> {
    span_of(&number::calculate(number::Operation::Times, &micros(span), factor)?)
}

fn span_times_number<'a>(_: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    times(span(&mut call, 0), &call.value(1))
}

fn number_times_span<'a>(_: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    times(span(&mut call, 1), &call.value(0))
}

fn span_by_span<'a>(_: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let (left, right) = (span(&mut call, 0).micros() as f64, span(&mut call, 1).micros() as f64);
    number::calculate(number::Operation::Divide, &Value::Float(left), &Value::Float(right))
}

fn span_by_number<'a>(_: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let (micros, divisor) = (span(&mut call, 0).micros() as f64, number::float(&call.value(1))?);
    let quotient =
        number::calculate(number::Operation::Divide, &Value::Float(micros), &Value::Float(divisor))?;
    TimeSpan::from_float(number::float(&quotient)?).map(Value::TimeSpan)
}

fn negative_span<'a>(_: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    TimeSpan::new(-span(&mut call, 0).micros()).map(Value::TimeSpan)
}

fn same<'a>(_: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    Ok(call.value(0))
}

fn microseconds<'a>(_: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    Ok(micros(span(&mut call, 0)))
}

fn in_units(call: &mut Call<'_>, unit: f64) -> Value {
    Value::Float(span(call, 0).micros() as f64 / unit)
}

fn milliseconds<'a>(_: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    Ok(in_units(&mut call, 1e3))
}

fn seconds<'a>(_: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    Ok(in_units(&mut call, 1e6))
}

fn minutes<'a>(_: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    Ok(in_units(&mut call, 6e7))
}

fn hours<'a>(_: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    Ok(in_units(&mut call, 3.6e9))
}

fn days<'a>(_: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    Ok(in_units(&mut call, 8.64e10))
}

fn numbered(call: &mut Call<'_>, at: usize) -> Result<Value> {
    Ok(Value::Int(moment(call, 0)?.parts()[at]))
}

fn year<'a>(_: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    numbered(&mut call, 0)
}

fn month<'a>(_: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    numbered(&mut call, 1)
}

fn day<'a>(_: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    numbered(&mut call, 2)
}

fn hour<'a>(_: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    numbered(&mut call, 3)
}

fn minute<'a>(_: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    numbered(&mut call, 4)
}

fn second<'a>(_: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    numbered(&mut call, 5)
}

fn microsecond<'a>(_: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    numbered(&mut call, 6)
}

fn date_of<'a>(_: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    Ok(give(moment(&mut call, 0)?.midnight()))
}

fn time_of<'a>(_: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let date = moment(&mut call, 0)?;
    date.since(&date.midnight()).map(Value::TimeSpan)
}

fn weekday<'a>(_: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    Ok(Value::Int(moment(&mut call, 0)?.weekday()))
}

/// The original moves the clock to UTC but leaves the zone as it is.
fn utc<'a>(_: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let date = moment(&mut call, 0)?;
    date.plus(date.zone.offset()?.unwrap_or(TimeSpan::ZERO), -1).map(give)
}

fn offset<'a>(_: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    Ok(Value::TimeSpan(moment(&mut call, 0)?.zone.offset()?.unwrap_or(TimeSpan::ZERO)))
}

/// Seconds since 1970 of what [`utc`] gives: the offset counts twice, as in the original.
fn timestamp<'a>(_: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let date = moment(&mut call, 0)?;
    let moved = date.plus(date.zone.offset()?.unwrap_or(TimeSpan::ZERO), -1)?;
    let micros = moved.timestamp_micros();
    let sign = if micros < 0 { "-" } else { "" };
    let size = micros.unsigned_abs();
    // By its decimal digits: a float has not enough of them for so many microseconds.
    let text = format!("{sign}{}.{:06}", size / 1_000_000, size % 1_000_000);
    number::to_float(&Value::text(text))
}

fn replace<'a>(_: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let old = moment(&mut call, 0)?;
    let mut parts = old.parts();
    for (at, part) in parts.iter_mut().enumerate() {
        if !matches!(call.args.get(at + 1), Some(crate::yaql::machine::Arg::Value(Value::Null))) {
            *part = call.int(at + 1);
        }
    }
    let zone = match call.value(8) {
        Value::TimeSpan(offset) => Zone::ahead(offset)?,
        _ => old.zone,
    };
    date(parts, zone).map(give)
}

fn format_date<'a>(_: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let date = moment(&mut call, 0)?;
    format(&date, &call.text(1)).map(Value::text)
}

fn is_datetime<'a>(_: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    Ok(Value::Bool(matches!(call.value(0), Value::DateTime(_))))
}

fn is_timespan<'a>(_: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    Ok(Value::Bool(matches!(call.value(0), Value::TimeSpan(_))))
}
