//! A fixture's properties as an engine would give them to the plugin: checked by the plugin's own constraints too, defaults
//! filled in, translated, names resolved.

use super::driver::Driver;
use crate::properties::{as_used, problems};
use crate::{
    Connection, ConnectorId, Credentials, DynConnector, Failure, FailureClass, PropertyMap, Registry, Result,
};
use futures_util::lock::Mutex;
use heat_template::schema::{CustomCheck, CustomConstraints, ResourceSchema, Translation};
use serde_json::Value;
use std::collections::HashMap;
use std::sync::{Arc, Mutex as Lock, PoisonError};

/// The connections of one run of the kit: one for each connector, as an engine keeps them.
pub(super) struct Connections {
    credentials: Credentials,
    made: Mutex<HashMap<ConnectorId, Connection>>,
}

impl Connections {
    pub(super) fn new(credentials: Credentials) -> Self {
        Self { credentials, made: Mutex::default() }
    }

    pub(super) fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    pub(super) async fn get(
        &self,
        driver: &Driver,
        id: ConnectorId,
        connector: Option<&Arc<dyn DynConnector>>,
    ) -> Result<Connection> {
        let connector = connector.ok_or_else(|| {
            Failure::unsupported("the plugin makes no connection of this type; call Plugin::connect")
        })?;
        let mut made = self.made.lock().await;
        if let Some(connection) = made.get(&id) {
            return Ok(connection.clone());
        }
        let connection = driver.repeated(|| connector.connect(self.credentials.clone())).await?;
        made.insert(id, connection.clone());
        Ok(connection)
    }
}

/// What is asked of a service: a value for a finder or for a constraint.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Question {
    finder: bool,
    name: String,
    value: String,
}

/// Answers so far, and what must be asked before the properties can be judged.
struct Answers<'a> {
    registry: &'a Registry,
    known: HashMap<Question, Result<Value>>,
    missing: Lock<Vec<(Question, Value)>>,
}

impl Answers<'_> {
    fn ask(&self, finder: bool, name: &str, value: &Value) -> Option<Result<Value>> {
        let question = Question { finder, name: name.to_owned(), value: value.to_string() };
        let answer = self.known.get(&question).cloned();
        if answer.is_none() {
            let mut missing = self.missing.lock().unwrap_or_else(PoisonError::into_inner);
            missing.push((question, value.clone()));
        }
        answer
    }

    /// Asks for everything that was missing; gives whether there was anything.
    async fn fetch(&mut self, connections: &Connections, driver: &Driver) -> Result<bool> {
        let missing = std::mem::take(&mut *self.missing.lock().unwrap_or_else(PoisonError::into_inner));
        let any = !missing.is_empty();
        for (question, value) in missing {
            let name = &question.name;
            let answer = if question.finder {
                let unknown =
                    || Failure::unsupported(format!("the plugin has no finder {name}; call Plugin::finder"));
                let finder = self.registry.finder(name).ok_or_else(unknown)?;
                let connector = self.registry.finder_connector(name);
                let connection = connections.get(driver, finder.connector(), connector).await?;
                driver.repeated(|| finder.find(&connection, &value)).await
            } else {
                let unknown = || Failure::unsupported(format!("the plugin has no constraint {name}"));
                let constraint = self.registry.constraint(name).ok_or_else(unknown)?;
                let connector = self.registry.constraint_connector(name);
                let connection = connections.get(driver, constraint.connector(), connector).await?;
                driver.repeated(|| constraint.check(&connection, &value)).await.map(|()| Value::Null)
            };
            self.known.insert(question, answer);
        }
        Ok(any)
    }
}

impl CustomConstraints for Answers<'_> {
    fn check(&self, name: &str, value: &Value) -> CustomCheck {
        if self.registry.constraint(name).is_none() {
            return CustomCheck::Unknown;
        }
        match self.ask(false, name, value) {
            None => CustomCheck::Deferred,
            Some(Ok(_)) => CustomCheck::Satisfied,
            Some(Err(failure)) => {
                let verdict =
                    matches!(failure.class(), FailureClass::NotFound | FailureClass::Invalid { .. });
                let hint = if verdict { "" } else { "the check itself failed: " };
                CustomCheck::Violated(format!("{hint}{failure}"))
            }
        }
    }
}

/// The properties that the plugin's functions get.
pub(super) async fn prepare(
    registry: &Registry,
    connections: &Connections,
    driver: &Driver,
    schema: &ResourceSchema,
    written: &Value,
) -> Result<PropertyMap> {
    let Value::Object(written) = written else {
        return Err(Failure::invalid(None, "the fixture's properties are not a map"));
    };
    let mut answers = Answers { registry, known: HashMap::new(), missing: Lock::default() };
    let properties = loop {
        let (values, found) = as_used(&schema.properties, &schema.translations, written.clone(), &answers);
        if answers.fetch(connections, driver).await? {
            continue;
        }
        if !found.is_empty() {
            return Err(problems(&found));
        }
        break values;
    };
    loop {
        let mut resolved = properties.clone();
        for rule in &schema.translations {
            if let Translation::Resolve { path, finder } = rule {
                each(&mut resolved, path, &mut |name| match answers.ask(true, finder, name) {
                    None => Ok(()),
                    Some(Ok(id)) => {
                        *name = id;
                        Ok(())
                    }
                    Some(Err(failure)) => {
                        let message = format!("property {}: {}", path.join("."), failure.message());
                        Err(Failure::new(failure.class().clone(), message))
                    }
                })?;
            }
        }
        if !answers.fetch(connections, driver).await? {
            return Ok(resolved);
        }
    }
}

/// Calls `work` with every text that a path leads to that is not empty; a list on the way, or at the end, means each of its items.
fn each(
    map: &mut PropertyMap,
    path: &[String],
    work: &mut dyn FnMut(&mut Value) -> Result<()>,
) -> Result<()> {
    let Some((first, rest)) = path.split_first() else { return Ok(()) };
    let Some(value) = map.get_mut(first) else { return Ok(()) };
    let values = match value {
        Value::Array(items) => items.iter_mut().collect(),
        other => vec![other],
    };
    values.into_iter().try_for_each(|value| match value {
        Value::Object(inner) => each(inner, rest, work),
        Value::String(text) if rest.is_empty() && !text.is_empty() => work(value),
        _ => Ok(()),
    })
}
