//! `heat resource type …`

use crate::arguments::ResourceTypeCommand;
use crate::error::{CliError, Result};
use crate::output::Answer;
use crate::session::full_registry;
use heat_template::diagnostic::suggest;
use heat_template::schema::ResourceTypes;
use serde_json::{Value, json};

/// Runs a command about types of resources.
pub(super) fn run(command: &ResourceTypeCommand) -> Result<Answer> {
    let registry = full_registry();
    match command {
        ResourceTypeCommand::List { filters } => {
            let mut names = registry.type_names();
            for filter in filters {
                match filter.split_once('=') {
                    Some(("name", text)) => names.retain(|name| name.contains(text)),
                    _ => {
                        return Err(CliError::input(format!(
                            "{filter:?} is no filter: it must be name=TEXT"
                        )));
                    }
                }
            }
            names.sort();
            let objects = names.into_iter().map(|name| json!({"resource_type": name})).collect();
            Ok(Answer::List { objects, shown: &["resource_type"] })
        }
        ResourceTypeCommand::Show { type_name } => {
            let Some(schema) = registry.resource_type(type_name) else {
                let names = registry.type_names();
                let similar = suggest::nearest(type_name, names.iter().map(String::as_str));
                let help = similar.map(|name| format!("; did you mean {name}?")).unwrap_or_default();
                return Err(CliError::input(format!("there is no resource type {type_name}{help}")));
            };
            let Value::Object(object) = schema.describe(true) else {
                return Err(CliError::Failed(format!("{type_name} cannot be described")));
            };
            Ok(Answer::Object {
                object,
                shown: &["resource_type", "description", "support_status", "properties", "attributes"],
            })
        }
    }
}
