//! Why a call failed, in classes that the engine acts on.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

/// What a call of a plugin gives.
pub type Result<T, E = Failure> = std::result::Result<T, E>;

/// The class of a failure decides what the engine does: try again, look what happened, or give up.
///
/// Retries, back-off with jitter, time-outs and cancellation belong to the engine; a plugin never sleeps or loops.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum FailureClass {
    /// The object is not there. Success for a delete.
    NotFound,
    /// The request contradicts the state of another object (a name taken, an object in use). Tried again a few times:
    /// what is in the way may be going.
    Conflict,
    /// The object is busy with something else. Tried again.
    Busy {
        /// When, if the service says.
        after: Option<Duration>,
    },
    /// A quota or a rate is exhausted. A rate is tried again after its pause; a quota is not.
    OverLimit {
        /// When to try again; `None` for a quota.
        after: Option<Duration>,
    },
    /// The credentials are not accepted (any more). The work pauses until there are new ones or fails with the reason.
    Unauthenticated,
    /// The credentials are good, but may not do this. Final.
    Denied,
    /// The service does not accept a value. Final.
    Invalid {
        /// The property with the value, as a dotted path, if it is known.
        property: Option<String>,
    },
    /// The service could not be reached or could not serve, and surely did nothing. Tried again.
    Unavailable {
        /// When, if the service says.
        after: Option<Duration>,
    },
    /// The request was sent and no answer came: it may have been done, be done later, or never be done. A create is
    /// followed by [`find`](crate::Resource::find), everything else by a read.
    Unanswered,
    /// The object went to its error state, or anything else that trying again does not mend. Final.
    Failed,
    /// The plugin does not do this. Final.
    Unsupported,
}

/// What was tried, why it failed and in which class. Never holds a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    class: FailureClass,
    message: Cow<'static, str>,
    request_id: Option<String>,
    name: Option<&'static str>,
}

impl Failure {
    /// A failure of any class. The message says what was tried on what and why it failed.
    pub fn new(class: FailureClass, message: impl Into<Cow<'static, str>>) -> Self {
        Self { class, message: message.into(), request_id: None, name: None }
    }

    /// The object is not there.
    pub fn not_found(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(FailureClass::NotFound, message)
    }

    /// Another object is in the way.
    pub fn conflict(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(FailureClass::Conflict, message)
    }

    /// The object is busy.
    pub fn busy(after: Option<Duration>, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(FailureClass::Busy { after }, message)
    }

    /// A quota (`after` is `None`) or a rate is exhausted.
    pub fn over_limit(after: Option<Duration>, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(FailureClass::OverLimit { after }, message)
    }

    /// The credentials are not accepted.
    pub fn unauthenticated(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(FailureClass::Unauthenticated, message)
    }

    /// The credentials may not do this.
    pub fn denied(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(FailureClass::Denied, message)
    }

    /// A property's value is not accepted.
    pub fn invalid(property: impl Into<Option<String>>, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(FailureClass::Invalid { property: property.into() }, message)
    }

    /// The service cannot serve at the moment and did nothing.
    pub fn unavailable(after: Option<Duration>, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(FailureClass::Unavailable { after }, message)
    }

    /// No answer came to a request that was sent.
    pub fn unanswered(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(FailureClass::Unanswered, message)
    }

    /// Final, for the reason given.
    pub fn failed(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(FailureClass::Failed, message)
    }

    /// The plugin does not do this.
    pub fn unsupported(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(FailureClass::Unsupported, message)
    }

    /// Adds the service's own id of the request, for its operators.
    #[must_use]
    pub fn with_request_id(mut self, id: impl Into<String>) -> Self {
        self.request_id = Some(id.into());
        self
    }

    /// Names the failure as Heat does where that is not by its class: reasons begin with the name.
    #[must_use]
    pub fn named(mut self, name: &'static str) -> Self {
        self.name = Some(name);
        self
    }

    /// The name that it was given.
    pub fn name(&self) -> Option<&'static str> {
        self.name
    }

    /// The class.
    pub fn class(&self) -> &FailureClass {
        &self.class
    }

    /// What was tried and why it failed, without the request id.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The service's own id of the request.
    pub fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref()
    }

    /// Whether the object is not there.
    pub fn is_not_found(&self) -> bool {
        self.class == FailureClass::NotFound
    }

    /// Whether it is unknown if the request was done.
    pub fn is_uncertain(&self) -> bool {
        self.class == FailureClass::Unanswered
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        if let Some(id) = &self.request_id {
            write!(f, " (request {id})")?;
        }
        Ok(())
    }
}

impl std::error::Error for Failure {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_constructor_gives_its_class() {
        let pause = Some(Duration::from_secs(3));
        for (failure, class) in [
            (Failure::not_found("x"), FailureClass::NotFound),
            (Failure::conflict("x"), FailureClass::Conflict),
            (Failure::busy(pause, "x"), FailureClass::Busy { after: pause }),
            (Failure::over_limit(None, "x"), FailureClass::OverLimit { after: None }),
            (Failure::unauthenticated("x"), FailureClass::Unauthenticated),
            (Failure::denied("x"), FailureClass::Denied),
            (Failure::invalid("p".to_owned(), "x"), FailureClass::Invalid { property: Some("p".into()) }),
            (Failure::unavailable(pause, "x"), FailureClass::Unavailable { after: pause }),
            (Failure::unanswered("x"), FailureClass::Unanswered),
            (Failure::failed("x"), FailureClass::Failed),
            (Failure::unsupported("x"), FailureClass::Unsupported),
        ] {
            assert_eq!((failure.class(), failure.name()), (&class, None));
            assert_eq!(failure.clone().named("Own").name(), Some("Own"));
            assert_eq!(failure.is_not_found(), class == FailureClass::NotFound);
            assert_eq!(failure.is_uncertain(), class == FailureClass::Unanswered);
        }
    }

    #[test]
    fn the_service_s_request_id_is_told_beside_the_message() {
        let failure = Failure::denied("create of server web: policy").with_request_id("req-7");
        assert_eq!(failure.to_string(), "create of server web: policy (request req-7)");
        assert_eq!(
            (failure.message(), failure.request_id()),
            ("create of server web: policy", Some("req-7"))
        );
    }
}
