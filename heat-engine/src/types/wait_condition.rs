//! `OS::Heat::WaitCondition` and `AWS::CloudFormation::WaitCondition`: wait until a handle has got so many signals.

use super::wait::{Begun, duration};
use super::wait_condition_handle::{Keys, SUCCESS, arn_of_stack, incarnation_of, keys_of};
use heat_plugin_sdk::{
    Attributes, Change, Context, Created, Failure, FindBasis, Finding, Observed, Operation, PhysicalId,
    Progress, Properties, Resource, Result, SignalledResource,
};
use heat_template::python::{dumps, str_of};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::time::Duration;

/// Waits until its handle has got so many signals.
#[derive(Debug, Clone, Copy, Default)]
pub struct WaitCondition;

/// Waits until its handle has got so many signals that tell of success, and fails as soon as one tells of a failure.
#[derive(Debug, Clone, Deserialize, Properties)]
#[property(since = "2014.2")]
pub struct WaitConditionProperties {
    /// The handle that is signalled.
    handle: String,
    /// Seconds that it waits at most.
    #[property(constraint(range(min = 1, max = 43200)))]
    timeout: f64,
    /// How many signals there must be.
    #[property(update_allowed, default = 1, constraint(range(min = 1)))]
    count: u64,
}

/// What a wait condition tells.
#[derive(Debug, Serialize, Attributes)]
pub struct WaitConditionAttributes {
    /// The data of the signals by their ids, as JSON.
    data: String,
}

/// As `OS::Heat::WaitCondition`, in the words of CloudFormation.
#[derive(Debug, Clone, Copy, Default)]
pub struct AwsWaitCondition;

/// As `OS::Heat::WaitCondition`, in the words of CloudFormation.
#[derive(Debug, Clone, Deserialize, Properties)]
#[property(since = "2014.1")]
#[serde(rename_all = "PascalCase")]
pub struct AwsWaitConditionProperties {
    /// The handle that is signalled.
    handle: String,
    /// Seconds that it waits at most.
    #[property(constraint(range(min = 1, max = 43200)))]
    timeout: u64,
    /// How many signals there must be.
    #[property(update_allowed, default = 1, constraint(range(min = 1)))]
    count: u64,
}

/// What a wait condition of CloudFormation tells.
#[derive(Debug, Serialize, Attributes)]
#[serde(rename_all = "PascalCase")]
pub struct AwsWaitConditionAttributes {
    /// The data of the signals by their ids, as JSON.
    data: String,
}

/// What a wait condition keeps: what it waits for, and since when.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Wait {
    /// The incarnation of its handle.
    handle: String,
    begun: Begun,
}

/// The data of the signals by their ids, as Heat writes them.
fn data(keys: Keys, metadata: &Value) -> String {
    let entries = metadata.as_object().into_iter().flatten();
    let of = |entry: &Value| entry.get(keys.data).cloned().unwrap_or(Value::Null);
    dumps(&Value::Object(entries.map(|(id, entry)| (id.clone(), of(entry))).collect()), false)
}

/// The same of metadata alone.
fn told(metadata: &Value) -> String {
    let entries = || metadata.as_object().into_iter().flatten();
    let aws = entries().any(|(_, entry)| entry.get("Status").is_some());
    let keys = if aws { "AWS::CloudFormation::WaitConditionHandle" } else { "OS::Heat::WaitConditionHandle" };
    keys_of(keys).map(|keys| data(keys, metadata)).unwrap_or_default()
}

/// How far it is with what its handle got by now.
fn reached(keys: Keys, metadata: &Value, count: u64, late: bool) -> Result<bool> {
    let entries = || metadata.as_object().into_iter().flatten().map(|(_, entry)| entry);
    let status = |entry: &Value| entry.get(keys.status).and_then(Value::as_str) == Some(SUCCESS);
    let reasons = |success: bool| -> Vec<String> {
        let those = entries().filter(|entry| status(entry) == success);
        those.map(|entry| entry.get(keys.reason).map(str_of).unwrap_or_default()).collect()
    };
    if late {
        let reasons = reasons(true);
        let message = match reasons.len() {
            0 => format!("0 of {count} received"),
            some => format!("{some} of {count} received - {}", reasons.join(";")),
        };
        return Err(Failure::failed(message).named("WaitConditionTimeout"));
    }
    let failed = reasons(false);
    if !failed.is_empty() {
        return Err(Failure::failed(failed.join(";")).named("WaitConditionFailure"));
    }
    Ok(entries().count() as u64 >= count)
}

/// The handle that a wait condition waits for.
async fn handle_of<R: Resource>(cx: &Context<'_, R>, id: &str) -> Result<Option<(SignalledResource, Keys)>> {
    let found = cx.signalled().signalled(id).await?;
    Ok(found.and_then(|handle| keys_of(&handle.type_name).map(|keys| (handle, keys))))
}

/// Begins to wait.
async fn begin<R: Resource>(cx: &Context<'_, R>, reference: &str) -> Result<()> {
    let handle = incarnation_of(reference).to_owned();
    let begun = cx.private::<Wait>()?.filter(|wait| wait.handle == handle).map(|wait| wait.begun);
    cx.save_plain(&Wait { handle, begun: Begun::of(cx, begun) }).await
}

/// Waits on: for signals, but not longer than the time that is left.
async fn wait<R: Resource>(
    cx: &Context<'_, R>,
    seen: Option<&Observed<R>>,
    attribute: &str,
    timeout: f64,
    count: u64,
) -> Result<Progress> {
    let Some(wait) = cx.private::<Wait>()? else {
        return Err(Failure::failed("it is not recorded what it waits for"));
    };
    let Some((mut handle, keys)) = handle_of(cx, &wait.handle).await? else {
        return Ok(Progress::Failed(Failure::not_found(format!("the handle {} is gone", wait.handle))));
    };
    let rest = wait.begun.rest(cx, duration(timeout));
    let unsignalled = handle.properties.get("signal_transport").and_then(Value::as_str) == Some("NO_SIGNAL");
    let mut reached = match reached(keys, &handle.metadata, count, rest.is_none()) {
        Ok(reached) => reached,
        Err(failure) => return Ok(Progress::Failed(failure)),
    };
    let there = |handle: &SignalledResource| handle.metadata.as_object().map_or(0, Map::len) as u64;
    while unsignalled && !reached {
        // Nobody will, so it does it itself.
        let before = there(&handle);
        cx.signalled().signal(&wait.handle, Value::Object(Map::new())).await?;
        let Some((now, _)) = handle_of(cx, &wait.handle).await? else { break };
        handle = now;
        reached = there(&handle) >= count;
        if there(&handle) <= before {
            break;
        }
    }
    if reached {
        // What was seen before may be older than what came meanwhile.
        let now = Value::from(data(keys, &handle.metadata));
        let fresh = seen.is_some_and(|seen| seen.attribute(attribute) == Some(&now));
        let again = Progress::Wait { reason: "the last signal".to_owned(), after: Some(Duration::ZERO) };
        return Ok(if fresh { Progress::Done } else { again });
    }
    let reason = format!("{} of {count} signals to {} came", there(&handle), handle.name);
    Ok(Progress::Await { signal: wait.handle, reason, after: rest })
}

/// What is seen of a wait condition.
async fn read<R: Resource>(cx: &Context<'_, R>) -> Result<String> {
    let Some(wait) = cx.private::<Wait>()? else { return Ok(String::new()) };
    let found = handle_of(cx, &wait.handle).await?;
    Ok(found.map(|(handle, keys)| data(keys, &handle.metadata)).unwrap_or_default())
}

/// What its handle got counts no more.
async fn forget<R: Resource>(cx: &Context<'_, R>) -> Result<()> {
    let Some(wait) = cx.private::<Wait>()? else { return Ok(()) };
    cx.signalled().set_metadata(&wait.handle, Value::Object(Map::new())).await
}

macro_rules! wait_condition {
    ($name:ident, $type_name:literal, $properties:ident, $attributes:ident, $attribute:literal, $check:expr) => {
        impl Resource for $name {
            const TYPE: &'static str = $type_name;
            type Connection = ();
            type Properties = $properties;
            type Attributes = $attributes;

            async fn create(&self, cx: &Context<'_, Self>, p: &$properties) -> Result<Created> {
                let found = handle_of(cx, incarnation_of(&p.handle)).await?;
                let check: fn(&Context<'_, Self>, &str, Option<&SignalledResource>) -> Result<()> = $check;
                check(cx, &p.handle, found.as_ref().map(|(handle, _)| handle))?;
                begin(cx, &p.handle).await?;
                Ok(Created::new(cx.incarnation_id()))
            }

            async fn read(&self, cx: &Context<'_, Self>, _: &PhysicalId) -> Result<Option<Observed<Self>>> {
                let data = read(cx).await?;
                Ok(Some(Observed::ready().attributes(&$attributes { data })?))
            }

            async fn update(
                &self,
                cx: &Context<'_, Self>,
                _: &PhysicalId,
                change: &Change<$properties>,
            ) -> Result<()> {
                begin(cx, &change.new_properties().handle).await
            }

            async fn delete(&self, cx: &Context<'_, Self>, _: &PhysicalId) -> Result<()> {
                forget(cx).await
            }

            async fn progress(
                &self,
                cx: &Context<'_, Self>,
                _: &PhysicalId,
                operation: &Operation<'_, $properties>,
                seen: Option<&Observed<Self>>,
            ) -> Result<Progress> {
                let properties = match operation {
                    Operation::Create(properties) => properties,
                    Operation::Update(change) => change.new_properties(),
                    Operation::Delete | Operation::Suspend | Operation::Resume => return Ok(Progress::Done),
                };
                #[allow(clippy::cast_lossless, reason = "a number in one dialect, an integer in the other")]
                wait(cx, seen, $attribute, properties.timeout as f64, properties.count).await
            }

            fn find_basis(&self, _: &$properties) -> FindBasis {
                FindBasis::Unique
            }

            async fn find(&self, _: &Context<'_, Self>, _: &$properties) -> Result<Finding> {
                Ok(Finding::Absent)
            }

            fn settle_time(&self) -> Duration {
                Duration::ZERO
            }

            fn waits_for_signals(&self) -> bool {
                true
            }

            fn listens_to(&self, p: &$properties) -> Option<String> {
                Some(incarnation_of(&p.handle).to_owned())
            }

            fn hear(&self, metadata: &Value) -> Map<String, Value> {
                Map::from_iter([($attribute.to_owned(), told(metadata).into())])
            }
        }
    };
}

wait_condition!(
    WaitCondition,
    "OS::Heat::WaitCondition",
    WaitConditionProperties,
    WaitConditionAttributes,
    "data",
    |_, reference, found| match found {
        Some(_) => Ok(()),
        None => {
            let message = format!("{reference} is not a valid wait condition handle.");
            Err(Failure::invalid("handle".to_owned(), message).named("ValueError"))
        }
    }
);

wait_condition!(
    AwsWaitCondition,
    "AWS::CloudFormation::WaitCondition",
    AwsWaitConditionProperties,
    AwsWaitConditionAttributes,
    "Data",
    |cx, reference, found| {
        let wrong = |what: &str| {
            let message = format!("WaitCondition invalid Handle {what}");
            Err(Failure::invalid("Handle".to_owned(), message).named("ValueError"))
        };
        let Some(path) = reference.strip_prefix("arn:openstack:heat::") else { return wrong(reference) };
        let (project, path) = path.split_once(":stacks/").unwrap_or((path, ""));
        if project != cx.stack().project {
            return wrong(&format!("tenant {project}"));
        }
        let stack = path.split("/resources/").next().unwrap_or_default();
        if !reference.starts_with(&arn_of_stack(cx)) {
            return wrong(&format!("stack {stack}"));
        }
        match found {
            Some(handle) if handle.type_name != "OS::Heat::WaitConditionHandle" => Ok(()),
            _ => wrong(path.rsplit('/').next().unwrap_or_default().split('?').next().unwrap_or_default()),
        }
    }
);
