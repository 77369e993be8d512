//! `switch`, `selectCase`, `selectAllCases`, `examine`, `switchCase`, `coalesce`.

use crate::yaql::fault::{Fault, Result};
use crate::yaql::machine::{Arg, Call, Lambda, Machine};
use crate::yaql::spec::{INT, LAMBDA, LAZY_RULE, Overload, function, method, needs};
use crate::yaql::value::Value;

pub(super) static FUNCTIONS: &[Overload] = &[
    function("switch", &[], switch).rest(LAZY_RULE).rules(),
    function("selectCase", &[], select_case).rest(LAMBDA),
    function("selectAllCases", &[], select_all_cases).rest(LAMBDA),
    function("examine", &[], examine).rest(LAMBDA),
    method("switchCase", &[needs("case", INT)], switch_case).rest(LAMBDA),
    function("coalesce", &[], coalesce).rest(LAMBDA),
];

fn switch<'a>(machine: &mut Machine<'a>, call: Call<'a>) -> Result<Value> {
    for rule in &call.rest {
        if let Arg::Rule(condition, value) = rule
            && machine.apply(condition, &[])?.truth()
        {
            return machine.apply(value, &[]);
        }
    }
    Ok(Value::Null)
}

fn case<'a>(machine: &mut Machine<'a>, lambda: Option<&Lambda<'a>>) -> Result<Value> {
    let lambda = lambda.ok_or_else(|| Fault::other("null is no case"))?;
    machine.apply(lambda, &[])
}

fn select_case<'a>(machine: &mut Machine<'a>, call: Call<'a>) -> Result<Value> {
    let cases = call.rest_lambdas();
    for (at, lambda) in cases.iter().enumerate() {
        if case(machine, lambda.as_ref())?.truth() {
            return Ok(Value::count(at));
        }
    }
    Ok(Value::count(cases.len()))
}

fn select_all_cases<'a>(machine: &mut Machine<'a>, call: Call<'a>) -> Result<Value> {
    let mut cases = call.rest_lambdas().into_iter().enumerate();
    machine.steps(move |machine| {
        for (at, lambda) in cases.by_ref() {
            if case(machine, lambda.as_ref())?.truth() {
                return Ok(Some(Value::count(at)));
            }
        }
        Ok(None)
    })
}

fn examine<'a>(machine: &mut Machine<'a>, call: Call<'a>) -> Result<Value> {
    let mut cases = call.rest_lambdas().into_iter();
    machine.steps(move |machine| match cases.next() {
        Some(lambda) => Ok(Some(Value::Bool(case(machine, lambda.as_ref())?.truth()))),
        None => Ok(None),
    })
}

fn switch_case<'a>(machine: &mut Machine<'a>, mut call: Call<'a>) -> Result<Value> {
    let cases = call.rest_lambdas();
    let chosen = usize::try_from(call.int(0)).ok().and_then(|at| cases.get(at)).or(cases.last());
    match chosen {
        Some(lambda) => case(machine, lambda.as_ref()),
        None => Ok(Value::Null),
    }
}

fn coalesce<'a>(machine: &mut Machine<'a>, call: Call<'a>) -> Result<Value> {
    for lambda in call.rest_lambdas() {
        let value = case(machine, lambda.as_ref())?;
        if !matches!(value, Value::Null) {
            return Ok(value);
        }
    }
    Ok(Value::Null)
}
