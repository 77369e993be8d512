//! Collections out of nothing: `range`, `sequence`, `repeat`, `cycle`, `generate`, `generateMany`.

use super::queries::COLLECTION;
use crate::yaql::fault::{Fault, Result};
use crate::yaql::hash::{Key, key};
use crate::yaql::iterate::Cursor;
use crate::yaql::limits::{check_bytes, set_size};
use crate::yaql::machine::{Call, Machine};
use crate::yaql::number::{self, Operation};
use crate::yaql::spec::{ANY, BOOL, Default, INT, LAMBDA, Overload, Param, function, may, method, needs};
use crate::yaql::value::Value;
use indexmap::IndexSet;
use std::cmp::Ordering;
use std::collections::VecDeque;

const INITIAL: Param = needs("initial", ANY);
const PRODUCER: Param = needs("producer", LAMBDA);
const SELECTOR: Param = may("selector", LAMBDA, Default::Null);
const DECYCLE: Param = may("decycle", BOOL, Default::Bool(false));

pub(super) static FUNCTIONS: &[Overload] = &[
    function("range", &[needs("stop", INT)], range_to),
    function("range", &[needs("start", INT), needs("stop", INT), may("step", INT, Default::Int(1))], range),
    function("sequence", &[may("start", INT, Default::Int(0)), may("step", INT, Default::Int(1))], sequence),
    method("repeat", &[needs("value", ANY), may("times", INT, Default::Int(-1))], repeat),
    method("cycle", &[COLLECTION], cycle),
    function("generate", &[INITIAL, needs("predicate", LAMBDA), PRODUCER, SELECTOR, DECYCLE], generate),
    function(
        "generateMany",
        &[INITIAL, PRODUCER, SELECTOR, DECYCLE, may("depthFirst", BOOL, Default::Bool(false))],
        generate_many,
    ),
];

/// An integer, also where a boolean stands for one.
fn whole(value: &Value) -> Value {
    number::big(value).map_or(Value::Int(0), Value::integer)
}

fn from_to<'a>(machine: &mut Machine<'a>, start: Value, stop: Value, step: Value) -> Result<Value> {
    let direction = number::compare(&step, &Value::Int(0)).unwrap_or(Ordering::Equal);
    if direction.is_eq() {
        return Err(Fault::other("the step of a range is zero"));
    }
    let mut next = whole(&start);
    machine.steps(move |_| {
        // A step upwards ends where the next number is no longer less than the end.
        if number::compare(&next, &stop) != Some(direction.reverse()) {
            return Ok(None);
        }
        let after = number::calculate(Operation::Plus, &next, &step)?;
        Ok(Some(std::mem::replace(&mut next, after)))
    })
}

fn range_to<'a>(machine: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let stop = call.value(0);
    from_to(machine, Value::Int(0), stop, Value::Int(1))
}

fn range<'a>(machine: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let (start, stop, step) = (call.value(0), call.value(1), call.value(2));
    from_to(machine, start, stop, step)
}

fn sequence<'a>(machine: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    // The first element is what was given, a boolean perhaps.
    let (mut next, step) = (call.value(0), call.value(1));
    machine.steps(move |_| {
        let after = number::calculate(Operation::Plus, &next, &step)?;
        Ok(Some(std::mem::replace(&mut next, after)))
    })
}

fn repeat<'a>(machine: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let value = call.value(0);
    let mut left = usize::try_from(call.int(1)).ok();
    machine.steps(move |_| {
        match &mut left {
            Some(0) => return Ok(None),
            Some(left) => *left -= 1,
            None => {}
        }
        Ok(Some(value.clone()))
    })
}

fn cycle<'a>(machine: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let mut cursor = machine.cursor(&call.value(0))?;
    let mut seen: Vec<Value> = Vec::new();
    let mut again: Option<usize> = None;
    machine.steps(move |machine| {
        if again.is_none() {
            if let Some(value) = cursor.next(machine)? {
                seen.push(value.clone());
                return Ok(Some(value));
            }
            again = Some(0);
        }
        let at = again.unwrap_or(0);
        again = Some(if at + 1 >= seen.len() { 0 } else { at + 1 });
        Ok(seen.get(at).cloned())
    })
}

/// What was there already, if cycles shall end.
struct Past(Option<IndexSet<Key>>);

impl Past {
    fn new(decycle: bool) -> Self {
        Self(decycle.then(IndexSet::new))
    }

    /// Whether a value is new; always if nobody asks.
    fn is_new(&mut self, value: &Value) -> Result<bool> {
        let Some(past) = &mut self.0 else { return Ok(true) };
        let new = past.insert(key(value.clone())?);
        check_bytes(set_size(past.len()))?;
        Ok(new)
    }
}

fn generate<'a>(machine: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let (predicate, producer, selector) = (call.needed_lambda(1)?, call.needed_lambda(2)?, call.lambda(3));
    let mut past = Past::new(call.truth(4));
    let mut next = call.value(0);
    let mut begun = false;
    machine.steps(move |machine| {
        if begun {
            let last = std::mem::replace(&mut next, Value::Null);
            next = machine.apply(&producer, &[last])?;
        }
        begun = true;
        if !machine.apply(&predicate, std::slice::from_ref(&next))?.truth() || !past.is_new(&next)? {
            return Ok(None);
        }
        match &selector {
            Some(selector) => machine.apply(selector, std::slice::from_ref(&next)).map(Some),
            None => Ok(Some(next.clone())),
        }
    })
}

fn generate_many<'a>(machine: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let (producer, selector) = (call.needed_lambda(1)?, call.lambda(2));
    let mut past = Past::new(call.truth(3));
    let depth_first = call.truth(4);
    let mut queue = VecDeque::from([call.value(0)]);
    let mut last: Option<Value> = None;
    machine.steps(move |machine| {
        if let Some(last) = last.take() {
            let produced = machine.apply(&producer, &[last])?;
            let produced = Cursor::new(machine, &produced)?.all(machine)?;
            if depth_first {
                produced.into_iter().rev().for_each(|value| queue.push_front(value));
            } else {
                queue.extend(produced);
            }
            check_bytes(queue_size(queue.len()))?;
        }
        while let Some(item) = queue.pop_front() {
            if !past.is_new(&item)? {
                continue;
            }
            last = Some(item.clone());
            return match &selector {
                Some(selector) => machine.apply(selector, &[item]).map(Some),
                None => Ok(Some(item)),
            };
        }
        Ok(None)
    })
}

/// What `sys.getsizeof` tells of a queue: blocks of 64 places.
fn queue_size(length: usize) -> usize {
    232 + length.div_ceil(64).max(1) * 528
}
