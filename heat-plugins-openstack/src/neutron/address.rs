//! Ranges of addresses.

use std::net::IpAddr;

/// Whether two ranges in CIDR notation share an address. What cannot be read is equal only to itself.
pub(crate) fn overlap(one: &str, other: &str) -> bool {
    match (range(one), range(other)) {
        (Some((first, last)), Some((other_first, other_last))) => first <= other_last && other_first <= last,
        _ => one == other,
    }
}

/// First and last address. Versions 4 and 6 do not meet: version 4 is placed where version 6 has no networks.
fn range(cidr: &str) -> Option<(u128, u128)> {
    let (address, length) = cidr.split_once('/')?;
    let length: u32 = length.parse().ok()?;
    let (bits, width) = match address.parse().ok()? {
        IpAddr::V4(address) => (u128::from(address.to_bits()), 32),
        IpAddr::V6(address) => (address.to_bits(), 128),
    };
    let free = width - width.min(length);
    let mask = 1_u128.checked_shl(free).map_or(u128::MAX, |size| size - 1);
    Some((bits & !mask, bits | mask))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_that_share_an_address_overlap() {
        assert!(overlap("10.0.0.0/24", "10.0.0.128/25"));
        assert!(overlap("10.0.0.0/24", "10.0.0.0/24"));
        assert!(!overlap("10.0.0.0/24", "10.0.1.0/24"));
        assert!(overlap("0.0.0.0/0", "10.0.1.0/24"));
        assert!(overlap("2001:db8::/32", "2001:db8:1::/48"));
        assert!(!overlap("2001:db8::/32", "2001:db9::/32"));
        assert!(overlap("odd", "odd") && !overlap("odd", "10.0.0.0/8"));
    }
}
