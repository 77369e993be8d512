//! Acme's HTTP API, with failures in the classes that an engine acts on.

use heat_plugin_sdk::{Credentials, Failure, Result, Secret};
use reqwest::{Method, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::net::IpAddr;

/// A record as Acme answers.
#[derive(Debug, Deserialize)]
pub(crate) struct Record {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) addresses: Vec<IpAddr>,
    pub(crate) ttl: u32,
    /// Whether all name servers have it.
    pub(crate) live: bool,
    pub(crate) version: u64,
}

/// A connection to Acme, shared by all records of the same credentials.
#[derive(Debug, Deserialize)]
pub struct AcmeClient {
    url: String,
    token: Secret<String>,
    #[serde(skip)]
    http: reqwest::Client,
}

impl AcmeClient {
    /// Makes a connection from credentials with `url` and `token`.
    pub async fn connect(credentials: Credentials) -> Result<Self> {
        let given = credentials.value().and_then(|content| Self::deserialize(content).ok());
        given.ok_or_else(|| Failure::unauthenticated("Acme wants credentials with a url and a token"))
    }

    pub(crate) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T> {
        read(self.send(Method::GET, path, None).await?)
    }

    pub(crate) async fn post<T: DeserializeOwned>(&self, path: &str, body: &Value) -> Result<T> {
        read(self.send(Method::POST, path, Some(body)).await?)
    }

    pub(crate) async fn put(&self, path: &str, body: &Value) -> Result<()> {
        self.send(Method::PUT, path, Some(body)).await.map(drop)
    }

    pub(crate) async fn delete(&self, path: &str) -> Result<()> {
        self.send(Method::DELETE, path, None).await.map(drop)
    }

    async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Result<String> {
        let what = format!("{method} {path} at Acme");
        let mut request =
            self.http.request(method, format!("{}{path}", self.url)).bearer_auth(self.token.expose());
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.send().await.map_err(|error| match error.is_connect() {
            // Nothing was sent, so nothing was done.
            true => Failure::unavailable(None, format!("{what}: no connection: {}", error.without_url())),
            false => Failure::unanswered(format!("{what}: no answer: {}", error.without_url())),
        })?;
        let status = response.status();
        let text = response
            .text()
            .await
            .map_err(|_| Failure::unanswered(format!("{what}: the answer broke off")))?;
        let told = format!("{what}: {text} ({status})");
        match status {
            status if status.is_success() => Ok(text),
            StatusCode::NOT_FOUND => Err(Failure::not_found(told)),
            StatusCode::CONFLICT => Err(Failure::conflict(told)),
            StatusCode::UNAUTHORIZED => Err(Failure::unauthenticated(told)),
            StatusCode::FORBIDDEN => Err(Failure::denied(told)),
            StatusCode::SERVICE_UNAVAILABLE => Err(Failure::unavailable(None, told)),
            status if status.is_server_error() => Err(Failure::unanswered(told)),
            _ => Err(Failure::invalid(None, told)),
        }
    }
}

fn read<T: DeserializeOwned>(text: String) -> Result<T> {
    serde_json::from_str(&text)
        .map_err(|error| Failure::failed(format!("Acme's answer has another form: {error}")))
}
