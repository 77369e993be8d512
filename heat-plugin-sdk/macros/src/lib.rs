//! The derive macros of `heat-plugin-sdk`: [`Properties`], [`PropertyType`] and [`Attributes`].
//!
//! Use them through `heat_plugin_sdk`, which exports each one beside the trait of the same name. What they make of a struct:
//!
//! ```ignore
//! use heat_plugin_sdk::{Properties, Secret};
//!
//! /// A DNS record at Acme.                                  (description of the type)
//! #[derive(Debug, serde::Deserialize, Properties)]
//! struct RecordProperties {
//!     /// Fully qualified name.                              (description of the property)
//!     #[property(immutable, constraint(length(max = 255)))]
//!     name: String,                                       // required, a text
//!     /// Seconds that resolvers may keep the answer.
//!     #[property(update_allowed, default = 300, constraint(range(min = 60)))]
//!     ttl: u32,                                           // has a default, so it need not be given
//!     /// What the record is for.
//!     comment: Option<String>,                            // need not be given
//!     /// Token of the zone.
//!     token: Secret<String>,                              // sealed at rest, never shown
//! }
//! ```

mod attributes;
mod constraint;
mod default;
mod documentation;
mod enumeration;
mod options;
mod place;
mod properties;
mod serde_attributes;
mod support;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

/// Derives `heat_plugin_sdk::Properties` for a struct with named fields (and `PropertyType`, so that it can stand inside
/// another one as a map with these keys), or `PropertyType` for an enum of unit variants (a text with allowed values).
///
/// Every field needs a doc comment; it is the description of the property. Names follow `#[serde(rename)]` and
/// `#[serde(rename_all)]`. A field is required unless it is an `Option`, has a `default` or `#[serde(default)]`;
/// `#[serde(skip)]` is no property, `#[serde(flatten)]` takes over the properties of another such struct.
///
/// # Options of a field: `#[property(…)]`
///
/// | Option | Meaning |
/// |---|---|
/// | `update_allowed` | A change is made in place; otherwise it replaces the resource. |
/// | `immutable` | A change is refused. |
/// | `required` | Must be given (what follows from the type anyway; of use beside `#[serde(default)]`). |
/// | `default = …` | A literal, an array of literals, `{}`, or an expression that is `Into<serde_json::Value>`; literals are checked against the type when the crate is compiled. |
/// | `constraint(…)` | May be repeated: `length(min = …, max = …)`, `range(min = …, max = …)`, `modulo(step = …, offset = …)`, `allowed(…, …)`, `pattern("…")`, `custom("acme.zone")`; followed by `description = "…"` to replace the message. |
/// | `item(…)` | `constraint(…)`, `description = "…"`, `resolve = "…"` for each item of a list. |
/// | `secret` | Sealed at rest, never shown. `Secret<T>` implies it. |
/// | `write_only` | The service never tells the value. |
/// | `resolve = "neutron.network"` | A name becomes an id by this finder, which is also the property's custom constraint. |
/// | `renamed_from = "old"` | The property used to be called so; the old name is kept as a deprecated property. `renamed_from(name = "old", hidden(…))` says how deprecated. May be repeated. |
/// | `since = "…"`, `deprecated = "…"`, `hidden`, `unsupported` | Support status; the latter three also as `deprecated(since = "…", message = "…")`. |
/// | `not_implemented` | Accepted by the language, refused when used. |
/// | `allow_conversion` | JSON text for a map and comma text for a list are converted. |
/// | `description = "…"` | In place of the doc comment. |
/// | `schema = …` | An expression that gives the `PropertySchema` of the type, for types that are no `PropertyType`. |
///
/// # Options of the struct: `#[property(…)]`
///
/// `since`, `deprecated`, `hidden`, `unsupported`: support status of the resource type; `description = "…"` in place of the doc
/// comment; `crate = path` where `heat_plugin_sdk` goes by another name.
#[proc_macro_derive(Properties, attributes(property, serde))]
pub fn derive_properties(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    properties::derive(&input, properties::Kind::Properties)
        .unwrap_or_else(syn::Error::into_compile_error)
        .into()
}

/// Derives `heat_plugin_sdk::PropertyType`: for a struct with named fields a map with these keys, for an enum of unit variants a
/// text with allowed values, for a struct around one value what that value is, with the struct's own constraints.
///
/// The options are those of `Properties`; a struct around one value takes `#[property(constraint(…), secret)]`.
#[proc_macro_derive(PropertyType, attributes(property, serde))]
pub fn derive_property_type(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    properties::derive(&input, properties::Kind::PropertyType)
        .unwrap_or_else(syn::Error::into_compile_error)
        .into()
}

/// Derives `heat_plugin_sdk::Attributes` for a struct with named fields that is `serde::Serialize`.
///
/// Every field needs a doc comment; it is the description of the attribute. The type follows from the Rust type.
///
/// # Options of a field: `#[attribute(…)]`
///
/// | Option | Meaning |
/// |---|---|
/// | `at_creation` | Only the answer to the creation tells it: give it to `Created::attribute`. What the struct holds is not used. |
/// | `on_demand` | Asked for by name when somebody wants it: `Resource::attribute`. What the struct holds is not used. |
/// | `secret` | Sealed at rest, never shown. `Secret<T>` implies it. |
/// | `type = string` | `string`, `integer`, `number`, `boolean`, `map`, `list` or `any`, in place of the Rust type's. |
/// | `since = "…"`, `deprecated = "…"`, `hidden`, `unsupported` | Support status, as for properties. |
/// | `description = "…"` | In place of the doc comment. |
#[proc_macro_derive(Attributes, attributes(attribute, serde))]
pub fn derive_attributes(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    attributes::derive(&input).unwrap_or_else(syn::Error::into_compile_error).into()
}
