//! Sealing: what is secret is encrypted before it reaches a store.

mod error;
mod key_ring;

pub use error::SealError;
pub use key_ring::{KeyId, KeyRing};

/// How secrets lie in the store. There is no default: an embedder gives keys, or says that they may lie in clear.
#[derive(Debug, Clone)]
pub enum Sealing {
    /// Encrypted with the active key of the ring.
    Keys(KeyRing),
    /// As they are. For a store that is itself protected, or that dies with the process.
    Clear,
}
