//! The shapes in which records are stored as JSON. Private to the store: the records themselves cannot be serialised, so
//! that nothing secret in them is written anywhere by mistake.
//!
//! Every record is taken apart without `..`, so a field that is added and not stored does not compile. A field that is
//! added later gets a default, so that what an earlier version wrote can still be read.

use crate::plan::Plan;
use crate::record::{
    Action, DeletionPolicy, Desired, Event, IncarnationId, Intent, IntentKind, NestedStack, OnFailure, Owner,
    Paused, ResourceHook, ResourceRecord, Saved, SavedResource, SnapshotRecord, SourceHash, StackId,
    StackRecord, Status, TraversalId, TraversalRecord,
};
use heat_plugin_sdk::{Credentials, OperationKey, OwnedObject, PhysicalId};
use indexmap::IndexMap;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

#[derive(Serialize, Deserialize)]
pub(super) struct StackForm<'a> {
    name: Cow<'a, str>,
    project: Cow<'a, str>,
    revision: u64,
    action: Action,
    status: Status,
    reason: Cow<'a, str>,
    created: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    updated: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    deleted: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    timeout_minutes: Option<u32>,
    disable_rollback: bool,
    #[serde(default, skip_serializing_if = "is_default")]
    tags: Cow<'a, [String]>,
    #[serde(default, skip_serializing_if = "is_default")]
    credentials: CredentialsForm<'a>,
    desired: DesiredForm<'a>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last_complete: Option<DesiredForm<'a>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    traversal: Option<Cow<'a, TraversalId>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    paused: Option<Cow<'a, Paused>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    owner: Option<Cow<'a, Owner>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    snapshots: Vec<SnapshotForm<'a>>,
    #[serde(default, skip_serializing_if = "is_default")]
    pending: Cow<'a, BTreeSet<String>>,
    #[serde(default, skip_serializing_if = "is_default")]
    moved: Cow<'a, BTreeMap<String, String>>,
}

#[derive(Serialize, Deserialize)]
struct SnapshotForm<'a> {
    id: Cow<'a, TraversalId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<Cow<'a, str>>,
    created: Timestamp,
    action: Action,
    status: Status,
    reason: Cow<'a, str>,
    desired: DesiredForm<'a>,
    #[serde(default, skip_serializing_if = "is_default")]
    resources: Cow<'a, [SavedResource]>,
}

impl<'a> From<&'a SnapshotRecord> for SnapshotForm<'a> {
    fn from(record: &'a SnapshotRecord) -> Self {
        let SnapshotRecord { id, name, created, action, status, reason, desired, resources } = record;
        Self {
            id: Cow::Borrowed(id),
            name: name.as_deref().map(Cow::Borrowed),
            created: *created,
            action: *action,
            status: *status,
            reason: Cow::Borrowed(reason),
            desired: desired.into(),
            resources: Cow::Borrowed(resources),
        }
    }
}

impl SnapshotForm<'_> {
    fn into_record(self) -> SnapshotRecord {
        SnapshotRecord {
            id: self.id.into_owned(),
            name: self.name.map(Cow::into_owned),
            created: self.created,
            action: self.action,
            status: self.status,
            reason: self.reason.into_owned(),
            desired: self.desired.into_record(),
            resources: self.resources.into_owned(),
        }
    }
}

#[derive(Serialize, Deserialize, Default, PartialEq)]
struct CredentialsForm<'a> {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    content: Option<Cow<'a, Value>>,
}

#[derive(Serialize, Deserialize)]
struct DesiredForm<'a> {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    template: Option<Cow<'a, SourceHash>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    environment: Option<Cow<'a, SourceHash>>,
    #[serde(default, skip_serializing_if = "is_default")]
    files: Cow<'a, BTreeMap<String, SourceHash>>,
    #[serde(default, skip_serializing_if = "is_default")]
    parameters: Cow<'a, IndexMap<String, Value>>,
    #[serde(default, skip_serializing_if = "is_default")]
    hidden: Cow<'a, [String]>,
    #[serde(default, skip_serializing_if = "is_default")]
    secret: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    availability_zones: Option<Cow<'a, [String]>>,
}

impl<'a> From<&'a Desired> for DesiredForm<'a> {
    fn from(desired: &'a Desired) -> Self {
        let Desired { template, environment, files, parameters, hidden, secret, availability_zones } =
            desired;
        Self {
            template: template.as_ref().map(Cow::Borrowed),
            environment: environment.as_ref().map(Cow::Borrowed),
            files: Cow::Borrowed(files),
            parameters: Cow::Borrowed(parameters),
            hidden: Cow::Borrowed(hidden),
            secret: *secret,
            availability_zones: availability_zones.as_deref().map(Cow::Borrowed),
        }
    }
}

impl DesiredForm<'_> {
    fn into_record(self) -> Desired {
        Desired {
            template: self.template.map(Cow::into_owned),
            environment: self.environment.map(Cow::into_owned),
            files: self.files.into_owned(),
            parameters: self.parameters.into_owned(),
            hidden: self.hidden.into_owned(),
            secret: self.secret,
            availability_zones: self.availability_zones.map(Cow::into_owned),
        }
    }
}

impl<'a> From<&'a StackRecord> for StackForm<'a> {
    fn from(record: &'a StackRecord) -> Self {
        let StackRecord {
            id: _,
            name,
            project,
            revision,
            action,
            status,
            reason,
            created,
            updated,
            deleted,
            timeout_minutes,
            disable_rollback,
            tags,
            credentials,
            desired,
            last_complete,
            traversal,
            paused,
            owner,
            snapshots,
            pending,
            moved,
        } = record;
        Self {
            name: Cow::Borrowed(name),
            project: Cow::Borrowed(project),
            revision: *revision,
            action: *action,
            status: *status,
            reason: Cow::Borrowed(reason),
            created: *created,
            updated: *updated,
            deleted: *deleted,
            timeout_minutes: *timeout_minutes,
            disable_rollback: *disable_rollback,
            tags: Cow::Borrowed(tags),
            credentials: CredentialsForm {
                name: credentials.name().map(Cow::Borrowed),
                content: credentials.value().map(Cow::Borrowed),
            },
            desired: desired.into(),
            last_complete: last_complete.as_ref().map(DesiredForm::from),
            traversal: traversal.as_ref().map(Cow::Borrowed),
            paused: paused.as_ref().map(Cow::Borrowed),
            owner: owner.as_ref().map(Cow::Borrowed),
            snapshots: snapshots.iter().map(SnapshotForm::from).collect(),
            pending: Cow::Borrowed(pending),
            moved: Cow::Borrowed(moved),
        }
    }
}

impl StackForm<'_> {
    pub(super) fn into_record(self, id: StackId) -> StackRecord {
        let credentials = match (self.credentials.name, self.credentials.content) {
            (Some(name), None) => Credentials::named(name),
            (None, Some(content)) => Credentials::content(content.into_owned()),
            (Some(name), Some(content)) => Credentials::named(name).with_content(content.into_owned()),
            (None, None) => Credentials::none(),
        };
        StackRecord {
            id,
            name: self.name.into_owned(),
            project: self.project.into_owned(),
            revision: self.revision,
            action: self.action,
            status: self.status,
            reason: self.reason.into_owned(),
            created: self.created,
            updated: self.updated,
            deleted: self.deleted,
            timeout_minutes: self.timeout_minutes,
            disable_rollback: self.disable_rollback,
            tags: self.tags.into_owned(),
            credentials,
            desired: self.desired.into_record(),
            last_complete: self.last_complete.map(DesiredForm::into_record),
            traversal: self.traversal.map(Cow::into_owned),
            paused: self.paused.map(Cow::into_owned),
            owner: self.owner.map(Cow::into_owned),
            snapshots: self.snapshots.into_iter().map(SnapshotForm::into_record).collect(),
            pending: self.pending.into_owned(),
            moved: self.moved.into_owned(),
        }
    }
}

#[derive(Serialize, Deserialize)]
pub(super) struct ResourceForm<'a> {
    name: Cow<'a, str>,
    type_name: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    physical_id: Option<Cow<'a, PhysicalId>>,
    action: Action,
    status: Status,
    #[serde(default, skip_serializing_if = "is_default")]
    reason: Cow<'a, str>,
    created: Timestamp,
    updated: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    properties: Option<Cow<'a, Map<String, Value>>>,
    #[serde(default, skip_serializing_if = "is_default")]
    sensitive: Cow<'a, BTreeSet<String>>,
    #[serde(default, skip_serializing_if = "is_default")]
    metadata: Cow<'a, Value>,
    #[serde(default, skip_serializing_if = "is_default")]
    definition: Cow<'a, Map<String, Value>>,
    #[serde(default, skip_serializing_if = "is_default")]
    attributes: Cow<'a, Map<String, Value>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reference_id: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "is_default")]
    requires: Cow<'a, BTreeSet<IncarnationId>>,
    #[serde(default, skip_serializing_if = "is_default")]
    deletion_policy: DeletionPolicy,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    replaces: Option<Cow<'a, IncarnationId>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    replaced_by: Option<Cow<'a, IncarnationId>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    private: Option<Cow<'a, Value>>,
    #[serde(default, skip_serializing_if = "is_default")]
    owned: Cow<'a, BTreeMap<String, OwnedObject>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    intent: Option<IntentForm<'a>>,
    #[serde(default, skip_serializing_if = "is_default")]
    look_again: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    created_as: Option<Cow<'a, OperationKey>>,
    #[serde(default, skip_serializing_if = "is_default")]
    seen_before: Cow<'a, BTreeSet<PhysicalId>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    traversal: Option<Cow<'a, TraversalId>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    nested: Option<Cow<'a, NestedStack>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    hook: Option<Cow<'a, ResourceHook>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    saved: Option<Cow<'a, Saved>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    adopts: Option<Cow<'a, Value>>,
}

#[derive(Serialize, Deserialize)]
struct IntentForm<'a> {
    key: Cow<'a, OperationKey>,
    traversal: Cow<'a, TraversalId>,
    kind: IntentKind,
    begun: Timestamp,
    attempt: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    properties: Option<Cow<'a, Map<String, Value>>>,
    #[serde(default, skip_serializing_if = "is_default")]
    changed: Cow<'a, [String]>,
    #[serde(default, skip_serializing_if = "is_default")]
    uncertain: bool,
    #[serde(default, skip_serializing_if = "is_default")]
    repeated: bool,
    #[serde(default, skip_serializing_if = "is_default")]
    seen_before: Cow<'a, BTreeSet<PhysicalId>>,
}

impl<'a> From<&'a Intent> for IntentForm<'a> {
    fn from(intent: &'a Intent) -> Self {
        let Intent {
            key,
            traversal,
            kind,
            begun,
            attempt,
            properties,
            changed,
            uncertain,
            repeated,
            seen_before,
        } = intent;
        Self {
            key: Cow::Borrowed(key),
            traversal: Cow::Borrowed(traversal),
            kind: *kind,
            begun: *begun,
            attempt: *attempt,
            properties: properties.as_ref().map(Cow::Borrowed),
            changed: Cow::Borrowed(changed),
            uncertain: *uncertain,
            repeated: *repeated,
            seen_before: Cow::Borrowed(seen_before),
        }
    }
}

impl IntentForm<'_> {
    fn into_record(self) -> Intent {
        Intent {
            key: self.key.into_owned(),
            traversal: self.traversal.into_owned(),
            kind: self.kind,
            begun: self.begun,
            attempt: self.attempt,
            properties: self.properties.map(Cow::into_owned),
            changed: self.changed.into_owned(),
            uncertain: self.uncertain,
            repeated: self.repeated,
            seen_before: self.seen_before.into_owned(),
        }
    }
}

impl<'a> From<&'a ResourceRecord> for ResourceForm<'a> {
    fn from(record: &'a ResourceRecord) -> Self {
        let ResourceRecord {
            id: _,
            stack: _,
            name,
            type_name,
            physical_id,
            action,
            status,
            reason,
            created,
            updated,
            properties,
            sensitive,
            metadata,
            definition,
            attributes,
            reference_id,
            requires,
            deletion_policy,
            replaces,
            replaced_by,
            private,
            owned,
            intent,
            look_again,
            created_as,
            seen_before,
            traversal,
            nested,
            hook,
            saved,
            adopts,
        } = record;
        Self {
            name: Cow::Borrowed(name),
            type_name: Cow::Borrowed(type_name),
            physical_id: physical_id.as_ref().map(Cow::Borrowed),
            action: *action,
            status: *status,
            reason: Cow::Borrowed(reason),
            created: *created,
            updated: *updated,
            properties: properties.as_ref().map(Cow::Borrowed),
            sensitive: Cow::Borrowed(sensitive),
            metadata: Cow::Borrowed(metadata),
            definition: Cow::Borrowed(definition),
            attributes: Cow::Borrowed(attributes),
            reference_id: reference_id.as_deref().map(Cow::Borrowed),
            requires: Cow::Borrowed(requires),
            deletion_policy: *deletion_policy,
            replaces: replaces.as_ref().map(Cow::Borrowed),
            replaced_by: replaced_by.as_ref().map(Cow::Borrowed),
            private: private.as_ref().map(Cow::Borrowed),
            owned: Cow::Borrowed(owned),
            intent: intent.as_ref().map(IntentForm::from),
            look_again: *look_again,
            created_as: created_as.as_ref().map(Cow::Borrowed),
            seen_before: Cow::Borrowed(seen_before),
            traversal: traversal.as_ref().map(Cow::Borrowed),
            nested: nested.as_ref().map(Cow::Borrowed),
            hook: hook.as_ref().map(Cow::Borrowed),
            saved: saved.as_ref().map(Cow::Borrowed),
            adopts: adopts.as_ref().map(Cow::Borrowed),
        }
    }
}

impl ResourceForm<'_> {
    pub(super) fn into_record(self, id: IncarnationId, stack: StackId) -> ResourceRecord {
        ResourceRecord {
            id,
            stack,
            name: self.name.into_owned(),
            type_name: self.type_name.into_owned(),
            physical_id: self.physical_id.map(Cow::into_owned),
            action: self.action,
            status: self.status,
            reason: self.reason.into_owned(),
            created: self.created,
            updated: self.updated,
            properties: self.properties.map(Cow::into_owned),
            sensitive: self.sensitive.into_owned(),
            metadata: self.metadata.into_owned(),
            definition: self.definition.into_owned(),
            attributes: self.attributes.into_owned(),
            reference_id: self.reference_id.map(Cow::into_owned),
            requires: self.requires.into_owned(),
            deletion_policy: self.deletion_policy,
            replaces: self.replaces.map(Cow::into_owned),
            replaced_by: self.replaced_by.map(Cow::into_owned),
            private: self.private.map(Cow::into_owned),
            owned: self.owned.into_owned(),
            intent: self.intent.map(IntentForm::into_record),
            look_again: self.look_again,
            created_as: self.created_as.map(Cow::into_owned),
            seen_before: self.seen_before.into_owned(),
            traversal: self.traversal.map(Cow::into_owned),
            nested: self.nested.map(Cow::into_owned),
            hook: self.hook.map(Cow::into_owned),
            saved: self.saved.map(Cow::into_owned),
            adopts: self.adopts.map(Cow::into_owned),
        }
    }
}

#[derive(Serialize, Deserialize)]
pub(super) struct TraversalForm<'a> {
    action: Action,
    plan: Cow<'a, Plan>,
    started: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    deadline: Option<Timestamp>,
    on_failure: OnFailure,
}

impl<'a> From<&'a TraversalRecord> for TraversalForm<'a> {
    fn from(record: &'a TraversalRecord) -> Self {
        let TraversalRecord { id: _, stack: _, action, plan, started, deadline, on_failure } = record;
        Self {
            action: *action,
            plan: Cow::Borrowed(plan),
            started: *started,
            deadline: *deadline,
            on_failure: *on_failure,
        }
    }
}

impl TraversalForm<'_> {
    pub(super) fn into_record(self, id: TraversalId, stack: StackId) -> TraversalRecord {
        TraversalRecord {
            id,
            stack,
            action: self.action,
            plan: self.plan.into_owned(),
            started: self.started,
            deadline: self.deadline,
            on_failure: self.on_failure,
        }
    }
}

#[derive(Serialize, Deserialize)]
pub(super) struct EventForm<'a> {
    id: Cow<'a, str>,
    time: Timestamp,
    type_name: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    physical_id: Option<Cow<'a, PhysicalId>>,
    action: Action,
    status: Status,
    reason: Cow<'a, str>,
}

impl<'a> From<&'a Event> for EventForm<'a> {
    fn from(event: &'a Event) -> Self {
        let Event { id, stack: _, time, resource: _, type_name, physical_id, action, status, reason } = event;
        Self {
            id: Cow::Borrowed(id),
            time: *time,
            type_name: Cow::Borrowed(type_name),
            physical_id: physical_id.as_ref().map(Cow::Borrowed),
            action: *action,
            status: *status,
            reason: Cow::Borrowed(reason),
        }
    }
}

impl EventForm<'_> {
    pub(super) fn into_record(self, stack: StackId, resource: String) -> Event {
        Event {
            id: self.id.into_owned(),
            stack,
            time: self.time,
            resource,
            type_name: self.type_name.into_owned(),
            physical_id: self.physical_id.map(Cow::into_owned),
            action: self.action,
            status: self.status,
            reason: self.reason.into_owned(),
        }
    }
}
