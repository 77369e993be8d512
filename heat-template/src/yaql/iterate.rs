//! Going through collections, as late as possible: an element is made when somebody wants it.

use super::fault::{Fault, Result};
use super::limits::{LIMIT_ITERATORS, check_bytes, grown_list_size, too_many_elements};
use super::machine::{Lambda, Machine};
use super::sets;
use super::value::{Value, View};
use std::rc::Rc;

/// Frames of Python between asking for an element and what makes it.
const FRAMES: u32 = 3;

type Steps<'a> = Box<dyn FnMut(&mut Machine<'a>) -> Result<Option<Value>> + 'a>;

/// What stands behind an iterator.
pub(super) enum Flow<'a> {
    /// Makes one element after the other.
    Steps { steps: Steps<'a>, done: bool },
    /// Keeps what it gave.
    Memory { source: Cursor, seen: Vec<Value> },
    /// Sorts when somebody looks.
    Ordering {
        collection: Value,
        fields: Vec<(Lambda<'a>, bool)>,
        context: usize,
        sorted: Option<Rc<[Value]>>,
    },
}

impl<'a> Flow<'a> {
    /// From a function that makes one element after the other.
    pub(super) fn steps(steps: impl FnMut(&mut Machine<'a>) -> Result<Option<Value>> + 'a) -> Self {
        Self::Steps { steps: Box::new(steps), done: false }
    }

    /// Fails at the element above Heat's limit.
    pub(super) fn limit(collection: Value) -> Self {
        let mut cursor: Option<Cursor> = None;
        let mut count = 0;
        Self::steps(move |machine| {
            let cursor = match &mut cursor {
                Some(cursor) => cursor,
                none => none.insert(Cursor::new(machine, &collection)?),
            };
            let Some(value) = cursor.next(machine)? else { return Ok(None) };
            if count >= LIMIT_ITERATORS {
                return Err(too_many_elements());
            }
            count += 1;
            Ok(Some(value))
        })
    }
}

/// A place in a collection.
#[derive(Debug, Clone)]
pub(super) struct Cursor {
    source: Source,
    at: usize,
}

#[derive(Debug, Clone)]
enum Source {
    /// A list, a map's view, an iterator.
    Value(Value),
    /// What was put into an order.
    Sorted(Rc<[Value]>),
}

impl Cursor {
    /// Begins to go through a value, as Python's `iter` does: also through the characters of a text and the keys of a map.
    pub(super) fn new(machine: &mut Machine<'_>, value: &Value) -> Result<Self> {
        let source = match value {
            Value::Tuple(_) | Value::List(_) | Value::View(..) | Value::Iterator(_) | Value::Memory(_) => {
                Source::Value(value.clone())
            }
            Value::Dict(dict) => Source::Value(Value::View(View::Keys, dict.clone())),
            Value::Set(set) => Source::Sorted(sets::in_order(set).into_iter().cloned().collect()),
            Value::Text(text) => {
                machine.pay(u64::try_from(text.len() / 4).unwrap_or(u64::MAX))?;
                Source::Sorted(text.chars().map(|c| Value::text(c.to_string())).collect())
            }
            Value::Ordering(id) => Source::Sorted(sorted(machine, *id)?),
            other => return Err(Fault::other(format!("one cannot go through {}", other.type_name()))),
        };
        Ok(Self { source, at: 0 })
    }

    /// The next element.
    pub(super) fn next(&mut self, machine: &mut Machine<'_>) -> Result<Option<Value>> {
        machine.pay(1)?;
        let at = self.at;
        let next = match &self.source {
            Source::Sorted(items) => items.get(at).cloned(),
            Source::Value(value) => match value {
                Value::Tuple(items) | Value::List(items) => items.get(at).cloned(),
                Value::View(view, dict) => match (view, dict.at(at)) {
                    (_, None) => None,
                    (View::Keys, Some((key, _))) => Some(key.value().clone()),
                    (View::Values, Some((_, value))) => Some(value.clone()),
                    (View::Items, Some((key, value))) => Some(Value::pair(key, value)?),
                },
                Value::Iterator(id) => return advance(machine, *id),
                Value::Memory(id) => remembered(machine, *id, at)?,
                _ => None,
            },
        };
        self.at += usize::from(next.is_some());
        Ok(next)
    }

    /// All elements that are left.
    pub(super) fn all(mut self, machine: &mut Machine<'_>) -> Result<Vec<Value>> {
        let mut values = Vec::new();
        while let Some(value) = self.next(machine)? {
            values.push(value);
        }
        Ok(values)
    }
}

fn running() -> Box<Fault> {
    Fault::other("an iterator asks itself for its next element")
}

fn advance(machine: &mut Machine<'_>, id: usize) -> Result<Option<Value>> {
    let mut flow = machine.flows.get_mut(id).and_then(Option::take).ok_or_else(running)?;
    let result = match &mut flow {
        Flow::Steps { done: true, .. } => Ok(None),
        Flow::Steps { steps, done } => {
            let result = machine.deeper(FRAMES, |machine| steps(machine));
            *done = !matches!(result, Ok(Some(_)));
            result
        }
        _ => Err(running()),
    };
    machine.flows[id] = Some(flow);
    result
}

/// The element at a place of what remembers.
fn remembered(machine: &mut Machine<'_>, id: usize, at: usize) -> Result<Option<Value>> {
    let mut flow = machine.flows.get_mut(id).and_then(Option::take).ok_or_else(running)?;
    let result = match &mut flow {
        Flow::Memory { source, seen } => match seen.get(at) {
            Some(value) => Ok(Some(value.clone())),
            None => match machine.deeper(FRAMES, |machine| source.next(machine)) {
                Ok(Some(value)) => {
                    seen.push(value.clone());
                    check_bytes(grown_list_size(seen.len())).map(|()| Some(value))
                }
                other => other,
            },
        },
        _ => Err(running()),
    };
    machine.flows[id] = Some(flow);
    result
}

fn sorted(machine: &mut Machine<'_>, id: usize) -> Result<Rc<[Value]>> {
    let mut flow = machine.flows.get_mut(id).and_then(Option::take).ok_or_else(running)?;
    let result = match &mut flow {
        Flow::Ordering { sorted: Some(sorted), .. } => Ok(sorted.clone()),
        Flow::Ordering { collection, fields, context, sorted } => sort(machine, collection, fields, *context)
            .map(|items| {
                let items: Rc<[Value]> = items.into();
                *sorted = Some(items.clone());
                items
            }),
        _ => Err(running()),
    };
    machine.flows[id] = Some(flow);
    result
}

/// Sorts by insertion, with as few comparisons as a search among what is sorted needs: there are 200 elements at most.
fn sort<'a>(
    machine: &mut Machine<'a>,
    collection: &Value,
    fields: &[(Lambda<'a>, bool)],
    context: usize,
) -> Result<Vec<Value>> {
    let mut sorted: Vec<Value> = Vec::new();
    for value in Cursor::new(machine, collection)?.all(machine)? {
        // What comes in order is not searched for: an element that is not less than the last one stays behind it.
        let (mut low, mut high) = (0, sorted.len());
        match sorted.last() {
            Some(last) if !is_less(machine, &value, last, fields, context)? => low = high,
            Some(_) => high -= 1,
            None => {}
        }
        while low < high {
            let middle = usize::midpoint(low, high);
            if is_less(machine, &value, &sorted[middle], fields, context)? {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        sorted.insert(low, value);
    }
    Ok(sorted)
}

fn is_less<'a>(
    machine: &mut Machine<'a>,
    left: &Value,
    right: &Value,
    fields: &[(Lambda<'a>, bool)],
    context: usize,
) -> Result<bool> {
    for (selector, ascending) in fields {
        let a = machine.apply(selector, std::slice::from_ref(left))?;
        let b = machine.apply(selector, std::slice::from_ref(right))?;
        if machine.invoke("#operator_<", context, vec![a.clone(), b.clone()])?.truth() {
            return Ok(*ascending);
        }
        if machine.invoke("#operator_>", context, vec![a, b])?.truth() {
            return Ok(!*ascending);
        }
    }
    Ok(false)
}

impl<'a> Machine<'a> {
    /// An iterator that makes one element after the other.
    pub(super) fn steps(
        &mut self,
        steps: impl FnMut(&mut Machine<'a>) -> Result<Option<Value>> + 'a,
    ) -> Result<Value> {
        self.flow(Flow::steps(steps))
    }

    /// An iterator over what is there already.
    pub(super) fn ready(&mut self, values: Vec<Value>) -> Result<Value> {
        self.pay(u64::try_from(values.len() / 8).unwrap_or(u64::MAX))?;
        let mut values = values.into_iter();
        self.steps(move |_| Ok(values.next()))
    }

    /// Begins to go through a collection.
    pub(super) fn cursor(&mut self, value: &Value) -> Result<Cursor> {
        Cursor::new(self, value)
    }

    /// All elements of a collection.
    pub(super) fn all(&mut self, value: &Value) -> Result<Vec<Value>> {
        self.cursor(value)?.all(self)
    }

    /// An iterator that remembers what it gave; other collections need no memory.
    pub(super) fn memorize(&mut self, value: Value) -> Result<Value> {
        if !matches!(value, Value::Iterator(_) | Value::Memory(_)) {
            return Ok(value);
        }
        let source = self.cursor(&value)?;
        self.pay(4)?;
        self.flows.push(Some(Flow::Memory { source, seen: Vec::new() }));
        Ok(Value::Memory(self.flows.len() - 1))
    }
}
