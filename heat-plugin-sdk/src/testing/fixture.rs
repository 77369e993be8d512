//! What the conformance kit needs to know of a plugin's types.

use super::report::Step;
use crate::Credentials;
use futures_util::future::BoxFuture;
use indexmap::IndexMap;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

type Make = Arc<dyn Fn(&Run) -> Value + Send + Sync>;
pub(super) type Sleep = Arc<dyn Fn(Duration) -> BoxFuture<'static, ()> + Send + Sync>;

/// An object that was made as a prerequisite.
#[derive(Clone)]
pub(super) struct Made {
    pub(super) reference: String,
    pub(super) attributes: BTreeMap<String, Value>,
}

/// One run of a type through the kit: names that nobody else has, and the prerequisites that were made for it.
#[derive(Clone)]
pub struct Run {
    pub(super) unique: String,
    pub(super) made: BTreeMap<String, Made>,
}

impl Run {
    /// A name that is different in every run, so that runs against a real service do not meet: `heat-kit-ab3x9k-www`.
    pub fn name(&self, name: &str) -> String {
        format!("heat-kit-{}-{name}", self.unique)
    }

    /// What `get_resource` gives for a prerequisite: mostly its id.
    ///
    /// # Panics
    /// The fixture has no prerequisite of this name.
    #[track_caller]
    pub fn id(&self, prerequisite: &str) -> &str {
        let made = self.made.get(prerequisite);
        assert!(
            made.is_some(),
            "the fixture needs no {prerequisite}: add Fixture::needs(\"{prerequisite}\", …)"
        );
        made.map_or("", |made| &made.reference)
    }

    /// What `get_attr` gives for a prerequisite; null if there is no such attribute.
    pub fn attribute(&self, prerequisite: &str, attribute: &str) -> Value {
        let made = self.made.get(prerequisite);
        made.and_then(|made| made.attributes.get(attribute)).cloned().unwrap_or_default()
    }
}

impl fmt::Debug for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Run").field("unique", &self.unique).finish_non_exhaustive()
    }
}

/// A prerequisite.
pub(super) struct Need {
    pub(super) name: String,
    pub(super) type_name: String,
    pub(super) properties: Make,
}

/// How one resource type is tried.
pub struct Fixture {
    pub(super) type_name: String,
    pub(super) needs: Vec<Need>,
    pub(super) properties: Make,
    pub(super) updates: IndexMap<String, Make>,
    pub(super) one_way: Vec<(String, String)>,
    pub(super) volatile: Vec<(String, String)>,
    pub(super) skipped: Vec<(Step, String)>,
    pub(super) patience: Option<Duration>,
}

impl Fixture {
    /// A type without prerequisites and properties.
    pub fn new(type_name: impl Into<String>) -> Self {
        Self {
            type_name: type_name.into(),
            needs: Vec::new(),
            properties: Arc::new(|_| Value::Object(serde_json::Map::new())),
            updates: IndexMap::new(),
            one_way: Vec::new(),
            volatile: Vec::new(),
            skipped: Vec::new(),
            patience: None,
        }
    }

    /// Adds a prerequisite: a resource of the same plugin that is made first and removed last. Its properties may refer
    /// to the prerequisites before it.
    #[must_use]
    pub fn needs(
        mut self,
        name: impl Into<String>,
        type_name: impl Into<String>,
        properties: impl Fn(&Run) -> Value + Send + Sync + 'static,
    ) -> Self {
        let (name, type_name, properties) = (name.into(), type_name.into(), Arc::new(properties));
        self.needs.push(Need { name, type_name, properties });
        self
    }

    /// Sets the properties as they would stand in a template.
    #[must_use]
    pub fn properties(mut self, properties: impl Fn(&Run) -> Value + Send + Sync + 'static) -> Self {
        self.properties = Arc::new(properties);
        self
    }

    /// Gives a second value for a property that can be updated in place.
    #[must_use]
    pub fn update(self, property: impl Into<String>, value: impl Into<Value>) -> Self {
        let value = value.into();
        self.update_with(property, move |_| value.clone())
    }

    /// Gives a second value that depends on the run.
    #[must_use]
    pub fn update_with(
        mut self,
        property: impl Into<String>,
        value: impl Fn(&Run) -> Value + Send + Sync + 'static,
    ) -> Self {
        self.updates.insert(property.into(), Arc::new(value));
        self
    }

    /// Says that an updated property cannot be given its first value back (a volume only grows), and why.
    #[must_use]
    pub fn one_way(mut self, property: impl Into<String>, reason: impl Into<String>) -> Self {
        self.one_way.push((property.into(), reason.into()));
        self
    }

    /// Says that an attribute changes though nothing was asked for (a load, a time), and why.
    #[must_use]
    pub fn volatile(mut self, attribute: impl Into<String>, reason: impl Into<String>) -> Self {
        self.volatile.push((attribute.into(), reason.into()));
        self
    }

    /// Says that a step does not apply, and why; the report lists it.
    #[must_use]
    pub fn skip(mut self, step: Step, reason: impl Into<String>) -> Self {
        self.skipped.push((step, reason.into()));
        self
    }

    /// Sets how long an operation of this type may take, in place of [`Fixtures::patience`].
    #[must_use]
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = Some(patience);
        self
    }

    pub(super) fn skip_reason(&self, step: &Step) -> Option<&str> {
        self.skipped.iter().find(|(skipped, _)| skipped == step).map(|(_, reason)| reason.as_str())
    }
}

impl fmt::Debug for Fixture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fixture").field("type_name", &self.type_name).finish_non_exhaustive()
    }
}

/// How a whole plugin is tried.
pub struct Fixtures {
    pub(super) credentials: Credentials,
    pub(super) sleep: Sleep,
    pub(super) fixtures: Vec<Fixture>,
    pub(super) without: Vec<(String, String)>,
    pub(super) patience: Duration,
    pub(super) pause: Duration,
}

impl Fixtures {
    /// Fixtures for a service that these credentials reach. `sleep` waits, such as `tokio::time::sleep`; for a service in
    /// memory, whose calls never wait, it may return at once.
    pub fn new<F, S>(credentials: Credentials, sleep: S) -> Self
    where
        S: Fn(Duration) -> F + Send + Sync + 'static,
        F: Future<Output = ()> + Send + 'static,
    {
        Self {
            credentials,
            sleep: Arc::new(move |duration| Box::pin(sleep(duration))),
            fixtures: Vec::new(),
            without: Vec::new(),
            patience: Duration::from_secs(60),
            pause: Duration::from_millis(250),
        }
    }

    /// Adds a type.
    #[must_use]
    pub fn with(mut self, fixture: Fixture) -> Self {
        self.fixtures.push(fixture);
        self
    }

    /// Says that a type of the plugin is not tried, and why; the report lists it.
    #[must_use]
    pub fn without(mut self, type_name: impl Into<String>, reason: impl Into<String>) -> Self {
        self.without.push((type_name.into(), reason.into()));
        self
    }

    /// Sets how long an operation may take: 60 seconds unless said otherwise.
    #[must_use]
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Sets the pause between two reads: a quarter of a second unless said otherwise.
    #[must_use]
    pub fn pause(mut self, pause: Duration) -> Self {
        self.pause = pause;
        self
    }
}

impl fmt::Debug for Fixtures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fixtures").field("fixtures", &self.fixtures).finish_non_exhaustive()
    }
}
