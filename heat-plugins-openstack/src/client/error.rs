//! The one error of the client: what was asked of which service, what it answered, and what that means.

use std::fmt;
use std::time::Duration;

use reqwest::Method;

/// The result of everything that talks to a service.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What kind of failure it is; what a caller acts on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorClass {
    /// The thing, or something that the request names, does not exist (404, 410).
    NotFound,
    /// The thing is in a state, or used by something, that does not allow this now (409).
    Conflict,
    /// The service asks to come back later (429, or 413 and 503 with `Retry-After`).
    Busy,
    /// A quota is used up.
    OverLimit,
    /// The credentials are not valid, or no longer (401).
    Unauthenticated,
    /// The credentials are valid but do not allow this (403).
    Denied,
    /// The service refuses the request's content (400 and other 4xx).
    Invalid,
    /// The service cannot be reached or does not work for now (502, 503, 504, connection and time-out failures).
    Unavailable,
    /// The service failed inside (500 and other 5xx).
    Failed,
    /// The client's own settings are wrong or incomplete; nothing was sent.
    Configuration,
    /// The cloud has no such service, or not in the version that the request needs.
    Unsupported,
    /// The answer is not what the API promises.
    Protocol,
}

/// How far a failed request came; whether the service may have acted on it hangs on this.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Delivery {
    /// The request never left: no connection, no token, no endpoint.
    NotSent,
    /// The request left, or may have left, and no complete answer came.
    Unanswered,
    /// The service, or a proxy before it, answered.
    Answered,
}

/// A failed request.
///
/// `Display` gives one line that says what was tried on what, what the service said and the request id for the
/// cloud's operator. It never contains credentials or a request's body.
#[derive(Debug, Clone)]
pub struct Error(Box<Details>);

#[derive(Debug, Clone)]
struct Details {
    class: ErrorClass,
    delivery: Delivery,
    status: Option<u16>,
    kind: Option<String>,
    request_id: Option<String>,
    service: String,
    method: Option<Method>,
    path: String,
    message: String,
    retry_after: Option<Duration>,
}

impl Error {
    /// A failure before anything was sent.
    pub fn new(class: ErrorClass, service: impl Into<String>, message: impl Into<String>) -> Self {
        Self(Box::new(Details {
            class,
            delivery: Delivery::NotSent,
            status: None,
            kind: None,
            request_id: None,
            service: service.into(),
            method: None,
            path: String::new(),
            message: message.into(),
            retry_after: None,
        }))
    }

    pub(crate) fn configuration(message: impl Into<String>) -> Self {
        Self::new(ErrorClass::Configuration, "", message)
    }

    pub(crate) fn on(mut self, method: &Method, path: &str) -> Self {
        self.0.method = Some(method.clone());
        self.0.path = path.to_owned();
        self
    }

    pub(crate) fn delivered(mut self, delivery: Delivery) -> Self {
        self.0.delivery = delivery;
        self
    }

    pub(crate) fn answered(mut self, status: u16, request_id: Option<String>) -> Self {
        self.0.delivery = Delivery::Answered;
        self.0.status = Some(status);
        self.0.request_id = request_id;
        self
    }

    pub(crate) fn kind_is(mut self, kind: Option<String>) -> Self {
        self.0.kind = kind;
        self
    }

    pub(crate) fn retry_in(mut self, after: Option<Duration>) -> Self {
        self.0.retry_after = after;
        self
    }

    /// What kind of failure it is.
    pub fn class(&self) -> ErrorClass {
        self.0.class
    }

    /// How far the request came.
    pub fn delivery(&self) -> Delivery {
        self.0.delivery
    }

    /// The HTTP status, where there was an answer.
    pub fn status(&self) -> Option<u16> {
        self.0.status
    }

    /// The service's own name of the failure: Neutron's `NeutronError.type` (`IpAddressInUse`), or the key of the
    /// other services' fault (`itemNotFound`).
    pub fn kind(&self) -> Option<&str> {
        self.0.kind.as_deref()
    }

    /// The id under which the service logged the request.
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    /// The line of `Display` without the request id, for callers that keep the id apart.
    pub fn without_request_id(&self) -> String {
        let mut copy = self.clone();
        copy.0.request_id = None;
        copy.to_string()
    }

    /// The type of the service that was asked.
    pub fn service(&self) -> &str {
        &self.0.service
    }

    /// The path that was asked, without the query.
    pub fn path(&self) -> &str {
        &self.0.path
    }

    /// What the service says, in its own words, or what failed on the way.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// How long the service asks to wait before the next try.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// Whether the thing does not exist.
    pub fn is_not_found(&self) -> bool {
        self.0.class == ErrorClass::NotFound
    }

    /// Whether the thing's state, or something that uses it, forbids the request for now.
    pub fn is_conflict(&self) -> bool {
        self.0.class == ErrorClass::Conflict
    }

    /// Whether a quota is used up.
    pub fn is_over_limit(&self) -> bool {
        self.0.class == ErrorClass::OverLimit
    }

    /// Whether the same request may succeed later without anybody changing anything.
    pub fn is_temporary(&self) -> bool {
        matches!(self.0.class, ErrorClass::Busy | ErrorClass::Unavailable)
    }

    /// Whether the service may have acted on the request although it is reported as failed: it left and no answer
    /// came, or a gateway or a failing service answered for a request that changes something.
    ///
    /// After an uncertain create, look before you repeat.
    pub fn is_uncertain(&self) -> bool {
        let changes = self.0.method.as_ref().is_none_or(|method| !method.is_safe());
        match self.0.delivery {
            Delivery::NotSent => false,
            Delivery::Unanswered => changes,
            Delivery::Answered => {
                changes
                    && self.0.status.is_some_and(|status| status >= 500)
                    && !matches!(self.0.class, ErrorClass::Busy | ErrorClass::Unsupported)
            }
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let details = &self.0;
        if !details.service.is_empty() {
            write!(f, "{}: ", details.service)?;
        }
        if let Some(method) = &details.method {
            write!(f, "{method} {}: ", details.path)?;
        }
        f.write_str(&details.message)?;
        match (details.status, &details.request_id) {
            (Some(status), Some(id)) => write!(f, " (HTTP {status}, request {id})"),
            (Some(status), None) => write!(f, " (HTTP {status})"),
            (None, _) => Ok(()),
        }
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(method: Method, status: u16, class: ErrorClass) -> Error {
        Error::new(class, "compute", "it failed")
            .on(&method, "/servers")
            .answered(status, Some("req-1".into()))
    }

    #[test]
    fn one_line_says_what_where_and_the_request_id() {
        let error = answered(Method::POST, 409, ErrorClass::Conflict);
        assert_eq!(error.to_string(), "compute: POST /servers: it failed (HTTP 409, request req-1)");
    }

    #[test]
    fn only_a_change_without_a_clear_answer_is_uncertain() {
        assert!(answered(Method::POST, 504, ErrorClass::Unavailable).is_uncertain());
        assert!(answered(Method::POST, 500, ErrorClass::Failed).is_uncertain());
        assert!(!answered(Method::GET, 504, ErrorClass::Unavailable).is_uncertain());
        assert!(!answered(Method::POST, 409, ErrorClass::Conflict).is_uncertain());
        assert!(!answered(Method::POST, 503, ErrorClass::Busy).is_uncertain());
        assert!(!answered(Method::POST, 501, ErrorClass::Unsupported).is_uncertain());
        let lost = Error::new(ErrorClass::Unavailable, "compute", "lost").on(&Method::POST, "/servers");
        assert!(!lost.clone().is_uncertain());
        assert!(lost.delivered(Delivery::Unanswered).is_uncertain());
    }
}
