//! Values of hidden parameters are told nowhere.

use crate::kit::{Given, stack_with};
use serde_json::json;

const SECRET: &str = "s3cret-W0rd";

fn texts(text: &str) -> String {
    let given = Given { parameters: json!({"token": SECRET}), ..Given::default() };
    let stack = stack_with(text, &given);
    let told = stack.diagnostics.iter().map(|found| format!("{found:?}")).collect::<Vec<_>>().join("\n");
    assert!(!stack.diagnostics.is_empty(), "nothing is wrong with {text}");
    format!("{told}\n{:?}", stack.definition)
}

#[test]
fn no_message_and_no_debug_output_tells_a_hidden_value() {
    for declaration in [
        "{type: number, hidden: true}",
        "{type: boolean, hidden: true}",
        "{type: json, hidden: true}",
        "{type: string, hidden: true, constraints: [{length: {max: 1}}]}",
        "{type: string, hidden: true, constraints: [{allowed_values: [a]}]}",
        "{type: string, hidden: true, constraints: [{allowed_pattern: '[0-9]'}]}",
        "{type: string, hidden: true, constraints: [{custom_constraint: ip_addr}]}",
        "{type: string, hidden: true, default: s3cret-W0rd, constraints: [{length: {max: 1}}]}",
    ] {
        let text = format!("heat_template_version: 2021-04-16\nparameters: {{token: {declaration}}}\n");
        let told = texts(&text);
        assert!(!told.contains(SECRET), "{declaration}: {told}");
    }
    for property in [
        "whole: {get_param: token}",
        "truth: {get_param: token}",
        "names: {get_param: token}",
        "text: [{get_param: token}]",
        "text: {list_join: [',', {get_param: token}]}",
        "text: {str_split: [',', {get_param: token}, 9]}",
        "text: {get_file: {get_param: token}}",
        "text: {get_param: {get_param: token}}",
        "text: {get_resource: {get_param: token}}",
        "token: {get_param: token}",
        "text: {yaql: {expression: 'int($.data)', data: {get_param: token}}}",
        "text: {yaql: {expression: '{}[$.data.toUpper().toLower()]', data: {get_param: token}}}",
        "text: {yaql: {expression: 'datetime($.data)', data: {get_param: token}}}",
        "text: {yaql: {expression: {get_param: token}}}",
    ] {
        let text = format!(
            "heat_template_version: 2021-04-16\nparameters: {{token: {{type: string, hidden: true}}}}\nresources: {{r: {{type: Test::Typed, properties: {{{property}}}}}}}\n"
        );
        let told = texts(&text);
        assert!(!told.contains(SECRET), "{property}: {told}");
    }
}

#[test]
fn an_error_of_an_output_does_not_tell_a_hidden_value() {
    let text = "
heat_template_version: 2021-04-16
parameters: {token: {type: string, hidden: true}}
outputs: {o: {value: {map_merge: [{get_param: token}]}}}
";
    let given = Given { parameters: json!({"token": SECRET}), ..Given::default() };
    let definition = stack_with(text, &given).ok();
    let message = crate::kit::output(&definition).unwrap_err();
    assert!(message.contains("******") && !message.contains(SECRET), "{message}");
    assert!(!format!("{definition:?}").contains(SECRET));
}
