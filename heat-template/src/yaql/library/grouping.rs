//! Collections in parts, and maps in one: `groupBy`, `slice`, `splitWhere`, `mergeWith`.

use super::dictionaries::map;
use super::queries::{COLLECTION, PREDICATE};
use crate::yaql::fault::{Fault, FaultKind, Result};
use crate::yaql::hash::{Key, equal, key};
use crate::yaql::limits::{check_bytes, dict_size};
use crate::yaql::machine::{Call, Lambda, Machine};
use crate::yaql::spec::{Default, INT, LAMBDA, Overload, may, method, needs};
use crate::yaql::value::{Dict, Value};
use indexmap::{IndexMap, IndexSet};

pub(super) static FUNCTIONS: &[Overload] = &[
    method(
        "groupBy",
        &[
            COLLECTION,
            needs("keySelector", LAMBDA),
            may("valueSelector", LAMBDA, Default::Null),
            may("aggregator", LAMBDA, Default::Null),
        ],
        group_by,
    ),
    method("slice", &[COLLECTION, needs("length", INT)], slice),
    method("splitWhere", &[COLLECTION, PREDICATE], split_where),
    method("sliceWhere", &[COLLECTION, PREDICATE], slice_where),
    method("splitAt", &[COLLECTION, needs("index", INT)], split_at),
];

fn group_by<'a>(machine: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let mut cursor = machine.cursor(&call.value(0))?;
    let (key_of, value_of, aggregator) = (call.needed_lambda(1)?, call.lambda(2), call.lambda(3));
    let mut groups: IndexMap<Key, Vec<Value>> = IndexMap::new();
    while let Some(element) = cursor.next(machine)? {
        let value = match &value_of {
            Some(value_of) => machine.apply(value_of, std::slice::from_ref(&element))?,
            None => element.clone(),
        };
        let name = key(machine.apply(&key_of, &[element])?)?;
        groups.entry(name).or_default().push(value);
        check_bytes(dict_size(groups.len()))?;
    }
    let mut groups = groups.into_iter();
    let mut aggregation = Aggregation { fallback: true, failed: None };
    machine.steps(move |machine| {
        let Some((name, values)) = groups.next() else { return Ok(None) };
        let (name, values) = (name.into_value(), Value::list(values)?);
        match &aggregator {
            None => Value::tuple(vec![name, values]).map(Some),
            Some(aggregator) => aggregation.group(machine, aggregator, name, values).map(Some),
        }
    })
}

/// How the groups are brought together: the aggregator gets the list of a group, or, as once was, its key with the list.
struct Aggregation {
    fallback: bool,
    failed: Option<Box<Fault>>,
}

impl Aggregation {
    fn group<'a>(
        &mut self,
        machine: &mut Machine<'a>,
        aggregator: &Lambda<'a>,
        name: Value,
        values: Value,
    ) -> Result<Value> {
        let failure = match &self.failed {
            Some(failure) => failure.clone(),
            None => match machine.apply(aggregator, std::slice::from_ref(&values)) {
                Ok(result) => {
                    self.fallback &= is_old_style(&values, &result);
                    return Value::tuple(vec![name, result]);
                }
                Err(fault) if matches!(fault.kind, FaultKind::NoMatch | FaultKind::Index) => fault,
                Err(fault) => return Err(fault),
            },
        };
        self.failed = Some(failure.clone());
        if self.fallback {
            let pair = Value::tuple(vec![name, values])?;
            match machine.apply(aggregator, &[pair]) {
                Ok(result) if length(&result) == Some(2) => return Ok(result),
                Err(fault) if fault.kind == FaultKind::Limit => return Err(fault),
                _ => {}
            }
        }
        Err(failure)
    }
}

fn length(value: &Value) -> Option<usize> {
    match value {
        Value::Tuple(items) | Value::List(items) => Some(items.len()),
        Value::Text(text) => Some(crate::yaql::text::length(text)),
        Value::Dict(dict) | Value::View(_, dict) => Some(dict.len()),
        Value::Set(set) => Some(set.len()),
        _ => None,
    }
}

/// Whether the result may come from an aggregator that takes a pair: a pair that begins with the first of two values.
fn is_old_style(values: &Value, result: &Value) -> bool {
    match (values, result) {
        (Value::List(values), Value::Tuple(result) | Value::List(result)) => {
            values.len() == 2 && result.len() == 2 && equal(&result[0], &values[0])
        }
        _ => false,
    }
}

fn slice<'a>(machine: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let mut cursor = machine.cursor(&call.value(0))?;
    let length = call.int(1);
    machine.steps(move |machine| {
        let Ok(length) = usize::try_from(length) else {
            return Err(Fault::other("the length of a slice is negative"));
        };
        let mut part = Vec::new();
        while part.len() < length {
            match cursor.next(machine)? {
                Some(value) => part.push(value),
                None => break,
            }
        }
        if part.is_empty() { Ok(None) } else { Value::tuple(part).map(Some) }
    })
}

/// The elements as a list, when they are wanted.
fn listed<'a>(machine: &mut Machine<'a>, context: usize, collection: &Value) -> Result<Vec<Value>> {
    let list = machine.invoke_on("toList", context, collection.clone())?;
    machine.all(&list)
}

fn split_where<'a>(machine: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let (collection, predicate, context) = (call.value(0), call.needed_lambda(1)?, call.context);
    let mut list: Option<Vec<Value>> = None;
    let (mut start, mut end) = (0, 0);
    machine.steps(move |machine| {
        let list = match &mut list {
            Some(list) => list,
            none => none.insert(listed(machine, context, &collection)?),
        };
        while end < list.len() {
            let at = end;
            end += 1;
            if machine.apply(&predicate, std::slice::from_ref(&list[at]))?.truth() {
                let part = list[start..at].to_vec();
                start = end;
                return Value::tuple(part).map(Some);
            }
        }
        if start == end {
            return Ok(None);
        }
        let part = list[start..end].to_vec();
        start = end;
        Value::tuple(part).map(Some)
    })
}

fn slice_where<'a>(machine: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let (collection, predicate, context) = (call.value(0), call.needed_lambda(1)?, call.context);
    let mut list: Option<Vec<Value>> = None;
    let (mut start, mut end) = (0, 0);
    let mut last: Option<Value> = None;
    machine.steps(move |machine| {
        let list = match &mut list {
            Some(list) => list,
            none => none.insert(listed(machine, context, &collection)?),
        };
        while end < list.len() {
            let at = end;
            end += 1;
            let now = machine.apply(&predicate, std::slice::from_ref(&list[at]))?;
            let changed = last.as_ref().is_some_and(|last| !equal(last, &now));
            last = Some(now);
            if changed {
                let part = list[start..at].to_vec();
                start = at;
                return Value::tuple(part).map(Some);
            }
        }
        if start == end {
            return Ok(None);
        }
        let part = list[start..end].to_vec();
        start = end;
        Value::tuple(part).map(Some)
    })
}

fn split_at<'a>(machine: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let (collection, index) = (call.value(0), call.int(1));
    let list = listed(machine, call.context, &collection)?;
    let (at, _) = crate::yaql::text::bounds(list.len(), index, 0);
    let (left, right) = list.split_at(at);
    Value::list(vec![Value::tuple(left.to_vec())?, Value::tuple(right.to_vec())?])
}

/// What to do where both maps have something.
struct Merge<'a> {
    lists: Option<Lambda<'a>>,
    items: Option<Lambda<'a>>,
    context: usize,
}

/// `mergeWith`.
pub(super) fn merge_with<'a>(machine: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let (one, other, levels) = (map(&mut call, 0)?, map(&mut call, 1)?, call.int(4));
    let merge = Merge { lists: call.lambda(2), items: call.lambda(3), context: call.context };
    merged(machine, &merge, &one, &other, levels)
}

fn cannot_merge(one: &Value, other: &Value) -> Box<Fault> {
    Fault::other(format!("{} and {} cannot be merged", one.type_name(), other.type_name()))
}

fn merged<'a>(
    machine: &mut Machine<'a>,
    merge: &Merge<'a>,
    one: &Dict,
    other: &Dict,
    levels: i64,
) -> Result<Value> {
    machine.pay(u64::try_from(one.len() + other.len()).unwrap_or(u64::MAX))?;
    let mut entries = IndexMap::with_capacity(one.len().max(other.len()));
    for (key, left) in one.iter() {
        let value = match other.entries().get(key) {
            None => left.clone(),
            Some(right) => match (left, right) {
                (_, Value::Dict(b)) if levels != 1 => {
                    let Value::Dict(a) = left else { return Err(cannot_merge(left, right)) };
                    let inner = if levels == 0 { 0 } else { levels.saturating_sub(1) };
                    machine.deeper(1, |machine| merged(machine, merge, a, b, inner))?
                }
                (_, Value::Tuple(_) | Value::List(_)) if levels != 1 => {
                    if !matches!(left, Value::Tuple(_) | Value::List(_)) {
                        return Err(cannot_merge(left, right));
                    }
                    match &merge.lists {
                        Some(lambda) => machine.apply(lambda, &[left.clone(), right.clone()])?,
                        None => merged_lists(machine, merge.context, left, right)?,
                    }
                }
                _ => match &merge.items {
                    Some(lambda) => machine.apply(lambda, &[left.clone(), right.clone()])?,
                    None => right.clone(),
                },
            },
        };
        entries.insert(key.clone(), value);
    }
    for (key, value) in other.iter() {
        if !entries.contains_key(key) {
            entries.insert(key.clone(), value.clone());
        }
    }
    Value::map(entries, false)
}

/// Both lists, each element once.
fn merged_lists(machine: &mut Machine<'_>, context: usize, left: &Value, right: &Value) -> Result<Value> {
    let (a, b) = match (left, right) {
        (Value::Tuple(a), Value::Tuple(b)) | (Value::List(a), Value::List(b)) => (a, b),
        _ => return Err(cannot_merge(left, right)),
    };
    machine.pay(u64::try_from(a.len() + b.len()).unwrap_or(u64::MAX))?;
    let mut seen = IndexSet::new();
    let mut values = Vec::new();
    for value in a.iter().chain(b.iter()) {
        if seen.insert(key(value.clone())?) {
            check_bytes(crate::yaql::limits::set_size(seen.len()))?;
            values.push(value.clone());
        }
    }
    let iterator = machine.ready(values)?;
    machine.invoke_on("toList", context, iterator)
}
