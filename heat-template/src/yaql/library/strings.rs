//! Texts.

use crate::yaql::fault::{Fault, Result};
use crate::yaql::limits::size_of;
use crate::yaql::machine::{Call, Machine};
use crate::yaql::spec::{
    ANY, BOOL, BOOL_OR_NULL, Default, INT, ITERABLE, MAP, NUMBER_OR_NULL, Overload, Param, TEXT,
    TEXT_OR_NULL, both, function, may, method, needs,
};
use crate::yaql::text;
use crate::yaql::value::Value;
use indexmap::IndexSet;

const STRING: Param = needs("string", TEXT);
const CHARS: Param = may("chars", TEXT_OR_NULL, Default::Null);
const SPLIT: [Param; 3] =
    [STRING, may("separator", TEXT_OR_NULL, Default::Null), may("maxSplits", INT, Default::Int(-1))];
const FIND: [Param; 3] = [STRING, needs("sub", TEXT), may("start", INT, Default::Int(0))];
const FIND_WITHIN: [Param; 4] = [STRING, needs("sub", TEXT), needs("start", INT), needs("length", INT)];

const fn kind(name: &'static str) -> Param {
    may(name, BOOL_OR_NULL, Default::Bool(false))
}

pub(super) static FUNCTIONS: &[Overload] = &[
    function("concat", &[], concat).rest(TEXT),
    function("#operator_+", &[], concat).rest(TEXT),
    both("len", &[STRING], len),
    method("toLower", &[STRING], to_lower),
    method("toUpper", &[STRING], to_upper),
    method("split", &SPLIT, split),
    method("rightSplit", &SPLIT, right_split),
    method("join", &[needs("sequence", ITERABLE), needs("separator", TEXT)], join),
    method("join", &[needs("separator", TEXT), needs("sequence", ITERABLE)], join_with),
    function("str", &[needs("value", ANY)], str_),
    method("trim", &[STRING, CHARS], trim),
    method("trimLeft", &[STRING, CHARS], trim_left),
    method("trimRight", &[STRING, CHARS], trim_right),
    both("norm", &[needs("string", TEXT_OR_NULL), CHARS], norm),
    both(
        "isEmpty",
        &[needs("string", TEXT_OR_NULL), may("trim", BOOL, Default::Bool(true)), CHARS],
        is_empty,
    ),
    method(
        "replace",
        &[STRING, needs("old", TEXT), needs("new", TEXT), may("count", INT, Default::Int(-1))],
        replace,
    ),
    method(
        "replace",
        &[STRING, needs("replacements", MAP), may("count", INT, Default::Int(-1))],
        replace_many,
    ),
    function("#operator_*", &[needs("left", TEXT), needs("right", INT)], times),
    function("#operator_*", &[needs("left", INT), needs("right", TEXT)], times_reversed),
    function("#operator_in", &[needs("left", TEXT), needs("right", TEXT)], is_in),
    method("substring", &[STRING, needs("start", INT), may("length", INT, Default::Int(-1))], substring),
    method("indexOf", &FIND, index_of),
    method("indexOf", &FIND_WITHIN, index_within),
    method("lastIndexOf", &FIND, last_index_of),
    method("lastIndexOf", &FIND_WITHIN, last_index_within),
    method("toCharArray", &[STRING], to_char_array),
    function(
        "characters",
        &[
            kind("digits"),
            kind("hexdigits"),
            kind("asciiLowercase"),
            kind("asciiUppercase"),
            kind("asciiLetters"),
            kind("letters"),
            kind("octdigits"),
            kind("punctuation"),
            kind("printable"),
            kind("lowercase"),
            kind("uppercase"),
            kind("whitespace"),
        ],
        characters,
    ),
    function("isString", &[needs("arg", ANY)], is_string),
    method("startsWith", &[STRING], starts_with).rest(TEXT),
    method("endsWith", &[STRING], ends_with).rest(TEXT),
    function("hex", &[needs("num", NUMBER_OR_NULL)], hex),
];

fn texts(call: &mut Call<'_>) -> Vec<std::sync::Arc<str>> {
    let text = |value| match value {
        Value::Text(text) => Some(text),
        _ => None,
    };
    call.rest_values().into_iter().filter_map(text).collect()
}

fn concat<'a>(_: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    Ok(Value::text(texts(&mut call).concat()))
}

fn len<'a>(_: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    Ok(Value::count(text::length(&call.text(0))))
}

fn to_lower<'a>(_: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    Ok(Value::text(call.text(0).to_lowercase()))
}

fn to_upper<'a>(_: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    Ok(Value::text(call.text(0).to_uppercase()))
}

fn parts(machine: &mut Machine<'_>, parts: Vec<String>) -> Result<Value> {
    machine.pay(u64::try_from(parts.len()).unwrap_or(u64::MAX))?;
    Value::list(parts.into_iter().map(Value::text).collect())
}

fn split<'a>(machine: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let split = text::split(&call.text(0), call.text_or_null(1).as_deref(), call.int(2))?;
    parts(machine, split)
}

fn right_split<'a>(machine: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let split = text::right_split(&call.text(0), call.text_or_null(1).as_deref(), call.int(2))?;
    parts(machine, split)
}

fn joined<'a>(machine: &mut Machine<'a>, context: usize, separator: &str, sequence: &Value) -> Result<Value> {
    let mut out = String::new();
    let mut cursor = machine.cursor(sequence)?;
    let mut first = true;
    while let Some(item) = cursor.next(machine)? {
        if !first {
            out.push_str(separator);
        }
        first = false;
        match machine.invoke("str", context, vec![item])? {
            Value::Text(text) => out.push_str(&text),
            other => return Err(Fault::other(format!("{} cannot be joined to a text", other.type_name()))),
        }
        // Fuel pays for what does not fit into the quota any more.
        machine.pay(u64::try_from(separator.len() / 64).unwrap_or(u64::MAX))?;
    }
    Ok(Value::text(out))
}

fn join<'a>(machine: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let (sequence, separator) = (call.value(0), call.text(1));
    joined(machine, call.context, &separator, &sequence)
}

fn join_with<'a>(machine: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let (separator, sequence) = (call.text(0), call.value(1));
    joined(machine, call.context, &separator, &sequence)
}

fn str_<'a>(_: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    text::yaql_str(&call.value(0)).map(Value::text)
}

fn trim<'a>(_: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    Ok(Value::text(text::strip(&call.text(0), call.text_or_null(1).as_deref())))
}

fn trim_left<'a>(_: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    Ok(Value::text(text::strip_left(&call.text(0), call.text_or_null(1).as_deref())))
}

fn trim_right<'a>(_: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    Ok(Value::text(text::strip_right(&call.text(0), call.text_or_null(1).as_deref())))
}

fn norm<'a>(_: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let Some(whole) = call.text_or_null(0) else { return Ok(Value::Null) };
    let stripped = text::strip(&whole, call.text_or_null(1).as_deref()).to_owned();
    Ok(if stripped.is_empty() { Value::Null } else { Value::text(stripped) })
}

fn is_empty<'a>(_: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let Some(whole) = call.text_or_null(0) else { return Ok(Value::Bool(true)) };
    let trims = call.truth(1);
    let characters = call.text_or_null(2);
    Ok(Value::Bool(if trims {
        text::strip(&whole, characters.as_deref()).is_empty()
    } else {
        whole.is_empty()
    }))
}

/// How long a text would be after a replacement, at most.
fn grown(whole: &str, old: &str, new: &str, count: i64) -> usize {
    let places = if old.is_empty() { whole.len() + 1 } else { whole.len() / old.len() };
    let places = usize::try_from(count).map_or(places, |count| count.min(places));
    whole.len() + places * new.len()
}

fn replaced(machine: &mut Machine<'_>, whole: &str, old: &str, new: &str, count: i64) -> Result<String> {
    let work = whole.len() + grown(whole, old, new, count);
    machine.pay(u64::try_from(work / 64).unwrap_or(u64::MAX))?;
    Ok(text::replace(whole, old, new, count))
}

fn replace<'a>(machine: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let count = call.int(3);
    replaced(machine, &call.text(0), &call.text(1), &call.text(2), count).map(Value::text)
}

fn replace_many<'a>(machine: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let count = call.int(2);
    let mut whole = call.text(0).to_string();
    let Value::Dict(replacements) = call.value(1) else { return Ok(Value::text(whole)) };
    for (key, value) in replacements.iter() {
        let old = machine.invoke("str", call.context, vec![key.value().clone()])?;
        let new = machine.invoke("str", call.context, vec![value.clone()])?;
        if let (Value::Text(old), Value::Text(new)) = (old, new) {
            whole = replaced(machine, &whole, &old, &new, count)?;
        }
    }
    Ok(Value::text(whole))
}

fn times<'a>(_: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let count = call.int(1);
    times_checked(&call.value(0), count)
}

fn times_reversed<'a>(_: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let count = call.int(0);
    times_checked(&call.value(1), count)
}

/// The original's account: `(1 - count)` empty texts, then `count` times the text, stopping above the quota.
fn times_checked(whole: &Value, count: i64) -> Result<Value> {
    let empties = (1 - i128::from(count)) * 49;
    let quota = i128::try_from(crate::yaql::limits::MEMORY_QUOTA).unwrap_or(0);
    let texts = i128::from(count) * i128::try_from(size_of(whole)).unwrap_or(0);
    if empties > quota || empties + texts > quota {
        return Err(crate::yaql::limits::too_much_memory());
    }
    match whole {
        Value::Text(text) => Ok(Value::text(text.repeat(usize::try_from(count).unwrap_or(0)))),
        _ => Ok(Value::Null),
    }
}

fn is_in<'a>(_: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let part = call.text(0);
    Ok(Value::Bool(call.text(1).contains(&*part)))
}

fn substring<'a>(_: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let whole = call.text(0);
    let length = i64::try_from(text::length(&whole)).unwrap_or(i64::MAX);
    let (mut start, mut count) = (call.int(1), call.int(2));
    if count < 0 {
        count = length;
    }
    if start < 0 {
        start = start.saturating_add(length);
    }
    let (start, end) = text::bounds(text::length(&whole), start, start.saturating_add(count));
    let part =
        if start < end { &whole[text::byte_at(&whole, start)..text::byte_at(&whole, end)] } else { "" };
    Ok(Value::text(part))
}

fn index_of<'a>(_: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let start = call.int(2);
    Ok(Value::Int(text::find(&call.text(0), &call.text(1), start, None, false)))
}

fn last_index_of<'a>(_: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let start = call.int(2);
    Ok(Value::Int(text::find(&call.text(0), &call.text(1), start, None, true)))
}

fn within(call: &mut Call<'_>, last: bool) -> Value {
    let whole = call.text(0);
    let length = i64::try_from(text::length(&whole)).unwrap_or(i64::MAX);
    let (mut start, mut count) = (call.int(2), call.int(3));
    if start < 0 {
        start = start.saturating_add(length);
    }
    if count < 0 {
        count = length.saturating_sub(start);
    }
    Value::Int(text::find(&whole, &call.text(1), start, Some(start.saturating_add(count)), last))
}

fn index_within<'a>(_: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    Ok(within(&mut call, false))
}

fn last_index_within<'a>(_: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    Ok(within(&mut call, true))
}

fn to_char_array<'a>(machine: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let whole = call.text(0);
    machine.pay(u64::try_from(whole.len() / 4).unwrap_or(u64::MAX))?;
    Value::tuple(whole.chars().map(|c| Value::text(c.to_string())).collect())
}

fn characters<'a>(_: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    const LOWER: &str = "abcdefghijklmnopqrstuvwxyz";
    const UPPER: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    const PUNCTUATION: &str = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";
    const SPACE: &str = " \t\n\r\u{b}\u{c}";
    // `letters`, `lowercase` and `uppercase` fail in the original: Python 3 has no such sets.
    let sets: [&[&str]; 12] = [
        &["0123456789"],
        &["0123456789abcdefABCDEF"],
        &[LOWER],
        &[UPPER],
        &[LOWER, UPPER],
        &[],
        &["01234567"],
        &[PUNCTUATION],
        &["0123456789", LOWER, UPPER, PUNCTUATION, SPACE],
        &[],
        &[],
        &[SPACE],
    ];
    let mut found = IndexSet::new();
    for (at, set) in sets.iter().enumerate() {
        if call.truth(at) {
            if set.is_empty() {
                return Err(Fault::other(
                    "there are only ASCII letters: asciiLetters, asciiLowercase, asciiUppercase",
                ));
            }
            found.extend(set.iter().flat_map(|set| set.chars()));
        }
    }
    Value::tuple(found.into_iter().map(|c| Value::text(c.to_string())).collect())
}

fn is_string<'a>(_: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    Ok(Value::Bool(matches!(call.value(0), Value::Text(_))))
}

fn starts_with<'a>(_: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let whole = call.text(0);
    Ok(Value::Bool(texts(&mut call).iter().any(|prefix| whole.starts_with(&**prefix))))
}

fn ends_with<'a>(_: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let whole = call.text(0);
    Ok(Value::Bool(texts(&mut call).iter().any(|suffix| whole.ends_with(&**suffix))))
}

fn hex<'a>(_: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    text::hex(&call.value(0)).map(Value::text)
}
