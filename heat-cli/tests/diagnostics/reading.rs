//! Codes of reading: 0.

use crate::case::{Ask, Case, case};
use heat_template::diagnostic::codes::*;
use heat_template::yaml::Limits;

const HEAD: &str = "heat_template_version: 2021-04-16\n";

fn with_head(text: &str) -> String {
    format!("{HEAD}{text}")
}

pub(crate) fn cases() -> Vec<Case> {
    let limits = Limits::default;
    vec![
        case(SYNTAX, &with_head("outputs:\n  hosts: {value: [web, db}\n")),
        case(CONTROL_CHARACTER, &with_head("description: rings \u{7}\n"))
            .shown("heat_template_version: 2021-04-16\ndescription: rings ␇\n"),
        case(SECOND_DOCUMENT, &with_head("---\noutputs: {}\n")),
        case(UNDEFINED_ALIAS, &with_head("outputs:\n  a: {value: &hosts [web, db]}\n  b: {value: *host}\n")),
        case(DUPLICATE_ANCHOR, &with_head("outputs:\n  a: {value: &x 1}\n  b: {value: &x 2}\n")),
        case(RECURSIVE_ALIAS, &with_head("outputs:\n  a: {value: &x [1, *x]}\n")),
        case(UNKNOWN_TAG, &with_head("outputs:\n  a: {value: !Ref server}\n")),
        case(TAG_MISMATCH, &with_head("outputs:\n  a: {value: !!int many}\n")),
        case(BAD_MERGE, &with_head("outputs:\n  a: {value: {<<: all, b: 1}}\n")),
        case(KEY_NOT_SCALAR, &with_head("outputs:\n  a: {value: {[1, 2]: x}}\n")),
        case(VALUE_KEY, &with_head("outputs:\n  a: {value: =}\n")),
        case(DATE_VERSION, &with_head("outputs:\n  a: {value: [b:, c]}\n"))
            .ask(Ask::Attached, "In a template that another one names as a type:"),
        case(TEXT_TOO_LONG, &with_head("description: The limit is 524,288 characters.\n"))
            .limits(Limits { characters: 40, ..limits() }, "With a limit of 40 characters:"),
        case(NESTED_TOO_DEEPLY, &with_head("outputs:\n  a: {value: [[[[1]]]]}\n"))
            .limits(Limits { depth: 5, ..limits() }, "With a limit of 5 levels:"),
        case(TOO_MANY_NODES, &with_head("outputs:\n  a: {value: [1, 2, 3, 4, 5]}\n"))
            .limits(Limits { nodes: 10, ..limits() }, "With a limit of 10 nodes:"),
        case(
            ALIAS_EXPANSION,
            &with_head("outputs:\n  a: {value: &a [x, x, x]}\n  b: {value: &b [*a, *a, *a]}\n  c: {value: [*b, *b, *b]}\n"),
        )
        .limits(Limits { expanded_nodes: 20, ..limits() }, "With a limit of 20 nodes that aliases may add:"),
        case(SCALAR_TOO_LONG, &with_head("description: A story that is too long to be told here.\n"))
            .limits(Limits { scalar_bytes: 30, ..limits() }, "With a limit of 30 bytes:"),
        case(DUPLICATE_KEY, &with_head("outputs:\n  a: {value: 1}\n  a: {value: 2}\n")),
        case(KEY_BECOMES_TEXT, &with_head("outputs:\n  on: {value: 1}\n")),
        case(SURPRISING_NUMBER, &with_head("outputs:\n  mode: {value: 0777}\n")),
        case(TEXT_NOT_NUMBER, &with_head("outputs:\n  mode: {value: 0o17}\n")),
        case(PYTHON_GRAMMAR, &with_head("outputs:\n  a: {value: [b:, c]}\n")),
        case(NUMBER_NOT_FINITE, &with_head("outputs:\n  a: {value: .inf}\n")),
        case(PROBLEMS_LEFT_OUT, &many()).shown(
            "heat_template_version: 2021-04-16\noutputs:\n  a0: {value: 010}\n  a1: {value: 011}\n  # and so on, up to a1000\n",
        ),
    ]
}

fn many() -> String {
    let lines = (0..=1_000).map(|number| format!("  a{number}: {{value: 0{}}}\n", number % 7 + 10));
    with_head("outputs:\n") + &lines.collect::<String>()
}
