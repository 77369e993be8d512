//! Where the problems of nested stacks are shown, and the attributes that a nested stack does not have.

use crate::kit::{Given, Stack, stack_with};
use heat_template::diagnostic::Applicability;

fn stack(resources: &str, files: &[(&str, &str)]) -> Stack {
    let text = format!("heat_template_version: 2021-04-16\nresources:\n{resources}");
    stack_with(&text, &Given { files, ..Given::default() })
}

/// The places of problems, each once.
fn places(stack: &Stack) -> Vec<String> {
    let mut places: Vec<String> = stack.places().into_iter().map(|(place, _)| place).collect();
    places.dedup();
    places
}

fn in_pair(member: &str) -> Vec<String> {
    places(&stack(&format!("  r: {{type: Test::Pair, properties: {{member: {member}}}}}\n"), &[]))
}

#[test]
fn what_is_wrong_with_a_member_is_shown_where_the_member_is_written() {
    for (member, place) in [
        ("{type: Test::Typed, properties: {txet: a}}", "HT0411 t.yaml:3: txet (did you mean \"text\"?)"),
        ("{type: Test::Typed, properties: {nested: {inner: x}}}", "HT0413 t.yaml:3: x"),
        ("{type: Test::Typed, properties: {names: [a, [1]]}}", "HT0413 t.yaml:3: [1]"),
        ("{type: Test::Typed, properties: {nested: {}}}", "HT0412 t.yaml:3: {}"),
        ("{type: Test::Tiped}", "HT0404 t.yaml:3: Test::Tiped (did you mean \"Test::Typed\"?)"),
        ("{tpye: Test::Any, type: Test::Any}", "HT0402 t.yaml:3: tpye"),
        // What a function gives has the place of the function.
        (
            "{type: Test::Typed, properties: {whole: {list_join: [x, [a, b]]}}}",
            "HT0413 t.yaml:3: {list_join: [x, [a, b]]}",
        ),
        (
            "{type: Test::Typed, properties: {names: {if: [true, [a, [1]]]}}}",
            "HT0413 t.yaml:3: {if: [true, [a, [1]]]}",
        ),
        // Where an item is left out nobody knows which is which.
        (
            "{type: Test::Typed, properties: {names: [{if: [false, a]}, [1], b]}}",
            "HT0413 t.yaml:3: [{if: [false, a]}, [1], b]",
        ),
    ] {
        let found = in_pair(member);
        assert!(found.iter().any(|found| found.starts_with(place)), "{member}: {found:?}");
    }
}

#[test]
fn a_member_is_mended_where_it_is_written() {
    let stack = stack(
        "  r: {type: Test::Pair, properties: {member: {type: Test::Typed, properties: {txet: a}}}}\n",
        &[],
    );
    let fix = stack.diagnostics[0].fix.as_ref().unwrap();
    assert_eq!(fix.applicability, Applicability::Safe);
    assert_eq!(fix.edits.len(), 1);
    assert_eq!(stack.at(fix.edits[0].0).unwrap(), "t.yaml:3: txet");
    assert_eq!(fix.edits[0].1, "text");
    assert_eq!(stack.places()[0].1, ["t.yaml:3: Test::Pair = in a member of resource r"]);
}

#[test]
fn a_problem_in_the_file_of_a_member_has_its_place_there_and_the_way_to_it() {
    let inner =
        "heat_template_version: 2021-04-16\nresources:\n  x: {type: Test::Typed, properties: {q: 1}}\n";
    let pair = "  r:\n    type: Test::Pair\n    properties: {member: {type: inner.yaml}}\n";
    let (place, labels) = stack(pair, &[("inner.yaml", inner)]).places().remove(0);
    assert_eq!(place, "HT0411 inner.yaml:3: q");
    assert_eq!(
        labels,
        ["t.yaml:5: inner.yaml = from file inner.yaml", "t.yaml:4: Test::Pair = in a member of resource r"]
    );
}

#[test]
fn the_place_leads_through_groups_in_groups() {
    let inner = "{type: Test::Pair, properties: {member: {type: Test::Typed, properties: {q: 1}}}}";
    assert!(in_pair(inner).contains(&"HT0411 t.yaml:3: q".to_owned()), "{:?}", in_pair(inner));
}

#[test]
fn what_does_not_say_where_its_members_are_written_is_the_place_itself() {
    let member = "{member: {type: Test::Typed, properties: {txet: a}}}";
    let stack = stack(&format!("  txet: {{type: Test::Hidden, properties: {member}}}\n"), &[]);
    assert_eq!(places(&stack), ["HT0411 t.yaml:3: txet (did you mean \"text\"?)"]);
    assert!(stack.diagnostics.iter().all(|found| found.fix.is_none()), "that is the name of the resource");
}
