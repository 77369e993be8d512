//! Things that exist already (`external_id`): used, looked at, and never made, changed or removed.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod support;

use heat_engine::plan::{Reason, StepKind};
use heat_engine::store::EventQuery;
use heat_engine::{Engine, EngineError, NewStack, Stack, Update};
use heat_plugin_sdk::{Failure, Registry};
use heat_template::Files;
use support::cloud::{Cloud, Fault, plugin};
use support::template as parse;

fn template(text: &str) -> heat_template::Template {
    parse(&format!("heat_template_version: 2021-04-16\n{text}"))
}

async fn engine(cloud: &Cloud) -> Engine {
    Engine::builder().registry(Registry::new().with(plugin(cloud))).build().await.unwrap()
}

const USED: &str = "
resources:
  base: {type: 'Test::Keyed', external_id: there}
  top: {type: 'Test::Keyed', properties: {value: {get_attr: [base, value]}, links: [{get_resource: base}]}}
outputs: {id: {value: {get_resource: base}}}
";

fn used(id: &str) -> heat_template::Template {
    template(&USED.replace("there", id))
}

async fn status(stack: &Stack) -> (String, String) {
    let view = stack.finished().await.unwrap();
    (view.stack_status, view.stack_status_reason)
}

async fn resource_status(stack: &Stack, name: &str) -> String {
    stack.resource(name).await.unwrap().resource_status
}

fn first(error: &EngineError) -> heat_template::diagnostic::Diagnostic {
    match error {
        EngineError::Refused(refused) => refused.diagnostics[0].clone(),
        EngineError::Plan(error) => error.diagnostics().remove(0),
        other => panic!("{other}"),
    }
}

#[tokio::test(start_paused = true)]
async fn what_exists_is_used_and_outlives_the_stack() {
    let cloud = Cloud::new(1);
    cloud.put("there", "base", "from outside");
    let engine = engine(&cloud).await;
    let new = NewStack::new("user", used("there"));
    let plan = engine.preview(&new).await.unwrap();
    assert!(
        matches!(&plan.steps[0].kind, StepKind::Adopt { external_id, .. } if external_id.as_str() == "there")
    );
    assert_eq!(plan.totals().to_string(), "1 to create, 1 to use that exist");

    let stack = engine.create(new).await.unwrap();
    assert_eq!(status(&stack).await.0, "CREATE_COMPLETE");
    assert_eq!(resource_status(&stack, "base").await, "CHECK_COMPLETE");
    assert_eq!(stack.output("id").await.unwrap(), "there");
    let top = stack.resource("top").await.unwrap();
    assert_eq!(top.attributes["value"], "from outside");
    let events = stack.recorded_events(&EventQuery::default()).await.unwrap();
    let states: Vec<_> = events
        .iter()
        .filter(|(_, event)| event.resource == "base")
        .map(|(_, event)| format!("{}_{}", event.action, event.status))
        .collect();
    assert_eq!(states, ["ADOPT_IN_PROGRESS", "ADOPT_COMPLETE", "CHECK_IN_PROGRESS", "CHECK_COMPLETE"]);

    stack.delete().await.unwrap();
    assert_eq!(status(&stack).await.0, "DELETE_COMPLETE");
    assert_eq!(cloud.names(), [("base".to_owned(), "from outside".to_owned())]);
    assert_eq!(cloud.journal().iter().filter(|line| line.ends_with(" base")).count(), 0);
}

#[tokio::test(start_paused = true)]
async fn an_update_sees_it_as_it_is_now() {
    let cloud = Cloud::new(2);
    cloud.put("there", "base", "first");
    let engine = engine(&cloud).await;
    let stack = engine.create(NewStack::new("user", used("there"))).await.unwrap();
    assert_eq!(status(&stack).await.0, "CREATE_COMPLETE");
    assert!(stack.preview_update(&Update::existing()).await.unwrap().is_empty(), "nothing differs");

    cloud.change_object("there", |object| object.value = "second".to_owned());
    let plan = stack.preview_update(&Update::existing()).await.unwrap();
    let of = |name: &str| plan.steps.iter().find(|step| step.resource == name).unwrap();
    assert!(matches!(of("base").kind, StepKind::Keep { .. }));
    assert!(
        matches!(of("top").kind, StepKind::Update { .. }) && of("top").reason == Reason::PropertiesChanged
    );
    stack.apply(Update::existing(), &plan).await.unwrap();
    assert_eq!(status(&stack).await.0, "UPDATE_COMPLETE");
    assert_eq!(resource_status(&stack, "base").await, "CHECK_COMPLETE");
    assert_eq!(stack.resource("base").await.unwrap().attributes["value"], "second");
    assert_eq!(stack.resource("top").await.unwrap().attributes["value"], "second");
}

#[tokio::test(start_paused = true)]
async fn what_does_not_exist_is_refused_at_its_place() {
    let cloud = Cloud::new(3);
    cloud.put("there", "base", "v");
    let engine = engine(&cloud).await;
    let error = engine.create(NewStack::new("user", used("nowhere"))).await.unwrap_err();
    let refused = first(&error);
    assert_eq!(refused.path, "resources.base.external_id");
    assert!(refused.primary.is_some(), "it has a place in the template");
    assert!(refused.message.contains("nowhere (Test::Keyed) can not be found"), "{refused}");
    assert!(engine.stacks("default").await.unwrap().is_empty());

    // A service that may not be asked is another matter.
    for _ in 0..3 {
        cloud.script("read", "there", Fault::Refuse(Failure::unavailable(None, "away")));
    }
    let away = engine.create(NewStack::new("user", used("there"))).await.unwrap_err();
    assert!(matches!(&away, EngineError::Service(_)), "{away}");

    let stack = engine.create(NewStack::new("user", used("there"))).await.unwrap();
    assert_eq!(status(&stack).await.0, "CREATE_COMPLETE");
    cloud.script("read", "there", Fault::Refuse(Failure::not_found("no")));
    let gone = stack.update(Update::existing()).await.unwrap_err();
    assert!(first(&gone).message.contains("can not be found"));
    assert_eq!(status(&stack).await.0, "CREATE_COMPLETE", "it is left as it was");
}

#[tokio::test(start_paused = true)]
async fn it_never_becomes_another_thing() {
    let cloud = Cloud::new(4);
    cloud.put("there", "base", "v");
    cloud.put("elsewhere", "other", "v");
    let engine = engine(&cloud).await;
    let stack = engine.create(NewStack::new("user", used("there"))).await.unwrap();
    assert_eq!(status(&stack).await.0, "CREATE_COMPLETE");
    let made = "resources: {base: {type: 'Test::Keyed'}}";
    for next in [used("elsewhere"), template(made)] {
        let error = stack.update(Update::to(next)).await.unwrap_err();
        assert!(error.to_string().contains("the external_id of Test::Keyed cannot be changed"), "{error}");
        assert!(first(&error).primary.is_some());
    }
    // Another type is another thing.
    let named = USED.replacen("Test::Keyed", "Test::Named", 1);
    stack.update(Update::to(template(&named))).await.unwrap();
    let before = cloud.names();
    assert_eq!(
        status(&stack).await,
        ("UPDATE_COMPLETE".into(), "Stack UPDATE completed successfully".into())
    );
    assert_eq!(cloud.names(), before);
}

#[tokio::test(start_paused = true)]
async fn one_in_error_fails_the_stack_and_is_looked_at_again_by_the_next_update() {
    let cloud = Cloud::new(5);
    cloud.put("there", "base", "v");
    cloud.change_object("there", |object| object.broken = Some("no power".to_owned()));
    let engine = engine(&cloud).await;
    let stack = engine.create(NewStack::new("user", used("there"))).await.unwrap();
    let (failed, reason) = status(&stack).await;
    assert_eq!(failed, "CREATE_FAILED");
    assert!(reason.contains("resources.base: Test::Keyed there is in error: no power"), "{reason}");
    assert_eq!(resource_status(&stack, "base").await, "CHECK_FAILED");
    let before = stack.resource("base").await.unwrap().incarnation;

    cloud.change_object("there", |object| object.broken = None);
    stack.update(Update::existing()).await.unwrap();
    assert_eq!(status(&stack).await.0, "UPDATE_COMPLETE");
    assert_eq!(resource_status(&stack, "base").await, "CHECK_COMPLETE");
    assert_eq!(stack.resource("base").await.unwrap().incarnation, before, "nothing was replaced");
}

#[tokio::test(start_paused = true)]
async fn one_inside_a_nested_stack_that_does_not_exist_is_told() {
    let cloud = Cloud::new(6);
    let inside =
        "heat_template_version: 2021-04-16\nresources: {core: {type: 'Test::Keyed', external_id: nowhere}}\n";
    let files: Files = [("box.yaml", inside)].into_iter().collect();
    let outer = template("resources: {outer: {type: box.yaml}}");
    let engine = engine(&cloud).await;
    let stack = engine.create(NewStack::new("nest", outer).files(files)).await.unwrap();
    let (failed, reason) = status(&stack).await;
    assert_eq!(failed, "CREATE_FAILED");
    assert!(reason.contains("resources.core: Invalid external resource: Resource nowhere"), "{reason}");
}

#[tokio::test(start_paused = true)]
async fn a_nested_stack_cannot_be_one() {
    let cloud = Cloud::new(7);
    let inside = "heat_template_version: 2021-04-16\nresources: {core: {type: 'Test::Keyed'}}\n";
    let files: Files = [("box.yaml", inside)].into_iter().collect();
    let outer = template("resources: {outer: {type: box.yaml, external_id: some}}");
    let error = engine(&cloud).await.create(NewStack::new("nest", outer).files(files)).await.unwrap_err();
    assert!(first(&error).message.contains("resource outer is a nested stack (box.yaml)"), "{error}");
    assert!(first(&error).primary.is_some());
}
