//! Lists, maps and calls inside each other.

use crate::kit::{environment, newest, template};

/// How deep the hostile texts are.
const DEEP: usize = 10_000;

fn nested(open: &str, middle: &str, close: &str, count: usize) -> String {
    format!("{}{middle}{}", open.repeat(count), close.repeat(count))
}

#[test]
fn ten_thousand_lists_in_brackets() {
    let text = nested("[", "", "]", DEEP);
    newest(&format!("outputs: {{o: {{value: {text}}}}}\n")).refused("HT0021", "t.yaml:2:147");
    // Nothing closes them.
    newest(&format!("outputs: {{o: {{value: {}\n", "[".repeat(DEEP))).refused("HT0021", "t.yaml:2:147");
}

#[test]
fn ten_thousand_maps_in_braces() {
    let text = nested("{a: ", "", "}", DEEP);
    newest(&format!("outputs: {{o: {{value: {text}}}}}\n")).refused("HT0021", "t.yaml:2:522");
}

#[test]
fn ten_thousand_lists_by_indentation() {
    newest(&format!("outputs:\n  o:\n    value:\n      {}\n", "- ".repeat(DEEP)))
        .refused("HT0021", "t.yaml:5:257");
}

#[test]
fn ten_thousand_maps_by_indentation() {
    // A thousand levels need a thousand blanks each.
    let lines: String = (1..900).map(|level| format!("{}k:\n", " ".repeat(level))).collect();
    template(lines).refused("HT0021", "t.yaml:129:130");
    newest(&format!("outputs:\n  {}\n", "? ".repeat(DEEP))).refused("HT0021", "t.yaml:3:257");
}

#[test]
fn ten_thousand_lists_in_json() {
    let text = nested("[", "", "]", DEEP);
    template(format!("{{\"outputs\": {text}}}")).refused("HT0021", "t.yaml:1:140");
    let text = nested("{\"a\":", "1", "}", DEEP);
    template(text).refused("HT0021", "t.yaml:1:641");
}

#[test]
fn ten_thousand_lists_in_an_environment() {
    environment(format!("parameters: {{p: {}}}", nested("[", "", "]", DEEP)))
        .refused("HT0021", "e.yaml:1:143");
}

#[test]
fn ten_thousand_lists_in_a_parameter_of_json() {
    let sent = |text: String| {
        newest("parameters: {p: {type: json}}\noutputs: {o: {value: {get_param: p}}}\n")
            .with(format!("parameters: {{p: '{text}'}}"))
    };
    sent(nested("[", "", "]", 100)).accepted();
    sent(nested("[", "", "]", DEEP)).refused("HT0210", "e.yaml:1:17");
    sent(nested("{\"a\":", "1", "}", DEEP)).refused("HT0210", "e.yaml:1:17");
}

#[test]
fn functions_inside_of_functions() {
    let sent = |count: usize, open: &str, middle: &str, close: &str| {
        newest(&format!("outputs:\n  o:\n    value:\n      {}\n", nested(open, middle, close, count)))
    };
    for (open, middle, close) in [
        ("{list_join: ['', [", "x", "]]}"),
        ("{str_replace: {template: a, params: {a: ", "x", "}}}"),
        ("{if: [true, ", "x", ", y]}"),
        ("{repeat: {template: ", "x", ", for_each: {y: [z]}}}"),
        ("{yaql: {expression: $.data, data: ", "x", "}}"),
        ("{map_merge: [", "{}", "]}"),
        ("{get_attr: [", "x", "]}"),
    ] {
        sent(20, open, middle, close).judged();
        // A call takes two levels or more.
        let refused = sent(DEEP / 10, open, middle, close).judged();
        assert_eq!(refused.count("HT0021"), 1, "{open}");
    }
    let deepest = sent(40, "{list_join: ['', [", "x", "]]}");
    deepest.accepted();
    sent(DEEP / 10, "{list_join: ['', [", "x", "]]}").refused("HT0021", "t.yaml:5:762");
}

#[test]
fn conditions_inside_of_conditions() {
    let condition = nested("{not: ", "true", "}", 100);
    newest(&format!("conditions: {{c: {condition}}}\noutputs: {{o: {{condition: c, value: 1}}}}\n"))
        .accepted();
    let condition = nested("{not: ", "true", "}", DEEP);
    newest(&format!("conditions: {{c: {condition}}}\n")).refused("HT0021", "t.yaml:2:773");
    // A chain of names instead.
    let chain: String = (1..DEEP).map(|at| format!("  c{at}: {{not: c{}}}\n", at - 1)).collect();
    newest(&format!("conditions:\n  c0: true\n{chain}")).accepted();
    let names: String = (0..DEEP).map(|at| format!("  c{at}: {{not: c{}}}\n", (at + 1) % DEEP)).collect();
    newest(&format!("conditions:\n{names}outputs: {{o: {{condition: c7, value: 1}}}}\n"))
        .refused("HT0313", "t.yaml:10002:16");
}

#[test]
fn resources_in_a_chain_and_in_a_circle() {
    let resources = |count: usize, last: &str| -> String {
        let one = |at: usize| format!("  r{at}: {{type: Test::Any, depends_on: r{}}}\n", at + 1);
        (0..count).map(one).collect::<String>() + last
    };
    let chain = resources(DEEP, &format!("  r{DEEP}: {{type: Test::Any}}\n"));
    newest(&format!("resources:\n{chain}")).accepted();
    let circle = resources(DEEP, &format!("  r{DEEP}: {{type: Test::Any, depends_on: r0}}\n"));
    newest(&format!("resources:\n{circle}")).refused("HT0407", "t.yaml:3:3");
}
