//! `OS::Heat::TestResource`: does on request whatever a resource can do to an engine.

use super::wait::{self, Begun};
use heat_plugin_sdk::{
    Attributes, Change, Context, Created, Failure, FindBasis, Finding, Observed, Operation, PhysicalId,
    Progress, Properties, Resource, Result,
};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Stores a text, and waits, fails or wants to be replaced as its properties say.
///
/// Differences from Heat, which nothing but time can tell: `attr_wait_secs` passes once, at the end of the operation after
/// which the attribute is looked at, not each time somebody asks; `client_name` and `entity_name` are taken and not used
/// (Heat polls that client while it waits and ignores the answer).
#[derive(Debug, Clone, Copy, Default)]
pub struct TestResource;

/// Stores a text, and waits, fails or wants to be replaced as told. For tests only.
#[derive(Debug, Clone, Deserialize, Properties)]
#[property(since = "5.0.0")]
pub struct TestResourceProperties {
    /// Seconds that the check of this property takes.
    #[property(update_allowed, default = 0, constraint(custom("test_constr")), since = "6.0.0")]
    #[expect(dead_code, reason = "in Heat its constraint waits so long")]
    constraint_prop_secs: f64,
    /// Seconds that the attribute takes to be known.
    #[property(update_allowed, default = 0, since = "6.0.0")]
    attr_wait_secs: f64,
    /// The text that is stored.
    #[property(update_allowed, default = "test_string")]
    value: String,
    /// A text that cannot be changed in place.
    #[property(since = "7.0.0")]
    #[expect(dead_code, reason = "a change of it replaces the resource; the schema says so")]
    update_replace_value: Option<String>,
    /// Creation and update fail.
    #[property(update_allowed, default = false)]
    fail: bool,
    /// A change of the text replaces the resource.
    #[property(update_allowed, default = false)]
    update_replace: bool,
    /// Seconds that every action takes; endless if negative.
    #[property(update_allowed, default = 0)]
    wait_secs: f64,
    /// Seconds that single actions take, in place of `wait_secs`.
    #[property(update_allowed)]
    action_wait_secs: Option<ActionWaits>,
    /// Client that is polled.
    #[property(update_allowed, default = "")]
    #[expect(dead_code, reason = "taken and not used")]
    client_name: String,
    /// What the client is polled for.
    #[property(update_allowed, default = "")]
    #[expect(dead_code, reason = "taken and not used")]
    entity_name: String,
}

/// Seconds for single actions.
#[derive(Debug, Clone, Copy, Default, Deserialize, Properties)]
struct ActionWaits {
    /// Seconds that the creation takes.
    #[property(update_allowed)]
    create: Option<f64>,
    /// Seconds that an update takes.
    #[property(update_allowed)]
    update: Option<f64>,
    /// Seconds that the deletion takes.
    #[property(update_allowed)]
    delete: Option<f64>,
}

/// What the test resource tells.
#[derive(Debug, Serialize, Attributes)]
pub struct TestResourceAttributes {
    /// The text that is stored.
    #[attribute(type = any)]
    output: Option<String>,
}

/// Private data.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Memory {
    begun: Option<Begun>,
    /// The text of the last update that stored one.
    stored: Option<String>,
}

#[derive(Clone, Copy)]
enum Action {
    Create,
    Update,
    Delete,
}

impl TestResourceProperties {
    fn seconds(&self, action: Action) -> f64 {
        let waits = self.action_wait_secs.unwrap_or_default();
        let own = match action {
            Action::Create => waits.create,
            Action::Update => waits.update,
            Action::Delete => waits.delete,
        };
        own.unwrap_or(self.wait_secs)
    }

    /// The wait of an operation, and of the attribute that is looked at when it is over.
    fn seconds_with_attribute(&self, action: Action) -> f64 {
        let seconds = self.seconds(action);
        if seconds < 0.0 || self.fail { seconds } else { seconds + self.attr_wait_secs.max(0.0) }
    }

    /// Heat waits only for an update that stores another text.
    fn update_seconds(change: &Change<Self>) -> f64 {
        if stores(change) { change.new_properties().seconds_with_attribute(Action::Update) } else { 0.0 }
    }
}

/// Whether the update brings another text. An empty one does not count, as in Heat.
fn stores(change: &Change<TestResourceProperties>) -> bool {
    change.changed("value") && !change.new_properties().value.is_empty()
}

fn failure(cx: &Context<'_, TestResource>) -> Failure {
    Failure::failed(format!("Test Resource failed {}", cx.name()))
}

impl Resource for TestResource {
    const TYPE: &'static str = "OS::Heat::TestResource";
    type Connection = ();
    type Properties = TestResourceProperties;
    type Attributes = TestResourceAttributes;

    async fn create(&self, cx: &Context<'_, Self>, properties: &TestResourceProperties) -> Result<Created> {
        let seconds = properties.seconds_with_attribute(Action::Create);
        if properties.fail && seconds == 0.0 {
            return Err(failure(cx));
        }
        let mut created = Created::new(cx.physical_name(255));
        if !properties.fail {
            created = created.attribute("output", properties.value.clone());
        }
        if seconds == 0.0 {
            return Ok(created.complete(Observed::<Self>::ready()));
        }
        let known = cx.private::<Memory>()?.unwrap_or_default();
        cx.save(&Memory { begun: Some(Begun::of(cx, known.begun)), ..known }).await?;
        Ok(created)
    }

    async fn read(&self, cx: &Context<'_, Self>, _: &PhysicalId) -> Result<Option<Observed<Self>>> {
        let stored = cx.private::<Memory>()?.and_then(|memory| memory.stored);
        let Some(output) = stored else { return Ok(Some(Observed::ready())) };
        Ok(Some(Observed::ready().attributes(&TestResourceAttributes { output: Some(output) })?))
    }

    async fn update(
        &self,
        cx: &Context<'_, Self>,
        _: &PhysicalId,
        change: &Change<TestResourceProperties>,
    ) -> Result<()> {
        let new = change.new_properties();
        let mut memory = cx.private::<Memory>()?.unwrap_or_default();
        let seconds = TestResourceProperties::update_seconds(change);
        if stores(change) && !new.fail {
            memory.stored = Some(new.value.clone());
        } else if seconds == 0.0 {
            return Ok(());
        }
        memory.begun = (seconds != 0.0).then(|| Begun::of(cx, memory.begun.take()));
        cx.save(&memory).await
    }

    async fn delete(&self, cx: &Context<'_, Self>, _: &PhysicalId) -> Result<()> {
        if cx.applied()?.is_none_or(|applied| applied.seconds(Action::Delete) == 0.0) {
            return Ok(());
        }
        let mut memory = cx.private::<Memory>()?.unwrap_or_default();
        memory.begun = Some(Begun::of(cx, memory.begun.take()));
        cx.save(&memory).await
    }

    async fn progress(
        &self,
        cx: &Context<'_, Self>,
        _: &PhysicalId,
        operation: &Operation<'_, TestResourceProperties>,
        _: Option<&Observed<Self>>,
    ) -> Result<Progress> {
        let (seconds, fails) = match operation {
            Operation::Create(properties) => {
                (properties.seconds_with_attribute(Action::Create), properties.fail)
            }
            Operation::Update(change) => {
                (TestResourceProperties::update_seconds(change), change.new_properties().fail)
            }
            Operation::Delete => {
                (cx.applied()?.map_or(0.0, |applied| applied.seconds(Action::Delete)), false)
            }
        };
        let begun = cx.private::<Memory>()?.and_then(|memory| memory.begun);
        Ok(match wait::progress(cx, begun, seconds) {
            Progress::Done if fails => Progress::Failed(failure(cx)),
            other => other,
        })
    }

    fn find_basis(&self, _: &TestResourceProperties) -> FindBasis {
        FindBasis::Key
    }

    async fn find(&self, _: &Context<'_, Self>, _: &TestResourceProperties) -> Result<Finding> {
        Ok(Finding::Absent)
    }

    fn settle_time(&self) -> Duration {
        Duration::ZERO
    }

    fn needs_replace(&self, change: &Change<TestResourceProperties>) -> bool {
        change.changed("value") && change.new_properties().update_replace
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::Bench;
    use super::*;
    use heat_plugin_sdk::schema::{Constraint, UpdateMode};
    use serde_json::json;

    #[test]
    fn its_schema_is_heats() {
        let schema = TestResource.schema();
        let names: Vec<_> = schema.properties.keys().map(String::as_str).collect();
        assert_eq!(
            names,
            [
                "constraint_prop_secs",
                "attr_wait_secs",
                "value",
                "update_replace_value",
                "fail",
                "update_replace",
                "wait_secs",
                "action_wait_secs",
                "client_name",
                "entity_name"
            ]
        );
        for (name, property) in &schema.properties {
            let replaced = name == "update_replace_value";
            assert_eq!(property.update == UpdateMode::Replace, replaced, "{name}");
            assert!(!property.required, "{name}");
        }
        assert_eq!(
            schema.properties["constraint_prop_secs"].constraints,
            [Constraint::custom("test_constr")]
        );
        assert_eq!(schema.properties["value"].default, Some(json!("test_string")));
        assert_eq!(schema.attributes["output"].value_type, None);
    }

    #[tokio::test]
    async fn it_stores_its_text() {
        let mut bench = Bench::new(TestResource, json!({}));
        assert_eq!(bench.create().await.unwrap(), 0.0);
        assert_eq!(bench.attribute("output"), json!("test_string"));
        assert_eq!(bench.reference_id(), bench.physical_name());
        bench.update(json!({"value": "other"})).await.unwrap();
        assert_eq!(bench.attribute("output"), json!("other"));
        bench.update(json!({"value": ""})).await.unwrap();
        assert_eq!(bench.attribute("output"), json!("other"), "an empty text is not stored");
        bench.delete().await.unwrap();
    }

    #[tokio::test]
    async fn it_waits_as_long_as_it_is_told() {
        let mut bench = Bench::new(
            TestResource,
            json!({"wait_secs": 5, "attr_wait_secs": 2, "action_wait_secs": {"delete": 0.5}}),
        );
        assert_eq!(bench.create().await.unwrap(), 7.0);
        let wait = json!({"wait_secs": 3, "value": "x", "action_wait_secs": {"update": 4, "delete": 0.5}});
        assert_eq!(bench.update(wait).await.unwrap(), 4.0);
        let only_wait = json!({"wait_secs": 9, "value": "x", "action_wait_secs": {"delete": 0.5}});
        assert_eq!(bench.update(only_wait).await.unwrap(), 0.0, "only another text is waited for");
        assert_eq!(bench.delete().await.unwrap(), 0.5);
    }

    #[tokio::test]
    async fn a_negative_wait_has_no_end() {
        let mut bench = Bench::new(TestResource, json!({"wait_secs": -1}));
        bench.begin_create().await.unwrap();
        bench.pass(1e6);
        assert!(matches!(bench.create_progress().await.unwrap(), Progress::Wait { after: None, .. }));
    }

    #[tokio::test]
    async fn it_fails_when_it_is_told_after_its_wait() {
        let failure = Bench::new(TestResource, json!({"fail": true})).create().await.unwrap_err();
        assert_eq!(failure.to_string(), "Test Resource failed thing");
        let mut bench = Bench::new(TestResource, json!({"fail": true, "wait_secs": 2}));
        bench.begin_create().await.unwrap();
        assert!(matches!(bench.create_progress().await.unwrap(), Progress::Wait { .. }));
        bench.pass(2.0);
        assert!(matches!(bench.create_progress().await.unwrap(), Progress::Failed(_)));
    }

    #[tokio::test]
    async fn a_failing_update_stores_nothing_and_a_deletion_never_fails() {
        let mut bench = Bench::new(TestResource, json!({"value": "x"}));
        bench.create().await.unwrap();
        let failure = bench.update(json!({"value": "y", "fail": true})).await.unwrap_err();
        assert_eq!(failure.to_string(), "Test Resource failed thing");
        assert_eq!(bench.attribute("output"), json!("x"));
        bench.update(json!({"fail": true})).await.unwrap_err();
        bench.delete().await.unwrap();
    }

    #[test]
    fn another_text_replaces_it_where_it_is_told() {
        let bench = Bench::new(TestResource, json!({"value": "x"}));
        assert!(bench.needs_replace(json!({"value": "y", "update_replace": true})));
        assert!(!bench.needs_replace(json!({"value": "y"})));
        assert!(!bench.needs_replace(json!({"value": "x", "update_replace": true})));
    }
}
