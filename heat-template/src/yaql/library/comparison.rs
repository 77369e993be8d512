//! `=`, `!=`, and the order of all that has one: null is less than everything else.

use crate::yaql::fault::Result;
use crate::yaql::hash::equal;
use crate::yaql::machine::{Call, Machine};
use crate::yaql::number;
use crate::yaql::spec::{
    ANY, DATE_TIME, NULL, NUMBER, OBJECT, Overload, Param, SET, TEXT, TIME_SPAN, Type, function, needs,
};
use crate::yaql::value::Value;
use std::cmp::Ordering;

const fn pair(left: Type, right: Type) -> [Param; 2] {
    [needs("left", left), needs("right", right)]
}

const NUMBERS: [Param; 2] = pair(NUMBER, NUMBER);
const TEXTS: [Param; 2] = pair(TEXT, TEXT);
const SETS: [Param; 2] = pair(SET, SET);
const DATES: [Param; 2] = [needs("dt1", DATE_TIME), needs("dt2", DATE_TIME)];
const SPANS: [Param; 2] = [needs("ts1", TIME_SPAN), needs("ts2", TIME_SPAN)];
const LEFT_NULL: [Param; 2] = pair(NULL, OBJECT);
const RIGHT_NULL: [Param; 2] = pair(OBJECT, NULL);
const NULLS: [Param; 2] = pair(NULL, NULL);

macro_rules! comparisons {
    ($($name:literal $run:ident;)*) => {
        &[
            function("*equal", &pair(ANY, ANY), is_equal),
            function("*not_equal", &pair(ANY, ANY), is_not_equal),
            $(
                function($name, &NUMBERS, $run),
                function($name, &TEXTS, $run),
                function($name, &SETS, $run),
                function($name, &DATES, $run),
                function($name, &SPANS, $run),
                function($name, &LEFT_NULL, $run),
                function($name, &RIGHT_NULL, $run),
                function($name, &NULLS, $run),
            )*
        ]
    };
}

pub(super) static FUNCTIONS: &[Overload] = comparisons! {
    "#operator_<" less;
    "#operator_<=" less_or_equal;
    "#operator_>" greater;
    "#operator_>=" greater_or_equal;
};

fn is_equal<'a>(_: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    Ok(Value::Bool(equal(&call.value(0), &call.value(1))))
}

fn is_not_equal<'a>(_: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    Ok(Value::Bool(!equal(&call.value(0), &call.value(1))))
}

/// How two values compare; sets by inclusion, and some not at all.
fn order<'a>(machine: &mut Machine<'a>, call: &mut Call<'a>) -> Result<Option<Ordering>> {
    Ok(match (call.value(0), call.value(1)) {
        (Value::Null, Value::Null) => Some(Ordering::Equal),
        (Value::Null, _) => Some(Ordering::Less),
        (_, Value::Null) => Some(Ordering::Greater),
        (Value::Text(left), Value::Text(right)) => Some(left.cmp(&right)),
        (Value::TimeSpan(left), Value::TimeSpan(right)) => Some(left.cmp(&right)),
        (Value::DateTime(left), Value::DateTime(right)) => Some(left.since(&right)?.micros().cmp(&0)),
        (left, right) => match number::compare(&left, &right) {
            None if !matches!(left, Value::Float(_)) && !matches!(right, Value::Float(_)) => {
                super::sets::inclusion(machine, &left, &right)?
            }
            order => order,
        },
    })
}

fn less<'a>(machine: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    Ok(Value::Bool(order(machine, &mut call)?.is_some_and(Ordering::is_lt)))
}

fn less_or_equal<'a>(machine: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    Ok(Value::Bool(order(machine, &mut call)?.is_some_and(Ordering::is_le)))
}

fn greater<'a>(machine: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    Ok(Value::Bool(order(machine, &mut call)?.is_some_and(Ordering::is_gt)))
}

fn greater_or_equal<'a>(machine: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    Ok(Value::Bool(order(machine, &mut call)?.is_some_and(Ordering::is_ge)))
}
