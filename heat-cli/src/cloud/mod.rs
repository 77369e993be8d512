//! Which cloud is meant, and the credentials for it.

mod simulated;

pub(crate) use simulated::{SIMULATED, SimulatedCloud};

use crate::error::{CliError, Result};
use async_trait::async_trait;
use heat_engine::run::CredentialSource;
use heat_plugin_sdk::{Credentials, Failure, FailureClass};
use heat_plugins_openstack::client::{Client, CloudsFiles, choose_settings};
use serde_json::Value;
use std::sync::Arc;

/// The name of credentials that the `OS_*` variables gave; their content lies sealed in the store.
const FROM_VARIABLES: &str = "envvars";

/// The clouds that a command can reach: those of `clouds.yaml`, the one of the `OS_*` variables, the simulated one.
#[derive(Debug, Clone)]
pub(crate) struct Clouds {
    chosen: Option<String>,
    simulated: Arc<SimulatedCloud>,
    variables: Arc<Vec<(String, String)>>,
}

impl Clouds {
    /// The clouds for a process environment; `chosen` is the one that the user names.
    pub(crate) fn new(
        chosen: Option<String>,
        simulated: SimulatedCloud,
        variables: impl IntoIterator<Item = (String, String)>,
    ) -> Self {
        // Whether a cloud is chosen by variable is decided before.
        let variables = variables.into_iter().filter(|(name, _)| name != "OS_CLOUD").collect();
        let chosen = chosen.filter(|name| !name.is_empty());
        Self { chosen, simulated: Arc::new(simulated), variables: Arc::new(variables) }
    }

    /// The cloud that the user names.
    pub(crate) fn chosen(&self) -> Option<&str> {
        self.chosen.as_deref()
    }

    /// Whether anything says which cloud an update shall go to; else it goes where the stack is.
    pub(crate) fn is_given(&self) -> bool {
        self.chosen.is_some()
            || self.variables.iter().any(|(name, value)| name == "OS_AUTH_URL" && !value.is_empty())
    }

    /// The credentials of the cloud that is meant, as they are recorded with a stack: a name where there is one.
    ///
    /// # Errors
    /// Nothing says which cloud is meant, or its settings are not usable.
    pub(crate) fn credentials(&self) -> Result<Credentials> {
        if self.chosen.as_deref() == Some(SIMULATED) {
            return Ok(Credentials::named(SIMULATED));
        }
        let files = self.files()?;
        let (name, settings) = choose_settings(
            self.chosen.as_deref(),
            &files,
            self.variables.iter().map(pair),
        )
        .map_err(|error| {
            CliError::input(format!("{} (or --os-cloud simulated, for a simulated cloud)", error.message()))
        })?;
        Ok(match name.as_str() {
            FROM_VARIABLES => Credentials::named(name).with_content(Value::Object(settings)),
            _ => Credentials::named(name),
        })
    }

    /// The id of the project that credentials belong to, asked of Keystone: wrong credentials show here, before
    /// anything is done.
    ///
    /// # Errors
    /// Keystone does not answer, or does not accept them.
    pub(crate) async fn project_of(&self, credentials: &Credentials) -> Result<String> {
        let content = self.resolve(credentials).await?;
        let settings = content.value().cloned().unwrap_or_default();
        let asked = async {
            let client: Client = heat_plugins_openstack::connect(content).await?;
            client.project_id().await.map_err(Failure::from)
        };
        Ok(asked.await.map_err(|failure| self.explained(failure, credentials, &settings))?)
    }

    /// A failure of the first request, with the cloud that was asked, as whom, and where that is written.
    fn explained(&self, failure: Failure, credentials: &Credentials, settings: &Value) -> Failure {
        let Some(name) = credentials.name().filter(|name| *name != SIMULATED) else { return failure };
        let place = match CloudsFiles::path_of_clouds(self.variables.iter().map(pair)) {
            _ if name == FROM_VARIABLES => "the OS_* variables".to_owned(),
            Some(path) => path.display().to_string(),
            None => "clouds.yaml".to_owned(),
        };
        let setting = |key: &str| {
            let given = settings.get("auth").and_then(|auth| auth.get(key)).or_else(|| settings.get(key));
            given.and_then(Value::as_str)
        };
        let user = ["username", "user_id", "application_credential_name", "application_credential_id"]
            .into_iter()
            .find_map(|key| Some(format!(", {} {}", key.replace('_', " "), setting(key)?)))
            .unwrap_or_default();
        let help = match failure.class() {
            FailureClass::Unauthenticated => {
                "it does not accept the credentials: correct the name, the password or the project there"
            }
            FailureClass::Unavailable { .. } | FailureClass::Unanswered => {
                "it does not answer: see whether auth_url is right there and can be reached from here"
            }
            _ => "see whether its settings are right there",
        };
        let message = format!("cloud {name} of {place}{user}: {help} ({})", failure.message());
        let explained = Failure::new(failure.class().clone(), message);
        match failure.request_id() {
            Some(id) => explained.with_request_id(id),
            None => explained,
        }
    }

    fn files(&self) -> Result<CloudsFiles> {
        CloudsFiles::locate(self.variables.iter().map(pair))
            .map_err(|error| CliError::input(error.message().to_owned()))
    }

    /// Ends the simulated cloud, if it runs in this process.
    pub(crate) async fn close(&self) {
        self.simulated.stop().await;
    }
}

fn pair(variable: &(String, String)) -> (&str, &str) {
    (&variable.0, &variable.1)
}

#[async_trait]
impl CredentialSource for Clouds {
    async fn resolve(&self, credentials: &Credentials) -> heat_plugin_sdk::Result<Credentials> {
        match (credentials.name(), credentials.value()) {
            (_, Some(_)) => Ok(credentials.clone()),
            (Some(SIMULATED), None) => {
                let settings = self.simulated.settings().await?;
                Ok(Credentials::named(SIMULATED).with_content(settings))
            }
            (Some(name), None) => {
                let files = CloudsFiles::locate(self.variables.iter().map(pair)).map_err(Failure::from)?;
                let settings = files.settings(name).map_err(Failure::from)?;
                Ok(Credentials::named(name).with_content(Value::Object(settings)))
            }
            (None, None) => Ok(Credentials::none()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clouds(chosen: Option<&str>, variables: &[(&str, &str)]) -> Clouds {
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Clouds::new(chosen.map(str::to_owned), SimulatedCloud::new(None), variables)
    }

    #[test]
    fn a_cloud_with_a_name_is_recorded_by_its_name_only() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("clouds.yaml");
        std::fs::write(
            &file,
            "clouds: {dev: {auth: {auth_url: 'http://h', username: u, password: hunter2}}}",
        )
        .unwrap();
        let file = file.to_str().unwrap();
        let dev = clouds(Some("dev"), &[("OS_CLIENT_CONFIG_FILE", file)]).credentials().unwrap();
        assert_eq!((dev.name(), dev.value()), (Some("dev"), None));
        let only = clouds(None, &[("OS_CLIENT_CONFIG_FILE", file)]).credentials().unwrap();
        assert_eq!(only.name(), Some("dev"));
        let wrong = clouds(Some("prod"), &[("OS_CLIENT_CONFIG_FILE", file)]).credentials().unwrap_err();
        let message = wrong.message().unwrap();
        assert!(
            message.contains("prod") && message.contains("dev") && !message.contains("hunter2"),
            "{message}"
        );
        assert_eq!(wrong.exit_code(), 2);
    }

    #[test]
    fn a_cloud_from_variables_is_recorded_with_its_content() {
        let variables = [("OS_AUTH_URL", "http://h"), ("OS_USERNAME", "u"), ("OS_PASSWORD", "hunter2")];
        let clouds = clouds(None, &variables);
        assert!(clouds.is_given());
        let credentials = clouds.credentials().unwrap();
        assert_eq!(credentials.name(), Some("envvars"));
        assert_eq!(credentials.value().unwrap()["password"], "hunter2");
        assert!(!format!("{credentials:?}").contains("hunter2"));
    }

    #[test]
    fn the_simulated_cloud_needs_no_settings() {
        let credentials = clouds(Some("simulated"), &[]).credentials().unwrap();
        assert_eq!((credentials.name(), credentials.value()), (Some("simulated"), None));
    }

    #[tokio::test]
    async fn the_simulated_cloud_starts_when_it_is_asked_for() {
        let clouds = clouds(Some("simulated"), &[]);
        let credentials = clouds.credentials().unwrap();
        let project = clouds.project_of(&credentials).await.unwrap();
        assert_eq!(clouds.project_of(&credentials).await.unwrap(), project, "it is the same one");
        clouds.close().await;
    }
}
