//! The durable record: typed [`Records`] in front, a [`Store`] of whole transactions behind.
//!
//! What an engine writes goes through [`Records::commit`]: it takes what is secret out of the records, seals it (see
//! [`crate::seal`]) and hands plain rows to a store, so no store ever sees a secret. A commit is one transaction: after a
//! crash all of it is there or nothing.
//!
//! **Who works on a stack.** An engine [claims](Records::claim) a stack before it writes to it and gets an [`Epoch`].
//! Every batch carries that epoch; when another engine has claimed the stack since, the batch is refused as
//! [`StoreError::Fenced`] and nothing of it is written. How a store knows that an engine is gone is its own matter: the
//! SQLite store holds an operating system lock for as long as the process lives.

mod backend;
mod batch;
mod error;
mod form;
mod memory;
mod records;
mod retention;
mod row;
mod secrets;
#[cfg(feature = "sqlite")]
mod sqlite;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
mod vault;

pub use backend::Store;
pub use batch::{Batch, Claim, Epoch, Source, Write};
pub use error::StoreError;
pub use memory::MemoryStore;
pub use records::Records;
pub use retention::Retention;
pub use row::{
    Commit, Document, EventQuery, EventRow, ResourceRow, RowWrite, SourceRow, StackQuery, StackRow,
    StoredEvent, TraversalRow,
};
#[cfg(feature = "sqlite")]
pub use sqlite::SqliteStore;
