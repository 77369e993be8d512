//! Regular expressions.

use crate::yaql::fault::{Fault, Result};
use crate::yaql::machine::{Call, Machine};
use crate::yaql::regex::{Flags, Match, Matches, Regex, Template, escape};
use crate::yaql::spec::{
    ANY, BOOL_OR_NULL, CONTEXT_LAMBDA, Default, INT, Overload, Param, REGEX, TEXT, function, may, method,
    needs,
};
use crate::yaql::value::Value;
use std::rc::Rc;

const REGEXP: Param = needs("regexp", REGEX);
const STRING: Param = needs("string", TEXT);
const PATTERN: Param = needs("pattern", TEXT);
const COUNT: Param = may("count", INT, Default::Int(0));
const MAX_SPLIT: Param = may("maxSplit", INT, Default::Int(0));
const SELECTOR: Param = may("selector", CONTEXT_LAMBDA, Default::Null);

const fn flag(name: &'static str) -> Param {
    may(name, BOOL_OR_NULL, Default::Bool(false))
}

pub(super) static FUNCTIONS: &[Overload] = &[
    function("regex", &[PATTERN, flag("ignoreCase"), flag("multiLine"), flag("dotAll")], regex),
    method("matches", &[REGEXP, STRING], matches),
    method("matches", &[STRING, needs("regexp", TEXT)], matches_reversed),
    function("#operator_=~", &[STRING, PATTERN], matches_reversed),
    function("#operator_=~", &[STRING, REGEXP], matches_reversed),
    function("#operator_!~", &[STRING, PATTERN], matches_not),
    function("#operator_!~", &[STRING, REGEXP], matches_not),
    method("search", &[REGEXP, STRING, SELECTOR], search).context(),
    method("searchAll", &[REGEXP, STRING, SELECTOR], search_all).context(),
    method("split", &[REGEXP, STRING, MAX_SPLIT], split),
    method("split", &[STRING, REGEXP, MAX_SPLIT], split_reversed),
    method("replace", &[REGEXP, STRING, needs("repl", TEXT), COUNT], replace),
    method("replace", &[STRING, REGEXP, needs("repl", TEXT), COUNT], replace_reversed),
    method("replaceBy", &[REGEXP, STRING, needs("repl", CONTEXT_LAMBDA), COUNT], replace_by).context(),
    method("replaceBy", &[STRING, REGEXP, needs("repl", CONTEXT_LAMBDA), COUNT], replace_by_reversed)
        .context(),
    function("escapeRegex", &[STRING], escape_regex),
    function("isRegex", &[needs("value", ANY)], is_regex),
];

/// The pattern that a value is: one that is compiled, or a text.
fn compiled(machine: &mut Machine<'_>, value: Value) -> Result<Rc<Regex>> {
    match value {
        Value::Regex(regex) => Ok(regex),
        Value::Text(pattern) => machine.regex(&pattern, Flags::default()),
        other => Err(Fault::other(format!("{} is no regular expression", other.type_name()))),
    }
}

fn regex<'a>(machine: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let flags = Flags { ignore_case: call.truth(1), multi_line: call.truth(2), dot_all: call.truth(3) };
    machine.regex(&call.text(0), flags).map(Value::Regex)
}

fn is_found(machine: &mut Machine<'_>, pattern: Value, text: &str) -> Result<bool> {
    let regex = compiled(machine, pattern)?;
    Ok(regex.search(machine, text, 0, false)?.is_some())
}

fn matches<'a>(machine: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let (pattern, text) = (call.value(0), call.text(1));
    is_found(machine, pattern, &text).map(Value::Bool)
}

fn matches_reversed<'a>(machine: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let (text, pattern) = (call.text(0), call.value(1));
    is_found(machine, pattern, &text).map(Value::Bool)
}

fn matches_not<'a>(machine: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let (text, pattern) = (call.text(0), call.value(1));
    is_found(machine, pattern, &text).map(|found| Value::Bool(!found))
}

/// Makes the groups of a match known: `$` is all of it, `$2` the first group, and `$name` one with a name.
fn publish(
    machine: &mut Machine<'_>,
    context: usize,
    regex: &Regex,
    found: &Match,
    text: &str,
) -> Result<()> {
    machine.pay(u64::try_from(found.groups.len() * (1 + text.len() / 64)).unwrap_or(u64::MAX))?;
    for number in 0..found.groups.len() {
        let record = found.record(text, number)?;
        machine.set(context, &format!("${}", number + 1), record);
    }
    for (number, name) in regex.names() {
        let record = found.record(text, number)?;
        machine.set(context, &format!("${name}"), record);
    }
    Ok(())
}

fn search<'a>(machine: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let (regex, text) = (compiled(machine, call.value(0))?, call.text(1));
    let Some(found) = regex.search(machine, &text, 0, false)? else { return Ok(Value::Null) };
    match call.lambda(2) {
        None => Ok(Value::text(found.group(&text, 0).unwrap_or_default())),
        Some(selector) => {
            let context = machine.child(call.context);
            publish(machine, context, &regex, &found, &text)?;
            machine.apply_in(&selector, context)
        }
    }
}

fn search_all<'a>(machine: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let (regex, text) = (compiled(machine, call.value(0))?, call.text(1));
    let selector = call.lambda(2);
    let mut matches = Matches::new(regex.clone());
    let outer = call.context;
    machine.steps(move |machine| {
        let Some(found) = matches.next(machine, &text)? else { return Ok(None) };
        match &selector {
            None => Ok(Some(Value::text(found.group(&text, 0).unwrap_or_default()))),
            Some(selector) => {
                let context = machine.child(outer);
                publish(machine, context, &regex, &found, &text)?;
                machine.apply_in(selector, context).map(Some)
            }
        }
    })
}

/// Zero is any number of matches, less than zero none.
fn most(count: i64) -> usize {
    match count {
        0 => usize::MAX,
        count => usize::try_from(count).unwrap_or(0),
    }
}

fn parts(machine: &mut Machine<'_>, regex: Rc<Regex>, text: &str, count: i64) -> Result<Value> {
    let mut matches = Matches::new(regex);
    let mut parts = Vec::new();
    let mut at = 0;
    for _ in 0..most(count) {
        let Some(found) = matches.next(machine, text)? else { break };
        let (start, end) = found.whole();
        parts.push(Value::text(&text[at..start]));
        parts.extend(
            (1..found.groups.len()).map(|number| found.group(text, number).map_or(Value::Null, Value::text)),
        );
        at = end;
    }
    parts.push(Value::text(&text[at..]));
    Value::list(parts)
}

fn split<'a>(machine: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let (regex, text, count) = (compiled(machine, call.value(0))?, call.text(1), call.int(2));
    parts(machine, regex, &text, count)
}

fn split_reversed<'a>(machine: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let (text, regex, count) = (call.text(0), compiled(machine, call.value(1))?, call.int(2));
    parts(machine, regex, &text, count)
}

/// Puts something in the place of matches.
fn replaced<'a>(
    machine: &mut Machine<'a>,
    regex: &Rc<Regex>,
    text: &str,
    count: i64,
    mut put: impl FnMut(&mut Machine<'a>, &Match, &mut String) -> Result<()>,
) -> Result<Value> {
    let mut matches = Matches::new(regex.clone());
    let mut out = String::new();
    let mut at = 0;
    for _ in 0..most(count) {
        let Some(found) = matches.next(machine, text)? else { break };
        let (start, end) = found.whole();
        out.push_str(&text[at..start]);
        let before = out.len();
        put(machine, &found, &mut out)?;
        machine.pay(u64::try_from((out.len() - before) / 64).unwrap_or(u64::MAX))?;
        at = end;
    }
    out.push_str(&text[at..]);
    Ok(Value::text(out))
}

fn replaced_by_template(
    machine: &mut Machine<'_>,
    regex: &Rc<Regex>,
    text: &str,
    template: &str,
    count: i64,
) -> Result<Value> {
    let template = Template::parse(regex, template)?;
    replaced(machine, regex, text, count, |_, found, out| {
        template.expand(found, text, out);
        Ok(())
    })
}

fn replace<'a>(machine: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let (regex, text) = (compiled(machine, call.value(0))?, call.text(1));
    let count = call.int(3);
    replaced_by_template(machine, &regex, &text, &call.text(2), count)
}

fn replace_reversed<'a>(machine: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let (text, regex) = (call.text(0), compiled(machine, call.value(1))?);
    let count = call.int(3);
    replaced_by_template(machine, &regex, &text, &call.text(2), count)
}

fn replaced_by_lambda<'a>(
    machine: &mut Machine<'a>,
    call: &mut Call<'a>,
    regex: &Rc<Regex>,
    text: &str,
) -> Result<Value> {
    let lambda = call.needed_lambda(2)?;
    let count = call.int(3);
    let outer = call.context;
    replaced(machine, regex, text, count, |machine, found, out| {
        let context = machine.child(outer);
        publish(machine, context, regex, found, text)?;
        match machine.apply_in(&lambda, context)? {
            Value::Text(text) => out.push_str(&text),
            // As in the original, which lets Python's `re` say so.
            other => {
                return Err(Fault::other(format!("a match cannot be replaced by {}", other.type_name())));
            }
        }
        Ok(())
    })
}

fn replace_by<'a>(machine: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let (regex, text) = (compiled(machine, call.value(0))?, call.text(1));
    replaced_by_lambda(machine, &mut call, &regex, &text)
}

fn replace_by_reversed<'a>(machine: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let (text, regex) = (call.text(0), compiled(machine, call.value(1))?);
    replaced_by_lambda(machine, &mut call, &regex, &text)
}

fn escape_regex<'a>(_: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    Ok(Value::text(escape(&call.text(0))))
}

fn is_regex<'a>(_: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    Ok(Value::Bool(matches!(call.value(0), Value::Regex(_))))
}
