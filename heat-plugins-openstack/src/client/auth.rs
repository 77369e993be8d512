//! Who asks, and for which project: credentials, scope, and Keystone's v3 form of both.

use reqwest::Url;
use serde_json::{Value, json};

use super::error::{Error, Result};
use super::secret::SecretText;

/// A user, project or domain, by id, or by name within a domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Named {
    /// The unique id.
    Id(String),
    /// A name, unique within the domain.
    Name {
        /// The name.
        name: String,
        /// The domain that the name belongs to.
        domain: Domain,
    },
}

/// A domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Domain {
    /// The unique id.
    Id(String),
    /// The unique name.
    Name(String),
}

impl Default for Domain {
    /// The domain that every Keystone starts with.
    fn default() -> Self {
        Self::Id("default".to_owned())
    }
}

/// How somebody proves who they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credentials {
    /// A user's name or id and password.
    Password {
        /// The user.
        user: Named,
        /// The password.
        password: SecretText,
    },
    /// A token that somebody else got. What is made of it ends when it ends.
    Token(SecretText),
    /// An application credential: carries its own project, so it takes no scope.
    ApplicationCredential {
        /// The credential's id, or its name together with the user that owns it.
        credential: ApplicationCredential,
        /// The secret that was shown when it was made.
        secret: SecretText,
    },
}

/// Which application credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ApplicationCredential {
    /// The unique id.
    Id(String),
    /// The name, and its owner.
    Name {
        /// The credential's name.
        name: String,
        /// The user that it belongs to.
        user: Named,
    },
}

/// What the token is to be good for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Scope {
    /// Whatever Keystone gives: the user's default project, or an application credential's own.
    #[default]
    Default,
    /// A project.
    Project(Named),
    /// A domain, for its administrators.
    Domain(Domain),
    /// The whole cloud, for its operators.
    System,
    /// What a trust lends, by the trust's id.
    Trust(String),
}

/// Where to authenticate, as whom, for what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Auth {
    /// Keystone's address, with or without `/v3`.
    pub url: String,
    /// Who asks.
    pub credentials: Credentials,
    /// For what.
    pub scope: Scope,
}

impl Auth {
    /// The root of Keystone's v3 API.
    pub(crate) fn identity_root(&self) -> Result<Url> {
        let bad = |why: &str| Error::configuration(format!("auth_url {:?} {why}", self.url));
        let mut url = Url::parse(self.url.trim()).map_err(|error| bad(&format!("is not a URL: {error}")))?;
        if url.cannot_be_a_base() || !matches!(url.scheme(), "http" | "https") {
            return Err(bad("is not an http or https URL"));
        }
        url.set_query(None);
        url.set_fragment(None);
        let last = url
            .path_segments()
            .and_then(|mut segments| segments.rfind(|segment| !segment.is_empty()).map(str::to_owned));
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty();
            match last.as_deref() {
                Some("v3") => {}
                Some("v2.0") => {
                    path.pop().push("v3");
                }
                _ => {
                    path.push("v3");
                }
            }
        }
        Ok(url)
    }

    /// The body of `POST /v3/auth/tokens`.
    pub(crate) fn body(&self) -> Value {
        let identity = match &self.credentials {
            Credentials::Password { user, password } => {
                let mut user = named(user);
                user["password"] = json!(password.reveal());
                json!({"methods": ["password"], "password": {"user": user}})
            }
            Credentials::Token(token) => json!({"methods": ["token"], "token": {"id": token.reveal()}}),
            Credentials::ApplicationCredential { credential, secret } => {
                let mut body = match credential {
                    ApplicationCredential::Id(id) => json!({"id": id}),
                    ApplicationCredential::Name { name, user } => json!({"name": name, "user": named(user)}),
                };
                body["secret"] = json!(secret.reveal());
                json!({"methods": ["application_credential"], "application_credential": body})
            }
        };
        let scope = match &self.scope {
            Scope::Default => None,
            Scope::Project(project) => Some(json!({"project": named(project)})),
            Scope::Domain(domain) => Some(json!({"domain": of_domain(domain)})),
            Scope::System => Some(json!({"system": {"all": true}})),
            Scope::Trust(id) => Some(json!({"OS-TRUST:trust": {"id": id}})),
        };
        let mut auth = json!({"identity": identity});
        if let Some(scope) = scope {
            auth["scope"] = scope;
        }
        json!({"auth": auth})
    }

    /// Whether asking Keystone again gives a fresh life time: a token made from a token ends with it.
    pub(crate) fn can_renew(&self) -> bool {
        !matches!(self.credentials, Credentials::Token(_))
    }
}

fn named(named: &Named) -> Value {
    match named {
        Named::Id(id) => json!({"id": id}),
        Named::Name { name, domain } => json!({"name": name, "domain": of_domain(domain)}),
    }
}

fn of_domain(domain: &Domain) -> Value {
    match domain {
        Domain::Id(id) => json!({"id": id}),
        Domain::Name(name) => json!({"name": name}),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn auth(credentials: Credentials, scope: Scope) -> Auth {
        Auth { url: "http://h:5000".into(), credentials, scope }
    }

    #[test]
    fn keystone_gets_each_kind_of_credentials_in_its_form() {
        let user = Named::Name { name: "ada".into(), domain: Domain::Name("Users".into()) };
        let project = Scope::Project(Named::Name { name: "web".into(), domain: Domain::default() });
        assert_eq!(
            auth(Credentials::Password { user: user.clone(), password: "pw".into() }, project).body(),
            json!({"auth": {
                "identity": {"methods": ["password"], "password": {"user":
                    {"name": "ada", "domain": {"name": "Users"}, "password": "pw"}}},
                "scope": {"project": {"name": "web", "domain": {"id": "default"}}}}})
        );
        assert_eq!(
            auth(Credentials::Token("t".into()), Scope::Trust("tr".into())).body(),
            json!({"auth": {"identity": {"methods": ["token"], "token": {"id": "t"}},
                "scope": {"OS-TRUST:trust": {"id": "tr"}}}})
        );
        let credential = ApplicationCredential::Name { name: "ci".into(), user };
        assert_eq!(
            auth(Credentials::ApplicationCredential { credential, secret: "s".into() }, Scope::Default)
                .body(),
            json!({"auth": {"identity": {"methods": ["application_credential"], "application_credential":
                {"name": "ci", "user": {"name": "ada", "domain": {"name": "Users"}}, "secret": "s"}}}})
        );
    }

    #[test]
    fn any_form_of_the_address_leads_to_version_three() {
        let root = |url: &str| {
            let mut auth = auth(Credentials::Token("t".into()), Scope::Default);
            auth.url = url.into();
            auth.identity_root().map(|url| url.to_string())
        };
        assert_eq!(root("http://h:5000").unwrap(), "http://h:5000/v3");
        assert_eq!(root("http://h:5000/").unwrap(), "http://h:5000/v3");
        assert_eq!(root("http://h/identity/v3/").unwrap(), "http://h/identity/v3");
        assert_eq!(root("http://h:5000/v2.0").unwrap(), "http://h:5000/v3");
        assert!(root("h:5000").is_err());
        assert!(root("").is_err());
    }

    #[test]
    fn debug_shows_no_secret() {
        let user = Named::Id("u".into());
        let auth = auth(Credentials::Password { user, password: "hunter2".into() }, Scope::System);
        assert!(!format!("{auth:?}").contains("hunter2"));
    }
}
