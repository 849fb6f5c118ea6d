//! The sender: carries requests over the network, as HTTP/1.1 with TLS over checked addresses, with pooled
//! connections and within every time-out and limit. The sender follows no redirect, decompresses nothing, and repeats
//! no request that CourseKey may have received.

use std::error::Error as StdError;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio::time::timeout;

use super::address::{AddressRule, CheckedResolver, NotPublic, Resolve, SystemResolver};
use super::transport::{Answer, Outgoing, Transport, TransportError};
use crate::limits::{HttpLimits, Stopwatch};

/// The network. A process needs one sender: schools share its connections, never their credentials.
pub struct Sender {
    /// The client. Without TLS there is no client, and every request fails with the reason.
    client: Result<NetworkClient, rustls::Error>,
    rule: AddressRule,
    limits: HttpLimits,
}

type NetworkClient = Client<HttpsConnector<HttpConnector<CheckedResolver>>, Full<Bytes>>;

impl Sender {
    /// A sender with the resolver of the machine. It dials the addresses of this machine only with
    /// `loopback_allowed`.
    pub fn new(limits: &HttpLimits, loopback_allowed: bool) -> Self {
        Self::with_resolver(limits, loopback_allowed, Arc::new(SystemResolver))
    }

    /// A sender that asks another resolver.
    pub fn with_resolver(limits: &HttpLimits, loopback_allowed: bool, resolver: Arc<dyn Resolve>) -> Self {
        let rule = AddressRule { loopback_allowed };
        let resolver = CheckedResolver { resolver, rule, patience: limits.connect };
        Self { client: client(limits, resolver), rule, limits: limits.clone() }
    }

    async fn exchange(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, TransportError> {
        check_literal(self.rule, request.uri())?;
        let client = self.client.as_ref().map_err(|error| TransportError::Connect(error.to_string()))?;
        let patience = self.limits.connect + self.limits.first_byte;
        let answer = timeout(patience, client.request(request.map(Full::new))).await;
        let response = answer.map_err(|_| TransportError::TimedOut(patience))?.map_err(|error| failure(&error))?;
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

fn client(limits: &HttpLimits, resolver: CheckedResolver) -> Result<NetworkClient, rustls::Error> {
    let mut tcp = HttpConnector::new_with_resolver(resolver);
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    tcp.set_connect_timeout(Some(limits.connect));
    // The provider is named, because a program that embeds the host may have brought other providers into the
    // process.
    let connector = HttpsConnectorBuilder::new()
        .with_provider_and_webpki_roots(rustls::crypto::ring::default_provider())?
        .https_or_http()
        .enable_http1()
        .wrap_connector(tcp);
    Ok(Client::builder(TokioExecutor::new())
        .timer(TokioTimer::new())
        .pool_timer(TokioTimer::new())
        .pool_max_idle_per_host(limits.idle_connections)
        .pool_idle_timeout(limits.idle)
        .http1_max_buf_size(limits.header_bytes.max(MIN_BUFFER_BYTES))
        .build(connector))
}

/// The least bytes that hyper needs for the head of a message.
const MIN_BUFFER_BYTES: usize = 8 * 1024;

#[async_trait]
impl Transport for Sender {
    async fn send(&self, outgoing: Outgoing) -> Result<Answer, TransportError> {
        let stopwatch = Stopwatch::start();
        let total: Duration = self.limits.total;
        let response = timeout(total, self.exchange(outgoing.request)).await;
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

fn failure(error: &hyper_util::client::legacy::Error) -> TransportError {
    if let Some(NotPublic(address)) = cause(error) {
        return TransportError::AddressRefused(*address);
    }
    if error.is_connect() {
        return TransportError::Connect(root(error));
    }
    if cause::<hyper::Error>(error).is_some_and(hyper::Error::is_incomplete_message) {
        return TransportError::Cut;
    }
    TransportError::Protocol(root(error))
}

/// The first cause that has the type `T`. An `io::Error` leaves the error that it wraps out of `source`, so this
/// function looks into every `io::Error`.
fn cause<'a, T: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a T> {
    causes(error).find_map(|cause| {
        let wrapped = cause.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        cause.downcast_ref::<T>().or_else(|| wrapped.and_then(|inner| inner.downcast_ref::<T>()))
    })
}

fn root(error: &(dyn StdError + 'static)) -> String {
    causes(error).last().unwrap_or(error).to_string()
}

fn causes<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |error: &&'a (dyn StdError + 'static)| (*error).source())
}
