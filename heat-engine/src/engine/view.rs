//! Stacks, resources and outputs as Heat's API shows them.

use super::required_by::RequiredBy;
use crate::record::{IncarnationId, ResourceRecord, StackId, StackRecord};
use crate::run::{Current, Goal};
use indexmap::IndexMap;
use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// A stack. Serialises as Heat's API shows one.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StackView {
    /// UUID.
    pub id: String,
    /// Name.
    pub stack_name: String,
    /// Project that owns it.
    pub project: String,
    /// The name of its credentials, such as a cloud of `clouds.yaml`. Heat does not show it.
    #[serde(skip)]
    pub credentials: Option<String>,
    /// The template's description: a text, or whatever else the template has there, as in Heat.
    pub description: Value,
    /// The same, under the name that `show` has.
    pub template_description: Value,
    /// `CREATE_COMPLETE` and the like.
    pub stack_status: String,
    /// Why.
    pub stack_status_reason: String,
    /// When it was created, RFC 3339.
    pub creation_time: String,
    /// When it was last updated.
    pub updated_time: Option<String>,
    /// When it was deleted.
    pub deletion_time: Option<String>,
    /// Minutes that an action may take.
    pub timeout_mins: Option<u32>,
    /// A failure is left as it is.
    pub disable_rollback: bool,
    /// Tags.
    pub tags: Vec<String>,
    /// The id of the stack that it lies in, if it is a nested stack.
    pub parent: Option<String>,
    /// Paths of resources that are not what the template says because a request left them out: the next update without a
    /// selection brings them to it. Heat's API has nothing of the kind; where there are none it is not part of the JSON.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub pending: Vec<String>,
    /// Parameters as texts, hidden ones masked. Only in [`Stack::show`](super::Stack::show).
    pub parameters: IndexMap<String, String>,
    /// Outputs with their values. Only in [`Stack::show`](super::Stack::show).
    pub outputs: Vec<OutputView>,
}

impl StackView {
    /// Without what takes the template.
    pub(super) fn brief(stack: &StackRecord) -> Self {
        Self {
            id: stack.id.0.clone(),
            stack_name: stack.name.clone(),
            project: stack.project.clone(),
            credentials: stack.credentials.name().map(str::to_owned),
            description: "".into(),
            template_description: "".into(),
            stack_status: format!("{}_{}", stack.action, stack.status),
            stack_status_reason: stack.reason.clone(),
            creation_time: time(stack.created),
            updated_time: stack.updated.map(time),
            deletion_time: stack.deleted.map(time),
            timeout_mins: stack.timeout_minutes,
            disable_rollback: stack.disable_rollback,
            tags: stack.tags.clone(),
            parent: stack.owner.as_ref().map(|owner| owner.stack.0.clone()),
            pending: stack.pending.iter().cloned().collect(),
            parameters: IndexMap::new(),
            outputs: Vec::new(),
        }
    }

    pub(super) fn complete(&mut self, goal: &Goal, current: &Current) {
        self.description = goal.description();
        self.template_description.clone_from(&self.description);
        self.parameters = goal.parameters();
        self.outputs = goal.outputs(current);
    }

    /// Whether the last action succeeded.
    pub fn is_complete(&self) -> bool {
        self.stack_status.ends_with("_COMPLETE")
    }

    /// Whether the last action failed.
    pub fn is_failed(&self) -> bool {
        self.stack_status.ends_with("_FAILED")
    }
}

/// An output.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OutputView {
    /// Its name.
    pub output_key: String,
    /// Its value; null where it has none.
    pub output_value: Value,
    /// The template's description.
    pub description: String,
    /// Why it has no value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_error: Option<String>,
}

/// A resource. Serialises as Heat's API shows one.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ResourceView {
    /// Which of the real things that bore this name in turn it is: another one after a replacement. Heat's API has
    /// nothing of the kind, so it is not part of the JSON.
    #[serde(skip)]
    pub incarnation: IncarnationId,
    /// The stack that it belongs to: another one than was asked for where it lies in a nested stack.
    #[serde(skip)]
    pub stack: StackId,
    /// The way to it from the stack that was asked for: names with `/` between them, as in `group/0`.
    #[serde(skip)]
    pub path: String,
    /// The nested stack that it is, if it is one.
    #[serde(skip)]
    pub nested: Option<StackId>,
    /// The resource of the outer stack that its own stack is, if it lies in a nested stack.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent_resource: Option<String>,
    /// Name in the template.
    pub resource_name: String,
    /// The same, under its other name.
    pub logical_resource_id: String,
    /// The id under which the service knows it.
    pub physical_resource_id: String,
    /// Type.
    pub resource_type: String,
    /// `CREATE_COMPLETE` and the like.
    pub resource_status: String,
    /// Why.
    pub resource_status_reason: String,
    /// When it was made, RFC 3339.
    pub creation_time: String,
    /// When it was last changed.
    pub updated_time: String,
    /// Names of the resources that depend on it directly, by the template; of a resource that the template does not have any
    /// more, those that did when they were made.
    pub required_by: BTreeSet<String>,
    /// Attributes as last observed, secret ones masked.
    pub attributes: Map<String, Value>,
    /// The template's description.
    pub description: String,
}

impl ResourceView {
    pub(super) fn new(
        stack: &StackRecord,
        record: &ResourceRecord,
        goal: &Goal,
        required_by: &RequiredBy,
    ) -> Self {
        Self {
            incarnation: record.id.clone(),
            stack: record.stack.clone(),
            path: record.name.clone(),
            nested: record.nested.as_ref().map(|nested| nested.stack.clone()),
            parent_resource: stack.owner.as_ref().map(|owner| owner.resource.clone()),
            resource_name: record.name.clone(),
            logical_resource_id: record.name.clone(),
            physical_resource_id: record.physical_id.as_ref().map(ToString::to_string).unwrap_or_default(),
            resource_type: record.type_name.clone(),
            resource_status: format!("{}_{}", record.action, record.status),
            resource_status_reason: record.reason.clone(),
            creation_time: time(record.created),
            updated_time: time(record.updated),
            required_by: required_by.of(record),
            attributes: goal.shown_attributes(record),
            description: goal.resource_description(&record.name),
        }
    }
}

/// RFC 3339 in whole seconds, as Heat prints times.
fn time(time: jiff::Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
