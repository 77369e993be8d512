//! Regular expressions that explode.

use crate::kit::{Sent, newest};

fn pattern(pattern: &str, value: &str) -> Sent {
    newest(&format!(
        "parameters:\n  p:\n    type: string\n    default: {value}\n    constraints:\n    - allowed_pattern: '{pattern}'\n"
    ))
}

#[test]
fn patterns_that_step_back_for_ever() {
    let value = "a".repeat(5_000);
    for exploding in [
        "(?=(a+)+$)(a+)+\\2b",
        "(a|aa)+\\1$b",
        "((a+)+)\\1+(?!a)c",
        "(?=((a|aa)+))\\1(a|aa)*c(?<!b)d",
        "(a*)*\\1c(?=d)",
    ] {
        pattern(exploding, &value).refused("HT0207", "t.yaml:5:14");
    }
    // These need no steps back in an engine that makes automata of them.
    for harmless in ["(a+)+c", "(a|a)*c", "(a|aa)+c", "(.*a){20}c"] {
        pattern(harmless, &value).refused("HT0207", "t.yaml:5:14");
    }
}

#[test]
fn patterns_that_grow_when_they_are_compiled() {
    for huge in
        ["(a{1000}){1000}", "((a{100}){100}){100}", "(((((a{20}){20}){20}){20}){20}){20}", "\\w{100000}"]
    {
        pattern(huge, "a").refused("HT0205", "t.yaml:7:24");
    }
    let groups = "(".repeat(10_000) + &")".repeat(10_000);
    pattern(&groups, "a").refused("HT0205", "t.yaml:7:24");
    pattern(&"(a|".repeat(10_000), "a").refused("HT0205", "t.yaml:7:24");
    pattern(&"(?=".repeat(20_000), "a").refused("HT0205", "t.yaml:7:24");
    pattern(&"[".repeat(100_000), "a").refused("HT0205", "t.yaml:7:24");
}

#[test]
fn many_patterns_that_explode() {
    let parameters: String = (0..60)
        .map(|at| {
            format!("  p{at}: {{type: string, default: {}, constraints: [{{allowed_pattern: '(?=(a+)+$)(a+)+\\2b'}}]}}\n", "a".repeat(5_000))
        })
        .collect();
    newest(&format!("parameters:\n{parameters}")).refused("HT0207", "t.yaml:3:31");
}

#[test]
fn one_pattern_that_explodes_under_many_names() {
    let slow = "default: aaaaaaaaaaaaaaaaaaaaaaaaaaaa, constraints: [&c {allowed_pattern: '(a|a)*(?!b)c'}";
    let names = ", *c".repeat(30_000);
    newest(&format!("parameters:\n  p: {{type: string, {slow}{names}]}}\n")).refused("HT0207", "t.yaml:3:30");
    // Without aliases, and with a value from outside, as many as fit into the text.
    let parameters: String = (0..4_000).map(|at| format!("  p{at}: {{type: string, {slow}]}}\n")).collect();
    newest(&format!("parameters:\n{}", parameters.replace("&c ", ""))).refused("HT0207", "t.yaml:3:31");
}

#[test]
fn many_patterns_that_take_a_few_steps_back_are_all_judged() {
    let parameters: String = (0..2_000)
        .map(|at| format!("  p{at}: {{type: string, default: Web-{at}, constraints: [{{allowed_pattern: '(?=.*[A-Z])(?!.*x)[A-Za-z0-9-]+'}}]}}\n"))
        .collect();
    newest(&format!("parameters:\n{parameters}")).accepted();
}
