//! `OS::Heat::Delay`: lets time pass between other resources.

use super::wait::{self, Begun};
use heat_plugin_sdk::schema::{PropertySchema, ValueType};
use heat_plugin_sdk::{
    Change, Context, Created, FindBasis, Finding, Observed, Operation, PhysicalId, Progress, Properties,
    Resource, Result,
};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde::Deserialize;

/// Waits while it is created or deleted, so that what depends on it comes later.
#[derive(Debug, Clone, Copy, Default)]
pub struct Delay;

/// Lets time pass: on creation after all that it depends on and before all that depends on it, on deletion the other way
/// round. To the least time a random part of the jitter is added.
#[derive(Debug, Clone, Deserialize, Properties)]
#[property(since = "11.0.0")]
pub struct DelayProperties {
    /// Least time to wait, in seconds.
    #[property(update_allowed, default = 0, constraint(range(min = 0)))]
    min_wait: f64,
    /// Greatest jitter that is added, in units of the multiplier.
    #[property(update_allowed, default = 0, constraint(range(min = 0)))]
    max_jitter: f64,
    /// Seconds in one unit of the jitter.
    #[property(update_allowed, default = 1.0, constraint(range(min = 0)))]
    jitter_multiplier: f64,
    /// The actions during which it waits.
    #[property(
        update_allowed,
        default = ["CREATE"],
        constraint(allowed("CREATE", "DELETE", "SUSPEND", "RESUME")),
        schema = PropertySchema::new(ValueType::List)
    )]
    actions: Vec<String>,
}

impl DelayProperties {
    /// How long to wait during this action: the same for every look at one operation.
    fn seconds(&self, action: &str, seed: &[u8; 32]) -> f64 {
        if !self.actions.iter().any(|wanted| wanted == action) {
            return 0.0;
        }
        let part: f64 = StdRng::from_seed(*seed).random();
        self.min_wait + self.max_jitter * self.jitter_multiplier * part
    }
}

impl Delay {
    fn seconds(cx: &Context<'_, Self>, action: &str) -> Result<f64> {
        Ok(cx.applied()?.map_or(0.0, |applied| applied.seconds(action, cx.seed())))
    }

    async fn wait(cx: &Context<'_, Self>, action: &str) -> Result<()> {
        if Self::seconds(cx, action)? > 0.0 { cx.save(&Begun::of(cx, cx.private()?)).await } else { Ok(()) }
    }
}

impl Resource for Delay {
    const TYPE: &'static str = "OS::Heat::Delay";
    type Connection = ();
    type Properties = DelayProperties;
    type Attributes = ();

    async fn create(&self, cx: &Context<'_, Self>, properties: &DelayProperties) -> Result<Created> {
        let created = Created::new(cx.physical_name(255));
        if properties.seconds("CREATE", cx.seed()) <= 0.0 {
            return Ok(created.complete(Observed::<Self>::ready()));
        }
        cx.save(&Begun::of(cx, cx.private()?)).await?;
        Ok(created)
    }

    async fn read(&self, _: &Context<'_, Self>, _: &PhysicalId) -> Result<Option<Observed<Self>>> {
        Ok(Some(Observed::ready()))
    }

    async fn update(&self, _: &Context<'_, Self>, _: &PhysicalId, _: &Change<DelayProperties>) -> Result<()> {
        // New times count from the next action on.
        Ok(())
    }

    async fn delete(&self, cx: &Context<'_, Self>, _: &PhysicalId) -> Result<()> {
        Self::wait(cx, "DELETE").await
    }

    async fn suspend(&self, cx: &Context<'_, Self>, _: &PhysicalId) -> Result<()> {
        Self::wait(cx, "SUSPEND").await
    }

    async fn resume(&self, cx: &Context<'_, Self>, _: &PhysicalId) -> Result<()> {
        Self::wait(cx, "RESUME").await
    }

    async fn progress(
        &self,
        cx: &Context<'_, Self>,
        _: &PhysicalId,
        operation: &Operation<'_, DelayProperties>,
        _: Option<&Observed<Self>>,
    ) -> Result<Progress> {
        let seconds = match operation {
            Operation::Create(properties) => properties.seconds("CREATE", cx.seed()),
            Operation::Update(_) => 0.0,
            Operation::Delete => Self::seconds(cx, "DELETE")?,
            Operation::Suspend => Self::seconds(cx, "SUSPEND")?,
            Operation::Resume => Self::seconds(cx, "RESUME")?,
        };
        Ok(wait::progress(cx, cx.private()?, seconds))
    }

    fn find_basis(&self, _: &DelayProperties) -> FindBasis {
        FindBasis::Unique
    }

    async fn find(&self, _: &Context<'_, Self>, _: &DelayProperties) -> Result<Finding> {
        Ok(Finding::Absent)
    }

    /// Its name in the template: Heat gives it no id.
    fn reference_id(&self, cx: &Context<'_, Self>, _: &PhysicalId) -> String {
        cx.name().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::Bench;
    use super::*;
    use heat_plugin_sdk::schema::Constraint;
    use serde_json::json;

    #[test]
    fn its_schema_is_heats() {
        let schema = Delay.schema();
        assert_eq!(schema.support.version.as_deref(), Some("11.0.0"));
        let actions = &schema.properties["actions"];
        assert_eq!(actions.default, Some(json!(["CREATE"])));
        assert_eq!(actions.constraints, [Constraint::allowed(["CREATE", "DELETE", "SUSPEND", "RESUME"])]);
        assert_eq!(schema.properties["jitter_multiplier"].default, Some(json!(1.0)));
        assert!(schema.attributes.is_empty());
    }

    #[tokio::test]
    async fn it_waits_while_it_is_created_and_not_while_it_is_deleted() {
        let mut bench = Bench::new(Delay, json!({"min_wait": 7.5}));
        let waited = bench.create().await.unwrap();
        assert_eq!(waited, 7.5);
        assert_eq!(bench.reference_id(), "thing");
        assert_eq!(bench.delete().await.unwrap(), 0.0);
    }

    #[tokio::test]
    async fn it_waits_for_the_actions_that_are_named() {
        let mut bench = Bench::new(Delay, json!({"min_wait": 3, "actions": ["DELETE"]}));
        assert_eq!(bench.create().await.unwrap(), 0.0);
        assert_eq!(bench.update(json!({"min_wait": 4, "actions": ["DELETE"]})).await.unwrap(), 0.0);
        assert_eq!(bench.delete().await.unwrap(), 4.0);
    }

    #[tokio::test]
    async fn the_jitter_is_between_nothing_and_its_greatest_and_differs() {
        let mut seen = Vec::new();
        for _ in 0..20 {
            let mut bench =
                Bench::new(Delay, json!({"min_wait": 1, "max_jitter": 4, "jitter_multiplier": 0.5}));
            let waited = bench.create().await.unwrap();
            assert!((1.0..=3.0).contains(&waited), "{waited}");
            seen.push(waited);
        }
        assert!(seen.iter().any(|waited| *waited != seen[0]), "{seen:?}");
    }

    #[tokio::test]
    async fn a_wait_goes_on_after_a_crash_and_does_not_begin_anew() {
        let mut bench = Bench::new(Delay, json!({"min_wait": 10}));
        bench.begin_create().await.unwrap();
        bench.pass(4.0);
        // The answer was lost: the same operation is asked for again.
        bench.begin_create().await.unwrap();
        assert_eq!(bench.follow_create().await.unwrap(), 6.0);
    }
}
