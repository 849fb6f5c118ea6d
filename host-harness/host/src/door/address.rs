//! The addresses that the door dials: a name is resolved once, addresses that are not public are refused, and only
//! checked addresses are handed on.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use async_trait::async_trait;
use hyper_util::client::legacy::connect::dns::Name;
use tower::Service;

/// Resolves the name of a host to addresses.
#[async_trait]
pub trait Resolve: Send + Sync {
    /// All addresses of the host.
    async fn resolve(&self, host: &str) -> std::io::Result<Vec<IpAddr>>;
}

/// The resolver of the machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemResolver;

#[async_trait]
impl Resolve for SystemResolver {
    async fn resolve(&self, host: &str) -> std::io::Result<Vec<IpAddr>> {
        Ok(tokio::net::lookup_host((host, 0)).await?.map(|address| address.ip()).collect())
    }
}

/// An address that the door does not dial. This error travels inside hyper's errors, where the sender finds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0} is not a public address")]
pub(super) struct NotPublic(pub(super) IpAddr);

/// The rule that says which addresses the door may dial.
#[derive(Debug, Clone, Copy)]
pub(super) struct AddressRule {
    /// Whether the door may also dial the addresses of this machine.
    pub(super) loopback_allowed: bool,
}

impl AddressRule {
    pub(super) fn check(self, address: IpAddr) -> Result<(), NotPublic> {
        let allowed = is_public(address) || (self.loopback_allowed && address.to_canonical().is_loopback());
        if allowed { Ok(()) } else { Err(NotPublic(address)) }
    }
}

/// The resolver that hyper's connector asks. One forbidden address refuses the whole name: a name with both kinds of
/// address is an attack, or a mistake that somebody should learn of.
#[derive(Clone)]
pub(super) struct CheckedResolver {
    pub(super) resolver: Arc<dyn Resolve>,
    pub(super) rule: AddressRule,
    pub(super) patience: Duration,
}

impl Service<Name> for CheckedResolver {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = std::io::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let Self { resolver, rule, patience } = self.clone();
        Box::pin(async move {
            let addresses = tokio::time::timeout(patience, resolver.resolve(name.as_str())).await??;
            for address in &addresses {
                rule.check(*address).map_err(std::io::Error::other)?;
            }
            let addresses: Vec<_> = addresses.into_iter().map(|address| SocketAddr::new(address, 0)).collect();
            Ok(addresses.into_iter())
        })
    }
}

/// The blocks that IANA's registry of special-purpose IPv4 addresses keeps off the public internet, and multicast.
const SPECIAL_V4: [(Ipv4Addr, u32); 15] = [
    (Ipv4Addr::UNSPECIFIED, 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    (Ipv4Addr::new(224, 0, 0, 0), 4),
    (Ipv4Addr::new(240, 0, 0, 0), 4),
];

/// The one block of public IPv6 addresses; below, the parts of it that are for documentation or carry IPv4 addresses.
const PUBLIC_V6: (Ipv6Addr, u32) = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);
const SPECIAL_V6: [(Ipv6Addr, u32); 4] = [
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
];

fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => {
            let within = |(block, bits): &(Ipv4Addr, u32)| (v4.to_bits() ^ block.to_bits()) >> (32 - bits) == 0;
            !SPECIAL_V4.iter().any(within)
        }
        IpAddr::V6(v6) => {
            let within = |(block, bits): &(Ipv6Addr, u32)| (v6.to_bits() ^ block.to_bits()) >> (128 - bits) == 0;
            within(&PUBLIC_V6) && !SPECIAL_V6.iter().any(within)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_addresses_are_dialled() {
        let rule = AddressRule { loopback_allowed: false };
        for public in ["1.1.1.1", "100.63.255.255", "172.32.0.1", "2606:4700:4700::1111", "::ffff:1.1.1.1"] {
            assert!(rule.check(public.parse().unwrap()).is_ok(), "{public}");
        }
        for special in [
            "127.0.0.1",
            "10.1.2.3",
            "100.64.0.1",
            "169.254.169.254",
            "172.31.255.255",
            "192.168.1.1",
            "0.0.0.0",
            "255.255.255.255",
            "224.0.0.1",
            "::",
            "::1",
            "fe80::1",
            "fd00::1",
            "ff02::1",
            "::ffff:10.0.0.1",
            "64:ff9b::a00:1",
            "2002:a00:1::",
            "2001:db8::1",
        ] {
            assert!(rule.check(special.parse().unwrap()).is_err(), "{special}");
        }
    }

    #[test]
    fn loopback_is_dialled_where_the_configuration_says_so_and_nothing_else_is() {
        let rule = AddressRule { loopback_allowed: true };
        assert!(rule.check("127.0.0.1".parse().unwrap()).is_ok());
        assert!(rule.check("::1".parse().unwrap()).is_ok());
        assert!(rule.check("10.0.0.1".parse().unwrap()).is_err());
    }
}
