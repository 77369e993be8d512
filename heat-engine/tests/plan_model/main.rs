//! Plans and schedules against a model of the world: random templates, updates, failures and deaths of the process.

// What the lints allow in tests is this whole crate; what is printed is shown only for a case that fails.
#![allow(clippy::expect_used, clippy::panic, clippy::print_stdout)]

mod cloud;
mod template;

use cloud::{Chance, Cloud, End};
use heat_engine::plan::{Plan, PlanError, StepKind};
use heat_engine::record::Action;
use indexmap::IndexMap;
use proptest::prelude::*;
use template::{Operand, Spec, Template, templates};

const NAMES: usize = 7;

fn smooth(seed: u64) -> Chance {
    Chance::new(seed, 0, 0, false)
}

/// Deploys a template in the best of worlds.
fn deploy(cloud: &mut Cloud, template: &Template, seed: u64) {
    let plan = cloud.plan(Action::Update, template).expect("a plan");
    assert_eq!(cloud.run(template, &plan, &mut smooth(seed)), End::Complete);
    cloud.check_complete(template);
}

fn is_all_keep(plan: &Plan) -> bool {
    plan.steps.iter().all(|step| matches!(step.kind, StepKind::Keep { restore: false, .. }))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn a_template_that_is_deployed_needs_nothing_more(
        first in templates(NAMES), second in templates(NAMES), seed: u64,
    ) {
        let mut cloud = Cloud::default();
        deploy(&mut cloud, &first, seed);
        prop_assert!(is_all_keep(&cloud.plan(Action::Update, &first).expect("a plan")));
        deploy(&mut cloud, &second, seed);
        prop_assert!(is_all_keep(&cloud.plan(Action::Update, &second).expect("a plan")));
        // And back again, as a rollback does.
        deploy(&mut cloud, &first, seed);
    }

    #[test]
    fn a_deletion_leaves_nothing(first in templates(NAMES), second in templates(NAMES), seed: u64, failures in 0..30_u64) {
        let mut cloud = Cloud::default();
        deploy(&mut cloud, &first, seed);
        let plan = cloud.plan(Action::Update, &second).expect("a plan");
        cloud.run(&second, &plan, &mut Chance::new(seed, failures, 10, false));
        let nothing = Template::default();
        for attempt in 0.. {
            let last = attempt == 3;
            let plan = cloud.plan(Action::Delete, &nothing).expect("a plan");
            let deletes_only = plan.steps.iter().all(|step| step.kind.is_delete());
            prop_assert!(deletes_only);
            let kills = if last { 0 } else { 10 };
            let failures = if last { 0 } else { failures };
            cloud.run(&nothing, &plan, &mut Chance::new(seed ^ attempt, failures, kills, true));
            if last { break }
        }
        cloud.check_empty();
    }

    #[test]
    fn whatever_fails_or_dies_the_next_plan_comes_to_the_template(
        many in proptest::collection::vec((templates(NAMES), 0..3_u8), 1..5),
        seed: u64, failures in 0..25_u64, kills in 0..15_u64, go_on: bool,
    ) {
        let mut cloud = Cloud::default();
        let mut chance = Chance::new(seed, failures, kills, go_on);
        for (template, resumes) in &many {
            let plan = cloud.plan(Action::Update, template).expect("a plan");
            let mut end = cloud.run(template, &plan, &mut chance);
            // The process comes back and goes on with the plan that it had, or an update comes first.
            for _ in 0..*resumes {
                if end == End::Killed {
                    end = cloud.run(template, &plan, &mut chance);
                }
            }
            if end == End::Complete {
                cloud.check_complete(template);
            }
        }
        let (last, _) = many.last().expect("at least one");
        deploy(&mut cloud, last, seed);
        prop_assert!(is_all_keep(&cloud.plan(Action::Update, last).expect("a plan")));
    }
}

fn literal(type_name: &'static str, value: u8) -> Spec {
    Spec {
        type_name,
        place: 0,
        in_place: Operand::Literal(value),
        swap: Operand::Literal(value),
        depends_on: Vec::new(),
    }
}

fn chain(length: usize, type_name: &'static str, first: u8) -> Template {
    let mut specs = IndexMap::new();
    for at in 0..length {
        let mut spec = literal(type_name, if at == 0 { first } else { 1 });
        if at > 0 {
            spec.in_place = Operand::Reference(format!("r{}", at - 1));
        }
        specs.insert(format!("r{at}"), spec);
    }
    Template::new(specs)
}

fn flat(length: usize) -> Template {
    Template::new((0..length).map(|at| (format!("r{at}"), literal("Plain", 1))).collect())
}

/// Every resource of a level depends on all of the level before, through one that gathers them.
fn layered(levels: usize, width: usize) -> Template {
    let mut specs = IndexMap::new();
    for level in 0..levels {
        for at in 0..width {
            let mut spec = literal("Plain", 1);
            if level > 0 {
                spec.in_place = Operand::Attribute(format!("gather{}", level - 1));
            }
            specs.insert(format!("r{level}-{at}"), spec);
        }
        let mut gather = literal("Plain", 1);
        gather.depends_on = (0..width).map(|at| format!("r{level}-{at}")).collect();
        specs.insert(format!("gather{level}"), gather);
    }
    Template::new(specs)
}

fn edges(plan: &Plan) -> usize {
    plan.steps.iter().map(|step| step.after.len()).sum()
}

#[test]
fn work_grows_linearly_with_the_template() {
    type Make = fn(usize) -> Template;
    let shapes: [(&str, Make); 3] =
        [("chain", |n| chain(n, "Plain", 1)), ("flat", flat), ("layered", |n| layered(n / 100, 99))];
    for (shape, make) in shapes {
        let mut sizes = Vec::new();
        for count in [1000, 2000, 4000] {
            let template = make(count);
            let mut cloud = Cloud::default();
            let create = cloud.plan(Action::Create, &template).expect("a plan");
            assert_eq!(template.asked.get(), template.specs.len(), "{shape}: each is evaluated once");
            assert!(edges(&create) <= 2 * create.steps.len(), "{shape}: {} edges", edges(&create));
            cloud.run(&template, &create, &mut smooth(1));
            let delete = cloud.plan(Action::Delete, &Template::default()).expect("a plan");
            sizes.push((create.steps.len() + edges(&create), delete.steps.len() + edges(&delete)));
        }
        for pair in sizes.windows(2) {
            assert!(pair[1].0 <= pair[0].0 * 21 / 10, "{shape}: {sizes:?}");
            assert!(pair[1].1 <= pair[0].1 * 21 / 10, "{shape}: {sizes:?}");
        }
    }
}

#[test]
fn a_very_long_chain_does_not_overflow_anything() {
    let template = chain(50_000, "Plain", 1);
    let mut cloud = Cloud::default();
    let plan = cloud.plan(Action::Create, &template).expect("a plan");
    assert_eq!(plan.steps.len(), 50_000);
}

#[test]
fn a_circle_is_refused_by_its_names() {
    let mut specs = IndexMap::new();
    for (name, needs) in [("a", "b"), ("b", "c"), ("c", "a"), ("d", "a")] {
        specs.insert(name.to_owned(), Spec { depends_on: vec![needs.into()], ..literal("Plain", 1) });
    }
    let error = Cloud::default().plan(Action::Create, &Template::new(specs)).expect_err("a circle");
    let PlanError::Circular { resources } = &error else { panic!("{error}") };
    assert_eq!(resources, &["a", "b", "c"]);
    assert_eq!(error.to_string(), "circular dependency: a needs b needs c needs a");
}

#[test]
fn a_dependent_that_is_replaced_goes_before_what_must_go_first() {
    // The exclusive one is replaced, and so is the plain one that hangs on its id and on a value of its own.
    let template = |value: u8| {
        let mut user = literal("Plain", value);
        user.in_place = Operand::Reference("place".into());
        Template::new(IndexMap::from([
            ("place".to_owned(), literal("Exclusive", value)),
            ("user".to_owned(), user),
        ]))
    };
    let mut cloud = Cloud::default();
    deploy(&mut cloud, &template(1), 1);
    let plan = cloud.plan(Action::Update, &template(2)).expect("a plan");
    let order: Vec<_> =
        plan.steps.iter().map(|step| (step.resource.as_str(), step.kind.is_delete())).collect();
    assert_eq!(order, [("user", true), ("place", true), ("place", false), ("user", false)]);
    deploy(&mut cloud, &template(2), 1);
}
