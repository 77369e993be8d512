//! Resources: one record for each incarnation, that is, for each real thing that was or is to be made.

use super::stack::text_id;
use super::{Action, NestedStack, ResourceHook, StackId, Status, TraversalId};
use heat_plugin_sdk::{OperationKey, OwnedObject, PhysicalId, SavedData};
use indexmap::IndexMap;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

text_id! {
    /// UUID of an incarnation: a replacement is a new one under the same name.
    IncarnationId
}

/// One incarnation of a resource.
#[derive(Clone, PartialEq)]
pub struct ResourceRecord {
    /// UUID.
    pub id: IncarnationId,
    /// The stack.
    pub stack: StackId,
    /// Name in the template.
    pub name: String,
    /// Type.
    pub type_name: String,
    /// The id under which the service knows it, as soon as it is known.
    pub physical_id: Option<PhysicalId>,
    /// What was last done.
    pub action: Action,
    /// How it went.
    pub status: Status,
    /// Why.
    pub reason: String,
    /// When the incarnation was made.
    pub created: Timestamp,
    /// When it was last changed.
    pub updated: Timestamp,
    /// Properties last applied: resolved, coerced, translated. Secret ones are sealed.
    pub properties: Option<Map<String, Value>>,
    /// Names of top-level properties whose values come from hidden parameters or secret attributes, though the schema
    /// does not call them secret; `metadata` for the metadata. They are sealed too, and with them the attributes and the
    /// reference id, which may repeat them. Of a nested stack, `attribute:<name>` is an attribute that tells a secret from
    /// inside, `property:<name>` one whose parameter the template hides; these are sealed alone.
    pub sensitive: BTreeSet<String>,
    /// Metadata, resolved.
    pub metadata: Value,
    /// What stands in the template beside the properties and makes an update when it changes: `depends_on`, policies,
    /// metadata, description.
    pub definition: Map<String, Value>,
    /// Attributes as last observed, those of the creation among them. Secret ones are sealed.
    pub attributes: Map<String, Value>,
    /// What `get_resource` gives.
    pub reference_id: Option<String>,
    /// The very incarnations that it depends on: its deletion comes before theirs. While it is updated these are those
    /// before and those after; also a step that keeps it writes those that are current then. Ids of incarnations that
    /// are gone have no meaning any more.
    pub requires: BTreeSet<IncarnationId>,
    /// Delete, Retain or Snapshot.
    pub deletion_policy: DeletionPolicy,
    /// The incarnation that it takes the place of, as long as that one exists.
    pub replaces: Option<IncarnationId>,
    /// The incarnation that takes its place: this one is to be deleted.
    pub replaced_by: Option<IncarnationId>,
    /// Private data of the plugin. Sealed.
    pub private: Option<Value>,
    /// Objects that it made beside its own.
    pub owned: BTreeMap<String, OwnedObject>,
    /// The operation that was begun and whose outcome is not recorded.
    pub intent: Option<Intent>,
    /// Its creation was repeated: before the stack is complete somebody looks whether there are two of it.
    pub look_again: bool,
    /// The key of that creation, by which the second one is recognised.
    pub created_as: Option<OperationKey>,
    /// Ids that a name-based `find` saw before that creation: none of them is the second one.
    pub seen_before: BTreeSet<PhysicalId>,
    /// The traversal that last did something to it: what this one has done already is not done again after a crash.
    pub traversal: Option<TraversalId>,
    /// The nested stack that it is, as soon as one is meant to be made.
    pub nested: Option<NestedStack>,
    /// The hook at which it waits, or that was cleared last.
    pub hook: Option<ResourceHook>,
    /// What was saved of it last.
    pub saved: Option<Saved>,
    /// What Heat's data say of it, as long as it is to be adopted by them. Sealed.
    pub adopts: Option<Value>,
}

/// What was saved of a resource.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Saved {
    /// The operation that saved it.
    pub key: OperationKey,
    /// The traversal in which that was, which for a snapshot of the stack is its id.
    pub traversal: TraversalId,
    /// What leads back to it.
    pub data: SavedData,
}

/// Where [`ResourceRecord::definition`] keeps the id of something that exists already.
pub(crate) const EXTERNAL_ID: &str = "external_id";

/// What becomes of the real thing when the resource goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeletionPolicy {
    /// It is deleted.
    #[default]
    Delete,
    /// It stays.
    Retain,
    /// It is saved, then deleted.
    Snapshot,
}

/// An operation whose beginning is durable: after a crash it is picked up under the same key.
#[derive(Clone, PartialEq)]
pub struct Intent {
    /// Names the operation for ever.
    pub key: OperationKey,
    /// The traversal that began it.
    pub traversal: TraversalId,
    /// What is done.
    pub kind: IntentKind,
    /// When it was begun.
    pub begun: Timestamp,
    /// How often it was tried.
    pub attempt: u32,
    /// The properties that shall hold afterwards; those of a create or an update. Secret ones are sealed.
    pub properties: Option<Map<String, Value>>,
    /// Names of the top-level properties that an update changes.
    pub changed: Vec<String>,
    /// The request was sent at least once without a recorded answer: look before it is repeated.
    pub uncertain: bool,
    /// A create was repeated: look for a second object before the stack is complete.
    pub repeated: bool,
    /// Ids that a name-based `find` saw before the first request.
    pub seen_before: BTreeSet<PhysicalId>,
}

/// The operations that a plugin is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum IntentKind {
    /// `create`
    Create,
    /// `update`
    Update,
    /// `delete`
    Delete,
    /// `prepare_for_replace`
    PrepareForReplace,
    /// `restore_after_replace`
    RestoreAfterReplace,
    /// `read`, to see whether it is there and in order.
    Check,
    /// `suspend`
    Suspend,
    /// `resume`
    Resume,
    /// `snapshot`
    Snapshot,
}

impl ResourceRecord {
    /// A record of a resource that nothing was done for yet.
    pub fn new(
        id: IncarnationId,
        stack: StackId,
        name: impl Into<String>,
        type_name: impl Into<String>,
        now: Timestamp,
    ) -> Self {
        Self {
            id,
            stack,
            name: name.into(),
            type_name: type_name.into(),
            physical_id: None,
            action: Action::Init,
            status: Status::Complete,
            reason: String::new(),
            created: now,
            updated: now,
            properties: None,
            sensitive: BTreeSet::new(),
            metadata: Value::Null,
            definition: Map::new(),
            attributes: Map::new(),
            reference_id: None,
            requires: BTreeSet::new(),
            deletion_policy: DeletionPolicy::Delete,
            replaces: None,
            replaced_by: None,
            private: None,
            owned: BTreeMap::new(),
            intent: None,
            look_again: false,
            created_as: None,
            seen_before: BTreeSet::new(),
            traversal: None,
            nested: None,
            hook: None,
            saved: None,
            adopts: None,
        }
    }

    /// The `external_id` of its definition, where it is something that exists already: nothing makes, changes or removes it.
    pub fn external_id(&self) -> Option<&str> {
        self.definition.get(EXTERNAL_ID)?.as_str()
    }
}

/// Not what the plugin keeps of it.
impl fmt::Debug for Saved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Saved")
            .field("key", &self.key)
            .field("traversal", &self.traversal)
            .finish_non_exhaustive()
    }
}

/// No values of properties and attributes: they may be secret.
impl fmt::Debug for ResourceRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResourceRecord")
            .field("id", &self.id)
            .field("stack", &self.stack)
            .field("name", &self.name)
            .field("type_name", &self.type_name)
            .field("physical_id", &self.physical_id)
            .field("action", &self.action)
            .field("status", &self.status)
            .field("reason", &self.reason)
            .field("requires", &self.requires)
            .field("replaces", &self.replaces)
            .field("replaced_by", &self.replaced_by)
            .field("intent", &self.intent)
            .finish_non_exhaustive()
    }
}

/// No values of properties: they may be secret.
impl fmt::Debug for Intent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Intent")
            .field("key", &self.key)
            .field("traversal", &self.traversal)
            .field("kind", &self.kind)
            .field("attempt", &self.attempt)
            .field("changed", &self.changed)
            .field("uncertain", &self.uncertain)
            .field("repeated", &self.repeated)
            .finish_non_exhaustive()
    }
}

/// All living incarnations of a stack's resources, by incarnation. A record is shared by all who look at it: whoever changes
/// one puts a changed copy in its place.
pub type Resources = IndexMap<IncarnationId, Arc<ResourceRecord>>;
