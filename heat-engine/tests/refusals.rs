//! What is refused, and what is left as it was: types that refuse their properties, immutable parameters, restricted
//! actions, values that cannot be computed once they are there.
#![allow(clippy::unwrap_used, missing_docs)]

mod support;

use heat_engine::plan::{Reason, StepKind};
use heat_engine::{Engine, EngineError, NewStack, Stack, Update};
use heat_template::Environment;
use heat_template::source::SourceMap;
use heat_template::yaml::Limits;
use serde_json::json;
use support::template as parse;

fn template(text: &str) -> heat_template::Template {
    parse(&format!("heat_template_version: 2021-04-16\n{text}"))
}

fn environment(text: &str) -> Environment {
    Environment::parse(&mut SourceMap::new(), "env.yaml", text, &Limits::default()).into_result().unwrap().0
}

async fn engine() -> Engine {
    Engine::builder().build().await.unwrap()
}

async fn created(engine: &Engine, new: NewStack) -> Stack {
    let stack = engine.create(new).await.unwrap();
    let view = stack.finished().await.unwrap();
    assert!(view.is_complete(), "{view:#?}");
    stack
}

async fn status(stack: &Stack) -> (String, String) {
    let view = stack.finished().await.unwrap();
    (view.stack_status, view.stack_status_reason)
}

fn diagnostics(error: EngineError) -> Vec<heat_template::diagnostic::Diagnostic> {
    match error {
        EngineError::Refused(refused) => refused.diagnostics,
        other => unreachable!("{other}"),
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_type_refuses_is_refused_before_anything_is_done() {
    let text = "
parameters: {amount: {type: string, default: s3cret-word, hidden: true}}
resources:
  other: {type: OS::Heat::RandomString}
  widget: {type: OS::Heat::Value, properties: {type: number, value: {get_param: amount}}}
";
    let engine = engine().await;
    let refused = diagnostics(engine.create(NewStack::new("typed", template(text))).await.unwrap_err());
    assert_eq!(refused[0].path, "resources.widget.properties.value");
    assert!(refused[0].primary.is_some(), "it has a place in the template");
    assert!(!format!("{refused:?}").contains("s3cret"), "{refused:?}");
    assert!(engine.stacks("default").await.unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_type_is_asked_again_when_values_are_known_only_in_the_run() {
    let text = "
resources:
  word: {type: OS::Heat::Value, properties: {value: [1, 2]}}
  widget: {type: OS::Heat::Value, properties: {type: number, value: {get_attr: [word, value]}}}
";
    let stack = engine().await.create(NewStack::new("typed", template(text))).await.unwrap();
    let (status, reason) = status(&stack).await;
    assert_eq!(status, "CREATE_FAILED");
    assert!(reason.contains("resources.widget.properties.value"), "{reason}");
}

#[tokio::test(start_paused = true)]
async fn an_immutable_parameter_keeps_its_value() {
    let text = |more: &str| {
        template(&format!("parameters: {{size: {{type: number, default: 3, immutable: true}}{more}}}"))
    };
    let engine = engine().await;
    let stack = created(&engine, NewStack::new("fixed", text(""))).await;
    let changed = Update::to(text("")).parameter("size", 4);
    let refused = diagnostics(stack.update(changed.clone()).await.unwrap_err());
    assert_eq!(refused[0].path, "parameters.size");
    diagnostics(stack.preview_update(&changed).await.unwrap_err());
    assert_eq!(stack.show().await.unwrap().stack_status, "CREATE_COMPLETE");
    // The same number in another form is no change, and a parameter that is new may take any value.
    let new = text(", name: {type: string, immutable: true}");
    stack.update(Update::to(new).parameter("size", "3").parameter("name", "n")).await.unwrap();
    assert_eq!(status(&stack).await.0, "UPDATE_COMPLETE");
}

const GADGET: &str = "
resources:
  gadget: {type: OS::Heat::TestResource, properties: {value: one}}
  behind: {type: OS::Heat::Value, properties: {value: 1}, depends_on: gadget}
outputs: {o: {value: {get_attr: [gadget, output]}}}
";

#[tokio::test(start_paused = true)]
async fn a_restricted_update_fails_and_changes_nothing() {
    let engine = engine().await;
    let environment = environment("resource_registry: {resources: {'gad*': {restricted_actions: update}}}");
    let new = NewStack::new("kept", template(GADGET)).environment(environment.clone());
    let stack = created(&engine, new).await;
    let before = stack.resource("gadget").await.unwrap();

    let other = Update::to(template(&GADGET.replace("one", "two"))).environment(environment.clone());
    let plan = stack.preview_update(&other).await.unwrap();
    let step = plan.steps.iter().find(|step| step.resource == "gadget").unwrap();
    assert!(matches!(step.kind, StepKind::Refuse { .. }) && step.reason == Reason::Restricted, "{step:?}");
    assert_eq!(plan.totals().refuse, 1);

    stack.update(other).await.unwrap();
    let (failed, reason) = status(&stack).await;
    assert_eq!(failed, "UPDATE_FAILED");
    assert!(reason.contains("resources.gadget: update is restricted"), "{reason}");
    assert_eq!(stack.resource("gadget").await.unwrap(), before);
    assert_eq!(stack.output("o").await.unwrap(), json!("one"));

    // Only updates in place are restricted; and what is not to be changed is no concern of the restriction.
    let replaced = GADGET.replace("value: one", "value: one, update_replace_value: x");
    stack.update(Update::to(template(&replaced)).environment(environment.clone())).await.unwrap();
    assert_eq!(status(&stack).await.0, "UPDATE_COMPLETE");
    assert_ne!(stack.resource("gadget").await.unwrap().incarnation, before.incarnation);
    stack.update(Update::to(template(&replaced)).environment(environment)).await.unwrap();
    assert_eq!(status(&stack).await.0, "UPDATE_COMPLETE");
}

#[tokio::test(start_paused = true)]
async fn a_restricted_replacement_fails_and_changes_nothing_also_where_it_is_decided_in_the_run() {
    let engine = engine().await;
    let environment = environment("resource_registry: {resources: {gadget: {restricted_actions: replace}}}");
    let text = |length: u32, known: bool| {
        let value = if known { "fixed" } else { "{get_attr: [word, value]}" };
        template(&format!(
            "
resources:
  word: {{type: OS::Heat::RandomString, properties: {{length: {length}}}}}
  gadget: {{type: OS::Heat::TestResource, properties: {{update_replace_value: {value}}}}}
"
        ))
    };
    let new = NewStack::new("kept", text(4, false)).environment(environment.clone());
    let stack = created(&engine, new).await;
    let before = stack.resource("gadget").await.unwrap();
    for other in [text(4, true), text(5, false)] {
        stack.update(Update::to(other).environment(environment.clone())).await.unwrap();
        let (failed, reason) = status(&stack).await;
        assert_eq!(failed, "UPDATE_FAILED");
        assert!(reason.contains("resources.gadget: replace is restricted"), "{reason}");
        let after = stack.resource("gadget").await.unwrap();
        assert_eq!(
            (&after.incarnation, &after.resource_status),
            (&before.incarnation, &before.resource_status)
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_value_that_cannot_be_computed_leaves_what_is_there_alone() {
    let text = |items: &str, joined: &str| {
        template(&format!(
            "
resources:
  first: {{type: OS::Heat::Value, properties: {{value: {items}}}}}
  second: {{type: OS::Heat::Value, properties: {{value: {joined}}}}}
"
        ))
    };
    let joined = "{list_join: [',', {get_attr: [first, value]}]}";
    let engine = engine().await;
    let stack = engine.create(NewStack::new("joined", text("[1, 2]", joined))).await.unwrap();
    let (failed, reason) = status(&stack).await;
    assert_eq!(failed, "CREATE_FAILED");
    assert!(reason.contains("resources.second"), "{reason}");
    assert!(stack.resource("second").await.is_err(), "it was never begun");

    stack.update(Update::to(text("[a, b]", joined))).await.unwrap();
    assert_eq!(status(&stack).await.0, "UPDATE_COMPLETE");
    let second = stack.resource("second").await.unwrap();
    stack.update(Update::to(text("[1, 2]", joined))).await.unwrap();
    assert_eq!(status(&stack).await.0, "UPDATE_FAILED");
    stack.update(Update::to(text("[a, b]", joined))).await.unwrap();
    assert_eq!(status(&stack).await.0, "UPDATE_COMPLETE");
    assert_eq!(
        stack.resource("second").await.unwrap().incarnation,
        second.incarnation,
        "it was good all the time and is not replaced"
    );
}

#[tokio::test(start_paused = true)]
async fn a_description_may_be_anything() {
    let engine = engine().await;
    let stack = created(&engine, NewStack::new("five", template("description: 5"))).await;
    assert_eq!(stack.show().await.unwrap().description, json!(5));
}

#[tokio::test(start_paused = true)]
async fn a_type_of_heat_that_is_not_there_is_called_unsupported() {
    let text = template("resources: {group: {type: OS::Heat::Stack}, typo: {type: OS::Heat::Vaule}}");
    let refused = diagnostics(engine().await.create(NewStack::new("group", text)).await.unwrap_err());
    let errors: Vec<_> = refused.iter().map(ToString::to_string).collect();
    assert!(errors[0].contains("OS::Heat::Stack is not supported: "), "{errors:?}");
    assert!(errors[1].contains("OS::Heat::Vaule could not be found"), "{errors:?}");
}
