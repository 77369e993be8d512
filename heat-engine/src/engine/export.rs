//! A stack as Heat hands it over: what `stack abandon` and `stack export` give, what a snapshot tells, and what
//! `stack adopt` takes.

use super::request::Content;
use crate::record::StackRecord;
use serde_json::{Map, Value, json};

/// A stack without its resources, in Heat's words.
pub(super) fn frame(
    stack: &StackRecord,
    content: &Content,
    (action, status): (&str, &str),
    resources: Map<String, Value>,
) -> Value {
    let environment = content.environment.overlaid_with_parameters(&content.parameters);
    let files: Map<String, Value> =
        content.files.iter().map(|(name, text)| (name.to_owned(), text.into())).collect();
    json!({
        "name": stack.name,
        "id": stack.id,
        "action": action,
        "environment": environment.to_value(),
        "files": files,
        "status": status,
        "template": content.template.to_value(),
        "resources": resources,
        "project_id": stack.project,
        "stack_user_project_id": Value::Null,
        "tags": stack.tags,
    })
}
