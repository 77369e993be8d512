//! Collections through which one goes as late as possible: filtering, mapping, joining, cutting.

use crate::yaql::ast::Node;
use crate::yaql::fault::{Fault, Result};
use crate::yaql::hash::key;
use crate::yaql::iterate::{Cursor, Flow};
use crate::yaql::limits::{check_bytes, set_size};
use crate::yaql::machine::{Arg, Call, Machine};
use crate::yaql::number::{self, Operation};
use crate::yaql::resolve;
use crate::yaql::spec::{
    ANY, Default, INT, INT_OR_NULL, ITERABLE, KEYWORD_NODE, LAMBDA, ORDERING, Overload, Param, Raw, both,
    function, is_iterable, may, method, needs,
};
use crate::yaql::value::Value;
use indexmap::IndexSet;

pub(super) const COLLECTION: Param = needs("collection", ITERABLE);
pub(super) const PREDICATE: Param = needs("predicate", LAMBDA);
pub(super) const SELECTOR: Param = needs("selector", LAMBDA);
const COUNT: Param = needs("count", INT);

pub(super) static FUNCTIONS: &[Overload] = &[
    method("where", &[COLLECTION, PREDICATE], where_),
    method("filter", &[COLLECTION, PREDICATE], where_),
    method("select", &[COLLECTION, SELECTOR], select),
    method("map", &[COLLECTION, SELECTOR], select),
    function("#operator_.", &[COLLECTION, needs("attribute", KEYWORD_NODE)], attribution),
    method("limit", &[COLLECTION, COUNT], limit),
    method("take", &[COLLECTION, COUNT], limit),
    method("skip", &[COLLECTION, COUNT], skip),
    both("append", &[COLLECTION], append).rest(ANY),
    both("distinct", &[COLLECTION, may("keySelector", LAMBDA, Default::Null)], distinct),
    both("enumerate", &[COLLECTION, may("start", INT_OR_NULL, Default::Int(0))], enumerate),
    both("concat", &[], concat).rest(ITERABLE),
    method("memorize", &[COLLECTION], memorize),
    method("selectMany", &[COLLECTION, SELECTOR], select_many),
    method("orderBy", &[COLLECTION, SELECTOR], order_by).context(),
    method("orderByDescending", &[COLLECTION, SELECTOR], order_by_descending).context(),
    method("thenBy", &[needs("collection", ORDERING), SELECTOR], then_by),
    method("thenByDescending", &[needs("collection", ORDERING), SELECTOR], then_by_descending),
    method("zip", &[], zip).rest(ITERABLE),
    method("zipLongest", &[], zip_longest).rest(ITERABLE).any_names(),
    method(
        "join",
        &[needs("collection1", ITERABLE), needs("collection2", ITERABLE), PREDICATE, SELECTOR],
        join,
    ),
    method("takeWhile", &[COLLECTION, PREDICATE], take_while),
    method("skipWhile", &[COLLECTION, PREDICATE], skip_while),
    method("reverse", &[COLLECTION], reverse),
    method("accumulate", &[COLLECTION, SELECTOR, may("seed", ANY, Default::NoValue)], accumulate),
    method("defaultIfEmpty", &[COLLECTION, needs("default", ITERABLE)], default_if_empty),
    function("isIterable", &[needs("value", ANY)], is_iterable_),
];

fn where_<'a>(machine: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let mut cursor = machine.cursor(&call.value(0))?;
    let predicate = call.lambda(1);
    machine.steps(move |machine| {
        while let Some(value) = cursor.next(machine)? {
            let truth = match &predicate {
                Some(predicate) => machine.apply(predicate, std::slice::from_ref(&value))?.truth(),
                // Python's `filter` takes what is true.
                None => value.truth(),
            };
            if truth {
                return Ok(Some(value));
            }
        }
        Ok(None)
    })
}

fn select<'a>(machine: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let mut cursor = machine.cursor(&call.value(0))?;
    let selector = call.lambda(1);
    machine.steps(move |machine| {
        let Some(value) = cursor.next(machine)? else { return Ok(None) };
        let selector = selector.as_ref().ok_or_else(|| Fault::other("null selects nothing"))?;
        machine.apply(selector, &[value]).map(Some)
    })
}

fn attribution<'a>(machine: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let mut cursor = machine.cursor(&call.value(0))?;
    let context = call.context;
    let Some(Arg::Node(attribute)) = call.args.pop() else {
        return Err(Fault::other("behind the point stands no word"));
    };
    let attribute: &'a Node = attribute;
    machine.steps(move |machine| {
        let Some(value) = cursor.next(machine)? else { return Ok(None) };
        let args = vec![Raw::Value(value), Raw::Node(attribute)];
        let result = machine
            .deeper(6, |machine| resolve::call(machine, "#operator_.", context, None, args, Vec::new()));
        result.map_err(|fault| fault.at(&attribute.span)).map(Some)
    })
}

/// A count that is not negative.
fn counted(count: i64) -> Result<usize> {
    usize::try_from(count).map_err(|_| Fault::other(format!("a number of elements cannot be {count}")))
}

fn limit<'a>(machine: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let mut cursor = machine.cursor(&call.value(0))?;
    let mut left = counted(call.int(1))?;
    machine.steps(move |machine| {
        if left == 0 {
            return Ok(None);
        }
        left -= 1;
        cursor.next(machine)
    })
}

fn skip<'a>(machine: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let mut cursor = machine.cursor(&call.value(0))?;
    let mut left = counted(call.int(1))?;
    machine.steps(move |machine| {
        while left > 0 {
            left -= 1;
            if cursor.next(machine)?.is_none() {
                return Ok(None);
            }
        }
        cursor.next(machine)
    })
}

/// One collection after the other.
pub(super) fn chained<'a>(machine: &mut Machine<'a>, collections: Vec<Value>) -> Result<Value> {
    let mut collections = collections.into_iter();
    let mut open: Option<Cursor> = None;
    machine.steps(move |machine| {
        loop {
            if let Some(cursor) = &mut open
                && let Some(value) = cursor.next(machine)?
            {
                return Ok(Some(value));
            }
            match collections.next() {
                Some(collection) => open = Some(machine.cursor(&collection)?),
                None => return Ok(None),
            }
        }
    })
}

fn append<'a>(machine: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let more = Value::tuple(call.rest_values())?;
    let collection = call.value(0);
    chained(machine, vec![collection, more])
}

fn concat<'a>(machine: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let collections = call.rest_values();
    chained(machine, collections)
}

fn distinct<'a>(machine: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let mut cursor = machine.cursor(&call.value(0))?;
    let selector = call.lambda(1);
    let mut seen = IndexSet::new();
    machine.steps(move |machine| {
        while let Some(value) = cursor.next(machine)? {
            let by = match &selector {
                Some(selector) => machine.apply(selector, std::slice::from_ref(&value))?,
                None => value.clone(),
            };
            if seen.insert(key(by)?) {
                check_bytes(set_size(seen.len()))?;
                return Ok(Some(value));
            }
        }
        Ok(None)
    })
}

fn enumerate<'a>(machine: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let mut cursor = machine.cursor(&call.value(0))?;
    let mut number = call.value(1);
    machine.steps(move |machine| {
        if matches!(number, Value::Null) {
            return Err(Fault::other("null is no number to begin with"));
        }
        let Some(value) = cursor.next(machine)? else { return Ok(None) };
        let next = number::calculate(Operation::Plus, &number, &Value::Int(1))?;
        let number = std::mem::replace(&mut number, next);
        Value::list(vec![number, value]).map(Some)
    })
}

fn memorize<'a>(machine: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let collection = call.value(0);
    machine.memorize(collection)
}

fn select_many<'a>(machine: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let mut cursor = machine.cursor(&call.value(0))?;
    let selector = call.needed_lambda(1)?;
    let mut inner: Option<Cursor> = None;
    machine.steps(move |machine| {
        loop {
            if let Some(open) = &mut inner {
                if let Some(value) = open.next(machine)? {
                    return Ok(Some(value));
                }
                inner = None;
            }
            let Some(value) = cursor.next(machine)? else { return Ok(None) };
            let selected = machine.apply(&selector, &[value])?;
            if !is_iterable(&selected) {
                return Ok(Some(selected));
            }
            inner = Some(machine.cursor(&selected)?);
        }
    })
}

fn ordering<'a>(machine: &mut Machine<'a>, mut call: Call<'a>, ascending: bool) -> Result<Value> {
    let (collection, selector) = (call.value(0), call.needed_lambda(1)?);
    machine.pay(4)?;
    let fields = vec![(selector, ascending)];
    machine.flows.push(Some(Flow::Ordering { collection, fields, context: call.context, sorted: None }));
    Ok(Value::Ordering(machine.flows.len() - 1))
}

fn order_by<'a>(machine: &mut Machine<'a>, call: Call<'a>) -> Result<Value> {
    ordering(machine, call, true)
}

fn order_by_descending<'a>(machine: &mut Machine<'a>, call: Call<'a>) -> Result<Value> {
    ordering(machine, call, false)
}

/// Adds a field to an order; the original changes the collection itself.
fn further<'a>(machine: &mut Machine<'a>, mut call: Call<'a>, ascending: bool) -> Result<Value> {
    let (collection, selector) = (call.value(0), call.needed_lambda(1)?);
    if let Value::Ordering(id) = &collection
        && let Some(Some(Flow::Ordering { fields, .. })) = machine.flows.get_mut(*id)
    {
        fields.push((selector, ascending));
        // The lambda lives on in a collection that is older than it.
        machine.expose(call.context);
    }
    Ok(collection)
}

fn then_by<'a>(machine: &mut Machine<'a>, call: Call<'a>) -> Result<Value> {
    further(machine, call, true)
}

fn then_by_descending<'a>(machine: &mut Machine<'a>, call: Call<'a>) -> Result<Value> {
    further(machine, call, false)
}

fn cursors(machine: &mut Machine<'_>, call: &mut Call<'_>) -> Result<Vec<Cursor>> {
    call.rest_values().iter().map(|collection| machine.cursor(collection)).collect()
}

fn zip<'a>(machine: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let mut cursors = cursors(machine, &mut call)?;
    machine.steps(move |machine| {
        let mut row = Vec::with_capacity(cursors.len());
        for cursor in &mut cursors {
            match cursor.next(machine)? {
                Some(value) => row.push(value),
                None => return Ok(None),
            }
        }
        if row.is_empty() { Ok(None) } else { Value::tuple(row).map(Some) }
    })
}

fn zip_longest<'a>(machine: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let mut cursors = cursors(machine, &mut call)?;
    let named = call.named.into_iter().find(|(name, _)| &**name == "default");
    let default = named.map_or(Value::Null, |(_, value)| value);
    let mut done = vec![false; cursors.len()];
    machine.steps(move |machine| {
        let mut row = Vec::with_capacity(cursors.len());
        for (cursor, done) in cursors.iter_mut().zip(&mut done) {
            let value = if *done { None } else { cursor.next(machine)? };
            *done |= value.is_none();
            row.push(value.unwrap_or_else(|| default.clone()));
        }
        if done.iter().all(|done| *done) { Ok(None) } else { Value::tuple(row).map(Some) }
    })
}

fn join<'a>(machine: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let mut left = machine.cursor(&call.value(0))?;
    let right = call.value(1);
    let right = machine.memorize(right)?;
    let (predicate, selector) = (call.needed_lambda(2)?, call.needed_lambda(3)?);
    let mut open: Option<(Value, Cursor)> = None;
    machine.steps(move |machine| {
        loop {
            if let Some((one, cursor)) = &mut open {
                while let Some(other) = cursor.next(machine)? {
                    let pair = [one.clone(), other];
                    if machine.apply(&predicate, &pair)?.truth() {
                        return machine.apply(&selector, &pair).map(Some);
                    }
                }
            }
            let Some(one) = left.next(machine)? else { return Ok(None) };
            open = Some((one, machine.cursor(&right)?));
        }
    })
}

fn take_while<'a>(machine: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let mut cursor = machine.cursor(&call.value(0))?;
    let predicate = call.needed_lambda(1)?;
    machine.steps(move |machine| {
        let Some(value) = cursor.next(machine)? else { return Ok(None) };
        Ok(machine.apply(&predicate, std::slice::from_ref(&value))?.truth().then_some(value))
    })
}

fn skip_while<'a>(machine: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let mut cursor = machine.cursor(&call.value(0))?;
    let predicate = call.needed_lambda(1)?;
    let mut skipping = true;
    machine.steps(move |machine| {
        while let Some(value) = cursor.next(machine)? {
            if !skipping || !machine.apply(&predicate, std::slice::from_ref(&value))?.truth() {
                skipping = false;
                return Ok(Some(value));
            }
        }
        Ok(None)
    })
}

fn reverse<'a>(machine: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let collection = call.value(0);
    let list = machine.invoke_on("toList", call.context, collection)?;
    let mut values = machine.all(&list)?;
    values.reverse();
    machine.ready(values)
}

fn accumulate<'a>(machine: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let mut cursor = machine.cursor(&call.value(0))?;
    let selector = call.needed_lambda(1)?;
    let seed = call.value(2);
    let mut total: Option<Value> = None;
    machine.steps(move |machine| {
        let next = match (&total, &seed) {
            (None, Value::Missing) => match cursor.next(machine)? {
                Some(value) => value,
                None => return Err(Fault::other("nothing can be accumulated, and there is no seed")),
            },
            (None, seed) => seed.clone(),
            (Some(total), _) => match cursor.next(machine)? {
                Some(value) => machine.apply(&selector, &[total.clone(), value])?,
                None => return Ok(None),
            },
        };
        total = Some(next.clone());
        Ok(Some(next))
    })
}

fn default_if_empty<'a>(machine: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let (collection, default) = (call.value(0), call.value(1));
    let collection = machine.memorize(collection)?;
    let is_empty = machine.cursor(&collection)?.next(machine)?.is_none();
    Ok(if is_empty { default } else { collection })
}

fn is_iterable_<'a>(_: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    Ok(Value::Bool(is_iterable(&call.value(0))))
}
