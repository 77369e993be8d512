//! What a stack shall be: its definition, brought together with what services say of names and values.

mod desired;
mod external;
mod nested;
mod preview;
mod secrets;
mod validate;
mod written;

use super::core::Core;
use super::current::Current;
use super::lookups::Lookups;
use super::work::Facts;
use crate::engine::{Content, EngineError, FoundName, OutputView, store_content};
use crate::plan::{CompositeState, DesiredResource, DesiredState, Prospects};
use crate::record::{self, DeletionPolicy, IncarnationId, ResourceRecord, StackRecord, hidden_mark};
use crate::store::texts_in;
use heat_plugin_sdk::schema::{AttributeMode, ResourceSchema, Translation};
use heat_plugin_sdk::{Credentials, Failure, PhysicalId, Registry, Sibling, SiblingIndex, Signals};
use heat_template::Environment;
use heat_template::definition::{Composite, DefinedResource, Definition, Inputs, Nesting, NestingLimits};
use heat_template::diagnostic::{Diagnostic, codes};
use heat_template::environment::{Implementation, RestrictedAction};
use heat_template::evaluated::Evaluated;
use heat_template::expression::{AttributeReference, Scope};
use heat_template::parameter::PseudoParameters;
use heat_template::source::Span;
use indexmap::{IndexMap, IndexSet};
pub(crate) use nested::{ChildGoal, ChildOf, NestedAttributes, facade_of, same};
use serde_json::{Map, Value};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use written::{Written, written};

/// What a stack shall be.
pub(crate) struct Goal {
    registry: Arc<Registry>,
    definition: Option<Definition>,
    resources: IndexMap<String, DesiredResource>,
    /// The resources that are nested stacks, and what is behind their types.
    composites: HashMap<String, Composite>,
    /// The resources that are things which exist already, by the ids under which the services know them.
    external: HashMap<String, PhysicalId>,
    /// Attributes that something refers to, by resource, each with the rest of `get_attr`'s arguments.
    wanted: HashMap<String, BTreeSet<String>>,
    asked: HashMap<String, IndexSet<Asked>>,
    /// Of which stack.
    stack: Whose,
    /// The template was made of secret values.
    secret: bool,
    /// It is reached over templates on the way.
    staged: bool,
    /// The texts of hidden parameters.
    hidden_texts: Arc<Vec<String>>,
    lookups: Arc<Lookups>,
}

/// An attribute, and the rest of `get_attr`'s arguments.
pub(crate) type Asked = (String, Vec<Value>);

/// Of which stack a goal is.
#[derive(Debug, Clone, Default)]
pub(crate) struct Whose {
    name: String,
    project: String,
}

impl Whose {
    pub(crate) fn of(stack: &StackRecord) -> Self {
        Self { name: stack.name.clone(), project: stack.project.clone() }
    }
}

/// Why a resource cannot be evaluated now.
#[derive(Debug)]
pub(crate) enum Unresolved {
    /// A service has to be asked first: [`Goal::fetch`], then again.
    Ask,
    /// It is wrong; a reason for the record.
    Wrong(String),
    /// Everything could be evaluated, and a property has a value that it may not have; a reason for the record.
    Invalid(String),
}

impl Goal {
    /// No resources at all: what a deletion aims at.
    pub(crate) fn nothing(core: &Core) -> Self {
        Self {
            registry: Arc::clone(&core.registry),
            definition: None,
            resources: IndexMap::new(),
            composites: HashMap::new(),
            external: HashMap::new(),
            wanted: HashMap::new(),
            asked: HashMap::new(),
            stack: Whose::default(),
            secret: false,
            staged: false,
            hidden_texts: Arc::default(),
            lookups: Arc::new(Lookups::new(Arc::clone(&core.registry))),
        }
    }

    /// What a stack shall be by a request, checked with everything that the services have to say.
    pub(crate) async fn checked(
        core: &Arc<Core>,
        stack: &StackRecord,
        content: &Content,
    ) -> Result<Self, EngineError> {
        let inputs = inputs(core, stack, content);
        let (definition, lookups) = defined(core, stack, &inputs, content).await?;
        Self::new(&core.registry, definition, Arc::new(lookups), Whose::of(stack))
    }

    /// Checks a template for its own sake: parameters need not have values.
    pub(crate) async fn check_template(
        core: &Arc<Core>,
        stack: &StackRecord,
        content: &Content,
    ) -> Result<(), EngineError> {
        let inputs = Inputs { require_values: false, ..inputs(core, stack, content) };
        defined(core, stack, &inputs, content).await.map(drop)
    }

    /// What a stack shall be by its record. It was checked when it was recorded.
    pub(crate) async fn recorded(
        core: &Arc<Core>,
        stack: &StackRecord,
        desired: &record::Desired,
    ) -> Result<Self, EngineError> {
        let lookups = Lookups::new(Arc::clone(&core.registry));
        let content = store_content::recorded(core, stack, desired).await?;
        let mut inputs = inputs(core, stack, &content);
        if let Some(owner) = &stack.owner {
            inputs.nesting.depth = owner.depth as usize;
            inputs.nesting.facade = Some(nested::recorded_facade(core, owner).await?);
            inputs.nesting.hidden = desired.hidden.iter().cloned().collect();
        }
        let defined = content.template.define(&inputs, &lookups);
        match defined.value {
            Some(definition) => {
                let goal = Self::new(&core.registry, definition, Arc::new(lookups), Whose::of(stack))?;
                Ok(Self { secret: desired.secret, ..goal })
            }
            None => Err(defined.diagnostics.into()),
        }
    }

    fn new(
        registry: &Arc<Registry>,
        definition: Definition,
        lookups: Arc<Lookups>,
        stack: Whose,
    ) -> Result<Self, EngineError> {
        let registry = Arc::clone(registry);
        let mut composites = HashMap::new();
        let mut external = HashMap::new();
        let mut asked: HashMap<String, IndexSet<Asked>> = HashMap::new();
        let mut resources = IndexMap::with_capacity(definition.dependencies().len());
        let mut wanted: HashMap<String, BTreeSet<String>> = HashMap::new();
        let mut siblings = Vec::with_capacity(definition.dependencies().len());
        for resource in definition.resources() {
            let name = resource.name();
            let type_name = implementation(&definition, &registry, name, resource.type_name())?;
            let composite = definition.composite(&resource, &*registry);
            if let Some(id) = external::id(&resource, composite.is_some())? {
                external.insert(name.to_owned(), id);
            }
            if let Some(composite) = composite {
                composites.insert(name.to_owned(), composite);
            }
            for reference in &resource.references().attributes {
                want(reference, &mut wanted, &mut asked);
            }
            siblings.push(sibling(&definition, name, &type_name));
            let requires = definition.dependencies().get(name).cloned().unwrap_or_default();
            resources.insert(name.to_owned(), DesiredResource { type_name, requires });
        }
        for output in definition.outputs() {
            for reference in definition.output_references(output.name()).attributes {
                want(&reference, &mut wanted, &mut asked);
            }
        }
        let siblings = SiblingIndex::new(siblings);
        let made = |name: &String| !composites.contains_key(name) && !external.contains_key(name);
        for (name, resource) in resources.iter_mut().filter(|(name, _)| made(name)) {
            if let Some(plugin) = registry.resource(&resource.type_name) {
                resource.requires.extend(plugin.implicit_dependencies(&siblings.of(name)));
                resource.requires.shift_remove(name);
            }
        }
        let hidden = definition.parameters().iter().filter(|(_, parameter)| parameter.is_hidden());
        let hidden: Vec<_> = hidden.map(|(_, parameter)| parameter.value().to_value_lossy()).collect();
        Ok(Self {
            registry,
            resources,
            composites,
            external,
            wanted,
            asked,
            stack,
            secret: false,
            staged: false,
            hidden_texts: Arc::new(texts_in(&hidden)),
            lookups,
            definition: Some(definition),
        })
    }

    /// What a template can see of the type of a resource.
    fn schema(&self, name: &str, type_name: &str) -> Option<Arc<ResourceSchema>> {
        match self.composites.get(name) {
            Some(composite) => Some(composite.composite.schema()),
            None => self.registry.resource(type_name).map(|plugin| plugin.schema()),
        }
    }

    /// Whether a resource is a nested stack.
    pub(crate) fn is_nested(&self, name: &str) -> bool {
        self.composites.contains_key(name)
    }

    /// Asks the services for all that an evaluation wanted to know. Gives whether there was anything.
    ///
    /// # Errors
    /// A service cannot be asked.
    pub(crate) async fn fetch(&self, core: &Core, credentials: &Credentials) -> Result<bool, Failure> {
        self.lookups.fetch(core, credentials).await
    }

    /// What services found for names so far; nothing of what is hidden.
    pub(crate) fn found_names(&self) -> Vec<FoundName> {
        self.lookups.found(&self.hidden_texts)
    }

    /// On-demand attributes, and `show`, that something refers to.
    pub(crate) fn wanted_attributes(&self, resource: &str) -> BTreeSet<String> {
        self.wanted.get(resource).cloned().unwrap_or_default()
    }

    /// The definition of a resource with all values that are known now.
    pub(crate) fn resolved(&self, name: &str, current: &Current) -> Result<DesiredState, Unresolved> {
        let mut asks = false;
        let state = self.evaluate(name, current, &mut asks);
        if asks {
            return Err(Unresolved::Ask);
        }
        state.map_err(|diagnostics| {
            let first = diagnostics.iter().find(|found| found.is_error()).or(diagnostics.first());
            match first {
                Some(diagnostic) if is_about_a_value(diagnostic) => {
                    Unresolved::Invalid(diagnostic.to_string())
                }
                Some(diagnostic) => Unresolved::Wrong(diagnostic.to_string()),
                None => Unresolved::Wrong(format!("resources.{name}: it cannot be evaluated")),
            }
        })
    }

    fn evaluate(
        &self,
        name: &str,
        scope: &dyn Scope,
        asks: &mut bool,
    ) -> Result<DesiredState, Vec<Diagnostic>> {
        match self.external.get(name) {
            // What it would be made of is nobody's business.
            Some(id) => Ok(external::state(id)),
            None => self.evaluate_made(name, scope, asks),
        }
    }

    /// As [`evaluate`](Self::evaluate), whether or not it exists already.
    fn evaluate_made(
        &self,
        name: &str,
        scope: &dyn Scope,
        asks: &mut bool,
    ) -> Result<DesiredState, Vec<Diagnostic>> {
        let found =
            self.definition.as_ref().and_then(|definition| Some((definition, definition.resource(name)?)));
        let Some((definition, resource)) = found else {
            return Err(vec![Diagnostic::error(
                codes::RESOURCE_REFERENCE,
                format!("there is no resource {name}"),
            )]);
        };
        let type_name = self.resources.get(name).map_or(resource.type_name(), |wanted| &wanted.type_name);
        let Some(schema) = self.schema(name, type_name) else {
            let message = format!("no plugin provides the type {type_name}");
            return Err(vec![
                Diagnostic::error(codes::RESOURCE_TYPE_UNKNOWN, message)
                    .at(resource.resource().type_span(), ""),
            ]);
        };
        let mut properties = definition.resolve_properties(&resource, scope, &schema, &*self.lookups)?;
        let mut problems = Vec::new();
        for translation in &schema.translations {
            if let Translation::Resolve { path, finder } = translation {
                let Some(first) = path.first() else { continue };
                let place = property_span(&resource, first);
                for value in at_path(&mut properties, path) {
                    self.resolve_name(value, finder, path, place, asks, &mut problems);
                }
                if let Some(value) = properties.get_mut(first) {
                    *value = normal(std::mem::replace(value, Evaluated::NULL));
                }
            }
        }
        if problems.is_empty() && !*asks {
            problems.extend(self.refused_by_type(definition, &resource, type_name, &properties));
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        let Written { definition, metadata } = written(definition, &resource, scope, &schema, &properties)
            .map_err(|error| vec![error.into_diagnostic()])?;
        let composite = self.composites.get(name);
        let composite = composite.map(|found| CompositeState { schema, template: found.file.is_some() });
        Ok(DesiredState { properties, definition, metadata, composite, external_id: None })
    }

    /// Puts the id in the place of a name.
    fn resolve_name(
        &self,
        value: &mut Evaluated,
        finder: &str,
        path: &[String],
        place: Option<Span>,
        asks: &mut bool,
        problems: &mut Vec<Diagnostic>,
    ) {
        let Evaluated::Known(known) = value else { return };
        if known.as_str().is_none_or(str::is_empty) {
            return;
        }
        match self.lookups.find(finder, known) {
            None => *asks = true,
            Some(Ok(id)) => *value = Evaluated::Known(id),
            Some(Err(failure)) => {
                let message = format!("property {}: {failure}", path.join("."));
                let mut problem = Diagnostic::error(codes::PROPERTY_CONSTRAINT, message);
                if let Some(place) = place {
                    problem = problem.at(place, "");
                }
                problems.push(problem);
            }
        }
    }

    fn requires(&self, name: &str, current: &Current) -> BTreeSet<IncarnationId> {
        self.resources
            .get(name)
            .into_iter()
            .flat_map(|resource| &resource.requires)
            .filter_map(|needed| current.standing(needed))
            .map(|record| record.id.clone())
            .collect()
    }

    /// What a record learns of its definition.
    pub(crate) fn facts(&self, name: &str, state: &DesiredState, current: &Current) -> Facts {
        let definition: Map<_, _> = state
            .definition
            .iter()
            .map(|(key, value)| (key.clone(), value.to_value_lossy()))
            .filter(|(_, value)| !value.is_null())
            .collect();
        let resource = self.definition.as_ref().and_then(|definition| definition.resource(name));
        let mut sensitive = self.sensitive(name, current);
        if let Some(composite) = state.composite.as_ref().filter(|composite| composite.template) {
            let hidden = composite.schema.properties.iter().filter(|(_, property)| property.secret);
            sensitive.extend(hidden.map(|(name, _)| hidden_mark(name)));
        }
        Facts {
            sensitive,
            keeps_metadata: self.keeps_metadata(name),
            metadata: state.metadata.as_ref().map_or(Value::Null, Evaluated::to_value_lossy),
            definition,
            requires: self.requires(name, current),
            deletion_policy: resource.map_or(DeletionPolicy::Delete, |resource| {
                match resource.deletion_policy() {
                    heat_template::definition::DeletionPolicy::Delete => DeletionPolicy::Delete,
                    heat_template::definition::DeletionPolicy::Retain => DeletionPolicy::Retain,
                    heat_template::definition::DeletionPolicy::Snapshot => DeletionPolicy::Snapshot,
                }
            }),
        }
    }

    /// Whether signals change the metadata of a resource.
    fn keeps_metadata(&self, name: &str) -> bool {
        let Some(resource) = self.resources.get(name) else { return false };
        if self.is_nested(name) {
            return super::scaling::is_group(&self.registry, &resource.type_name);
        }
        let plugin = self.registry.resource(&resource.type_name);
        plugin.is_some_and(|plugin| plugin.signals() != Signals::Refused)
    }

    /// Whether something refers to an attribute that is fetched only when somebody wants it, and the record lacks it.
    pub(crate) fn wants_more(&self, record: &ResourceRecord) -> bool {
        if record.nested.is_some() {
            let asked = self.asked.get(&record.name).into_iter().flatten();
            return asked.into_iter().any(|(name, path)| record.nested_attribute(name, path).is_none());
        }
        let Some(wanted) = self.wanted.get(&record.name) else { return false };
        let Some(plugin) = self.registry.resource(&record.type_name) else { return false };
        lacks(&plugin.schema(), wanted, &record.attributes)
    }

    /// Whether a resource that is kept depends on other incarnations than its record says.
    pub(crate) fn moves(&self, record: &ResourceRecord, current: &Current) -> bool {
        self.requires(&record.name, current) != record.requires
    }

    /// The template's description; Heat takes any value for one.
    pub(crate) fn description(&self) -> Value {
        match &self.definition {
            Some(definition) => definition.template().description(),
            None => "No description".into(),
        }
    }

    /// Parameters as texts, hidden ones masked.
    pub(crate) fn parameters(&self) -> IndexMap<String, String> {
        self.definition.as_ref().map(|definition| definition.parameters().listed()).unwrap_or_default()
    }

    /// The outputs with their values.
    pub(crate) fn outputs(&self, current: &Current) -> Vec<OutputView> {
        let Some(definition) = &self.definition else { return Vec::new() };
        definition
            .outputs()
            .map(|output| {
                let value = definition.output(output.name(), current);
                let (output_value, output_error) = match value {
                    Ok(value) => (value.to_value_lossy(), None),
                    Err(error) => (Value::Null, Some(error.diagnostic().to_string())),
                };
                let (output_key, description) = (output.name().to_owned(), output.description());
                OutputView { output_key, output_value, description, output_error }
            })
            .collect()
    }

    /// The environment, where there is anything to be.
    pub(crate) fn environment(&self) -> Option<&Environment> {
        self.definition.as_ref().map(Definition::environment)
    }

    /// What the environment forbids to do to a resource.
    pub(crate) fn restricted(&self, name: &str) -> BTreeSet<RestrictedAction> {
        let environment = self.definition.as_ref().map(Definition::environment);
        environment.map(|known| known.registry().restricted_actions(name)).unwrap_or_default()
    }

    /// For each resource the names of those that it depends on directly.
    pub(crate) fn dependencies(&self) -> IndexMap<String, Vec<String>> {
        let wanted = |name: &&String| self.resources.contains_key(*name);
        self.resources
            .iter()
            .map(|(name, resource)| {
                (name.clone(), resource.requires.iter().filter(wanted).cloned().collect())
            })
            .collect()
    }

    /// The names of all resources.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.resources.keys().map(String::as_str)
    }

    /// Whether there is a resource of this name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.resources.contains_key(name)
    }

    /// The template's description of a resource.
    pub(crate) fn resource_description(&self, name: &str) -> String {
        let resource = self.definition.as_ref().and_then(|definition| definition.resource(name));
        resource.and_then(|resource| resource.description().map(str::to_owned)).unwrap_or_default()
    }

    /// The attributes of a resource that may be shown.
    pub(crate) fn shown_attributes(&self, record: &ResourceRecord) -> Map<String, Value> {
        let schema = self.schema(&record.name, &record.type_name);
        // Attributes may repeat what came from a hidden parameter.
        let secret = |name: &str| {
            record.is_sensitive()
                || record.tells_secret(name)
                || schema.as_ref().is_none_or(|schema| {
                    schema.attributes.get(name).is_some_and(|attribute| attribute.secret)
                })
        };
        record
            .attributes
            .iter()
            .filter(|(name, _)| !name.starts_with('['))
            .map(|(name, value)| {
                let value = if secret(name) { Value::from("******") } else { value.clone() };
                (name.clone(), value)
            })
            .collect()
    }
}

/// A definition without errors, checked with everything that the services have to say.
async fn defined(
    core: &Arc<Core>,
    stack: &StackRecord,
    inputs: &Inputs,
    content: &Content,
) -> Result<(Definition, Lookups), EngineError> {
    let lookups = Lookups::new(Arc::clone(&core.registry));
    loop {
        let checked = content.template.validate(inputs, &*core.registry, &lookups);
        let failed = checked.has_errors();
        // Services are asked only about a template that is right otherwise.
        if !failed && lookups.fetch(core, &stack.credentials).await.map_err(EngineError::Service)? {
            continue;
        }
        return match checked.value {
            Some(definition) if !failed => Ok((definition, lookups)),
            _ => Err(checked.diagnostics.into()),
        };
    }
}

fn inputs(core: &Core, stack: &StackRecord, content: &Content) -> Inputs {
    let least = NestingLimits::default();
    let limits = NestingLimits {
        depth: core.settings.max_nested_depth,
        resources: core.settings.max_resources.max(least.resources),
    };
    Inputs {
        nesting: Nesting { limits, ..Nesting::default() },
        parameters: content.parameters.iter().map(|(name, value)| (name.clone(), value.clone())).collect(),
        environment: content.environment.over(&core.global),
        files: content.files.over(&core.global),
        pseudo: PseudoParameters {
            stack_name: stack.name.clone(),
            stack_id: Some(stack.id.0.clone()),
            project_id: stack.project.clone(),
        },
        zones: content.zones.clone(),
        require_values: true,
    }
}

/// The type that stands behind the type of a resource.
fn implementation(
    definition: &Definition,
    registry: &Registry,
    name: &str,
    type_name: &str,
) -> Result<String, EngineError> {
    match definition.environment().registry().resolve(type_name, name, registry) {
        Ok(Some(Implementation::Type(schema))) => Ok(schema.type_name.clone()),
        // A template stands for the type under the type's own name, as in Heat.
        _ => Ok(type_name.to_owned()),
    }
}

/// Notes an attribute that something refers to.
fn want(
    reference: &AttributeReference,
    wanted: &mut HashMap<String, BTreeSet<String>>,
    asked: &mut HashMap<String, IndexSet<Asked>>,
) {
    let Some(attribute) = &reference.attribute else { return };
    wanted.entry(reference.resource.clone()).or_default().insert(attribute.clone());
    let path = reference.path.clone().unwrap_or_default();
    asked.entry(reference.resource.clone()).or_default().insert((attribute.clone(), path));
}

/// Whether a property has a value that it may not have, rather than none that can be evaluated.
fn is_about_a_value(diagnostic: &Diagnostic) -> bool {
    let codes = [
        codes::PROPERTY_UNKNOWN,
        codes::PROPERTY_MISSING,
        codes::PROPERTY_TYPE,
        codes::PROPERTY_CONSTRAINT,
        codes::PROPERTY_CONFLICT,
    ];
    codes.contains(&diagnostic.code)
}

/// A resource as its siblings see it: with what is known before anything exists.
fn sibling(definition: &Definition, name: &str, type_name: &str) -> Sibling {
    let scope = Prospects::default();
    let context = definition.context(&scope);
    let mut properties = Map::new();
    let mut references: IndexMap<String, IndexSet<String>> = IndexMap::new();
    let resource = definition.resource(name);
    let expressions =
        resource.as_ref().and_then(|resource| resource.properties()).and_then(|all| all.as_map());
    for (key, _, expression) in expressions.into_iter().flatten() {
        if let Ok(value) = expression.evaluate(&context) {
            properties.insert(key.to_owned(), value.to_value_lossy());
        }
        let found = expression.references(&context);
        references.insert(key.to_owned(), found.resources.keys().cloned().collect());
    }
    Sibling {
        name: name.to_owned(),
        type_name: type_name.to_owned(),
        properties: Value::Object(properties),
        references,
    }
}

/// Whether one of these attributes is fetched only when somebody wants it, and is not among those that are known.
pub(super) fn lacks(schema: &ResourceSchema, wanted: &BTreeSet<String>, known: &Map<String, Value>) -> bool {
    wanted.iter().filter(|name| !known.contains_key(*name)).any(|name| {
        let mode = schema.attributes.get(name).map(|attribute| attribute.mode);
        name == "show" || mode.map_or(schema.open_attributes, |mode| mode == AttributeMode::OnDemand)
    })
}

/// Where a property stands in the template.
fn property_span(resource: &DefinedResource<'_>, property: &str) -> Option<Span> {
    resource.properties().map(|properties| properties.locate(&[property.into()], true))
}

/// A value whose parts were changed, in its normal form again.
fn normal(value: Evaluated) -> Evaluated {
    match value {
        Evaluated::List(items) => Evaluated::list(items.into_iter().map(normal).collect()),
        Evaluated::Map(entries) => {
            Evaluated::map(entries.into_iter().map(|(key, value)| (key, normal(value))).collect())
        }
        other => other,
    }
}

/// All values at a path; a list on the way means each of its items.
fn at_path<'a>(properties: &'a mut IndexMap<String, Evaluated>, path: &[String]) -> Vec<&'a mut Evaluated> {
    fn walk<'a>(value: &'a mut Evaluated, path: &[String], found: &mut Vec<&'a mut Evaluated>) {
        // A known value is opened on the way; `normal` closes it again.
        let opened = std::mem::replace(value, Evaluated::NULL);
        *value = match opened {
            Evaluated::Known(Value::Array(items)) => {
                Evaluated::List(items.into_iter().map(Evaluated::Known).collect())
            }
            Evaluated::Known(Value::Object(entries)) if !path.is_empty() => Evaluated::Map(
                entries.into_iter().map(|(key, value)| (key, Evaluated::Known(value))).collect(),
            ),
            other => other,
        };
        match (value, path.split_first()) {
            (Evaluated::List(items), _) => items.iter_mut().for_each(|item| walk(item, path, found)),
            (Evaluated::Map(entries), Some((key, rest))) => {
                if let Some(value) = entries.get_mut(key) {
                    walk(value, rest, found);
                }
            }
            (value, None) => found.push(value),
            _ => {}
        }
    }
    let mut found = Vec::new();
    if let Some((first, rest)) = path.split_first()
        && let Some(value) = properties.get_mut(first)
    {
        walk(value, rest, &mut found);
    }
    found
}
