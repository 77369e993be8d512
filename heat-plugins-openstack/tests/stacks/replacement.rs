//! A resource is replaced while its name, or the place that only one can have, stays the same: once so that it succeeds,
//! once in an update that fails afterwards and is rolled back.

use std::collections::BTreeMap;

use futures_util::StreamExt;
use heat_engine::Stack;
use heat_engine::record::{Action, Status};
use serde_json::{Value, json};

use super::{Ground, ROLLBACK, STOP, delete, incarnations, physical_ids, template, update};

/// What makes the engine replace the resource.
pub(crate) enum By {
    /// The change of a property that cannot be updated.
    Property,
    /// No property does. An update that the service refuses leaves the resource failed, and the next one, or the
    /// rollback, makes a new one: these are the properties that are refused.
    Repair(Value),
}

/// How a type is replaced.
pub(crate) struct Replacement {
    /// The type.
    pub(crate) type_name: &'static str,
    /// Resources around it, which do not change.
    pub(crate) around: Value,
    /// Its properties at first.
    pub(crate) before: Value,
    /// Those that change.
    pub(crate) change: Value,
    /// Why it is replaced.
    pub(crate) by: By,
    /// A change that takes a new one too, which the service then refuses to make: after the old one has made way.
    pub(crate) refused: Option<Value>,
    /// The kind of objects in which the service shows it.
    pub(crate) kind: &'static str,
    /// By what the one that has the name or the place is recognised. A text `$name` stands for the physical id of a
    /// resource.
    pub(crate) place: Value,
    /// What it shows before and after.
    pub(crate) shows: [Value; 2],
}

/// The resource that is replaced.
const SUBJECT: &str = "subject";

/// Tries one of them.
pub(crate) async fn try_replacement(ground: &Ground, replacement: &Replacement) {
    let mut after = replacement.before.clone();
    super::merge(&mut after, &replacement.change);
    let (before, after) = (resources(replacement, &replacement.before), resources(replacement, &after));

    let stack = ground.create(&template(before.clone())).await;
    let trial = Trial { ground, replacement, stack, counts: ground.made().await.counts() };
    trial.check("after the creation", 0).await;

    let first = trial.incarnation().await;
    if let By::Repair(refused) = &replacement.by {
        trial.refuse(refused, STOP, "UPDATE_FAILED").await;
        assert_eq!(trial.incarnation().await, first, "the refused update leaves it");
    }
    update(&trial.stack, &template(after.clone()), STOP, "UPDATE_COMPLETE").await;
    let second = trial.incarnation().await;
    assert_ne!(first, second, "it is replaced");
    trial.check("after the replacement", 1).await;

    if let Some(refused) = &replacement.refused {
        let mut properties = replacement.before.clone();
        super::merge(&mut properties, &replacement.change);
        super::merge(&mut properties, refused);
        let refused = template(resources(replacement, &properties));
        update(&trial.stack, &refused, ROLLBACK, "ROLLBACK_COMPLETE").await;
        assert!(trial.was_refused().await, "the service made the new one");
        trial.check("after a refused replacement", 1).await;
    }

    match &replacement.by {
        By::Property => {
            let mut failing = before;
            failing["last"] = json!({"type": "OS::Heat::TestResource", "depends_on": SUBJECT,
                "properties": {"fail": true}});
            update(&trial.stack, &template(failing), ROLLBACK, "ROLLBACK_COMPLETE").await;
        }
        By::Repair(refused) => trial.refuse(refused, ROLLBACK, "ROLLBACK_COMPLETE").await,
    }
    trial.check("after the rollback", 1).await;

    // The record says the same as the services: nothing is left to do.
    let third = incarnations(&trial.stack).await;
    update(&trial.stack, &template(after), STOP, "UPDATE_COMPLETE").await;
    assert_eq!(incarnations(&trial.stack).await, third, "after the rollback all is as it was");
    trial.check("after one more update", 1).await;

    delete(&trial.stack).await;
    assert_eq!(ground.made().await.counts(), BTreeMap::new(), "nothing is left");
}

/// The resources with these properties of the one that is replaced.
fn resources(replacement: &Replacement, properties: &Value) -> Value {
    let mut resources = replacement.around.clone();
    resources[SUBJECT] = json!({"type": replacement.type_name, "properties": properties});
    resources
}

struct Trial<'a> {
    ground: &'a Ground,
    replacement: &'a Replacement,
    stack: Stack,
    /// How many objects of each kind the stack makes.
    counts: BTreeMap<&'static str, usize>,
}

impl Trial<'_> {
    async fn incarnation(&self) -> String {
        incarnations(&self.stack).await.remove(SUBJECT).unwrap()
    }

    /// Whether the last creation of the resource that did not succeed failed at its first request.
    async fn was_refused(&self) -> bool {
        let events: Vec<_> = self.stack.events().collect().await;
        events.into_iter().any(|event| {
            let (_, event) = event.unwrap();
            event.resource == SUBJECT
                && (event.action, event.status) == (Action::Create, Status::Failed)
                && event.physical_id.is_none()
        })
    }

    /// An update that the service refuses.
    async fn refuse(&self, refused: &Value, on_failure: heat_engine::record::OnFailure, status: &str) {
        let mut properties = self.replacement.before.clone();
        super::merge(&mut properties, refused);
        let refused = template(resources(self.replacement, &properties));
        update(&self.stack, &refused, on_failure, status).await;
    }

    /// Exactly one object has the place, it looks as it should, and there is no object too many.
    async fn check(&self, when: &str, state: usize) {
        let made = self.ground.made().await;
        let ids = physical_ids(&self.stack).await;
        let place = with_ids(&self.replacement.place, &ids);
        let shows = with_ids(&self.replacement.shows[state], &ids);
        let holders = made.showing(self.replacement.kind, &place);
        let [holder] = holders.as_slice() else {
            panic!("{when}: {} have the place {place}: {holders:#?}", holders.len());
        };
        assert!(heat_plugin_sdk::satisfies(&shows, holder), "{when}: {shows} is not shown by {holder:#}");
        assert_eq!(made.counts(), self.counts, "{when}: how many there are of each kind");
        let failed = self.stack.resources().await.unwrap().into_iter();
        let failed: Vec<_> = failed
            .filter(|resource| !resource.resource_status.ends_with("_COMPLETE"))
            .map(|resource| format!("{}: {}", resource.resource_name, resource.resource_status_reason))
            .collect();
        assert!(failed.is_empty(), "{when}: {failed:?}");
    }
}

/// Physical ids in the place of `$name`.
fn with_ids(value: &Value, ids: &BTreeMap<String, String>) -> Value {
    match value {
        Value::String(text) => match text.strip_prefix('$') {
            Some(name) => json!(ids.get(name).unwrap_or_else(|| panic!("there is no resource {name}"))),
            None => value.clone(),
        },
        Value::Array(items) => items.iter().map(|item| with_ids(item, ids)).collect(),
        Value::Object(map) => map.iter().map(|(key, value)| (key.clone(), with_ids(value, ids))).collect(),
        other => other.clone(),
    }
}
