//! What PostgreSQL's errors mean. Its messages name tables, columns and roles; the values are in the details, which are
//! never repeated.

use crate::store::{StoreError, Unconnected};
use std::error::Error as _;
use tokio_postgres::Error;
use tokio_postgres::error::SqlState;

/// Why something was not done.
#[derive(Debug)]
pub(super) enum Trouble {
    /// The connection is gone, or the server is; another one may do it.
    Lost(String),
    /// Another transaction was in the way; the same may be done again.
    Again(String),
    /// The request is refused.
    Refused(StoreError),
    /// The database cannot do it.
    Database(Error),
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        if is_loss(&error) {
            return Self::Lost(words(&error));
        }
        match error.code() {
            Some(code)
                if [
                    &SqlState::T_R_SERIALIZATION_FAILURE,
                    &SqlState::T_R_DEADLOCK_DETECTED,
                    // Another engine has made the same at the same time: the next look sees it.
                    &SqlState::UNIQUE_VIOLATION,
                ]
                .contains(&code) =>
            {
                Self::Again(words(&error))
            }
            _ => Self::Database(error),
        }
    }
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        Self::Refused(error)
    }
}

/// Whether the connection, or the server, is gone or on its way out.
fn is_loss(error: &Error) -> bool {
    let Some(code) = error.code() else {
        return error.is_closed() || causes(error).any(|cause| cause.is::<std::io::Error>());
    };
    // Connection exceptions, and what a server says that stops or starts.
    code.code().starts_with("08")
        || [&SqlState::ADMIN_SHUTDOWN, &SqlState::CRASH_SHUTDOWN, &SqlState::CANNOT_CONNECT_NOW]
            .contains(&code)
}

/// What caused an error, the nearest first.
fn causes(error: &Error) -> impl Iterator<Item = &(dyn std::error::Error + 'static)> {
    let mut next = error.source();
    std::iter::from_fn(move || {
        let cause = next?;
        next = cause.source();
        Some(cause)
    })
}

/// What an error says, without values.
pub(super) fn words(error: &Error) -> String {
    match error.as_db_error() {
        Some(error) => error.message().to_owned(),
        None => chain(error),
    }
}

/// An error with what caused it.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let more = cause.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        source = cause.source();
    }
    text
}

/// What an error of a request means for the one who asked.
pub(super) fn explain(store: &str, doing: &str, error: &Error) -> StoreError {
    let (store, reason) = (store.to_owned(), words(error));
    match error.code() {
        Some(code) if *code == SqlState::DISK_FULL => StoreError::Full { store, reason },
        _ => StoreError::Unavailable { store, doing: doing.to_owned(), reason },
    }
}

/// Why there is no connection, and what to do.
pub(super) fn unconnected(store: &str, error: &Error) -> StoreError {
    let why = match error.code() {
        Some(code)
            if [&SqlState::INVALID_PASSWORD, &SqlState::INVALID_AUTHORIZATION_SPECIFICATION]
                .contains(&code) =>
        {
            Unconnected::Denied
        }
        Some(code) if *code == SqlState::INVALID_CATALOG_NAME => Unconnected::NoDatabase,
        Some(code) if *code == SqlState::TOO_MANY_CONNECTIONS => Unconnected::Crowded,
        Some(_) => Unconnected::Unreachable,
        None => {
            let caused_by_tls =
                causes(error).any(|cause| cause.to_string().to_lowercase().contains("certificate"));
            let text = chain(error);
            if caused_by_tls {
                Unconnected::Untrusted
            } else if text.contains("password missing") || text.contains("authentication") {
                Unconnected::Denied
            } else {
                Unconnected::Unreachable
            }
        }
    };
    StoreError::NotConnected { store: store.to_owned(), why, reason: words(error) }
}
