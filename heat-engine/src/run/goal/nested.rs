//! What the nested stacks of a stack shall be, and what their attributes are.

use super::{Asked, Goal, Whose};
use crate::engine::EngineError;
use crate::plan::{NestedDesired, NestedQuestion};
use crate::record::{
    Desired, NestedStack, Owner, ResourceRecord, Resources, SourceHash, attribute_key, reason_key,
    secret_mark,
};
use crate::run::core::Core;
use crate::run::current::Current;
use crate::store::Source;
use heat_plugin_sdk::schema::ResourceSchema;
use heat_plugin_sdk::{
    AttributeRequest, Child, ChildRequest, CompositeError, CompositeType, Inside, Member, Stage,
};
use heat_template::composite::{NestedStack as NestedScope, member_attribute};
use heat_template::definition::{Definition, NestedDefinition, NestedError, NestedRequest};
use heat_template::diagnostic::{Diagnostic, codes};
use heat_template::evaluated::Evaluated;
use heat_template::expression::{AttributeReference, EvaluationError, FacadeValues};
use heat_template::parameter::PseudoParameters;
use indexmap::{IndexMap, IndexSet};
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

/// What is known of a nested stack whose goal is wanted.
pub(crate) struct ChildOf<'a> {
    /// The resource.
    pub(crate) name: &'a str,
    /// A template on the way, instead of the one that its type gives.
    pub(crate) template: Option<&'a Value>,
    /// Its properties.
    pub(crate) properties: &'a IndexMap<String, Evaluated>,
    /// What its composite type remembers.
    pub(crate) memory: Option<&'a Value>,
    /// What is inside now; none for a new one.
    pub(crate) members: &'a [Member],
    /// Whether the nested stack exists.
    pub(crate) exists: bool,
    /// What `resource_facade` gives inside.
    pub(crate) facade: FacadeValues,
    /// So many members are wanted, whatever the properties say.
    pub(crate) size: Option<u64>,
    /// The name of the nested stack.
    pub(crate) stack_name: String,
    /// Its id.
    pub(crate) stack_id: Option<String>,
    /// Properties that come from something secret.
    pub(crate) sensitive: BTreeSet<String>,
}

/// What a nested stack shall be.
pub(crate) struct ChildGoal {
    pub(crate) goal: Goal,
    /// The same for its record.
    pub(crate) desired: Desired,
    /// Its template.
    pub(crate) source: Source,
    /// What its composite type remembers.
    pub(crate) memory: Option<Value>,
    /// Templates on the way.
    pub(crate) stages: Vec<Stage>,
    /// Whether every value that it is made from is known.
    pub(crate) complete: bool,
}

/// The attributes of a nested stack, as they are recorded with its resource.
pub(crate) struct NestedAttributes {
    pub(crate) attributes: Map<String, Value>,
    /// Marks of those that tell a secret from inside.
    pub(crate) secret: BTreeSet<String>,
    pub(crate) reference_id: String,
}

impl Goal {
    /// What the nested stack of a resource shall be.
    ///
    /// # Errors
    /// It is not known yet, or something is wrong.
    pub(crate) fn child(&self, of: ChildOf<'_>) -> Result<ChildGoal, NestedError> {
        let found = self.definition.as_ref().and_then(|definition| {
            let mut composite = self.composites.get(of.name)?.clone();
            if let Some(template) = of.template {
                composite.composite = Arc::new(OnTheWay { template: template.clone() });
            }
            Some((definition, definition.resource(of.name)?, composite))
        });
        let Some((definition, resource, composite)) = found else {
            let message = format!("resources.{} is no nested stack", of.name);
            let problem = Diagnostic::error(codes::RESOURCE_TYPE_UNKNOWN, message);
            return Err(NestedError::Wrong(vec![problem]));
        };
        let nothing = Map::new();
        let template = composite.file.is_some();
        let hidden = if template { of.sensitive.clone() } else { BTreeSet::new() };
        let secret = self.secret || (!template && !of.sensitive.is_empty());
        let request = NestedRequest {
            properties: of.properties,
            child: ChildRequest {
                memory: of.memory,
                members: of.members,
                exists: of.exists,
                size: of.size,
                ..ChildRequest::of(&nothing)
            },
            facade: of.facade,
            pseudo: PseudoParameters {
                stack_name: of.stack_name.clone(),
                stack_id: of.stack_id,
                project_id: self.stack.project.clone(),
            },
            hidden,
        };
        let nested = definition.nested(&resource, &composite, request, &*self.lookups)?;
        let made = self.child_of(nested, of.name, of.properties, of.stack_name, secret);
        made.map_err(|error| {
            let problem = Diagnostic::error(codes::RESOURCE_TYPE_UNKNOWN, error.to_string());
            NestedError::Wrong(definition.from_nested(&resource, vec![problem]))
        })
    }

    fn child_of(
        &self,
        nested: NestedDefinition,
        name: &str,
        properties: &IndexMap<String, Evaluated>,
        stack_name: String,
        secret: bool,
    ) -> Result<ChildGoal, EngineError> {
        let NestedDefinition { definition, parameters, complete, memory, stages } = nested;
        let text = definition.template().text();
        let mut hidden: BTreeSet<String> = definition.nesting().hidden.clone();
        let declared = definition.template().parameters().iter().filter(|parameter| parameter.hidden);
        hidden.extend(declared.map(|parameter| parameter.name.clone()));
        let desired = Desired {
            template: Some(SourceHash::of(text)),
            parameters,
            hidden: hidden.into_iter().collect(),
            secret,
            ..Desired::default()
        };
        let source = if secret { Source::secret(text) } else { Source::new(text) };
        let whose = Whose { name: stack_name, project: self.stack.project.clone() };
        let inside = self.asked_inside(name, properties, &definition);
        let mut goal = Self::new(&self.registry, definition, Arc::clone(&self.lookups), whose)?;
        goal.secret = secret;
        goal.staged = !stages.is_empty();
        for (member, attribute, path) in inside {
            goal.wanted.entry(member.clone()).or_default().insert(attribute.clone());
            goal.asked.entry(member).or_default().insert((attribute, path));
        }
        Ok(ChildGoal { goal, desired, source, memory, stages, complete })
    }

    /// The attributes of a nested stack that are kept: those of its type, and those that something refers to.
    fn asked_of(&self, name: &str) -> IndexSet<Asked> {
        let mut asked = IndexSet::new();
        if let Some(composite) = self.composites.get(name) {
            let schema = composite.composite.schema();
            asked.extend(schema.attributes.keys().map(|name| (name.clone(), Vec::new())));
            // What lies in an attribute of a template is found by walking into it.
            let template = composite.file.is_some();
            let more = self.asked.get(name).into_iter().flatten();
            asked
                .extend(more.filter(|(name, _)| !template || !schema.attributes.contains_key(name)).cloned());
        }
        asked
    }

    /// What those need of the resources inside.
    fn asked_inside(
        &self,
        name: &str,
        properties: &IndexMap<String, Evaluated>,
        definition: &Definition,
    ) -> Vec<(String, String, Vec<Value>)> {
        let listening = Listening { definition, scope: None, heard: Mutex::default() };
        let properties: Map<String, Value> =
            properties.iter().map(|(name, value)| (name.clone(), value.to_value_lossy())).collect();
        for (attribute, path) in self.asked_of(name) {
            let _ = self.nested_value(name, &properties, None, &listening, &attribute, &path);
        }
        listening.heard().members
    }

    fn nested_value(
        &self,
        name: &str,
        properties: &Map<String, Value>,
        memory: Option<&Value>,
        inside: &dyn Inside,
        attribute: &str,
        path: &[Value],
    ) -> Result<Option<Evaluated>, EvaluationError> {
        if let Some(value) = member_attribute(inside, attribute, path) {
            return value.map(Some);
        }
        let Some(composite) = self.composites.get(name) else { return Ok(None) };
        composite.composite.attribute(&AttributeRequest { properties, memory, inside, name: attribute, path })
    }

    /// The attributes and the reference id of a nested stack that is finished.
    pub(crate) fn nested_attributes(
        &self,
        record: &ResourceRecord,
        properties: &Map<String, Value>,
        child: &Self,
        current: &Current,
        arn: &str,
    ) -> NestedAttributes {
        let mut attributes = Map::new();
        let mut secret = BTreeSet::new();
        let id = record.nested.as_ref().map(|nested| nested.stack.as_str()).unwrap_or_default();
        let mut reference_id = id.to_owned();
        let (Some(definition), Some(composite)) = (&child.definition, self.composites.get(&record.name))
        else {
            return NestedAttributes { attributes, secret, reference_id };
        };
        let memory = record.private.as_ref();
        for (name, path) in self.asked_of(&record.name) {
            let inside = Listening { definition, scope: Some(current), heard: Mutex::default() };
            let value = self.nested_value(&record.name, properties, memory, &inside, &name, &path);
            let key = attribute_key(&name, &path);
            let is_secret = child.any_secret(inside.heard(), current);
            if is_secret {
                secret.insert(secret_mark(&key));
            }
            // What cannot be told is not there: whoever refers to it is told so.
            match value {
                Ok(Some(Evaluated::Known(value))) if child.knows_attribute(&name, &path) => {
                    attributes.insert(key, value);
                }
                Err(error) if !is_secret && definition.template().outputs().contains_key(&name) => {
                    attributes.insert(reason_key(&key), error.into_diagnostic().to_string().into());
                }
                _ => {}
            }
        }
        let inside = Listening { definition, scope: Some(current), heard: Mutex::default() };
        if let Evaluated::Known(Value::String(text)) = composite.composite.reference_id(&inside, id, arn) {
            reference_id = text;
        }
        if child.any_secret(inside.heard(), current) {
            secret.insert(secret_mark("reference id"));
        }
        NestedAttributes { attributes, secret, reference_id }
    }

    /// Whether a resource inside has the attribute that `resource.<name>.<attribute>` asks for; other names are not about
    /// one.
    fn knows_attribute(&self, name: &str, path: &[Value]) -> bool {
        let Some(rest) = name.strip_prefix("resource.") else { return true };
        let (member, attribute) = match (rest.split_once('.'), path.first()) {
            (Some((member, attribute)), _) => (member, attribute),
            (None, Some(Value::String(attribute))) => (rest, attribute.as_str()),
            _ => return true,
        };
        let schema = self.resources.get(member).and_then(|found| self.schema(member, &found.type_name));
        schema.is_none_or(|schema| {
            schema.open_attributes || attribute == "show" || schema.attributes.contains_key(attribute)
        })
    }

    /// Whether anything of what was asked for tells a secret.
    fn any_secret(&self, heard: Heard, current: &Current) -> bool {
        let Some(definition) = &self.definition else { return false };
        let of_members = heard.members.into_iter().any(|(resource, attribute, path)| {
            let reference = AttributeReference { resource, attribute: Some(attribute), path: Some(path) };
            self.is_secret(&reference, current)
        });
        let references = heard.references.iter().any(|name| self.has_secret_reference(name, current));
        of_members
            || references
            || heard.outputs.iter().any(|output| {
                let needs = definition.output_references(output);
                let hidden = |name: &String| {
                    definition.parameters().get(name).is_some_and(|parameter| parameter.is_hidden())
                };
                self.secret
                    || needs.parameters.iter().any(hidden)
                    || needs.attributes.iter().any(|reference| self.is_secret(reference, current))
                    || needs.resources.keys().any(|name| self.has_secret_reference(name, current))
            })
    }

    /// What the planner is told about a nested stack.
    pub(super) fn foreseen_nested(&self, question: NestedQuestion<'_>) -> NestedDesired {
        let NestedQuestion { resource, state, record, recorded, scope } = question;
        let found = self
            .definition
            .as_ref()
            .and_then(|definition| Some((definition, definition.resource(resource)?)));
        let Some((definition, defined)) = found else { return NestedDesired::InRun };
        let members = recorded.map(|recorded| members(&recorded.resources)).unwrap_or_default();
        let id = record.and_then(|record| record.nested.as_ref());
        let child = self.child(ChildOf {
            name: resource,
            template: None,
            properties: &state.properties,
            memory: record.and_then(|record| record.private.as_ref()),
            members: &members,
            exists: recorded.is_some(),
            size: None,
            facade: definition.facade(&defined, scope),
            stack_name: match recorded {
                Some(recorded) => recorded.name.clone(),
                // As long as the real one, which is made of an id that is not there yet.
                None => format!("{}-{resource}-{}", self.stack.name, "x".repeat(12)),
            },
            stack_id: id.map(|nested| nested.stack.0.clone()),
            sensitive: self.sensitive(resource, &Current::default()),
        });
        match child {
            Ok(child) if child.goal.definition.as_ref().is_some_and(Definition::is_undecided) => {
                NestedDesired::InRun
            }
            Ok(child) => {
                let differs = recorded.is_some_and(|recorded| !same(&recorded.desired, &child.desired));
                let complete = child.complete;
                NestedDesired::Known { desired: Box::new(child.goal), complete, differs }
            }
            Err(NestedError::NotKnownYet) => NestedDesired::InRun,
            Err(NestedError::Wrong(diagnostics)) => NestedDesired::Wrong(diagnostics),
        }
    }
}

/// Whether a nested stack shall be what it is.
pub(crate) fn same(recorded: &Desired, wanted: &Desired) -> bool {
    recorded.template == wanted.template && recorded.parameters == wanted.parameters
}

fn members(resources: &Resources) -> Vec<Member> {
    Current::new(resources.clone()).members()
}

/// What `resource_facade` gives in a nested stack, by the record of the resource that it is.
pub(super) async fn recorded_facade(core: &Core, owner: &Owner) -> Result<FacadeValues, EngineError> {
    let record = core.records.resource(&owner.incarnation).await?;
    Ok(facade_of(
        record.as_ref().map(|record| &record.definition),
        record.as_ref().map(|record| &record.metadata),
    ))
}

/// The same from what stands in the record beside the properties.
pub(crate) fn facade_of(definition: Option<&Map<String, Value>>, metadata: Option<&Value>) -> FacadeValues {
    let empty = || Value::Object(Map::new());
    let part = |name: &str| definition.and_then(|definition| definition.get(name)).cloned();
    FacadeValues {
        metadata: metadata.filter(|value| !value.is_null()).cloned().unwrap_or_else(empty).into(),
        deletion_policy: part("deletion_policy")
            .and_then(|policy| policy.as_str().map(str::to_owned))
            .unwrap_or_else(|| "Delete".to_owned()),
        update_policy: part("update_policy").unwrap_or_else(empty).into(),
    }
}

/// A template on the way to the one that a composite type gives.
struct OnTheWay {
    template: Value,
}

impl CompositeType for OnTheWay {
    fn schema(&self) -> Arc<ResourceSchema> {
        Arc::default()
    }

    fn child(&self, _: &ChildRequest<'_>) -> Result<Child, CompositeError> {
        Ok(Child::new(self.template.clone()))
    }

    fn attribute(&self, _: &AttributeRequest<'_>) -> Result<Option<Evaluated>, EvaluationError> {
        Ok(None)
    }
}

/// What was asked of what is inside a nested stack.
#[derive(Debug, Clone, Default)]
struct Heard {
    members: Vec<(String, String, Vec<Value>)>,
    references: Vec<String>,
    outputs: Vec<String>,
}

/// What is inside a nested stack; listens to what is asked for. Without a scope nothing is known.
struct Listening<'a> {
    definition: &'a Definition,
    scope: Option<&'a Current>,
    heard: Mutex<Heard>,
}

impl Listening<'_> {
    fn hear(&self, hear: impl FnOnce(&mut Heard)) {
        hear(&mut self.heard.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn heard(&self) -> Heard {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn known(&self) -> Option<NestedScope<'_>> {
        self.scope.map(|scope| NestedScope { definition: self.definition, scope })
    }
}

impl Inside for Listening<'_> {
    fn names(&self) -> Vec<String> {
        self.definition.resources().map(|resource| resource.name().to_owned()).collect()
    }

    fn has(&self, name: &str) -> bool {
        self.definition.resource(name).is_some()
    }

    fn reference_id(&self, name: &str) -> Evaluated {
        self.hear(|heard| heard.references.push(name.to_owned()));
        self.known().map_or_else(|| Evaluated::unknown(name), |inside| inside.reference_id(name))
    }

    fn attribute(&self, name: &str, attribute: &str, path: &[Value]) -> Result<Evaluated, EvaluationError> {
        self.hear(|heard| heard.members.push((name.to_owned(), attribute.to_owned(), path.to_vec())));
        match self.known() {
            Some(inside) => inside.attribute(name, attribute, path),
            None => Ok(Evaluated::unknown(name)),
        }
    }

    fn output(&self, name: &str) -> Option<Result<Evaluated, EvaluationError>> {
        self.definition.template().outputs().get(name)?;
        self.hear(|heard| heard.outputs.push(name.to_owned()));
        match self.known() {
            Some(inside) => inside.output(name),
            None => Some(Ok(Evaluated::unknown(name))),
        }
    }

    fn outputs(&self) -> Vec<String> {
        self.definition.outputs().map(|output| output.name().to_owned()).collect()
    }
}

/// The mark of a nested stack in the record of its resource.
impl Goal {
    /// The nested stack with this id, for the record of a resource.
    pub(crate) fn nested_stack(&self, name: &str, stack: crate::record::StackId) -> NestedStack {
        let template = self.composites.get(name).is_some_and(|composite| composite.file.is_some());
        NestedStack { stack, template, scaling: None }
    }

    /// The type of a resource as it is recorded.
    pub(crate) fn type_of(&self, name: &str) -> Option<String> {
        Some(self.resources.get(name)?.type_name.clone())
    }

    /// The type of a resource as it is written.
    pub(crate) fn written_type(&self, name: &str) -> Option<String> {
        Some(self.definition.as_ref()?.resource(name)?.type_name().to_owned())
    }
}
