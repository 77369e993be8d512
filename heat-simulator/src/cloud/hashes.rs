//! Checksums, fingerprints and the numbers that a seed gives.

use md5::{Digest, Md5};
use sha2::{Sha256, Sha512};

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// MD5 in hexadecimal.
pub(crate) fn md5_hex(data: &[u8]) -> String {
    hex(&Md5::digest(data))
}

/// SHA-512 in hexadecimal.
pub(crate) fn sha512_hex(data: &[u8]) -> String {
    hex(&Sha512::digest(data))
}

/// SHA-256 in hexadecimal.
pub(crate) fn sha256_hex(data: &[u8]) -> String {
    hex(&Sha256::digest(data))
}

/// The `n`th number of a seed (SplitMix64): well mixed, and any `n` can be had at once.
pub(crate) fn mixed(seed: u64, n: u64) -> u64 {
    let mut z = seed.wrapping_add(n.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// The `n`th UUID (version 4) of a seed.
pub(crate) fn uuid(seed: u64, n: u64) -> uuid::Uuid {
    let (high, low) = (mixed(seed, n), mixed(seed ^ 0x5851_f42d_4c95_7f2d, n));
    uuid::Builder::from_random_bytes(((u128::from(high) << 64) | u128::from(low)).to_be_bytes()).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_the_published_ones() {
        assert_eq!(md5_hex(b""), "d41d8cd98f00b204e9800998ecf8427e");
        assert!(sha256_hex(b"abc").starts_with("ba7816bf8f01cfea"));
        assert!(sha512_hex(b"abc").starts_with("ddaf35a193617aba"));
    }

    #[test]
    fn ids_of_a_seed_repeat_and_differ() {
        assert_eq!(uuid(1, 5), uuid(1, 5));
        assert_ne!(uuid(1, 5), uuid(1, 6));
        assert_ne!(uuid(1, 5), uuid(2, 5));
    }
}
