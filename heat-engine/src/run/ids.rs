//! Where the engine gets its ids and keys from.

use crate::record::{IncarnationId, StackId, TraversalId};
use heat_plugin_sdk::OperationKey;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use std::sync::{Mutex, PoisonError};
use uuid::Builder;

/// A source of random ids; with a seed the same ones in the same order.
#[derive(Debug)]
pub(crate) struct Ids(Mutex<StdRng>);

impl Ids {
    /// Ids that nobody can guess.
    pub(crate) fn random() -> Self {
        Self(Mutex::new(StdRng::from_rng(&mut rand::rng())))
    }

    /// The same ids in the same order for the same seed.
    pub(crate) fn seeded(seed: u64) -> Self {
        Self(Mutex::new(StdRng::seed_from_u64(seed)))
    }

    fn bytes(&self) -> [u8; 16] {
        let mut bytes = [0; 16];
        self.0.lock().unwrap_or_else(PoisonError::into_inner).fill_bytes(&mut bytes);
        bytes
    }

    /// A random UUID as text.
    pub(crate) fn uuid(&self) -> String {
        Builder::from_random_bytes(self.bytes()).into_uuid().to_string()
    }

    /// Id of a new stack.
    pub(crate) fn stack(&self) -> StackId {
        StackId(self.uuid())
    }

    /// Id of a new traversal.
    pub(crate) fn traversal(&self) -> TraversalId {
        TraversalId(self.uuid())
    }

    /// Id of a new incarnation.
    pub(crate) fn incarnation(&self) -> IncarnationId {
        IncarnationId(self.uuid())
    }

    /// Key of a new operation.
    pub(crate) fn operation(&self) -> OperationKey {
        OperationKey::new(self.bytes().iter().map(|byte| format!("{byte:02x}")).collect::<String>())
    }
}

/// Heat's short id: the first sixty random bits of the UUID in twelve base-32 characters.
pub(crate) fn short_id(incarnation: &IncarnationId) -> String {
    const LETTERS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
    let uuid = uuid::Uuid::parse_str(incarnation.as_str()).unwrap_or_default().as_u128();
    // The sixty random bits of a version 4 UUID, in the order of its "time" field (RFC 4122, 4.1.4).
    let (low, mid, high) = ((uuid >> 96) as u64, (uuid >> 80) as u64 & 0xFFFF, (uuid >> 64) as u64 & 0xFFF);
    let bits = (high << 48) | (mid << 32) | low;
    (0..12).rev().map(|at| char::from(LETTERS[(bits >> (at * 5)) as usize & 31])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeded_ids_repeat_and_short_ids_have_twelve_characters() {
        let (one, two) = (Ids::seeded(7), Ids::seeded(7));
        let id = one.incarnation();
        assert_eq!(id, two.incarnation());
        let short = short_id(&id);
        assert_eq!(short.len(), 12);
        assert_ne!(short, short_id(&one.incarnation()));
        assert_eq!(one.operation().as_str().len(), 32);
    }
}
