//! Reads the services' error bodies. Every OpenStack service has a shape of its own; all end as a message, the
//! service's own name for it, and a class.

use serde_json::Value;

use super::error::ErrorClass;

/// What an error body says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    /// Neutron's type, or the key under which the others put the fault.
    pub(crate) kind: Option<String>,
    /// The service's words.
    pub(crate) message: String,
}

/// Reads an error body: JSON of any service, else text, else the status.
pub(crate) fn read(status: u16, body: &[u8]) -> Fault {
    let value: Option<Value> = serde_json::from_slice(body).ok();
    if let Some(fault) = value.as_ref().and_then(from_json) {
        return Fault { message: without_markup(fault.message), ..fault };
    }
    let text = String::from_utf8_lossy(body);
    let text = plain_text(&text);
    let message = if text.is_empty() { reason(status).to_owned() } else { text };
    Fault { kind: None, message }
}

fn from_json(value: &Value) -> Option<Fault> {
    let object = value.as_object()?;
    // Placement, ironic and others: {"errors": [{"title", "detail"}]}.
    if let Some(first) = object.get("errors").and_then(Value::as_array).and_then(|list| list.first()) {
        let detail = text_of(first, "detail").or_else(|| text_of(first, "title"))?;
        return Some(Fault { kind: text_of(first, "code").filter(|code| !code.is_empty()), message: detail });
    }
    if let Some((key, inner)) = object.iter().next()
        && object.len() == 1
    {
        match inner {
            // Neutron: {"NeutronError": {"type", "message", "detail"}}; Keystone: {"error": {"code", "message",
            // "title"}}; Nova, Cinder: {"badRequest": {"code", "message"}}.
            Value::Object(_) => {
                let message = text_of(inner, "message").or_else(|| text_of(inner, "title"))?;
                let kind = text_of(inner, "type").unwrap_or_else(|| key.clone());
                return Some(Fault { kind: Some(kind), message });
            }
            // Neutron's framework: {"NeutronError": "text"}; others: {"error": "text"}.
            Value::String(text) => return Some(Fault { kind: Some(key.clone()), message: text.clone() }),
            _ => {}
        }
    }
    // Designate, Octavia (faultstring), Glance's JSON, others.
    let message = text_of(value, "message")
        .or_else(|| text_of(value, "faultstring"))
        .or_else(|| text_of(value, "error_message"))
        .or_else(|| text_of(value, "title"))?;
    let kind = text_of(value, "type").or_else(|| text_of(value, "faultcode"));
    Some(Fault { kind, message })
}

fn text_of(value: &Value, key: &str) -> Option<String> {
    value.get(key)?.as_str().map(str::to_owned)
}

/// Some messages in JSON end with a few tags of the page that they were made for.
fn without_markup(message: String) -> String {
    if message.contains("<br />") { message.replace("<br />", " ").trim().to_owned() } else { message }
}

/// Glance and proxies answer with small HTML pages: the tags go, the words stay.
fn plain_text(text: &str) -> String {
    const LIMIT: usize = 600;
    let body = text.find("<body").map_or(text, |start| &text[start..]);
    let mut plain = String::new();
    let mut in_tag = false;
    for character in body.chars() {
        match character {
            '<' => in_tag = true,
            '>' if in_tag => {
                in_tag = false;
                plain.push(' ');
            }
            _ if !in_tag => plain.push(character),
            _ => {}
        }
        if plain.len() > LIMIT {
            break;
        }
    }
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The class of an answer. `wait` says whether the service sent `Retry-After`.
pub(crate) fn classify(status: u16, fault: &Fault, wait: bool) -> ErrorClass {
    let over_quota = over_quota(status, fault);
    match status {
        404 | 410 => ErrorClass::NotFound,
        401 => ErrorClass::Unauthenticated,
        403 | 409 | 413 if over_quota => ErrorClass::OverLimit,
        403 => ErrorClass::Denied,
        409 => ErrorClass::Conflict,
        413 if wait => ErrorClass::Busy,
        413 => ErrorClass::OverLimit,
        429 => ErrorClass::Busy,
        503 if wait => ErrorClass::Busy,
        // Nothing was done, and nothing will be however often one asks.
        501 => ErrorClass::Unsupported,
        502..=504 => ErrorClass::Unavailable,
        500.. => ErrorClass::Failed,
        _ => ErrorClass::Invalid,
    }
}

/// Nova answers 403 "Quota exceeded …", Neutron 409 `OverQuota`, Cinder 413 `overLimit` with `Retry-After: 0`,
/// Glance 413.
fn over_quota(status: u16, fault: &Fault) -> bool {
    let message = fault.message.to_ascii_lowercase();
    fault.kind.as_deref() == Some("OverQuota")
        || message.contains("quota exceeded")
        || message.contains("exceeds quota")
        || message.contains("exceeds allowed") && message.contains("quota")
        || (status == 413 && message.contains("quota"))
        || (status == 413 && message.contains("maximum number of"))
}

fn reason(status: u16) -> &'static str {
    match status {
        300..400 => "the service redirects elsewhere, which is not followed",
        400 => "bad request",
        401 => "not authenticated",
        403 => "forbidden",
        404 => "not found",
        409 => "conflict",
        413 => "request too large or over limit",
        429 => "too many requests",
        500 => "internal server error",
        502 => "bad gateway",
        503 => "service unavailable",
        504 => "gateway time-out",
        _ => "the service gave no reason",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(status: u16, body: &str) -> (Option<String>, String) {
        let fault = read(status, body.as_bytes());
        (fault.kind, fault.message)
    }

    #[test]
    fn every_service_gives_its_message() {
        let cases = [
            (
                r#"{"NeutronError": {"type": "IpAddressInUse", "message": "in use", "detail": ""}}"#,
                Some("IpAddressInUse"),
                "in use",
            ),
            (r#"{"itemNotFound": {"code": 404, "message": "no server"}}"#, Some("itemNotFound"), "no server"),
            (
                r#"{"error": {"code": 401, "message": "who?", "title": "Unauthorized"}}"#,
                Some("error"),
                "who?",
            ),
            (r#"{"errors": [{"status": 409, "title": "Conflict", "detail": "there"}]}"#, None, "there"),
            (
                r#"{"message": "No image.<br /><br />\n\n\n", "code": "404", "title": "Not Found"}"#,
                None,
                "No image.",
            ),
            (r#"{"faultcode": "Client", "faultstring": "bad pool"}"#, Some("Client"), "bad pool"),
            (
                "<html><head><title>404 Not Found</title></head><body><h1>404 Not Found</h1>No image found\n</body></html>",
                None,
                "404 Not Found No image found",
            ),
            ("", None, "not found"),
        ];
        for (body, kind, message) in cases {
            assert_eq!(fault(404, body), (kind.map(str::to_owned), message.to_owned()), "{body}");
        }
    }

    #[test]
    fn quotas_are_told_from_rights_and_conflicts() {
        let nova = read(403, br#"{"forbidden": {"code": 403, "message": "Quota exceeded for cores"}}"#);
        assert_eq!(classify(403, &nova, false), ErrorClass::OverLimit);
        let neutron = read(409, br#"{"NeutronError": {"type": "OverQuota", "message": "Quota exceeded for resources: ['network']."}}"#);
        assert_eq!(classify(409, &neutron, false), ErrorClass::OverLimit);
        let cinder = read(413, br#"{"overLimit": {"code": 413, "message": "VolumeLimitExceeded: Maximum number of volumes allowed (10) exceeded for quota 'volumes'."}}"#);
        assert_eq!(classify(413, &cinder, true), ErrorClass::OverLimit);
        let policy = read(403, br#"{"forbidden": {"code": 403, "message": "Policy doesn't allow it"}}"#);
        assert_eq!(classify(403, &policy, false), ErrorClass::Denied);
        let rate = read(413, br#"{"overLimit": {"code": 413, "message": "This request was rate-limited."}}"#);
        assert_eq!(classify(413, &rate, true), ErrorClass::Busy);
    }
}
