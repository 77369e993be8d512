//! What is secret in a record comes back from the store, and lies nowhere in clear.
#![cfg(feature = "sqlite")]
#![allow(clippy::unwrap_used, clippy::panic)]

use heat_engine::plan::{Plan, Reason, Step, StepId, StepKind};
use heat_engine::record::{
    Action, Desired, Event, IncarnationId, Intent, IntentKind, OnFailure, Paused, ResourceRecord,
    SavedResource, SnapshotRecord, StackId, StackRecord, Status, TraversalId, TraversalRecord,
};
use heat_engine::seal::{KeyId, KeyRing, Sealing};
use heat_engine::store::{
    Batch, EventQuery, MemoryStore, Records, Source, SqliteStore, Store, StoreError, Write,
};
use heat_plugin_sdk::schema::{AttributeSchema, PropertySchema, ResourceSchema, ResourceTypes, ValueType};
use heat_plugin_sdk::{Credentials, OperationKey, PhysicalId};
use indexmap::IndexMap;
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

/// Every secret of the suite holds this.
const MARK: &str = "hunter2";

fn secret(what: &str) -> String {
    format!("{MARK}-{what}")
}

struct Types;

impl ResourceTypes for Types {
    fn resource_type(&self, name: &str) -> Option<Arc<ResourceSchema>> {
        let text = || PropertySchema::new(ValueType::String);
        let interface = PropertySchema::map_of([("address", text()), ("key", text().secret())]);
        (name == "Acme::Server").then(|| {
            Arc::new(ResourceSchema {
                type_name: name.to_owned(),
                properties: IndexMap::from([
                    ("name".into(), text()),
                    ("password".into(), text().secret()),
                    ("interfaces".into(), PropertySchema::list_of(interface)),
                ]),
                attributes: IndexMap::from([
                    ("address".into(), AttributeSchema::new(ValueType::String, "")),
                    ("private_key".into(), AttributeSchema::new(ValueType::String, "").secret()),
                ]),
                ..ResourceSchema::default()
            })
        })
    }

    fn type_names(&self) -> Vec<String> {
        vec!["Acme::Server".to_owned()]
    }
}

fn object(value: Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap()
}

fn properties(prefix: &str) -> Map<String, Value> {
    object(json!({
        "name": "visible-name",
        "password": secret(&format!("{prefix}-password")),
        "interfaces": [
            {"address": "10.0.0.1", "key": secret(&format!("{prefix}-key-0"))},
            {"address": "10.0.0.2", "key": secret(&format!("{prefix}-key-1"))},
        ],
        // The schema does not know it.
        "undeclared": {"deep": [secret(&format!("{prefix}-undeclared"))]},
    }))
}

fn stack() -> StackRecord {
    let desired = |prefix: &str| Desired {
        template: Some(Source::new("the visible template").hash()),
        environment: Some(Source::secret(secret("environment")).hash()),
        files: [("visible-file".to_owned(), Source::new("file").hash())].into(),
        parameters: IndexMap::from([
            ("size".to_owned(), json!("visible-size")),
            (
                "token".to_owned(),
                json!({"nested": [secret(&format!("{prefix}-token")), 1.5, 12345678901234567890_u64]}),
            ),
        ]),
        hidden: vec!["token".to_owned(), "not-given".to_owned()],
        secret: false,
        availability_zones: Some(vec!["visible-zone".to_owned()]),
    };
    StackRecord {
        id: StackId("stack-1".into()),
        name: "web".into(),
        project: "p".into(),
        revision: 7,
        action: Action::Update,
        status: Status::InProgress,
        reason: "state changed".into(),
        created: "2026-11-22T10:00:00.123456789Z".parse().unwrap(),
        updated: Some("2026-11-22T11:00:00Z".parse().unwrap()),
        deleted: None,
        timeout_minutes: Some(5),
        disable_rollback: true,
        tags: vec!["a".into(), "b".into()],
        credentials: Credentials::named("visible-cloud")
            .with_content(json!({"password": secret("credentials")})),
        desired: desired("new"),
        last_complete: Some(desired("old")),
        traversal: Some(TraversalId("t".into())),
        paused: Some(Paused {
            since: "2026-11-22T12:00:00Z".parse().unwrap(),
            reason: "the token is not accepted".into(),
        }),
        owner: None,
        snapshots: vec![SnapshotRecord {
            id: TraversalId("snapshot".into()),
            name: Some("visible-snapshot".into()),
            created: "2026-11-22T10:30:00Z".parse().unwrap(),
            action: Action::Create,
            status: Status::Complete,
            reason: "state changed".into(),
            desired: desired("saved"),
            resources: vec![SavedResource {
                path: "box/server".into(),
                type_name: "Acme::Server".into(),
                physical_id: None,
                data: object(json!({"id": secret("saved-data")})),
            }],
        }],
        pending: BTreeSet::from(["box/core".to_owned()]),
        moved: std::collections::BTreeMap::from([("new".to_owned(), "old".to_owned())]),
    }
}

fn resource(id: &str, type_name: &str) -> ResourceRecord {
    let now: Timestamp = "2026-11-22T10:00:00Z".parse().unwrap();
    let mut record =
        ResourceRecord::new(IncarnationId(id.into()), StackId("stack-1".into()), id, type_name, now);
    record.physical_id = Some(PhysicalId::new(format!("visible-id-{id}")));
    record.properties = Some(properties("applied"));
    record.attributes = object(json!({
        "address": "10.0.0.1",
        "private_key": secret("private-key"),
        "show": {"adminPass": secret("show")},
    }));
    record.reference_id = Some(secret("reference"));
    record.private = Some(json!({"session": secret("private")}));
    record.metadata = json!({"visible": "metadata"});
    record.requires = BTreeSet::from([IncarnationId("other".into())]);
    record.intent = Some(Intent {
        key: OperationKey::new("0123456789abcdef0123456789abcdef"),
        traversal: TraversalId("t".into()),
        kind: IntentKind::Update,
        begun: now,
        attempt: 3,
        properties: Some(properties("intended")),
        changed: vec!["password".into()],
        uncertain: true,
        repeated: true,
        seen_before: BTreeSet::from([PhysicalId::new("visible-before")]),
    });
    record
}

/// A resource of a type without secrets whose values come from a hidden parameter.
fn tainted() -> ResourceRecord {
    let mut record = resource("tainted", "Acme::Server");
    record.properties = Some(object(json!({"name": secret("from-parameter"), "interfaces": []})));
    record.sensitive = BTreeSet::from(["name".to_owned(), "metadata".to_owned()]);
    record.metadata = json!({"m": secret("metadata")});
    record.definition = object(json!({"metadata": {"m": secret("definition")}}));
    record.attributes = object(json!({"address": secret("derived-attribute")}));
    record
}

fn step(kind: StepKind) -> Step {
    let (resource, type_name) = ("known".into(), "Acme::Server".into());
    Step {
        resource,
        type_name,
        kind,
        reason: Reason::PropertiesChanged,
        after: vec![StepId(0)],
        nested: None,
        hooks: Vec::new(),
    }
}

fn traversal() -> TraversalRecord {
    TraversalRecord {
        id: TraversalId("t".into()),
        stack: StackId("stack-1".into()),
        action: Action::Update,
        plan: Plan::new(
            Action::Update,
            7,
            vec![
                step(StepKind::Create {
                    incarnation: IncarnationId("new".into()),
                    replaces: Some(IncarnationId("old".into())),
                    order: None,
                    changes: Vec::new(),
                }),
                // A number inside: arbitrary precision and tagged enums do not go together by themselves.
                step(StepKind::Delete {
                    incarnation: IncarnationId("old".into()),
                    only_if_replaced_by: Some(StepId(0)),
                    retain: true,
                    snapshot: false,
                }),
            ],
        ),
        started: "2026-11-22T10:00:00Z".parse().unwrap(),
        deadline: None,
        on_failure: OnFailure::Rollback,
    }
}

fn event() -> Event {
    Event {
        id: "e".into(),
        stack: StackId("stack-1".into()),
        time: "2026-11-22T10:00:00Z".parse().unwrap(),
        resource: "web".into(),
        type_name: "OS::Heat::Stack".into(),
        physical_id: Some(PhysicalId::new("visible-id")),
        action: Action::Update,
        status: Status::InProgress,
        reason: "state changed".into(),
    }
}

fn resources() -> Vec<ResourceRecord> {
    vec![resource("known", "Acme::Server"), resource("forgotten", "Gone::Type"), tainted()]
}

fn batch() -> Batch {
    let mut batch = Batch::create(stack())
        .with(Write::Source(Source::new("the visible template")))
        .with(Write::Source(Source::secret(secret("environment"))))
        .with(Write::Source(Source::new("file")))
        .with(Write::Traversal(traversal()))
        .with(Write::Event(event()));
    resources().into_iter().for_each(|record| batch.push(Write::Resource(record.into())));
    batch
}

async fn everything_comes_back(records: &Records) {
    let id = StackId("stack-1".into());
    assert_eq!(records.stack(&id).await.unwrap().unwrap(), stack());
    assert_eq!(records.stack_named("p", "web").await.unwrap().unwrap(), stack());
    let expected: Vec<_> = resources();
    let found = records.resources(&id).await.unwrap();
    assert!(found.values().map(|record| &**record).eq(&expected), "{found:?}");
    assert_eq!(records.unfinished().await.unwrap(), [traversal()]);
    let events = records.events(&id, &EventQuery::default()).await.unwrap();
    assert_eq!(events.into_iter().map(|(_, event)| event).collect::<Vec<_>>(), [event()]);
    for source in [Source::new("the visible template"), Source::secret(secret("environment"))] {
        assert_eq!(records.source(&source.hash()).await.unwrap().unwrap(), source.text);
    }
}

fn ring(id: &str, byte: u8) -> KeyRing {
    KeyRing::from_bytes(KeyId::new(id).unwrap(), &[byte; 32]).unwrap()
}

fn records(store: Arc<dyn Store>, sealing: Sealing) -> Records {
    Records::new(store, sealing, Arc::new(Types))
}

/// All bytes of all files beside the database.
fn bytes_on_disk(directory: &Path) -> Vec<(String, Vec<u8>)> {
    let files = std::fs::read_dir(directory).unwrap();
    files
        .map(|file| {
            let path = file.unwrap().path();
            (path.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read(&path).unwrap())
        })
        .collect()
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

#[tokio::test]
async fn no_secret_lies_on_the_disk_and_all_come_back() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("heat.db");
    let keys = ring("first", 7);
    {
        let store = Arc::new(SqliteStore::open(&path).unwrap());
        let records = records(store, Sealing::Keys(keys.clone()));
        records.commit(batch()).await.unwrap();
        everything_comes_back(&records).await;
        let files = bytes_on_disk(directory.path());
        let names: Vec<_> = files.iter().map(|(name, _)| name.as_str()).collect();
        assert!(names.contains(&"heat.db-wal") && names.contains(&"heat.db-shm"), "{names:?}");
        for (name, bytes) in &files {
            assert!(!holds(bytes, MARK), "a secret lies in {name}");
        }
        // What may be seen can be seen.
        for text in ["visible-name", "10.0.0.2", "visible-size", "visible-cloud", "the visible template"] {
            assert!(files.iter().any(|(_, bytes)| holds(bytes, text)), "{text} cannot be looked at");
        }
    }
    // Closed: everything is in the one file.
    let files = bytes_on_disk(directory.path());
    assert_eq!(files.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["heat.db"]);
    assert!(!holds(&files[0].1, MARK), "a secret lies in the closed file");
    let again = records(Arc::new(SqliteStore::open(&path).unwrap()), Sealing::Keys(keys));
    everything_comes_back(&again).await;
}

#[tokio::test]
async fn in_clear_everything_comes_back_too() {
    let records = records(Arc::new(MemoryStore::new()), Sealing::Clear);
    records.commit(batch()).await.unwrap();
    everything_comes_back(&records).await;
}

#[tokio::test]
async fn old_rows_open_after_a_rotation_and_new_ones_are_sealed_with_the_new_key() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let mut keys = ring("first", 7);
    records(Arc::clone(&store), Sealing::Keys(keys.clone())).commit(batch()).await.unwrap();
    keys.rotate().unwrap();
    let after = records(Arc::clone(&store), Sealing::Keys(keys.clone()));
    everything_comes_back(&after).await;
    let claim = after.claim(&StackId("stack-1".into())).await.unwrap();
    let write = Write::Resource(resource("known", "Acme::Server").into());
    after.commit(Batch::new(claim).with(write)).await.unwrap();
    let row = store.resource(&IncarnationId("known".into())).await.unwrap().unwrap();
    let key = heat_engine::seal::key_of(row.document.sealed.as_deref().unwrap()).unwrap().to_owned();
    assert_eq!(key, keys.active().as_str());
}

#[tokio::test]
async fn errors_name_the_key_or_the_record_and_no_secret() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    records(Arc::clone(&store), Sealing::Keys(ring("first", 7))).commit(batch()).await.unwrap();
    let id = StackId("stack-1".into());
    let failures = [
        (Sealing::Keys(ring("second", 7)), "key first, which is not in the key ring"),
        (Sealing::Keys(ring("first", 8)), "cannot be opened with key first"),
        (Sealing::Clear, "key first, which is not in the key ring"),
    ];
    for (sealing, expected) in failures {
        let error = records(Arc::clone(&store), sealing).stack(&id).await.unwrap_err();
        assert!(matches!(error, StoreError::Seal { .. }), "{error:?}");
        let text = format!("{error} {error:?}");
        assert!(text.contains("stack stack-1") && text.contains(expected), "{text}");
        assert!(!text.contains(MARK), "{text}");
    }
}

#[tokio::test]
async fn a_sealed_part_opens_in_no_other_row() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let records = records(Arc::clone(&store), Sealing::Keys(ring("first", 7)));
    records.commit(batch()).await.unwrap();
    let from = store.resource(&IncarnationId("known".into())).await.unwrap().unwrap();
    let mut to = store.resource(&IncarnationId("forgotten".into())).await.unwrap().unwrap();
    to.document = from.document;
    let claim = records.claim(&to.stack).await.unwrap();
    let commit = heat_engine::store::Commit {
        stack: claim.stack,
        epoch: claim.epoch,
        writes: vec![heat_engine::store::RowWrite::PutResource(to)],
        release: false,
    };
    store.commit(commit).await.unwrap();
    let error = records.resource(&IncarnationId("forgotten".into())).await.unwrap_err();
    assert!(error.to_string().contains("it was changed or moved"), "{error}");
}

#[tokio::test]
async fn a_removed_stack_keeps_neither_parameters_nor_credentials() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let records = records(Arc::clone(&store), Sealing::Clear);
    records.commit(batch()).await.unwrap();
    let claim = records.claim(&StackId("stack-1".into())).await.unwrap();
    let gone = StackRecord {
        action: Action::Delete,
        status: Status::Complete,
        deleted: Some("2026-11-22T12:00:00Z".parse().unwrap()),
        ..stack()
    };
    records.commit(Batch::new(claim).with(Write::RemoveStack(gone.clone()))).await.unwrap();
    let tombstone = records.stack(&gone.id).await.unwrap().unwrap();
    assert_eq!((tombstone.action, tombstone.status), (Action::Delete, Status::Complete));
    assert_eq!(tombstone.credentials, Credentials::none());
    assert_eq!(tombstone.desired, Desired::default());
    let row = store.stack(&gone.id).await.unwrap().unwrap();
    assert!(!row.document.clear.contains(MARK), "{row:?}");
}

#[test]
fn debug_output_shows_no_secret() {
    let shown = format!(
        "{:?} {:?} {:?} {:?} {:?}",
        batch(),
        stack(),
        resources(),
        Source::secret(secret("source")),
        records(Arc::new(MemoryStore::new()), Sealing::Keys(ring("first", 7))),
    );
    assert!(!shown.contains(MARK), "{shown}");
    assert!(shown.contains("stack-1") && shown.contains("known"), "{shown}");
}
