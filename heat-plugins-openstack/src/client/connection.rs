//! The client itself: takes a [`Request`] to its service with a token, a microversion, a place among the requests
//! under way, and as many tries as the failure allows.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, StatusCode, Url};
use serde_json::Value;
use tokio::sync::{OnceCell, Semaphore};
use tracing::Instrument;

use super::catalog::{self, is_version, service_root};
use super::cloud::Cloud;
use super::error::{Delivery, Error, ErrorClass, Result};
use super::fault;
use super::microversion::{self, Microversion, MicroversionNeed, MicroversionRange};
use super::pages::{self, Next};
use super::request::{Request, Response};
use super::secret::SecretText;
use super::service_type::{microversion_name, official_service_type};
use super::token::{Token, TokenCell};

/// A connection to a cloud, as one user, for one scope. Cheap to clone; clones share token, connections and limits.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

struct Inner {
    http: reqwest::Client,
    cloud: Cloud,
    identity: Url,
    token: TokenCell,
    versions: Mutex<HashMap<String, Arc<OnceCell<Option<MicroversionRange>>>>>,
    slots: Semaphore,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client")
            .field("cloud", &self.inner.cloud.name)
            .field("url", &self.inner.identity.as_str())
            .finish()
    }
}

/// One exchange with a service, ready to be sent.
struct Exchange<'a> {
    service: &'a str,
    method: &'a Method,
    url: Url,
    path: String,
    headers: HeaderMap,
    content_type: &'static str,
    body: Option<&'a Value>,
    timeout: Duration,
    repeatable: bool,
}

impl Exchange<'_> {
    fn fail(&self, class: ErrorClass, message: impl Into<String>) -> Error {
        Error::new(class, self.service, message).on(self.method, &self.path)
    }
}

impl Client {
    /// Makes a client. Nothing is sent: the first request fetches the token.
    ///
    /// # Errors
    /// [`ErrorClass::Configuration`] when the address or the TLS settings are not usable.
    pub fn new(cloud: Cloud) -> Result<Self> {
        let identity = cloud.auth.identity_root()?;
        // Without redirects: one would carry the token to wherever it points.
        let mut builder = cloud
            .tls
            .http_client()?
            .connect_timeout(Duration::from_secs(10).min(cloud.timeout))
            .pool_idle_timeout(Duration::from_secs(30));
        if !cloud.system_proxy {
            builder = builder.no_proxy();
        }
        let http = builder
            .build()
            .map_err(|error| Error::configuration(format!("HTTP client: {}", chain(&error))))?;
        let slots = Semaphore::new(cloud.concurrency.clamp(1, Semaphore::MAX_PERMITS));
        Ok(Self {
            inner: Arc::new(Inner {
                http,
                identity,
                token: TokenCell::default(),
                versions: Mutex::default(),
                slots,
                cloud,
            }),
        })
    }

    /// The settings that the client was made from.
    pub fn cloud(&self) -> &Cloud {
        &self.inner.cloud
    }

    /// The current token's description; authenticates if there is none yet.
    ///
    /// # Errors
    /// [`ErrorClass::Unauthenticated`] when Keystone refuses the credentials.
    pub async fn token(&self) -> Result<Arc<Token>> {
        Ok(self.current_token().await?.0)
    }

    /// The id of the project that the credentials are scoped to.
    ///
    /// # Errors
    /// When authentication fails, or the scope is not a project.
    pub async fn project_id(&self) -> Result<String> {
        let token = self.token().await?;
        token.project.as_ref().map(|project| project.id.clone()).ok_or_else(|| {
            Error::configuration(
                "the credentials are not scoped to a project (project_id or project_name is missing)",
            )
        })
    }

    /// Sends a request to a service, named by its official type or an alias of it.
    ///
    /// # Errors
    /// Every answer but 2xx, and every way not to get one; see [`Error`].
    pub async fn send(&self, service: &str, request: Request) -> Result<Response> {
        let service = official_service_type(service);
        let root = self.root(&service).await?;
        let url = request.url(&root);
        self.run(&service, &request, &root, url).await
    }

    /// Collects a list over all its pages. `key` is the list's name in the answer.
    ///
    /// # Errors
    /// As [`send`](Self::send); [`ErrorClass::Protocol`] when a link leads to another host.
    pub async fn list(&self, service: &str, request: Request, key: &str) -> Result<Vec<Value>> {
        let service = official_service_type(service);
        let root = self.root(&service).await?;
        let mut url = request.url(&root);
        let mut items = Vec::new();
        loop {
            let response = self.run(&service, &request, &root, url.clone()).await?;
            let mut body: Value = response.json()?;
            match body.get_mut(key).map(Value::take) {
                // An empty page ends the list whatever its link says: some services link on for ever.
                Some(Value::Array(page)) if page.is_empty() => return Ok(items),
                Some(Value::Array(page)) => items.extend(page),
                _ => return Err(response.protocol(format!("the answer has no list {key:?}"))),
            }
            url = match pages::next(&url, &body, key) {
                Next::End => return Ok(items),
                Next::Page(url) => url,
                Next::Refused(why) => return Err(response.protocol(why)),
            };
        }
    }

    /// The best microversion from `least` to `most` that a service has, or `None` if it has none of them.
    ///
    /// # Errors
    /// When the service cannot be asked.
    pub async fn best_microversion(
        &self,
        service: &str,
        least: Microversion,
        most: Microversion,
    ) -> Result<Option<Microversion>> {
        let service = official_service_type(service);
        let root = self.root(&service).await?;
        let range = self.microversions(&service, &root).await?;
        Ok(microversion::negotiate(MicroversionNeed { least, most }, range))
    }

    async fn current_token(&self) -> Result<(Arc<Token>, u64)> {
        self.inner.token.current(|| self.authenticate()).await
    }

    async fn authenticate(&self) -> Result<Token> {
        let method = Method::POST;
        let body = self.inner.cloud.auth.body();
        let mut url = self.inner.identity.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(["auth", "tokens"]);
        }
        let exchange = Exchange {
            service: "identity",
            method: &method,
            path: url.path().to_owned(),
            url,
            headers: HeaderMap::new(),
            content_type: JSON,
            body: Some(&body),
            timeout: self.inner.cloud.timeout,
            // A second token does no harm.
            repeatable: true,
        };
        let span = tracing::debug_span!("authenticate", cloud = %self.inner.cloud.name);
        let result = self.repeat(&exchange, None).instrument(span).await;
        // Seen from the request that wanted the token, nothing was sent.
        let response = result.map_err(|error| error.delivered(Delivery::NotSent))?;
        let Some(secret) = response.subject_token.clone() else {
            return Err(response
                .protocol("the answer carries no token".to_owned())
                .delivered(Delivery::NotSent));
        };
        Token::read(secret, &response.body)
    }

    /// The root of a service's API: override, else catalog.
    async fn root(&self, service: &str) -> Result<Url> {
        let cloud = &self.inner.cloud;
        let options = cloud.services.get(service);
        let (token, _) = self.current_token().await?;
        let project = token.project.as_ref().map(|project| project.id.as_str());
        if let Some(text) = options.and_then(|options| options.endpoint_override.as_deref()) {
            return service_root(service, text, project);
        }
        let interface = options.and_then(|options| options.interface).unwrap_or(cloud.interface);
        let region = options.and_then(|options| options.region.as_deref()).or(cloud.region.as_deref());
        service_root(service, token.catalog.endpoint(service, interface, region)?, project)
    }

    async fn run(&self, service: &str, request: &Request, root: &Url, url: Url) -> Result<Response> {
        let headers = match request.microversion {
            Some(need) => {
                self.microversion_headers(service, root, need).await.map_err(|error| match error.class() {
                    ErrorClass::Unsupported => error.on(&request.method, url.path()),
                    _ => error,
                })?
            }
            None => HeaderMap::new(),
        };
        let exchange = Exchange {
            service,
            method: &request.method,
            path: url.path().to_owned(),
            url,
            headers,
            content_type: request.content_type.unwrap_or(JSON),
            body: request.body.as_ref(),
            timeout: request.timeout.unwrap_or(self.inner.cloud.timeout),
            repeatable: request.repeatable,
        };
        self.authorised(&exchange).await
    }

    /// Sends with the current token; with a new one, once, if the service refuses it.
    async fn authorised(&self, exchange: &Exchange<'_>) -> Result<Response> {
        let span = tracing::debug_span!(
            "request",
            service = exchange.service,
            method = %exchange.method,
            path = exchange.path,
        );
        async {
            let (token, generation) = self.current_token().await?;
            match self.repeat(exchange, Some(&token.secret)).await {
                Err(error)
                    if error.class() == ErrorClass::Unauthenticated && self.inner.cloud.auth.can_renew() =>
                {
                    tracing::debug!("the token is refused; fetching another");
                    let (token, _) = self.inner.token.after(generation, || self.authenticate()).await?;
                    self.repeat(exchange, Some(&token.secret)).await
                }
                result => result,
            }
        }
        .instrument(span)
        .await
    }

    /// Tries as often as the failures and the policy allow.
    async fn repeat(&self, exchange: &Exchange<'_>, token: Option<&SecretText>) -> Result<Response> {
        let mut attempt = 1;
        loop {
            let result = {
                let _slot = self.inner.slots.acquire().await;
                self.once(exchange, token).await
            };
            let error = match result {
                Ok(response) => {
                    tracing::debug!(status = response.status, request_id = response.request_id, "answered");
                    return Ok(response);
                }
                Err(error) => error,
            };
            let policy = self.inner.cloud.retry;
            match policy.pause_after(attempt, exchange.repeatable, &error, jitter()) {
                None => return Err(error),
                Some(pause) => {
                    // Not what the service says: it may repeat a secret that it was sent.
                    let (class, status) = (error.class(), error.status());
                    tracing::debug!(
                        ?class,
                        status,
                        attempt,
                        pause_ms = pause.as_millis() as u64,
                        "trying again"
                    );
                    tokio::time::sleep(pause).await;
                    attempt += 1;
                }
            }
        }
    }

    async fn once(&self, exchange: &Exchange<'_>, token: Option<&SecretText>) -> Result<Response> {
        let mut builder = self
            .inner
            .http
            .request(exchange.method.clone(), exchange.url.clone())
            .timeout(exchange.timeout)
            .headers(exchange.headers.clone())
            .header("Accept", JSON);
        if let Some(token) = token {
            let mut value = HeaderValue::from_str(token.reveal()).map_err(|_| {
                exchange.fail(ErrorClass::Configuration, "the token holds characters no header can carry")
            })?;
            value.set_sensitive(true);
            builder = builder.header("X-Auth-Token", value);
        }
        if let Some(body) = exchange.body {
            builder = builder.header("Content-Type", exchange.content_type).body(body.to_string());
        }
        let response = builder.send().await.map_err(|error| lost(exchange, &error))?;
        let status = response.status();
        let headers = response.headers().clone();
        let request_id =
            text(&headers, "x-openstack-request-id").or_else(|| text(&headers, "x-compute-request-id"));
        let body = response.bytes().await;
        if !status.is_success() && status != StatusCode::MULTIPLE_CHOICES {
            let body = body.unwrap_or_default();
            let fault = fault::read(status.as_u16(), &body);
            let retry_after = retry_after(&headers);
            let class = fault::classify(status.as_u16(), &fault, retry_after.is_some());
            return Err(exchange
                .fail(class, fault.message)
                .answered(status.as_u16(), request_id)
                .kind_is(fault.kind)
                .retry_in(retry_after));
        }
        let body = body.map_err(|error| lost(exchange, &error).delivered(Delivery::Unanswered))?;
        Ok(Response {
            service: exchange.service.to_owned(),
            method: exchange.method.clone(),
            path: exchange.path.clone(),
            status: status.as_u16(),
            request_id,
            location: text(&headers, "location"),
            subject_token: text(&headers, "x-subject-token").map(SecretText::from),
            body: body.to_vec(),
        })
    }

    async fn microversion_headers(
        &self,
        service: &str,
        root: &Url,
        need: MicroversionNeed,
    ) -> Result<HeaderMap> {
        let range = self.microversions(service, root).await?;
        let version = microversion::negotiate(need, range).ok_or_else(|| {
            let has = range.map_or_else(
                || "has no microversions".to_owned(),
                |range| format!("has {} to {}", range.least, range.most),
            );
            Error::new(
                ErrorClass::Unsupported,
                service,
                format!("this needs at least API microversion {}; the service {has}", need.least),
            )
        })?;
        let name = microversion_name(service);
        let mut headers = HeaderMap::new();
        let mut put = |key: &'static str, value: String| {
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.insert(HeaderName::from_static(key), value);
            }
        };
        put("openstack-api-version", format!("{name} {version}"));
        match service {
            "compute" => put("x-openstack-nova-api-version", version.to_string()),
            "baremetal" => put("x-openstack-ironic-api-version", version.to_string()),
            "shared-file-system" => put("x-openstack-manila-api-version", version.to_string()),
            _ => {}
        }
        Ok(headers)
    }

    /// Asks a service once which microversions it has.
    async fn microversions(&self, service: &str, root: &Url) -> Result<Option<MicroversionRange>> {
        let cell = {
            let mut versions = self.inner.versions.lock().unwrap_or_else(PoisonError::into_inner);
            versions.entry(service.to_owned()).or_default().clone()
        };
        cell.get_or_try_init(|| async {
            let url = catalog::discovery_url(root);
            let segment = url
                .path_segments()
                .and_then(|mut segments| segments.rfind(|segment| is_version(segment)).map(str::to_owned));
            let method = Method::GET;
            let exchange = Exchange {
                service,
                method: &method,
                path: url.path().to_owned(),
                url,
                headers: HeaderMap::new(),
                content_type: JSON,
                body: None,
                timeout: self.inner.cloud.timeout,
                repeatable: true,
            };
            let result = self.authorised(&exchange).await;
            let response = result.map_err(|error| error.delivered(Delivery::NotSent))?;
            let document: Value = response.json()?;
            Ok(microversion::from_discovery(&document, segment.as_deref()))
        })
        .await
        .copied()
    }
}

const JSON: &str = "application/json";

/// A failure without a complete answer. Only what failed while connecting is known not to have been sent.
fn lost(exchange: &Exchange<'_>, error: &reqwest::Error) -> Error {
    let (what, delivery) = if error.is_builder() {
        return exchange
            .fail(ErrorClass::Configuration, format!("the request cannot be made: {}", chain(error)));
    } else if error.is_connect() {
        ("cannot connect to", Delivery::NotSent)
    } else if error.is_timeout() {
        ("no answer in time from", Delivery::Unanswered)
    } else {
        ("lost the connection to", Delivery::Unanswered)
    };
    let place = exchange.url.origin().ascii_serialization();
    exchange.fail(ErrorClass::Unavailable, format!("{what} {place}: {}", chain(error))).delivered(delivery)
}

/// The innermost cause, without the URL, whose query the outer messages repeat.
fn chain(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}

/// `Retry-After` in either of its forms: seconds, or a date, which is compared with the server's own.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let value = text(headers, "retry-after")?;
    if let Ok(seconds) = value.trim().parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let read = |text: &str| jiff::fmt::rfc2822::parse(text).ok().map(|time| time.timestamp());
    let at = read(&value)?;
    let now = text(headers, "date").as_deref().and_then(read).unwrap_or_else(Timestamp::now);
    Some(Duration::try_from(at.duration_since(now)).unwrap_or_default())
}

/// A number from 0 to 1 from the process's own random keys.
fn jitter() -> f64 {
    let bits = RandomState::new().build_hasher().finish();
    (bits >> 11) as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_of_retry_after_are_read() {
        let mut headers = HeaderMap::new();
        headers.insert("retry-after", HeaderValue::from_static("7"));
        assert_eq!(retry_after(&headers), Some(Duration::from_secs(7)));
        headers.insert("retry-after", HeaderValue::from_static("Wed, 21 Oct 2015 07:28:30 GMT"));
        headers.insert("date", HeaderValue::from_static("Wed, 21 Oct 2015 07:28:00 GMT"));
        assert_eq!(retry_after(&headers), Some(Duration::from_secs(30)));
    }

    #[test]
    fn jitter_stays_in_its_range_and_varies() {
        let values: Vec<f64> = (0..100).map(|_| jitter()).collect();
        assert!(values.iter().all(|value| (0.0..=1.0).contains(value)));
        assert!(values.iter().any(|value| *value != values[0]));
    }
}
