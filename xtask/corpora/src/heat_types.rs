//! Heat's own resource types and constraints, as `judge.py types` tells them, so that both judge by the same ones.

use crate::Failure;
use heat_template::schema::{
    AttributeSchema, Children, Constraint, ConstraintKind, CustomCheck, CustomConstraints, PropertySchema,
    ResourceSchema, ResourceTypes, Translation, UpdateMode, ValueType,
};
use indexmap::IndexMap;
use serde::Deserialize;
use serde_json::{Number, Value};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// All that a template can name.
#[derive(Debug)]
pub(crate) struct HeatTypes {
    types: HashMap<String, Arc<ResourceSchema>>,
    /// Names for other types, where a `*` at the end stands for any rest.
    aliases: IndexMap<String, String>,
    constraints: BTreeSet<String>,
}

#[derive(Deserialize)]
struct Exported {
    types: IndexMap<String, ExportedType>,
    aliases: IndexMap<String, String>,
    constraints: BTreeSet<String>,
}

#[derive(Deserialize)]
struct ExportedType {
    properties: IndexMap<String, ExportedProperty>,
    update_policy: IndexMap<String, ExportedProperty>,
    attributes: IndexMap<String, Option<String>>,
    open_properties: bool,
    open_attributes: bool,
    snapshot_policy: bool,
    translations: Vec<ExportedTranslation>,
}

#[derive(Deserialize)]
struct ExportedProperty {
    #[serde(rename = "type")]
    value_type: String,
    default: Option<Value>,
    required: bool,
    implemented: bool,
    update_allowed: bool,
    immutable: bool,
    allow_conversion: bool,
    constraints: Vec<ExportedConstraint>,
    item: Option<Box<ExportedProperty>>,
    fields: Option<IndexMap<String, ExportedProperty>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum ExportedConstraint {
    Range { min: Option<Number>, max: Option<Number> },
    Length { min: Option<u64>, max: Option<u64> },
    Modulo { step: Number, offset: Number },
    AllowedValues(Vec<Value>),
    AllowedPattern(String),
    CustomConstraint(String),
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum ExportedTranslation {
    Replace(Vec<String>, Vec<String>),
    Add(Vec<String>, Vec<Value>),
    Delete(Vec<String>),
}

impl HeatTypes {
    /// Reads what the program says.
    pub(crate) fn read(line: &str) -> Result<Self, Failure> {
        let exported: Exported = serde_json::from_str(line)?;
        let types = exported
            .types
            .into_iter()
            .map(|(name, exported)| {
                let schema = Arc::new(resource(name.clone(), exported)?);
                Ok((name, schema))
            })
            .collect::<Result<_, Failure>>()?;
        Ok(Self { types, aliases: exported.aliases, constraints: exported.constraints })
    }

    fn behind(&self, name: &str) -> Option<String> {
        self.aliases.iter().find_map(|(alias, target)| match alias.strip_suffix('*') {
            None => (alias == name).then(|| target.clone()),
            Some(prefix) => {
                let rest = name.strip_prefix(prefix)?;
                Some(
                    target.strip_suffix('*').map_or_else(|| target.clone(), |start| format!("{start}{rest}")),
                )
            }
        })
    }
}

impl ResourceTypes for HeatTypes {
    fn resource_type(&self, name: &str) -> Option<Arc<ResourceSchema>> {
        match self.types.get(name) {
            Some(schema) => Some(schema.clone()),
            None => self.types.get(&self.behind(name)?).cloned(),
        }
    }

    fn type_names(&self) -> Vec<String> {
        self.types.keys().cloned().collect()
    }
}

/// As the judge's: what would ask a service is satisfied.
impl CustomConstraints for HeatTypes {
    fn check(&self, name: &str, _: &Value) -> CustomCheck {
        if self.constraints.contains(name) { CustomCheck::Satisfied } else { CustomCheck::Unknown }
    }
}

fn resource(type_name: String, exported: ExportedType) -> Result<ResourceSchema, Failure> {
    let translations = exported.translations.into_iter().map(|rule| match rule {
        ExportedTranslation::Replace(from, to) => Translation::Replace { from, to },
        ExportedTranslation::Add(path, values) => Translation::Add { path, values },
        ExportedTranslation::Delete(path) => Translation::Delete { path },
    });
    Ok(ResourceSchema {
        type_name,
        properties: properties(exported.properties)?,
        update_policy: properties(exported.update_policy)?,
        attributes: exported
            .attributes
            .into_iter()
            .map(|(name, value_type)| {
                let value_type = value_type.as_deref().map(of_name).transpose()?;
                Ok((name, AttributeSchema::new(value_type, "")))
            })
            .collect::<Result<_, Failure>>()?,
        open_properties: exported.open_properties,
        open_attributes: exported.open_attributes,
        snapshot_policy: exported.snapshot_policy,
        translations: translations.collect(),
        ..ResourceSchema::default()
    })
}

fn properties(
    exported: IndexMap<String, ExportedProperty>,
) -> Result<IndexMap<String, PropertySchema>, Failure> {
    exported.into_iter().map(|(name, exported)| Ok((name, property(exported)?))).collect()
}

fn property(exported: ExportedProperty) -> Result<PropertySchema, Failure> {
    let mut schema = PropertySchema::new(of_name(&exported.value_type)?);
    schema.default = exported.default;
    schema.required = exported.required;
    schema.implemented = exported.implemented;
    schema.allow_conversion = exported.allow_conversion;
    schema.update = match (exported.update_allowed, exported.immutable) {
        (true, _) => UpdateMode::InPlace,
        (false, true) => UpdateMode::Immutable,
        (false, false) => UpdateMode::Replace,
    };
    schema.children = match (exported.item, exported.fields) {
        (Some(item), _) => Children::Item(Box::new(property(*item)?)),
        (None, Some(fields)) => Children::Fields(properties(fields)?),
        (None, None) => Children::Free,
    };
    schema.constraints = exported.constraints.into_iter().map(constraint).collect();
    Ok(schema)
}

fn constraint(exported: ExportedConstraint) -> Constraint {
    match exported {
        ExportedConstraint::Range { min, max } => ConstraintKind::Range { min, max },
        ExportedConstraint::Length { min, max } => ConstraintKind::Length { min, max },
        ExportedConstraint::Modulo { step, offset } => ConstraintKind::Modulo { step, offset },
        ExportedConstraint::AllowedValues(values) => ConstraintKind::AllowedValues(values),
        ExportedConstraint::AllowedPattern(pattern) => ConstraintKind::AllowedPattern(pattern),
        ExportedConstraint::CustomConstraint(name) => ConstraintKind::CustomConstraint(name),
    }
    .into()
}

fn of_name(name: &str) -> Result<ValueType, Failure> {
    let types = [
        ValueType::String,
        ValueType::Integer,
        ValueType::Number,
        ValueType::Boolean,
        ValueType::Map,
        ValueType::List,
        ValueType::Any,
    ];
    types
        .into_iter()
        .find(|one| one.name() == name)
        .ok_or_else(|| format!("no value type is called {name}").into())
}
