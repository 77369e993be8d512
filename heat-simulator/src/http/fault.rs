//! Scripted faults: what shall go wrong, with which request.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::time::Duration;

/// A rule: which requests are met, and what happens to them.
///
/// Rules are tried in the order in which they were added; each counts the requests that it matches, and the first that is due
/// takes the request.
///
/// ```
/// use heat_simulator::Fault;
/// use std::time::Duration;
///
/// // The third port creation is refused once.
/// Fault::on("POST", "/network/v2.0/ports").skip(2).refuse(503, "try later");
/// // All of Cinder is down until the rule is taken away.
/// Fault::on("*", "/volume/*").always().refuse(503, "Service Unavailable");
/// // The first server creation is done five seconds later, even if the client does not wait.
/// Fault::on("POST", "/compute/v2.1/servers").hold(Duration::from_secs(5));
/// ```
///
/// As JSON (for `POST /_simulator/faults`):
/// `{"method": "POST", "path": "/network/v2.0/ports", "skip": 2, "times": 1, "effect": {"refuse": {"status": 503, "message": "try later"}}}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// The method, or `*`.
    #[serde(default = "any")]
    pub method: String,
    /// The path without the query; `*` stands for any text.
    pub path: String,
    /// A text that the request's body must have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// Only requests of the project with that id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// How many matching requests pass first.
    #[serde(default)]
    pub skip: u32,
    /// How many are met then; none is all of them.
    #[serde(default = "once")]
    pub times: Option<u32>,
    /// What happens.
    pub effect: Effect,
}

/// What happens to a request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Effect {
    /// It is not worked on; the answer is an error in the service's own shape.
    Refuse {
        /// The status.
        status: u16,
        /// The message.
        message: String,
    },
    /// It is not worked on; the answer is this one.
    Answer {
        /// The status.
        status: u16,
        /// The body.
        body: Value,
        /// More headers, such as `Retry-After`.
        #[serde(default)]
        headers: Vec<(String, String)>,
    },
    /// It is worked on so many milliseconds later.
    Delay(u64),
    /// The connection is closed before it is worked on.
    DropRequest,
    /// It is worked on, then the connection is closed without an answer.
    LoseAnswer,
    /// It is worked on so many milliseconds later, also if the client has gone by then or, with a state file, the cloud was
    /// restarted. What its token allowed is decided on arrival.
    Hold(u64),
    /// Its token has expired.
    ExpireToken,
}

fn any() -> String {
    "*".to_owned()
}

#[allow(clippy::unnecessary_wraps, reason = "serde wants the field's type")]
fn once() -> Option<u32> {
    Some(1)
}

impl Fault {
    /// A rule for a method (or `*`) and a path (with `*` for any text), so far one that does nothing: say what happens. It meets the
    /// first matching request only, until [`skip`](Self::skip), [`times`](Self::times) or [`always`](Self::always) say otherwise.
    pub fn on(method: impl Into<String>, path: impl Into<String>) -> Self {
        Self {
            method: method.into(),
            path: path.into(),
            body: None,
            project: None,
            skip: 0,
            times: Some(1),
            effect: Effect::Delay(0),
        }
    }

    /// Only requests whose body has this text.
    #[must_use]
    pub fn with_body(mut self, text: impl Into<String>) -> Self {
        self.body = Some(text.into());
        self
    }

    /// Only requests of the project with that id.
    #[must_use]
    pub fn of_project(mut self, project_id: impl Into<String>) -> Self {
        self.project = Some(project_id.into());
        self
    }

    /// Lets so many matching requests pass first.
    #[must_use]
    pub fn skip(mut self, count: u32) -> Self {
        self.skip = count;
        self
    }

    /// Meets so many requests.
    #[must_use]
    pub fn times(mut self, count: u32) -> Self {
        self.times = Some(count);
        self
    }

    /// Meets every matching request from then on.
    #[must_use]
    pub fn always(mut self) -> Self {
        self.times = None;
        self
    }

    /// Sets what happens.
    #[must_use]
    pub fn effect(mut self, effect: Effect) -> Self {
        self.effect = effect;
        self
    }

    /// An error in the service's own shape.
    #[must_use]
    pub fn refuse(self, status: u16, message: impl Into<String>) -> Self {
        self.effect(Effect::Refuse { status, message: message.into() })
    }

    /// This answer.
    #[must_use]
    pub fn answer(self, status: u16, body: Value) -> Self {
        self.effect(Effect::Answer { status, body, headers: Vec::new() })
    }

    /// See [`Effect::Delay`].
    #[must_use]
    pub fn delay(self, duration: Duration) -> Self {
        self.effect(Effect::Delay(milliseconds(duration)))
    }

    /// See [`Effect::DropRequest`].
    #[must_use]
    pub fn drop_request(self) -> Self {
        self.effect(Effect::DropRequest)
    }

    /// See [`Effect::LoseAnswer`].
    #[must_use]
    pub fn lose_answer(self) -> Self {
        self.effect(Effect::LoseAnswer)
    }

    /// See [`Effect::Hold`].
    #[must_use]
    pub fn hold(self, duration: Duration) -> Self {
        self.effect(Effect::Hold(milliseconds(duration)))
    }

    /// See [`Effect::ExpireToken`].
    #[must_use]
    pub fn expire_token(self) -> Self {
        self.effect(Effect::ExpireToken)
    }

    fn matches(&self, method: &str, path: &str, body: &[u8], project: Option<&str>) -> bool {
        (self.method == "*" || self.method.eq_ignore_ascii_case(method))
            && glob(&self.path, path)
            && self.project.as_deref().is_none_or(|wanted| project == Some(wanted))
            && self.body.as_deref().is_none_or(|text| String::from_utf8_lossy(body).contains(text))
    }
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// Whether a text fits a pattern in which `*` stands for any text.
fn glob(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or("");
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    true
}

/// The rules in force.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    rules: Vec<(Fault, u32)>,
}

impl Faults {
    pub(crate) fn add(&mut self, fault: Fault) {
        self.rules.push((fault, 0));
    }

    pub(crate) fn clear(&mut self) {
        self.rules.clear();
    }

    /// The rules that can still meet a request.
    pub(crate) fn list(&self) -> Vec<Fault> {
        self.rules.iter().map(|(fault, _)| fault.clone()).collect()
    }

    /// Counts a request and gives what shall happen to it.
    pub(crate) fn meet(
        &mut self,
        method: &str,
        path: &str,
        body: &[u8],
        project: Option<&str>,
    ) -> Option<Effect> {
        let mut taken = None;
        for (fault, seen) in &mut self.rules {
            if !fault.matches(method, path, body, project) {
                continue;
            }
            *seen = seen.saturating_add(1);
            let past = *seen > fault.skip;
            let due = past && fault.times.is_none_or(|times| *seen - fault.skip <= times);
            if due {
                taken = Some(fault.effect.clone());
                break;
            }
        }
        self.rules
            .retain(|(fault, seen)| fault.times.is_none_or(|times| *seen < fault.skip.saturating_add(times)));
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_fit_whole_paths() {
        assert!(glob("/volume/*", "/volume/v3/x"));
        assert!(glob("/*/servers/*/action", "/compute/v2.1/servers/1/action"));
        assert!(!glob("/*/servers", "/compute/v2.1/servers/1"));
        assert!(glob("*", "") && glob("/a", "/a") && !glob("/a", "/ab"));
    }

    #[test]
    fn a_rule_meets_the_occurrences_it_names() {
        let mut faults = Faults::default();
        faults.add(Fault::on("POST", "/p").skip(1).times(2).drop_request());
        let met: Vec<bool> = (0..5).map(|_| faults.meet("POST", "/p", b"", None).is_some()).collect();
        assert_eq!(met, [false, true, true, false, false]);
        assert!(faults.list().is_empty());
        assert!(faults.meet("GET", "/p", b"", None).is_none());
    }

    #[test]
    fn rules_are_written_as_json() {
        let text = r#"{"path": "/x", "effect": {"hold": 50}}"#;
        let fault: Fault = serde_json::from_str(text).unwrap();
        assert_eq!(fault, Fault::on("*", "/x").hold(Duration::from_millis(50)));
        let text = r#"{"path": "/x", "times": null, "effect": "lose_answer"}"#;
        let fault: Fault = serde_json::from_str(text).unwrap();
        assert_eq!(fault, Fault::on("*", "/x").always().lose_answer());
    }
}
