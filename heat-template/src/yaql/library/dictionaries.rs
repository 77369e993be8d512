//! Maps.

use crate::yaql::fault::{Fault, Result};
use crate::yaql::hash::{Key, equal, key};
use crate::yaql::iterate::Cursor;
use crate::yaql::limits::{check_bytes, dict_size, size_of};
use crate::yaql::machine::{Call, Machine};
use crate::yaql::spec::{
    ANY, Default, ITERABLE, KEYWORD, LAMBDA, MAP, Overload, Param, RULE, both, function, may, method, needs,
};
use crate::yaql::value::{Dict, Value, View};
use indexmap::IndexMap;
use std::rc::Rc;

const DICT: Param = needs("dict", MAP);
const KEY: Param = needs("key", ANY);

pub(super) static FUNCTIONS: &[Overload] = &[
    function("dict", &[], dict_of_rules).rest(RULE).rules(),
    function("#map", &[], dict_of_rules).rest(RULE).rules(),
    function("dict", &[needs("items", ITERABLE)], dict_of_pairs).rules(),
    method(
        "toDict",
        &[
            needs("collection", ITERABLE),
            needs("keySelector", LAMBDA),
            may("valueSelector", LAMBDA, Default::Null),
        ],
        to_dict,
    ),
    function("#operator_.", &[DICT, needs("key", KEYWORD)], attribute),
    function("#indexer", &[DICT, KEY], item),
    function("#indexer", &[DICT, KEY, needs("default", ANY)], get),
    method("get", &[DICT, KEY, may("default", ANY, Default::Null)], get),
    method("set", &[DICT, KEY, needs("value", ANY)], set).rules(),
    method("set", &[DICT, needs("replacements", MAP)], set_many).rules(),
    method("set", &[DICT], set_rules).rest(RULE).rules(),
    method("keys", &[DICT], keys),
    method("values", &[DICT], values),
    method("items", &[DICT], items),
    method("containsKey", &[DICT, KEY], contains_key),
    method("containsValue", &[DICT, needs("value", ANY)], contains_value),
    function("#operator_+", &[needs("left", MAP), needs("right", MAP)], plus),
    function("isDict", &[needs("arg", ANY)], is_dict),
    both("len", &[DICT], len),
    method("delete", &[DICT], delete).rest(ANY),
    method("deleteAll", &[DICT, needs("keys", ITERABLE)], delete_all),
    method(
        "mergeWith",
        &[
            DICT,
            needs("another", MAP),
            may("listMerger", LAMBDA, Default::Null),
            may("itemMerger", LAMBDA, Default::Null),
            may("maxLevels", crate::yaql::spec::INT, Default::Int(0)),
        ],
        super::grouping::merge_with,
    ),
];

type Entries = IndexMap<Key, Value>;

/// The map that an argument is.
pub(super) fn map(call: &mut Call<'_>, at: usize) -> Result<Rc<Dict>> {
    match call.value(at) {
        Value::Dict(dict) => Ok(dict),
        other => Err(Fault::other(format!("{} is no map", other.type_name()))),
    }
}

fn dict_of_rules<'a>(machine: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let rules = call.rest_values();
    check_bytes(rules.iter().map(size_of).sum())?;
    let mut entries = Entries::with_capacity(rules.len());
    add_rules(machine, &mut entries, rules)?;
    Value::dict(entries)
}

fn add_rules(machine: &mut Machine<'_>, entries: &mut Entries, rules: Vec<Value>) -> Result<()> {
    machine.pay(u64::try_from(rules.len()).unwrap_or(u64::MAX))?;
    for rule in rules {
        if let Value::Rule(rule) = rule {
            entries.insert(key(rule.0.clone())?, rule.1.clone());
        }
    }
    Ok(())
}

fn dict_of_pairs<'a>(machine: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let mut cursor = machine.cursor(&call.value(0))?;
    let mut entries = Entries::new();
    while let Some(pair) = cursor.next(machine)? {
        let mut pair = Cursor::new(machine, &pair)?;
        let missing = || Fault::other("an entry of a map needs a key and a value");
        let name = pair.next(machine)?.ok_or_else(missing)?;
        let value = pair.next(machine)?.ok_or_else(missing)?;
        entries.insert(key(name)?, value);
        check_bytes(dict_size(entries.len()))?;
    }
    Value::dict(entries)
}

fn to_dict<'a>(machine: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let mut cursor = machine.cursor(&call.value(0))?;
    let (key_of, value_of) = (call.needed_lambda(1)?, call.lambda(2));
    let mut entries = Entries::new();
    while let Some(element) = cursor.next(machine)? {
        let name = machine.apply(&key_of, std::slice::from_ref(&element))?;
        let value = match &value_of {
            Some(value_of) => machine.apply(value_of, &[element])?,
            None => element,
        };
        entries.insert(key(name)?, value);
        check_bytes(dict_size(entries.len()))?;
    }
    Value::map(entries, false)
}

fn item<'a>(_: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let dict = map(&mut call, 0)?;
    // Which key that was can be seen in the expression; where it was computed it may be a secret.
    dict.get(&call.value(1))?.cloned().ok_or_else(|| Fault::other("the map has no such key"))
}

/// The same for a key that stands in the expression.
fn attribute<'a>(_: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let (dict, key) = (map(&mut call, 0)?, call.value(1));
    match (dict.get(&key)?, key) {
        (Some(value), _) => Ok(value.clone()),
        (None, Value::Text(name)) => Err(Fault::other(format!("the map has no key \"{name}\""))),
        (None, _) => Err(Fault::other("the map has no such key")),
    }
}

fn get<'a>(_: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let dict = map(&mut call, 0)?;
    Ok(dict.get(&call.value(1))?.cloned().unwrap_or_else(|| call.value(2)))
}

/// The entries of a map, to be changed.
fn copied(machine: &mut Machine<'_>, dict: &Dict) -> Result<Entries> {
    machine.pay(u64::try_from(dict.len() / 2).unwrap_or(u64::MAX))?;
    Ok(dict.entries().clone())
}

fn set<'a>(machine: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let dict = map(&mut call, 0)?;
    let (name, value) = (call.value(1), call.value(2));
    check_bytes(56 + size_of(&name) + size_of(&value))?;
    let mut entries = copied(machine, &dict)?;
    entries.insert(key(name)?, value);
    Value::dict(entries)
}

fn set_many<'a>(machine: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let (dict, replacements) = (map(&mut call, 0)?, map(&mut call, 1)?);
    joined(machine, &dict, &replacements)
}

fn joined(machine: &mut Machine<'_>, left: &Rc<Dict>, right: &Rc<Dict>) -> Result<Value> {
    check_bytes(size_of(&Value::Dict(left.clone())) + size_of(&Value::Dict(right.clone())))?;
    let mut entries = copied(machine, left)?;
    entries.extend(copied(machine, right)?);
    Value::dict(entries)
}

fn set_rules<'a>(machine: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let dict = map(&mut call, 0)?;
    let rules = call.rest_values();
    check_bytes(size_of(&Value::Dict(dict.clone())) + rules.iter().map(size_of).sum::<usize>())?;
    let mut entries = copied(machine, &dict)?;
    add_rules(machine, &mut entries, rules)?;
    Value::dict(entries)
}

fn keys<'a>(_: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    Ok(Value::View(View::Keys, map(&mut call, 0)?))
}

fn values<'a>(_: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    Ok(Value::View(View::Values, map(&mut call, 0)?))
}

fn items<'a>(_: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    Ok(Value::View(View::Items, map(&mut call, 0)?))
}

fn contains_key<'a>(_: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let dict = map(&mut call, 0)?;
    Ok(Value::Bool(dict.get(&call.value(1))?.is_some()))
}

fn contains_value<'a>(machine: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let dict = map(&mut call, 0)?;
    machine.pay(u64::try_from(dict.len()).unwrap_or(u64::MAX))?;
    let wanted = call.value(1);
    Ok(Value::Bool(dict.iter().any(|(_, value)| equal(value, &wanted))))
}

fn plus<'a>(machine: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let (left, right) = (map(&mut call, 0)?, map(&mut call, 1)?);
    joined(machine, &left, &right)
}

fn is_dict<'a>(_: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    Ok(Value::Bool(matches!(call.value(0), Value::Dict(_))))
}

fn len<'a>(_: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    Ok(Value::count(map(&mut call, 0)?.len()))
}

fn without(machine: &mut Machine<'_>, dict: &Dict, names: Vec<Value>) -> Result<Value> {
    let mut entries = copied(machine, dict)?;
    let names = names.into_iter().map(key).collect::<Result<indexmap::IndexSet<_>>>()?;
    entries.retain(|key, _| !names.contains(key));
    Value::map(entries, false)
}

fn delete<'a>(machine: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let dict = map(&mut call, 0)?;
    without(machine, &dict, call.rest_values())
}

fn delete_all<'a>(machine: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let dict = map(&mut call, 0)?;
    let names = machine.all(&call.value(1))?;
    without(machine, &dict, names)
}
