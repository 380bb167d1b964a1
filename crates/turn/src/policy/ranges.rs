//! The special ranges, and IPv4 addresses hidden inside IPv6 ones.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::Net;

const fn v4(a: u8, b: u8, c: u8, d: u8, prefix: u8) -> Net {
    Net::new(IpAddr::V4(Ipv4Addr::new(a, b, c, d)), prefix)
}

const fn v6(segments: [u16; 8], prefix: u8) -> Net {
    let [a, b, c, d, e, f, g, h] = segments;
    Net::new(IpAddr::V6(Ipv6Addr::new(a, b, c, d, e, f, g, h)), prefix)
}

/// From IANA's special-purpose registry (RFC 6890) and the multicast and reserved blocks; the narrower range
/// comes before the wider one, so that its name is told.
pub(super) const V4: [(Net, &str); 20] = [
    (v4(0, 0, 0, 0, 32), "unspecified"),
    (v4(0, 0, 0, 0, 8), "this network (RFC 791)"),
    (v4(10, 0, 0, 0, 8), "private (RFC 1918)"),
    (v4(100, 64, 0, 0, 10), "carrier-grade NAT (RFC 6598)"),
    (v4(127, 0, 0, 0, 8), "loopback"),
    (v4(169, 254, 0, 0, 16), "link-local (RFC 3927)"),
    (v4(172, 16, 0, 0, 12), "private (RFC 1918)"),
    (v4(192, 0, 0, 0, 24), "protocol assignments (RFC 6890)"),
    (v4(192, 0, 2, 0, 24), "documentation (RFC 5737)"),
    (v4(192, 31, 196, 0, 24), "AS112 (RFC 7535)"),
    (v4(192, 52, 193, 0, 24), "AMT (RFC 7450)"),
    (v4(192, 88, 99, 0, 24), "6to4 relay (RFC 7526)"),
    (v4(192, 168, 0, 0, 16), "private (RFC 1918)"),
    (v4(192, 175, 48, 0, 24), "AS112 (RFC 7534)"),
    (v4(198, 18, 0, 0, 15), "benchmark (RFC 2544)"),
    (v4(198, 51, 100, 0, 24), "documentation (RFC 5737)"),
    (v4(203, 0, 113, 0, 24), "documentation (RFC 5737)"),
    (v4(224, 0, 0, 0, 4), "multicast"),
    (v4(255, 255, 255, 255, 32), "broadcast"),
    (v4(240, 0, 0, 0, 4), "reserved"),
];

/// The same for IPv6. What is in none of these and not in 2000::/3 is not global unicast either.
pub(super) const V6: [(Net, &str); 27] = [
    (v6([0, 0, 0, 0, 0, 0, 0, 0], 128), "unspecified"),
    (v6([0, 0, 0, 0, 0, 0, 0, 1], 128), "loopback"),
    (v6([0, 0, 0, 0, 0, 0xffff, 0, 0], 96), "IPv4-mapped (RFC 4291)"),
    (v6([0, 0, 0, 0, 0xffff, 0, 0, 0], 96), "IPv4-translated (RFC 2765)"),
    (v6([0, 0, 0, 0, 0, 0, 0, 0], 96), "IPv4-compatible (RFC 4291)"),
    (v6([0x64, 0xff9b, 0, 0, 0, 0, 0, 0], 96), "NAT64 (RFC 6052)"),
    (v6([0x64, 0xff9b, 1, 0, 0, 0, 0, 0], 48), "NAT64, local use (RFC 8215)"),
    (v6([0x100, 0, 0, 0, 0, 0, 0, 0], 64), "discard-only (RFC 6666)"),
    (v6([0x100, 0, 0, 1, 0, 0, 0, 0], 64), "dummy prefix (RFC 9780)"),
    (v6([0x2001, 0, 0, 0, 0, 0, 0, 0], 32), "Teredo (RFC 4380)"),
    (v6([0x2001, 2, 0, 0, 0, 0, 0, 0], 48), "benchmark (RFC 5180)"),
    (v6([0x2001, 3, 0, 0, 0, 0, 0, 0], 32), "AMT (RFC 7450)"),
    (v6([0x2001, 4, 0x112, 0, 0, 0, 0, 0], 48), "AS112 (RFC 7535)"),
    (v6([0x2001, 0x10, 0, 0, 0, 0, 0, 0], 28), "ORCHID (RFC 4843)"),
    (v6([0x2001, 0x20, 0, 0, 0, 0, 0, 0], 28), "ORCHIDv2 (RFC 7343)"),
    (v6([0x2001, 0x30, 0, 0, 0, 0, 0, 0], 28), "drone remote ids (RFC 9374)"),
    (v6([0x2001, 0, 0, 0, 0, 0, 0, 0], 23), "protocol assignments (RFC 2928)"),
    (v6([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32), "documentation (RFC 3849)"),
    (v6([0x2002, 0, 0, 0, 0, 0, 0, 0], 16), "6to4 (RFC 3056)"),
    (v6([0x2620, 0x4f, 0x8000, 0, 0, 0, 0, 0], 48), "AS112 (RFC 7534)"),
    (v6([0x3ffe, 0, 0, 0, 0, 0, 0, 0], 16), "6bone, returned (RFC 3701)"),
    (v6([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20), "documentation (RFC 9637)"),
    (v6([0x5f00, 0, 0, 0, 0, 0, 0, 0], 16), "SRv6 SIDs (RFC 9602)"),
    (v6([0xfc00, 0, 0, 0, 0, 0, 0, 0], 7), "unique local (RFC 4193)"),
    (v6([0xfe80, 0, 0, 0, 0, 0, 0, 0], 10), "link-local (RFC 4291)"),
    (v6([0xfec0, 0, 0, 0, 0, 0, 0, 0], 10), "site-local (RFC 3879)"),
    (v6([0xff00, 0, 0, 0, 0, 0, 0, 0], 8), "multicast"),
];

const GLOBAL_UNICAST: Net = v6([0x2000, 0, 0, 0, 0, 0, 0, 0], 3);

/// The name of the special range an address is in; `None` is global unicast.
pub fn special_range(ip: IpAddr) -> Option<&'static str> {
    let ranges: &[(Net, &str)] = if ip.is_ipv4() { &V4 } else { &V6 };
    let named = ranges.iter().find(|(net, _)| net.contains(ip)).map(|(_, name)| *name);
    named.or_else(|| (ip.is_ipv6() && !GLOBAL_UNICAST.contains(ip)).then_some("reserved"))
}

/// The name of the special range that all of a network is in.
pub(super) fn within(net: &Net) -> Option<&'static str> {
    all(net).find(|(range, _)| range.holds(net)).map(|(_, name)| *name)
}

/// The special ranges that are in a network, the narrower ones of the same name left out.
pub(super) fn inside(net: &Net) -> Vec<(Net, &'static str)> {
    let found: Vec<(Net, &'static str)> = all(net).filter(|(range, _)| net.holds(range)).copied().collect();
    let widest =
        |(range, _): &&(Net, &str)| !found.iter().any(|(wider, _)| wider != range && wider.holds(range));
    found.iter().filter(widest).copied().collect()
}

fn all(net: &Net) -> impl Iterator<Item = &'static (Net, &'static str)> {
    let ranges: &'static [(Net, &str)] = if net.base().is_ipv4() { &V4 } else { &V6 };
    ranges.iter()
}

/// IPv4 addresses that packets to this address may end up at: mapped, compatible, translated (RFC 2765), NAT64
/// (RFC 6052, and RFC 8215 with a /96), 6to4, Teredo's server and client, ISATAP (RFC 5214).
pub fn hidden(ip: IpAddr) -> [Option<IpAddr>; 2] {
    let IpAddr::V6(ip) = ip else { return [None, None] };
    let at = |high: u16, low: u16| {
        let bits = u32::from(high) << 16 | u32::from(low);
        Some(IpAddr::V4(Ipv4Addr::from(bits)))
    };
    match ip.segments() {
        // The unspecified address and loopback hide nothing.
        [0, 0, 0, 0, 0, 0, 0, 0 | 1] => [None, None],
        [0, 0, 0, 0, 0, 0 | 0xffff, high, low] | [0, 0, 0, 0, 0xffff, 0, high, low] => [at(high, low), None],
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x64, 0xff9b, 1, _, _, _, high, low] => {
            [at(high, low), None]
        }
        [0x2002, high, low, ..] => [at(high, low), None],
        // The client's address is stored inverted (RFC 4380 §4).
        [0x2001, 0, high, low, _, _, client_high, client_low] => {
            [at(high, low), at(!client_high, !client_low)]
        }
        [_, _, _, _, 0 | 0x200, 0x5efe, high, low] => [at(high, low), None],
        _ => [None, None],
    }
}
