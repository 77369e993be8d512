//! Why the record could not be written or read.

use super::Epoch;
use crate::record::StackId;
use crate::seal::SealError;
use std::fmt;

/// Why the record could not be written or read. Holds no secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// A living stack of the project has this name.
    #[error("stack {name} already exists in project {project}; choose another name or delete it first")]
    StackExists {
        /// The name.
        name: String,
        /// The project.
        project: String,
    },
    /// Another engine took the stack over: whoever gets this must stop working on it.
    #[error(
        "stack {stack} was taken over by another engine: it is at epoch {found:?}, the write is of epoch {expected:?}; \
         stop working on it"
    )]
    Fenced {
        /// The stack.
        stack: StackId,
        /// The epoch that the writer holds.
        expected: Epoch,
        /// The epoch that the stack is at; none where nobody, or another engine at the same epoch, holds it.
        found: Option<Epoch>,
    },
    /// Another engine that is alive works on the stack.
    #[error("stack {stack} is being worked on by another engine ({holder}); wait until it is done")]
    Claimed {
        /// The stack.
        stack: StackId,
        /// Who: in words for people (`process 4711`).
        holder: String,
    },
    /// There is no such stack.
    #[error("stack {stack} is not in the store")]
    NoSuchStack {
        /// The stack.
        stack: StackId,
    },
    /// What is stored cannot be opened, or cannot be sealed.
    #[error("{what}: {source}")]
    Seal {
        /// Which record.
        what: String,
        /// Why.
        source: SealError,
    },
    /// What is stored is not what was written.
    #[error("{what} cannot be read: {reason}")]
    Corrupt {
        /// Which record.
        what: String,
        /// Why, without the content.
        reason: String,
    },
    /// A batch contradicts itself or what is stored; a mistake of the caller.
    #[error("the batch is refused: {reason}")]
    Refused {
        /// Why.
        reason: String,
    },
    /// No room is left. Nothing of the batch was written; it may be tried again.
    #[error("the store {store} has no room left: {reason}; free some space and try again")]
    Full {
        /// Which store.
        store: String,
        /// In the store's words.
        reason: String,
    },
    /// The store could not do it. Nothing of the batch counts as written.
    #[error("the store {store} failed while {doing}: {reason}")]
    Unavailable {
        /// Which store.
        store: String,
        /// What it was doing.
        doing: String,
        /// In the store's words.
        reason: String,
    },
    /// There is no connection to the server of the store.
    #[error("the store {store} cannot be used: {reason}; {why}")]
    NotConnected {
        /// Which store; without a password.
        store: String,
        /// What kind of trouble it is; says what to do.
        why: Unconnected,
        /// In the server's words.
        reason: String,
    },
    /// The file is something else.
    #[error("{store} is not a store of stacks: {reason}; choose another one")]
    NotAStore {
        /// Which file.
        store: String,
        /// What it is.
        reason: String,
    },
    /// The store was written by a newer version of this program.
    #[error(
        "the store {store} has schema version {found}, this program knows up to {known}; use a newer program"
    )]
    TooNew {
        /// Which store.
        store: String,
        /// Its version.
        found: u32,
        /// The newest that is known.
        known: u32,
    },
}

/// Why there is no connection to the server of a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unconnected {
    /// The address makes no sense.
    Address,
    /// Nothing answers there, or it does not take connections now.
    Unreachable,
    /// The server does not let the user in.
    Denied,
    /// The server has no such database.
    NoDatabase,
    /// The server has all the connections that it allows.
    Crowded,
    /// The server's certificate is not trusted.
    Untrusted,
}

/// What to do.
impl fmt::Display for Unconnected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Address => "correct the address of the store",
            Self::Unreachable => "see whether the server runs, listens there, and can be reached from here",
            Self::Denied => "correct user and password, or let the user in in the server's pg_hba.conf",
            Self::NoDatabase => "make the database (createdb), or name another one",
            Self::Crowded => "an engine needs up to five connections: raise max_connections of the server",
            Self::Untrusted => {
                "name who vouches for the server (?sslrootcert=FILE), or go without TLS where the way is safe \
                 (?sslmode=disable)"
            }
        })
    }
}
