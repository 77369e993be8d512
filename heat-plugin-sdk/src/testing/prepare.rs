//! A fixture's properties as an engine would give them to the plugin: checked, defaults filled in, translated, names resolved.

use super::driver::Driver;
use crate::properties::coerce;
use crate::{
    Connection, ConnectorId, Credentials, DynConnector, Failure, PropertyMap, Registry, Result, translate,
};
use futures_util::lock::Mutex;
use heat_template::schema::ResourceSchema;
use serde_json::Value;
use std::collections::HashMap;
use std::sync::Arc;

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
    let properties = coerce(&schema.properties, written.clone())?;
    let mut answers: HashMap<(String, String), Result<Value>> = HashMap::new();
    loop {
        let (mut translated, mut questions) = (properties.clone(), Vec::new());
        let resolved = translate(schema, &mut translated, &mut |finder, value| {
            let answer = answers.get(&(finder.to_owned(), value.to_string())).cloned();
            if answer.is_none() {
                questions.push((finder.to_owned(), value.clone()));
            }
            answer
        })?;
        if resolved {
            return Ok(translated);
        }
        for (name, value) in questions {
            let answer = match registry.finder(&name) {
                Some(finder) => {
                    let connector = registry.finder_connector(&name);
                    let connection = connections.get(driver, finder.connector(), connector).await?;
                    driver.repeated(|| finder.find(&connection, &value)).await
                }
                None => {
                    Err(Failure::unsupported(format!("the plugin has no finder {name}; call Plugin::finder")))
                }
            };
            answers.insert((name, value.to_string()), answer);
        }
    }
}
