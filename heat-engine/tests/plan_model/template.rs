//! Small templates: what the model deploys.

use heat_engine::plan::{Desired, DesiredResource, DesiredState, Prospects, TypeRules};
use heat_plugin_sdk::schema::{AttributeSchema, PropertySchema, ResourceSchema, ValueType};
use heat_plugin_sdk::{Change, FindBasis, PropertyMap, ReplaceOrder};
use heat_template::diagnostic::Diagnostic;
use heat_template::evaluated::Evaluated;
use indexmap::{IndexMap, IndexSet};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::cell::Cell;
use std::sync::Arc;

/// A value of a property.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Operand {
    Literal(u8),
    Reference(String),
    Attribute(String),
}

impl Operand {
    pub(crate) fn needs(&self) -> Option<&String> {
        match self {
            Self::Literal(_) => None,
            Self::Reference(name) | Self::Attribute(name) => Some(name),
        }
    }
}

/// A resource of a template.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Spec {
    pub(crate) type_name: &'static str,
    pub(crate) place: u8,
    pub(crate) in_place: Operand,
    pub(crate) swap: Operand,
    pub(crate) depends_on: Vec<String>,
}

/// A template, with a counter of how often it was asked.
#[derive(Clone, Default)]
pub(crate) struct Template {
    pub(crate) specs: IndexMap<String, Spec>,
    resources: IndexMap<String, DesiredResource>,
    pub(crate) asked: Cell<usize>,
}

/// A line for each resource, so that a failing case can be read.
impl std::fmt::Debug for Template {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (name, spec) in &self.specs {
            let Spec { type_name, place, in_place, swap, depends_on } = spec;
            write!(f, "\n  {name} {type_name}/{place} in_place={in_place:?} swap={swap:?} {depends_on:?}")?;
        }
        f.write_str("\n")
    }
}

pub(crate) const TYPES: [&str; 3] = ["Plain", "Exclusive", "Handing"];

impl Template {
    pub(crate) fn new(specs: IndexMap<String, Spec>) -> Self {
        let resources = specs
            .iter()
            .map(|(name, spec)| {
                let mut requires: IndexSet<String> = spec.depends_on.iter().cloned().collect();
                requires.extend(spec.in_place.needs().cloned());
                requires.extend(spec.swap.needs().cloned());
                (name.clone(), DesiredResource { type_name: spec.type_name.to_owned(), requires })
            })
            .collect();
        Self { specs, resources, asked: Cell::new(0) }
    }

    /// The state of a resource, its references and attributes answered by `of(resource, attribute)`.
    pub(crate) fn state(&self, name: &str, of: &dyn Fn(&str, Option<&str>) -> Evaluated) -> DesiredState {
        let spec = &self.specs[name];
        let value = |operand: &Operand| match operand {
            Operand::Literal(value) => Evaluated::Known(json!(value.to_string())),
            Operand::Reference(other) => of(other, None),
            Operand::Attribute(other) => of(other, Some("echo")),
        };
        let properties = IndexMap::from([
            ("in_place".to_owned(), value(&spec.in_place)),
            ("swap".to_owned(), value(&spec.swap)),
            ("place".to_owned(), Evaluated::Known(json!(format!("{name}/{}", spec.place)))),
        ]);
        let definition =
            IndexMap::from([("depends_on".to_owned(), Evaluated::Known(json!(spec.depends_on)))]);
        DesiredState { properties, definition, metadata: None, composite: None, external_id: None }
    }
}

impl Desired for Template {
    fn resources(&self) -> &IndexMap<String, DesiredResource> {
        &self.resources
    }

    fn evaluate(&self, resource: &str, scope: &Prospects<'_>) -> Result<DesiredState, Vec<Diagnostic>> {
        self.asked.set(self.asked.get() + 1);
        Ok(self.state(resource, &|name, attribute| match attribute {
            None => scope.reference_id(name),
            Some(attribute) => scope.attribute(name, attribute),
        }))
    }
}

/// The model's resource types.
///
/// `Plain`: created first, the service makes up ids. `Exclusive`: its place is its id, so the old one goes first.
/// `Handing`: gives its place free for a new one.
pub(crate) struct Rules;

impl TypeRules for Rules {
    fn schema(&self, type_name: &str) -> Option<Arc<ResourceSchema>> {
        let properties = IndexMap::from([
            ("in_place".to_owned(), PropertySchema::new(ValueType::String).update_allowed()),
            ("swap".to_owned(), PropertySchema::new(ValueType::String)),
            ("place".to_owned(), PropertySchema::new(ValueType::String)),
        ]);
        let attributes = IndexMap::from([("echo".to_owned(), AttributeSchema::new(None, "what was given"))]);
        let known = TYPES.contains(&type_name);
        known.then(|| {
            Arc::new(ResourceSchema {
                type_name: type_name.to_owned(),
                properties,
                attributes,
                ..Default::default()
            })
        })
    }

    fn needs_replace(&self, _: &str, change: &Change<PropertyMap>) -> bool {
        // Some values cannot be reached in place.
        change.new_properties()["in_place"] == json!("13")
    }

    fn replace_order(&self, type_name: &str, old: &PropertyMap, new: &PropertyMap) -> ReplaceOrder {
        match type_name {
            "Exclusive" if old.get("place") == new.get("place") => ReplaceOrder::DeleteFirst,
            "Handing" if old.get("place") == new.get("place") => ReplaceOrder::Handover,
            _ => ReplaceOrder::CreateFirst,
        }
    }

    fn find_basis(&self, type_name: &str, _: &PropertyMap) -> FindBasis {
        if type_name == "Exclusive" { FindBasis::Unique } else { FindBasis::Key }
    }
}

/// What the attribute of an object says.
pub(crate) fn echo(properties: &PropertyMap) -> Value {
    json!(format!("echo {}", properties["in_place"].as_str().unwrap_or_default()))
}

type Raw = (usize, u8, (u8, u8, usize), (u8, u8, usize), Vec<usize>, bool);

/// Templates over the same few names: some are missing, all refer only to those that stand before them in a shuffled
/// order, so that two templates have different dependencies.
pub(crate) fn templates(names: usize) -> impl Strategy<Value = Template> {
    let operand = || (0..3_u8, 0..14_u8, 0..names);
    let raw = (
        0..TYPES.len(),
        0..2_u8,
        operand(),
        operand(),
        proptest::collection::vec(0..names, 0..3),
        proptest::bool::weighted(0.8),
    );
    let order = Just((0..names).collect::<Vec<_>>()).prop_shuffle();
    (order, proptest::collection::vec(raw, names)).prop_map(|(order, raw)| build(&order, &raw))
}

fn build(order: &[usize], raw: &[Raw]) -> Template {
    let there: Vec<usize> = order.iter().copied().filter(|at| raw[*at].5).collect();
    let mut specs = IndexMap::new();
    for (rank, at) in there.iter().enumerate() {
        let (type_at, place, in_place, swap, depends_on, _) = &raw[*at];
        let earlier = |pick: usize| (rank > 0).then(|| format!("r{}", there[pick % rank]));
        let operand = |(kind, value, pick): (u8, u8, usize)| match (kind, earlier(pick)) {
            (1, Some(name)) => Operand::Reference(name),
            (2, Some(name)) => Operand::Attribute(name),
            _ => Operand::Literal(value),
        };
        let mut depends_on: Vec<String> = depends_on.iter().filter_map(|pick| earlier(*pick)).collect();
        depends_on.sort();
        depends_on.dedup();
        let type_name = TYPES[*type_at];
        let (in_place, swap) = (operand(*in_place), operand(*swap));
        specs.insert(format!("r{at}"), Spec { type_name, place: *place, in_place, swap, depends_on });
    }
    Template::new(specs)
}
