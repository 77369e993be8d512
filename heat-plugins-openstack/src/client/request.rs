//! A request to a service, and its answer, as plain data.

use std::time::Duration;

use reqwest::{Method, Url};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::error::{Delivery, Error, ErrorClass, Result};
use super::microversion::{Microversion, MicroversionNeed};

/// What is asked of a service. Paths are given as segments, which are escaped, so that a name with a slash stays one
/// segment.
///
/// ```
/// use heat_plugins_openstack::client::Request;
/// let request = Request::get(["servers", "detail"]).query("name", "web 1");
/// ```
#[derive(Clone)]
pub struct Request {
    pub(crate) method: Method,
    pub(crate) segments: Vec<String>,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) body: Option<Value>,
    pub(crate) content_type: Option<&'static str>,
    pub(crate) microversion: Option<MicroversionNeed>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) repeatable: bool,
}

impl std::fmt::Debug for Request {
    /// The body is left out: it may hold passwords and user data.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("segments", &self.segments)
            .field("query", &self.query)
            .field("body", &self.body.is_some())
            .finish_non_exhaustive()
    }
}

impl Request {
    /// A request with that method. GET, HEAD, PUT and DELETE count as repeatable.
    pub fn new<S: Into<String>>(method: Method, segments: impl IntoIterator<Item = S>) -> Self {
        let repeatable = method.is_idempotent();
        Self {
            method,
            segments: segments.into_iter().map(Into::into).collect(),
            query: Vec::new(),
            body: None,
            content_type: None,
            microversion: None,
            timeout: None,
            repeatable,
        }
    }

    /// Reads something.
    pub fn get<S: Into<String>>(segments: impl IntoIterator<Item = S>) -> Self {
        Self::new(Method::GET, segments)
    }

    /// Creates something, or asks for an action.
    pub fn post<S: Into<String>>(segments: impl IntoIterator<Item = S>, body: Value) -> Self {
        Self::new(Method::POST, segments).body(body)
    }

    /// Replaces or changes something.
    pub fn put<S: Into<String>>(segments: impl IntoIterator<Item = S>, body: Value) -> Self {
        Self::new(Method::PUT, segments).body(body)
    }

    /// Changes a part of something.
    pub fn patch<S: Into<String>>(segments: impl IntoIterator<Item = S>, body: Value) -> Self {
        Self::new(Method::PATCH, segments).body(body)
    }

    /// Removes something.
    pub fn delete<S: Into<String>>(segments: impl IntoIterator<Item = S>) -> Self {
        Self::new(Method::DELETE, segments)
    }

    /// Adds `key=value` to the query.
    #[must_use]
    pub fn query(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.query.push((key.into(), value.into()));
        self
    }

    /// Sets the JSON body.
    #[must_use]
    pub fn body(mut self, body: Value) -> Self {
        self.body = Some(body);
        self
    }

    /// Sets a content type other than `application/json` (Glance's patches have one of their own).
    #[must_use]
    pub fn content_type(mut self, content_type: &'static str) -> Self {
        self.content_type = Some(content_type);
        self
    }

    /// Asks for the best microversion from `least` to `most` that the service has.
    #[must_use]
    pub fn microversion(mut self, least: Microversion, most: Microversion) -> Self {
        self.microversion = Some(MicroversionNeed { least, most });
        self
    }

    /// Sets the longest time for each try, in place of the cloud's.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Says whether doing it twice is the same as doing it once. A request that is not repeatable is tried again
    /// only if it cannot have reached the service.
    #[must_use]
    pub fn repeatable(mut self, repeatable: bool) -> Self {
        self.repeatable = repeatable;
        self
    }

    /// The address under a service's root.
    pub(crate) fn url(&self, root: &Url) -> Url {
        let mut url = root.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(&self.segments);
        }
        if !self.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&self.query);
        }
        url
    }
}

/// A service's answer to a request that it did.
#[derive(Clone)]
pub struct Response {
    pub(crate) service: String,
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) status: u16,
    pub(crate) request_id: Option<String>,
    pub(crate) location: Option<String>,
    pub(crate) subject_token: Option<super::SecretText>,
    pub(crate) body: Vec<u8>,
}

impl std::fmt::Debug for Response {
    /// The body is left out: it may hold passwords.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Response")
            .field("service", &self.service)
            .field("path", &self.path)
            .field("status", &self.status)
            .field("request_id", &self.request_id)
            .finish_non_exhaustive()
    }
}

impl Response {
    /// The HTTP status, from 200 to 299.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The id under which the service logged the request.
    pub fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref()
    }

    /// The header `Location`.
    pub fn location(&self) -> Option<&str> {
        self.location.as_deref()
    }

    /// The body's bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.body
    }

    /// Reads the JSON body.
    ///
    /// # Errors
    /// [`ErrorClass::Protocol`] when it is not JSON, or not of the expected shape.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_slice(&self.body).map_err(|error| {
            let place = format!("line {}, column {}", error.line(), error.column());
            self.protocol(format!("the answer is not the expected JSON ({place})"))
        })
    }

    /// Reads what is under `key` of the JSON body: the services wrap an object in its name.
    ///
    /// # Errors
    /// [`ErrorClass::Protocol`] when it is not there.
    pub fn object(&self, key: &str) -> Result<Value> {
        let mut body: Value = self.json()?;
        match body.get_mut(key) {
            Some(value) => Ok(value.take()),
            None => Err(self.protocol(format!("the answer has no {key:?}"))),
        }
    }

    pub(crate) fn protocol(&self, message: String) -> Error {
        Error::new(ErrorClass::Protocol, self.service.clone(), message)
            .on(&self.method, &self.path)
            .answered(self.status, self.request_id.clone())
            .delivered(Delivery::Unanswered)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_and_queries_are_escaped() {
        let root = Url::parse("http://h/v2.1/").unwrap();
        let request = Request::get(["os-keypairs", "a/b c?"]).query("name", "x&y");
        assert_eq!(request.url(&root).as_str(), "http://h/v2.1/os-keypairs/a%2Fb%20c%3F?name=x%26y");
    }

    #[test]
    fn debug_shows_no_body() {
        let request = Request::post(["servers"], serde_json::json!({"adminPass": "hunter2"}));
        assert!(!format!("{request:?}").contains("hunter2"));
    }
}
