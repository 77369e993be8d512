//! `OS::Heat::AutoScalingGroup`: alike resources of a number between two bounds.

use super::batches::rolling;
use super::members;
use heat_plugin_sdk::Step;
use heat_plugin_sdk::schema::ResourceSchema;
use heat_plugin_sdk::{
    AttributeRequest, Attributes, Capacity, Child, ChildRequest, Composite, CompositeError, Inside,
    Properties, Stage,
};
use heat_template::{Evaluated, EvaluationError};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use std::collections::HashSet;

/// Makes alike resources of a number between two bounds.
#[derive(Debug, Clone, Copy, Default)]
pub struct AutoScalingGroup;

/// Alike resources of a number between two bounds. Where fewer are wanted the oldest goes first.
#[derive(Debug, Clone, Deserialize, Properties)]
#[property(since = "2014.1")]
pub struct AutoScalingGroupProperties {
    /// The definition of the resources, as if it stood in the template itself.
    #[property(update_allowed)]
    resource: Map<String, Value>,
    /// How many there are at most.
    #[property(update_allowed, constraint(range(min = 0)))]
    max_size: u64,
    /// How many there are at least.
    #[property(update_allowed, constraint(range(min = 0)))]
    min_size: u64,
    /// Seconds between two changes of the number.
    #[property(update_allowed)]
    cooldown: Option<i64>,
    /// How many there shall be; the least number where nothing is said.
    #[property(update_allowed)]
    desired_capacity: Option<u64>,
    /// How resources are changed.
    #[property(
        update_allowed,
        default = serde_json::json!({"min_in_service": 0, "max_batch_size": 1, "pause_time": 0})
    )]
    rolling_updates: RollingUpdates,
}

/// How resources are changed.
#[derive(Debug, Clone, Deserialize, Properties)]
struct RollingUpdates {
    /// How many stay as they are meanwhile.
    #[property(default = 0, constraint(range(min = 0)))]
    min_in_service: u64,
    /// How many are changed at the same time.
    #[property(default = 1, constraint(range(min = 1)))]
    max_batch_size: u64,
    /// Seconds between batches.
    #[property(default = 0, constraint(range(min = 0)))]
    pause_time: f64,
}

/// What a scaling group tells.
#[derive(Debug, Serialize, Attributes)]
pub struct AutoScalingGroupAttributes {
    /// By names, an attribute of each resource.
    #[attribute(since = "2014.2")]
    outputs: Map<String, Value>,
    /// An attribute of each resource.
    #[attribute(since = "2014.2")]
    outputs_list: Vec<Value>,
    /// How many resources there are.
    #[attribute(since = "2015.1")]
    current_size: u64,
    /// The ids of the resources.
    #[attribute(since = "7.0.0")]
    refs: Vec<Value>,
    /// The ids of the resources by their names.
    #[attribute(since = "7.0.0")]
    refs_map: Map<String, Value>,
}

/// What a scaling group remembers.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct Memory {
    /// The members, the oldest first.
    names: Vec<String>,
    /// How many names were given so far.
    given: u64,
    /// The definition that the members were last brought to.
    definition: Value,
}

impl Memory {
    fn of(memory: Option<&Value>) -> Self {
        memory.and_then(|memory| Self::deserialize(memory).ok()).unwrap_or_default()
    }

    /// Another member, under a name that looks like Heat's.
    fn add(&mut self) {
        self.names.push(name(self.given));
        self.given += 1;
    }
}

/// Twelve letters that were not given before.
fn name(number: u64) -> String {
    const LETTERS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
    let digest = Sha256::digest(number.to_be_bytes());
    digest.iter().take(12).map(|byte| char::from(LETTERS[usize::from(byte & 31)])).collect()
}

impl AutoScalingGroupProperties {
    fn size(&self, before: Option<usize>) -> Result<usize, CompositeError> {
        if self.min_size > self.max_size {
            return Err(CompositeError::property("min_size", "min_size is greater than max_size"));
        }
        let within = self.min_size..=self.max_size;
        let size = match (self.desired_capacity, before) {
            (Some(desired), _) if !within.contains(&desired) => {
                return Err(CompositeError::property(
                    "desired_capacity",
                    format!("desired_capacity must lie between {} and {}", self.min_size, self.max_size),
                ));
            }
            (Some(desired), _) => desired,
            (None, Some(before)) => (before as u64).clamp(self.min_size, self.max_size),
            (None, None) => self.min_size,
        };
        usize::try_from(size).map_err(|_| CompositeError::property("max_size", "so many cannot be counted"))
    }

    fn stages(&self, request: &ChildRequest<'_>, before: &Memory, after: &Memory) -> Vec<Stage> {
        if !request.exists || before.definition == after.definition {
            return Vec::new();
        }
        let stay: Vec<_> =
            request.members.iter().filter(|member| after.names.contains(&member.name)).collect();
        let RollingUpdates { min_in_service, max_batch_size, pause_time } = self.rolling_updates;
        let batches = rolling(stay.len(), stay.len(), max_batch_size as usize, min_in_service as usize);
        let last = batches.len().saturating_sub(1);
        let stage = |(at, updated): (usize, usize)| {
            let members = stay.iter().enumerate().map(|(nth, member)| {
                let definition = if nth < updated { &after.definition } else { &member.definition };
                (member.name.clone(), definition.clone())
            });
            let template = members::template(members);
            Stage { template, pause: if at < last { pause_time } else { 0.0 } }
        };
        // Members that would be made for the time being are not: there is no limit that they might not pass.
        let updated = batches.iter().map(|batch| batch.updated.min(stay.len()));
        updated.enumerate().map(stage).collect()
    }
}

impl Composite for AutoScalingGroup {
    const TYPE: &'static str = "OS::Heat::AutoScalingGroup";
    type Properties = AutoScalingGroupProperties;
    type Attributes = AutoScalingGroupAttributes;

    fn schema(&self) -> ResourceSchema {
        ResourceSchema {
            type_name: Self::TYPE.to_owned(),
            description: AutoScalingGroupProperties::description().to_owned(),
            support: AutoScalingGroupProperties::support(),
            properties: AutoScalingGroupProperties::fields(),
            attributes: AutoScalingGroupAttributes::fields(),
            open_attributes: true,
            ..ResourceSchema::default()
        }
    }

    fn child(
        &self,
        request: &ChildRequest<'_>,
        p: &AutoScalingGroupProperties,
    ) -> Result<Child, CompositeError> {
        let before = Memory::of(request.memory);
        let size = match request.size {
            Some(size) => size.clamp(p.min_size, p.max_size.max(p.min_size)) as usize,
            None => p.size(request.exists.then_some(before.names.len()))?,
        };
        let mut memory = Memory { definition: Value::Object(p.resource.clone()), ..before.clone() };
        let size = if request.sample { size.min(1) } else { size };
        if memory.names.len() > size {
            // Those that failed go first, then the oldest.
            let failed: HashSet<&String> =
                request.members.iter().filter(|member| member.failed).map(|member| &member.name).collect();
            memory.names.sort_by_key(|name| !failed.contains(name));
            memory.names.drain(..memory.names.len() - size);
        }
        while memory.names.len() < size {
            memory.add();
        }
        let members = memory.names.iter().map(|name| (name.clone(), memory.definition.clone()));
        let child = Child::new(members::template(members));
        let stages = if request.sample { Vec::new() } else { p.stages(request, &before, &memory) };
        Ok(child.stages(stages).memory(serde_json::to_value(&memory).unwrap_or_default()))
    }

    fn scales(&self) -> bool {
        true
    }

    fn capacity(&self, p: &AutoScalingGroupProperties, memory: Option<&Value>) -> Option<Capacity> {
        let size = Memory::of(memory).names.len() as u64;
        #[allow(clippy::cast_precision_loss, reason = "seconds")]
        let cooldown = p.cooldown.map(|seconds| seconds as f64);
        Some(Capacity { size, least: p.min_size, most: p.max_size, cooldown })
    }

    fn origin(&self, _: &str, field: Option<&str>) -> Option<Vec<Step>> {
        Some(std::iter::once("resource").chain(field).map(Step::from).collect())
    }

    fn attribute(
        &self,
        request: &AttributeRequest<'_>,
        _: &AutoScalingGroupProperties,
    ) -> Result<Option<Evaluated>, EvaluationError> {
        let names = Memory::of(request.memory).names;
        let list = |name: &str, path: &[Value]| {
            members::attribute(&AttributeRequest { name, path, ..*request }, &names)
        };
        let first = request.path.split_first();
        match (request.name, first) {
            ("current_size", _) => {
                let there = names.iter().filter(|name| request.inside.has(name)).count();
                Ok(Some(Evaluated::Known(there.into())))
            }
            ("outputs", _) => list("attributes", request.path),
            ("outputs_list", Some((Value::String(attribute), path))) => list(attribute, path),
            ("outputs_list", _) => {
                Err(EvaluationError::value("outputs_list needs the name of an attribute of the members"))
            }
            ("refs" | "refs_map", _) => list(request.name, request.path),
            _ => Ok(None),
        }
    }

    fn reference_id(&self, _: &dyn Inside, id: &str, arn: &str) -> Evaluated {
        // The name of the nested stack, which the ARN holds before the id.
        let name = arn.rsplit('/').nth(1).unwrap_or(id);
        Evaluated::Known(name.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use heat_plugin_sdk::{Member, erase_composite};
    use serde_json::json;

    fn group(properties: &Value, request: ChildRequest<'_>) -> Result<Child, CompositeError> {
        let fields = AutoScalingGroupProperties::fields();
        let given = properties.as_object().unwrap().clone();
        let properties = heat_plugin_sdk::schema::coerce_properties(&fields, given).unwrap();
        erase_composite(AutoScalingGroup).child(&ChildRequest { properties: &properties, ..request })
    }

    fn names(child: &Child) -> Vec<String> {
        Memory::of(child.memory.as_ref()).names
    }

    fn sized(min: u64, max: u64, desired: Option<u64>, value: &str) -> Value {
        let resource = json!({"type": "T", "properties": {"value": value}});
        let mut properties = json!({"min_size": min, "max_size": max, "resource": resource});
        if let Some(desired) = desired {
            properties["desired_capacity"] = desired.into();
        }
        properties
    }

    #[test]
    fn it_grows_at_the_end_and_shrinks_at_the_beginning() {
        let nothing = Map::new();
        let new = ChildRequest::of(&nothing);
        let first = group(&sized(2, 5, None, "v"), new).unwrap();
        let old = names(&first);
        assert_eq!(old.len(), 2);
        let again = ChildRequest { exists: true, memory: first.memory.as_ref(), ..new };
        let grown = group(&sized(1, 5, Some(4), "v"), again).unwrap();
        assert_eq!(names(&grown)[..2], old[..]);
        let again = ChildRequest { exists: true, memory: grown.memory.as_ref(), ..new };
        let shrunk = group(&sized(1, 3, None, "v"), again).unwrap();
        assert_eq!(names(&shrunk), names(&grown)[1..]);
        let wrong = group(&sized(1, 3, Some(4), "v"), new).unwrap_err();
        assert_eq!(wrong.property.as_deref(), Some("desired_capacity"));
    }

    #[test]
    fn another_definition_reaches_one_member_after_the_other() {
        let nothing = Map::new();
        let new = ChildRequest::of(&nothing);
        let first = group(&sized(3, 3, None, "old"), new).unwrap();
        let member = |name: &String| Member {
            name: name.clone(),
            reference_id: None,
            failed: false,
            definition: json!({"type": "T", "properties": {"value": "old"}}),
        };
        let members: Vec<Member> = names(&first).iter().map(member).collect();
        let again = ChildRequest { exists: true, memory: first.memory.as_ref(), members: &members, ..new };
        let changed = group(&sized(3, 3, None, "new"), again).unwrap();
        let new: Vec<usize> = changed
            .stages
            .iter()
            .map(|stage| stage.template.to_string().matches("\"new\"").count())
            .collect();
        assert_eq!(new, [1, 2, 3]);
        assert!(group(&sized(3, 3, None, "old"), again).unwrap().stages.is_empty());
    }
}
