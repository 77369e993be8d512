//! Large texts, long names, many of everything.

use crate::kit::{environment, newest, template};

const MEGABYTE: usize = 1_000_000;

#[test]
fn a_megabyte_in_one_text() {
    let text = "x".repeat(MEGABYTE);
    newest(&format!("outputs: {{o: {{value: {text}}}}}\n")).refused("HT0020", "t.yaml:1:1");
    environment(format!("parameters: {{p: {text}}}\n")).refused("HT0020", "e.yaml:1:1");
    newest("resources: {r: {type: n.yaml}}\n").file("n.yaml", text.clone()).refused("HT0020", "n.yaml:1:1");
    // As many characters as are allowed, in more bytes.
    let wide = "\u{1f600}".repeat(500_000);
    newest(&format!("outputs: {{o: {{value: {wide}}}}}\n")).refused("HT0024", "t.yaml:2:22");
    // A file that is no template may be as long as it likes: the service limits requests as a whole.
    newest("outputs: {o: {value: {get_file: f}}}\n").file("f", text).accepted();
}

#[test]
fn half_a_megabyte_in_one_text_is_a_text() {
    let text = "x".repeat(500_000);
    newest(&format!("outputs: {{o: {{value: {text}}}}}\n")).accepted();
    newest(&format!("outputs: {{o: {{value: \"{text}\"}}}}\n")).accepted();
    newest(&format!("outputs:\n  o:\n    value: |\n      {text}\n")).accepted();
    newest(&format!("outputs:\n  o:\n    value: >\n      {}\n", "x ".repeat(250_000))).accepted();
    template(format!(
        "{{\"heat_template_version\": \"2021-04-16\", \"outputs\": {{\"o\": {{\"value\": \"{text}\"}}}}}}"
    ))
    .accepted();
}

#[test]
fn half_a_megabyte_in_one_key() {
    let key = "k".repeat(400_000);
    // YAML's plain keys end after 1,024 characters, for both grammars.
    template(format!("{key}: x\n")).refused("HT0001", "t.yaml:1:400001");
    newest(&format!("? {key}\n: x\n")).refused("HT0105", "t.yaml:2:3");
    newest(&format!("outputs: {{? {key} : {{value: 1}}}}\n")).accepted();
    template(format!("{{\"heat_template_version\": \"2021-04-16\", \"{key}\": 1}}"))
        .refused("HT0105", "t.yaml:1:41");
}

#[test]
fn half_a_megabyte_in_the_name_of_a_resource() {
    let name = "r".repeat(200_000);
    newest(&format!("resources:\n  ? {name}\n  : {{type: Test::Any, depends_on: s}}\n"))
        .refused("HT0406", "t.yaml:4:35");
    newest(&format!("resources:\n  ? {name}\n  : {{type: {name}}}\n")).refused("HT0404", "t.yaml:4:12");
    newest(&format!("outputs: {{o: {{value: {{get_resource: {name}}}}}}}\n"))
        .refused("HT0307", "t.yaml:2:22");
    newest(&format!("outputs: {{o: {{value: {{get_attr: [{name}, a, b]}}}}}}\n"))
        .refused("HT0307", "t.yaml:2:22");
}

#[test]
fn a_million_resources() {
    let resources: String = (0..MEGABYTE).map(|at| format!(" {at}: \n")).collect();
    newest(&format!("resources:\n{resources}")).refused("HT0020", "t.yaml:1:1");
    // As many as there is room for.
    let resources: String = (0..60_000).map(|at| format!(" {at}:\n")).collect();
    let judged = newest(&format!("resources:\n{resources}")).refused("HT0401", "t.yaml:3:4");
    assert!(judged.count("HT0401") <= 60_000);
}

#[test]
fn a_million_nodes() {
    let limits = heat_template::yaml::Limits { nodes: 1_000, ..Default::default() };
    let text = format!("[{}]", "x,".repeat(1_000));
    let read = heat_template::yaml::read(
        heat_template::source::SourceMap::new().add("t.yaml", text.as_str()),
        &text,
        heat_template::yaml::TextKind::Template,
        &limits,
    );
    let told: Vec<_> = read
        .diagnostics
        .iter()
        .map(|found| (found.code.0, found.primary.as_ref().unwrap().span.start))
        .collect();
    assert_eq!(told, [("HT0022", 1_999)]);
    assert!(read.node.is_none());
}

#[test]
fn a_thousand_problems_and_no_more_are_told() {
    let keys: String = (0..100_000).map(|_| "1: x\n").collect();
    let judged = template(keys).refused("HT0101", "t.yaml:1:1");
    assert!(judged.found.len() < 1_100, "{}", judged.found.len());
    assert_eq!(judged.count("HT0036"), 1);
}

#[test]
fn ten_thousand_parameters_that_are_almost_the_same() {
    let parameters: String =
        (0..5_000).map(|at| format!("  parameter_{at}: {{type: string, default: x}}\n")).collect();
    let outputs: String =
        (0..300).map(|at| format!("  o{at}: {{value: {{get_param: parametre_{at}}}}}\n")).collect();
    newest(&format!("parameters:\n{parameters}outputs:\n{outputs}")).refused("HT0306", "t.yaml:5004:15");
}

#[test]
fn equal_items_are_found_quickly_among_many() {
    let list = (0..40_000).map(|at| at.to_string()).collect::<Vec<_>>().join(", ");
    newest(&format!(
        "parameters: {{p: {{type: json, default: [{list}]}}}}\noutputs:\n  o: {{value: {{filter: [{{get_param: p}}, {{list_concat_unique: [{{get_param: p}}, {{get_param: p}}]}}]}}}}\n"
    ))
    .accepted();
}
