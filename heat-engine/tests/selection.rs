//! Updates and deletions of some resources: what they take along, what they leave, and that the stack says so.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs, reason = "a test stops where it fails")]

mod support;

use heat_engine::plan::SelectError;
use heat_engine::record::OnFailure;
use heat_engine::store::MemoryStore;
use heat_engine::{Deletion, Engine, EngineError, NewStack, SavedPlan, Stack, Update};
use heat_plugin_sdk::{Failure, Registry};
use heat_template::Files;
use support::cloud::{Cloud, Fault, Weather, plugin};
use support::process::{alive, start};
use support::template as parse;

fn template(text: &str) -> heat_template::Template {
    parse(&format!("heat_template_version: 2021-04-16\n{text}"))
}

async fn engine(cloud: &Cloud) -> Engine {
    Engine::builder().registry(Registry::new().with(plugin(cloud))).build().await.unwrap()
}

/// `b` uses `a`; `c` is alone; `box` has two things inside.
fn world(a: &str, b: &str, c: &str, inside: &str) -> (heat_template::Template, Files) {
    let text = format!(
        "
resources:
  a: {{type: 'Test::Keyed', properties: {{name: a, {a}}}}}
  b: {{type: 'Test::Keyed', properties: {{name: b, links: [{{get_resource: a}}], {b}}}}}
  c: {{type: 'Test::Keyed', properties: {{name: c, {c}}}}}
  box: {{type: box.yaml, properties: {{value: {inside}}}}}
"
    );
    let inner = "
heat_template_version: 2021-04-16
parameters: {value: {type: string}}
resources:
  core: {type: 'Test::Keyed', properties: {name: core, value: {get_param: value}}}
  rim: {type: 'Test::Keyed', properties: {name: rim, value: {get_param: value}}}
";
    (template(&text), [("box.yaml", inner)].into_iter().collect())
}

async fn created(engine: &Engine) -> Stack {
    let (template, files) = world("value: x", "value: x", "value: x", "x");
    let stack = engine.create(NewStack::new("s", template).files(files)).await.unwrap();
    complete(&stack).await;
    stack
}

fn to(a: &str, b: &str, c: &str, inside: &str) -> Update {
    let (template, files) = world(a, b, c, inside);
    Update::to(template).files(files)
}

async fn complete(stack: &Stack) -> Vec<String> {
    let view = stack.finished().await.unwrap();
    assert!(view.is_complete(), "{view:#?}");
    if !view.pending.is_empty() {
        assert!(view.stack_status_reason.ends_with(&view.pending.join(", ")), "{}", view.stack_status_reason);
    }
    view.pending
}

fn values(cloud: &Cloud) -> String {
    cloud.names().into_iter().map(|(name, value)| format!("{name}={value} ")).collect()
}

#[tokio::test(start_paused = true)]
async fn an_update_of_some_resources_leaves_the_others_and_says_so() {
    let cloud = Cloud::new(1);
    let engine = engine(&cloud).await;
    let stack = created(&engine).await;
    let all = || to("value: y", "value: y", "value: y", "y");
    let plan = stack.preview_update(&all().only(["b", "box/core"])).await.unwrap();
    let text = plan.to_text();
    assert!(text.contains("taken along: a, which comes before b\n"), "{text}");
    assert!(text.contains("left out: c, box/rim\n") || text.contains("left out: box/rim, c\n"), "{text}");
    stack.update(all().only(["b", "box/core"])).await.unwrap();
    assert_eq!(complete(&stack).await, ["box/rim", "c"]);
    assert_eq!(values(&cloud), "a=y b=y c=x core=y rim=x ");
    // Other actions change nothing of that; a repeated selection leaves less.
    stack.check().await.unwrap();
    assert_eq!(complete_pending(&stack).await, ["box/rim", "c"]);
    stack.update(all().except(["box"])).await.unwrap();
    assert_eq!(complete(&stack).await, ["box/rim"]);
    assert_eq!(values(&cloud), "a=y b=y c=y core=y rim=x ");
    stack.update(all()).await.unwrap();
    assert_eq!(complete(&stack).await, [""; 0]);
    assert_eq!(values(&cloud), "a=y b=y c=y core=y rim=y ");
    let nested =
        stack.nested_resources(1).await.unwrap().into_iter().find(|view| view.path == "box/rim").unwrap();
    let inside = engine.stack("default", nested.stack.as_str()).await.unwrap().show().await.unwrap();
    assert_eq!(inside.pending, [""; 0]);
}

async fn complete_pending(stack: &Stack) -> Vec<String> {
    stack.finished().await.unwrap().pending
}

#[tokio::test(start_paused = true)]
async fn what_uses_something_that_is_replaced_comes_along() {
    let cloud = Cloud::new(1);
    let engine = engine(&cloud).await;
    let stack = created(&engine).await;
    let all = || to("place: other", "value: x", "value: y", "y");
    stack.update(all().only(["a"])).await.unwrap();
    assert_eq!(complete(&stack).await, ["box", "c"]);
    assert_eq!(cloud.breaches(), [""; 0]);
    assert_eq!(cloud.objects().len(), 5, "the old one is gone");
    // To leave the user alone is to leave it alone.
    let error = stack
        .preview_update(&to("place: third", "value: x", "value: x", "x").only(["a"]).except(["b"]))
        .await;
    assert!(matches!(error, Err(EngineError::Select(SelectError::Contradiction { .. }))), "{error:?}");
    let unknown = stack.preview_update(&all().only(["nowhere"])).await;
    assert!(
        unknown.unwrap_err().to_string().starts_with("resources.nowhere: the stack has no such resource")
    );
}

#[tokio::test(start_paused = true)]
async fn some_resources_are_deleted_with_what_uses_them_and_made_again_by_the_next_update() {
    let cloud = Cloud::new(1);
    let engine = engine(&cloud).await;
    let stack = created(&engine).await;
    let plan = stack.preview_delete_with(&Deletion::whole().only(["a"])).await.unwrap();
    assert!(plan.to_text().contains("taken along: b, which uses what would go with a"), "{}", plan.to_text());
    cloud.journal();
    stack.delete_with(&Deletion::whole().only(["a"])).await.unwrap();
    assert_eq!(complete(&stack).await, ["a", "b"]);
    assert_eq!(cloud.journal(), ["delete b", "delete a"]);
    assert_eq!(stack.show().await.unwrap().stack_status, "UPDATE_COMPLETE");
    assert!(matches!(
        stack.preview_delete_with(&Deletion::whole().only(["box/core"])).await,
        Err(EngineError::Select(SelectError::Going { .. }))
    ));
    // As a plan that is kept, too.
    let saved = stack.plan_delete_with(&Deletion::whole().except(["c"])).await.unwrap();
    engine.apply(&SavedPlan::from_json(&saved.to_json().unwrap()).unwrap()).await.unwrap();
    assert_eq!(complete(&stack).await, ["a", "b", "box"]);
    assert_eq!(values(&cloud), "c=x ");
    let saved =
        stack.plan_update(&to("value: z", "value: z", "value: z", "z").except(["box", "b"])).await.unwrap();
    engine.apply(&SavedPlan::from_json(&saved.to_json().unwrap()).unwrap()).await.unwrap();
    assert_eq!(complete(&stack).await, ["b", "box"]);
    stack.update(Update::existing()).await.unwrap();
    assert_eq!(complete(&stack).await, [""; 0]);
    assert_eq!(values(&cloud), "a=z b=z c=z core=z rim=z ");
    // Where nothing is left the stack goes.
    stack.delete_with(&Deletion::whole().only(["a", "c", "box"])).await.unwrap();
    assert_eq!(stack.finished().await.unwrap().stack_status, "DELETE_COMPLETE");
    assert!(cloud.objects().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_failed_selection_goes_back_to_what_was_complete() {
    let cloud = Cloud::new(1);
    let engine = engine(&cloud).await;
    let stack = created(&engine).await;
    stack.update(to("value: y", "value: y", "value: x", "x").only(["a"])).await.unwrap();
    assert_eq!(complete(&stack).await, ["b"]);
    let id = stack.resource("c").await.unwrap().physical_resource_id;
    cloud.script("update", id, Fault::Refuse(Failure::denied("no")));
    let update = to("value: y", "value: y", "value: y", "x").only(["c"]).on_failure(OnFailure::Rollback);
    stack.update(update).await.unwrap();
    let view = stack.finished().await.unwrap();
    assert_eq!((view.stack_status.as_str(), view.pending.len()), ("ROLLBACK_COMPLETE", 0));
    assert_eq!(values(&cloud), "a=x b=x c=x core=x rim=x ", "the last template that was complete");
}

#[tokio::test(start_paused = true)]
async fn a_selection_inside_is_not_forgotten_by_a_crash() {
    for dies in 0..9 {
        let (cloud, store) = (Cloud::new(1), MemoryStore::new());
        cloud.set_weather(Weather { working: 300, ..Weather::default() });
        let living = start(&store, &cloud, 1, None, true).await.unwrap().unwrap();
        created(&living.engine).await;
        drop(living);
        let mortal = start(&store, &cloud, 2, Some(dies), dies % 2 == 0).await.unwrap().unwrap();
        alive(&mortal.life, async {
            let stack = mortal.engine.stack("default", "s").await.unwrap();
            stack.update(to("value: y", "value: y", "value: y", "y").only(["box/core"])).await.unwrap();
            stack.finished().await.unwrap();
        })
        .await;
        drop(mortal);
        let next = start(&store, &cloud, 3, None, true).await.unwrap().unwrap();
        let stack = next.engine.stack("default", "s").await.unwrap();
        let pending = complete(&stack).await;
        if pending.is_empty() {
            assert_eq!(values(&cloud), "a=x b=x c=x core=x rim=x ", "it had not begun");
        } else {
            assert_eq!(pending, ["a", "b", "box/rim", "c"], "after {dies} writes");
            assert_eq!(values(&cloud), "a=x b=x c=x core=y rim=x ", "after {dies} writes");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_done_in_batches_is_not_taken_apart() {
    let cloud = Cloud::new(1);
    let engine = engine(&cloud).await;
    let group = |value: &str| {
        template(&format!(
            "
resources:
  group:
    type: OS::Heat::ResourceGroup
    update_policy: {{rolling_update: {{max_batch_size: 1}}}}
    properties: {{count: 3, resource_def: {{type: 'Test::Keyed', properties: {{value: {value}}}}}}}
"
        ))
    };
    let stack = engine.create(NewStack::new("s", group("x"))).await.unwrap();
    complete(&stack).await;
    let error = stack.preview_update(&Update::to(group("y")).only(["group/0"])).await.unwrap_err();
    assert!(matches!(error, EngineError::Select(SelectError::InRun { .. })), "{error}");
    stack.update(Update::to(group("y"))).await.unwrap();
    complete(&stack).await;
    assert!(stack.preview_update(&Update::existing()).await.unwrap().is_empty());
}
