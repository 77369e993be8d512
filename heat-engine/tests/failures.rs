//! What happens when things go wrong: failures of each class, lost answers, time-outs, rollback, requests in mid-flight.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs, reason = "a test stops where it fails")]

mod support;

use futures_util::StreamExt;
use heat_engine::record::OnFailure;
use heat_engine::run::Clock;
use heat_engine::store::{MemoryStore, StackQuery};
use heat_engine::{Engine, EngineBuilder, EngineError, NewStack, Stack, StackView, Update};
use heat_plugin_sdk::{Credentials, Failure, Registry};
use std::sync::Arc;
use std::time::Duration;
use support::cloud::{Cloud, Fault, Weather, plugin};
use support::process::{alive, start};
use support::template;

fn builder(cloud: &Cloud) -> EngineBuilder {
    Engine::builder()
        .registry(Registry::new().with(plugin(cloud)))
        .store(MemoryStore::new())
        .secrets_in_clear()
        .clock(Clock::simulated("2026-01-01T00:00:00Z".parse().unwrap()))
}

async fn engine(cloud: &Cloud) -> Engine {
    builder(cloud).build().await.unwrap()
}

async fn create(engine: &Engine, text: &str) -> (Stack, StackView) {
    let stack = engine.create(NewStack::new("s", template(text))).await.unwrap();
    let view = stack.finished().await.unwrap();
    (stack, view)
}

fn one(kind: &str, properties: &str) -> String {
    format!(
        "heat_template_version: 2021-04-16\nresources:\n  a:\n    type: {kind}\n    properties: {{name: a{properties}}}\n"
    )
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_makes_no_second_object() {
    for kind in ["Test::Keyed", "Test::Unique", "Test::Named"] {
        let cloud = Cloud::new(1);
        cloud.script("create", "a", Fault::LoseAnswer);
        let engine = engine(&cloud).await;
        let (_, view) = create(&engine, &one(kind, "")).await;
        assert!(view.is_complete(), "{kind}: {}", view.stack_status_reason);
        assert_eq!(cloud.journal(), ["create a"], "{kind}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_that_never_arrived_is_repeated_after_the_settle_time() {
    let cloud = Cloud::new(1);
    cloud.script("create", "a", Fault::Drop);
    let engine = engine(&cloud).await;
    let before = tokio::time::Instant::now();
    let (_, view) = create(&engine, &one("Test::Keyed", "")).await;
    assert!(view.is_complete(), "{}", view.stack_status_reason);
    assert!(before.elapsed() >= Duration::from_secs(5), "{:?}", before.elapsed());
    assert_eq!(cloud.objects().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_type_that_cannot_look_fails_and_names_the_uncertainty() {
    let cloud = Cloud::new(1);
    cloud.script("create", "a", Fault::LoseAnswer);
    let engine = engine(&cloud).await;
    let (_, view) = create(&engine, &one("Test::Unfindable", "")).await;
    assert_eq!(view.stack_status, "CREATE_FAILED");
    assert!(view.stack_status_reason.contains("not known whether"), "{}", view.stack_status_reason);
    assert_eq!(cloud.objects().len(), 1, "it was not repeated");
}

#[tokio::test(start_paused = true)]
async fn passing_failures_are_tried_again_and_final_ones_are_not() {
    let cloud = Cloud::new(1);
    for failure in [
        Failure::busy(None, "busy"),
        Failure::unavailable(Some(Duration::from_secs(3)), "maintenance"),
        Failure::over_limit(Some(Duration::from_secs(2)), "slow down"),
        Failure::conflict("in the way"),
    ] {
        cloud.script("create", "a", Fault::Refuse(failure));
    }
    let engine = engine(&cloud).await;
    let (stack, view) = create(&engine, &one("Test::Keyed", "")).await;
    assert!(view.is_complete(), "{}", view.stack_status_reason);
    stack.delete().await.unwrap();
    stack.finished().await.unwrap();

    for (failure, word) in [
        (Failure::denied("policy says no"), "Forbidden: resources.a: policy says no"),
        (Failure::over_limit(None, "quota exceeded"), "OverLimit: resources.a: quota exceeded"),
        (Failure::invalid(None, "bad value"), "BadRequest: resources.a: bad value"),
    ] {
        cloud.script("create", "a", Fault::Refuse(failure));
        let (stack, view) = create(&engine, &one("Test::Keyed", "")).await;
        assert_eq!(view.stack_status, "CREATE_FAILED");
        assert!(view.stack_status_reason.ends_with(word), "{}", view.stack_status_reason);
        stack.delete().await.unwrap();
        stack.finished().await.unwrap();
        assert!(cloud.objects().is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn a_broken_object_fails_the_stack_and_the_next_update_replaces_it() {
    let cloud = Cloud::new(1);
    cloud.script("create", "a", Fault::Break("no valid host".to_owned()));
    let engine = engine(&cloud).await;
    let (stack, view) = create(&engine, &one("Test::Keyed", "")).await;
    assert_eq!(view.stack_status, "CREATE_FAILED");
    assert!(view.stack_status_reason.contains("no valid host"), "{}", view.stack_status_reason);
    stack.update(Update::existing()).await.unwrap();
    assert!(stack.finished().await.unwrap().is_complete());
    // What is broken and nothing depends on goes first: it may hold a name or a quota that the new one needs.
    assert_eq!(cloud.journal(), ["create a", "delete a", "create a"]);
}

#[tokio::test(start_paused = true)]
async fn a_failed_update_rolls_back_to_what_was_complete() {
    let cloud = Cloud::new(1);
    let engine = engine(&cloud).await;
    let first = "
heat_template_version: 2021-04-16
resources:
  a: {type: Test::Keyed, properties: {name: a, value: one}}
  b: {type: Test::Keyed, properties: {name: b, place: here, links: [{get_resource: a}]}}
";
    let (stack, _) = create(&engine, first).await;
    cloud.journal();
    let second = first.replace("value: one", "value: two").replace("place: here", "place: there");
    cloud.script("create", "b", Fault::Refuse(Failure::denied("policy says no")));
    stack.update(Update::to(template(&second)).on_failure(OnFailure::Rollback)).await.unwrap();
    let view = stack.finished().await.unwrap();
    assert_eq!(view.stack_status, "ROLLBACK_COMPLETE", "{}", view.stack_status_reason);
    assert_eq!(cloud.names(), [("a".to_owned(), "one".to_owned()), ("b".to_owned(), String::new())]);
    assert!(cloud.breaches().is_empty(), "{:?}", cloud.breaches());
    let plan = stack.preview_update(&Update::to(template(first))).await.unwrap();
    assert!(plan.is_empty(), "{}", plan.to_text());
}

#[tokio::test(start_paused = true)]
async fn a_failed_creation_with_rollback_leaves_nothing() {
    let cloud = Cloud::new(1);
    cloud.script("create", "b", Fault::Refuse(Failure::denied("policy says no")));
    let engine = engine(&cloud).await;
    let text = "
heat_template_version: 2021-04-16
resources:
  a: {type: Test::Keyed, properties: {name: a}}
  b: {type: Test::Keyed, properties: {name: b, links: [{get_resource: a}]}}
";
    let new = NewStack::new("s", template(text)).on_failure(OnFailure::Rollback);
    let stack = engine.create(new).await.unwrap();
    let view = stack.finished().await.unwrap();
    assert_eq!(view.stack_status, "ROLLBACK_COMPLETE");
    assert!(cloud.objects().is_empty());
}

#[tokio::test(start_paused = true)]
async fn after_a_failure_nothing_new_starts_unless_the_rest_shall_go_on() {
    let text = "
heat_template_version: 2021-04-16
resources:
  bad: {type: Test::Keyed, properties: {name: bad}}
  slow: {type: Test::Keyed, properties: {name: slow}}
  behind: {type: Test::Keyed, properties: {name: behind, links: [{get_resource: slow}]}}
";
    for (rule, made) in [(OnFailure::Stop, 1), (OnFailure::Continue, 2)] {
        let cloud = Cloud::new(1);
        cloud.set_weather(Weather { working: 1000, ..Weather::default() });
        cloud.script("create", "bad", Fault::Refuse(Failure::denied("no")));
        let engine = engine(&cloud).await;
        let stack = engine.create(NewStack::new("s", template(text)).on_failure(rule)).await.unwrap();
        let view = stack.finished().await.unwrap();
        assert_eq!(view.stack_status, "CREATE_FAILED");
        assert_eq!(cloud.objects().len(), made, "{rule:?}: {:?}", cloud.names());
    }
}

#[tokio::test(start_paused = true)]
async fn time_outs_fire() {
    let cloud = Cloud::new(1);
    cloud.set_weather(Weather { working: 100_000_000, ..Weather::default() });
    let engine = builder(&cloud).step_timeout(Duration::from_secs(60)).build().await.unwrap();
    let (stack, view) = create(&engine, &one("Test::Keyed", "")).await;
    assert_eq!(view.stack_status, "CREATE_FAILED");
    assert!(view.stack_status_reason.contains("timed out"), "{}", view.stack_status_reason);
    stack.delete().await.unwrap();
    assert!(stack.finished().await.unwrap().is_complete());

    let engine = builder(&cloud).build().await.unwrap();
    let new = NewStack::new("t", template(&one("Test::Keyed", ""))).timeout(Duration::from_secs(120));
    let stack = engine.create(new).await.unwrap();
    let before = tokio::time::Instant::now();
    let view = stack.finished().await.unwrap();
    assert_eq!(
        (view.stack_status.as_str(), view.stack_status_reason.as_str()),
        ("CREATE_FAILED", "Create timed out")
    );
    assert!(before.elapsed() < Duration::from_secs(180), "{:?}", before.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_time_out_does_not_hide_the_failure_before_it() {
    let text = "
heat_template_version: 2021-04-16
resources:
  bad: {type: Test::Keyed, properties: {name: bad}}
  slow: {type: Test::Keyed, properties: {name: slow}}
";
    let cloud = Cloud::new(1);
    cloud.set_weather(Weather { working: 100_000_000, ..Weather::default() });
    // A message that ends like a time-out is no time-out of the stack.
    cloud.script("create", "bad", Fault::Refuse(Failure::denied("the policy server timed out")));
    let engine = builder(&cloud).build().await.unwrap();
    let new = NewStack::new("s", template(text)).timeout(Duration::from_secs(120));
    let stack = engine.create(new).await.unwrap();
    let view = stack.finished().await.unwrap();
    assert_eq!(view.stack_status, "CREATE_FAILED");
    let reason = "Resource CREATE failed: Forbidden: resources.bad: the policy server timed out";
    assert_eq!(view.stack_status_reason, reason);
}

#[tokio::test(start_paused = true)]
async fn an_update_and_a_deletion_may_come_at_any_moment() {
    let cloud = Cloud::new(1);
    cloud.set_weather(Weather { working: 60_000, latency: 500, ..Weather::default() });
    let engine = engine(&cloud).await;
    let stack = engine.create(NewStack::new("s", template(&one("Test::Keyed", "")))).await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    stack.update(Update::to(template(&one("Test::Keyed", ", value: two")))).await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    stack.delete().await.unwrap();
    let view = stack.finished().await.unwrap();
    assert_eq!(view.stack_status, "DELETE_COMPLETE");
    assert!(cloud.objects().is_empty());
    assert!(matches!(engine.stack("default", "s").await, Err(EngineError::NoSuchStack { .. })));
}

#[tokio::test(start_paused = true)]
async fn a_plan_is_refused_when_the_stack_has_moved_on() {
    let cloud = Cloud::new(1);
    let engine = engine(&cloud).await;
    let (stack, _) = create(&engine, &one("Test::Keyed", "")).await;
    let update = || Update::to(template(&one("Test::Keyed", ", value: two")));
    let plan = stack.preview_update(&update()).await.unwrap();
    stack.update(update()).await.unwrap();
    stack.finished().await.unwrap();
    assert!(matches!(stack.apply(update(), &plan).await, Err(EngineError::StalePlan { .. })));
    let plan =
        stack.preview_update(&Update::to(template(&one("Test::Keyed", ", value: three")))).await.unwrap();
    assert!(
        matches!(stack.apply(update(), &plan).await, Err(EngineError::StalePlan { .. })),
        "another update's plan"
    );
}

#[tokio::test(start_paused = true)]
async fn what_is_refused_leaves_nothing_behind() {
    let cloud = Cloud::new(1);
    let engine = engine(&cloud).await;
    let text = "
heat_template_version: 2021-04-16
parameters: {needed: {type: string}}
resources:
  a: {type: Test::Keyd, properties: {name: a}}
  b: {type: Test::Keyed, properties: {nam: b}}
";
    let Err(EngineError::Refused(refused)) = engine.create(NewStack::new("s", template(text))).await else {
        panic!("it was not refused")
    };
    let errors = refused.diagnostics.iter().filter(|found| found.is_error()).count();
    assert!(errors >= 3, "{:#?}", refused.diagnostics);
    assert!(engine.stacks("default").await.unwrap().is_empty());
    assert!(matches!(
        engine.create(NewStack::new("1s", template(&one("Test::Keyed", "")))).await,
        Err(EngineError::BadName { .. })
    ));
    let (_, _) = create(&engine, &one("Test::Keyed", "")).await;
    let twice = engine.create(NewStack::new("s", template(&one("Test::Keyed", "")))).await;
    assert!(twice.unwrap_err().to_string().contains("already exists"));
}

fn refusal() -> Fault {
    Fault::Refuse(Failure::unauthenticated("the token is not accepted"))
}

fn is_paused(error: &EngineError) -> bool {
    matches!(error, EngineError::Paused { stack, reason } if stack == "s" && reason.contains("token is not accepted"))
}

#[tokio::test(start_paused = true)]
async fn a_stack_whose_credentials_are_refused_waits_and_goes_on_with_others() {
    let cloud = Cloud::new(1);
    cloud.script("create", "a", refusal());
    let engine = engine(&cloud).await;
    let new = NewStack::new("s", template(&one("Test::Keyed", ""))).timeout(Duration::from_secs(60));
    let stack = engine.create(new).await.unwrap();
    let events: Vec<_> = stack.events().collect().await;
    assert!(is_paused(&stack.finished().await.unwrap_err()));
    let view = stack.show().await.unwrap();
    assert_eq!(view.stack_status, "CREATE_IN_PROGRESS");
    assert!(view.stack_status_reason.contains("waits for credentials"), "{}", view.stack_status_reason);
    // Who follows the events is told, and need not wait for ever.
    let (_, last) = events.last().unwrap().as_ref().unwrap();
    assert!(last.reason.contains("waits for credentials"), "{}", last.reason);
    // The time in which nothing could be done does not count for the time-out of a minute.
    tokio::time::sleep(Duration::from_secs(600)).await;
    let others = Credentials::named("other").with_content(serde_json::json!({"token": "new"}));
    stack.go_on_as(others).await.unwrap();
    let view = stack.finished().await.unwrap();
    assert!(view.is_complete(), "{}", view.stack_status_reason);
    assert_eq!(view.credentials.as_deref(), Some("other"));
    assert_eq!(cloud.journal(), ["create a"]);
}

#[tokio::test(start_paused = true)]
async fn the_next_engine_tries_again_where_one_waited_for_credentials() {
    let cloud = Cloud::new(1);
    let store = Arc::new(MemoryStore::new());
    cloud.script("create", "a", refusal());
    let first = builder(&cloud).shared_store(store.clone()).build().await.unwrap();
    let stack = first.create(NewStack::new("s", template(&one("Test::Keyed", "")))).await.unwrap();
    assert!(is_paused(&stack.finished().await.unwrap_err()));
    first.shutdown().await;
    let second = builder(&cloud).shared_store(store).build().await.unwrap();
    let stack = second.stack(&stack.show().await.unwrap().project, "s").await.unwrap();
    assert!(stack.finished().await.unwrap().is_complete());
    assert_eq!(cloud.journal(), ["create a"]);
    // A deletion takes over from where it waits, too.
    cloud.script("delete", "id-1", refusal());
    stack.delete().await.unwrap();
    assert!(is_paused(&stack.finished().await.unwrap_err()));
    stack.delete().await.unwrap();
    assert_eq!(stack.finished().await.unwrap().stack_status, "DELETE_COMPLETE");
    assert!(cloud.objects().is_empty());
}

/// A stack whose second resource fails, and which is to be rolled back.
fn doomed() -> NewStack {
    let text = "heat_template_version: 2021-04-16\nresources:\n  a: {type: Test::Keyed, properties: {name: a}}\n  \
                b: {type: Test::Keyed, properties: {name: b}, depends_on: a}\n";
    NewStack::new("s", template(text)).on_failure(OnFailure::Rollback)
}

#[tokio::test(start_paused = true)]
async fn a_rollback_is_not_lost_when_the_engine_is_killed_between_any_two_writes() {
    let mut killed = 0;
    for commits in 1..40 {
        for durable in [false, true] {
            let (cloud, store) = (Cloud::new(1), MemoryStore::new());
            cloud.script("create", "b", Fault::Refuse(Failure::denied("policy does not allow it")));
            let first = start(&store, &cloud, 1, Some(commits), durable).await.unwrap().unwrap();
            let run = async {
                let stack = first.engine.create(doomed()).await.unwrap();
                stack.finished().await.unwrap();
            };
            let survived = alive(&first.life, run).await.is_some();
            drop(first);
            killed += usize::from(!survived);
            let next = start(&store, &cloud, 2, None, true).await.unwrap().unwrap();
            let stacks = next.engine.all_stacks(&StackQuery::default()).await.unwrap();
            let [view] = stacks.as_slice() else { panic!("{commits} {durable}: {stacks:?}") };
            let stack = next.engine.stack(&view.project, "s").await.unwrap();
            let view = stack.finished().await.unwrap();
            let note = format!("{commits} {durable}: {} {}", view.stack_status, view.stack_status_reason);
            // Killed before the refusal was recorded, its repeat is allowed: the script refuses once.
            match view.stack_status.as_str() {
                "ROLLBACK_COMPLETE" => assert!(cloud.objects().is_empty(), "{note}"),
                "CREATE_COMPLETE" => assert_eq!(cloud.objects().len(), 2, "{note}"),
                _ => panic!("{note}"),
            }
        }
    }
    assert!(killed > 10, "{killed}");
}

#[tokio::test(start_paused = true)]
async fn what_a_service_repeats_of_a_secret_is_told_to_nobody() {
    let cloud = Cloud::new(1);
    cloud.script(
        "create",
        "a",
        Fault::Refuse(Failure::invalid(None, "the password hunter-1234 is too short")),
    );
    let engine = engine(&cloud).await;
    let (stack, view) = create(&engine, &one("Test::Keyed", ", password: hunter-1234")).await;
    assert_eq!(view.stack_status, "CREATE_FAILED");
    assert!(view.stack_status_reason.contains("the password ****** is too short"), "{view:?}");
    let events: Vec<_> = stack.events().collect().await;
    assert!(!format!("{events:?}{:?}", stack.resources().await.unwrap()).contains("hunter"));
}

#[tokio::test(start_paused = true)]
async fn a_refused_update_leaves_other_stacks_alone() {
    let (cloud, store) = (Cloud::new(1), Arc::new(MemoryStore::new()));
    cloud.set_weather(Weather { working: 60_000, ..Weather::default() });
    let first = builder(&cloud).shared_store(store.clone()).build().await.unwrap();
    let text = one("Test::Keyed", ", origin: here").replace("name: a", "name: b");
    let stack = first.create(NewStack::new("s", template(&text))).await.unwrap();
    assert!(stack.finished().await.unwrap().is_complete());
    first.create(NewStack::new("other", template(&one("Test::Keyed", "")))).await.unwrap();
    first.shutdown().await;
    // An engine that leaves unfinished stacks alone does so also when it refuses a request.
    let second = builder(&cloud).shared_store(store).without_resuming().build().await.unwrap();
    let stack = second.stack(&stack.show().await.unwrap().project, "s").await.unwrap();
    let changed = template(&text.replace("origin: here", "origin: there"));
    assert!(matches!(stack.update(Update::to(changed)).await, Err(EngineError::Plan(_))));
    let other = second.stack(&stack.show().await.unwrap().project, "other").await.unwrap();
    assert!(matches!(other.finished().await, Err(EngineError::Stopped { .. })));
}
