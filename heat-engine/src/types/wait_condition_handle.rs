//! `OS::Heat::WaitConditionHandle`, `OS::Heat::UpdateWaitConditionHandle` and `AWS::CloudFormation::WaitConditionHandle`: what
//! signals come to that a wait condition waits for. Every signal is an entry of the handle's metadata.

use heat_plugin_sdk::{
    Attributes, Change, Context, Created, Failure, Observed, PhysicalId, Properties, Resource, Result,
    Signal, SignalAnswer, Signals,
};
use heat_template::python::str_of;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The names that a dialect gives to the parts of a signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Keys {
    pub(super) data: &'static str,
    pub(super) reason: &'static str,
    pub(super) status: &'static str,
    unique_id: &'static str,
}

/// Those of Heat's own handles.
const OWN: Keys = Keys { data: "data", reason: "reason", status: "status", unique_id: "id" };
/// Those of CloudFormation's handles.
const AWS: Keys = Keys { data: "Data", reason: "Reason", status: "Status", unique_id: "UniqueId" };

/// Both words that a status may be.
pub(super) const SUCCESS: &str = "SUCCESS";
const FAILURE: &str = "FAILURE";

/// Keeps the transport among the attributes: nobody sees names like this.
const TRANSPORT: &str = "[transport]";

/// Begins the id in a reference of a handle of CloudFormation.
const INCARNATION: &str = "?incarnation=";

/// The names that a handle of this type gives to the parts of a signal; `None` if it is no handle.
pub(super) fn keys_of(type_name: &str) -> Option<Keys> {
    match type_name {
        WaitConditionHandle::TYPE => Some(OWN),
        AwsWaitConditionHandle::TYPE | UpdateWaitConditionHandle::TYPE => Some(AWS),
        _ => None,
    }
}

/// The incarnation that a reference of a handle is about.
pub(super) fn incarnation_of(reference: &str) -> &str {
    reference.rsplit_once(INCARNATION).map_or(reference, |(_, id)| id)
}

/// What a signal makes of the metadata of a handle.
fn noted(keys: Keys, metadata: &Value, mut entry: Map<String, Value>) -> Result<SignalAnswer> {
    let invalid = || Failure::invalid(None, "Metadata format invalid");
    let all = [keys.data, keys.reason, keys.status, keys.unique_id];
    if entry.len() != all.len() || !all.iter().all(|key| entry.contains_key(*key)) {
        return Err(invalid());
    }
    let status = entry[keys.status].as_str().filter(|status| [SUCCESS, FAILURE].contains(status));
    let Some(status) = status.map(str::to_owned) else { return Err(invalid()) };
    let told = format!("status:{status} reason:{}", str_of(&entry[keys.reason]));
    let id = entry.shift_remove(keys.unique_id).map(|id| str_of(&id)).unwrap_or_default();
    let mut next = metadata.as_object().cloned().unwrap_or_default();
    next.insert(id, Value::Object(entry));
    Ok(SignalAnswer::metadata(next).reason(told))
}

/// A handle is nothing but its record.
macro_rules! handle {
    ($name:ident, $type_name:literal, $properties:ident, $attributes:ty, $transport:expr, { $($more:tt)* }) => {
        impl Resource for $name {
            const TYPE: &'static str = $type_name;
            type Connection = ();
            type Properties = $properties;
            type Attributes = $attributes;

            async fn create(&self, cx: &Context<'_, Self>, p: &$properties) -> Result<Created> {
                let transport: fn(&$properties) -> &str = $transport;
                let created = Created::new(cx.incarnation_id()).attribute(TRANSPORT, transport(p));
                Ok(created.complete(Observed::<Self>::ready()))
            }

            async fn read(&self, _: &Context<'_, Self>, _: &PhysicalId) -> Result<Option<Observed<Self>>> {
                Ok(Some(Observed::ready()))
            }

            async fn update(&self, _: &Context<'_, Self>, _: &PhysicalId, _: &Change<$properties>) -> Result<()> {
                Ok(())
            }

            async fn delete(&self, _: &Context<'_, Self>, _: &PhysicalId) -> Result<()> {
                Ok(())
            }

            fn is_local(&self) -> bool {
                true
            }

            fn signals(&self) -> Signals {
                Signals::Taken
            }

            $($more)*
        }
    };
}

/// Takes the signals that a wait condition waits for.
#[derive(Debug, Clone, Copy, Default)]
pub struct WaitConditionHandle;

/// Takes the signals that a wait condition waits for.
#[derive(Debug, Clone, Deserialize, Properties)]
#[property(since = "2014.2")]
pub struct WaitConditionHandleProperties {
    /// How whoever signals comes to the handle. With NO_SIGNAL nobody does: the wait condition does not wait.
    #[property(
        default = "TOKEN_SIGNAL",
        since = "6.0.0",
        constraint(allowed(
            "CFN_SIGNAL",
            "TEMP_URL_SIGNAL",
            "HEAT_SIGNAL",
            "NO_SIGNAL",
            "ZAQAR_SIGNAL",
            "TOKEN_SIGNAL"
        ))
    )]
    signal_transport: String,
}

/// What a handle tells: how to signal it from outside.
#[derive(Debug, Serialize, Attributes)]
pub struct WaitConditionHandleAttributes {
    /// The token for TOKEN_SIGNAL.
    #[attribute(on_demand, type = string)]
    token: Value,
    /// The address for TOKEN_SIGNAL.
    #[attribute(on_demand, type = string)]
    endpoint: Value,
    /// The beginning of a command line that signals by TOKEN_SIGNAL.
    #[attribute(on_demand, type = string)]
    curl_cli: Value,
    /// All that it takes to signal, as JSON; what that is hangs on the transport.
    #[attribute(on_demand, type = string)]
    signal: Value,
}

handle!(
    WaitConditionHandle,
    "OS::Heat::WaitConditionHandle",
    WaitConditionHandleProperties,
    WaitConditionHandleAttributes,
    |p| &p.signal_transport,
    {
        fn signal(&self, signal: &Signal<'_>, _: &WaitConditionHandleProperties) -> Result<SignalAnswer> {
            let mut entry = match signal.details {
                None | Some(Value::Null) => Map::new(),
                Some(Value::Object(map)) => map.clone(),
                Some(_) => return Err(Failure::invalid(None, "Metadata format invalid")),
            };
            let number = signal.metadata.as_object().map_or(0, Map::len) + 1;
            let reason = format!("Signal {number} received").into();
            let defaults = [
                (OWN.reason, reason),
                (OWN.data, Value::Null),
                (OWN.unique_id, number.into()),
                (OWN.status, SUCCESS.into()),
            ];
            for (key, value) in defaults {
                entry.entry(key).or_insert(value);
            }
            noted(OWN, signal.metadata, entry)
        }

        async fn attribute(&self, cx: &Context<'_, Self>, _: &PhysicalId, name: &str) -> Result<Value> {
            let transport = cx.recorded_attribute(TRANSPORT).and_then(Value::as_str).unwrap_or_default();
            match (name, transport) {
                ("signal", "NO_SIGNAL") => Ok("{}".into()),
                ("signal", "TOKEN_SIGNAL") => Ok("null".into()),
                ("token" | "endpoint" | "curl_cli", other) if other != "TOKEN_SIGNAL" => Ok(Value::Null),
                (name, transport) => Err(Failure::unsupported(format!(
                    "attribute {name}: {transport} needs an API service that can be reached from outside, which this \
                     engine does not have; signals come by `heat stack resource signal` or `Stack::signal`"
                ))),
            }
        }
    }
);

/// Takes the signals that a wait condition of CloudFormation waits for.
#[derive(Debug, Clone, Copy, Default)]
pub struct AwsWaitConditionHandle;

/// Takes the signals that a wait condition of CloudFormation waits for. It has no properties.
#[derive(Debug, Clone, Deserialize, Properties)]
#[property(since = "2014.1")]
pub struct AwsWaitConditionHandleProperties {}

/// As a handle of CloudFormation, and every update of the stack makes a new one, so that everything has to be signalled
/// again.
#[derive(Debug, Clone, Copy, Default)]
pub struct UpdateWaitConditionHandle;

/// As a handle of CloudFormation: it has no properties.
#[derive(Debug, Clone, Deserialize, Properties)]
#[property(since = "2014.1")]
pub struct UpdateWaitConditionHandleProperties {}

/// In Heat a signed address that begins with the ARN of the handle. Without a service that could be reached there is no
/// address; what stays is the ARN, and what makes it another one for another handle.
fn reference<R: Resource>(cx: &Context<'_, R>, id: &PhysicalId) -> String {
    format!("{}{}{INCARNATION}{id}", arn_of_stack(cx), cx.name())
}

/// The ARN of the resources of a stack, up to their names.
pub(super) fn arn_of_stack<R: Resource>(cx: &Context<'_, R>) -> String {
    let stack = cx.stack();
    format!("arn:openstack:heat::{}:stacks/{}/{}/resources/", stack.project, stack.name, stack.id)
}

macro_rules! aws_handle {
    ($name:ident, $type_name:literal, $properties:ident, $anew:literal) => {
        handle!($name, $type_name, $properties, (), |_| "CFN_SIGNAL", {
            fn signal(&self, signal: &Signal<'_>, _: &$properties) -> Result<SignalAnswer> {
                match signal.details {
                    None | Some(Value::Null) => Ok(SignalAnswer::default()),
                    Some(Value::Object(map)) => noted(AWS, signal.metadata, map.clone()),
                    Some(_) => Err(Failure::invalid(None, "Metadata format invalid")),
                }
            }

            fn reference_id(&self, cx: &Context<'_, Self>, id: &PhysicalId) -> String {
                reference(cx, id)
            }

            fn is_replaced_by_every_update(&self) -> bool {
                $anew
            }
        });
    };
}

aws_handle!(
    AwsWaitConditionHandle,
    "AWS::CloudFormation::WaitConditionHandle",
    AwsWaitConditionHandleProperties,
    false
);
aws_handle!(
    UpdateWaitConditionHandle,
    "OS::Heat::UpdateWaitConditionHandle",
    UpdateWaitConditionHandleProperties,
    true
);
