//! Drift: what is recorded of things, and what they are.

use super::{Engine, EngineError, Stack, Update, store_content};
use crate::plan::{ChangeEffect, NestedRecords, same};
use crate::record::{Action, ResourceRecord, Resources, StackId, StackRecord, Status};
use crate::run::{Core, Current, Goal, Seen, Unresolved, nested_records, see};
use crate::store::any_secret;
use futures_util::stream::{self, StreamExt};
use heat_plugin_sdk::schema::UpdateMode;
use heat_plugin_sdk::{Failure, ObservedProperty, State};
use serde::Serialize;
use serde_json::Value;
use std::sync::Arc;

/// So many things are looked at at once; connections have limits of their own.
const AT_ONCE: usize = 64;

/// What stands in the place of a secret.
const MASK: &str = "******";

/// A resource, and whether it is what is recorded of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ResourceDrift {
    /// The way to it from the stack that was asked for: names with `/` between them, as in `group/0`.
    pub resource: String,
    /// Its type.
    pub resource_type: String,
    /// The id under which the service knows it.
    pub physical_resource_id: String,
    /// Whether it is there.
    pub state: DriftState,
    /// The properties that are others than those that were last applied. Those that the service does not tell are not
    /// compared, and neither are keys that a map was not asked to have.
    pub properties: Vec<PropertyDrift>,
    /// Properties that the service does not tell, so that nothing is known of them.
    pub unreadable: Vec<String>,
}

/// Whether a thing is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DriftState {
    /// It is there and in order.
    InOrder,
    /// It is not there.
    Gone,
    /// It is there and not in order, for this reason.
    NotInOrder(String),
    /// It could not be looked at, for this reason.
    Unknown(String),
}

/// A property that is another one than was last applied.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PropertyDrift {
    /// Its name.
    pub property: String,
    /// What was last applied; masked where it is secret.
    pub recorded: Value,
    /// What is there; masked where it is secret.
    pub live: Value,
    /// What it takes to bring the recorded value back.
    pub repair: ChangeEffect,
}

impl ResourceDrift {
    /// Whether it is what is recorded of it, as far as that can be told.
    pub fn is_none(&self) -> bool {
        self.state == DriftState::InOrder && self.properties.is_empty()
    }
}

/// What was seen of a recorded thing.
pub(super) struct Look {
    pub(super) path: String,
    pub(super) stack: StackId,
    pub(super) record: Arc<ResourceRecord>,
    /// `None`: it is gone.
    pub(super) found: Result<Option<Seen>, Failure>,
}

/// Looks at all things of a stack and of those inside of it that it made.
pub(super) async fn look(
    core: &Arc<Core>,
    stack: &StackRecord,
    resources: &Resources,
    nested: &NestedRecords,
) -> Result<Vec<Look>, EngineError> {
    let mut all = Vec::new();
    let mut rest = vec![(String::new(), stack.id.clone(), resources)];
    while let Some((outside, id, resources)) = rest.pop() {
        let current = Current::new(resources.clone());
        for record in current.standing_records() {
            let path = format!("{outside}{}", record.name);
            if let Some(own) = &record.nested {
                if let Some(inside) = nested.get(&own.stack) {
                    rest.push((format!("{path}/"), own.stack.clone(), &inside.resources));
                }
            } else if record.physical_id.is_some()
                && record.external_id().is_none()
                && record.action != Action::Delete
                && core.registry.resource(&record.type_name).is_some_and(|plugin| !plugin.is_local())
            {
                all.push((path, id.clone(), Arc::clone(record)));
            }
        }
    }
    let looks = all.into_iter().map(|(path, own, record)| async move {
        let Some(id) = record.physical_id.clone() else {
            return Look { path, stack: own, found: Ok(None), record };
        };
        let found = match see(core, stack, &record.name, &record.type_name, &id, Some(&record)).await {
            Err(failure) if failure.is_not_found() => Ok(None),
            found => found,
        };
        Look { path, stack: own, record, found }
    });
    Ok(stream::iter(looks).buffered(AT_ONCE).collect().await)
}

/// The properties that are others than those that were last applied, with what is there.
fn drifted(record: &ResourceRecord, seen: &Seen) -> Vec<(String, Value, Value)> {
    let known = record.properties.iter().flatten();
    known
        .filter_map(|(name, recorded)| match seen.observed.properties.get(name) {
            Some(ObservedProperty::Known(live)) => {
                let live = asked_for(recorded, live);
                let differs = !same(recorded, &live) && !is_left_open(recorded, &live);
                differs.then(|| (name.clone(), recorded.clone(), live))
            }
            _ => None,
        })
        .collect()
}

/// What is there of what was asked for: further keys of a map are the service's own.
pub(super) fn asked_for(recorded: &Value, live: &Value) -> Value {
    match (recorded, live) {
        (Value::Object(recorded), Value::Object(live)) => {
            let known = live.iter().filter_map(|(key, live)| Some((key, recorded.get(key)?, live)));
            Value::Object(
                known.map(|(key, recorded, live)| (key.clone(), asked_for(recorded, live))).collect(),
            )
        }
        (Value::Array(recorded), Value::Array(live)) if recorded.len() == live.len() => {
            recorded.iter().zip(live).map(|(recorded, live)| asked_for(recorded, live)).collect()
        }
        _ => live.clone(),
    }
}

/// Nothing was asked for, and the service chose something, or tells nothing in another form.
pub(super) fn is_left_open(recorded: &Value, live: &Value) -> bool {
    let empty = |value: &Value| match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(entries) => entries.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    };
    recorded.is_null() || (empty(recorded) && empty(live))
}

/// The record with what was seen in the place of what was applied, and the properties that it is about; an empty name where
/// the thing itself is gone or broken, so that it is to be replaced.
pub(super) fn as_seen(
    core: &Core,
    record: &ResourceRecord,
    seen: &Option<Seen>,
) -> (ResourceRecord, Vec<String>) {
    let mut next = record.clone();
    let broken = match seen {
        None => Some(format!("{} is gone", record.type_name)),
        Some(seen) => match &seen.observed.state {
            State::Failed(reason) => Some(format!("{} is in error: {reason}", record.type_name)),
            State::Ready | State::Working(_) => None,
        },
    };
    if let Some(reason) = broken {
        (next.action, next.status, next.updated) = (Action::Check, Status::Failed, core.clock.now());
        next.reason = reason;
        return (next, vec![String::new()]);
    }
    let mut what = Vec::new();
    for (property, _, live) in seen.iter().flat_map(|seen| drifted(record, seen)) {
        if let Some(properties) = &mut next.properties {
            properties.insert(property.clone(), live);
        }
        what.push(property);
    }
    if !what.is_empty() {
        next.updated = core.clock.now();
    }
    (next, what)
}

/// The record with what was seen of these properties.
pub(super) fn accepted(
    core: &Core,
    record: &ResourceRecord,
    seen: &Option<Seen>,
    wanted: impl Fn(&str) -> bool,
) -> (ResourceRecord, Vec<String>) {
    let mut next = record.clone();
    let mut what = Vec::new();
    for (property, _, live) in seen.iter().flat_map(|seen| drifted(record, seen)) {
        if !wanted(&property) {
            continue;
        }
        if let Some(properties) = &mut next.properties {
            properties.insert(property.clone(), live);
        }
        what.push(property);
    }
    if !what.is_empty() {
        next.updated = core.clock.now();
    }
    (next, what)
}

impl Stack {
    /// Looks at every thing that the stack, or one inside of it, has made, and tells property by property what differs from
    /// what is recorded. Nothing is done, and nothing is recorded.
    ///
    /// What a template only uses (`external_id`), and what is nothing but its record, is not looked at.
    ///
    /// # Errors
    /// The store cannot be read. A thing that cannot be looked at says so itself.
    pub async fn drift(&self) -> Result<Vec<ResourceDrift>, EngineError> {
        let core = self.engine.core();
        let stack = self.record().await?;
        let resources = core.records.resources(&self.id).await?;
        let nested = nested_records(core, &resources).await?;
        let looks = look(core, &stack, &resources, &nested).await?;
        let (goal, current) = self.goal(&stack).await?;
        let secrets = crate::run::Secrets::of(&core.registry, &stack, &goal, &current);
        nested.values().flat_map(|inside| inside.resources.values()).for_each(|record| {
            secrets.learn_record(&core.registry, record);
        });
        Ok(looks.iter().map(|look| told(&self.engine, look, &secrets)).collect())
    }

    /// The update that takes what is there for what shall be, of these properties: paths as [`drift`](Self::drift) gives them,
    /// `resource.property`. Nothing is done; see what it would do with [`preview_update`](Self::preview_update).
    ///
    /// What is there is taken where the template permits it: where a property is made of one parameter, the parameter gets the value that makes it so.
    ///
    /// # Errors
    /// [`EngineError::NotAccepted`]: the template says something else, or there is no such drift.
    pub async fn accept_drift(
        &self,
        properties: impl IntoIterator<Item = impl Into<String>>,
    ) -> Result<Update, EngineError> {
        let core = self.engine.core();
        let stack = self.living().await?;
        let resources = core.records.resources(&self.id).await?;
        let nested = nested_records(core, &resources).await?;
        let looks = look(core, &stack, &resources, &nested).await?;
        let (goal, current) = self.goal(&stack).await?;
        let mut update = Update::existing();
        let mut accept = Vec::new();
        for path in properties {
            let path: String = path.into();
            let refused = |reason: String| EngineError::NotAccepted { property: path.clone(), reason };
            let Some((resource, property)) = path.rsplit_once('.') else {
                return Err(refused("name it as resource.property".to_owned()));
            };
            let found = looks.iter().find(|look| look.path == resource);
            let live = found.and_then(|look| {
                let seen = look.found.as_ref().ok()?.as_ref()?;
                drifted(&look.record, seen)
                    .into_iter()
                    .find(|(name, ..)| name == property)
                    .map(|(.., live)| live)
            });
            let Some(live) = live else { return Err(refused("it has not drifted".to_owned())) };
            if resource.contains('/') {
                return Err(refused(
                    "it lies in a nested stack, which its parent gives its values: change the template"
                        .to_owned(),
                ));
            }
            let parameter = match goal.parameters_of(resource, property).as_slice() {
                [only] => only.clone(),
                [] => return Err(refused("the template itself says it: change the template".to_owned())),
                _ => return Err(refused("it is made of several parameters: change them".to_owned())),
            };
            let next = update.clone().parameter(parameter.clone(), live.clone());
            let content = store_content::updated(core, &stack, &next).await?;
            let changed = StackRecord { desired: store_content::desired(&content), ..stack.clone() };
            let would = self.engine.goal(&changed, &content).await?;
            let says = self.says(&would, &stack, resource, property, &current).await?;
            if !says.is_some_and(|value| same(&value, &live)) {
                return Err(refused(format!(
                    "no value of the parameter {parameter} makes it so: change the template"
                )));
            }
            update = next;
            accept.push(path);
        }
        update.particulars.accept = Some(accept);
        Ok(update)
    }

    /// What a goal says of a property.
    async fn says(
        &self,
        goal: &Goal,
        stack: &StackRecord,
        resource: &str,
        property: &str,
        current: &Current,
    ) -> Result<Option<Value>, EngineError> {
        loop {
            match goal.resolved(resource, current) {
                Ok(state) => return Ok(state.properties.get(property).map(|value| value.to_value_lossy())),
                Err(Unresolved::Ask) => {
                    let core = self.engine.core();
                    goal.fetch(core, &stack.credentials).await.map_err(EngineError::Service)?;
                }
                Err(Unresolved::Wrong(_) | Unresolved::Invalid(_)) => return Ok(None),
            }
        }
    }
}

fn told(engine: &Engine, look: &Look, secrets: &crate::run::Secrets) -> ResourceDrift {
    let record = &look.record;
    let schema = engine.registry().resource(&record.type_name).map(|plugin| plugin.schema());
    let (mut properties, mut unreadable) = (Vec::new(), Vec::new());
    let state = match &look.found {
        Err(failure) => DriftState::Unknown(secrets.told(failure)),
        Ok(None) => DriftState::Gone,
        Ok(Some(seen)) => {
            for (property, recorded, live) in drifted(record, seen) {
                let schema = schema.as_ref().and_then(|schema| schema.properties.get(&property));
                let repair = match schema.map(|schema| schema.update) {
                    Some(UpdateMode::Replace) => ChangeEffect::Replace,
                    Some(UpdateMode::Immutable) => ChangeEffect::Refuse,
                    Some(UpdateMode::InPlace) | None => ChangeEffect::InPlace,
                };
                let secret = record.sensitive.contains(&property) || schema.is_none_or(any_secret);
                let shown = |value: Value| if secret { Value::from(MASK) } else { value };
                let (recorded, live) = (shown(recorded), shown(live));
                properties.push(PropertyDrift { property, recorded, live, repair });
            }
            let hidden = seen.observed.properties.iter();
            let hidden = hidden.filter(|(_, value)| matches!(value, ObservedProperty::Unreadable));
            unreadable.extend(hidden.map(|(name, _)| name.clone()));
            match &seen.observed.state {
                State::Ready => DriftState::InOrder,
                State::Working(why) | State::Failed(why) => DriftState::NotInOrder(secrets.mask(why)),
            }
        }
    };
    ResourceDrift {
        resource: look.path.clone(),
        resource_type: record.type_name.clone(),
        physical_resource_id: record.physical_id.as_ref().map(ToString::to_string).unwrap_or_default(),
        state,
        properties,
        unreadable,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_what_was_asked_for_is_compared() {
        let differs = |recorded: Value, live: Value| {
            let live = asked_for(&recorded, &live);
            !same(&recorded, &live) && !is_left_open(&recorded, &live)
        };
        assert!(!differs(json!({}), json!({"mtu": 1450})));
        assert!(!differs(json!({"a": 1}), json!({"a": 1.0, "b": 2})));
        assert!(differs(json!({"a": 1}), json!({"b": 2})));
        assert!(!differs(json!([{"port": "p"}]), json!([{"port": "p", "fixed_ip": "10.0.0.3"}])));
        assert!(differs(json!([{"port": "p"}]), json!([{"port": "q"}])));
        assert!(differs(json!(["a"]), json!(["a", "b"])));
        assert!(!differs(json!(null), json!("chosen by the service")));
        assert!(!differs(json!(""), json!(null)) && !differs(json!([]), json!(null)));
        assert!(differs(json!(""), json!("theirs")) && differs(json!(true), json!(false)));
    }
}
