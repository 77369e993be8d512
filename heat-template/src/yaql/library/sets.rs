//! Sets.

use super::collections::{has, unrolled};
use crate::yaql::fault::{Fault, Result};
use crate::yaql::hash::{Key, key};
use crate::yaql::machine::{Call, Machine};
use crate::yaql::sets::{of, ordered};
use crate::yaql::spec::{ANY, ITERABLE, Overload, Param, SET, both, function, is_set, method, needs};
use crate::yaql::value::{Set, Value, View};
use indexmap::IndexSet;
use std::cmp::Ordering;
use std::rc::Rc;

const PAIR: [Param; 2] = [needs("left", SET), needs("right", SET)];
const THIS: Param = needs("set", SET);

pub(super) static FUNCTIONS: &[Overload] = &[
    function("isSet", &[needs("arg", ANY)], is_set_),
    function("set", &[], set).rest(ANY),
    method("toSet", &[needs("collection", ITERABLE)], to_set),
    both("len", &[THIS], len),
    method("add", &[THIS], add).rest(ANY),
    method("remove", &[THIS], remove).rest(ANY),
    method("union", &PAIR, union),
    method("intersect", &PAIR, intersect),
    method("difference", &PAIR, difference),
    function("#operator_-", &PAIR, difference),
    method("symmetricDifference", &PAIR, symmetric_difference),
];

fn is_set_<'a>(_: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    Ok(Value::Bool(is_set(&call.value(0))))
}

fn set<'a>(machine: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let values = unrolled(machine, call.rest_values())?;
    let iterator = machine.ready(values)?;
    machine.invoke_on("toSet", call.context, iterator)
}

fn to_set<'a>(machine: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    match call.value(0) {
        set @ Value::Set(_) => Ok(set),
        collection => of(machine.all(&collection)?),
    }
}

fn length(value: &Value) -> usize {
    match value {
        Value::Set(set) => set.len(),
        Value::View(_, dict) => dict.len(),
        _ => 0,
    }
}

fn len<'a>(_: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    Ok(Value::count(length(&call.value(0))))
}

/// Whether one set holds the other; `None` if neither does.
pub(super) fn inclusion(machine: &mut Machine<'_>, left: &Value, right: &Value) -> Result<Option<Ordering>> {
    machine.pay(u64::try_from(length(left).min(length(right))).unwrap_or(u64::MAX))?;
    let (small, large, order) = if length(left) <= length(right) {
        (left, right, Ordering::Less)
    } else {
        (right, left, Ordering::Greater)
    };
    let mut cursor = machine.cursor(small)?;
    while let Some(value) = cursor.next(machine)? {
        if !has(machine, large, &value)? {
            return Ok(None);
        }
    }
    Ok(Some(if length(left) == length(right) { Ordering::Equal } else { order }))
}

/// The original calls a method that only real sets have; keys and items of a map are sets without it.
fn real(value: &Value) -> Result<Rc<Set>> {
    match value {
        Value::Set(set) => Ok(set.clone()),
        Value::View(View::Keys | View::Items, _) => {
            let message = format!("{} have no operations of sets", value.type_name());
            Err(Fault::other(message).help("make a set of them with .toSet()"))
        }
        other => Err(Fault::other(format!("{} is no set", other.type_name()))),
    }
}

/// The members of all that one can go through.
fn members(machine: &mut Machine<'_>, value: &Value) -> Result<IndexSet<Key>> {
    machine.all(value)?.into_iter().map(key).collect()
}

fn copied(machine: &mut Machine<'_>, set: &Set) -> Result<IndexSet<Key>> {
    machine.pay(u64::try_from(set.len()).unwrap_or(u64::MAX))?;
    Ok(ordered(set.keys()).into_iter().cloned().collect())
}

/// The union of two sets.
pub(super) fn joined(machine: &mut Machine<'_>, left: &Value, right: &Value) -> Result<Value> {
    let mut keys = copied(machine, &*real(left)?)?;
    keys.extend(members(machine, right)?);
    Value::set(keys)
}

fn add<'a>(machine: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let values = of(call.rest_values())?;
    joined(machine, &call.value(0), &values)
}

/// Those members of a set that are not in another.
fn without(machine: &mut Machine<'_>, left: &Value, right: &IndexSet<Key>) -> Result<Value> {
    let mut keys = copied(machine, &*real(left)?)?;
    keys.retain(|key| !right.contains(key));
    Value::set(keys)
}

fn remove<'a>(machine: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let gone = call.rest_values().into_iter().map(key).collect::<Result<_>>()?;
    without(machine, &call.value(0), &gone)
}

fn union<'a>(machine: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let (left, right) = (call.value(0), call.value(1));
    joined(machine, &left, &right)
}

/// The original goes through the smaller set, or through the right one.
fn intersect<'a>(machine: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let (left, right) = (call.value(0), call.value(1));
    real(&left)?;
    let (through, other) = if length(&right) > length(&left) { (&left, &right) } else { (&right, &left) };
    let other = members(machine, other)?;
    let mut keys = members(machine, through)?;
    keys.retain(|key| other.contains(key));
    Value::set(keys)
}

fn difference<'a>(machine: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let (left, right) = (call.value(0), call.value(1));
    let right = members(machine, &right)?;
    without(machine, &left, &right)
}

/// The original begins with the right one.
fn symmetric_difference<'a>(machine: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let (left, right) = (call.value(0), call.value(1));
    let left = copied(machine, &*real(&left)?)?;
    let mut keys = members(machine, &right)?;
    for key in left {
        if !keys.shift_remove(&key) {
            keys.insert(key);
        }
    }
    Value::set(keys)
}
