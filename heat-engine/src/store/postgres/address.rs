//! Where the database is: a URL whose password is never shown again.

use super::failure::chain;
use crate::store::{StoreError, Unconnected};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres_rustls::MakeRustlsConnect;

/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(10);

/// A server that is gone without a word is noticed after so long.
const SILENCE: Duration = Duration::from_secs(30);

/// How to write one, for messages.
const FORM: &str =
    "postgres://USER:PASSWORD@HOST:PORT/DATABASE, with special characters in it as %40 and the like";

/// A database, and how to get there.
#[derive(Clone)]
pub(super) struct Address {
    pub(super) config: Config,
    pub(super) tls: MakeRustlsConnect,
    label: String,
}

impl Address {
    /// Reads a URL as PostgreSQL's own programs do. `sslmode` may also be `verify-ca` or `verify-full`; a certificate is
    /// checked, with its name, whenever TLS is used, and `sslrootcert` names who vouches for it.
    pub(super) fn parse(url: &str) -> Result<Self, StoreError> {
        // What the parser says of a URL may quote from it, and so from the password.
        let wrong = |reason: &str| StoreError::NotConnected {
            store: "postgres".to_owned(),
            why: Unconnected::Address,
            reason: format!("{reason}; its form is {FORM}"),
        };
        if !["postgres://", "postgresql://"].iter().any(|scheme| url.starts_with(scheme)) {
            return Err(wrong("its URL does not begin with postgres://"));
        }
        // A password may hold the mark that begins the parameters.
        let host = url.rfind('@').unwrap_or_default();
        let parameters = url.get(host..).and_then(|rest| rest.find('?')).map(|at| host + at);
        let (place, parameters) = match parameters {
            Some(at) => (url.get(..at).unwrap_or(url), url.get(at + 1..).unwrap_or_default()),
            None => (url, ""),
        };
        let mut roots = None;
        let mut kept = Vec::new();
        for parameter in parameters.split('&').filter(|parameter| !parameter.is_empty()) {
            match parameter.split_once('=') {
                Some(("sslrootcert", path)) => roots = Some(path.replace("%2F", "/").replace("%20", " ")),
                Some(("sslmode", "verify-ca" | "verify-full")) => kept.push("sslmode=require"),
                _ => kept.push(parameter),
            }
        }
        let mut config: Config = format!("{place}?{}", kept.join("&"))
            .parse()
            .map_err(|_| wrong("its URL is not understood, or has an option that is not known"))?;
        if config.get_hosts().is_empty() {
            return Err(wrong("its URL names no host"));
        }
        config.connect_timeout(*config.get_connect_timeout().unwrap_or(&CONNECT));
        config.keepalives_idle(SILENCE).tcp_user_timeout(SILENCE);
        if config.get_application_name().is_none() {
            config.application_name("heat");
        }
        let label = label(&config);
        let tls = match config.get_ssl_mode() {
            // Never asked for: nothing has to be read for it.
            SslMode::Disable => trusting(RootCertStore::empty()),
            _ => match &roots {
                None => trusting_the_system(),
                Some(path) => roots_of(path).and_then(trusting),
            },
        }
        .map_err(|reason| StoreError::NotConnected {
            store: label.clone(),
            why: Unconnected::Address,
            reason,
        })?;
        Ok(Self { config, tls: MakeRustlsConnect::new(tls), label })
    }
}

/// The database for people, without the password.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.label)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Address").field(&self.label).finish()
    }
}

fn label(config: &Config) -> String {
    let user = config.get_user().map(|user| format!("{user}@")).unwrap_or_default();
    let ports = config.get_ports();
    let hosts: Vec<String> = config
        .get_hosts()
        .iter()
        .enumerate()
        .map(|(at, host)| {
            let port = ports.get(at).or(ports.first()).map(|port| format!(":{port}")).unwrap_or_default();
            match host {
                Host::Tcp(name) => format!("{name}{port}"),
                #[cfg(unix)]
                Host::Unix(path) => format!("{}{port}", path.display()),
            }
        })
        .collect();
    let database = config.get_dbname().or(config.get_user()).unwrap_or_default();
    format!("postgres://{user}{}/{database}", hosts.join(","))
}

fn builder() -> Result<rustls::ConfigBuilder<ClientConfig, rustls::WantsVerifier>, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    builder.map_err(|error| format!("TLS cannot be set up: {}", chain(&error)))
}

fn trusting(roots: RootCertStore) -> Result<ClientConfig, String> {
    Ok(builder()?.with_root_certificates(roots).with_no_client_auth())
}

/// Whom the operating system trusts.
fn trusting_the_system() -> Result<ClientConfig, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    match rustls_platform_verifier::Verifier::new(provider) {
        Ok(verifier) => Ok(builder()?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_no_client_auth()),
        // A machine without any certificates can reach what needs none.
        Err(_) => trusting(RootCertStore::empty()),
    }
}

fn roots_of(path: &str) -> Result<RootCertStore, String> {
    let failed = |why: String| format!("the certificates of sslrootcert, {path}: {why}");
    let mut roots = RootCertStore::empty();
    let found = CertificateDer::pem_file_iter(path).map_err(|error| failed(chain(&error)))?;
    for certificate in found {
        let certificate = certificate.map_err(|error| failed(chain(&error)))?;
        roots.add(certificate).map_err(|error| failed(chain(&error)))?;
    }
    if roots.is_empty() { Err(failed("there is none in it".to_owned())) } else { Ok(roots) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_shown_without_its_password() {
        let url = "postgres://ada:hunter2@db.example:5433/heat?sslmode=disable&connect_timeout=3";
        let address = Address::parse(url).unwrap();
        assert_eq!(address.to_string(), "postgres://ada@db.example:5433/heat");
        assert!(!format!("{address:?}").contains("hunter2"));
        assert_eq!(address.config.get_password(), Some(&b"hunter2"[..]));
        let socket = Address::parse("postgresql://ada@%2Frun%2Fpostgresql/heat").unwrap();
        assert_eq!(socket.to_string(), "postgres://ada@/run/postgresql:5432/heat");
    }

    #[test]
    fn what_is_wrong_with_a_url_is_told_without_quoting_it() {
        for url in [
            "postgres://ada:hunter2@db:port/heat",
            "postgres://ada:hunter2@db/heat?hunter2=1",
            "postgres:ada:hunter2@db",
            "postgres:///heat",
        ] {
            let error = Address::parse(url).unwrap_err();
            let StoreError::NotConnected { why: Unconnected::Address, .. } = &error else {
                panic!("{error:?}")
            };
            for part in ["hunter2", "ter2", "hun?"] {
                assert!(!format!("{error} {error:?}").contains(part), "{url}: {error}");
            }
            assert!(error.to_string().contains("postgres://USER:PASSWORD@HOST"), "{error}");
        }
    }

    #[test]
    fn who_vouches_for_the_server_is_read_from_a_file() {
        let error =
            Address::parse("postgres://db/heat?sslmode=verify-full&sslrootcert=/no/such.pem").unwrap_err();
        assert!(error.to_string().contains("/no/such.pem"), "{error}");
        let strict = Address::parse("postgres://db/heat?sslmode=verify-full").unwrap();
        assert_eq!(strict.config.get_ssl_mode(), SslMode::Require);
    }
}
