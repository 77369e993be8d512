//! Ids that we choose where a service lets us: a create that is repeated then collides instead of making a second object.

use heat_plugin_sdk::{Context, Resource};

/// A UUID that is the same for every attempt of the operation and different for every operation.
pub(crate) fn chosen_id<R: Resource>(cx: &Context<'_, R>) -> String {
    uuid(cx.seed())
}

fn uuid(seed: &[u8; 32]) -> String {
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&seed[..16]);
    // Version 4 (random), variant 1.
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let mut text = String::with_capacity(36);
    for (at, byte) in bytes.iter().enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        for digit in [byte >> 4, byte & 0x0f] {
            text.push(char::from_digit(u32::from(digit), 16).unwrap_or('0'));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_makes_a_random_uuid() {
        assert_eq!(uuid(&[0xff; 32]), "ffffffff-ffff-4fff-bfff-ffffffffffff");
        assert_eq!(uuid(&[0; 32]), "00000000-0000-4000-8000-000000000000");
    }
}
