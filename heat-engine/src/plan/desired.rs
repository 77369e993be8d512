//! What a plan is made from, beside the record: the resources that shall be, and what their types say.

use super::Prospects;
use crate::record::{ResourceRecord, Resources, StackId};
use heat_plugin_sdk::schema::ResourceSchema;
use heat_plugin_sdk::{Change, FindBasis, PhysicalId, PropertyMap, Registry, ReplaceOrder};
use heat_template::diagnostic::Diagnostic;
use heat_template::environment::RestrictedAction;
use heat_template::evaluated::Evaluated;
use heat_template::source::Span;
use indexmap::{IndexMap, IndexSet};
use serde_json::Value;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// One resource that shall be, as far as it is known without evaluating anything.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DesiredResource {
    /// Its type, resolved by the environment's resource registry.
    pub type_name: String,
    /// Names of the resources that it depends on: `depends_on`, references, and what its type adds. Names that are not
    /// among the desired resources (disabled ones) are ignored.
    pub requires: IndexSet<String>,
}

/// A resource's definition, evaluated as far as that is possible.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DesiredState {
    /// All properties: checked, coerced, translated, defaults filled in.
    pub properties: IndexMap<String, Evaluated>,
    /// What makes an update in place when it changes though no property does: `depends_on`, policies, metadata as it is
    /// written, the condition, and which properties are given ([`given`]) in which form.
    pub definition: IndexMap<String, Evaluated>,
    /// The metadata, if there are any.
    pub metadata: Option<Evaluated>,
    /// What its type is, if it is a nested stack.
    pub composite: Option<CompositeState>,
    /// The `external_id`, if it is something that exists already: then it has no properties, and nothing makes, changes or
    /// removes it.
    pub external_id: Option<PhysicalId>,
}

/// The type of a resource that is a nested stack.
#[derive(Debug, Clone, PartialEq)]
pub struct CompositeState {
    /// Properties and attributes.
    pub schema: Arc<ResourceSchema>,
    /// It is a template that stands for the type: another template may take its place without a new stack.
    pub template: bool,
}

/// A nested stack as it is recorded.
#[derive(Debug, Clone)]
pub struct NestedRecord {
    /// Its name.
    pub name: String,
    /// Its revision.
    pub revision: u64,
    /// What it was last brought to.
    pub desired: crate::record::Desired,
    /// All living incarnations of its resources.
    pub resources: Resources,
}

/// The nested stacks of a stack, at every depth.
pub type NestedRecords = HashMap<StackId, NestedRecord>;

/// What is asked about the nested stack of a resource.
#[derive(Debug, Clone, Copy)]
pub struct NestedQuestion<'a> {
    /// The resource.
    pub resource: &'a str,
    /// Its definition.
    pub state: &'a DesiredState,
    /// The incarnation that the nested stack belongs to, if there is one.
    pub record: Option<&'a ResourceRecord>,
    /// The nested stack as it is recorded, if it is.
    pub recorded: Option<&'a NestedRecord>,
    /// What will be known of the other resources.
    pub scope: &'a Prospects<'a>,
}

/// What a nested stack shall be.
pub enum NestedDesired {
    /// This; `complete` if every value that it is made from is known.
    Known {
        /// What it shall be.
        desired: Box<dyn Desired>,
        /// Whether all values are known.
        complete: bool,
        /// Whether template or parameters differ from those that are recorded.
        differs: bool,
    },
    /// It hangs on values that are known only in the run.
    InRun,
    /// Something is wrong.
    Wrong(Vec<Diagnostic>),
}

/// The names of the properties that a definition gives, as a part of [`DesiredState::definition`]: writing out a
/// default, even of a property that cannot be updated, is an update in place in Heat, though no value changes.
pub fn given<'a>(names: impl IntoIterator<Item = &'a str>) -> Value {
    let mut names: Vec<_> = names.into_iter().collect();
    names.sort_unstable();
    Value::from(names)
}

/// The stack as it shall be. The planner asks for the resources in the order of their dependencies, and says with each
/// question what will be known of those that come before.
pub trait Desired {
    /// All resources that are not disabled, in the order of the template.
    fn resources(&self) -> &IndexMap<String, DesiredResource>;

    /// Evaluates one of them.
    ///
    /// # Errors
    /// What is wrong with its properties.
    fn evaluate(&self, resource: &str, scope: &Prospects<'_>) -> Result<DesiredState, Vec<Diagnostic>>;

    /// The nested stack of a resource that is one.
    fn nested(&self, question: NestedQuestion<'_>) -> NestedDesired {
        let _ = question;
        NestedDesired::InRun
    }

    /// Whether it is reached in several rounds (batches of a group), each of which is planned when its time comes.
    fn is_staged(&self) -> bool {
        false
    }

    /// What was found inside the nested stack of a resource, as it is told about this stack.
    fn inside(&self, resource: &str, diagnostics: Vec<Diagnostic>) -> Vec<Diagnostic> {
        let _ = resource;
        diagnostics
    }

    /// What the environment forbids to do to a resource.
    fn restricted(&self, resource: &str) -> BTreeSet<RestrictedAction> {
        let _ = resource;
        BTreeSet::new()
    }

    /// Where the `external_id` of a resource, or its name where it has none, stands in the template.
    fn place_of_external_id(&self, resource: &str) -> Option<Span> {
        let _ = resource;
        None
    }

    /// Where a property stands in the template.
    fn place(&self, resource: &str, property: &str) -> Option<Span> {
        let _ = (resource, property);
        None
    }
}

/// A stack without resources: what a deletion aims at.
#[derive(Debug, Clone, Default)]
pub struct Nothing {
    resources: IndexMap<String, DesiredResource>,
}

impl Desired for Nothing {
    fn resources(&self) -> &IndexMap<String, DesiredResource> {
        &self.resources
    }

    fn evaluate(&self, _: &str, _: &Prospects<'_>) -> Result<DesiredState, Vec<Diagnostic>> {
        Ok(DesiredState::default())
    }
}

/// What resource types say about changes. All pure; a [`Registry`] answers it from its plugins.
pub trait TypeRules {
    /// The schema of a type; `None` if there is no such type.
    fn schema(&self, type_name: &str) -> Option<Arc<ResourceSchema>>;

    /// Whether a change that the schema allows in place needs a new resource all the same.
    fn needs_replace(&self, type_name: &str, change: &Change<PropertyMap>) -> bool {
        let _ = (type_name, change);
        false
    }

    /// Whether every update makes a new resource, though nothing of it changes.
    fn always_replaces(&self, type_name: &str) -> bool {
        let _ = type_name;
        false
    }

    /// In which order a replacement goes.
    fn replace_order(&self, type_name: &str, old: &PropertyMap, new: &PropertyMap) -> ReplaceOrder {
        let _ = (type_name, old, new);
        ReplaceOrder::CreateFirst
    }

    /// By what a resource with these properties is recognised. Where it is a key or a mere name, the service makes up
    /// the id, so that a replacement surely has another one.
    fn find_basis(&self, type_name: &str, properties: &PropertyMap) -> FindBasis {
        let _ = (type_name, properties);
        FindBasis::None
    }
}

impl TypeRules for Registry {
    fn schema(&self, type_name: &str) -> Option<Arc<ResourceSchema>> {
        self.resource(type_name).map(|resource| resource.schema())
    }

    fn needs_replace(&self, type_name: &str, change: &Change<PropertyMap>) -> bool {
        self.resource(type_name).is_some_and(|resource| resource.needs_replace(change))
    }

    fn always_replaces(&self, type_name: &str) -> bool {
        self.resource(type_name).is_some_and(|resource| resource.is_replaced_by_every_update())
    }

    fn replace_order(&self, type_name: &str, old: &PropertyMap, new: &PropertyMap) -> ReplaceOrder {
        self.resource(type_name)
            .map_or(ReplaceOrder::CreateFirst, |resource| resource.replace_order(old, new))
    }

    fn find_basis(&self, type_name: &str, properties: &PropertyMap) -> FindBasis {
        self.resource(type_name).map_or(FindBasis::None, |resource| resource.find_basis(properties))
    }
}
