//! Sealing: what is secret is encrypted before it reaches a store.
//!
//! XChaCha20-Poly1305 under a key of a [`KeyRing`], with a random nonce for each value. The [`Place`] where a value
//! belongs is authenticated with it, so that a sealed value that was moved to another row, field or stack does not open.
//!
//! ```
//! use heat_engine::seal::{KeyRing, Place};
//!
//! # fn main() -> Result<(), heat_engine::seal::SealError> {
//! let mut ring = KeyRing::generate()?;
//! let place = Place { stack: "stack-1", record: "resource", row: "row-1", field: "private" };
//! let sealed = ring.seal(&place, b"hunter2")?;
//! ring.rotate()?; // a new key seals from now on, the old one still opens
//! assert_eq!(ring.open(&place, &sealed)?.as_slice(), b"hunter2");
//! assert!(ring.open(&Place { row: "row-2", ..place }, &sealed).is_err());
//! # Ok(())
//! # }
//! ```

mod error;
mod key_file;
mod key_ring;
mod sealed;

pub use error::SealError;
pub use key_file::{KeyFileError, create_key_file, open_key_file, read_key_file, rotate_key_file};
pub use key_ring::{KEY_BYTES, KeyId, KeyRing};
pub use sealed::{Place, key_of};

/// How secrets lie in the store. There is no default: an embedder gives keys, or says that they may lie in clear.
#[derive(Debug, Clone)]
pub enum Sealing {
    /// Encrypted with the active key of the ring.
    Keys(KeyRing),
    /// As they are. For a store that is itself protected, or that dies with the process.
    Clear,
}
