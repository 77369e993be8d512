//! Everything that a connection to a cloud needs to know, and how it is read from the settings that OpenStack's own
//! tools use: an entry of `clouds.yaml`, or the `OS_*` variables. Nothing here touches disk or environment.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Map, Value};

use super::auth::{ApplicationCredential, Auth, Credentials, Domain, Named, Scope};
use super::catalog::Interface;
use super::error::{Error, Result};
use super::retry::RetryPolicy;
use super::secret::SecretText;
use super::service_type::official_service_type;
use super::tls::{Pem, TlsOptions, Trust};

/// A cloud, as whom it is used, and how.
#[derive(Debug, Clone, PartialEq)]
pub struct Cloud {
    /// Its name in the settings, for messages.
    pub name: String,
    /// Where to authenticate, as whom, for what.
    pub auth: Auth,
    /// The region; without one, the first endpoint that the catalog lists is taken.
    pub region: Option<String>,
    /// From where the services are called.
    pub interface: Interface,
    /// What differs for single services, by official service type.
    pub services: BTreeMap<String, ServiceOptions>,
    /// How servers prove themselves, and the client to them.
    pub tls: TlsOptions,
    /// Longest time for one request, from connecting to the last byte.
    pub timeout: Duration,
    /// Most requests at the same moment.
    pub concurrency: usize,
    /// What the client repeats by itself.
    pub retry: RetryPolicy,
    /// Whether the proxies named by the environment (`https_proxy`, `no_proxy`) are used.
    pub system_proxy: bool,
}

/// What differs for one service.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ServiceOptions {
    /// Used in place of the catalog's address; may contain `%(project_id)s`.
    pub endpoint_override: Option<String>,
    /// In place of the cloud's interface.
    pub interface: Option<Interface>,
    /// In place of the cloud's region.
    pub region: Option<String>,
}

impl Cloud {
    /// A cloud with everything else at its default.
    pub fn new(auth: Auth) -> Self {
        Self {
            name: String::new(),
            auth,
            region: None,
            interface: Interface::default(),
            services: BTreeMap::new(),
            tls: TlsOptions::default(),
            timeout: Duration::from_secs(60),
            concurrency: 32,
            retry: RetryPolicy::default(),
            system_proxy: false,
        }
    }

    /// Reads one cloud's entry, as `clouds.yaml` has it or as [`environment_settings`](super::environment_settings)
    /// makes it.
    ///
    /// # Errors
    /// Names the cloud and the setting that is missing, contradictory or not supported.
    pub fn from_settings(name: &str, settings: &Map<String, Value>) -> Result<Self> {
        let mut settings = Settings::read(name, settings);
        let auth = settings.auth()?;
        let mut cloud = Self::new(auth);
        cloud.name = name.to_owned();
        cloud.region = settings.text("region_name").or_else(|| settings.first_region());
        if let Some(text) = settings.text("interface").or_else(|| settings.text("endpoint_type")) {
            cloud.interface = settings.interface("interface", &text)?;
        }
        cloud.tls = settings.tls()?;
        if let Some(text) = settings.text("api_timeout") {
            let seconds: f64 =
                text.parse().ok().filter(|seconds| *seconds > 0.0 && *seconds < 1e6).ok_or_else(|| {
                    settings.bad("api_timeout", &format!("{text:?} is not a number of seconds"))
                })?;
            cloud.timeout = Duration::from_secs_f64(seconds);
        }
        cloud.services = settings.services()?;
        Ok(cloud)
    }
}

/// Names that older files and variables put beside `auth` instead of into it.
const AUTH_KEYS: &[&str] = &[
    "auth_url",
    "username",
    "user_name",
    "user_id",
    "password",
    "token",
    "auth_token",
    "project_id",
    "project_name",
    "tenant_id",
    "tenant_name",
    "user_domain_id",
    "user_domain_name",
    "project_domain_id",
    "project_domain_name",
    "domain_id",
    "domain_name",
    "default_domain",
    "default_domain_id",
    "default_domain_name",
    "system_scope",
    "trust_id",
    "application_credential_id",
    "application_credential_name",
    "application_credential_secret",
];

struct Settings<'a> {
    name: &'a str,
    top: BTreeMap<String, Value>,
    auth: BTreeMap<String, String>,
}

impl<'a> Settings<'a> {
    fn read(name: &'a str, settings: &Map<String, Value>) -> Self {
        let mut top = BTreeMap::new();
        let mut auth = BTreeMap::new();
        for (key, value) in settings {
            let key = key.replace('-', "_");
            match value {
                Value::Object(inner) if key == "auth" => {
                    for (key, value) in inner {
                        if let Some(text) = as_text(value) {
                            auth.insert(key.replace('-', "_"), text);
                        }
                    }
                }
                _ => {
                    top.insert(key, value.clone());
                }
            }
        }
        for key in AUTH_KEYS {
            if let Some(text) = top.remove(*key).as_ref().and_then(as_text) {
                auth.entry((*key).to_owned()).or_insert(text);
            }
        }
        Self { name, top, auth }
    }

    fn bad(&self, key: &str, why: &str) -> Error {
        Error::configuration(format!("cloud {:?}: {key}: {why}", self.name))
    }

    fn text(&self, key: &str) -> Option<String> {
        self.top.get(key).and_then(as_text)
    }

    fn take(&mut self, keys: &[&str]) -> Option<String> {
        keys.iter().find_map(|key| self.auth.remove(*key))
    }

    fn interface(&self, key: &str, text: &str) -> Result<Interface> {
        Interface::parse(text)
            .ok_or_else(|| self.bad(key, &format!("{text:?} is not public, internal or admin")))
    }

    /// `regions: [one, two]` or `regions: [{name: one}]`: the first is the default, as in openstacksdk.
    fn first_region(&self) -> Option<String> {
        let first = self.top.get("regions")?.as_array()?.first()?;
        as_text(first).or_else(|| as_text(first.get("name")?))
    }

    fn auth(&mut self) -> Result<Auth> {
        let url = self.take(&["auth_url"]).ok_or_else(|| self.bad("auth.auth_url", "is missing"))?;
        let default_domain = self
            .take(&["default_domain_id", "default_domain"])
            .map(Domain::Id)
            .or_else(|| self.take(&["default_domain_name"]).map(Domain::Name));
        let domain_of = |settings: &mut Self, id: &str, name: &str| {
            settings
                .take(&[id])
                .map(Domain::Id)
                .or_else(|| settings.take(&[name]).map(Domain::Name))
                .or_else(|| default_domain.clone())
        };
        let user_domain = domain_of(self, "user_domain_id", "user_domain_name");
        let project_domain = domain_of(self, "project_domain_id", "project_domain_name");
        let user = self.take(&["user_id"]).map(Named::Id).or_else(|| {
            self.take(&["username", "user_name"])
                .map(|name| Named::Name { name, domain: user_domain.clone().unwrap_or_default() })
        });
        let token = self.take(&["token", "auth_token"]);
        let secret = self.take(&["application_credential_secret"]);
        let credential = self.take(&["application_credential_id"]).map(ApplicationCredential::Id);
        let credential_name = self.take(&["application_credential_name"]);
        let given = self.text("auth_type");
        let method = match given.as_deref() {
            Some("password" | "v3password") => Method::Password,
            Some("token" | "v3token") => Method::Token,
            Some("v3applicationcredential") => Method::ApplicationCredential,
            Some(other) => {
                return Err(self.bad(
                    "auth_type",
                    &format!("{other:?} is not supported; supported are password, token and v3applicationcredential"),
                ));
            }
            None if credential.is_some() || credential_name.is_some() => Method::ApplicationCredential,
            None if token.is_some() && user.is_none() => Method::Token,
            None => Method::Password,
        };
        let credentials = match method {
            Method::Password => Credentials::Password {
                user: user.ok_or_else(|| self.bad("auth.username", "is missing"))?,
                password: self
                    .take(&["password"])
                    .map(SecretText::from)
                    .ok_or_else(|| self.bad("auth.password", "is missing"))?,
            },
            Method::Token => Credentials::Token(
                token.map(SecretText::from).ok_or_else(|| self.bad("auth.token", "is missing"))?,
            ),
            Method::ApplicationCredential => {
                let credential = match (credential, credential_name) {
                    (Some(credential), _) => credential,
                    (None, Some(name)) => ApplicationCredential::Name {
                        name,
                        user: user.ok_or_else(|| {
                            self.bad(
                                "auth.username",
                                "is missing: a credential's name is unique for its user only",
                            )
                        })?,
                    },
                    (None, None) => return Err(self.bad("auth.application_credential_id", "is missing")),
                };
                let secret =
                    secret.ok_or_else(|| self.bad("auth.application_credential_secret", "is missing"))?;
                Credentials::ApplicationCredential { credential, secret: secret.into() }
            }
        };
        // A trust and an application credential carry their project; a project given beside them is ignored, as
        // Keystone refuses both together.
        let project = self.take(&["project_id", "tenant_id"]).map(Named::Id).or_else(|| {
            self.take(&["project_name", "tenant_name"])
                .map(|name| Named::Name { name, domain: project_domain.unwrap_or_default() })
        });
        let domain = self
            .take(&["domain_id"])
            .map(Domain::Id)
            .or_else(|| self.take(&["domain_name"]).map(Domain::Name));
        let scope = if matches!(credentials, Credentials::ApplicationCredential { .. }) {
            Scope::Default
        } else if let Some(trust) = self.take(&["trust_id"]) {
            Scope::Trust(trust)
        } else if let Some(system) = self.take(&["system_scope"]) {
            if system != "all" {
                return Err(self.bad("auth.system_scope", "must be \"all\""));
            }
            Scope::System
        } else if let Some(project) = project {
            Scope::Project(project)
        } else if let Some(domain) = domain {
            Scope::Domain(domain)
        } else {
            Scope::Default
        };
        Ok(Auth { url, credentials, scope })
    }

    fn tls(&self) -> Result<TlsOptions> {
        let insecure = match self.text("insecure") {
            Some(text) => truth(&text).ok_or_else(|| self.bad("insecure", "is not a boolean"))?,
            None => false,
        };
        let verify = match self.text("verify") {
            Some(text) => truth(&text).ok_or_else(|| self.bad("verify", "is not a boolean"))?,
            None => true,
        };
        let path = |key: &str| self.text(key).map(PathBuf::from).map(Pem::Path);
        let trust = match path("cacert") {
            _ if insecure || !verify => Trust::Anybody,
            Some(pem) => Trust::Authorities(pem),
            None => Trust::System,
        };
        let identity = match (path("cert"), path("key")) {
            (Some(certificate), Some(key)) => Some((certificate, key)),
            // As curl and requests do: one file may hold both.
            (Some(certificate), None) => Some((certificate.clone(), certificate)),
            (None, Some(_)) => return Err(self.bad("key", "is given without cert")),
            (None, None) => None,
        };
        Ok(TlsOptions { trust, identity })
    }

    /// `compute_endpoint_override`, `block_storage_interface`, `network_region_name`.
    fn services(&self) -> Result<BTreeMap<String, ServiceOptions>> {
        let mut services: BTreeMap<String, ServiceOptions> = BTreeMap::new();
        for (key, value) in &self.top {
            let Some(text) = as_text(value) else { continue };
            if let Some(service) =
                key.strip_suffix("_endpoint_override").or_else(|| key.strip_suffix("_endpoint"))
            {
                services.entry(official_service_type(service)).or_default().endpoint_override = Some(text);
            } else if let Some(service) = key.strip_suffix("_interface") {
                services.entry(official_service_type(service)).or_default().interface =
                    Some(self.interface(key, &text)?);
            } else if let Some(service) = key.strip_suffix("_region_name") {
                services.entry(official_service_type(service)).or_default().region = Some(text);
            }
        }
        Ok(services)
    }
}

enum Method {
    Password,
    Token,
    ApplicationCredential,
}

/// A scalar as text; empty text counts as absent, as it does for openstacksdk's variables.
fn as_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if text.is_empty() => None,
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        _ => None,
    }
}

fn truth(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "1" => Some(true),
        "false" | "no" | "off" | "0" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn cloud(settings: Value) -> Result<Cloud> {
        Cloud::from_settings("dev", settings.as_object().unwrap())
    }

    #[test]
    fn a_usual_entry_is_read() {
        let cloud = cloud(json!({
            "auth": {"auth_url": "http://h:5000/v3", "username": "ada", "password": 1234, "project_name": "web",
                     "user_domain_name": "Default", "project_domain_id": "default"},
            "region_name": "one", "interface": "internalURL", "verify": "no", "api_timeout": 5,
            "block_storage_endpoint_override": "http://h/v3/%(project_id)s", "compute_interface": "admin",
        }))
        .unwrap();
        let user = Named::Name { name: "ada".into(), domain: Domain::Name("Default".into()) };
        assert_eq!(cloud.auth.credentials, Credentials::Password { user, password: "1234".into() });
        assert_eq!(
            cloud.auth.scope,
            Scope::Project(Named::Name { name: "web".into(), domain: Domain::Id("default".into()) })
        );
        assert_eq!(cloud.region.as_deref(), Some("one"));
        assert_eq!(cloud.interface, Interface::Internal);
        assert_eq!(cloud.tls.trust, Trust::Anybody);
        assert_eq!(cloud.timeout, Duration::from_secs(5));
        assert_eq!(
            cloud.services["block-storage"].endpoint_override.as_deref(),
            Some("http://h/v3/%(project_id)s")
        );
        assert_eq!(cloud.services["compute"].interface, Some(Interface::Admin));
    }

    #[test]
    fn the_kind_of_credentials_follows_from_what_is_there() {
        let with = |key: &str, value: &str| {
            cloud(json!({"auth": {"auth_url": "http://h", key: value, "application_credential_secret": "s",
                "project_id": "p"}}))
        };
        let cloud = with("application_credential_id", "a").unwrap();
        assert!(matches!(cloud.auth.credentials, Credentials::ApplicationCredential { .. }));
        assert_eq!(cloud.auth.scope, Scope::Default);
        assert!(matches!(with("token", "t").unwrap().auth.credentials, Credentials::Token(_)));
        assert!(with("username", "ada").unwrap_err().message().contains("auth.password"));
    }

    #[test]
    fn what_is_missing_or_unsupported_is_named() {
        let message = |settings| cloud(settings).unwrap_err().to_string();
        assert!(message(json!({})).contains("auth_url"));
        assert!(
            message(json!({"auth_type": "v3kerberos", "auth": {"auth_url": "http://h"}}))
                .contains("v3kerberos")
        );
        let auth = json!({"auth_url": "http://h", "token": "t"});
        assert!(message(json!({"auth": auth, "interface": "private"})).contains("private"));
        assert!(message(json!({"auth": auth, "key": "/k"})).contains("without cert"));
    }
}
