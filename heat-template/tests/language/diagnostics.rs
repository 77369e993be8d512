//! What is told beside errors, and how.

use crate::kit::{Given, stack, stack_with};
use serde_json::json;

#[test]
fn all_problems_are_told_in_one_pass() {
    let text = "
heat_template_version: 2021-04-16
parameters:
  size: {type: integer}
  name: {type: string}
resources:
  net: {type: Test::Ayn}
  port: {type: Test::Any, properties: {value: {get_resource: nte}}}
  loop: {type: Test::Any, depends_on: loop}
  bad: {type: Test::Any, properties: {value: {list_join: 5}}}
outputs:
  o: {vlaue: 1}
";
    let stack = stack(text);
    let mut codes = stack.codes();
    codes.sort_unstable();
    assert_eq!(codes, ["HT0204", "HT0208", "HT0301", "HT0307", "HT0404", "HT0407", "HT0502"]);
    for (code, help) in [("HT0307", "net"), ("HT0404", "Test::Any"), ("HT0204", "number")] {
        let found = stack.diagnostics.iter().find(|found| found.code.0 == code).unwrap();
        assert!(found.help.iter().any(|text| text.contains(help)), "{found:?}");
    }
}

#[test]
fn names_that_were_meant_are_guessed() {
    for (text, code, meant) in [
        ("heat_template_version: 2021-04-16\nresorces: {}", "HT0105", "resources"),
        ("heat_template_version: 2021-04-16\nparameters: {p: {type: strng}}", "HT0204", "string"),
        ("heat_template_version: 2021-04-61", "HT0103", "2021-04-16"),
        (
            "heat_template_version: 2021-04-16\nresources: {r: {type: Test::Any, propertes: {}}}",
            "HT0402",
            "properties",
        ),
        (
            "heat_template_version: 2021-04-16\nresources: {r: {type: Test::Any, properties: {vlaue: 1}}}",
            "HT0411",
            "value",
        ),
        (
            "heat_template_version: 2021-04-16\nresources: {r: {type: Test::Any, deletion_policy: Retian}}",
            "HT0409",
            "Retain",
        ),
        (
            "heat_template_version: 2021-04-16\nconditions: {prod: true}\nresources: {r: {type: Test::Any, condition: prdo}}",
            "HT0312",
            "prod",
        ),
        (
            "heat_template_version: 2021-04-16\nresources: {r: {type: Test::Any}}\noutputs: {o: {value: {get_attr: [r, vaule]}}}",
            "HT0309",
            "value",
        ),
        (
            "heat_template_version: 2021-04-16\nparameters: {size: {type: string, default: x}}\nresources: {r: {type: Test::Any, properties: {value: {get_param: sise}}}}",
            "HT0306",
            "size",
        ),
    ] {
        let stack = stack(text);
        let found = stack.diagnostics.iter().find(|found| found.code.0 == code);
        let helps = found.unwrap_or_else(|| panic!("{code} in {:?}", stack.errors())).help.join(" ");
        assert!(helps.contains(meant), "{code}: {helps}");
    }
    let given = Given { parameters: json!({"nmae": 1}), ..Given::default() };
    let stack = stack_with(
        "heat_template_version: 2021-04-16\nparameters: {name: {type: string, default: x}}",
        &given,
    );
    assert!(stack.diagnostics.iter().any(|found| found.help.join(" ").contains("name")));
}

#[test]
fn what_heat_swallows_is_a_warning() {
    for (text, fragment) in [
        ("parameters: {p: {type: string, default: x}}", "parameter p is never used"),
        ("outputs: {o: {value: {get_param: a, default: b}}}", "only key"),
        ("outputs: {o: {value: {get_parm: a}}}", "is not a function"),
        ("outputs: {o: {value: 1, descripton: x}}", "descripton"),
        ("outputs: {o: {value: {getParam: a}}}", "is not a function"),
        ("outputs: {o: {value: {get-attr: [a, b]}}}", "is not a function"),
        ("outputs: {o: {value: {'Fn::Sub': text}}}", "is not a function"),
        (
            "parameters: {p: {type: string, default: x, constraints: [{length: {min: 1}, allowed_pattern: x}]}}\noutputs: {o: {value: {get_param: p}}}",
            "has no effect beside",
        ),
    ] {
        let stack = stack(&format!("heat_template_version: 2021-04-16\n{text}\n"));
        assert_eq!(stack.errors(), Vec::<String>::new(), "{text}");
        assert!(
            stack.warnings().iter().any(|warning| warning.contains(fragment)),
            "{text}: {:?}",
            stack.warnings()
        );
    }
    for call in [
        "str_split: [',', a]",
        "yaql: {expression: $.data, data: 1}",
        "if: [large, 1, 2]",
        "digest: [sha256, text]",
        "filter: [[a], [a, b]]",
        "contains: [a, [a]]",
    ] {
        let stack =
            stack(&format!("heat_template_version: 2013-05-23\noutputs: {{o: {{value: {{{call}}}}}}}"));
        let told =
            stack.warnings().iter().any(|warning| warning.contains("not a function in version 2013-05-23"));
        assert!(told, "{call}: {:?}", stack.warnings());
    }
}

#[test]
fn data_that_is_somewhat_like_a_call_is_no_reason_for_a_warning() {
    for data in [
        // Words of every day, and keys of others.
        "filter: {name: web}",
        "contains: web",
        "digest: [a, b]",
        "if: later",
        "resource_def: {type: Test::Any}",
        "resource_facades: none",
    ] {
        let stack =
            stack(&format!("heat_template_version: 2013-05-23\noutputs: {{o: {{value: {{{data}}}}}}}"));
        let warned = stack.warnings().iter().any(|warning| warning.starts_with("HT0315"));
        assert_eq!(warned, data.starts_with("resource_facades"), "{data}: {:?}", stack.warnings());
    }
}

#[test]
fn an_item_behind_one_that_is_left_out_has_no_wrong_place() {
    for (names, place) in [
        // Nobody knows which is which.
        ("[{if: [false, a]}, b, [1]]", "[{if: [false, a]}, b, [1]]"),
        ("[{if: [true, {if: [false, a]}, c]}, b, [1]]", "[{if: [true, {if: [false, a]}, c]}, b, [1]]"),
        ("[[1], {if: [false, a]}]", "[1]"),
        ("[{if: [false, a, b]}, [1]]", "[1]"),
    ] {
        let text = format!(
            "heat_template_version: 2021-04-16\nresources:\n  r: {{type: Test::Typed, properties: {{names: {names}}}}}\n"
        );
        let places = stack(&text).places();
        assert_eq!(places[0].0, format!("HT0413 t.yaml:3: {place}"), "{names}: {places:?}");
    }
}

#[test]
fn a_used_parameter_is_not_called_unused() {
    for text in [
        "outputs: {o: {value: {get_param: p}}}",
        "outputs: {o: {value: {get_param: [p, x]}}}",
        "conditions: {c: {equals: [{get_param: p}, x]}}",
        "outputs: {o: {value: {if: [false, {get_param: p}]}}}",
        // Any may be meant.
        "parameters: {p: {type: string, default: x}, q: {type: string, default: p}}\noutputs: {o: {value: {get_param: {get_param: q}}}}",
    ] {
        let parameters =
            if text.contains("parameters") { "" } else { "parameters: {p: {type: string, default: x}}\n" };
        let stack = stack(&format!("heat_template_version: 2021-04-16\n{parameters}{text}\n"));
        assert!(
            !stack.warnings().iter().any(|warning| warning.contains("never used")),
            "{:?}",
            stack.warnings()
        );
    }
}

#[test]
fn a_misspelt_key_can_be_mended() {
    let text =
        "heat_template_version: 2021-04-16\nresorces: {}\nparameters: {p: {type: strng, defualt: x}}\n";
    let stack = stack(text);
    let mut mended = text.to_owned();
    let mut edits: Vec<_> =
        stack.diagnostics.iter().filter_map(|found| found.fix.clone()).flat_map(|fix| fix.edits).collect();
    edits.sort_by_key(|(span, _)| std::cmp::Reverse(span.start));
    for (span, replacement) in edits {
        mended.replace_range(span.start as usize..span.end as usize, &replacement);
    }
    assert_eq!(
        mended,
        "heat_template_version: 2021-04-16\nresources: {}\nparameters: {p: {type: string, default: x}}\n"
    );
}
