//! What nobody should be able to do with an expression: never end, fill the memory, overflow the stack.

use crate::kit::{ENDLESS, newest};
use heat_template::yaql::Statement;
use serde_json::{Value, json};
use std::sync::mpsc;

/// What an expression comes to.
fn evaluate(expression: &str, data: &Value) -> Result<Value, String> {
    let statement = Statement::parse(expression).map_err(|error| error.to_string())?;
    statement.evaluate(&json!({"data": data})).map_err(|fault| fault.to_string())
}

/// Evaluates on a thread with half the stack that threads have, and gives up where there is no end.
fn ends(expression: String) -> Result<serde_json::Value, String> {
    let (tell, told) = mpsc::channel();
    let shown: String = expression.chars().take(80).collect();
    // The name is told where the stack does not suffice.
    let name = shown.replace('\0', " ");
    let thread = std::thread::Builder::new().name(name).stack_size(1 << 20);
    thread.spawn(move || tell.send(evaluate(&expression, &json!({"t": "a".repeat(5000)})))).unwrap();
    told.recv_timeout(ENDLESS).unwrap_or_else(|_| panic!("{shown} does not end"))
}

fn fails(expression: &str, because: &str) {
    let error = ends(expression.to_owned()).expect_err(expression);
    assert!(error.contains(because), "{expression}: {error}");
}

#[test]
fn what_has_no_end_is_given_up() {
    for expression in [
        "sequence().len()",
        "1.repeat().len()",
        "[1].cycle().last()",
        "generate(1, true, 1).where(false).first(null)",
        "range(1000000000000).len()",
        "sequence().where(false)",
        "range(200).select(range(200).select(range(200).select($).sum()).sum()).sum()",
        "def(f, [1, 2].select(f($)).sum()) -> f(1)",
        "generateMany(1, [$, $], decycle => false).count()",
    ] {
        let error = ends(expression.to_owned()).expect_err(expression);
        let known = ["steps", "more than 200 elements", "too deeply"];
        assert!(known.iter().any(|known| error.contains(known)), "{expression}: {error}");
    }
}

#[test]
fn what_is_too_large_is_not_made() {
    fails("'x' * 1000000000", "quota");
    fails("'x' * 9223372036854775807", "quota");
    fails("[1] * 1000000000", "steps");
    fails("pow(2, 1000000000)", "too large");
    fails("pow(pow(2, 70000), pow(2, 70000))", "too large");
    fails("pow(pow(7, 20000), pow(7, 20000), pow(7, 20001))", "too large");
    fails("shiftBitsLeft(1, 1000000000000)", "too large");
    fails("('x' * 5000).replace('', 'y' * 9000)", "");
    fails("range(200).select('x' * 9000).select($ * 1).join('x' * 9000).join('')", "");
    fails("range(200).select(range(200).select('x' * 9900).toList()).toList()", "steps");
    fails("range(200).aggregate($1 + $1, 'ab')", "quota");
    fails("range(200).aggregate($1 * $1, 3)", "");
    fails("range(190).aggregate([$1, $1], [1])", "levels deep");
    fails("range(190).aggregate({a => $1}, 1)", "levels deep");
}

#[test]
fn what_is_nested_deeply_needs_half_the_stack_of_a_thread() {
    for count in [90, 140, 1000, 10_000, 100_000] {
        for (open, middle, close) in [
            ("(", "1", ")"),
            ("[", "1", "]"),
            ("{a => ", "1", "}"),
            ("not ", "1", ""),
            ("- ", "1", ""),
            ("list(", "1", ")"),
            ("1 + ", "1", ""),
            ("", "1", " + 1"),
            ("", "$", ".data"),
            ("", "$", "[0]"),
            ("", "[1]", ".select($)"),
            ("let(x => 1) -> ", "1", ""),
            ("[1].select(", "$", ")"),
            ("(", "", ""),
            ("[", "", ""),
        ] {
            let _ = ends(format!("{}{middle}{}", open.repeat(count), close.repeat(count)));
        }
    }
    for expression in [
        "def(f, f($)) -> f(1)",
        "def(f, [f($)]) -> f(1)",
        "def(f, 1 + f($ + 1)) -> f(1)",
        "def(f, [$].select(f($)).toList()) -> f(1)",
        "range(190).aggregate($1.select($ + 1), [1])",
        "range(190).aggregate($1.memorize().where(true), range(3)).toList()",
        "range(190).aggregate([$1].select($), 1).flatten().toList()",
        "range(190).aggregate($1.orderBy($).select($), [1, 2]).toList()",
        "let(x => range(150).select(range(150).aggregate($1.select($), [$]))) -> $x.flatten().len()",
    ] {
        let _ = ends(expression.to_owned());
    }
}

#[test]
fn the_least_and_the_greatest_integer_are_integers() {
    assert_eq!(ends("round(7, -99999999999999999999)".to_owned()), Ok(json!(0)));
    for number in
        ["-9223372036854775808", "9223372036854775807", "-99999999999999999999", "99999999999999999999"]
    {
        for expression in [
            "round(7, N)",
            "round(7.5, N)",
            "abs(N)",
            "N / -1",
            "N mod -1",
            "-(N)",
            "[1, 2][N]",
            "'abc'.substring(N, N)",
            "'abc'.indexOf(b, N, N)",
            "'abc'.lastIndexOf(b, N)",
            "'abc'.replace(b, c, N)",
            "'a b'.split(' ', N)",
            "[1].delete(N, N)",
            "[1].insert(N, 2)",
            "range(3).insert(N, 2)",
            "[1].replace(N, 2, N)",
            "[1].splitAt(N)",
            "1.repeat(N).limit(3)",
            "[1] * N",
            "'' * N",
            "[1].skip(N)",
            "[1].limit(N)",
            "[1].slice(N)",
            "range(N, N, N)",
            "sequence(N, N).limit(3)",
            "1.switchCase(N)",
            "{a => {b => 1}}.mergeWith({a => {b => 2}}, maxLevels => N)",
            "datetime(N, N, N)",
            "datetime(N)",
            "timespan(days => N)",
            "timespan(microseconds => N)",
            "timespan(days => 1) * N",
            "pow(1, N)",
            "pow(-1, N)",
            "pow(N, N)",
            "pow(N, N, N)",
            "shiftBitsLeft(1, N)",
            "shiftBitsRight(N, N)",
            "regex(b).split('abc', N)",
            "regex(b).replace('abc', c, N)",
            "N = N * 1.0",
            "[1].enumerate(N)",
            "set(N, N + 1).toList()",
            "hex(N)",
        ] {
            let _ = ends(expression.replace('N', number));
        }
    }
}

#[test]
fn patterns_that_explode_are_given_up() {
    for pattern in
        ["(a|a)*(?=x)b", "(a*)*\\\\1c(?=d)", "((a+)+)\\\\1+(?!a)c", "(?=((a|aa)+))\\\\1(a|aa)*c(?<!b)d"]
    {
        let result = ends(format!("regex('{pattern}').matches($.data.t)"));
        assert!(
            result.as_ref().is_ok_and(|found| found == false) || result.is_err(),
            "{pattern}: {result:?}"
        );
    }
    fails("regex('^(a|ab|a)*(a|aa)*\\\\1c').matches($.data.t)", "too long");
    let _ = ends("range(200).select(regex('(a|aa)+\\\\1$').matches($.data.t + 'b')).len()".to_owned());
    fails("regex('(a+)+$').matches($.data.t + 'b')", "too long");
    // The engine needs no steps back for this one.
    assert_eq!(ends("regex('(a+)+c').matches($.data.t + 'b')".to_owned()), Ok(json!(false)));
    fails("regex('(a{1000}){1000}').matches('a')", "not a regular expression");
}

#[test]
fn values_can_be_gone_through_while_they_are_gone_through() {
    for expression in [
        "let(x => range(5)) -> $x.select($x.first(0))",
        "let(x => range(5).memorize()) -> $x.select($x.first(0))",
        "let(x => [3, 1, 2].orderBy($)) -> $x.thenBy($x.first())",
        "[1, 2].unpack() -> [$1, $2].select($2)",
    ] {
        let _ = ends(expression.to_owned());
    }
}

#[test]
fn expressions_in_a_template_that_never_end() {
    let of = |expression: &str| {
        newest(&format!(
            "outputs:\n  o:\n    value: {{yaql: {{expression: \"{expression}\", data: {{}}}}}}\n"
        ))
    };
    of("sequence().len()").refused("HT0305", "t.yaml:4:44");
    of("range(200).select(range(200).select(range(200).select($).sum()).sum()).sum()")
        .refused("HT0305", "t.yaml:4:90");
    let deep = "(".repeat(10_000);
    newest(&format!("outputs: {{o: {{value: {{yaql: {{expression: \"{deep}\", data: {{}}}}}}}}}}\n"))
        .refused("HT0301", "t.yaml:2:143");
}

#[test]
fn many_expressions_that_take_long() {
    let endless = "range(200).select(range(200).select(range(200).select($).sum()).sum()).sum()";
    let resources: String = (0..100)
        .map(|at| {
            format!("  r{at}: {{type: Test::Any, properties: {{value: {{yaql: {{expression: \"{endless}\", data: {{}}}}}}}}}}\n")
        })
        .collect();
    let judged = newest(&format!("resources:\n{resources}")).refused("HT0316", "t.yaml:7:45");
    assert!(judged.count("HT0305") < 70, "{}", judged.count("HT0305"));
}
