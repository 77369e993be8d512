//! The resource types: schemas as data, and what they say about changes.

use heat_engine::plan::TypeRules;
use heat_plugin_sdk::schema::{AttributeSchema, PropertySchema, ResourceSchema, ResourceTypes, ValueType};
use heat_plugin_sdk::{FindBasis, PropertyMap, ReplaceOrder};
use std::path::PathBuf;
use std::sync::Arc;

/// `Acme::Directory` and `Acme::File`.
pub struct Types;

/// The place of a directory or a file below the folder that everything lies in.
pub fn path(type_name: &str, properties: &PropertyMap) -> PathBuf {
    let text = |name: &str| properties.get(name).and_then(|value| value.as_str()).unwrap_or_default();
    match type_name {
        "Acme::Directory" => PathBuf::from(text("path")),
        _ => PathBuf::from(text("directory")).join(text("name")),
    }
}

impl ResourceTypes for Types {
    fn resource_type(&self, name: &str) -> Option<Arc<ResourceSchema>> {
        let text = || PropertySchema::new(ValueType::String);
        let path = || ("path".to_owned(), AttributeSchema::new(ValueType::String, "Where it lies."));
        let (properties, attributes) = match name {
            "Acme::Directory" => ([("path".to_owned(), text().required())].into(), [path()].into()),
            "Acme::File" => (
                [
                    ("directory".to_owned(), text().required()),
                    ("name".to_owned(), text().required()),
                    ("content".to_owned(), text().default("").update_allowed()),
                ]
                .into(),
                [path(), ("size".to_owned(), AttributeSchema::new(ValueType::Integer, "Bytes."))].into(),
            ),
            _ => return None,
        };
        let type_name = name.to_owned();
        Some(Arc::new(ResourceSchema { type_name, properties, attributes, ..ResourceSchema::default() }))
    }

    fn type_names(&self) -> Vec<String> {
        vec!["Acme::Directory".to_owned(), "Acme::File".to_owned()]
    }
}

impl TypeRules for Types {
    fn schema(&self, type_name: &str) -> Option<Arc<ResourceSchema>> {
        self.resource_type(type_name)
    }

    /// Two things cannot lie in the same place.
    fn replace_order(&self, type_name: &str, old: &PropertyMap, new: &PropertyMap) -> ReplaceOrder {
        if path(type_name, old) == path(type_name, new) {
            ReplaceOrder::DeleteFirst
        } else {
            ReplaceOrder::CreateFirst
        }
    }

    /// A path is unique, and so are our ids.
    fn find_basis(&self, _: &str, _: &PropertyMap) -> FindBasis {
        FindBasis::Unique
    }
}
