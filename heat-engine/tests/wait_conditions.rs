//! Signals, and the wait conditions that live by them.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod support;

use heat_engine::run::Clock;
use heat_engine::store::MemoryStore;
use heat_engine::{Engine, EngineError, NewStack, Stack, Update};
use heat_plugin_sdk::Registry;
use heat_template::source::SourceMap;
use heat_template::yaml::Limits;
use heat_template::{Environment, Files};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::time::Duration;
use support::cloud::{Cloud, plugin};
use support::signals::{ended, events, refusal, settle};
use support::template;
use tokio::time::Instant;

async fn engine_on(store: &MemoryStore, cloud: &Cloud) -> Engine {
    Engine::builder()
        .registry(Registry::new().with(plugin(cloud)))
        .store(store.clone())
        .secrets_in_clear()
        .clock(Clock::simulated(Timestamp::UNIX_EPOCH))
        .build()
        .await
        .unwrap()
}

async fn engine() -> Engine {
    engine_on(&MemoryStore::new(), &Cloud::new(1)).await
}

const WAITS: &str = "
heat_template_version: 2021-04-16
parameters:
  count: {type: number, default: 1}
  transport: {type: string, default: HEAT_SIGNAL}
resources:
  handle: {type: OS::Heat::WaitConditionHandle, properties: {signal_transport: {get_param: transport}}}
  wait:
    type: OS::Heat::WaitCondition
    properties: {handle: {get_resource: handle}, timeout: 600, count: {get_param: count}}
  random: {type: OS::Heat::RandomString}
outputs:
  data: {value: {get_attr: [wait, data]}}
";

/// Lets what runs come to its next pause.
async fn status(stack: &Stack, resource: &str) -> String {
    stack.resource(resource).await.unwrap().resource_status
}

#[tokio::test(start_paused = true)]
async fn a_signal_ends_the_wait_at_once_and_is_told() {
    let engine = engine().await;
    let stack = engine.create(NewStack::new("s", template(WAITS))).await.unwrap();
    settle().await;
    assert_eq!(status(&stack, "wait").await, "CREATE_IN_PROGRESS");
    assert_eq!(status(&stack, "random").await, "CREATE_COMPLETE", "nothing else waits");
    let begun = Instant::now();
    let details = json!({"id": "one", "data": {"port": 80}, "reason": "is up"});
    let metadata = stack.signal("handle", Some(details)).await.unwrap();
    assert_eq!(metadata, json!({"one": {"data": {"port": 80}, "reason": "is up", "status": "SUCCESS"}}));
    assert_eq!(ended(&stack).await.0, "CREATE_COMPLETE");
    assert_eq!(begun.elapsed(), Duration::ZERO, "nobody polls");
    assert_eq!(stack.output("data").await.unwrap(), json!(r#"{"one": {"port": 80}}"#));
    assert_eq!(stack.resource_metadata("handle").await.unwrap(), metadata);
    let told = events(&stack, "handle").await;
    assert_eq!(told.last().unwrap(), "SIGNAL_COMPLETE Signal: status:SUCCESS reason:is up");
}

#[tokio::test(start_paused = true)]
async fn what_a_signal_leaves_out_is_made_up() {
    let engine = engine().await;
    let new = NewStack::new("s", template(WAITS)).parameter("count", 3);
    let stack = engine.create(new).await.unwrap();
    settle().await;
    stack.signal("handle", None).await.unwrap();
    stack.signal("handle", Some(json!({"id": 7, "data": "ü", "status": "SUCCESS"}))).await.unwrap();
    // The same id again: it is overwritten, and does not count twice.
    stack.signal("handle", Some(json!({"id": "7", "data": "later"}))).await.unwrap();
    settle().await;
    assert_eq!(status(&stack, "wait").await, "CREATE_IN_PROGRESS");
    let metadata = stack.signal("handle", Some(json!({}))).await.unwrap();
    let entry = |data: Value, number: u32| json!({"data": data, "reason": format!("Signal {number} received"), "status": "SUCCESS"});
    let expected =
        json!({"1": entry(Value::Null, 1), "7": entry(json!("later"), 3), "3": entry(Value::Null, 3)});
    assert_eq!(metadata, expected);
    assert_eq!(ended(&stack).await.0, "CREATE_COMPLETE");
    let data = stack.output("data").await.unwrap();
    assert_eq!(data, json!(r#"{"1": null, "7": "later", "3": null}"#));
    // The template is not asked again, but what a later signal brings is seen.
    stack.signal("handle", Some(json!({"id": "late", "data": "ü"}))).await.unwrap();
    let data = stack.output("data").await.unwrap();
    assert_eq!(data, json!(r#"{"1": null, "7": "later", "3": null, "late": "\u00fc"}"#));
}

#[tokio::test(start_paused = true)]
async fn a_signal_of_a_failure_fails_the_wait_with_all_reasons_of_failures() {
    let engine = engine().await;
    let new = NewStack::new("s", template(WAITS)).parameter("count", 3);
    let stack = engine.create(new.on_failure(heat_engine::record::OnFailure::Stop)).await.unwrap();
    settle().await;
    stack.signal("handle", Some(json!({"status": "SUCCESS", "reason": "fine"}))).await.unwrap();
    stack.signal("handle", Some(json!({"status": "FAILURE", "reason": "no disk"}))).await.unwrap();
    let (status, reason) = ended(&stack).await;
    assert_eq!(status, "CREATE_FAILED");
    assert_eq!(reason, "Resource CREATE failed: WaitConditionFailure: resources.wait: no disk");
}

#[tokio::test(start_paused = true)]
async fn the_time_is_over_when_it_is_over_and_what_came_is_told() {
    let engine = engine().await;
    let new = NewStack::new("s", template(WAITS)).parameter("count", 3);
    let stack = engine.create(new.on_failure(heat_engine::record::OnFailure::Stop)).await.unwrap();
    let begun = Instant::now();
    settle().await;
    stack.signal("handle", Some(json!({"reason": "first"}))).await.unwrap();
    stack.signal("handle", Some(json!({"reason": "second"}))).await.unwrap();
    let (status, reason) = ended(&stack).await;
    assert_eq!(status, "CREATE_FAILED");
    assert_eq!(
        reason,
        "Resource CREATE failed: WaitConditionTimeout: resources.wait: 2 of 3 received - first;second"
    );
    assert_eq!(begun.elapsed().as_secs(), 600);
}

#[tokio::test(start_paused = true)]
async fn with_no_signal_nobody_waits() {
    let engine = engine().await;
    let new = NewStack::new("s", template(WAITS)).parameter("count", 2).parameter("transport", "NO_SIGNAL");
    let begun = Instant::now();
    let stack = engine.create(new).await.unwrap();
    assert_eq!(ended(&stack).await.0, "CREATE_COMPLETE");
    assert!(begun.elapsed() < Duration::from_millis(10));
    assert_eq!(stack.output("data").await.unwrap(), json!(r#"{"1": null, "2": null}"#));
    assert_eq!(events(&stack, "handle").await.len(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_signal_before_the_wait_counts_and_one_after_a_crash_too() {
    let (store, cloud) = (MemoryStore::new(), Cloud::new(1));
    let text = WAITS.replace(
        "    type: OS::Heat::WaitCondition\n",
        "    type: OS::Heat::WaitCondition\n    depends_on: pause\n",
    ) + "";
    let text = text.replace(
        "resources:\n",
        "resources:\n  pause: {type: OS::Heat::Delay, properties: {min_wait: 60}}\n",
    );
    let first = engine_on(&store, &cloud).await;
    let stack = first.create(NewStack::new("s", template(&text)).parameter("count", 2)).await.unwrap();
    settle().await;
    stack.signal("handle", Some(json!({"id": "early"}))).await.unwrap();
    assert_eq!(refusal(stack.signal("wait", None).await), "The Resource (wait) is not available.");
    tokio::time::sleep(Duration::from_secs(100)).await;
    assert_eq!(status(&stack, "wait").await, "CREATE_IN_PROGRESS");
    first.shutdown().await;
    let second = engine_on(&store, &cloud).await;
    let stack = second.stack("default", "s").await.unwrap();
    settle().await;
    stack.signal("handle", Some(json!({"id": "late"}))).await.unwrap();
    assert_eq!(ended(&stack).await.0, "CREATE_COMPLETE");
    assert_eq!(stack.output("data").await.unwrap(), json!(r#"{"early": null, "late": null}"#));
}

#[tokio::test(start_paused = true)]
async fn a_signal_to_a_stack_that_nobody_works_on_is_kept_for_who_does() {
    let (store, cloud) = (MemoryStore::new(), Cloud::new(1));
    let first = engine_on(&store, &cloud).await;
    first.create(NewStack::new("s", template(WAITS))).await.unwrap();
    settle().await;
    first.shutdown().await;
    let builder = Engine::builder().registry(Registry::new().with(plugin(&cloud))).store(store.clone());
    let idle = builder.secrets_in_clear().without_resuming().build().await.unwrap();
    let stack = idle.stack("default", "s").await.unwrap();
    stack.signal("handle", Some(json!({"id": "x"}))).await.unwrap();
    assert_eq!(status(&stack, "wait").await, "CREATE_IN_PROGRESS", "nobody was asked to go on with it");
    idle.shutdown().await;
    let second = engine_on(&store, &cloud).await;
    let stack = second.stack("default", "s").await.unwrap();
    assert_eq!(ended(&stack).await.0, "CREATE_COMPLETE");
}

#[tokio::test(start_paused = true)]
async fn signals_that_are_not_taken_say_why_and_change_nothing() {
    let engine = engine().await;
    let new = NewStack::new("s", template(WAITS)).parameter("transport", "NO_SIGNAL");
    let stack = engine.create(new).await.unwrap();
    assert_eq!(ended(&stack).await.0, "CREATE_COMPLETE");
    let before = stack.resource_metadata("handle").await.unwrap();
    assert_eq!(refusal(stack.signal("random", None).await), "signal is not supported for resource.");
    let missing = stack.signal("nobody", None).await;
    assert!(matches!(missing, Err(EngineError::NoSuchResource { .. })), "{missing:?}");
    for details in
        [json!("text"), json!({"status": "MAYBE"}), json!({"status": "SUCCESS", "more": 1}), json!([])]
    {
        let why = refusal(stack.signal("handle", Some(details)).await);
        assert_eq!(why, "Error: resources.handle: Metadata format invalid");
    }
    let none =
        stack.signal("handle", Some(json!({"unset_hook": "pre-create"}))).await.unwrap_err().to_string();
    assert!(
        none.starts_with(
            "the \"pre-create\" hook is not defined on OS::Heat::WaitConditionHandle \"handle\""
        ),
        "{none}"
    );
    let why = refusal(stack.signal("handle", Some(json!({"unset_hook": "at-noon"}))).await);
    assert_eq!(why, "Invalid hook type \"at-noon\" for handle");
    assert_eq!(stack.resource_metadata("handle").await.unwrap(), before);
    stack.suspend().await.unwrap();
    assert_eq!(ended(&stack).await.0, "SUSPEND_COMPLETE");
    let why = refusal(stack.signal("handle", None).await);
    assert_eq!(why, "Signal resource during SUSPEND is not supported.");
    let told = events(&stack, "handle").await;
    assert_eq!(told.last().unwrap(), "SUSPEND_COMPLETE Cannot signal resource during SUSPEND");
    stack.delete().await.unwrap();
    stack.finished().await.unwrap();
    assert!(matches!(stack.signal("handle", None).await, Err(EngineError::NoSuchStack { .. })));
}

#[tokio::test(start_paused = true)]
async fn a_signal_while_its_resource_is_deleted_is_refused() {
    let engine = engine().await;
    // What depends on the handle takes a minute to go, so the deletion of the stack is under way.
    let text = "
heat_template_version: 2021-04-16
resources:
  handle: {type: OS::Heat::WaitConditionHandle}
  slow: {type: OS::Heat::Delay, depends_on: handle, properties: {min_wait: 60, actions: [DELETE]}}
";
    let stack = engine.create(NewStack::new("s", template(text))).await.unwrap();
    assert_eq!(ended(&stack).await.0, "CREATE_COMPLETE");
    stack.delete().await.unwrap();
    settle().await;
    // The handle itself is not being deleted yet, as in Heat.
    stack.signal("handle", Some(json!({"id": "last"}))).await.unwrap();
    assert_eq!(ended(&stack).await.0, "DELETE_COMPLETE");
}

#[tokio::test(start_paused = true)]
async fn an_update_of_the_count_waits_anew_and_keeps_what_came() {
    let engine = engine().await;
    let stack = engine.create(NewStack::new("s", template(WAITS))).await.unwrap();
    settle().await;
    stack.signal("handle", Some(json!({"id": "a"}))).await.unwrap();
    assert_eq!(ended(&stack).await.0, "CREATE_COMPLETE");
    let physical = stack.resource("wait").await.unwrap().physical_resource_id;
    tokio::time::sleep(Duration::from_secs(1000)).await;
    stack.update(Update::existing().parameter("count", 3)).await.unwrap();
    tokio::time::sleep(Duration::from_secs(500)).await;
    assert_eq!(status(&stack, "wait").await, "UPDATE_IN_PROGRESS", "its time began with the update");
    stack.signal("handle", Some(json!({"id": "b"}))).await.unwrap();
    settle().await;
    assert_eq!(status(&stack, "wait").await, "UPDATE_IN_PROGRESS");
    stack.signal("handle", Some(json!({"id": "c"}))).await.unwrap();
    assert_eq!(ended(&stack).await.0, "UPDATE_COMPLETE");
    assert_eq!(stack.resource("wait").await.unwrap().physical_resource_id, physical);
    assert_eq!(stack.output("data").await.unwrap(), json!(r#"{"a": null, "b": null, "c": null}"#));
    // Another update that times out.
    stack.update(Update::existing().parameter("count", 5)).await.unwrap();
    let (status, reason) = ended(&stack).await;
    assert_eq!(status, "UPDATE_FAILED");
    assert!(
        reason.ends_with(
            "resources.wait: 3 of 5 received - Signal 1 received;Signal 2 received;Signal 3 received"
        ),
        "{reason}"
    );
}

#[tokio::test(start_paused = true)]
async fn an_update_of_something_else_leaves_what_signals_left() {
    let engine = engine().await;
    let text = |more: &str| {
        format!(
            "
heat_template_version: 2021-04-16
resources:
  handle: {{type: OS::Heat::WaitConditionHandle, metadata: {{1: {{data: x, reason: '', status: SUCCESS}}}}{more}}}
  plain: {{type: OS::Heat::RandomString, metadata: {{a: 1}}}}
"
        )
    };
    let stack = engine.create(NewStack::new("s", template(&text("")))).await.unwrap();
    assert_eq!(ended(&stack).await.0, "CREATE_COMPLETE");
    assert_eq!(stack.resource_metadata("plain").await.unwrap(), json!({"a": 1}));
    let metadata = stack.signal("handle", Some(json!({"id": "2"}))).await.unwrap();
    assert_eq!(metadata.as_object().unwrap().keys().collect::<Vec<_>>(), ["1", "2"]);
    stack.update(Update::to(template(&text(", depends_on: plain")))).await.unwrap();
    assert_eq!(ended(&stack).await.0, "UPDATE_COMPLETE");
    assert_eq!(stack.resource_metadata("handle").await.unwrap(), metadata);
}

#[tokio::test(start_paused = true)]
async fn the_signals_of_a_wait_that_is_removed_count_no_more() {
    let engine = engine().await;
    let stack = engine.create(NewStack::new("s", template(WAITS))).await.unwrap();
    settle().await;
    stack.signal("handle", Some(json!({"id": "a"}))).await.unwrap();
    assert_eq!(ended(&stack).await.0, "CREATE_COMPLETE");
    let without = "
heat_template_version: 2021-04-16
resources:
  handle: {type: OS::Heat::WaitConditionHandle, properties: {signal_transport: HEAT_SIGNAL}}
";
    stack.update(Update::to(template(without))).await.unwrap();
    assert_eq!(ended(&stack).await.0, "UPDATE_COMPLETE");
    assert_eq!(stack.resource_metadata("handle").await.unwrap(), json!({}));
    stack.update(Update::to(template(WAITS))).await.unwrap();
    settle().await;
    assert_eq!(status(&stack, "wait").await, "CREATE_IN_PROGRESS");
    stack.delete().await.unwrap();
    assert_eq!(ended(&stack).await.0, "DELETE_COMPLETE");
}

#[tokio::test(start_paused = true)]
async fn what_is_no_handle_is_refused() {
    let engine = engine().await;
    let text = "
heat_template_version: 2021-04-16
resources:
  other: {type: OS::Heat::RandomString}
  wait: {type: OS::Heat::WaitCondition, properties: {handle: nobody, timeout: 5}}
";
    let new = NewStack::new("s", template(text)).on_failure(heat_engine::record::OnFailure::Stop);
    let stack = engine.create(new).await.unwrap();
    let (_, reason) = ended(&stack).await;
    assert_eq!(
        reason,
        "Resource CREATE failed: ValueError: resources.wait: nobody is not a valid wait condition handle."
    );
}

#[tokio::test(start_paused = true)]
async fn who_asks_for_an_address_that_there_is_not_is_told_so() {
    let engine = engine().await;
    for (transport, attribute, value) in [
        ("TOKEN_SIGNAL", "curl_cli", None),
        ("TOKEN_SIGNAL", "token", None),
        ("HEAT_SIGNAL", "signal", None),
        ("HEAT_SIGNAL", "endpoint", Some(Value::Null)),
        ("NO_SIGNAL", "signal", Some(json!("{}"))),
        ("TOKEN_SIGNAL", "signal", Some(json!("null"))),
    ] {
        let text = format!(
            "
heat_template_version: 2021-04-16
resources:
  handle: {{type: OS::Heat::WaitConditionHandle, properties: {{signal_transport: {transport}}}}}
outputs:
  asked: {{value: {{get_attr: [handle, {attribute}]}}}}
"
        );
        let new = NewStack::new("s", template(&text)).on_failure(heat_engine::record::OnFailure::Stop);
        let stack = engine.create(new).await.unwrap();
        let (status, reason) = ended(&stack).await;
        match value {
            Some(value) => {
                assert_eq!(status, "CREATE_COMPLETE", "{transport} {attribute}: {reason}");
                assert_eq!(stack.output("asked").await.unwrap(), value, "{transport} {attribute}");
            }
            None => {
                assert_eq!(status, "CREATE_FAILED", "{transport} {attribute}");
                assert!(reason.contains("NotSupported: resources.handle: attribute"), "{reason}");
            }
        }
        stack.delete().await.unwrap();
        stack.finished().await.unwrap();
    }
}

const INNER: &str = "
heat_template_version: 2021-04-16
parameters:
  value: {type: string, default: ''}
resources:
  handle: {type: OS::Heat::WaitConditionHandle}
  wait: {type: OS::Heat::WaitCondition, properties: {handle: {get_resource: handle}, timeout: 600}}
outputs:
  data: {value: {get_attr: [wait, data]}}
";

#[tokio::test(start_paused = true)]
async fn signals_go_into_nested_stacks_by_the_way_to_them_and_by_the_nested_stack() {
    let engine = engine().await;
    let text = "
heat_template_version: 2021-04-16
resources:
  group:
    type: OS::Heat::ResourceGroup
    properties: {count: 2, resource_def: {type: inner.yaml, properties: {value: '%index%'}}}
outputs:
  data: {value: {get_attr: [group, data]}}
";
    let files = || Files::from_iter([("inner.yaml", INNER)]);
    let stack = engine.create(NewStack::new("s", template(text)).files(files())).await.unwrap();
    settle().await;
    stack.signal("group/0/handle", Some(json!({"id": "zero"}))).await.unwrap();
    let nested = stack.nested_resources(3).await.unwrap();
    let inner = nested.iter().find(|view| view.path == "group/1/handle").unwrap().stack.clone();
    let inner = engine.stack("default", inner.as_str()).await.unwrap();
    inner.signal("handle", Some(json!({"id": "one"}))).await.unwrap();
    assert_eq!(ended(&stack).await.0, "CREATE_COMPLETE");
    assert_eq!(stack.output("data").await.unwrap(), json!([r#"{"zero": null}"#, r#"{"one": null}"#]));
    assert_eq!(refusal(stack.signal("group", None).await), "signal is not supported for resource.");
    let missing = stack.signal("group/7/handle", None).await;
    assert!(matches!(missing, Err(EngineError::NoSuchResource { .. })), "{missing:?}");
    // At rest, too.
    stack.signal("group/1/handle", Some(json!({"id": "again"}))).await.unwrap();
    let metadata = stack.resource_metadata("group/1/handle").await.unwrap();
    assert_eq!(metadata.as_object().unwrap().keys().collect::<Vec<_>>(), ["one", "again"]);
    stack.update(Update::existing()).await.unwrap();
    assert_eq!(ended(&stack).await.0, "UPDATE_COMPLETE");
}

const AWS: &str = "
HeatTemplateFormatVersion: '2012-12-12'
Resources:
  Handle: {Type: 'AWS::CloudFormation::WaitConditionHandle'}
  Wait: {Type: 'AWS::CloudFormation::WaitCondition', Properties: {Handle: {Ref: Handle}, Timeout: '60', Count: 2}}
Outputs:
  Data: {Value: {'Fn::GetAtt': [Wait, Data]}}
  Ref: {Value: {Ref: Handle}}
";

#[tokio::test(start_paused = true)]
async fn the_conditions_of_cloudformation_wait_in_its_words() {
    let engine = engine().await;
    let stack = engine.create(NewStack::new("s", template(AWS))).await.unwrap();
    settle().await;
    let signal =
        |id: &str, status: &str| json!({"UniqueId": id, "Status": status, "Reason": "done", "Data": "app"});
    for wrong in
        [json!({}), json!({"id": "1"}), signal("1", "maybe"), json!({"Status": "SUCCESS", "UniqueId": "1"})]
    {
        let why = refusal(stack.signal("Handle", Some(wrong)).await);
        assert_eq!(why, "Error: resources.Handle: Metadata format invalid");
    }
    assert_eq!(stack.signal("Handle", None).await.unwrap(), Value::Null, "nothing is no signal");
    stack.signal("Handle", Some(signal("1", "SUCCESS"))).await.unwrap();
    settle().await;
    assert_eq!(status(&stack, "Wait").await, "CREATE_IN_PROGRESS");
    let metadata = stack.signal("Handle", Some(signal("2", "SUCCESS"))).await.unwrap();
    assert_eq!(metadata["2"], json!({"Status": "SUCCESS", "Reason": "done", "Data": "app"}));
    assert_eq!(ended(&stack).await.0, "CREATE_COMPLETE");
    assert_eq!(stack.output("Data").await.unwrap(), json!(r#"{"1": "app", "2": "app"}"#));
    let reference = stack.output("Ref").await.unwrap();
    let arn = format!("arn:openstack:heat::default:stacks/s/{}/resources/Handle?incarnation=", stack.id());
    assert!(reference.as_str().unwrap().starts_with(&arn), "{reference}");
}

#[tokio::test(start_paused = true)]
async fn a_failure_and_the_end_of_the_time_of_cloudformation() {
    let engine = engine().await;
    for (signal, expected) in [
        (
            json!({"UniqueId": "1", "Status": "FAILURE", "Reason": "bad", "Data": ""}),
            "WaitConditionFailure: resources.Wait: bad",
        ),
        (
            json!({"UniqueId": "1", "Status": "SUCCESS", "Reason": "ok", "Data": ""}),
            "WaitConditionTimeout: resources.Wait: 1 of 2 received - ok",
        ),
    ] {
        let new = NewStack::new("s", template(AWS)).on_failure(heat_engine::record::OnFailure::Stop);
        let stack = engine.create(new).await.unwrap();
        settle().await;
        stack.signal("Handle", Some(signal)).await.unwrap();
        assert_eq!(ended(&stack).await.1, format!("Resource CREATE failed: {expected}"));
        stack.delete().await.unwrap();
        stack.finished().await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_handle_of_cloudformation_that_is_another_s_is_refused() {
    let engine = engine().await;
    let stack = engine.create(NewStack::new("s", template(AWS))).await.unwrap();
    settle().await;
    for id in ["1", "2"] {
        let signal = json!({"UniqueId": id, "Status": "SUCCESS", "Reason": "", "Data": ""});
        stack.signal("Handle", Some(signal)).await.unwrap();
    }
    assert_eq!(ended(&stack).await.0, "CREATE_COMPLETE");
    let reference = stack.output("Ref").await.unwrap();
    let reference = reference.as_str().unwrap();
    for (handle, expected) in [
        (reference.to_owned(), format!("stack s/{}", stack.id())),
        (reference.replace("::default:", "::other:"), "tenant other".to_owned()),
        ("elsewhere".to_owned(), "elsewhere".to_owned()),
    ] {
        let text = format!(
            "
HeatTemplateFormatVersion: '2012-12-12'
Resources:
  Wait: {{Type: 'AWS::CloudFormation::WaitCondition', Properties: {{Handle: '{handle}', Timeout: 60}}}}
"
        );
        let new = NewStack::new("t", template(&text)).on_failure(heat_engine::record::OnFailure::Stop);
        let other = engine.create(new).await.unwrap();
        let (_, reason) = ended(&other).await;
        assert_eq!(
            reason,
            format!(
                "Resource CREATE failed: ValueError: resources.Wait: WaitCondition invalid Handle {expected}"
            )
        );
        other.delete().await.unwrap();
        other.finished().await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn every_update_makes_an_updating_handle_anew_and_waits_again() {
    let engine = engine().await;
    let text = AWS.replace("AWS::CloudFormation::WaitConditionHandle", "OS::Heat::UpdateWaitConditionHandle");
    let stack = engine.create(NewStack::new("s", template(&text))).await.unwrap();
    let signal = |id: &str| json!({"UniqueId": id, "Status": "SUCCESS", "Reason": "", "Data": id});
    let mut handles = Vec::new();
    for round in ["CREATE", "UPDATE", "UPDATE"] {
        settle().await;
        assert_eq!(status(&stack, "Wait").await, "CREATE_IN_PROGRESS");
        stack.signal("Handle", Some(signal("1"))).await.unwrap();
        stack.signal("Handle", Some(signal("2"))).await.unwrap();
        assert_eq!(ended(&stack).await.0, format!("{round}_COMPLETE"));
        handles.push(stack.output("Ref").await.unwrap());
        if handles.len() < 3 {
            stack.update(Update::existing()).await.unwrap();
        }
    }
    assert!(handles[0] != handles[1] && handles[1] != handles[2]);
}

#[tokio::test(start_paused = true)]
async fn more_waits_than_permits_keep_nobody_from_working() {
    let (store, cloud) = (MemoryStore::new(), Cloud::new(1));
    let builder = Engine::builder().registry(Registry::new().with(plugin(&cloud))).store(store);
    let builder = builder.secrets_in_clear().clock(Clock::simulated(Timestamp::UNIX_EPOCH));
    let engine = builder.concurrent_steps(2).build().await.unwrap();
    let waits: String = (0..5)
        .map(|n| format!("  w{n}: {{type: OS::Heat::WaitCondition, properties: {{handle: {{get_resource: h}}, timeout: 600}}}}\n"))
        .collect();
    let text = format!(
        "
heat_template_version: 2021-04-16
resources:
  h: {{type: OS::Heat::WaitConditionHandle}}
  pause: {{type: OS::Heat::Delay, depends_on: h, properties: {{min_wait: 1}}}}
  thing: {{type: Test::Keyed, depends_on: pause, properties: {{value: v}}}}
{waits}"
    );
    let stack = engine.create(NewStack::new("s", template(&text))).await.unwrap();
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(status(&stack, "thing").await, "CREATE_COMPLETE");
    stack.signal("h", None).await.unwrap();
    assert_eq!(ended(&stack).await.0, "CREATE_COMPLETE");
}

#[tokio::test(start_paused = true)]
async fn the_time_out_of_the_stack_and_a_deletion_end_a_wait() {
    let engine = engine().await;
    let new = NewStack::new("s", template(WAITS)).timeout(Duration::from_secs(60));
    let stack = engine.create(new.on_failure(heat_engine::record::OnFailure::Stop)).await.unwrap();
    assert_eq!(ended(&stack).await, ("CREATE_FAILED".to_owned(), "Create timed out".to_owned()));
    stack.update(Update::existing()).await.unwrap();
    settle().await;
    stack.delete().await.unwrap();
    assert_eq!(ended(&stack).await.0, "DELETE_COMPLETE");
}

#[tokio::test(start_paused = true)]
async fn a_hook_is_cleared_by_a_signal_as_heats_clients_do_it() {
    let engine = engine().await;
    let text = "
heat_template_version: 2021-04-16
resources:
  random: {type: OS::Heat::RandomString}
";
    let entries = "resource_registry: {resources: {random: {hooks: pre-create}}}";
    let environment =
        Environment::parse(&mut SourceMap::new(), "environment.yaml", entries, &Limits::default());
    let environment = environment.value.unwrap();
    let stack = engine.create(NewStack::new("s", template(text)).environment(environment)).await.unwrap();
    settle().await;
    assert_eq!(stack.hooks(0).await.unwrap().len(), 1);
    stack.signal("random", Some(json!({"unset_hook": "pre-create"}))).await.unwrap();
    assert_eq!(ended(&stack).await.0, "CREATE_COMPLETE");
}
