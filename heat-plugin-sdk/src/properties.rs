//! How Rust structs are the properties and the attributes of a resource type.

use crate::decoding::decode;
use crate::{Failure, Result};
use heat_template::Evaluated;
use heat_template::definition::translate;
use heat_template::diagnostic::codes;
use heat_template::schema::{
    AttributeSchema, Coercion, CustomConstraints, DeferredConstraints, PropertyProblem, PropertySchema,
    Support, Translation,
};
use indexmap::IndexMap;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// All properties of a resource type as one struct. Derive it beside `serde::Deserialize`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not the properties of a resource type",
    note = "derive `serde::Deserialize` and `heat_plugin_sdk::Properties`; `()` has no properties",
    note = "for a schema that is made at run time use `serde_json::Map<String, Value>`"
)]
pub trait Properties: DeserializeOwned + Send + Sync + 'static {
    /// The schema of each property, in order.
    fn fields() -> IndexMap<String, PropertySchema>;

    /// Rules that turn properties as written into properties as used.
    fn translations() -> Vec<Translation> {
        Vec::new()
    }

    /// What the resource type is, for people: the doc comment of the struct.
    fn description() -> &'static str {
        ""
    }

    /// Since when the resource type exists, and whether it should be used.
    fn support() -> Support {
        Support::default()
    }

    /// Reads the struct from properties that were checked against [`fields`](Self::fields): coerced, defaults filled in.
    /// Null counts as not given.
    ///
    /// # Errors
    /// Class `Invalid`: the values do not fit the struct, though they fit the schema. The message never holds the value
    /// of a secret property.
    fn decode(values: &Map<String, Value>) -> Result<Self> {
        decode(values, &Self::fields(), |_| None)
    }

    /// Reads the struct from properties as they stand in a template: checked, coerced, defaults filled in, old names
    /// translated. What a finder would resolve stays as it is. For unit tests; an engine does this for every call.
    ///
    /// ```
    /// # use heat_plugin_sdk::Properties;
    /// # use serde_json::json;
    /// /// A volume.
    /// #[derive(Debug, serde::Deserialize, Properties)]
    /// struct VolumeProperties {
    ///     /// Gigabytes.
    ///     #[property(renamed_from = "gigabytes")]
    ///     size: u32,
    ///     /// Whether it is encrypted.
    ///     #[property(default = false)]
    ///     encrypted: bool,
    /// }
    ///
    /// let volume = VolumeProperties::from_template(json!({"gigabytes": "5"})).unwrap();
    /// assert_eq!((volume.size, volume.encrypted), (5, false));
    /// assert!(VolumeProperties::from_template(json!({"size": 5, "colour": "red"})).is_err());
    /// ```
    ///
    /// # Errors
    /// Class `Invalid`, with the property at fault.
    fn from_template(written: Value) -> Result<Self> {
        let Value::Object(written) = written else {
            return Err(Failure::invalid(None, "properties are a map"));
        };
        let (values, found) = as_used(&Self::fields(), &Self::translations(), written, &DeferredConstraints);
        if found.is_empty() { Self::decode(&values) } else { Err(problems(&found)) }
    }
}

/// No properties.
impl Properties for () {
    fn fields() -> IndexMap<String, PropertySchema> {
        IndexMap::new()
    }

    fn decode(_: &Map<String, Value>) -> Result<Self> {
        Ok(())
    }
}

/// Properties whose schema is built at run time: override [`Resource::schema`](crate::Resource::schema).
impl Properties for Map<String, Value> {
    fn fields() -> IndexMap<String, PropertySchema> {
        IndexMap::new()
    }

    fn decode(values: &Map<String, Value>) -> Result<Self> {
        Ok(values.clone())
    }
}

/// All attributes of a resource type as one struct. Derive it beside `serde::Serialize`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not the attributes of a resource type",
    note = "derive `serde::Serialize` and `heat_plugin_sdk::Attributes`; `()` has no attributes"
)]
pub trait Attributes: Serialize + Send + Sync + 'static {
    /// The schema of each attribute, in order.
    fn fields() -> IndexMap<String, AttributeSchema>;

    /// The values of the observed attributes: without those that are known at creation or on demand only, and with the
    /// content of secrets, which the engine seals.
    ///
    /// # Errors
    /// Attributes that cannot be written as a JSON map.
    fn observed(&self) -> Result<Map<String, Value>> {
        attribute_map(self)
    }
}

/// No attributes.
impl Attributes for () {
    fn fields() -> IndexMap<String, AttributeSchema> {
        IndexMap::new()
    }
}

/// Attributes whose schema is built at run time: override [`Resource::schema`](crate::Resource::schema).
impl Attributes for Map<String, Value> {
    fn fields() -> IndexMap<String, AttributeSchema> {
        IndexMap::new()
    }
}

/// The map as serde writes it; secrets are stars in it.
pub(crate) fn attribute_map(attributes: &(impl Serialize + ?Sized)) -> Result<Map<String, Value>> {
    match serde_json::to_value(attributes) {
        Ok(Value::Object(map)) => Ok(map),
        Ok(Value::Null) => Ok(Map::new()),
        Ok(_) => Err(Failure::failed("the attributes do not serialise to a map")),
        Err(error) => Err(Failure::failed(format!("the attributes cannot be written as JSON: {error}"))),
    }
}

/// Properties as an engine gives them to a plugin, but for the names that finders resolve; and all that is wrong.
pub(crate) fn as_used(
    fields: &IndexMap<String, PropertySchema>,
    rules: &[Translation],
    written: Map<String, Value>,
    custom: &dyn CustomConstraints,
) -> (Map<String, Value>, Vec<PropertyProblem>) {
    let mut given = written.into_iter().map(|(name, value)| (name, Evaluated::Known(value))).collect();
    let conflicts = translate(rules, &mut given).into_iter().map(|path| PropertyProblem {
        message: "it is given together with the property that took its place".to_owned(),
        path: path.into_iter().map(|key| key.as_str().into()).collect(),
        code: codes::PROPERTY_CONFLICT,
        guess: None,
        about_key: true,
    });
    let conflicts: Vec<_> = conflicts.collect();
    let (values, mut found) = Coercion::strict(custom).properties(fields, given);
    found.extend(conflicts);
    (values.into_iter().filter_map(|(name, value)| Some((name, value.into_known()?))).collect(), found)
}

/// All problems as one failure. They name the property and never tell a secret value.
pub(crate) fn problems(found: &[PropertyProblem]) -> Failure {
    let property = found.first().map(PropertyProblem::dotted);
    let texts: Vec<_> = found.iter().map(ToString::to_string).collect();
    Failure::invalid(property, texts.join("; "))
}
