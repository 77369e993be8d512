//! How servers prove themselves to the client, and the client to them. The cryptography provider (ring) is chosen
//! for each client and never installed for the whole process, where it could clash with the embedding program's own.

use std::path::PathBuf;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};

use super::error::{Error, Result};

/// TLS settings of a connection.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TlsOptions {
    /// Whose certificates are accepted.
    pub trust: Trust,
    /// The client's own certificate chain and private key.
    pub identity: Option<(Pem, Pem)>,
}

/// Whose certificates are accepted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Trust {
    /// What the operating system trusts.
    #[default]
    System,
    /// These authorities and no others.
    Authorities(Pem),
    /// Anybody: the connection is encrypted, but the other end is not known.
    Anybody,
}

/// PEM text, or the file that holds it; a file is read when the client is made.
#[derive(Clone, PartialEq, Eq)]
pub enum Pem {
    /// A file.
    Path(PathBuf),
    /// The text itself.
    Text(Vec<u8>),
}

impl std::fmt::Debug for Pem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Path(path) => f.debug_tuple("Path").field(path).finish(),
            Self::Text(_) => f.write_str("Text(***)"),
        }
    }
}

impl Pem {
    fn read(&self, what: &str) -> Result<Vec<u8>> {
        match self {
            Self::Text(text) => Ok(text.clone()),
            Self::Path(path) => std::fs::read(path).map_err(|error| {
                Error::configuration(format!("cannot read the {what} {}: {error}", path.display()))
            }),
        }
    }

    fn certificates(&self, what: &str) -> Result<Vec<CertificateDer<'static>>> {
        let text = self.read(what)?;
        let certificates: std::result::Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
        let certificates = certificates
            .map_err(|error| Error::configuration(format!("the {what} is not valid PEM: {error}")))?;
        if certificates.is_empty() {
            return Err(Error::configuration(format!("the {what} holds no certificate")));
        }
        Ok(certificates)
    }
}

impl TlsOptions {
    /// A client of other servers than OpenStack's services, with the same choices: it follows no redirects unless told
    /// otherwise.
    ///
    /// # Errors
    /// [`ErrorClass::Configuration`](super::ErrorClass::Configuration) when the settings are not usable.
    pub fn http_client(&self) -> Result<reqwest::ClientBuilder> {
        Ok(reqwest::Client::builder()
            .user_agent(concat!("heat-rs/", env!("CARGO_PKG_VERSION")))
            .tls_backend_preconfigured(client_config(self)?)
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(std::time::Duration::from_secs(10)))
    }
}

pub(crate) fn client_config(options: &TlsOptions) -> Result<ClientConfig> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = |error: rustls::Error| Error::configuration(format!("TLS settings: {error}"));
    let verifier: Arc<dyn ServerCertVerifier> = match &options.trust {
        Trust::System => match rustls_platform_verifier::Verifier::new(provider.clone()) {
            Ok(verifier) => Arc::new(verifier),
            // A machine without any certificate (a bare container) can still speak plain HTTP.
            Err(_) => Arc::new(Nobody(provider.clone())),
        },
        Trust::Authorities(pem) => {
            let mut roots = RootCertStore::empty();
            for certificate in pem.certificates("CA certificate file")? {
                roots.add(certificate).map_err(tls)?;
            }
            WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider.clone())
                .build()
                .map_err(|error| Error::configuration(format!("TLS settings: {error}")))?
        }
        Trust::Anybody => Arc::new(Anybody(provider.clone())),
    };
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(tls)?
        .dangerous()
        .with_custom_certificate_verifier(verifier);
    match &options.identity {
        None => Ok(builder.with_no_client_auth()),
        Some((certificate, key)) => {
            let chain = certificate.certificates("client certificate")?;
            let key = PrivateKeyDer::from_pem_slice(&key.read("client key")?)
                .map_err(|error| Error::configuration(format!("the client key is not valid PEM: {error}")))?;
            builder.with_client_auth_cert(chain, key).map_err(tls)
        }
    }
}

/// Accepts every certificate, as `verify: false` asks; signatures of the handshake are still checked.
#[derive(Debug)]
struct Anybody(Arc<CryptoProvider>);

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> std::result::Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

/// Accepts nobody: the system trusts no authority.
#[derive(Debug)]
struct Nobody(Arc<CryptoProvider>);

impl Nobody {
    fn refuse<T>() -> std::result::Result<T, rustls::Error> {
        Err(rustls::Error::General(
            "the system has no trusted certificates (install ca-certificates, or set cacert)".to_owned(),
        ))
    }
}

impl ServerCertVerifier for Nobody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> std::result::Result<ServerCertVerified, rustls::Error> {
        Self::refuse()
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        Self::refuse()
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        Self::refuse()
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_are_made_without_a_provider_for_the_process() {
        for trust in [Trust::System, Trust::Anybody] {
            client_config(&TlsOptions { trust, identity: None }).unwrap();
        }
        assert!(CryptoProvider::get_default().is_none());
    }

    #[test]
    fn an_unusable_file_is_named() {
        let trust = Trust::Authorities(Pem::Path("/does/not/exist.pem".into()));
        let error = client_config(&TlsOptions { trust, identity: None }).unwrap_err();
        assert!(error.message().contains("/does/not/exist.pem"), "{error}");
        let trust = Trust::Authorities(Pem::Text(b"nothing".to_vec()));
        assert!(client_config(&TlsOptions { trust, identity: None }).is_err());
    }
}
