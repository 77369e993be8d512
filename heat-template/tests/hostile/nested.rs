//! Templates that use templates.

use crate::kit::{Sent, newest, template};

/// A file that holds `count` resources of a type, each with a parameter of its own.
fn holding(count: usize, type_name: &str) -> String {
    let one = |at: usize| {
        format!(
            "  r{at}: {{type: {type_name}, properties: {{p: {{list_join: ['', [{{get_param: p}}, '{at}.']]}}}}}}\n"
        )
    };
    let resources: String = (0..count).map(one).collect();
    format!(
        "heat_template_version: 2021-04-16\nparameters: {{p: {{type: string, default: ''}}}}\nresources:\n{resources}"
    )
}

/// Files that each hold `count` of the next.
fn levels(count: usize, depth: usize) -> Sent {
    let mut sent = template(holding(count, "n1.yaml"));
    for level in 1..depth {
        sent = sent.file(format!("n{level}.yaml"), holding(count, &format!("n{}.yaml", level + 1)));
    }
    sent.file(
        format!("n{depth}.yaml"),
        holding(1, "Test::Any").replace("p:", "value:").replace("get_param: value:", ""),
    )
}

const LEAF: &str = "heat_template_version: 2021-04-16\nparameters: {p: {type: string}}\n";

#[test]
fn a_template_that_uses_itself() {
    let text = "heat_template_version: 2021-04-16\nresources: {r: {type: n.yaml}}\n";
    template(text).file("n.yaml", text).refused("HT0419", "n.yaml:2:23");
}

#[test]
fn templates_that_use_each_other() {
    let using =
        |name: &str| format!("heat_template_version: 2021-04-16\nresources: {{r: {{type: {name}}}}}\n");
    template(using("a.yaml"))
        .file("a.yaml", using("b.yaml"))
        .file("b.yaml", using("a.yaml"))
        .refused("HT0419", "a.yaml:2:23");
}

#[test]
fn templates_that_each_hold_two_of_the_next() {
    let mut sent = levels(2, 5);
    sent = sent.file("n5.yaml", LEAF);
    // 2 + 4 + 8 + 16 + 32 nested stacks.
    sent.accepted();
}

#[test]
fn templates_that_each_hold_a_thousand_of_the_next() {
    let judged = levels(1_000, 5).file("n5.yaml", LEAF).resources(10_000).judged();
    assert_eq!(judged.count("HT0421"), 1, "told once");
    let sent = levels(1_000, 5).file("n5.yaml", LEAF).resources(10_000);
    // The first that goes down, at the hundredth or so of the fourth level.
    sent.refused("HT0421", "n3.yaml:7:14");
}

#[test]
fn a_thousand_of_the_same_are_checked_once_and_told_each_time() {
    let resources: String = (0..1_000).map(|at| format!("  r{at}: {{type: NEXT}}\n")).collect();
    let holding = |next: &str| {
        format!("heat_template_version: 2021-04-16\nresources:\n{}", resources.replace("NEXT", next))
    };
    let mut sent = template(holding("n1.yaml"));
    for level in 1..5 {
        sent = sent.file(format!("n{level}.yaml"), holding(&format!("n{}.yaml", level + 1)));
    }
    // The checks find nothing; the answer about all of them would have ten to the fifteenth parts.
    sent.file("n5.yaml", LEAF.replace("string", "string, default: x"))
        .resources(10_000)
        .refused("HT0421", "n3.yaml:6:14");
}

#[test]
fn a_nested_template_that_is_no_template() {
    for (text, code, place) in [
        ("[", "HT0001", "n.yaml:1:2"),
        ("\u{0}", "HT0002", "n.yaml:1:1"),
        ("x", "HT0104", "n.yaml:1:1"),
        ("", "HT0101", "n.yaml:1:1"),
    ] {
        newest("resources: {r: {type: n.yaml}}\n").file("n.yaml", text).refused(code, place);
    }
}
