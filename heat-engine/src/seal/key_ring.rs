//! Keys by id, one of them active.

use super::SealError;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chacha20poly1305::XNonce;
use chacha20poly1305::aead::Generate;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use zeroize::{Zeroize, Zeroizing};

/// Length of a key in bytes.
pub const KEY_BYTES: usize = 32;

/// Names a key in a ring: 1 to 64 letters, digits, `-`, `_` or `.`. Not secret; it stands beside every sealed value.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyId(String);

impl KeyId {
    /// An id from its text.
    ///
    /// # Errors
    /// `BadKeys`: the text is empty, longer than 64 characters, or has others than letters, digits, `-`, `_`, `.`.
    pub fn new(id: impl Into<String>) -> Result<Self, SealError> {
        let id = id.into();
        let allowed = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_' | b'.');
        if id.is_empty() || id.len() > 64 || !id.bytes().all(allowed) {
            return Err(SealError::BadKeys {
                reason: "an id of a key is 1 to 64 letters, digits, '-', '_' or '.'".into(),
            });
        }
        Ok(Self(id))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn generate() -> Result<Self, SealError> {
        let bytes = random_bytes::<4>()?;
        Ok(Self(bytes.iter().fold(String::from("key-"), |text, byte| format!("{text}{byte:02x}"))))
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

pub(super) type Key = Zeroizing<[u8; KEY_BYTES]>;

/// Several keys: the active one seals, all of them open. The keys are wiped from memory with the last copy of the ring.
///
/// **Rotation.** [`rotate`](Self::rotate) adds a key and makes it the active one. What is written from then on is sealed
/// with it; what was written before stays readable as long as the old key is in the ring.
#[derive(Clone)]
pub struct KeyRing {
    active: KeyId,
    keys: BTreeMap<KeyId, Arc<Key>>,
}

impl KeyRing {
    /// A ring with one new random key.
    ///
    /// # Errors
    /// `NoRandomness`.
    pub fn generate() -> Result<Self, SealError> {
        let key = Zeroizing::new(random_bytes()?);
        Ok(Self::of(KeyId::generate()?, key))
    }

    /// A ring with this key.
    ///
    /// # Errors
    /// `BadKeys`: not [`KEY_BYTES`] bytes, or all of them zero.
    pub fn from_bytes(id: KeyId, key: &[u8]) -> Result<Self, SealError> {
        Ok(Self::of(id, checked(key)?))
    }

    /// A ring with this key, in base64 (the standard alphabet, padded).
    ///
    /// # Errors
    /// `BadKeys`: not base64, not [`KEY_BYTES`] bytes, or all of them zero.
    pub fn from_base64(id: KeyId, key: &str) -> Result<Self, SealError> {
        Ok(Self::of(id, decoded(key)?))
    }

    fn of(id: KeyId, key: Key) -> Self {
        Self { active: id.clone(), keys: BTreeMap::from([(id, Arc::new(key))]) }
    }

    /// Adds a key that opens, but does not seal.
    ///
    /// # Errors
    /// As [`from_bytes`](Self::from_bytes); or another key has that id.
    pub fn add(&mut self, id: KeyId, key: &[u8]) -> Result<(), SealError> {
        self.insert(id, checked(key)?)
    }

    fn insert(&mut self, id: KeyId, key: Key) -> Result<(), SealError> {
        match self.keys.get(&id) {
            Some(known) if ***known != *key => {
                Err(SealError::BadKeys { reason: format!("two different keys have the id {id}") })
            }
            Some(_) => Ok(()),
            None => {
                self.keys.insert(id, Arc::new(key));
                Ok(())
            }
        }
    }

    /// Adds a new random key, which seals from now on. Gives its id.
    ///
    /// # Errors
    /// `NoRandomness`.
    pub fn rotate(&mut self) -> Result<&KeyId, SealError> {
        let key = Zeroizing::new(random_bytes()?);
        let id = loop {
            let id = KeyId::generate()?;
            if !self.keys.contains_key(&id) {
                break id;
            }
        };
        self.insert(id.clone(), key)?;
        self.active = id;
        Ok(&self.active)
    }

    /// Makes a key of the ring the one that seals.
    ///
    /// # Errors
    /// `MissingKey`.
    pub fn activate(&mut self, id: &KeyId) -> Result<(), SealError> {
        if !self.keys.contains_key(id) {
            return Err(SealError::MissingKey { key: id.to_string() });
        }
        self.active = id.clone();
        Ok(())
    }

    /// The id of the key that seals.
    pub fn active(&self) -> &KeyId {
        &self.active
    }

    /// The ids of all keys.
    pub fn ids(&self) -> impl Iterator<Item = &KeyId> {
        self.keys.keys()
    }

    pub(super) fn key(&self, id: &str) -> Result<&Key, SealError> {
        let missing = || SealError::MissingKey { key: id.to_owned() };
        let id = KeyId::new(id).map_err(|_| missing())?;
        self.keys.get(&id).map(|key| &**key).ok_or_else(missing)
    }

    /// Reads a ring from text: one key a line, `id base64`, the first one seals; `#` begins a comment.
    ///
    /// # Errors
    /// `BadKeys`, with the number of the line.
    pub fn parse(text: &str) -> Result<Self, SealError> {
        let mut ring: Option<Self> = None;
        for (number, line) in text.lines().enumerate() {
            let line = line.split_once('#').map_or(line, |(before, _)| before).trim();
            if line.is_empty() {
                continue;
            }
            let at_line = |error: SealError| match error {
                SealError::BadKeys { reason } => {
                    SealError::BadKeys { reason: format!("line {}: {reason}", number + 1) }
                }
                other => other,
            };
            let (id, key) = line.split_once(char::is_whitespace).ok_or_else(|| {
                at_line(SealError::BadKeys { reason: "an id and a key in base64 are expected".into() })
            })?;
            let (id, key) = (KeyId::new(id).map_err(at_line)?, decoded(key.trim()).map_err(at_line)?);
            match &mut ring {
                Some(ring) => ring.insert(id, key).map_err(at_line)?,
                None => ring = Some(Self::of(id, key)),
            }
        }
        ring.ok_or_else(|| SealError::BadKeys { reason: "there is no key in it".into() })
    }

    /// The ring as text that [`parse`](Self::parse) reads. It is the secret itself.
    pub fn to_text(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(self.keys.len() * 128));
        let others = self.keys.iter().filter(|(id, _)| **id != self.active);
        for (id, key) in self.keys.get_key_value(&self.active).into_iter().chain(others) {
            text.push_str(id.as_str());
            text.push(' ');
            let encoded = Zeroizing::new(STANDARD.encode(key.as_slice()));
            text.push_str(&encoded);
            text.push('\n');
        }
        text
    }
}

/// Only ids: never a key.
impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyRing")
            .field("active", &self.active.0)
            .field("keys", &self.keys.keys().map(KeyId::as_str).collect::<Vec<_>>())
            .finish()
    }
}

fn decoded(text: &str) -> Result<Key, SealError> {
    let mut bytes = STANDARD.decode(text).map_err(|_| SealError::BadKeys {
        reason: "the key is not base64 (standard alphabet, padded)".into(),
    })?;
    let key = checked(&bytes);
    bytes.zeroize();
    key
}

fn checked(key: &[u8]) -> Result<Key, SealError> {
    let bytes: [u8; KEY_BYTES] = key.try_into().map_err(|_| SealError::BadKeys {
        reason: format!("a key has {KEY_BYTES} bytes, this one has {}", key.len()),
    })?;
    let key = Zeroizing::new(bytes);
    if key.iter().all(|byte| *byte == 0) {
        return Err(SealError::BadKeys { reason: "the key is all zero".into() });
    }
    Ok(key)
}

pub(super) fn random_nonce() -> Result<XNonce, SealError> {
    XNonce::try_generate().map_err(|error| SealError::NoRandomness { reason: error.to_string() })
}

fn random_bytes<const N: usize>() -> Result<[u8; N], SealError> {
    <[u8; N]>::try_generate().map_err(|error| SealError::NoRandomness { reason: error.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# comment\nnew AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA= # seals\n\nold AgIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=\n";

    #[test]
    fn a_ring_is_read_from_text_and_its_first_key_seals() {
        let ring = KeyRing::parse(TEXT).unwrap();
        assert_eq!(ring.active().as_str(), "new");
        assert_eq!(ring.ids().map(KeyId::as_str).collect::<Vec<_>>(), ["new", "old"]);
        assert_eq!(KeyRing::parse(&ring.to_text()).unwrap().to_text(), ring.to_text());
    }

    #[test]
    fn a_rotated_ring_survives_its_text() {
        let mut ring = KeyRing::generate().unwrap();
        let first = ring.active().clone();
        let second = ring.rotate().unwrap().clone();
        assert_ne!(first, second);
        let again = KeyRing::parse(&ring.to_text()).unwrap();
        assert_eq!(again.active(), &second);
        assert_eq!(again.ids().count(), 2);
    }

    #[test]
    fn bad_text_is_refused_with_its_line_and_without_the_key() {
        for (text, expected) in [
            ("", "there is no key in it"),
            ("# nothing\n", "there is no key in it"),
            ("\nlonely\n", "line 2: an id and a key in base64 are expected"),
            ("k hunter2!\n", "line 1: the key is not base64"),
            ("k AAAA\n", "line 1: a key has 32 bytes, this one has 3"),
            ("k AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n", "line 1: the key is all zero"),
            ("k/2 AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=\n", "line 1: an id of a key"),
            (
                "k AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=\nk AgIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=\n",
                "line 2: two different keys have the id k",
            ),
        ] {
            let message = KeyRing::parse(text).unwrap_err().to_string();
            assert!(message.contains(expected), "{message}");
            assert!(!message.contains("hunter2"), "{message}");
        }
    }

    #[test]
    fn debug_output_shows_ids_only() {
        let ring = KeyRing::parse(TEXT).unwrap();
        assert_eq!(format!("{ring:?}"), r#"KeyRing { active: "new", keys: ["new", "old"] }"#);
        let sealing = format!("{:?}", super::super::Sealing::Keys(ring));
        assert!(!sealing.contains("AQID") && !sealing.contains("1, 2, 3"), "{sealing}");
    }
}
