//! Conditions that need each other, and those that take long.

use crate::kit::{Sent, newest};

/// Conditions with an output that hangs on the last of them.
fn conditions(conditions: &[String]) -> Sent {
    let used = conditions.len() - 1;
    let conditions: String =
        conditions.iter().enumerate().map(|(at, condition)| format!("  c{at}: {condition}\n")).collect();
    newest(&format!("conditions:\n{conditions}outputs:\n  o: {{value: {{if: [c{used}, 1, 2]}}}}\n"))
}

/// `c<from>, c<from + 1>, …`
fn names(from: usize, to: usize) -> String {
    (from..to).map(|at| format!("c{at}")).collect::<Vec<_>>().join(", ")
}

/// An expression that takes all the steps that one may take.
const ENDLESS: &str = "range(200).select(range(200).select(range(200).select($).sum()).sum()).sum() > 0";

#[test]
fn conditions_that_take_long_share_what_a_check_may_use() {
    let endless: Vec<_> =
        (0..30).map(|_| format!("{{yaql: {{expression: '{ENDLESS}', data: 1}}}}")).collect();
    let judged = conditions(&endless).refused("HT0316", "t.yaml:32:8");
    assert!(judged.count("HT0305") < 8, "{}", judged.count("HT0305"));
}

#[test]
fn what_conditions_use_is_gone_for_the_rest_of_the_check() {
    let yaql = format!("{{yaql: {{expression: '{ENDLESS}', data: 1}}}}");
    let conditions: String = (0..30).map(|at| format!("  c{at}: {yaql}\n")).collect();
    let resource = format!("  r: {{type: Test::Any, properties: {{value: {yaql}}}}}\n");
    newest(&format!("conditions:\n{conditions}resources:\n{resource}")).refused("HT0316", "t.yaml:34:44");
}

#[test]
fn nested_stacks_share_it_too() {
    let yaql = format!("{{yaql: {{expression: '{ENDLESS}', data: 1}}}}");
    let conditions: String = (0..3).map(|at| format!("  c{at}: {yaql}\n")).collect();
    let inside = |at: usize| {
        format!(
            "heat_template_version: 2021-04-16\ndescription: the one of {at}\nconditions:\n{conditions}outputs:\n  o: {{value: {{if: [c0, 1, 2]}}}}\n"
        )
    };
    let resources: String = (0..20).map(|at| format!("  r{at}: {{type: f{at}.yaml}}\n")).collect();
    let sent = (0..20).fold(newest(&format!("resources:\n{resources}")), |sent, at| {
        sent.file(format!("f{at}.yaml"), inside(at))
    });
    let judged = sent.judged();
    assert!(judged.count("HT0316") > 20, "{}", judged.count("HT0316"));
    assert!(judged.count("HT0305") < 30, "{}", judged.count("HT0305"));
}

#[test]
fn a_condition_that_names_many_others_is_evaluated_once() {
    let mut many = vec![format!("{{and: [{}]}}", names(1, 8_001))];
    many.extend((1..8_001).map(|_| "true".to_owned()));
    many.push("{or: [c0, c0]}".to_owned());
    conditions(&many).accepted();
    // The same with work in it: were it done for each name, it would be too much.
    let work = "range(180).select(range(180).select($ + 1).sum()).sum() > 0";
    let yaql = format!("{{yaql: {{expression: '{work}', data: 1}}}}");
    let mut many = vec![format!("{{and: [{yaql}, {}]}}", names(1, 101))];
    many.extend((1..101).map(|_| "true".to_owned()));
    many.push("{or: [c0, c0]}".to_owned());
    conditions(&many).accepted();
}

#[test]
fn each_names_all_that_follow() {
    let many: Vec<_> =
        (0..300)
            .map(|at| {
                if at == 299 { "true".to_owned() } else { format!("{{and: [true, {}]}}", names(at + 1, 300)) }
            })
            .collect();
    conditions(&many).accepted();
}

#[test]
fn a_condition_is_not_begun_anew_without_end() {
    // Each may need the first one, so that none comes before all that it names.
    let mut many = vec![format!("{{and: [{}]}}", names(1, 2_001))];
    many.extend((1..2_001).map(|_| "{or: [true, c0]}".to_owned()));
    many.push("{or: [c0, c0]}".to_owned());
    conditions(&many).refused("HT0316", "t.yaml:3:7");
    // A few of them are no matter.
    let mut few = vec![format!("{{and: [{}]}}", names(1, 101))];
    few.extend((1..101).map(|_| "{or: [true, c0]}".to_owned()));
    few.push("{or: [c0, c0]}".to_owned());
    conditions(&few).accepted();
}
