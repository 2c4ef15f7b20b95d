//! Public and special-purpose addresses. Pure.
//!
//! The tables follow the IANA registries of special-purpose IPv4 and IPv6 addresses (RFC 6890). The
//! standard library's `is_global` is unstable and does not cover the metadata services of clouds.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// The IPv4 addresses that a workflow must not reach, and what they are: the special-purpose registry,
/// and metadata services of clouds. The first match names the address.
const FORBIDDEN_V4: [(Ipv4Net, &str); 17] = [
    (v4([0, 0, 0, 0], 8), "this machine"),
    (v4([10, 0, 0, 0], 8), "private"),
    (v4([100, 64, 0, 0], 10), "private to a provider"),
    (v4([127, 0, 0, 0], 8), "loopback"),
    // Before its range, so that an error names it: it hands out the credentials of a cloud's machines.
    (v4([169, 254, 169, 254], 32), "a metadata service"),
    (v4([169, 254, 0, 0], 16), "link-local"),
    (v4([172, 16, 0, 0], 12), "private"),
    (v4([192, 0, 0, 0], 24), "reserved for protocols"),
    (v4([192, 0, 2, 0], 24), "for documentation"),
    (v4([192, 88, 99, 0], 24), "a 6to4 relay"),
    (v4([192, 168, 0, 0], 16), "private"),
    (v4([198, 18, 0, 0], 15), "for benchmarks"),
    (v4([198, 51, 100, 0], 24), "for documentation"),
    (v4([203, 0, 113, 0], 24), "for documentation"),
    (v4([168, 63, 129, 16], 32), "a metadata service"),
    (v4([224, 0, 0, 0], 4), "multicast"),
    // Includes the broadcast address.
    (v4([240, 0, 0, 0], 4), "reserved"),
];

/// The addresses in `2000::/3` that are not public.
const FORBIDDEN_V6: [(Ipv6Net, &str); 4] = [
    // Includes Teredo, ORCHID and benchmarks.
    (v6([0x2001, 0], 23), "reserved for protocols"),
    (v6([0x2001, 0xdb8], 32), "for documentation"),
    (v6([0x2002, 0], 16), "6to4"),
    (v6([0x3fff, 0], 20), "for documentation"),
];

/// The global unicast addresses (RFC 4291). Everything outside is refused, also ranges that are assigned
/// in the future.
const PUBLIC_V6: Ipv6Net = v6([0x2000, 0], 3);
/// The well-known prefix of NAT64 (RFC 6052). The last 32 bits are an IPv4 address.
const NAT64: Ipv6Net = v6([0x64, 0xff9b], 96);

/// Names for addresses outside of `2000::/3`.
const OUTSIDE_V6: [(Ipv6Net, &str); 4] = [
    (v6([0xfc00, 0], 7), "private"),
    (v6([0xfe80, 0], 10), "link-local"),
    (v6([0xfec0, 0], 10), "private"),
    (v6([0xff00, 0], 8), "multicast"),
];

const fn v4([a, b, c, d]: [u8; 4], prefix: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix)
}

const fn v6([a, b]: [u16; 2], prefix: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, 0, 0, 0, 0, 0, 0), prefix)
}

/// The addresses that an origin may have: the public ones, and those that the host allows.
#[derive(Clone, Debug, Default)]
pub(crate) struct Addresses {
    allowed: Vec<IpNet>,
}

impl Addresses {
    /// Allows an address or a range.
    pub(crate) fn allow(&mut self, addresses: IpNet) {
        self.allowed.push(addresses);
    }

    /// Whether the host has allowed any.
    pub(crate) fn has_private(&self) -> bool {
        !self.allowed.is_empty()
    }

    /// Fails for a forbidden address, with what it is, such as `loopback`.
    pub(crate) fn check(&self, address: IpAddr) -> Result<(), &'static str> {
        if self.allowed.iter().any(|net| net.contains(&address)) {
            return Ok(());
        }
        match address {
            IpAddr::V4(address) => check_v4(address),
            IpAddr::V6(address) => check_v6(address),
        }
    }
}

fn check_v4(address: Ipv4Addr) -> Result<(), &'static str> {
    let found = FORBIDDEN_V4.iter().find(|(net, _)| net.contains(&address));
    found.map_or(Ok(()), |(_, kind)| Err(*kind))
}

/// An embedded IPv4 address decides, because a translator or the kernel connects to that one.
fn check_v6(address: Ipv6Addr) -> Result<(), &'static str> {
    if let Some(inner) = embedded_v4(address) {
        return check_v4(inner);
    }
    let within = |nets: &[(Ipv6Net, &'static str)]| {
        let found = nets.iter().find(|(net, _)| net.contains(&address));
        found.map(|(_, kind)| *kind)
    };
    if !PUBLIC_V6.contains(&address) {
        return Err(match address {
            Ipv6Addr::LOCALHOST => "loopback",
            Ipv6Addr::UNSPECIFIED => "this machine",
            _ => within(&OUTSIDE_V6).unwrap_or("reserved"),
        });
    }
    within(&FORBIDDEN_V6).map_or(Ok(()), Err)
}

/// The IPv4 address that an IPv6 address embeds: IPv4-mapped, or for a NAT64 translator.
fn embedded_v4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let [.., a, b, c, d] = address.octets();
    let translated = NAT64.contains(&address).then(|| Ipv4Addr::new(a, b, c, d));
    address.to_ipv4_mapped().or(translated)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(address: &str) -> Option<&'static str> {
        Addresses::default().check(address.parse().unwrap()).err()
    }

    #[test]
    fn public_addresses_are_allowed() {
        for address in [
            "1.1.1.1",
            "8.8.8.8",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.0",
            "168.63.129.15",
            "169.253.255.255",
            "169.255.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.0",
            "192.167.255.255",
            "192.169.0.0",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "2606:4700:4700::1111",
            "2001:4860:4860::8888",
            "2001:200::1",
            "2a00::1",
            "64:ff9b::8.8.8.8",
            "::ffff:8.8.8.8",
        ] {
            assert_eq!(kind(address), None, "{address}");
        }
    }

    #[test]
    fn special_purpose_addresses_are_refused_and_named() {
        for (address, expected) in [
            ("0.0.0.0", "this machine"),
            ("0.1.2.3", "this machine"),
            ("10.0.0.1", "private"),
            ("10.255.255.255", "private"),
            ("100.64.0.0", "private to a provider"),
            ("100.100.100.200", "private to a provider"),
            ("100.127.255.255", "private to a provider"),
            ("127.0.0.1", "loopback"),
            ("127.255.255.254", "loopback"),
            ("168.63.129.16", "a metadata service"),
            ("169.254.169.254", "a metadata service"),
            ("169.254.170.2", "link-local"),
            ("172.16.0.0", "private"),
            ("172.31.255.255", "private"),
            ("192.0.0.192", "reserved for protocols"),
            ("192.0.2.1", "for documentation"),
            ("192.88.99.1", "a 6to4 relay"),
            ("192.168.255.255", "private"),
            ("198.18.0.0", "for benchmarks"),
            ("198.19.255.255", "for benchmarks"),
            ("198.51.100.1", "for documentation"),
            ("203.0.113.1", "for documentation"),
            ("224.0.0.1", "multicast"),
            ("239.255.255.255", "multicast"),
            ("240.0.0.1", "reserved"),
            ("255.255.255.255", "reserved"),
            ("::", "this machine"),
            ("::1", "loopback"),
            ("::127.0.0.1", "reserved"),
            ("::8.8.8.8", "reserved"),
            ("::ffff:127.0.0.1", "loopback"),
            ("::ffff:169.254.169.254", "a metadata service"),
            ("::ffff:0:127.0.0.1", "reserved"),
            ("64:ff9b::127.0.0.1", "loopback"),
            ("64:ff9b::10.0.0.1", "private"),
            ("64:ff9b:1::1", "reserved"),
            ("100::1", "reserved"),
            ("2001::1", "reserved for protocols"),
            ("2001:0:7f00:1::", "reserved for protocols"),
            ("2001:2::1", "reserved for protocols"),
            ("2001:20::1", "reserved for protocols"),
            ("2001:db8::1", "for documentation"),
            ("2002:7f00:1::", "6to4"),
            ("2002:808:808::", "6to4"),
            ("3fff::1", "for documentation"),
            ("5f00::1", "reserved"),
            ("fc00::1", "private"),
            ("fd00:ec2::254", "private"),
            ("fe80::1", "link-local"),
            ("febf::1", "link-local"),
            ("fec0::1", "private"),
            ("ff02::1", "multicast"),
        ] {
            assert_eq!(kind(address), Some(expected), "{address}");
        }
    }

    #[test]
    fn only_the_named_addresses_are_allowed() {
        let mut addresses = Addresses::default();
        addresses.allow("10.1.0.0/16".parse().unwrap());
        let allowed = |address: &str| addresses.check(address.parse().unwrap()).is_ok();
        assert!(allowed("10.1.2.3") && allowed("8.8.8.8"));
        assert!(!allowed("10.2.0.1") && !allowed("127.0.0.1") && !allowed("::ffff:10.1.2.3"));
    }
}
