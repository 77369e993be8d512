//! What stands in the template beside the values of the properties, and makes an update in place when it changes.

use crate::plan::given;
use heat_plugin_sdk::schema::ResourceSchema;
use heat_template::NoResources;
use heat_template::definition::{DefinedResource, Definition};
use heat_template::evaluated::Evaluated;
use heat_template::expression::{EvaluationError, Expression, Scope};
use indexmap::IndexMap;
use serde_json::{Map, Value};

/// What was found.
pub(super) struct Written {
    /// What counts when it is compared with what is recorded.
    pub(super) definition: IndexMap<String, Evaluated>,
    /// The metadata, if there are any.
    pub(super) metadata: Option<Evaluated>,
}

/// What is written of a resource.
///
/// Heat compares the definitions as they are written, with the values of functions: writing out a default, another form
/// of the same value, or the names in `depends_on` in another order is an update in place though nothing else changes.
/// The description does not count.
pub(super) fn written(
    definition: &Definition,
    resource: &DefinedResource<'_>,
    scope: &dyn Scope,
    schema: &ResourceSchema,
    properties: &IndexMap<String, Evaluated>,
) -> Result<Written, EvaluationError> {
    let context = definition.context(scope);
    let mut found = IndexMap::new();
    let mut put = |key: &str, value: Evaluated| {
        if value != Evaluated::NULL {
            found.insert(key.to_owned(), value);
        }
    };
    if let Some(written) = resource.properties() {
        let names = written.as_map();
        put("given", given(names.into_iter().flatten().map(|(name, ..)| name)).into());
        let forms = forms(written, schema, properties);
        if !forms.is_empty() {
            put("forms", Value::Object(forms).into());
        }
    }
    let depends: Vec<_> = resource.depends_on().iter().map(|needed| needed.resource.as_str()).collect();
    if !depends.is_empty() {
        put("depends_on", Evaluated::Known(depends.into()));
    }
    let mut metadata = None;
    if let Some(written) = resource.metadata() {
        let value = written.evaluate(&context)?;
        // When it is compared, other resources have the same values before and after.
        let alone = if metadata_refers(written, definition, scope) {
            written.evaluate(&definition.context(&NoResources)).unwrap_or_else(|_| value.clone())
        } else {
            value.clone()
        };
        put("metadata", alone);
        metadata = Some(value);
    }
    if let Some(policy) = resource.update_policy() {
        put("update_policy", policy.evaluate(&context)?);
    }
    if resource.resource().deletion_policy().is_some() {
        put("deletion_policy", Evaluated::Known(resource.deletion_policy().name().into()));
    }
    if let Some(condition) = resource.resource().condition() {
        // It is true, or the resource would not be there.
        put("condition", condition.as_str().map_or(Value::Bool(true), Value::from).into());
    }
    Ok(Written { definition: found, metadata })
}

fn metadata_refers(metadata: &Expression, definition: &Definition, scope: &dyn Scope) -> bool {
    if metadata.is_constant() {
        return false;
    }
    let references = metadata.references(&definition.context(scope));
    !references.resources.is_empty() || !references.attributes.is_empty()
}

/// Plain values that are written in another form than the property has: `'5'` for 5.
fn forms(
    written: &Expression,
    schema: &ResourceSchema,
    properties: &IndexMap<String, Evaluated>,
) -> Map<String, Value> {
    let mut forms = Map::new();
    for (name, _, expression) in written.as_map().into_iter().flatten() {
        let is_secret = || schema.properties.get(name).is_none_or(|property| property.secret);
        let Some(value) = properties.get(name).and_then(Evaluated::known) else { continue };
        if value.is_array() || value.is_object() || !expression.is_constant() {
            continue;
        }
        match expression.constant() {
            Some(Value::Null) | None => {}
            Some(form) if form == *value || is_secret() => {}
            Some(form) => drop(forms.insert(name.to_owned(), form)),
        }
    }
    forms
}
