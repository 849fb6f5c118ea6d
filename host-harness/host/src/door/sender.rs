//! The sender: carries requests over the network, as HTTP/1.1 with TLS over checked addresses, within every time-out
//! and limit. The sender follows no redirect, asks no proxy, decompresses nothing, and repeats no request that CourseKey
//! may have received. Not here: which connection a request takes (`connections`).

use std::error::Error as StdError;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use tokio::time::timeout;

use super::address::{AddressRule, CheckedResolver, NotPublic, Resolve, SystemResolver};
use super::certificate::{ExtraRoots, tls, what_is_wrong};
use super::connections::Connections;
use super::denial::shown;
use super::transport::{Answer, Outgoing, Transport, TransportError};
use crate::limits::{HttpLimits, Stopwatch};

/// The network. A process needs one sender: schools share neither its connections nor their credentials.
pub struct Sender {
    /// The connections. Without TLS there are none, and every request fails with the reason.
    connections: Result<Connections, rustls::Error>,
    resolver: CheckedResolver,
    limits: HttpLimits,
}

impl Sender {
    /// A sender with the resolver of the machine, which believes the certificates that the machine believes. It dials
    /// the addresses of this machine only with `loopback_allowed`.
    pub fn new(limits: &HttpLimits, loopback_allowed: bool) -> Self {
        Self::with_resolver(limits, loopback_allowed, Arc::new(SystemResolver))
    }

    /// A sender that asks another resolver.
    pub fn with_resolver(limits: &HttpLimits, loopback_allowed: bool, resolver: Arc<dyn Resolve>) -> Self {
        let rule = AddressRule { loopback_allowed };
        let resolver = CheckedResolver { resolver, rule, patience: limits.connect };
        Self::believing(limits, resolver, &ExtraRoots::default())
    }

    /// The same sender, which also believes these certificates.
    #[must_use]
    pub fn with_extra_roots(self, extra: &ExtraRoots) -> Self {
        Self::believing(&self.limits, self.resolver, extra)
    }

    fn believing(limits: &HttpLimits, resolver: CheckedResolver, extra: &ExtraRoots) -> Self {
        let connections = tls(extra).map(|tls| Connections::new(tls, resolver.clone(), limits.clone()));
        Self { connections, resolver, limits: limits.clone() }
    }

    async fn exchange(&self, outgoing: Outgoing) -> Result<http::Response<Bytes>, TransportError> {
        let Outgoing { request, school, .. } = outgoing;
        check_literal(self.resolver.rule, request.uri())?;
        let connections = self.connections.as_ref().map_err(|error| TransportError::Connect(error.to_string()))?;
        let host = shown(request.uri().host().unwrap_or_default());
        let patience = self.limits.connect + self.limits.first_byte;
        let answer = timeout(patience, connections.of(&school).request(request.map(Full::new))).await;
        let response =
            answer.map_err(|_| TransportError::TimedOut(patience))?.map_err(|error| failure(&error, &host))?;
        let (parts, body) = response.into_parts();
        Ok(http::Response::from_parts(parts, self.read(body).await?))
    }

    async fn read(&self, mut body: Incoming) -> Result<Bytes, TransportError> {
        let mut whole = BytesMut::new();
        let patience = self.limits.between_bytes;
        while let Some(frame) = timeout(patience, body.frame()).await.map_err(|_| TransportError::TimedOut(patience))? {
            // Every error inside the body means the same: a part of the answer is missing.
            let Ok(piece) = frame.map_err(|_| TransportError::Cut)?.into_data() else {
                continue;
            };
            if whole.len() + piece.len() > self.limits.response_bytes {
                return Err(TransportError::TooLarge(self.limits.response_bytes));
            }
            whole.extend_from_slice(&piece);
        }
        Ok(whole.freeze())
    }
}

#[async_trait]
impl Transport for Sender {
    async fn send(&self, outgoing: Outgoing) -> Result<Answer, TransportError> {
        let stopwatch = Stopwatch::start();
        let total: Duration = self.limits.total;
        let response = timeout(total, self.exchange(outgoing)).await;
        let response = response.map_err(|_| TransportError::TimedOut(total))??;
        Ok(Answer { response, latency: stopwatch.elapsed() })
    }
}

/// Checks an address that stands in the URL itself, because such an address never reaches the resolver.
fn check_literal(rule: AddressRule, uri: &http::Uri) -> Result<(), TransportError> {
    let host = uri.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    match host.parse::<IpAddr>() {
        Ok(address) => rule.check(address).map_err(|NotPublic(address)| TransportError::AddressRefused(address)),
        Err(_) => Ok(()),
    }
}

fn failure(error: &hyper_util::client::legacy::Error, host: &str) -> TransportError {
    if let Some(NotPublic(address)) = cause(error) {
        return TransportError::AddressRefused(*address);
    }
    if let Some(rustls::Error::InvalidCertificate(certificate)) = cause(error) {
        return TransportError::Certificate(what_is_wrong(certificate, host));
    }
    if error.is_connect() {
        return TransportError::Connect(root(error));
    }
    if cause::<hyper::Error>(error).is_some_and(hyper::Error::is_incomplete_message) {
        return TransportError::Cut;
    }
    TransportError::Protocol(root(error))
}

/// The first cause that has the type `T`.
fn cause<'a, T: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a T> {
    causes(error).find_map(|cause| cause.downcast_ref::<T>())
}

fn root(error: &(dyn StdError + 'static)) -> String {
    causes(error).last().unwrap_or(error).to_string()
}

/// The error and its causes. An `io::Error` leaves the error that it wraps out of `source`, so this function looks into
/// every `io::Error`.
fn causes<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |error: &&'a (dyn StdError + 'static)| {
        match error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
            Some(wrapped) => Some(wrapped as &(dyn StdError + 'static)),
            None => (*error).source(),
        }
    })
}

#[cfg(test)]
mod tests;
