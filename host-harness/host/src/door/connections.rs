//! The connections of the network, kept apart by school: a connection that carried the credentials of one school never
//! carries those of another, so that whatever goes wrong on a connection stays with its school. TLS sessions are kept
//! apart in the same way. Not here: time-outs and answers (`sender`).

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use http_body_util::Full;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::ClientConfig;
use rustls::client::Resumption;

use super::address::CheckedResolver;
use crate::limits::{HttpLimits, Stopwatch};
use crate::store::SchoolId;

pub(super) type NetworkClient = Client<HttpsConnector<HttpConnector<CheckedResolver>>, Full<Bytes>>;

/// A client with connections of its own for each school.
pub(super) struct Connections {
    tls: ClientConfig,
    resolver: CheckedResolver,
    limits: HttpLimits,
    clients: Mutex<Clients>,
}

struct Clients {
    by_school: BTreeMap<SchoolId, (NetworkClient, Stopwatch)>,
    /// The number of clients at which those without open connections are dropped.
    full: usize,
}

/// Clients that are kept without looking whether anybody still needs them.
const KEPT_CLIENTS: usize = 64;
/// TLS sessions of one school that may be taken up again; a school has one origin.
const KEPT_SESSIONS: usize = 4;
/// The least bytes that hyper needs for the head of a message.
const MIN_BUFFER_BYTES: usize = 8 * 1024;

impl Connections {
    pub(super) fn new(tls: ClientConfig, resolver: CheckedResolver, limits: HttpLimits) -> Self {
        let clients = Mutex::new(Clients { by_school: BTreeMap::new(), full: KEPT_CLIENTS });
        Self { tls, resolver, limits, clients }
    }

    /// The client of a school.
    pub(super) fn of(&self, school: &SchoolId) -> NetworkClient {
        // A panic while the lock is held cannot leave a client half made.
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((client, used)) = clients.by_school.get_mut(school) {
            *used = Stopwatch::start();
            return client.clone();
        }
        if clients.by_school.len() >= clients.full {
            // By then every connection of such a client was closed; a request under way holds a client of its own.
            clients.by_school.retain(|_, (_, used)| used.elapsed() <= self.limits.idle);
            clients.full = KEPT_CLIENTS.max(clients.by_school.len() * 2);
        }
        let client = self.client();
        clients.by_school.insert(school.clone(), (client.clone(), Stopwatch::start()));
        client
    }

    /// The number of schools that have a client.
    #[cfg(test)]
    pub(super) fn kept(&self) -> usize {
        self.clients.lock().unwrap_or_else(PoisonError::into_inner).by_school.len()
    }

    fn client(&self) -> NetworkClient {
        let mut tcp = HttpConnector::new_with_resolver(self.resolver.clone());
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(self.limits.connect));
        let mut tls = self.tls.clone();
        tls.resumption = Resumption::in_memory_sessions(KEPT_SESSIONS);
        let connector = HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1();
        // No proxy: the client of hyper reads none from the environment, and none is set here.
        Client::builder(TokioExecutor::new())
            .timer(TokioTimer::new())
            .pool_timer(TokioTimer::new())
            .pool_max_idle_per_host(self.limits.idle_connections)
            .pool_idle_timeout(self.limits.idle)
            .http1_max_buf_size(self.limits.header_bytes.max(MIN_BUFFER_BYTES))
            .build(connector.wrap_connector(tcp))
    }
}
