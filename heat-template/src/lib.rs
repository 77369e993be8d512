//! OpenStack Heat's template language: reading, checking and evaluating HOT and CFN templates.
//!
//! ```text
//! text ─► tree of nodes with places ─► Template (typed, dialect checked) ─► Definition ─► values
//!                                          ▲                                    ▲           ▲
//!                                        dialects            Inputs: parameters, environment │
//!                                                                                          Scope: what resources tell
//! ```
//!
//! - A [`Template`] is read once. Its expressions are compiled to typed trees; it is immutable, cheap to clone, and knows
//!   nothing of any stack.
//! - [`Template::define`] brings it together with [`Inputs`]: parameters are checked, conditions decided, names resolved,
//!   the dependency graph drawn. The result is a [`Definition`].
//! - [`Definition::check`] holds it against the schemas of resource types ([`schema::ResourceTypes`]), before anything runs.
//! - [`Definition::resolve_properties`] and [`Definition::output`] evaluate. A [`Scope`] tells what only a running stack
//!   knows; what it does not know yet stays [`Evaluated::Unknown`].
//!
//! All problems are found in one pass. Each is a [`diagnostic::Diagnostic`]: plain data with a stable code, places, Heat's
//! own path and a way out; [`render`] makes texts of them. The crate does no I/O, reads no clock, starts no thread and does
//! not panic.
//!
//! Numbers of any size keep all their digits, and maps their order: the crate turns on `arbitrary_precision` and
//! `preserve_order` of `serde_json`, which then hold for the whole program. The former is felt where `serde` goes through
//! untyped content: in untagged or internally tagged enums and in flattened maps a float is read from a `serde_json` text only
//! as a [`serde_json::Number`], and writing a [`serde_json::Value`] to another format (TOML) makes maps of numbers.
//!
//! # Example
//!
//! ```
//! use heat_template::schema::{AttributeSchema, GenericConstraints, PropertySchema, ResourceSchema, ResourceTypes, ValueType};
//! use heat_template::source::SourceMap;
//! use heat_template::{Evaluated, EvaluationError, Inputs, ParseOptions, Scope, Template};
//! use serde_json::{Value, json};
//! use std::sync::Arc;
//!
//! // The types that a plugin would provide.
//! struct Types;
//! impl ResourceTypes for Types {
//!     fn resource_type(&self, name: &str) -> Option<Arc<ResourceSchema>> {
//!         (name == "Acme::Record").then(|| {
//!             Arc::new(ResourceSchema {
//!                 type_name: name.into(),
//!                 properties: [("name".into(), PropertySchema::new(ValueType::String).required())].into(),
//!                 attributes: [("serial".into(), AttributeSchema::new(ValueType::Integer, "Changes with the zone."))].into(),
//!                 ..ResourceSchema::default()
//!             })
//!         })
//!     }
//!     fn type_names(&self) -> Vec<String> {
//!         vec!["Acme::Record".into()]
//!     }
//! }
//!
//! // What a running stack would tell.
//! struct Running;
//! impl Scope for Running {
//!     fn reference_id(&self, resource: &str) -> Evaluated {
//!         json!(format!("id-of-{resource}")).into()
//!     }
//!     fn attribute(&self, _: &str, _: &str, _: &[Value]) -> Result<Evaluated, EvaluationError> {
//!         Ok(json!(42).into())
//!     }
//!     fn all_attributes(&self, _: &str) -> Result<Evaluated, EvaluationError> {
//!         Ok(json!({"serial": 42}).into())
//!     }
//! }
//!
//! let mut sources = SourceMap::new();
//! let text = "
//! heat_template_version: 2021-04-16
//! parameters:
//!   host: {type: string}
//! resources:
//!   record:
//!     type: Acme::Record
//!     properties:
//!       name: {list_join: [., [{get_param: host}, example.org]]}
//! outputs:
//!   serial:
//!     value: {get_attr: [record, serial]}
//! ";
//! let (template, _warnings) =
//!     Template::parse(&mut sources, "record.yaml", text, &ParseOptions::default()).into_result().map_err(|d| format!("{d:?}"))?;
//!
//! // A parameter is missing, and all that is wrong is told at once.
//! let refused = template.validate(&Inputs::default(), &Types, &GenericConstraints);
//! assert_eq!(refused.errors().next().map(|error| error.code.0), Some("HT0208"));
//!
//! let inputs = Inputs { parameters: [("host".into(), json!("www"))].into(), ..Inputs::default() };
//! let (definition, _warnings) =
//!     template.validate(&inputs, &Types, &GenericConstraints).into_result().map_err(|d| format!("{d:?}"))?;
//! assert_eq!(definition.order(), ["record"]);
//!
//! let record = definition.resource("record").ok_or("no such resource")?;
//! let schema = Types.resource_type(record.type_name()).ok_or("no such type")?;
//! let properties = definition
//!     .resolve_properties(&record, &Running, &schema, &GenericConstraints)
//!     .map_err(|d| format!("{d:?}"))?;
//! assert_eq!(properties["name"], Evaluated::Known(json!("www.example.org")));
//! assert_eq!(definition.output("serial", &Running)?, Evaluated::Known(json!(42)));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod collect;
pub mod composite;
pub mod definition;
pub mod diagnostic;
pub mod dialect;
pub mod environment;
pub mod evaluated;
pub mod expression;
pub mod fix;
pub mod format;
pub mod function;
pub mod json_schema;
pub mod parameter;
pub mod python;
pub mod redaction;
pub mod render;
pub mod schema;
pub mod source;
pub mod template;
pub mod yaml;
pub mod yaql;

mod checked;

pub use checked::Checked;
pub use definition::{DefinedResource, Definition, DeletionPolicy, Inputs};
pub use environment::Environment;
pub use evaluated::{Evaluated, Unknown};
pub use expression::{EvaluationError, Expression, NoResources, References, Scope};
pub use parameter::PseudoParameters;
pub use template::{Files, ParseOptions, Template};
