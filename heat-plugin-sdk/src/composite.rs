//! Composite types: resources that are nested stacks.

use crate::{Attributes, Properties};
use heat_template::composite::{
    AttributeRequest, Capacity, Child, ChildRequest, CompositeError, CompositeType, Inside,
};
use heat_template::expression::Step;
use heat_template::schema::ResourceSchema;
use heat_template::{Evaluated, EvaluationError};
use serde_json::{Map, Value};
use std::sync::Arc;

/// A resource type that is made of other resources: it gives a template, and the engine makes a nested stack of it.
///
/// A composite asks no service. It turns properties into a template ([`child`](Self::child)) and tells what its attributes
/// are, given what is inside ([`attribute`](Self::attribute)). Both are pure functions: they are called while a template is
/// checked and while a plan is made, too. The engine does the rest: it creates, updates and deletes the nested stack, survives
/// crashes, and shows what is inside.
///
/// ```
/// use heat_plugin_sdk::{
///     Attributes, Child, ChildRequest, Composite, CompositeError, Plugin, Properties, Registry,
/// };
/// use serde::{Deserialize, Serialize};
/// use serde_json::json;
///
/// /// A secret for each of some users.
/// #[derive(Debug, Deserialize, Properties)]
/// struct SecretsProperties {
///     /// Names of the users.
///     #[property(update_allowed)]
///     users: Vec<String>,
///     /// Length of each secret.
///     #[property(update_allowed, default = 32)]
///     length: u32,
/// }
///
/// #[derive(Debug, Serialize, Attributes)]
/// struct SecretsAttributes {
///     /// The secrets by user.
///     secrets: serde_json::Value,
/// }
///
/// struct Secrets;
///
/// impl Composite for Secrets {
///     const TYPE: &'static str = "Acme::Secrets";
///     type Properties = SecretsProperties;
///     type Attributes = SecretsAttributes;
///
///     fn child(&self, _: &ChildRequest<'_>, p: &SecretsProperties) -> Result<Child, CompositeError> {
///         if p.users.iter().any(|user| user.contains('/')) {
///             return Err(CompositeError::property("users", "the name of a user has no '/'"));
///         }
///         let secret = |user: &String| {
///             let properties = json!({"length": p.length});
///             (user.clone(), json!({"type": "OS::Heat::RandomString", "properties": properties}))
///         };
///         let value = |user: &String| (user.clone(), json!({"get_attr": [user, "value"]}));
///         Ok(Child::new(json!({
///             "heat_template_version": "2021-04-16",
///             "resources": p.users.iter().map(secret).collect::<serde_json::Map<_, _>>(),
///             // An output of the name of an attribute is its value.
///             "outputs": {"secrets": {"value": p.users.iter().map(value).collect::<serde_json::Map<_, _>>()}},
///         })))
///     }
/// }
///
/// let registry = Registry::new().with(Plugin::new("acme").composite(Secrets));
/// assert_eq!(registry.check(), Ok(()));
/// let properties = json!({"users": ["ada", "grace"], "length": 8});
/// let properties = properties.as_object().ok_or("not a map")?;
/// let request = ChildRequest::of(properties);
/// let child = registry.composite("Acme::Secrets").ok_or("no such type")?.child(&request)?;
/// assert_eq!(child.generated().ok_or("read from a file")?["resources"]["ada"]["properties"]["length"], 8);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Composite: Send + Sync + Sized + 'static {
    /// Name of the type, such as `Acme::Cluster`.
    const TYPE: &'static str;

    /// The properties.
    type Properties: Properties;

    /// The attributes.
    type Attributes: Attributes;

    /// What a template can see of the type. Made from the properties and attributes; override it to add a description, an
    /// update policy, or open attributes.
    fn schema(&self) -> ResourceSchema {
        ResourceSchema {
            type_name: Self::TYPE.to_owned(),
            description: Self::Properties::description().to_owned(),
            support: Self::Properties::support(),
            properties: Self::Properties::fields(),
            attributes: Self::Attributes::fields(),
            translations: Self::Properties::translations(),
            ..ResourceSchema::default()
        }
    }

    /// The template of the nested stack, with its parameters.
    ///
    /// While a plan is made some values may not be known: then a text property holds a mark that nobody else writes. Where
    /// the type puts it as a value into the template, the value there is unknown; where it cannot work with it, it may
    /// fail, and the nested stack is planned in the run.
    ///
    /// # Errors
    /// The properties do not go together.
    fn child(
        &self,
        request: &ChildRequest<'_>,
        properties: &Self::Properties,
    ) -> Result<Child, CompositeError>;

    /// The value of an attribute; `None` if there is no such attribute. The default gives the output of that name.
    ///
    /// # Errors
    /// The attribute cannot be told.
    fn attribute(
        &self,
        request: &AttributeRequest<'_>,
        properties: &Self::Properties,
    ) -> Result<Option<Evaluated>, EvaluationError> {
        let _ = properties;
        match request.inside.output(request.name) {
            Some(value) => Ok(Some(heat_template::function::select_attribute(value?, request.path))),
            None => Ok(None),
        }
    }

    /// Where a resource inside is written, so that what is wrong with it is shown there: the way from the properties to
    /// what became a field (`type`, `properties`, `metadata` …) of the definition of `member`, or the definition as a whole
    /// where `field` is `None`. What lies inside of the one must lie in the same place inside of the other.
    ///
    /// `None`: nowhere that could be shown, and the resource that is the nested stack is the place. That is the default.
    fn origin(&self, member: &str, field: Option<&str>) -> Option<Vec<Step>> {
        let _ = (member, field);
        None
    }

    /// Whether the type is one of groups whose size somebody outside may change: a scaling policy, say. Such a change asks
    /// [`child`](Self::child) for [`size`](ChildRequest::size) members. The metadata of a group are what changes left, and an
    /// update leaves them as they are.
    fn scales(&self) -> bool {
        false
    }

    /// How large a group is and may be, if the type [scales](Self::scales).
    fn capacity(&self, properties: &Self::Properties, memory: Option<&Value>) -> Option<Capacity> {
        let _ = (properties, memory);
        None
    }

    /// What `get_resource` gives, for a nested stack with this id and ARN: the id, unless the type says otherwise.
    fn reference_id(&self, inside: &dyn Inside, id: &str, arn: &str) -> Evaluated {
        let _ = (inside, arn);
        Evaluated::Known(id.into())
    }
}

/// Makes the object-safe twin of a typed composite.
pub fn erase_composite<C: Composite>(composite: C) -> Arc<dyn CompositeType> {
    let schema = Arc::new(composite.schema());
    Arc::new(Erased { composite, schema })
}

struct Erased<C> {
    composite: C,
    schema: Arc<ResourceSchema>,
}

impl<C: Composite> CompositeType for Erased<C> {
    fn schema(&self) -> Arc<ResourceSchema> {
        Arc::clone(&self.schema)
    }

    fn child(&self, request: &ChildRequest<'_>) -> Result<Child, CompositeError> {
        let properties = C::Properties::decode(request.properties)
            .map_err(|failure| CompositeError::new(format!("{}: {failure}", self.schema.type_name)))?;
        self.composite.child(request, &properties)
    }

    fn attribute(&self, request: &AttributeRequest<'_>) -> Result<Option<Evaluated>, EvaluationError> {
        let properties = C::Properties::decode(request.properties)
            .map_err(|failure| EvaluationError::value(format!("{}: {failure}", self.schema.type_name)))?;
        self.composite.attribute(request, &properties)
    }

    fn origin(&self, member: &str, field: Option<&str>) -> Option<Vec<Step>> {
        self.composite.origin(member, field)
    }

    fn scales(&self) -> bool {
        self.composite.scales()
    }

    fn capacity(&self, properties: &Map<String, Value>, memory: Option<&Value>) -> Option<Capacity> {
        self.composite.capacity(&C::Properties::decode(properties).ok()?, memory)
    }

    fn reference_id(&self, inside: &dyn Inside, id: &str, arn: &str) -> Evaluated {
        self.composite.reference_id(inside, id, arn)
    }
}
