//! IANA's registries of special-purpose addresses, row by row, and what the door makes of each row.

use std::net::IpAddr;

use super::why_not_public;

/// What IANA's column "globally reachable" says.
#[derive(Clone, Copy, PartialEq)]
enum Reachable {
    No,
    Yes,
    Unsaid,
}
use Reachable::{No, Unsaid, Yes};

/// Block, name, globally reachable, and whether the door dials its addresses. Where the last two differ the registry
/// speaks of a service that everybody may run, and CourseKey is no such service.
const IPV4: [(&str, &str, Reachable, bool); 26] = [
    ("0.0.0.0/8", "this network", No, false),
    ("0.0.0.0/32", "this host on this network", No, false),
    ("10.0.0.0/8", "private use", No, false),
    ("100.64.0.0/10", "shared address space", No, false),
    ("127.0.0.0/8", "loopback", No, false),
    ("169.254.0.0/16", "link local", No, false),
    ("172.16.0.0/12", "private use", No, false),
    ("192.0.0.0/24", "IETF protocol assignments", No, false),
    ("192.0.0.0/29", "IPv4 service continuity prefix", No, false),
    ("192.0.0.8/32", "IPv4 dummy address", No, false),
    ("192.0.0.9/32", "port control protocol anycast", Yes, false),
    ("192.0.0.10/32", "traversal using relays around NAT anycast", Yes, false),
    ("192.0.0.170/32", "NAT64/DNS64 discovery", No, false),
    ("192.0.0.171/32", "NAT64/DNS64 discovery", No, false),
    ("192.0.2.0/24", "documentation (TEST-NET-1)", No, false),
    ("192.31.196.0/24", "AS112-v4", Yes, false),
    ("192.52.193.0/24", "AMT", Yes, false),
    ("192.88.99.0/24", "deprecated (6to4 relay anycast)", Unsaid, false),
    ("192.88.99.2/32", "6a44 relay anycast", No, false),
    ("192.168.0.0/16", "private use", No, false),
    ("192.175.48.0/24", "direct delegation AS112 service", Yes, false),
    ("198.18.0.0/15", "benchmarking", No, false),
    ("198.51.100.0/24", "documentation (TEST-NET-2)", No, false),
    ("203.0.113.0/24", "documentation (TEST-NET-3)", No, false),
    ("240.0.0.0/4", "reserved", No, false),
    ("255.255.255.255/32", "limited broadcast", No, false),
];

/// The two rows of addresses that stand for IPv4 addresses, which are judged by those, are tested below.
const IPV6: [(&str, &str, Reachable, bool); 24] = [
    ("::1/128", "loopback", No, false),
    ("::/128", "unspecified address", No, false),
    ("64:ff9b:1::/48", "IPv4-IPv6 translation (local use)", No, false),
    ("100::/64", "discard-only address block", No, false),
    ("100:0:0:1::/64", "dummy IPv6 prefix", No, false),
    ("2001::/23", "IETF protocol assignments", No, false),
    ("2001::/32", "Teredo", Unsaid, false),
    ("2001:1::1/128", "port control protocol anycast", Yes, false),
    ("2001:1::2/128", "traversal using relays around NAT anycast", Yes, false),
    ("2001:1::3/128", "DNS-SD service registration protocol anycast", Yes, false),
    ("2001:2::/48", "benchmarking", No, false),
    ("2001:3::/32", "AMT", Yes, false),
    ("2001:4:112::/48", "AS112-v6", Yes, false),
    ("2001:10::/28", "deprecated (ORCHID)", Unsaid, false),
    ("2001:20::/28", "ORCHIDv2", Yes, false),
    ("2001:30::/28", "drone remote identification tags", Yes, false),
    ("2001:db8::/32", "documentation", No, false),
    ("2002::/16", "6to4", Unsaid, false),
    ("2620:4f:8000::/48", "direct delegation AS112 service", Yes, false),
    ("3fff::/20", "documentation", No, false),
    ("5f00::/16", "segment routing (SRv6) SIDs", No, false),
    ("fc00::/7", "unique local", No, false),
    ("fe80::/10", "link-local unicast", No, false),
    ("::ffff:0:0/96", "IPv4-mapped address, with the IPv4 address 0.0.0.0", No, false),
];

/// The first and the last address of a block.
fn ends(block: &str) -> [IpAddr; 2] {
    let (first, bits) = block.split_once('/').unwrap();
    let bits: u32 = bits.parse().unwrap();
    let rest = |width: u32, all: u128| if bits == width { 0 } else { all >> bits };
    match first.parse().unwrap() {
        IpAddr::V4(first) => {
            let last = first.to_bits() | u32::try_from(rest(32, u128::from(u32::MAX))).unwrap();
            [first.into(), std::net::Ipv4Addr::from_bits(last).into()]
        }
        IpAddr::V6(first) => {
            [first.into(), std::net::Ipv6Addr::from_bits(first.to_bits() | rest(128, u128::MAX)).into()]
        }
    }
}

#[test]
fn every_row_of_ianas_registries_is_judged_as_expected() {
    for (block, name, reachable, dialled) in IPV4.into_iter().chain(IPV6) {
        assert!(!dialled || reachable == Yes, "{block} ({name}): what IANA does not call reachable is never dialled");
        for address in ends(block) {
            // The last IPv4-mapped address is 255.255.255.255.
            assert_eq!(why_not_public(address).is_none(), dialled, "{address} of {block} ({name})");
        }
    }
}

#[test]
fn the_neighbours_of_the_ranges_are_public() {
    for address in [
        "1.0.0.0",
        "1.1.1.1",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "126.255.255.255",
        "128.0.0.0",
        "169.253.255.255",
        "169.255.0.0",
        "172.15.255.255",
        "172.32.0.0",
        "191.255.255.255",
        "192.0.1.0",
        "192.0.3.0",
        "192.88.98.255",
        "192.88.100.0",
        "192.167.255.255",
        "192.169.0.0",
        "198.17.255.255",
        "198.20.0.0",
        "198.51.99.255",
        "203.0.114.0",
        "223.255.255.255",
        "2001:200::",
        "2001:db7:ffff:ffff:ffff:ffff:ffff:ffff",
        "2001:db9::",
        "2003::",
        "2606:4700:4700::1111",
        "2620:4f:8001::",
        "3ffd:ffff::1",
        "2a00:1450:4001:81b::200e",
    ] {
        assert_eq!(why_not_public(address.parse().unwrap()), None, "{address}");
    }
}

/// Ranges that are in no row of the two registries.
#[test]
fn what_the_registries_leave_out_is_refused() {
    for (address, why) in [
        ("224.0.0.1", "multicast"),
        ("239.255.255.255", "multicast"),
        ("233.252.0.1", "multicast"),
        ("ff02::1", "multicast"),
        ("fec0::1", "site-local"),
        ("feff::1", "site-local"),
        ("3ffe::1", "the former 6bone"),
        ("4000::1", "outside of the public addresses"),
        ("1fff::1", "outside of the public addresses"),
        ("200::1", "outside of the public addresses"),
        ("::ffff:0:1.1.1.1", "reserved"),
        ("::1.1.1.1", "an IPv4-compatible address"),
        ("169.254.169.254", "the metadata service of a cloud"),
        ("100.100.100.200", "the metadata service of a cloud"),
        ("168.63.129.16", "the metadata service of a cloud"),
        ("192.0.0.192", "the metadata service of a cloud"),
        ("fd00:ec2::254", "the metadata service of a cloud"),
        ("fd20:ce::254", "the metadata service of a cloud"),
        ("2001:4860::5efe:10.0.0.1", "it leads to 10.0.0.1, private use"),
        ("2001:4860::200:5efe:10.0.0.1", "it leads to 10.0.0.1, private use"),
    ] {
        assert_eq!(why_not_public(address.parse().unwrap()).as_deref(), Some(why), "{address}");
    }
}

/// Every form in which an IPv6 address carries an IPv4 address.
fn forms(v4: &str) -> [(String, bool); 6] {
    let bits = v4.parse::<std::net::Ipv4Addr>().unwrap().to_bits();
    let (high, low) = (bits >> 16, bits & 0xffff);
    // With each form, whether an address of this form is dialled if its IPv4 address is public.
    [
        (format!("::ffff:{v4}"), true),
        (format!("64:ff9b::{v4}"), true),
        (format!("::{v4}"), false),
        (format!("64:ff9b:1::{v4}"), false),
        (format!("2002:{high:x}:{low:x}::1"), false),
        (format!("2001:0:4136:e378:8000:63bf:{:x}:{:x}", high ^ 0xffff, low ^ 0xffff), false),
    ]
}

#[test]
fn an_ipv4_address_inside_of_an_ipv6_address_is_judged_as_such() {
    for (block, ..) in IPV4 {
        for v4 in ends(block) {
            for (address, _) in forms(&v4.to_string()) {
                let refused = why_not_public(address.parse().unwrap());
                assert!(refused.is_some(), "{address} carries {v4} of {block}");
            }
        }
    }
    for v4 in ["1.1.1.1", "93.184.216.34"] {
        for (address, dialled) in forms(v4) {
            assert_eq!(why_not_public(address.parse().unwrap()).is_none(), dialled, "{address}");
        }
    }
    let metadata = why_not_public("64:ff9b::169.254.169.254".parse().unwrap());
    assert_eq!(metadata.as_deref(), Some("it leads to 169.254.169.254, the metadata service of a cloud"));
}
