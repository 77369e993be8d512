//! Resource types that are made at run time, and what can be wrong with a schema in itself.

use super::{
    AttributeSchema, Children, PropertyPath, PropertySchema, ResourceSchema, Support, Translation,
    UpdateMode, ValueType, coerce_properties,
};
use indexmap::IndexMap;
use serde_json::Map;

/// A schema contradicts itself.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the schema of {type_name} contradicts itself: {}", .problems.join("; "))]
pub struct SchemaError {
    /// The type.
    pub type_name: String,
    /// All that is wrong, each in a sentence.
    pub problems: Vec<String>,
}

/// Builds a [`ResourceSchema`] from what is known only at run time.
///
/// ```
/// use heat_template::schema::{AttributeSchema, PropertySchema, ResourceSchema, ValueType};
///
/// let schema = ResourceSchema::builder("Acme::Thing")
///     .description("A thing.")
///     .property("name", PropertySchema::new(ValueType::String).description("Its name.").required())
///     .attribute("level", AttributeSchema::new(ValueType::Integer, "How high it is."))
///     .build()?;
/// assert!(schema.properties["name"].required);
/// # Ok::<_, heat_template::schema::SchemaError>(())
/// ```
#[derive(Debug, Clone)]
pub struct ResourceSchemaBuilder {
    schema: ResourceSchema,
    problems: Vec<String>,
}

impl ResourceSchema {
    /// Begins a schema for a type.
    pub fn builder(type_name: impl Into<String>) -> ResourceSchemaBuilder {
        let schema = Self { type_name: type_name.into(), ..Self::default() };
        ResourceSchemaBuilder { schema, problems: Vec::new() }
    }

    /// What is wrong with the schema in itself, each in a sentence: a default that is not one of the property's own values,
    /// children that do not go with the type, a translation of a property that does not exist.
    pub fn contradictions(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if self.type_name.is_empty() {
            problems.push("the type has no name".to_owned());
        }
        for (name, property) in &self.properties {
            contradictions(name, property, &mut problems);
        }
        for rule in &self.translations {
            let (one, other) = match rule {
                Translation::Replace { from, to } => (from, Some(to)),
                Translation::Add { path, .. }
                | Translation::Delete { path }
                | Translation::Resolve { path, .. } => (path, None),
            };
            for path in [Some(one), other].into_iter().flatten() {
                if !exists(&self.properties, path) && !self.open_properties {
                    problems.push(format!("a translation names {}, which is no property", path.join(".")));
                }
            }
        }
        problems
    }
}

impl ResourceSchemaBuilder {
    /// Sets the text for people.
    #[must_use]
    pub fn description(mut self, text: impl Into<String>) -> Self {
        self.schema.description = text.into();
        self
    }

    /// Sets status and version.
    #[must_use]
    pub fn support(mut self, support: Support) -> Self {
        self.schema.support = support;
        self
    }

    /// Adds a property.
    #[must_use]
    pub fn property(mut self, name: impl Into<String>, schema: PropertySchema) -> Self {
        let name = name.into();
        if self.schema.properties.insert(name.clone(), schema).is_some() {
            self.problems.push(format!("property {name} is given twice"));
        }
        self
    }

    /// Accepts any property beside those.
    #[must_use]
    pub fn open_properties(mut self) -> Self {
        self.schema.open_properties = true;
        self
    }

    /// Adds an attribute.
    #[must_use]
    pub fn attribute(mut self, name: impl Into<String>, schema: AttributeSchema) -> Self {
        let name = name.into();
        if self.schema.attributes.insert(name.clone(), schema).is_some() {
            self.problems.push(format!("attribute {name} is given twice"));
        }
        self
    }

    /// Accepts any attribute beside those.
    #[must_use]
    pub fn open_attributes(mut self) -> Self {
        self.schema.open_attributes = true;
        self
    }

    /// Adds a key of `update_policy`.
    #[must_use]
    pub fn update_policy(mut self, name: impl Into<String>, schema: PropertySchema) -> Self {
        self.schema.update_policy.insert(name.into(), schema);
        self
    }

    /// Makes `deletion_policy: Snapshot` possible.
    #[must_use]
    pub fn snapshot_policy(mut self) -> Self {
        self.schema.snapshot_policy = true;
        self
    }

    /// Adds a translation rule.
    #[must_use]
    pub fn translation(mut self, rule: Translation) -> Self {
        self.schema.translations.push(rule);
        self
    }

    /// Adds the rule that a name becomes an id by a finder.
    #[must_use]
    pub fn resolve<K: Into<String>>(
        self,
        path: impl IntoIterator<Item = K>,
        finder: impl Into<String>,
    ) -> Self {
        let path: PropertyPath = path.into_iter().map(Into::into).collect();
        self.translation(Translation::Resolve { path, finder: finder.into() })
    }

    /// The schema.
    ///
    /// # Errors
    /// The schema contradicts itself.
    pub fn build(self) -> Result<ResourceSchema, SchemaError> {
        let mut problems = self.problems;
        problems.extend(self.schema.contradictions());
        if problems.is_empty() {
            return Ok(self.schema);
        }
        Err(SchemaError { type_name: self.schema.type_name, problems })
    }
}

fn contradictions(path: &str, property: &PropertySchema, problems: &mut Vec<String>) {
    if property.required && property.default.is_some() {
        problems.push(format!("property {path} is required and has a default: it can be only one"));
    }
    if let Some(default) = &property.default {
        let schema = PropertySchema { default: None, implemented: true, ..property.clone() };
        let alone = IndexMap::from([(path.to_owned(), schema)]);
        for problem in coerce_properties(&alone, Map::from_iter([(path.to_owned(), default.clone())]))
            .err()
            .iter()
            .flatten()
        {
            problems.push(format!(
                "the default of property {path} is not one of its own values: {}",
                problem.message
            ));
        }
    }
    match (&property.children, property.value_type) {
        (Children::Free, _) => {}
        (Children::Fields(fields), ValueType::Map) => {
            for (name, inner) in fields {
                contradictions(&format!("{path}.{name}"), inner, problems);
            }
        }
        (Children::Item(item), ValueType::List) => contradictions(&format!("{path}.*"), item, problems),
        (Children::Fields(_), other) => {
            problems
                .push(format!("property {path} has named children, but is a {} and not a Map", other.name()));
        }
        (Children::Item(_), other) => {
            problems.push(format!("property {path} has items, but is a {} and not a List", other.name()));
        }
    }
    if property.update == UpdateMode::Immutable && !property.implemented {
        problems.push(format!("property {path} is immutable, but not implemented"));
    }
}

/// Whether a path leads to a property; on its way a list means each of its items.
fn exists(fields: &IndexMap<String, PropertySchema>, path: &[String]) -> bool {
    let Some((first, rest)) = path.split_first() else { return false };
    let Some(schema) = fields.get(first) else { return false };
    rest.is_empty() || inside(schema, rest)
}

fn inside(schema: &PropertySchema, rest: &[String]) -> bool {
    match &schema.children {
        Children::Fields(fields) => exists(fields, rest),
        Children::Item(item) => inside(item, rest),
        Children::Free => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Constraint;
    use serde_json::json;

    fn text() -> PropertySchema {
        PropertySchema::new(ValueType::String)
    }

    #[test]
    fn a_schema_that_contradicts_itself_is_not_built_and_all_reasons_are_told() {
        let error = ResourceSchema::builder("Acme::Thing")
            .property("a", text().required().default("x"))
            .property("b", text().default("long").constraint(Constraint::length(None, 3)))
            .property(
                "c",
                PropertySchema { value_type: ValueType::String, ..PropertySchema::list_of(text()) },
            )
            .property("a", text())
            .resolve(["nics", "network"], "acme.network")
            .build()
            .unwrap_err();
        assert_eq!(
            error.problems,
            [
                "property a is given twice",
                "the default of property b is not one of its own values: length (4) is out of range (min: None, max: 3)",
                "property c has items, but is a String and not a List",
                "a translation names nics.network, which is no property",
            ]
        );
    }

    #[test]
    fn a_translation_reaches_through_lists() {
        let nic = PropertySchema::map_of([("network", text())]);
        let schema = ResourceSchema::builder("Acme::Thing")
            .property("nics", PropertySchema::list_of(nic).default(json!([])))
            .resolve(["nics", "network"], "acme.network")
            .build();
        assert!(schema.is_ok(), "{schema:?}");
    }
}
