//! The form of a sealed value: version, id of the key, nonce, ciphertext with its tag.

use super::key_ring::random_nonce;
use super::{KeyRing, SealError};
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

const VERSION: u8 = 1;
const NONCE_BYTES: usize = 24;
const TAG_BYTES: usize = 16;

/// Where a sealed value belongs. It opens only there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place<'a> {
    /// Id of the stack; empty where several share it.
    pub stack: &'a str,
    /// Kind of the record (`resource`).
    pub record: &'a str,
    /// Id of the row.
    pub row: &'a str,
    /// Field of the row.
    pub field: &'a str,
}

impl Place<'_> {
    /// What is authenticated beside the ciphertext: the header, and each part with its length, so that no two places give
    /// the same bytes.
    fn associated_data(&self, header: &[u8]) -> Vec<u8> {
        let parts = [self.stack, self.record, self.row, self.field];
        let mut data =
            Vec::with_capacity(header.len() + parts.iter().map(|part| part.len() + 8).sum::<usize>());
        data.extend_from_slice(header);
        for part in parts {
            data.extend_from_slice(&(part.len() as u64).to_le_bytes());
            data.extend_from_slice(part.as_bytes());
        }
        data
    }
}

impl KeyRing {
    /// Seals a value for a place, with the active key.
    ///
    /// # Errors
    /// `NoRandomness`.
    pub fn seal(&self, place: &Place<'_>, value: &[u8]) -> Result<Vec<u8>, SealError> {
        let id = self.active().as_str();
        let key = self.key(id)?;
        let nonce = random_nonce()?;
        let mut sealed = Vec::with_capacity(2 + id.len() + NONCE_BYTES + value.len() + TAG_BYTES);
        sealed.push(VERSION);
        // An id has at most 64 bytes.
        sealed.push(id.len() as u8);
        sealed.extend_from_slice(id.as_bytes());
        let aad = place.associated_data(&sealed);
        let ciphertext = XChaCha20Poly1305::new((&**key).into())
            .encrypt(&nonce, Payload { msg: value, aad: &aad })
            .map_err(|_| SealError::Malformed { reason: "it is too long to be sealed".into() })?;
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(&ciphertext);
        Ok(sealed)
    }

    /// Opens a value that was sealed for this place, with whichever key of the ring sealed it.
    ///
    /// # Errors
    /// `MissingKey`, `Tampered`, `Malformed`.
    pub fn open(&self, place: &Place<'_>, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let parts = Parts::of(sealed)?;
        let key = self.key(parts.key)?;
        let aad = place.associated_data(parts.header);
        XChaCha20Poly1305::new((&**key).into())
            .decrypt(&parts.nonce, Payload { msg: parts.ciphertext, aad: &aad })
            .map(Zeroizing::new)
            .map_err(|_| SealError::Tampered { key: parts.key.to_owned() })
    }
}

/// The id of the key that a value was sealed with: tells what a ring still needs.
///
/// # Errors
/// `Malformed`.
pub fn key_of(sealed: &[u8]) -> Result<&str, SealError> {
    Parts::of(sealed).map(|parts| parts.key)
}

struct Parts<'a> {
    header: &'a [u8],
    key: &'a str,
    nonce: XNonce,
    ciphertext: &'a [u8],
}

impl<'a> Parts<'a> {
    fn of(sealed: &'a [u8]) -> Result<Self, SealError> {
        let malformed = |reason: &str| SealError::Malformed { reason: reason.into() };
        let (&version, rest) = sealed.split_first().ok_or_else(|| malformed("it is empty"))?;
        if version != VERSION {
            return Err(SealError::Malformed { reason: format!("it has the unknown version {version}") });
        }
        let (&length, rest) = rest.split_first().ok_or_else(|| malformed("it is cut off"))?;
        let (key, rest) = rest.split_at_checked(length.into()).ok_or_else(|| malformed("it is cut off"))?;
        let (nonce, ciphertext) =
            rest.split_first_chunk::<NONCE_BYTES>().ok_or_else(|| malformed("it is cut off"))?;
        if ciphertext.len() < TAG_BYTES {
            return Err(malformed("it is cut off"));
        }
        let key = std::str::from_utf8(key).map_err(|_| malformed("the id of its key is not text"))?;
        Ok(Self { header: &sealed[..2 + key.len()], key, nonce: (*nonce).into(), ciphertext })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seal::KeyId;
    use proptest::prelude::*;

    const PLACE: Place<'static> = Place { stack: "s", record: "resource", row: "r", field: "f" };

    #[test]
    fn a_sealed_value_opens_and_shows_nothing_of_itself() {
        let ring = KeyRing::generate().unwrap();
        let sealed = ring.seal(&PLACE, b"correct horse battery staple").unwrap();
        assert!(!sealed.windows(5).any(|window| window == b"horse"));
        assert_eq!(ring.open(&PLACE, &sealed).unwrap().as_slice(), b"correct horse battery staple");
        assert_ne!(sealed, ring.seal(&PLACE, b"correct horse battery staple").unwrap(), "nonces differ");
    }

    #[test]
    fn a_value_opens_only_in_its_own_place() {
        let ring = KeyRing::generate().unwrap();
        let sealed = ring.seal(&PLACE, b"x").unwrap();
        for moved in [
            Place { stack: "t", ..PLACE },
            Place { record: "stack", ..PLACE },
            Place { row: "q", ..PLACE },
            Place { field: "g", ..PLACE },
            Place { stack: "sr", record: "esource", ..PLACE },
            Place { row: "rf", field: "", ..PLACE },
        ] {
            let key = ring.active().to_string();
            assert_eq!(ring.open(&moved, &sealed).unwrap_err(), SealError::Tampered { key }, "{moved:?}");
        }
    }

    #[test]
    fn any_changed_byte_is_noticed() {
        let ring = KeyRing::generate().unwrap();
        let sealed = ring.seal(&PLACE, b"value").unwrap();
        for at in 0..sealed.len() {
            for bit in [1, 0x80] {
                let mut changed = sealed.clone();
                changed[at] ^= bit;
                assert!(ring.open(&PLACE, &changed).is_err(), "byte {at}");
            }
        }
        for length in 0..sealed.len() {
            assert!(ring.open(&PLACE, &sealed[..length]).is_err(), "cut at {length}");
        }
    }

    #[test]
    fn old_keys_open_after_a_rotation_and_a_removed_one_is_named() {
        let mut ring = KeyRing::generate().unwrap();
        let old = ring.active().clone();
        let sealed = ring.seal(&PLACE, b"value").unwrap();
        ring.rotate().unwrap();
        assert_eq!(ring.open(&PLACE, &sealed).unwrap().as_slice(), b"value");
        let newer = ring.seal(&PLACE, b"value").unwrap();
        assert_eq!(key_of(&newer).unwrap(), ring.active().as_str());
        let others = KeyRing::generate().unwrap();
        assert_eq!(others.open(&PLACE, &sealed).unwrap_err(), SealError::MissingKey { key: old.to_string() });
        let impostor = KeyRing::from_bytes(old.clone(), &[7; 32]).unwrap();
        assert_eq!(impostor.open(&PLACE, &sealed).unwrap_err(), SealError::Tampered { key: old.to_string() });
        assert!(KeyId::new("a b").is_err());
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let ring = KeyRing::from_bytes(KeyId::new("k").unwrap(), &[7; 32]).unwrap();
            prop_assert!(ring.open(&PLACE, &bytes).is_err());
        }

        #[test]
        fn every_value_comes_back(value in proptest::collection::vec(any::<u8>(), 0..500)) {
            let ring = KeyRing::from_bytes(KeyId::new("k").unwrap(), &[7; 32]).unwrap();
            let sealed = ring.seal(&PLACE, &value).unwrap();
            let opened = ring.open(&PLACE, &sealed).unwrap();
            prop_assert_eq!(opened.as_slice(), value.as_slice());
        }
    }
}
