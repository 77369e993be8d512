//! Hooks of the environment: where a stack waits until somebody clears them.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod support;

use heat_engine::record::OnFailure;
use heat_engine::run::Clock;
use heat_engine::store::{EventQuery, MemoryStore};
use heat_engine::{Engine, EngineError, NewStack, Rest, Stack, Update};
use heat_plugin_sdk::{Failure, Registry};
use heat_template::environment::Hook;
use heat_template::source::SourceMap;
use heat_template::yaml::Limits;
use heat_template::{Environment, Files};
use std::time::Duration;
use support::cloud::{Cloud, Fault, Weather, plugin};
use support::process::start;
use support::{stack_of, template as parse};

fn template(text: &str) -> heat_template::Template {
    parse(&format!("heat_template_version: 2021-04-16\n{text}"))
}

fn hooks(entries: &str) -> Environment {
    let text = format!("resource_registry: {{resources: {entries}}}\n");
    Environment::parse(&mut SourceMap::new(), "env.yaml", &text, &Limits::default()).value.unwrap()
}

async fn engine(cloud: &Cloud) -> Engine {
    Engine::builder().registry(Registry::new().with(plugin(cloud))).build().await.unwrap()
}

async fn must_be(stack: &Stack, status: &str) -> String {
    let view = stack.finished().await.unwrap();
    assert_eq!(view.stack_status, status, "{}", view.stack_status_reason);
    view.stack_status_reason
}

/// Where nothing but hooks holds the stack: the ways to the resources, each with its hook.
async fn held(stack: &Stack) -> Vec<String> {
    let rest = tokio::time::timeout(Duration::from_secs(600), stack.at_rest()).await.unwrap().unwrap();
    match rest {
        Rest::AtHooks(hooks) => {
            let mut told: Vec<String> =
                hooks.iter().map(|hook| format!("{} {}", hook.path, hook.hook.name())).collect();
            told.sort();
            told
        }
        Rest::Finished(view) => {
            panic!("it waits nowhere: {} {}", view.stack_status, view.stack_status_reason)
        }
    }
}

async fn status(stack: &Stack, name: &str) -> String {
    stack.resource(name).await.map_or_else(|_| "none".to_owned(), |view| view.resource_status)
}

async fn events_of(stack: &Stack, name: &str) -> Vec<String> {
    let query = EventQuery { resource: Some(name.to_owned()), ..EventQuery::default() };
    let events = stack.recorded_events(&query).await.unwrap();
    events.iter().map(|(_, event)| format!("{}_{} {}", event.action, event.status, event.reason)).collect()
}

const PAIR: &str = "
resources:
  a: {type: 'Test::Keyed', properties: {name: a, value: old}}
  b: {type: 'Test::Keyed', properties: {name: b, links: [{get_resource: a}]}}
  c: {type: 'Test::Keyed', properties: {name: c}}
";

#[tokio::test(start_paused = true)]
async fn a_resource_waits_before_it_is_created_and_everything_else_goes_on() {
    let cloud = Cloud::new(1);
    let engine = engine(&cloud).await;
    let new = NewStack::new("s", template(PAIR)).environment(hooks("{a: {hooks: pre-create}}"));
    let plan = engine.preview(&new).await.unwrap();
    let shown = plan.to_text();
    assert!(shown.contains("+   a  Test::Keyed  create (waits at pre-create)"), "{shown}");
    let stack = engine.create(new).await.unwrap();
    assert_eq!(held(&stack).await, ["a pre-create"]);
    assert_eq!(cloud.journal(), ["create c"]);
    assert_eq!(status(&stack, "a").await, "INIT_COMPLETE");
    assert_eq!(stack.show().await.unwrap().stack_status, "CREATE_IN_PROGRESS");
    let wrong = stack.clear_hook("a", Hook::PreUpdate).await.unwrap_err();
    assert!(matches!(wrong, EngineError::NoHook { .. }));
    assert!(
        wrong.to_string().contains("the \"pre-update\" hook is not defined on Test::Keyed \"a\""),
        "{wrong}"
    );
    assert!(matches!(
        stack.clear_hook("nobody", Hook::PreCreate).await,
        Err(EngineError::NoSuchResource { .. })
    ));
    stack.clear_hook("a", Hook::PreCreate).await.unwrap();
    must_be(&stack, "CREATE_COMPLETE").await;
    assert_eq!(cloud.journal(), ["create a", "create b"]);
    let expected = [
        "INIT_COMPLETE CREATE paused until Hook pre-create is cleared",
        "INIT_COMPLETE Hook pre-create is cleared",
        "CREATE_IN_PROGRESS state changed",
        "CREATE_COMPLETE state changed",
    ];
    assert_eq!(events_of(&stack, "a").await, expected);
    assert!(stack.hooks(9).await.unwrap().is_empty());
    assert!(matches!(stack.clear_hook("a", Hook::PreCreate).await, Err(EngineError::NoHook { .. })));
}

#[tokio::test(start_paused = true)]
async fn what_uses_a_resource_waits_for_the_hook_behind_its_creation() {
    let cloud = Cloud::new(2);
    let new = NewStack::new("s", template(PAIR))
        .environment(hooks("{'*': {hooks: post-create}, c: {hooks: [pre-create, post-create]}}"));
    let stack = engine(&cloud).await.create(new).await.unwrap();
    assert_eq!(held(&stack).await, ["a post-create", "c pre-create"]);
    assert_eq!(status(&stack, "a").await, "CREATE_COMPLETE");
    stack.clear_hook("a", Hook::PostCreate).await.unwrap();
    stack.clear_hook("c", Hook::PreCreate).await.unwrap();
    assert_eq!(held(&stack).await, ["b post-create", "c post-create"]);
    stack.clear_hook("b", Hook::PostCreate).await.unwrap();
    stack.clear_hook("c", Hook::PostCreate).await.unwrap();
    must_be(&stack, "CREATE_COMPLETE").await;
    assert_eq!(
        events_of(&stack, "b").await[2..],
        [
            "CREATE_COMPLETE CREATE paused until Hook post-create is cleared",
            "CREATE_COMPLETE Hook post-create is cleared"
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn an_update_waits_before_all_that_was_there_and_behind_what_it_changes_in_place() {
    let cloud = Cloud::new(3);
    let every = "{'*': {hooks: [pre-create, post-create, pre-update, post-update, pre-delete, post-delete]}}";
    let stack = engine(&cloud).await.create(NewStack::new("s", template(PAIR))).await.unwrap();
    must_be(&stack, "CREATE_COMPLETE").await;
    cloud.journal();
    // `a` in place, `b` as it is, `c` replaced, `d` is new, and nothing but those hooks holds them: as in Heat.
    let text = "
resources:
  a: {type: 'Test::Keyed', properties: {name: a, value: new}}
  b: {type: 'Test::Keyed', properties: {name: b, links: [{get_resource: a}]}}
  c: {type: 'Test::Keyed', properties: {name: c, place: elsewhere}}
  d: {type: 'Test::Keyed', properties: {name: d}}
";
    let update = Update::to(template(text)).environment(hooks(every));
    let shown = stack.preview_update(&update).await.unwrap().to_text();
    assert!(shown.contains("update (value; waits at pre-update, post-update)"), "{shown}");
    assert!(shown.contains("keep (waits at pre-update)"), "{shown}");
    stack.update(update).await.unwrap();
    assert_eq!(held(&stack).await, ["a pre-update", "c pre-update"]);
    assert_eq!(status(&stack, "a").await, "CREATE_COMPLETE");
    assert_eq!(cloud.journal(), ["create d"]);
    stack.clear_hook("c", Hook::PreUpdate).await.unwrap();
    assert_eq!(held(&stack).await, ["a pre-update"]);
    assert!(cloud.journal().contains(&"create c".to_owned()), "what it replaces passes the other hooks");
    stack.clear_hook("a", Hook::PreUpdate).await.unwrap();
    assert_eq!(held(&stack).await, ["a post-update"]);
    assert_eq!(status(&stack, "a").await, "UPDATE_COMPLETE");
    stack.clear_hook("a", Hook::PostUpdate).await.unwrap();
    assert_eq!(held(&stack).await, ["b pre-update"]);
    stack.clear_hook("b", Hook::PreUpdate).await.unwrap();
    must_be(&stack, "UPDATE_COMPLETE").await;
    let told = events_of(&stack, "a").await;
    assert_eq!(
        told[2..],
        [
            "CREATE_COMPLETE UPDATE paused until Hook pre-update is cleared",
            "CREATE_COMPLETE Hook pre-update is cleared",
            "UPDATE_IN_PROGRESS state changed",
            "UPDATE_COMPLETE state changed",
            "UPDATE_COMPLETE UPDATE paused until Hook post-update is cleared",
            "UPDATE_COMPLETE Hook post-update is cleared",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_deletion_waits_before_and_behind_each_resource() {
    let cloud = Cloud::new(4);
    let new = NewStack::new("s", template(PAIR))
        .environment(hooks("{b: {hooks: [pre-delete, post-delete]}, a: {hooks: post-delete}}"));
    let stack = engine(&cloud).await.create(new).await.unwrap();
    must_be(&stack, "CREATE_COMPLETE").await;
    cloud.journal();
    let shown = stack.preview_delete().await.unwrap().to_text();
    assert!(shown.contains("delete (waits at pre-delete, post-delete)"), "{shown}");
    stack.delete().await.unwrap();
    assert_eq!(held(&stack).await, ["b pre-delete"]);
    assert_eq!(cloud.journal(), ["delete c"]);
    // Asked for once more, it goes on waiting.
    stack.delete().await.unwrap();
    stack.clear_hook("b", Hook::PreDelete).await.unwrap();
    assert_eq!(held(&stack).await, ["b post-delete"]);
    assert_eq!(cloud.journal(), ["delete b"], "what it used stays until the hook is cleared");
    assert_eq!(status(&stack, "b").await, "DELETE_COMPLETE");
    stack.clear_hook("b", Hook::PostDelete).await.unwrap();
    assert_eq!(held(&stack).await, ["a post-delete"]);
    assert_eq!(status(&stack, "b").await, "none");
    stack.clear_hook("a", Hook::PostDelete).await.unwrap();
    must_be(&stack, "DELETE_COMPLETE").await;
    assert!(cloud.objects().is_empty());
}

#[tokio::test(start_paused = true)]
async fn resources_inside_of_nested_stacks_wait_by_the_inner_part_of_the_environment() {
    let cloud = Cloud::new(5);
    let inside = "heat_template_version: 2021-04-16\nresources: {core: {type: 'Test::Keyed'}, free: {type: 'Test::Keyed'}}\n";
    let files: Files = [("box.yaml", inside)].into_iter().collect();
    let outer = template(
        "resources:\n  group: {type: OS::Heat::ResourceGroup, properties: {count: 2, resource_def: {type: box.yaml}}}\n",
    );
    let environment = hooks("{group: {hooks: post-create, '1': {core: {hooks: [pre-create, pre-delete]}}}}");
    let engine = engine(&cloud).await;
    let stack =
        engine.create(NewStack::new("nest", outer).files(files).environment(environment)).await.unwrap();
    assert_eq!(held(&stack).await, ["group/1/core pre-create"]);
    assert_eq!(cloud.objects().len(), 3);
    let at = stack.hooks(2).await.unwrap().remove(0);
    assert!(stack.hooks(0).await.unwrap().is_empty());
    let inner = engine.stack("default", at.stack.as_str()).await.unwrap();
    inner.clear_hook("core", Hook::PreCreate).await.unwrap();
    assert_eq!(held(&stack).await, ["group post-create"]);
    stack.clear_hook("group", Hook::PostCreate).await.unwrap();
    must_be(&stack, "CREATE_COMPLETE").await;
    stack.delete().await.unwrap();
    assert_eq!(held(&stack).await, ["group/1/core pre-delete"]);
    inner.clear_hook("core", Hook::PreDelete).await.unwrap();
    must_be(&stack, "DELETE_COMPLETE").await;
    assert!(cloud.objects().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_time_out_ends_the_wait_and_that_of_a_step_does_not_count_meanwhile() {
    let cloud = Cloud::new(6);
    let engine = Engine::builder()
        .registry(Registry::new().with(plugin(&cloud)))
        .step_timeout(Duration::from_secs(20))
        .build()
        .await
        .unwrap();
    let new = |minutes: u64| {
        NewStack::new(format!("s{minutes}"), template(PAIR))
            .environment(hooks("{a: {hooks: [pre-create, pre-delete]}}"))
            .timeout(Duration::from_secs(minutes * 60))
    };
    let stack = engine.create(new(5)).await.unwrap();
    assert_eq!(must_be(&stack, "CREATE_FAILED").await, "Create timed out");
    assert!(stack.hooks(9).await.unwrap().is_empty());
    assert_eq!(
        events_of(&stack, "a").await,
        [
            "INIT_COMPLETE CREATE paused until Hook pre-create is cleared",
            "INIT_COMPLETE Failure occurred while waiting."
        ]
    );
    assert!(matches!(stack.clear_hook("a", Hook::PreCreate).await, Err(EngineError::NoHook { .. })));
    // What was never created passes the hook before its deletion.
    stack.delete().await.unwrap();
    must_be(&stack, "DELETE_COMPLETE").await;
    assert!(cloud.objects().is_empty());

    let stack = engine.create(new(9)).await.unwrap();
    held(&stack).await;
    tokio::time::sleep(Duration::from_secs(100)).await;
    stack.clear_hook("a", Hook::PreCreate).await.unwrap();
    must_be(&stack, "CREATE_COMPLETE").await;
}

#[tokio::test(start_paused = true)]
async fn a_failure_elsewhere_and_a_cancellation_end_the_wait() {
    let cloud = Cloud::new(7);
    let engine = engine(&cloud).await;
    cloud.set_weather(Weather { latency: 2000, ..Weather::default() });
    cloud.script("create", "c", Fault::Refuse(Failure::denied("no")));
    let new = NewStack::new("s", template(PAIR)).environment(hooks("{a: {hooks: pre-create}}"));
    let stack = engine.create(new).await.unwrap();
    assert_eq!(must_be(&stack, "CREATE_FAILED").await, "Resource CREATE failed: Forbidden: resources.c: no");
    assert!(stack.hooks(9).await.unwrap().is_empty());

    // Also inside of a nested stack, while the failure is outside.
    let inside = "heat_template_version: 2021-04-16\nresources: {core: {type: 'Test::Keyed'}}\n";
    let files: Files = [("box.yaml", inside)].into_iter().collect();
    let outer =
        template("resources: {box: {type: box.yaml}, c: {type: 'Test::Keyed', properties: {name: c}}}");
    cloud.script("create", "c", Fault::Refuse(Failure::denied("no")));
    let new = NewStack::new("nest", outer)
        .files(files)
        .environment(hooks("{box: {core: {hooks: pre-create}}}"))
        .on_failure(OnFailure::Rollback);
    let stack = engine.create(new).await.unwrap();
    must_be(&stack, "ROLLBACK_COMPLETE").await;

    let new = NewStack::new("t", template(PAIR)).environment(hooks("{a: {hooks: pre-create}}"));
    let stack = engine.create(new).await.unwrap();
    assert_eq!(held(&stack).await, ["a pre-create"]);
    stack.cancel_without_rollback().await.unwrap();
    assert_eq!(must_be(&stack, "CREATE_FAILED").await, "Stack CREATE cancelled by user");
    assert_eq!(events_of(&stack, "a").await[1], "INIT_COMPLETE Failure occurred while waiting.");
    // The next update makes it without waiting: its hooks are those of updates.
    stack.update(Update::existing()).await.unwrap();
    must_be(&stack, "UPDATE_COMPLETE").await;
    assert_eq!(status(&stack, "a").await, "CREATE_COMPLETE");
}

#[tokio::test(start_paused = true)]
async fn an_update_in_mid_flight_and_a_rollback_leave_hooks_behind() {
    let cloud = Cloud::new(8);
    let engine = engine(&cloud).await;
    let stack = engine.create(NewStack::new("s", template(PAIR))).await.unwrap();
    must_be(&stack, "CREATE_COMPLETE").await;
    let changed = PAIR.replace("old", "new");
    let update =
        || Update::to(template(&changed)).environment(hooks("{a: {hooks: [pre-update, post-update]}}"));
    stack.update(update()).await.unwrap();
    assert_eq!(held(&stack).await, ["a pre-update"]);
    // The same update again comes to its own hook.
    stack.update(update()).await.unwrap();
    assert_eq!(held(&stack).await, ["a pre-update"]);
    stack.cancel_update().await.unwrap();
    must_be(&stack, "ROLLBACK_COMPLETE").await;
    assert_eq!(cloud.names()[0], ("a".to_owned(), "old".to_owned()));
    assert!(stack.hooks(9).await.unwrap().is_empty(), "what it waited at is nobody's any more");

    stack.update(update()).await.unwrap();
    assert_eq!(held(&stack).await, ["a pre-update"]);
    stack.delete().await.unwrap();
    must_be(&stack, "DELETE_COMPLETE").await;
    assert!(cloud.objects().is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_waits_survives_its_engine_and_any_engine_clears_it() {
    let cloud = Cloud::new(9);
    let store = MemoryStore::new();
    let all =
        hooks("{a: {hooks: [pre-create, post-create, pre-update, post-update, pre-delete, post-delete]}}");
    let process = start(&store, &cloud, 1, None, true).await.unwrap().unwrap();
    let stack =
        process.engine.create(NewStack::new("s", template(PAIR)).environment(all.clone())).await.unwrap();
    assert_eq!(held(&stack).await, ["a pre-create"]);
    process.engine.shutdown().await;
    drop((stack, process));

    // One that takes nothing up by itself goes on with what it clears.
    let quiet = Engine::builder()
        .registry(Registry::new().with(plugin(&cloud)))
        .store(store.other_engine())
        .secrets_in_clear()
        .clock(Clock::simulated("2026-01-01T00:00:00Z".parse().unwrap()))
        .without_resuming()
        .build()
        .await
        .unwrap();
    let stack = stack_of(&quiet, "s").await;
    assert_eq!(stack.hooks(0).await.unwrap()[0].hook, Hook::PreCreate);
    stack.clear_hook("a", Hook::PreCreate).await.unwrap();
    assert_eq!(held(&stack).await, ["a post-create"]);
    quiet.shutdown().await;
    drop((stack, quiet));

    let mut steps = vec![
        (Hook::PostCreate, Hook::PreUpdate, "update"),
        (Hook::PreUpdate, Hook::PostUpdate, ""),
        (Hook::PostUpdate, Hook::PreDelete, "delete"),
        (Hook::PreDelete, Hook::PostDelete, ""),
    ];
    let mut seed = 2;
    let changed = PAIR.replace("old", "new");
    for (hook, next, then) in steps.drain(..) {
        // Each time another engine.
        seed += 1;
        let process = start(&store, &cloud, seed, None, true).await.unwrap().unwrap();
        let stack = stack_of(&process.engine, "s").await;
        assert_eq!(held(&stack).await, [format!("a {}", hook.name())]);
        stack.clear_hook("a", hook).await.unwrap();
        if !then.is_empty() {
            stack.finished().await.unwrap();
        }
        match then {
            "update" => {
                stack.update(Update::to(template(&changed)).environment(all.clone())).await.unwrap();
            }
            "delete" => stack.delete().await.unwrap(),
            _ => {}
        }
        assert_eq!(held(&stack).await, [format!("a {}", next.name())]);
        process.engine.shutdown().await;
    }
    let process = start(&store, &cloud, 77, None, true).await.unwrap().unwrap();
    let stack = stack_of(&process.engine, "s").await;
    assert_eq!(held(&stack).await, ["a post-delete"]);
    stack.clear_hook("a", Hook::PostDelete).await.unwrap();
    must_be(&stack, "DELETE_COMPLETE").await;
    assert!(cloud.objects().is_empty());
    let journal = cloud.journal();
    for once in ["create a", "update a", "delete a"] {
        assert_eq!(journal.iter().filter(|line| *line == once).count(), 1, "{once}: {journal:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_exists_already_passes_and_a_decision_in_the_run_waits() {
    let cloud = Cloud::new(10);
    cloud.put("outside", "outside", "old");
    let engine = engine(&cloud).await;
    let text = "
resources:
  ext: {type: 'Test::Keyed', external_id: outside}
  a: {type: 'Test::Keyed', properties: {name: a, value: VALUE}}
  b: {type: 'Test::Keyed', properties: {name: b, value: {get_attr: [a, value]}}}
";
    let every = "{'*': {hooks: [pre-create, pre-update, post-update, pre-delete]}, b: {hooks: []}}";
    let new = NewStack::new("s", template(&text.replace("VALUE", "one")))
        .environment(hooks("{ext: {hooks: [pre-create, post-create]}}"));
    let stack = engine.create(new).await.unwrap();
    must_be(&stack, "CREATE_COMPLETE").await;
    let update = Update::to(template(&text.replace("VALUE", "two"))).environment(hooks(every));
    stack.update(update).await.unwrap();
    assert_eq!(held(&stack).await, ["a pre-update"]);
    for (name, hook) in
        [("a", Hook::PreUpdate), ("a", Hook::PostUpdate), ("b", Hook::PreUpdate), ("b", Hook::PostUpdate)]
    {
        assert_eq!(held(&stack).await, [format!("{name} {}", hook.name())]);
        stack.clear_hook(name, hook).await.unwrap();
    }
    must_be(&stack, "UPDATE_COMPLETE").await;
    assert_eq!(cloud.names()[1], ("b".to_owned(), "two".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn what_is_done_stays_done_where_the_wait_behind_it_ends_otherwise() {
    let cloud = Cloud::new(11);
    let engine = engine(&cloud).await;
    cloud.set_weather(Weather { latency: 2000, ..Weather::default() });
    let text = "
resources:
  a: {type: 'Test::Keyed', properties: {name: a}}
  c: {type: 'Test::Keyed', properties: {name: c}, depends_on: d}
  d: {type: 'Test::Keyed', properties: {name: d}}
";
    cloud.script("create", "c", Fault::Refuse(Failure::denied("no")));
    let new = NewStack::new("s", template(text)).environment(hooks("{a: {hooks: post-create}}"));
    let stack = engine.create(new).await.unwrap();
    must_be(&stack, "CREATE_FAILED").await;
    assert_eq!(status(&stack, "a").await, "CREATE_COMPLETE");
    assert_eq!(
        events_of(&stack, "a").await.last().unwrap(),
        "CREATE_COMPLETE Failure occurred while waiting."
    );
    // A time-out does the same.
    let new = NewStack::new("t", template(text))
        .environment(hooks("{a: {hooks: post-create}, d: {hooks: pre-delete}}"))
        .timeout(Duration::from_secs(120));
    let stack = engine.create(new).await.unwrap();
    assert_eq!(must_be(&stack, "CREATE_FAILED").await, "Create timed out");
    assert_eq!(status(&stack, "a").await, "CREATE_COMPLETE");
    stack.delete().await.unwrap();
    assert_eq!(must_be(&stack, "DELETE_FAILED").await, "Delete timed out");
    assert_eq!(cloud.objects().len(), 3, "what the first one made, and the one that nobody let go");
    stack.delete().await.unwrap();
    assert_eq!(held(&stack).await, ["d pre-delete"]);
    stack.clear_hook("d", Hook::PreDelete).await.unwrap();
    must_be(&stack, "DELETE_COMPLETE").await;
}

#[tokio::test(start_paused = true)]
async fn a_nested_stack_that_only_waited_to_be_made_is_forgotten() {
    let cloud = Cloud::new(12);
    let engine = engine(&cloud).await;
    let inside = "heat_template_version: 2021-04-16\nresources: {core: {type: 'Test::Keyed'}}\n";
    let files: Files = [("box.yaml", inside)].into_iter().collect();
    let new = NewStack::new("s", template("resources: {box: {type: box.yaml}}"))
        .files(files)
        .environment(hooks("{box: {hooks: [pre-create, post-delete]}}"))
        .timeout(Duration::from_secs(60))
        .on_failure(OnFailure::Rollback);
    let stack = engine.create(new.clone()).await.unwrap();
    must_be(&stack, "ROLLBACK_COMPLETE").await;
    stack.delete().await.unwrap();
    must_be(&stack, "DELETE_COMPLETE").await;
    // One that was made is gone before the hook behind its deletion, and nothing is left of it.
    let stack = engine.create(new).await.unwrap();
    held(&stack).await;
    stack.clear_hook("box", Hook::PreCreate).await.unwrap();
    must_be(&stack, "CREATE_COMPLETE").await;
    stack.delete().await.unwrap();
    assert_eq!(held(&stack).await, ["box post-delete"]);
    assert!(cloud.objects().is_empty());
    stack.clear_hook("box", Hook::PostDelete).await.unwrap();
    must_be(&stack, "DELETE_COMPLETE").await;
}

#[tokio::test(start_paused = true)]
async fn a_nested_stack_that_only_waited_to_be_made_gives_way_to_another_type() {
    let cloud = Cloud::new(13);
    let engine = engine(&cloud).await;
    let inside = "heat_template_version: 2021-04-16\nresources: {core: {type: 'Test::Keyed'}}\n";
    let files: Files = [("box.yaml", inside)].into_iter().collect();
    let new = NewStack::new("s", template("resources: {box: {type: box.yaml}}"))
        .files(files)
        .environment(hooks("{box: {hooks: pre-create}}"));
    let stack = engine.create(new).await.unwrap();
    held(&stack).await;
    stack.update(Update::to(template("resources: {box: {type: 'Test::Keyed'}}"))).await.unwrap();
    must_be(&stack, "UPDATE_COMPLETE").await;
    assert_eq!(cloud.objects().len(), 1);
}
