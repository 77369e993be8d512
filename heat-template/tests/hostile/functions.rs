//! Functions that make much out of little.

use crate::kit::{Judged, Sent, newest};

const LARGE: &str = "HT0316";

fn value(parameters: &str, value: &str) -> Sent {
    newest(&format!("parameters:\n{parameters}outputs:\n  o:\n    value:\n      {value}\n"))
}

/// A parameter of so many bytes.
fn text(name: &str, bytes: usize) -> String {
    format!("  {name}: {{type: string, default: {}}}\n", "x".repeat(bytes))
}

/// A parameter that is a list of so many texts.
fn list(name: &str, items: usize) -> String {
    format!("  {name}: {{type: json, default: [{}]}}\n", vec!["x"; items].join(","))
}

fn refused(sent: Sent, place: &str) -> Judged {
    sent.refused(LARGE, place)
}

#[test]
fn repeat_over_a_huge_product() {
    let lists: Vec<String> = (0..20).map(|at| format!("v{at}: {{get_param: l}}")).collect();
    let sent =
        value(&list("l", 1_000), &format!("{{repeat: {{template: a, for_each: {{{}}}}}}}", lists.join(", ")));
    refused(sent, "t.yaml:7:7");
    // Just within the copies, of something large.
    let sent = value(
        &(list("l", 300) + &text("t", 10_000)),
        "{repeat: {template: {get_param: t}, for_each: {a: {get_param: l}, b: {get_param: l}}}}",
    );
    refused(sent, "t.yaml:8:7");
}

#[test]
fn repeat_inside_of_repeat() {
    let repeat =
        |inner: &str| format!("{{repeat: {{template: {inner}, for_each: {{'%a%': {{get_param: l}}}}}}}}");
    let sent = value(&list("l", 1_000), &repeat(&repeat(&repeat(&repeat("'%a%'")))));
    refused(sent, "t.yaml:7:47");
}

#[test]
fn repeat_whose_variables_feed_each_other() {
    // Each doubles what the one before it put in.
    let variables: Vec<String> = (0..60)
        .map(|at| {
            let next = char::from_u32('\u{4e00}' as u32 + at + 1).unwrap();
            format!("{}: ['{next}{next}']", char::from_u32('\u{4e00}' as u32 + at).unwrap())
        })
        .collect();
    let sent =
        value("", &format!("{{repeat: {{template: '\u{4e00}', for_each: {{{}}}}}}}", variables.join(", ")));
    refused(sent, "t.yaml:6:7");
}

#[test]
fn list_join_with_a_huge_delimiter() {
    let sent =
        value(&(text("t", 200_000) + &list("l", 50_000)), "{list_join: [{get_param: t}, {get_param: l}]}");
    refused(sent, "t.yaml:8:7");
}

#[test]
fn list_join_that_doubles() {
    let mut joined = "xxxxxxxxxxxxxxxx".to_owned();
    // Two of the same by a parameter would need a stack; by the delimiter one call doubles.
    for _ in 0..40 {
        joined = format!(
            "{{list_join: [{{list_join: [xxxxxxxxxxxxxxxx, [a, b]]}}, [{joined}, {{get_param: t}}, a]]}}"
        );
    }
    value(&text("t", 10_000), &joined).accepted();
}

#[test]
fn str_replace_that_blows_up() {
    let sent = value(
        &(text("t", 100_000) + &text("u", 100_000)),
        "{str_replace: {template: {get_param: t}, params: {x: {get_param: u}}}}",
    );
    refused(sent, "t.yaml:8:7");
    // By powers: each level makes ten of each.
    let mut made = "xxxxxxxxxx".to_owned();
    for _ in 0..20 {
        made = format!("{{str_replace: {{template: {made}, params: {{x: xxxxxxxxxx}}}}}}");
    }
    refused(value("", &made), "t.yaml:6:357");
}

#[test]
fn str_replace_with_many_params() {
    let params: Vec<String> = (0..20_000).map(|at| format!("k{at}: v")).collect();
    let sent = value(
        &text("t", 200_000),
        &format!("{{str_replace: {{template: {{get_param: t}}, params: {{{}}}}}}}", params.join(", ")),
    );
    refused(sent, "t.yaml:7:7");
}

#[test]
fn a_large_parameter_many_times() {
    let all = vec!["{get_param: t}"; 10_000].join(", ");
    refused(value(&text("t", 200_000), &format!("[{all}]")), "t.yaml:7:1336");
    // A file, too.
    let all = vec!["{get_file: f}"; 10_000].join(", ");
    let sent = newest(&format!("outputs:\n  o:\n    value: [{all}]\n")).file("f", "x".repeat(10_000_000));
    refused(sent, "t.yaml:4:28");
}

#[test]
fn many_large_values_in_all() {
    // None of them is too large by itself.
    let outputs: String = (0..2_000)
        .map(|at| format!("  o{at}: {{value: [{{get_param: t}}, {{get_param: t}}, {{get_param: t}}]}}\n"))
        .collect();
    let resources: String = (0..2_000)
        .map(|at| {
            format!(
                "  r{at}: {{type: Test::Any, properties: {{value: [{{get_param: t}}, {{get_param: t}}]}}}}\n"
            )
        })
        .collect();
    let sent =
        newest(&format!("parameters: {{t: {{type: string}}}}\nresources:\n{resources}outputs:\n{outputs}"))
            .with(format!("parameters: {{t: {}}}\n", "x".repeat(500_000)));
    // 256 MiB and 256 KiB for each resource are 756 MiB, 1,585 times the text, two of which a resource has.
    refused(sent, "t.yaml:796:64");
}

#[test]
fn chains_of_map_merge() {
    let maps: Vec<String> = (0..5_000).map(|at| format!("{{k{at}: v, same: {at}}}")).collect();
    value("", &format!("{{map_merge: [{}]}}", maps.join(", "))).accepted();
    let map: Vec<String> = (0..5_000).map(|at| format!("k{at}: v")).collect();
    let parameter = format!("  m: {{type: json, default: {{{}}}}}\n", map.join(", "));
    let mut chain = "{get_param: m}".to_owned();
    for _ in 0..8 {
        chain = format!(
            "{{map_merge: [{{get_param: m}}, {chain}, {{map_replace: [{{get_param: m}}, {{keys: {{k1: k1}}}}]}}]}}"
        );
    }
    value(&parameter, &chain).accepted();
    let many = vec!["{get_param: m}"; 10_000].join(", ");
    refused(value(&parameter, &format!("{{map_merge: [{many}]}}")), "t.yaml:7:788");
}

#[test]
fn map_replace_that_blows_up() {
    let map: Vec<String> = (0..20_000).map(|at| format!("k{at}: v")).collect();
    let parameter = format!("  m: {{type: json, default: {{{}}}}}\n", map.join(", ")) + &text("t", 100_000);
    let sent = value(&parameter, "{map_replace: [{get_param: m}, {values: {v: {get_param: t}}}]}");
    refused(sent, "t.yaml:8:7");
}

#[test]
fn lists_that_are_joined_to_lists() {
    let many = vec!["{get_param: l}"; 2_000].join(", ");
    refused(value(&list("l", 50_000), &format!("{{list_concat: [{many}]}}")), "t.yaml:7:182");
}

#[test]
fn make_url_of_large_parts() {
    let sent = value(
        &text("t", 400_000),
        "{make_url: {host: h, path: {list_join: ['%', [{get_param: t}, {get_param: t}]]}, query: {a: {get_param: t}}}}",
    );
    sent.accepted();
}

#[test]
fn an_if_that_is_decided_again_and_again() {
    let mut branch = "x".to_owned();
    for _ in 0..50 {
        branch = format!("{{if: [c, {branch}, y]}}");
    }
    newest(&format!("conditions: {{c: {{equals: [a, a]}}}}\noutputs: {{o: {{value: {branch}}}}}\n"))
        .accepted();
}
