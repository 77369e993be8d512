//! The durable record: typed [`Records`] in front, a [`Store`] of whole transactions behind.
//!
//! What an engine writes goes through [`Records::commit`]: it takes what is secret out of the records, seals it (see
//! [`crate::seal`]) and hands plain rows to a store, so no store ever sees a secret. A commit is one transaction: after a
//! crash all of it is there or nothing.
//!
//! **Who works on a stack.** An engine [claims](Records::claim) a stack before it writes to it and gets an [`Epoch`].
//! Every batch carries that epoch; when another engine has claimed the stack since, the batch is refused as
//! [`StoreError::Fenced`] and nothing of it is written. How a store knows that an engine is gone is its own matter: the
//! SQLite store holds an operating system lock for as long as the process lives, the PostgreSQL store a lease that its
//! engine renews. What engines in several processes have to tell each other goes through [`SharedStore`].
//!
//! **What is sealed**: properties and attributes that a type's schema calls secret, at any depth; what comes from hidden
//! parameters and secret attributes ([`ResourceRecord::sensitive`](crate::record::ResourceRecord::sensitive)); private data
//! of plugins; hidden parameters; credentials with content; sources that say so; of a type that is not registered any more
//! all properties and attributes. Everything else is JSON in clear, so that people can look at it.
//!
//! **Writing a store**: implement [`Store`] and let `testing::broken_promises` (feature `testing`) run against it.
//!
//! ```
//! use heat_engine::store::{MemoryStore, StackQuery, Store};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), heat_engine::store::StoreError> {
//! let store = MemoryStore::new();
//! assert!(store.stacks(&StackQuery::default()).await?.is_empty());
//! # Ok(())
//! # }
//! ```

mod backend;
mod batch;
mod error;
mod form;
mod memory;
mod plans;
#[cfg(feature = "postgres")]
mod postgres;
mod records;
mod retention;
mod row;
mod secrets;
mod shared;
pub(crate) use secrets::{SecretTexts, secret_texts, texts_in};
#[cfg(feature = "sqlite")]
mod sqlite;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
mod vault;

pub use backend::Store;
pub use batch::{Batch, Claim, Epoch, Source, Write};
pub use error::{StoreError, Unconnected};
pub use memory::MemoryStore;
#[cfg(feature = "postgres")]
pub use postgres::{PostgresSettings, PostgresStore};
pub use records::Records;
pub use retention::Retention;
pub use row::{
    Commit, Document, EventQuery, EventRow, ResourceRow, RowWrite, SourceRow, StackQuery, StackRow,
    StoredEvent, TraversalRow,
};
pub use shared::{Heard, Held, SharedStore};
#[cfg(feature = "sqlite")]
pub use sqlite::SqliteStore;
