//! Which addresses are public. What the standard library knows of addresses is asked first; the tables below name the
//! ranges that it has no stable question for, and why each is refused. Not here: resolving and dialling (`address`).
//!
//! An IPv6 address that only carries an IPv4 address is judged as that IPv4 address. The tables are held to IANA's two
//! registries of special-purpose addresses by `special/tests.rs`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

type Row<A> = (A, u32, &'static str);

const fn v4(a: u8, b: u8, c: u8, d: u8) -> Ipv4Addr {
    Ipv4Addr::new(a, b, c, d)
}

const fn v6(a: u16, b: u16, c: u16, d: u16) -> Ipv6Addr {
    Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0)
}

/// Addresses of machines that answer everybody beside them with the keys of this machine.
const METADATA_V4: [Ipv4Addr; 4] =
    [v4(169, 254, 169, 254), v4(100, 100, 100, 200), v4(192, 0, 0, 192), v4(168, 63, 129, 16)];
const METADATA_V6: [Ipv6Addr; 2] =
    [Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254), Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254)];

/// Where an address of an anycast service leads is up to the network around, so no such service is CourseKey.
const ANYCAST: &str = "an anycast service of whichever network is near";

const SPECIAL_V4: [Row<Ipv4Addr>; 20] = [
    (v4(0, 0, 0, 0), 8, "this network"),
    (v4(10, 0, 0, 0), 8, "private use"),
    (v4(100, 64, 0, 0), 10, "shared by the customers of a provider (CGNAT)"),
    (v4(127, 0, 0, 0), 8, "this machine"),
    (v4(169, 254, 0, 0), 16, "link-local"),
    (v4(172, 16, 0, 0), 12, "private use"),
    (v4(192, 0, 0, 0), 24, "protocol assignments"),
    (v4(192, 0, 2, 0), 24, "documentation"),
    (v4(192, 31, 196, 0), 24, ANYCAST),
    (v4(192, 52, 193, 0), 24, ANYCAST),
    (v4(192, 88, 99, 0), 24, "relays of 6to4"),
    (v4(192, 168, 0, 0), 16, "private use"),
    (v4(192, 175, 48, 0), 24, ANYCAST),
    (v4(198, 18, 0, 0), 15, "benchmarking"),
    (v4(198, 51, 100, 0), 24, "documentation"),
    (v4(203, 0, 113, 0), 24, "documentation"),
    (v4(224, 0, 0, 0), 4, "multicast"),
    (v4(233, 252, 0, 0), 24, "documentation"),
    (v4(240, 0, 0, 0), 4, "reserved"),
    (v4(255, 255, 255, 255), 32, "broadcast"),
];

/// The one block from which public IPv6 addresses are given out; everything outside of it is refused.
const GLOBAL_UNICAST: Row<Ipv6Addr> = (v6(0x2000, 0, 0, 0), 3, "global unicast");

const SPECIAL_V6: [Row<Ipv6Addr>; 18] = [
    (v6(0, 0, 0, 0), 96, "an IPv4-compatible address"),
    (v6(0x64, 0xff9b, 1, 0), 48, "translation inside of a network (NAT64)"),
    (v6(0x100, 0, 0, 0), 64, "discarded"),
    (v6(0x100, 0, 0, 1), 64, "a dummy"),
    (v6(0x2001, 0, 0, 0), 32, "a Teredo tunnel"),
    (v6(0x2001, 2, 0, 0), 48, "benchmarking"),
    (v6(0x2001, 0, 0, 0), 23, "protocol assignments"),
    (v6(0x2001, 0xdb8, 0, 0), 32, "documentation"),
    (v6(0x2002, 0, 0, 0), 16, "a 6to4 tunnel"),
    (v6(0x2620, 0x4f, 0x8000, 0), 48, ANYCAST),
    (v6(0x3ffe, 0, 0, 0), 16, "the former 6bone"),
    (v6(0x3fff, 0, 0, 0), 20, "documentation"),
    (v6(0x5f00, 0, 0, 0), 16, "segments of a route (SRv6)"),
    (v6(0xfc00, 0, 0, 0), 7, "unique local"),
    (v6(0xfe80, 0, 0, 0), 10, "link-local"),
    (v6(0xfec0, 0, 0, 0), 10, "site-local"),
    (v6(0xff00, 0, 0, 0), 8, "multicast"),
    (v6(0, 0, 0, 0), 8, "reserved"),
];

/// Why an address is not public; none: it is.
pub(super) fn why_not_public(address: IpAddr) -> Option<String> {
    match address {
        IpAddr::V4(address) => why_not_v4(address).map(str::to_owned),
        IpAddr::V6(address) => why_not_v6(address),
    }
}

fn why_not_v4(address: Ipv4Addr) -> Option<&'static str> {
    if METADATA_V4.contains(&address) {
        return Some("the metadata service of a cloud");
    }
    let within = |(block, bits, _): &&Row<Ipv4Addr>| (address.to_bits() ^ block.to_bits()) >> (32 - bits) == 0;
    let known = [
        (address.is_loopback(), "this machine"),
        (address.is_private(), "private use"),
        (address.is_link_local(), "link-local"),
        (address.is_documentation(), "documentation"),
        (address.is_multicast(), "multicast"),
        (address.is_unspecified(), "this network"),
        (address.is_broadcast(), "broadcast"),
    ];
    let known = known.into_iter().find_map(|(is_so, why)| is_so.then_some(why));
    known.or_else(|| SPECIAL_V4.iter().find(within).map(|(_, _, why)| *why))
}

fn why_not_v6(address: Ipv6Addr) -> Option<String> {
    if METADATA_V6.contains(&address) {
        return Some("the metadata service of a cloud".to_owned());
    }
    let known = [
        (address.is_loopback(), "this machine"),
        (address.is_unspecified(), "no address"),
        (address.is_unique_local(), "unique local"),
        (address.is_unicast_link_local(), "link-local"),
        (address.is_multicast(), "multicast"),
    ];
    if let Some(why) = known.into_iter().find_map(|(is_so, why)| is_so.then_some(why)) {
        return Some(why.to_owned());
    }
    if let Some(carried) = carried(address)
        && let Some(why) = why_not_v4(carried)
    {
        return Some(format!("it leads to {carried}, {why}"));
    }
    if stands_for_v4(address) {
        return None;
    }
    if let Some((_, _, why)) = SPECIAL_V6.iter().find(|row| is_within(address, row)) {
        return Some((*why).to_owned());
    }
    (!is_within(address, &GLOBAL_UNICAST)).then(|| "outside of the public addresses".to_owned())
}

fn is_within(address: Ipv6Addr, (block, bits, _): &Row<Ipv6Addr>) -> bool {
    (address.to_bits() ^ block.to_bits()) >> (128 - bits) == 0
}

/// Whether the address is nothing but an IPv4 address in the form that a machine (`::ffff:0:0/96`) or a translator for
/// the whole internet (`64:ff9b::/96`) gives it.
fn stands_for_v4(address: Ipv6Addr) -> bool {
    is_within(address, &(v6(0x64, 0xff9b, 0, 0), 96, "")) || address.to_ipv4_mapped().is_some()
}

/// The IPv4 address to which a machine or a tunnel takes a packet for the IPv6 address.
fn carried(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let low = |from: u32| Ipv4Addr::from_bits(u32::try_from((address.to_bits() >> from) & 0xffff_ffff).unwrap_or(0));
    let [first, second, .., fifth, sixth, _, _] = address.segments();
    match (first, second) {
        (0, 0) | (0x64, 0xff9b) => Some(low(0)),
        (0x2002, _) => Some(low(80)),
        // Teredo writes the client's address with every bit turned.
        (0x2001, 0) => Some(Ipv4Addr::from_bits(!low(0).to_bits())),
        // ISATAP, a tunnel inside of a site, under any prefix.
        _ if fifth & !0x0200 == 0 && sixth == 0x5efe => Some(low(0)),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
