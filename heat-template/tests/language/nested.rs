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

const INNER: &str = "heat_template_version: 2021-04-16
resources:
  x: {type: Test::Any}
outputs:
  name: {value: {get_attr: [x, value]}}
";

const MIDDLE: &str = "heat_template_version: 2021-04-16
resources:
  b: {type: inner.yaml}
  pair: {type: Test::Pair, properties: {member: {type: inner.yaml}}}
  gone: {type: Test::Any, condition: never}
conditions: {never: false}
outputs:
  o: {value: {get_attr: [b, name]}}
";

/// What is told of an attribute of the resource `t` that an output asks for.
fn asked(arguments: &str) -> Vec<String> {
    let resources = "  t: {type: middle.yaml}\n  p: {type: Test::Pair, properties: {member: {type: middle.yaml}}}\n  q: {type: Test::Pair, properties: {member: {type: Test::Any}}}\n";
    let text = format!("{resources}outputs:\n  o: {{value: {{get_attr: [{arguments}]}}}}\n");
    let stack = stack(&text, &[("middle.yaml", MIDDLE), ("inner.yaml", INNER)]);
    let told = stack.errors().into_iter().map(|one| format!("error {one}"));
    let told: Vec<String> = told.chain(stack.warnings()).collect();
    let places = places(&stack).into_iter().map(|place| place.replacen("HT0309 t.yaml:7: ", "", 1));
    told.into_iter().zip(places).map(|(told, place)| format!("{told} @ {place}")).collect()
}

#[test]
fn an_attribute_that_a_nested_template_does_not_have_is_a_warning() {
    let wrong = |arguments: &str, reason: &str| {
        let words = arguments.replace(',', "");
        let message = format!(
            "HT0309 outputs.o.value.get_attr: the referenced attribute ({words}) is incorrect: {reason}"
        );
        assert_eq!(asked(arguments), [message]);
    };
    wrong("t, nope", "middle.yaml has no output nope @ nope");
    wrong("t, oo", "middle.yaml has no output oo @ oo (did you mean \"o\"?)");
    wrong("t, resource.zz", "there is no resource zz in middle.yaml @ resource.zz");
    wrong(
        "t, resource.pari, name",
        "there is no resource pari in middle.yaml @ resource.pari (did you mean \"resource.pair\"?)",
    );
    wrong("t, resource.b, nmae", "inner.yaml has no output nmae @ nmae (did you mean \"name\"?)");
    wrong(
        "t, resource.b.nmae",
        "inner.yaml has no output nmae @ resource.b.nmae (did you mean \"resource.b.name\"?)",
    );
    wrong("t, resource.b, resource.y", "there is no resource y in inner.yaml @ resource.y");
    wrong(
        "t, resource.b, resource.x, valeu",
        "the resource x inside has no attribute valeu @ valeu (did you mean \"value\"?)",
    );
    wrong("t, resource.b, resource.x.nope", "the resource x inside has no attribute nope @ resource.x.nope");
    wrong("t, resource.pair, nope", "inner.yaml has no output nope @ nope");
    // The members of a group that are templates are no different.
    wrong("p, nope", "middle.yaml has no output nope @ nope");
    wrong("p, resource.b, nope", "inner.yaml has no output nope @ nope");
    for right in [
        "t, o",
        "t, o, more",
        "t, OS::stack_id",
        "t, show",
        "t, resource.b",
        "t, resource.b, name, more",
        "t, resource.b.name",
        "t, resource.b, resource.x, value",
        "t, resource.b, resource.x.list, 0",
        "t, resource.gone, nope",
        "t, resource.pair, name",
        "p, o",
        "q, value",
    ] {
        assert_eq!(asked(right), [""; 0], "{right}");
    }
}

#[test]
fn an_attribute_that_the_type_of_the_members_does_not_have_is_an_error() {
    let told = asked("q, valeu");
    assert_eq!(
        told,
        [
            "error HT0309 outputs.o.value.get_attr: the referenced attribute (q valeu) is incorrect: the resource a inside has no attribute valeu @ valeu (did you mean \"value\"?)"
        ]
    );
}

#[test]
fn what_a_nested_template_asks_of_another_is_told_in_its_file() {
    let middle = MIDDLE.replace("[b, name]", "[b, nope]");
    let stack = stack("  t: {type: middle.yaml}\n", &[("middle.yaml", &middle), ("inner.yaml", INNER)]);
    assert_eq!(stack.errors(), [""; 0]);
    assert_eq!(places(&stack), ["HT0309 middle.yaml:8: nope"]);
}
