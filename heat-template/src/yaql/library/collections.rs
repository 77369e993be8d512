//! Lists: making, joining, changing them.

use crate::yaql::fault::{Fault, Result};
use crate::yaql::hash::{self, equal};
use crate::yaql::iterate::Cursor;
use crate::yaql::limits::{check_bytes, size_of, too_much_memory};
use crate::yaql::machine::{Call, Machine};
use crate::yaql::spec::{
    ANY, Default, INT, ITERABLE, ITERABLE_NO_SET, Overload, Param, SEQUENCE, both, function, is_iterable,
    may, method, needs,
};
use crate::yaql::value::{Value, View};

const COLLECTION: Param = needs("collection", ITERABLE);
const POSITION: Param = needs("position", INT);
const COUNT: Param = may("count", INT, Default::Int(1));

pub(super) static FUNCTIONS: &[Overload] = &[
    function("list", &[], list).rest(ANY),
    function("#list", &[], build_list).rest(ANY),
    method("flatten", &[COLLECTION], flatten),
    method("toList", &[COLLECTION], to_list),
    function("#indexer", &[needs("list", SEQUENCE), needs("index", INT)], index),
    function("#operator_in", &[needs("value", ANY), COLLECTION], is_in),
    method("contains", &[COLLECTION, needs("value", ANY)], contains),
    function("#operator_+", &[needs("left", ITERABLE), needs("right", ITERABLE)], plus),
    function("#operator_*", &[needs("left", SEQUENCE), needs("right", INT)], times),
    function("#operator_*", &[needs("left", INT), needs("right", SEQUENCE)], times_reversed),
    function("isList", &[needs("arg", ANY)], is_list),
    both("len", &[needs("sequence", SEQUENCE)], len),
    method("delete", &[COLLECTION, POSITION, COUNT], delete),
    method("replace", &[COLLECTION, POSITION, needs("value", ANY), COUNT], replace),
    method("replaceMany", &[COLLECTION, POSITION, needs("values", ITERABLE), COUNT], replace_many),
    method("insert", &[needs("collection", ITERABLE_NO_SET), POSITION, needs("value", ANY)], insert),
    method("insert", &[needs("collection", SEQUENCE), POSITION, needs("value", ANY)], insert_into_list),
    method("insertMany", &[COLLECTION, POSITION, needs("values", ITERABLE)], insert_many),
];

/// The arguments, and in the place of an iterator its elements.
pub(super) fn unrolled(machine: &mut Machine<'_>, values: Vec<Value>) -> Result<Vec<Value>> {
    let mut out = Vec::new();
    for value in values {
        if matches!(value, Value::Iterator(_) | Value::Memory(_)) {
            let inner = machine.all(&value)?;
            let inner = machine.deeper(2, |machine| unrolled(machine, inner))?;
            out.extend(inner);
        } else {
            out.push(value);
        }
    }
    Ok(out)
}

fn list<'a>(machine: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let values = unrolled(machine, call.rest_values())?;
    let iterator = machine.ready(values)?;
    machine.invoke_on("toList", call.context, iterator)
}

fn build_list<'a>(_: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let values = call.rest_values();
    check_bytes(values.iter().map(size_of).sum())?;
    Value::tuple(values)
}

fn flatten<'a>(machine: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let collection = call.value(0);
    let mut open: Vec<Cursor> = Vec::new();
    let mut begun = false;
    machine.steps(move |machine| {
        if !begun {
            begun = true;
            open.push(machine.cursor(&collection)?);
        }
        while let Some(cursor) = open.last_mut() {
            match cursor.next(machine)? {
                Some(value) if is_iterable(&value) => {
                    let inner = machine.cursor(&value)?;
                    open.push(inner);
                }
                Some(value) => return Ok(Some(value)),
                None => {
                    open.pop();
                }
            }
        }
        Ok(None)
    })
}

fn to_list<'a>(machine: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    match call.value(0) {
        tuple @ Value::Tuple(_) => Ok(tuple),
        collection => Value::tuple(machine.all(&collection)?),
    }
}

fn index<'a>(_: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let wanted = call.int(1);
    let (Value::Tuple(items) | Value::List(items)) = call.value(0) else { return Ok(Value::Null) };
    let length = i64::try_from(items.len()).unwrap_or(i64::MAX);
    let at = if wanted < 0 { wanted.saturating_add(length) } else { wanted };
    let item = usize::try_from(at).ok().and_then(|at| items.get(at));
    item.cloned().ok_or_else(|| Fault::index(format!("a list of {length} has no item {wanted}")))
}

/// Whether a value is in a collection; an iterator is gone through up to it.
pub(super) fn has(machine: &mut Machine<'_>, collection: &Value, wanted: &Value) -> Result<bool> {
    match collection {
        Value::Set(set) => Ok(set.keys().contains(&hash::key(wanted.clone())?)),
        Value::View(View::Keys, dict) => Ok(dict.get(wanted)?.is_some()),
        Value::View(View::Items, dict) => match wanted {
            Value::Tuple(pair) | Value::List(pair) if pair.len() == 2 => {
                Ok(dict.get(&pair[0])?.is_some_and(|value| equal(value, &pair[1])))
            }
            other => Err(Fault::other(format!("{} is not a pair", other.type_name()))),
        },
        _ => {
            let mut cursor = machine.cursor(collection)?;
            while let Some(value) = cursor.next(machine)? {
                if equal(&value, wanted) {
                    return Ok(true);
                }
            }
            Ok(false)
        }
    }
}

fn is_in<'a>(machine: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let (wanted, collection) = (call.value(0), call.value(1));
    has(machine, &collection, &wanted).map(Value::Bool)
}

fn contains<'a>(machine: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let (collection, wanted) = (call.value(0), call.value(1));
    has(machine, &collection, &wanted).map(Value::Bool)
}

fn plus<'a>(machine: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let (left, right) = (call.value(0), call.value(1));
    let both = || check_bytes(size_of(&left) + size_of(&right));
    match (&left, &right) {
        (Value::Tuple(a), Value::Tuple(b)) => {
            both()?;
            Value::tuple(a.iter().chain(b.iter()).cloned().collect())
        }
        (Value::Set(_), Value::Set(_)) => {
            both()?;
            super::sets::joined(machine, &left, &right)
        }
        _ => super::queries::chained(machine, vec![left, right]),
    }
}

/// The original's account: `(1 - count)` empty lists, then `count` times the list, stopping above the quota.
fn repeated(machine: &mut Machine<'_>, list: &Value, count: i64) -> Result<Value> {
    let quota = i128::try_from(crate::yaql::limits::MEMORY_QUOTA).unwrap_or(0);
    let empties = (1 - i128::from(count)) * 56;
    let lists = i128::from(count) * i128::try_from(size_of(list)).unwrap_or(0);
    if empties > quota || empties + lists > quota {
        return Err(too_much_memory());
    }
    let (Value::Tuple(items) | Value::List(items)) = list else { return Ok(Value::Null) };
    let count = if items.is_empty() { 0 } else { usize::try_from(count).unwrap_or(0) };
    machine.pay(u64::try_from(items.len().saturating_mul(count)).unwrap_or(u64::MAX))?;
    let values = std::iter::repeat_n(&items[..], count).flatten().cloned().collect();
    if matches!(list, Value::Tuple(_)) { Value::tuple(values) } else { Value::list(values) }
}

fn times<'a>(machine: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let count = call.int(1);
    repeated(machine, &call.value(0), count)
}

fn times_reversed<'a>(machine: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let count = call.int(0);
    repeated(machine, &call.value(1), count)
}

fn is_list<'a>(_: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    Ok(Value::Bool(matches!(call.value(0), Value::Tuple(_) | Value::List(_))))
}

fn len<'a>(_: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    match call.value(0) {
        Value::Tuple(items) | Value::List(items) => Ok(Value::count(items.len())),
        _ => Ok(Value::Null),
    }
}

/// Whether the element at a place is among those that go; a negative count is all up to the end.
fn goes(at: i64, position: i64, count: i64) -> bool {
    at >= position && (count < 0 || at < position.saturating_add(count))
}

fn delete<'a>(machine: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let (position, count) = (call.int(1), call.int(2));
    let mut cursor = machine.cursor(&call.value(0))?;
    let mut places = 0..;
    machine.steps(move |machine| {
        while let Some(value) = cursor.next(machine)? {
            if !goes(places.next().unwrap_or(0), position, count) {
                return Ok(Some(value));
            }
        }
        Ok(None)
    })
}

/// Puts values in the place of others.
fn replaced<'a>(
    machine: &mut Machine<'a>,
    collection: &Value,
    position: i64,
    count: i64,
    values: impl FnOnce(&mut Machine<'a>) -> Result<Cursor> + 'a,
) -> Result<Value> {
    let mut cursor = machine.cursor(collection)?;
    let mut values = Some(values);
    let mut within: Option<Cursor> = None;
    let mut places = 0..;
    machine.steps(move |machine| {
        loop {
            if let Some(values) = &mut within {
                if let Some(value) = values.next(machine)? {
                    return Ok(Some(value));
                }
                within = None;
            }
            let Some(value) = cursor.next(machine)? else { return Ok(None) };
            if !goes(places.next().unwrap_or(0), position, count) {
                return Ok(Some(value));
            }
            if let Some(values) = values.take() {
                within = Some(values(machine)?);
            }
        }
    })
}

fn replace<'a>(machine: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let (collection, value) = (call.value(0), call.value(2));
    let one = Value::tuple(vec![value])?;
    let (position, count) = (call.int(1), call.int(3));
    replaced(machine, &collection, position, count, move |machine| machine.cursor(&one))
}

fn replace_many<'a>(machine: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let (collection, values) = (call.value(0), call.value(2));
    let (position, count) = (call.int(1), call.int(3));
    replaced(machine, &collection, position, count, move |machine| machine.cursor(&values))
}

/// Puts values in front of the one at a position; beyond the end, behind the last.
fn inserted<'a>(
    machine: &mut Machine<'a>,
    collection: &Value,
    position: i64,
    values: Value,
    before: bool,
) -> Result<Value> {
    let mut cursor = machine.cursor(collection)?;
    let mut within: Option<Cursor> = if before { Some(machine.cursor(&values)?) } else { None };
    let mut held: Option<Value> = None;
    let mut at = -1;
    let mut ended = false;
    machine.steps(move |machine| {
        loop {
            if let Some(values) = &mut within {
                if let Some(value) = values.next(machine)? {
                    return Ok(Some(value));
                }
                within = None;
            }
            if let Some(value) = held.take() {
                return Ok(Some(value));
            }
            if ended {
                return Ok(None);
            }
            match cursor.next(machine)? {
                Some(value) => {
                    at += 1;
                    if at == position {
                        within = Some(machine.cursor(&values)?);
                    }
                    held = Some(value);
                }
                None => {
                    ended = true;
                    if position > at {
                        within = Some(machine.cursor(&values)?);
                    }
                }
            }
        }
    })
}

fn insert<'a>(machine: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let (collection, value) = (call.value(0), call.value(2));
    let one = Value::tuple(vec![value])?;
    let position = call.int(1);
    inserted(machine, &collection, position, one, false)
}

fn insert_into_list<'a>(_: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let position = call.int(1);
    let (Value::Tuple(items) | Value::List(items)) = call.value(0) else { return Ok(Value::Null) };
    let mut items = items.to_vec();
    let (at, _) = crate::yaql::text::bounds(items.len(), position, 0);
    items.insert(at, call.value(2));
    Value::list(items)
}

fn insert_many<'a>(machine: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let (collection, values) = (call.value(0), call.value(2));
    let position = call.int(1);
    inserted(machine, &collection, position, values, position < 0)
}
