//! Texts that come again and again are kept once.

use std::sync::Arc;

/// Longer texts hardly come again.
const LONGEST: usize = 64;

/// How many places there are: a power of two.
const PLACES: usize = 512;

/// The texts that came last, each in a place that follows from its bytes; a newer one takes the place. So it costs the same
/// whatever the texts are, which no table does that grows with them.
pub(super) struct Recent {
    places: Vec<Option<Arc<str>>>,
}

impl Recent {
    /// Nothing came yet.
    pub(super) fn new() -> Self {
        Self { places: vec![None; PLACES] }
    }

    /// The text to keep: the one that came before if it is still there.
    pub(super) fn keep(&mut self, text: &str) -> Arc<str> {
        if text.len() > LONGEST {
            return text.into();
        }
        let Some(place) = self.places.get_mut(place(text.as_bytes())) else { return text.into() };
        match place {
            Some(known) if **known == *text => known.clone(),
            _ => place.insert(text.into()).clone(),
        }
    }
}

/// A place that the length and the bytes at both ends decide.
fn place(bytes: &[u8]) -> usize {
    let word = |bytes: &[u8]| bytes.iter().fold(0_u64, |word, byte| word << 8 | u64::from(*byte));
    let (first, last) = match (bytes.first_chunk::<8>(), bytes.last_chunk::<8>()) {
        (Some(first), Some(last)) => (u64::from_le_bytes(*first), u64::from_le_bytes(*last)),
        _ => (word(bytes), 0),
    };
    let mixed = (first ^ last.rotate_left(23) ^ bytes.len() as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> (u64::BITS - PLACES.trailing_zeros())) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_comes_again_is_the_same_one() {
        let mut recent = Recent::new();
        for text in ["", "type", "OS::Heat::RandomString", "a text of nineteen"] {
            let first = recent.keep(text);
            assert_eq!(&*first, text);
            assert!(Arc::ptr_eq(&first, &recent.keep(text)), "{text}");
        }
        let long = "x".repeat(LONGEST + 1);
        assert!(!Arc::ptr_eq(&recent.keep(&long), &recent.keep(&long)));
    }

    #[test]
    fn texts_that_share_a_place_are_told_apart() {
        let mut recent = Recent::new();
        for number in 0..10 * PLACES {
            let text = format!("name_{number}_of_many");
            assert_eq!(*recent.keep(&text), *text);
        }
    }
}
