//! Anchors that stand for more and more.

use crate::kit::{environment, newest, template};

/// Ten lists, each with ten of the one before.
fn bomb(indent: &str) -> String {
    let mut text = format!("{indent}a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..10 {
        let items = vec![format!("*a{}", level - 1); 10].join(", ");
        text.push_str(&format!("{indent}a{level}: &a{level} [{items}]\n"));
    }
    text
}

#[test]
fn an_alias_bomb_in_a_template() {
    // The copies of five levels are 10 + 100 + … + 100,000; the sixth passes the limit.
    newest(&format!("outputs:\n{}", bomb("  "))).refused("HT0023", "t.yaml:8:42");
}

#[test]
fn an_alias_bomb_in_an_environment() {
    environment(format!("parameters:\n{}", bomb("  "))).refused("HT0023", "e.yaml:7:42");
}

#[test]
fn an_alias_bomb_in_a_nested_template() {
    let nested = format!("heat_template_version: 2021-04-16\noutputs:\n{}", bomb("  "));
    newest("resources: {r: {type: n.yaml}}\n").file("n.yaml", nested).refused("HT0023", "n.yaml:8:42");
}

#[test]
fn an_alias_bomb_written_as_json_is_only_texts() {
    // JSON has no aliases: those are texts.
    let text = "{\"heat_template_version\": \"2021-04-16\", \"outputs\": {\"o\": {\"value\": [\"&a [x]\", \"*a\"]}}}";
    template(text).accepted();
    // What is almost JSON is YAML, with aliases.
    let text = format!(
        "{{\"heat_template_version\": \"2021-04-16\",\n\"outputs\": {{\n{}}}}}",
        bomb("").replace("]\n", "],\n")
    );
    template(text).refused("HT0023", "t.yaml:8:40");
}

#[test]
fn a_bomb_of_merge_keys() {
    let mut text = "outputs:\n  m0: &m0 {k0: 0}\n".to_owned();
    // Each map merges all before it, so that the sum grows by squares, and each merges the last one twice, by powers.
    for level in 1..40 {
        let last = level - 1;
        text.push_str(&format!(
            "  m{level}: &m{level} {{a{level}: {{<<: *m{last}}}, b{level}: {{<<: *m{last}}}}}\n"
        ));
    }
    newest(&text).refused("HT0023", "t.yaml:18:8");
}

#[test]
fn an_alias_inside_of_what_it_stands_for() {
    newest("outputs: &o {o: {value: [*o]}}\n").refused("HT0006", "t.yaml:2:26");
    newest("outputs: {o: {value: &v {<<: *v}}}\n").refused("HT0006", "t.yaml:2:30");
}

#[test]
fn a_hundred_thousand_anchors() {
    let anchors: String = (0..30_000).map(|at| format!("&a{at} x, ")).collect();
    newest(&format!("outputs: {{o: {{value: [{anchors}*a0]}}}}\n")).accepted();
}
