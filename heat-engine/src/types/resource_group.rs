//! `OS::Heat::ResourceGroup`: resources that are all alike but for their index.

use super::batches::{Batch, rolling};
use super::members;
use heat_plugin_sdk::Step;
use heat_plugin_sdk::schema::{Constraint, PropertySchema, ResourceSchema, ValueType};
use heat_plugin_sdk::{
    AttributeRequest, Attributes, Child, ChildRequest, Composite, CompositeError, Properties, Stage,
};
use heat_template::{Evaluated, EvaluationError};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// Makes resources that are all alike.
#[derive(Debug, Clone, Copy, Default)]
pub struct ResourceGroup;

/// One or more resources of the same definition, named 0, 1, 2 and so on. A variable in the definition stands for the name.
#[derive(Debug, Clone, Deserialize, Properties)]
#[property(since = "2014.1")]
pub struct ResourceGroupProperties {
    /// How many resources there are.
    #[property(update_allowed, default = 1, constraint(range(min = 0)))]
    count: u64,
    /// What stands for the name of a resource in its properties.
    #[property(default = "%index%", constraint(length(min = 3)), since = "2014.2")]
    index_var: String,
    /// The definition of the resources, as if it stood in the template itself.
    #[property(update_allowed)]
    resource_def: ResourceDefinition,
    /// Which resources are removed by an update.
    #[property(update_allowed, default = [], since = "2015.1")]
    removal_policies: Vec<RemovalPolicy>,
    /// Whether the names of an update are added to those that were removed before, or take their place.
    #[property(
        update_allowed,
        default = "append",
        constraint(allowed("append", "update")),
        since = "10.0.0"
    )]
    removal_policies_mode: String,
}

/// The definition of the resources.
#[derive(Debug, Clone, Deserialize, Properties)]
struct ResourceDefinition {
    /// The type.
    #[serde(rename = "type")]
    type_name: String,
    /// The properties.
    properties: Option<Map<String, Value>>,
    /// The metadata.
    #[property(since = "5.0.0")]
    metadata: Option<Map<String, Value>>,
}

/// Which resources are removed.
#[derive(Debug, Clone, Deserialize, Properties)]
struct RemovalPolicy {
    /// Names of resources, or what `get_resource` would give for them. Such a name is never used again.
    #[property(default = [])]
    resource_list: Vec<Value>,
}

/// What a group tells. Any other attribute is the list of what the resources have under that name.
#[derive(Debug, Serialize, Attributes)]
pub struct ResourceGroupAttributes {
    /// The ids of the resources.
    refs: Vec<Value>,
    /// The ids of the resources by their names.
    #[attribute(since = "7.0.0")]
    refs_map: Map<String, Value>,
    /// By names, an attribute of each resource.
    #[attribute(since = "2014.2")]
    attributes: Map<String, Value>,
    /// The names that were removed.
    #[attribute(since = "7.0.0")]
    removed_rsrc_list: Vec<Value>,
}

/// What a group remembers.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct Memory {
    /// Names that are never used again.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    removed: BTreeSet<String>,
    /// The definition that the members were last brought to, where updates go in batches.
    #[serde(skip_serializing_if = "Value::is_null")]
    definition: Value,
}

impl Memory {
    fn of(memory: Option<&Value>) -> Self {
        memory.and_then(|memory| Self::deserialize(memory).ok()).unwrap_or_default()
    }

    fn keep(&self, child: Child) -> Child {
        if *self == Self::default() {
            return child;
        }
        child.memory(serde_json::to_value(self).unwrap_or_default())
    }

    /// The first names that are not removed.
    fn names(&self, count: usize) -> Vec<String> {
        (0_u64..)
            .map(|index| index.to_string())
            .filter(|name| !self.removed.contains(name))
            .take(count)
            .collect()
    }
}

impl ResourceGroupProperties {
    /// Which names are removed, after this request.
    fn removed(&self, before: &BTreeSet<String>, request: &ChildRequest<'_>) -> BTreeSet<String> {
        let mut removed =
            if self.removal_policies_mode == "update" { BTreeSet::new() } else { before.clone() };
        for entry in self.removal_policies.iter().flat_map(|policy| &policy.resource_list) {
            let text = heat_template::python::str_of(entry);
            let is_name = before.contains(&text)
                || !request.exists
                || request.members.iter().any(|member| member.name == text);
            let by_reference =
                || request.members.iter().find(|member| member.reference_id.as_ref() == Some(&text));
            if is_name {
                removed.insert(text);
            } else if let Some(member) = by_reference().filter(|_| entry.is_string()) {
                removed.insert(member.name.clone());
            }
        }
        removed
    }

    /// The definition of one member.
    fn member(&self, name: &str) -> Value {
        let ResourceDefinition { type_name, properties, metadata } = &self.resource_def;
        let properties = properties.as_ref().map(|properties| {
            let indexed = |(key, value): (&String, &Value)| (key.clone(), self.indexed(value, name));
            properties.iter().map(indexed).collect()
        });
        let metadata = metadata.clone().map(Value::Object);
        members::definition(type_name, properties, metadata.as_ref())
    }

    fn indexed(&self, value: &Value, name: &str) -> Value {
        match value {
            Value::String(text) if text.contains(&self.index_var) => {
                text.replace(&self.index_var, name).into()
            }
            Value::Array(items) => items.iter().map(|item| self.indexed(item, name)).collect(),
            Value::Object(entries) => {
                entries.iter().map(|(key, value)| (key.clone(), self.indexed(value, name))).collect()
            }
            other => other.clone(),
        }
    }

    fn template<'n>(&self, names: impl IntoIterator<Item = &'n String>) -> Value {
        members::template(names.into_iter().map(|name| (name.clone(), self.member(name))))
    }

    /// A definition without names, to tell whether it has changed.
    fn alike(&self) -> Value {
        self.member(&self.index_var)
    }
}

/// A policy of `update_policy`, if it is given.
pub(super) fn policy<'a>(request: &ChildRequest<'a>, name: &str) -> Option<&'a Map<String, Value>> {
    request.update_policy.get(name)?.as_object()
}

pub(super) fn whole(policy: &Map<String, Value>, key: &str, default: u64) -> usize {
    let number = policy.get(key).and_then(heat_template::python::Num::of);
    number.map_or(default as usize, |number| number.to_f64() as usize)
}

pub(super) fn pause(policy: &Map<String, Value>) -> f64 {
    let number = policy.get("pause_time").and_then(heat_template::python::Num::of);
    number.map_or(0.0, |number| number.to_f64())
}

impl ResourceGroupProperties {
    /// The templates on the way to the last one: members that are made in batches, or changed in batches.
    fn stages(
        &self,
        request: &ChildRequest<'_>,
        memory: &Memory,
        before: &Value,
        names: &[String],
    ) -> Vec<Stage> {
        if !request.exists {
            let Some(policy) = policy(request, "batch_create") else { return Vec::new() };
            let (size, pause) = (whole(policy, "max_batch_size", 1).max(1), pause(policy));
            let ends = (size..names.len()).step_by(size);
            return ends.map(|end| Stage { template: self.template(&names[..end]), pause }).collect();
        }
        let Some(policy) = policy(request, "rolling_update") else { return Vec::new() };
        if *before == memory.definition {
            return Vec::new();
        }
        let there: Vec<_> =
            request.members.iter().filter(|member| !memory.removed.contains(&member.name)).collect();
        let batches = rolling(
            names.len().min(there.len()),
            there.len(),
            whole(policy, "max_batch_size", 1).max(1),
            whole(policy, "min_in_service", 0),
        );
        let last = batches.len().saturating_sub(1);
        let pause = pause(policy);
        let stage = |(at, batch): (usize, Batch)| {
            let all = memory.names(batch.high_water);
            let new: Vec<&String> = all.iter().rev().take(batch.updated).collect();
            let old = there.iter().filter(|member| !new.iter().any(|name| **name == member.name));
            let old = old.map(|member| (member.name.clone(), member.definition.clone()));
            let made = new.iter().map(|name| ((*name).clone(), self.member(name)));
            let template = members::template(old.chain(made));
            Stage { template, pause: if at < last { pause } else { 0.0 } }
        };
        batches.into_iter().enumerate().map(stage).collect()
    }
}

impl Composite for ResourceGroup {
    const TYPE: &'static str = "OS::Heat::ResourceGroup";
    type Properties = ResourceGroupProperties;
    type Attributes = ResourceGroupAttributes;

    fn schema(&self) -> ResourceSchema {
        let number = |text: &str, min: i64, default: Value| {
            PropertySchema::new(ValueType::Integer)
                .description(text)
                .constraint(Constraint::range(min, None))
                .default(default)
        };
        let pause = || {
            PropertySchema::new(ValueType::Number)
                .description("Seconds between batches.")
                .constraint(Constraint::range(0, 3600))
                .default(0)
        };
        let size = || number("How many resources there are in a batch.", 1, json!(1));
        let rolling = PropertySchema::map_of([
            ("min_in_service", number("How many resources stay as they are meanwhile.", 0, json!(0))),
            ("max_batch_size", size()),
            ("pause_time", pause()),
        ]);
        let create = PropertySchema::map_of([("max_batch_size", size()), ("pause_time", pause())]);
        ResourceSchema {
            type_name: Self::TYPE.to_owned(),
            description: ResourceGroupProperties::description().to_owned(),
            support: ResourceGroupProperties::support(),
            properties: ResourceGroupProperties::fields(),
            attributes: ResourceGroupAttributes::fields(),
            open_attributes: true,
            update_policy: [("rolling_update".to_owned(), rolling), ("batch_create".to_owned(), create)]
                .into(),
            ..ResourceSchema::default()
        }
    }

    fn child(
        &self,
        request: &ChildRequest<'_>,
        p: &ResourceGroupProperties,
    ) -> Result<Child, CompositeError> {
        if request.sample {
            // All are alike, and a group of none is not looked at: so a part of a template can be switched off.
            let one = ["0".to_owned()];
            return Ok(Child::new(p.template(one.iter().take(p.count.min(1) as usize))));
        }
        let before = Memory::of(request.memory);
        let mut memory = Memory { removed: p.removed(&before.removed, request), ..Memory::default() };
        if policy(request, "rolling_update").is_some() {
            memory.definition = p.alike();
        }
        let count = usize::try_from(p.count).unwrap_or(usize::MAX);
        let names = memory.names(count);
        let stages = p.stages(request, &memory, &before.definition, &names);
        Ok(memory.keep(Child::new(p.template(&names)).stages(stages)))
    }

    fn origin(&self, _: &str, field: Option<&str>) -> Option<Vec<Step>> {
        Some(std::iter::once("resource_def").chain(field).map(Step::from).collect())
    }

    fn attribute(
        &self,
        request: &AttributeRequest<'_>,
        p: &ResourceGroupProperties,
    ) -> Result<Option<Evaluated>, EvaluationError> {
        let memory = Memory::of(request.memory);
        if request.name == "removed_rsrc_list" {
            let list = memory.removed.iter().map(|name| Value::from(name.as_str())).collect();
            let list = Evaluated::Known(Value::Array(list));
            return Ok(Some(heat_template::function::select_attribute(list, request.path)));
        }
        members::attribute(request, &memory.names(usize::try_from(p.count).unwrap_or(usize::MAX)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use heat_plugin_sdk::{Member, erase_composite};

    fn group(properties: Value, request: ChildRequest<'_>) -> Child {
        let properties = properties.as_object().unwrap().clone();
        let fields = ResourceGroupProperties::fields();
        let properties = heat_plugin_sdk::schema::coerce_properties(&fields, properties).unwrap();
        let request = ChildRequest { properties: &properties, ..request };
        erase_composite(ResourceGroup).child(&request).unwrap()
    }

    fn names(child: &Child) -> Vec<&str> {
        child.generated().unwrap()["resources"].as_object().unwrap().keys().map(String::as_str).collect()
    }

    fn member(name: &str) -> Member {
        Member {
            name: name.into(),
            reference_id: Some(format!("id-{name}")),
            failed: false,
            definition: json!({"type": "T", "properties": {"name": "old"}}),
        }
    }

    #[test]
    fn the_name_stands_for_the_variable_in_every_text_of_the_properties() {
        let child = group(
            json!({"count": 2, "index_var": "<i>", "resource_def": {
                "type": "T-<i>", "properties": {"a": "x<i><i>", "b": [{"<i>": "<i>"}], "none": null, "n": 1},
                "metadata": {"m": "<i>"},
            }}),
            ChildRequest::of(&Map::new()),
        );
        let expected = json!({
            "type": "T-<i>", "properties": {"a": "x11", "b": [{"<i>": "1"}], "n": 1}, "metadata": {"m": "<i>"},
        });
        assert_eq!(child.generated().unwrap()["resources"]["1"], expected);
    }

    #[test]
    fn removed_names_are_never_used_again() {
        let policies = json!([{"resource_list": ["1", 7, "id-2"]}]);
        let properties = json!({"count": 3, "resource_def": {"type": "T"}, "removal_policies": policies});
        let nothing = Map::new();
        let new = ChildRequest::of(&nothing);
        let first = group(properties.clone(), new);
        assert_eq!(names(&first), ["0", "2", "3"], "at the beginning every entry is a name");
        let members = [member("0"), member("2"), member("1")];
        let later = group(properties, ChildRequest { exists: true, members: &members, ..new });
        assert_eq!(names(&later), ["0", "3", "4"]);
        assert_eq!(later.memory, Some(json!({"removed": ["1", "2"]})));
        let mode = json!({"count": 1, "resource_def": {"type": "T"}, "removal_policies_mode": "update"});
        let again = group(mode, ChildRequest { exists: true, memory: later.memory.as_ref(), ..new });
        assert_eq!((names(&again), again.memory.clone()), (vec!["0"], None));
    }

    #[test]
    fn members_are_made_in_batches() {
        let policy = json!({"batch_create": {"max_batch_size": 2, "pause_time": 3}});
        let nothing = Map::new();
        let update_policy = policy.as_object().unwrap();
        let request = ChildRequest { update_policy, ..ChildRequest::of(&nothing) };
        let child = group(json!({"count": 5, "resource_def": {"type": "T"}}), request);
        let sizes: Vec<_> =
            child.stages.iter().map(|stage| stage.template["resources"].as_object().unwrap().len()).collect();
        assert_eq!((sizes, child.stages[0].pause), (vec![2, 4], 3.0));
    }

    #[test]
    fn members_are_changed_in_batches_while_some_stay_in_service() {
        let policy = json!({"rolling_update": {"max_batch_size": 2, "min_in_service": 2}});
        let members = ["0", "1", "2"].map(member);
        let properties = json!({"count": 3, "resource_def": {"type": "T", "properties": {"name": "new"}}});
        let nothing = Map::new();
        let update_policy = policy.as_object().unwrap();
        let request =
            ChildRequest { update_policy, exists: true, members: &members, ..ChildRequest::of(&nothing) };
        let child = group(properties.clone(), request);
        let new: Vec<Vec<&str>> = child
            .stages
            .iter()
            .map(|stage| {
                let all = stage.template["resources"].as_object().unwrap().iter();
                all.filter(|(_, member)| member["properties"]["name"] == "new")
                    .map(|(name, _)| &**name)
                    .collect()
            })
            .collect();
        // One more than wanted is made, so that two of the old ones stay.
        assert_eq!(new, [vec!["3", "2"], vec!["3", "2", "1", "0"]]);
        let unchanged = group(properties, ChildRequest { memory: child.memory.as_ref(), ..request });
        assert!(unchanged.stages.is_empty());
    }
}
