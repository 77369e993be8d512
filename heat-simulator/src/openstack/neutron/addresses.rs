//! Addresses and subnets as numbers.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// An IP subnet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cidr {
    pub(super) v6: bool,
    pub(super) first: u128,
    pub(super) prefix: u8,
}

/// An address as a number.
pub(super) fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => u128::from(u32::from(v4)),
        IpAddr::V6(v6) => u128::from(v6),
    }
}

/// A text's address as a number.
pub(super) fn parse(text: &str) -> Option<u128> {
    text.parse::<IpAddr>().ok().map(number)
}

/// A number as an address.
pub(super) fn address(number: u128, v6: bool) -> IpAddr {
    if v6 {
        IpAddr::V6(Ipv6Addr::from(number))
    } else {
        IpAddr::V4(Ipv4Addr::from(u32::try_from(number & u128::from(u32::MAX)).unwrap_or(0)))
    }
}

impl Cidr {
    /// A text as a subnet, and whether its address has no bits beyond the prefix.
    pub(super) fn parse(text: &str) -> Option<(Self, bool)> {
        let (ip, prefix) = text.split_once('/').map_or((text, None), |(ip, prefix)| (ip, Some(prefix)));
        let ip: IpAddr = ip.parse().ok()?;
        let bits = if ip.is_ipv6() { 128 } else { 32 };
        let prefix = match prefix {
            Some(prefix) => prefix.parse().ok().filter(|prefix| *prefix <= bits)?,
            None => bits,
        };
        let cidr = Self { v6: ip.is_ipv6(), first: 0, prefix };
        let first = number(ip) & !cidr.host_mask();
        Some((Self { first, ..cidr }, first == number(ip)))
    }

    /// The bits behind the prefix.
    fn host_mask(self) -> u128 {
        let bits = u32::from(if self.v6 { 128 - self.prefix } else { 32 - self.prefix });
        if bits == 128 { u128::MAX } else { (1 << bits) - 1 }
    }

    /// The last address.
    pub(super) fn last(self) -> u128 {
        self.first | self.host_mask()
    }

    /// Whether an address is in it.
    pub(super) fn contains(self, number: u128) -> bool {
        (self.first..=self.last()).contains(&number)
    }

    /// Whether two subnets have an address in common.
    pub(super) fn overlaps(self, other: Self) -> bool {
        self.v6 == other.v6 && self.first <= other.last() && other.first <= self.last()
    }

    /// Whether an address can be a host's: not the network's nor the broadcast address.
    pub(super) fn is_host(self, number: u128) -> bool {
        let tiny = if self.v6 { self.prefix >= 127 } else { self.prefix >= 31 };
        self.contains(number) && (tiny || number != self.first && (self.v6 || number != self.last()))
    }

    /// The range of addresses for hosts.
    pub(super) fn hosts(self) -> (u128, u128) {
        let tiny = if self.v6 { self.prefix >= 127 } else { self.prefix >= 31 };
        if tiny {
            (self.first, self.last())
        } else {
            // The anycast address of routers in IPv6, the network's own in IPv4.
            (self.first + 1, if self.v6 { self.last() } else { self.last() - 1 })
        }
    }

    /// The IPv6 address that a MAC address gives (EUI-64).
    pub(super) fn eui64(self, mac: &str) -> Option<u128> {
        let parts: Vec<u128> =
            mac.split(':').map(|part| u128::from_str_radix(part, 16)).collect::<Result<_, _>>().ok()?;
        let [a, b, c, d, e, f] = parts.try_into().ok()?;
        let low = (a ^ 2) << 56 | b << 48 | c << 40 | 0xff << 32 | 0xfe << 24 | d << 16 | e << 8 | f;
        Some(self.first | low)
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", address(self.first, self.v6), self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subnets_know_their_hosts() {
        let (cidr, exact) = Cidr::parse("10.0.0.0/29").unwrap();
        assert!(exact);
        let (first, last) = cidr.hosts();
        assert_eq!(
            (address(first, false).to_string(), address(last, false).to_string()),
            ("10.0.0.1".into(), "10.0.0.6".into())
        );
        assert!(!cidr.is_host(cidr.last()) && cidr.is_host(first));
        assert!(!Cidr::parse("10.0.0.1/29").unwrap().1);
        assert!(Cidr::parse("10.0.0.0/33").is_none() && Cidr::parse("x/8").is_none());
        let (all, _) = Cidr::parse("::/0").unwrap();
        assert_eq!(all.last(), u128::MAX);
        assert!(all.overlaps(Cidr::parse("fd00::/64").unwrap().0) && !all.overlaps(cidr));
    }

    #[test]
    fn a_mac_address_gives_an_eui64_address() {
        let (cidr, _) = Cidr::parse("fd00::/64").unwrap();
        let number = cidr.eui64("fa:16:3e:00:00:01").unwrap();
        assert_eq!(address(number, true).to_string(), "fd00::f816:3eff:fe00:1");
    }
}
