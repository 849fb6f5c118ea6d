//! The addresses that the door dials: a name is resolved once, addresses that are not public are refused, and only
//! checked addresses are handed on. Not here: which addresses are public (`special`).

use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use async_trait::async_trait;
use hyper_util::client::legacy::connect::dns::Name;
use tower::Service;

use super::special::why_not_public;

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
        let allowed =
            why_not_public(address).is_none() || (self.loopback_allowed && address.to_canonical().is_loopback());
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_is_dialled_where_the_configuration_says_so_and_nothing_else_is() {
        let rule = AddressRule { loopback_allowed: true };
        assert!(rule.check("127.0.0.1".parse().unwrap()).is_ok());
        assert!(rule.check("::1".parse().unwrap()).is_ok());
        assert!(rule.check("10.0.0.1".parse().unwrap()).is_err());
        let rule = AddressRule { loopback_allowed: false };
        for address in ["127.0.0.1", "::1", "::ffff:127.0.0.1", "10.0.0.1"] {
            assert!(rule.check(address.parse().unwrap()).is_err(), "{address}");
        }
        assert!(rule.check("1.1.1.1".parse().unwrap()).is_ok());
    }
}
