//! What a collection comes to: one of its elements, a number, a truth, a sum.

use super::queries::{COLLECTION, PREDICATE, SELECTOR};
use crate::yaql::fault::{Fault, Result};
use crate::yaql::hash::equal;
use crate::yaql::machine::{Call, Lambda, Machine};
use crate::yaql::spec::{ANY, Default, ITERATOR, LAMBDA, Overload, Param, both, may, method, needs};
use crate::yaql::value::Value;

const INITIAL: Param = may("initial", ANY, Default::NoValue);
const SEED: Param = may("seed", ANY, Default::NoValue);
const DEFAULT: Param = may("default", ANY, Default::NoValue);
const ITEM: Param = needs("item", ANY);
const MAY_PREDICATE: Param = may("predicate", LAMBDA, Default::Null);

pub(super) static FUNCTIONS: &[Overload] = &[
    both("any", &[COLLECTION, MAY_PREDICATE], any),
    both("all", &[COLLECTION, MAY_PREDICATE], all),
    both("len", &[needs("collection", ITERATOR)], count),
    method("count", &[COLLECTION], count),
    method("sum", &[COLLECTION, INITIAL], sum),
    method("max", &[COLLECTION, INITIAL], max),
    method("min", &[COLLECTION, INITIAL], min),
    method("first", &[COLLECTION, DEFAULT], first),
    method("single", &[COLLECTION], single),
    method("last", &[COLLECTION, DEFAULT], last),
    method("indexOf", &[COLLECTION, ITEM], index_of),
    method("lastIndexOf", &[COLLECTION, ITEM], last_index_of),
    method("indexWhere", &[COLLECTION, PREDICATE], index_where),
    method("lastIndexWhere", &[COLLECTION, PREDICATE], last_index_where),
    method("aggregate", &[COLLECTION, SELECTOR, SEED], aggregate),
    method("reduce", &[COLLECTION, SELECTOR, SEED], aggregate),
];

/// Whether the predicate, or the element's own truth, is as wanted for one of the elements.
fn meets<'a>(
    machine: &mut Machine<'a>,
    mut call: Call<'a>,
    wanted: bool,
    without: Option<bool>,
) -> Result<bool> {
    let mut cursor = machine.cursor(&call.value(0))?;
    let predicate = call.lambda(1);
    while let Some(value) = cursor.next(machine)? {
        let truth = match (&predicate, without) {
            (Some(predicate), _) => machine.apply(predicate, &[value])?.truth(),
            (None, Some(truth)) => truth,
            (None, None) => value.truth(),
        };
        if truth == wanted {
            return Ok(true);
        }
    }
    Ok(false)
}

fn any<'a>(machine: &mut Machine<'a>, call: Call<'a>) -> Result<Value> {
    meets(machine, call, true, Some(true)).map(Value::Bool)
}

fn all<'a>(machine: &mut Machine<'a>, call: Call<'a>) -> Result<Value> {
    meets(machine, call, false, None).map(|met| Value::Bool(!met))
}

fn count<'a>(machine: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let mut cursor = machine.cursor(&call.value(0))?;
    let mut count = 0;
    while cursor.next(machine)?.is_some() {
        count += 1;
    }
    Ok(Value::count(count))
}

/// Brings one element after the other together with what came of those before.
fn folded<'a>(
    machine: &mut Machine<'a>,
    collection: &Value,
    seed: Value,
    mut step: impl FnMut(&mut Machine<'a>, Value, Value) -> Result<Value>,
) -> Result<Value> {
    let mut cursor = machine.cursor(collection)?;
    let mut total = match seed {
        Value::Missing => cursor
            .next(machine)?
            .ok_or_else(|| Fault::other("the collection is empty, and there is no initial value"))?,
        seed => seed,
    };
    while let Some(value) = cursor.next(machine)? {
        total = step(machine, total, value)?;
    }
    Ok(total)
}

fn folded_by_name<'a>(machine: &mut Machine<'a>, mut call: Call<'a>, name: &str) -> Result<Value> {
    let (collection, seed, context) = (call.value(0), call.value(1), call.context);
    folded(machine, &collection, seed, |machine, total, value| {
        machine.invoke(name, context, vec![total, value])
    })
}

fn sum<'a>(machine: &mut Machine<'a>, call: Call<'a>) -> Result<Value> {
    folded_by_name(machine, call, "#operator_+")
}

fn max<'a>(machine: &mut Machine<'a>, call: Call<'a>) -> Result<Value> {
    folded_by_name(machine, call, "max")
}

fn min<'a>(machine: &mut Machine<'a>, call: Call<'a>) -> Result<Value> {
    folded_by_name(machine, call, "min")
}

fn aggregate<'a>(machine: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let (collection, seed) = (call.value(0), call.value(2));
    let selector = call.lambda(1);
    folded(machine, &collection, seed, |machine, total, value| {
        let selector: &Lambda<'a> =
            selector.as_ref().ok_or_else(|| Fault::other("null brings nothing together"))?;
        machine.apply(selector, &[total, value])
    })
}

fn empty() -> Box<Fault> {
    Fault::other("the collection is empty").help("give a default: .first(null)")
}

fn first<'a>(machine: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let first = machine.cursor(&call.value(0))?.next(machine)?;
    match (first, call.value(1)) {
        (Some(value), _) => Ok(value),
        (None, Value::Missing) => Err(empty()),
        (None, default) => Ok(default),
    }
}

fn single<'a>(machine: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let mut cursor = machine.cursor(&call.value(0))?;
    let only = cursor.next(machine)?.ok_or_else(|| Fault::other("the collection is empty"))?;
    if cursor.next(machine)?.is_some() {
        return Err(Fault::other("the collection has more than one element"));
    }
    Ok(only)
}

fn last<'a>(machine: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let last = match call.value(0) {
        Value::Tuple(items) | Value::List(items) => items.last().cloned(),
        collection => {
            let mut cursor = machine.cursor(&collection)?;
            let mut last = None;
            while let Some(value) = cursor.next(machine)? {
                last = Some(value);
            }
            last
        }
    };
    match (last, call.value(1)) {
        (Some(value), _) => Ok(value),
        (None, Value::Missing) => Err(empty()),
        (None, default) => Ok(default),
    }
}

/// The place of the first or the last element that suits; -1 if there is none.
fn place<'a>(
    machine: &mut Machine<'a>,
    collection: &Value,
    last: bool,
    mut suits: impl FnMut(&mut Machine<'a>, Value) -> Result<bool>,
) -> Result<Value> {
    let mut cursor = machine.cursor(collection)?;
    let mut found = -1;
    let mut at = 0;
    while let Some(value) = cursor.next(machine)? {
        if suits(machine, value)? {
            found = at;
            if !last {
                break;
            }
        }
        at += 1;
    }
    Ok(Value::Int(found))
}

fn index_of<'a>(machine: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let (collection, item) = (call.value(0), call.value(1));
    place(machine, &collection, false, |_, value| Ok(equal(&value, &item)))
}

fn last_index_of<'a>(machine: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let (collection, item) = (call.value(0), call.value(1));
    place(machine, &collection, true, |_, value| Ok(equal(&value, &item)))
}

fn index_where<'a>(machine: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let (collection, predicate) = (call.value(0), call.needed_lambda(1)?);
    place(machine, &collection, false, |machine, value| Ok(machine.apply(&predicate, &[value])?.truth()))
}

fn last_index_where<'a>(machine: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let (collection, predicate) = (call.value(0), call.needed_lambda(1)?);
    place(machine, &collection, true, |machine, value| Ok(machine.apply(&predicate, &[value])?.truth()))
}
