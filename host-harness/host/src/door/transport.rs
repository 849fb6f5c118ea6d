//! What carries a request that the gate has let through: the network, or a simulated CourseKey in this process.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;

/// A request as it leaves the host: checked, with its campus's credentials.
#[derive(Clone)]
pub struct Outgoing {
    /// The whole request. Its `Authorization` header is marked sensitive and never printed.
    pub request: http::Request<Bytes>,
    /// The GEGI campus it was made for.
    pub campus: String,
}

/// CourseKey's answer, whole.
#[derive(Clone)]
pub struct Answer {
    /// Status, headers and the complete body.
    pub response: http::Response<Bytes>,
    /// How long the answer took; a virtual clock is moved forward by it.
    pub latency: Duration,
}

/// Without query, headers and body: they name people.
impl std::fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { request, campus } = self;
        write!(f, "{} {} for {campus}, {} bytes", request.method(), request.uri().path(), request.body().len())
    }
}

/// Without headers and body: they name people.
impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { response, latency } = self;
        write!(f, "{} after {latency:?}, {} bytes", response.status().as_u16(), response.body().len())
    }
}

/// Why there is no whole answer. CourseKey may or may not have acted on the request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TransportError {
    /// No connection could be made.
    #[error("connect to CourseKey: {0}")]
    Connect(String),
    /// The address behind the name is not one the door may dial.
    #[error("dial {0}: the address is not public")]
    AddressRefused(std::net::IpAddr),
    /// The answer, or its next bytes, did not come in time.
    #[error("hear from CourseKey within {0:?}")]
    TimedOut(Duration),
    /// The connection ended inside the answer.
    #[error("read the whole answer: the connection ended early")]
    Cut,
    /// The answer is larger than the school's limit.
    #[error("read the answer: it is larger than {0} bytes")]
    TooLarge(usize),
    /// The peer does not speak HTTP as it should.
    #[error("read the answer: {0}")]
    Protocol(String),
}

/// Carries requests. Implementations apply every time-out themselves and never follow redirects.
#[async_trait]
pub trait Transport: Send + Sync {
    /// Sends the request and waits for the whole answer.
    async fn send(&self, outgoing: Outgoing) -> Result<Answer, TransportError>;
}
