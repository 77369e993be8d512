//! A request as the services see it, and what they give back.

use crate::cloud::Object;
use crate::cloud::document::{object_of, text_of};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// A request, read whole.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// The decoded segments of the path.
    pub(crate) segments: Vec<String>,
    /// The path as it was sent, without the query.
    pub(crate) path: String,
    pub(crate) query: Vec<(String, String)>,
    /// With lower-case names.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Request {
    /// A request from its parts.
    pub(crate) fn new(
        method: &str,
        path: &str,
        query: Option<&str>,
        headers: Vec<(String, String)>,
        body: Vec<u8>,
    ) -> Self {
        let segments = path
            .split('/')
            .filter(|segment| !segment.is_empty())
            .map(|segment| decoded(segment, false))
            .collect();
        let query = query.unwrap_or("").split('&').filter(|pair| !pair.is_empty()).map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decoded(name, true), decoded(value, true))
        });
        Self {
            method: method.to_owned(),
            segments,
            path: path.to_owned(),
            query: query.collect(),
            headers,
            body,
        }
    }

    /// The first header of that (lower-case) name.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(header, _)| header == name).map(|(_, value)| value.as_str())
    }

    /// The last query parameter of that name.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.query.iter().rev().find(|(parameter, _)| parameter == name).map(|(_, value)| value.as_str())
    }

    /// The body as JSON, if it is.
    pub(crate) fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// Under which URL the client reached the cloud: `http://HOST:PORT`.
    pub(crate) fn base(&self, otherwise: &str) -> String {
        self.header("host").map_or_else(|| otherwise.to_owned(), |host| format!("http://{host}"))
    }

    /// For the state file. The token is not in it.
    pub(crate) fn to_document(&self) -> Value {
        let headers: Vec<_> = self.headers.iter().filter(|(name, _)| name != "x-auth-token").collect();
        json!({
            "method": self.method, "path": self.path, "query": self.query, "headers": headers,
            "body": STANDARD.encode(&self.body),
        })
    }

    /// From [`to_document`](Self::to_document).
    pub(crate) fn from_document(document: &Value) -> Option<Self> {
        let pairs = |name: &str| serde_json::from_value::<Vec<(String, String)>>(document[name].clone()).ok();
        let body = STANDARD.decode(text_of(document, "body")).ok()?;
        let mut request =
            Self::new(text_of(document, "method"), text_of(document, "path"), None, pairs("headers")?, body);
        request.query = pairs("query")?;
        Some(request)
    }
}

fn decoded(text: &str, plus_is_space: bool) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let escaped = || u8::from_str_radix(text.get(at + 1..at + 3)?, 16).ok();
        match bytes[at] {
            b'%' if escaped().is_some() => {
                out.extend(escaped());
                at += 2;
            }
            b'+' if plus_is_space => out.push(b' '),
            byte => out.push(byte),
        }
        at += 1;
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// A text as it stands in a URL's query.
pub(crate) fn encoded(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(char::from(byte)),
            byte => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// What an answer carries.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Body {
    Empty,
    Json(Value),
    /// A content type and bytes.
    Raw(&'static str, Vec<u8>),
}

/// An answer.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Body,
}

impl Answer {
    /// JSON with a status.
    pub(crate) fn json(status: u16, body: Value) -> Self {
        Self { status, headers: Vec::new(), body: Body::Json(body) }
    }

    /// One object or list under its name.
    pub(crate) fn wrapped(status: u16, name: &str, value: impl Into<Value>) -> Self {
        let mut body = Object::new();
        body.insert(name.to_owned(), value.into());
        Self::json(status, Value::Object(body))
    }

    /// Nothing but a status.
    pub(crate) fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Body::Empty }
    }

    /// The same with one more header.
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

/// Why a service refuses a request. Each service prints it in its own shape.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    /// Neutron's exception type; the other services know their kind by the status.
    pub(crate) kind: &'static str,
    pub(crate) message: String,
}

impl Refusal {
    /// With a status and a message.
    pub(crate) fn new(status: u16, message: impl Into<String>) -> Self {
        Self { status, kind: "", message: message.into() }
    }

    /// With Neutron's exception type.
    pub(crate) fn typed(status: u16, kind: &'static str, message: impl Into<String>) -> Self {
        Self { status, kind, message: message.into() }
    }
}

/// What a service's function gives back.
pub(crate) type Outcome = Result<Answer, Refusal>;

/// The map under a name in a request's body; anything else is a refusal with that message.
pub(crate) fn body_of(request: &Request, name: &str, message: &str) -> Result<Object, Refusal> {
    let body = request.json().ok_or_else(|| Refusal::new(400, message))?;
    match body.get(name) {
        Some(Value::Object(object)) => Ok(object.clone()),
        _ => Err(Refusal::new(400, message)),
    }
}

/// The whole body as a map.
pub(crate) fn whole_body(request: &Request) -> Object {
    request.json().map(object_of).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_queries_are_decoded() {
        let request =
            Request::new("GET", "/a/b%2Fc", Some("name=x+y&tag=%C3%A9&tag=z&flag"), Vec::new(), Vec::new());
        assert_eq!(request.segments, ["a", "b/c"]);
        assert_eq!(request.parameter("name"), Some("x y"));
        assert_eq!(request.parameter("tag"), Some("z"));
        assert_eq!(request.query[1].1, "é");
        assert_eq!(request.parameter("flag"), Some(""));
        assert_eq!(encoded("a b/é"), "a%20b%2F%C3%A9");
        let again = Request::from_document(&request.to_document()).unwrap();
        assert_eq!((again.segments, again.query), (request.segments, request.query));
    }
}
