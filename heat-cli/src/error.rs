//! Why a command fails: the exit code, the words for people, and the Orchestration API's error body for programs.

use heat_engine::EngineError;
use heat_engine::plan::PlanError;
use heat_engine::store::{StoreError, Unconnected};
use heat_plugin_sdk::{Failure, FailureClass};
use heat_template::diagnostic::Diagnostic;
use heat_template::render;
use heat_template::source::SourceMap;
use serde_json::{Value, json};

/// Why a command fails.
#[derive(Debug)]
pub(crate) enum CliError {
    /// What the user wrote is wrong.
    Input(String),
    /// The template, the environment or the parameters are not right.
    Refused {
        /// Everything that was found.
        diagnostics: Vec<Diagnostic>,
        /// What the places in them are in.
        sources: SourceMap,
    },
    /// The engine refuses.
    Engine(Box<EngineError>),
    /// A service refuses, or does not answer.
    Service(Failure),
    /// Something else goes wrong: a file that cannot be written, a simulator that does not start.
    Failed(String),
    /// The operation failed, which was told already.
    Told,
    /// Ctrl-C.
    Interrupted,
    /// Nobody reads the answer.
    NobodyReads,
}

/// The result of a command.
pub(crate) type Result<T, E = CliError> = std::result::Result<T, E>;

impl CliError {
    /// The input is wrong.
    pub(crate) fn input(message: impl Into<String>) -> Self {
        Self::Input(message.into())
    }

    /// What the engine refuses, with the texts that the places are in.
    pub(crate) fn refused(error: EngineError, sources: &SourceMap) -> Self {
        let diagnostics = match error {
            EngineError::Refused(refused) => refused.diagnostics,
            EngineError::Plan(
                error @ (PlanError::Properties { .. } | PlanError::Immutable { place: Some(_), .. }),
            ) => error.diagnostics(),
            error => return error.into(),
        };
        Self::Refused { diagnostics, sources: sources.clone() }
    }

    /// What the process ends with.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Input(_) | Self::Refused { .. } => 2,
            Self::Engine(error) => engine_exit_code(error),
            Self::Service(failure) => service_exit_code(failure),
            Self::Failed(_) | Self::Told => 1,
            Self::Interrupted => 130,
            Self::NobodyReads => 0,
        }
    }

    /// One text, for the API's error body. `None` where there is nothing more to say.
    pub(crate) fn message(&self) -> Option<String> {
        match self {
            Self::Input(message) | Self::Failed(message) => Some(message.clone()),
            Self::Refused { diagnostics, sources } => Some(render::heat(diagnostics, sources)),
            Self::Engine(error) => Some(match &**error {
                // The command line knows clouds, not projects.
                EngineError::NoSuchStack { name, project } if project.starts_with("on ") => {
                    format!("there is no stack {name} {project}")
                }
                error => error.to_string(),
            }),
            Self::Service(failure) => Some(failure.to_string()),
            Self::Told | Self::Interrupted | Self::NobodyReads => None,
        }
    }

    /// The API's error body with the diagnostics. `None` where there is nothing more to say.
    pub(crate) fn body(&self) -> Option<Value> {
        let message = self.message()?;
        let (code, title, kind) = self.class();
        let diagnostics = match self {
            Self::Refused { diagnostics, sources } => json!(render::json(diagnostics, sources)),
            _ => json!([]),
        };
        let explanation = match code {
            400 => {
                "The server could not comply with the request since it is either malformed or otherwise incorrect."
            }
            401 => "This server could not verify that you are authorized to access what was asked for.",
            403 => "Access was denied.",
            404 => "The resource could not be found.",
            409 => "There was a conflict when trying to complete your request.",
            501 => "This is not supported.",
            503 => "The service is not available at the moment.",
            _ => "The operation failed.",
        };
        Some(json!({
            "code": code,
            "title": title,
            "explanation": explanation,
            "error": {"type": kind, "message": message, "traceback": null},
            "diagnostics": diagnostics,
        }))
    }

    /// The same as a SARIF log: what is wrong, or why nothing could be checked.
    pub(crate) fn sarif(&self) -> Option<Value> {
        let version = env!("CARGO_PKG_VERSION");
        match self {
            Self::Refused { diagnostics, sources } => Some(render::sarif(diagnostics, sources, version)),
            _ => Some(render::sarif_failure(&self.message()?, version)),
        }
    }

    /// HTTP code, its name, and Heat's name of the error.
    fn class(&self) -> (u16, &'static str, &'static str) {
        const BAD: (u16, &str) = (400, "Bad Request");
        let with = |(code, title), kind| (code, title, kind);
        match self {
            Self::Input(_) => with(BAD, "HTTPBadRequest"),
            Self::Refused { .. } => with(BAD, "StackValidationFailed"),
            Self::Engine(error) => match &**error {
                EngineError::Refused(_) | EngineError::BadName { .. } => with(BAD, "StackValidationFailed"),
                EngineError::Plan(_) => with(BAD, "CircularDependencyException"),
                EngineError::Select(_) | EngineError::WouldFail { .. } => with(BAD, "StackValidationFailed"),
                EngineError::Limit { .. } => with(BAD, "RequestLimitExceeded"),
                EngineError::Unsupported(_) => with((501, "Not Implemented"), "NotSupported"),
                EngineError::NoSuchStack { .. }
                | EngineError::NoSuchOutput { .. }
                | EngineError::NoSuchSnapshot { .. } => with((404, "Not Found"), "EntityNotFound"),
                EngineError::NoHook { .. } => with(BAD, "InvalidBreakPointHook"),
                EngineError::NoSuchResource { .. } => with((404, "Not Found"), "ResourceNotFound"),
                EngineError::Store(StoreError::StackExists { .. }) => with((409, "Conflict"), "StackExists"),
                EngineError::Store(StoreError::Claimed { .. }) | EngineError::State { .. } => {
                    with((409, "Conflict"), "ActionInProgress")
                }
                EngineError::Store(StoreError::NotConnected { .. }) => {
                    with((503, "Service Unavailable"), "ServiceUnavailable")
                }
                EngineError::Signal { .. } => with(BAD, "ResourceActionNotSupported"),
                EngineError::StalePlan { .. } => with((409, "Conflict"), "StalePlan"),
                EngineError::BadPlan { .. } => with(BAD, "InvalidPlan"),
                EngineError::Service(failure) => service_class(failure),
                EngineError::Paused { .. } => with((401, "Unauthorized"), "AuthorizationFailure"),
                _ => with((500, "Internal Server Error"), "HTTPInternalServerError"),
            },
            Self::Service(failure) => service_class(failure),
            _ => with((500, "Internal Server Error"), "HTTPInternalServerError"),
        }
    }
}

/// What the user asked for cannot be: 2. It could have been: 1.
fn engine_exit_code(error: &EngineError) -> u8 {
    match error {
        EngineError::Refused(_)
        | EngineError::Plan(_)
        | EngineError::NoSuchStack { .. }
        | EngineError::NoSuchResource { .. }
        | EngineError::NoSuchOutput { .. }
        | EngineError::NoHook { .. }
        | EngineError::NoSuchSnapshot { .. }
        | EngineError::BadName { .. }
        | EngineError::BadPlan { .. }
        | EngineError::Select(_)
        | EngineError::WouldFail { .. }
        | EngineError::StalePlan { .. }
        | EngineError::Limit { .. }
        | EngineError::Signal { .. }
        | EngineError::Unsupported(_)
        | EngineError::Store(
            StoreError::StackExists { .. }
            | StoreError::NotConnected {
                why:
                    Unconnected::Address | Unconnected::Denied | Unconnected::NoDatabase | Unconnected::Untrusted,
                ..
            },
        ) => 2,
        EngineError::Service(failure) => service_exit_code(failure),
        _ => 1,
    }
}

/// Credentials and values come from the user; whether a service answers does not.
fn service_exit_code(failure: &Failure) -> u8 {
    match failure.class() {
        FailureClass::Unauthenticated | FailureClass::Invalid { .. } => 2,
        _ => 1,
    }
}

fn service_class(failure: &Failure) -> (u16, &'static str, &'static str) {
    match failure.class() {
        FailureClass::Unauthenticated => (401, "Unauthorized", "AuthorizationFailure"),
        FailureClass::Denied => (403, "Forbidden", "Forbidden"),
        FailureClass::NotFound => (404, "Not Found", "EntityNotFound"),
        FailureClass::Conflict | FailureClass::Busy { .. } => (409, "Conflict", "Conflict"),
        FailureClass::Invalid { .. } => (400, "Bad Request", "StackValidationFailed"),
        FailureClass::Unsupported => (501, "Not Implemented", "NotSupported"),
        FailureClass::Unavailable { .. } | FailureClass::Unanswered => {
            (503, "Service Unavailable", "ServiceUnavailable")
        }
        _ => (500, "Internal Server Error", "HTTPInternalServerError"),
    }
}

impl From<EngineError> for CliError {
    fn from(error: EngineError) -> Self {
        Self::Engine(Box::new(error))
    }
}

impl From<StoreError> for CliError {
    fn from(error: StoreError) -> Self {
        EngineError::from(error).into()
    }
}

impl From<Failure> for CliError {
    fn from(failure: Failure) -> Self {
        Self::Service(failure)
    }
}

impl From<std::io::Error> for CliError {
    /// An error of writing the answer.
    fn from(error: std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::BrokenPipe => Self::NobodyReads,
            std::io::ErrorKind::InvalidInput => Self::Input(error.to_string()),
            _ => Self::Failed(format!("the answer cannot be written: {error}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_user_can_mend_is_2_and_what_went_wrong_is_1() {
        let engine = |error: EngineError| CliError::from(error).exit_code();
        assert_eq!(CliError::input("x").exit_code(), 2);
        assert_eq!(engine(EngineError::NoSuchStack { name: "web".into(), project: "p".into() }), 2);
        assert_eq!(engine(EngineError::Service(Failure::unauthenticated("wrong password"))), 2);
        assert_eq!(engine(EngineError::Service(Failure::unavailable(None, "no connection"))), 1);
        assert_eq!(engine(EngineError::Stopped { stack: "web".into() }), 1);
        assert_eq!(CliError::Told.exit_code(), 1);
    }

    #[test]
    fn the_body_is_the_apis() {
        let error = CliError::from(EngineError::NoSuchStack { name: "web".into(), project: "p".into() });
        let body = error.body().unwrap();
        assert_eq!(body["code"], 404);
        assert_eq!(body["error"]["type"], "EntityNotFound");
        assert!(body["error"]["message"].as_str().unwrap().contains("web"));
        assert_eq!(body["diagnostics"], json!([]));
        assert_eq!(CliError::Told.body(), None);
    }
}
