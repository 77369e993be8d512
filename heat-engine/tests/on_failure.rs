//! What follows a failure: all stops, the rest goes on, or it goes back; and nothing is begun that is known to fail.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs, reason = "a test stops where it fails")]

mod support;

use heat_engine::record::OnFailure;
use heat_engine::{Deletion, Engine, EngineError, NewStack, Stack, Update};
use heat_plugin_sdk::{Failure, Registry};
use heat_template::Environment;
use heat_template::source::SourceMap;
use heat_template::yaml::Limits;
use support::cloud::{Cloud, Fault, Weather, plugin};
use support::template as parse;

fn template(text: &str) -> heat_template::Template {
    parse(&format!("heat_template_version: 2021-04-16\n{text}"))
}

async fn engine(cloud: &Cloud) -> Engine {
    Engine::builder().registry(Registry::new().with(plugin(cloud))).build().await.unwrap()
}

/// `a` and `b` fail, `c` needs `a`, `e` needs `d`.
const WORLD: &str = "
resources:
  a: {type: 'Test::Keyed', properties: {name: a}}
  b: {type: 'Test::Keyed', properties: {name: b}}
  c: {type: 'Test::Keyed', properties: {name: c, links: [{get_resource: a}]}}
  d: {type: 'Test::Keyed', properties: {name: d}}
  e: {type: 'Test::Keyed', properties: {name: e, links: [{get_resource: d}]}}
";

fn names(cloud: &Cloud) -> Vec<String> {
    cloud.names().into_iter().map(|(name, _)| name).collect()
}

async fn end(stack: &Stack) -> (String, String) {
    let view = stack.finished().await.unwrap();
    (view.stack_status, view.stack_status_reason)
}

#[tokio::test(start_paused = true)]
async fn a_creation_stops_goes_on_or_goes_back() {
    for (on_failure, left) in
        [(OnFailure::Stop, vec!["d"]), (OnFailure::Continue, vec!["d", "e"]), (OnFailure::Rollback, vec![])]
    {
        let cloud = Cloud::new(1);
        // What fails fails before anything else is ready.
        cloud.set_weather(Weather { working: 5_000, ..Weather::default() });
        for name in ["a", "b"] {
            cloud.script("create", name, Fault::Refuse(Failure::denied(format!("no {name}"))));
        }
        let new = NewStack::new("s", template(WORLD)).on_failure(on_failure);
        let stack = engine(&cloud).await.create(new).await.unwrap();
        let (status, reason) = end(&stack).await;
        assert_eq!(names(&cloud), left, "{on_failure:?}");
        match on_failure {
            OnFailure::Rollback => assert_eq!(status, "ROLLBACK_COMPLETE"),
            OnFailure::Continue => {
                assert_eq!(status, "CREATE_FAILED");
                assert!(
                    reason.contains("resources.a: no a") && reason.contains("resources.b: no b"),
                    "{reason}"
                );
            }
            OnFailure::Stop => assert_eq!(status, "CREATE_FAILED"),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_deletion_stops_or_goes_on() {
    for (on_failure, left) in [(OnFailure::Stop, 2..=4), (OnFailure::Continue, 2..=2)] {
        let cloud = Cloud::new(1);
        let stack = engine(&cloud).await.create(NewStack::new("s", template(WORLD))).await.unwrap();
        assert_eq!(end(&stack).await.0, "CREATE_COMPLETE");
        let c = stack.resource("c").await.unwrap().physical_resource_id;
        cloud.script("delete", c, Fault::Refuse(Failure::denied("it is locked")));
        stack.delete_with(&Deletion::whole().on_failure(on_failure)).await.unwrap();
        let (status, reason) = end(&stack).await;
        assert_eq!(status, "DELETE_FAILED");
        assert!(reason.contains("it is locked"), "{reason}");
        assert!(left.contains(&names(&cloud).len()), "{on_failure:?} {:?}", names(&cloud));
        // The next one does the rest.
        stack.delete().await.unwrap();
        assert_eq!(end(&stack).await.0, "DELETE_COMPLETE");
        assert!(cloud.objects().is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_begun_that_is_known_to_fail_where_it_is_all_or_nothing() {
    let cloud = Cloud::new(1);
    let environment = "resource_registry: {resources: {b: {restricted_actions: update}}}";
    let environment = Environment::parse(&mut SourceMap::new(), "e", environment, &Limits::default())
        .into_result()
        .unwrap()
        .0;
    let new = NewStack::new("s", template(WORLD)).environment(environment);
    let stack = engine(&cloud).await.create(new).await.unwrap();
    end(&stack).await;
    cloud.journal();
    let changed = WORLD.replace("name: a}", "name: a, value: y}").replace("name: b}", "name: b, value: y}");
    let update = Update::existing().template(template(&changed));
    let refused = stack.update(update.clone().all_or_nothing()).await;
    let Err(EngineError::WouldFail { reasons, .. }) = refused else { panic!("{refused:?}") };
    assert_eq!(reasons, ["resources.b: the environment forbids to update it"]);
    assert_eq!(cloud.journal(), [""; 0]);
    assert_eq!(stack.show().await.unwrap().stack_status, "CREATE_COMPLETE");
    // Without what would fail it is done.
    stack.update(update.clone().all_or_nothing().except(["b"])).await.unwrap();
    assert_eq!(end(&stack).await.0, "UPDATE_COMPLETE");
    // As in Heat it fails in the run.
    stack.update(update).await.unwrap();
    assert_eq!(end(&stack).await.0, "UPDATE_FAILED");
}
