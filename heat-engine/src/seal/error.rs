//! Why something could not be sealed or opened.

/// Why something could not be sealed or opened. Holds no secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SealError {
    /// It was sealed with a key that is not in the ring.
    #[error("it was sealed with key {key}, which is not in the key ring; add that key")]
    MissingKey {
        /// Id of the key.
        key: String,
    },
    /// It is not what was sealed, or the key under that id is another one.
    #[error(
        "it cannot be opened with key {key}: it was changed or moved, or the key is another one of the same id"
    )]
    Tampered {
        /// Id of the key.
        key: String,
    },
    /// It is nothing that was ever sealed.
    #[error("it is not a sealed value: {reason}")]
    Malformed {
        /// Why.
        reason: String,
    },
    /// A key or a key ring is not usable.
    #[error("the key ring cannot be used: {reason}")]
    BadKeys {
        /// Why, without the keys.
        reason: String,
    },
    /// The operating system gives no randomness.
    #[error("the operating system gives no random numbers: {reason}")]
    NoRandomness {
        /// In its words.
        reason: String,
    },
}
