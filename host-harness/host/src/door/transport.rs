//! The transport: carries a request that the gate has let through, over the network or to a simulated CourseKey in
//! this process.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;

use super::special::why_not_public;
use crate::store::SchoolId;

/// A request as it leaves the host: checked, with the credentials of its campus.
#[derive(Clone)]
pub struct Outgoing {
    /// The whole request. Its `Authorization` header is marked sensitive and never printed.
    pub request: http::Request<Bytes>,
    /// The school whose request it is. Requests of two schools never share a connection.
    pub school: SchoolId,
    /// GEGI's id of the campus that the request is for.
    pub campus: String,
}

/// The whole answer of CourseKey.
#[derive(Clone)]
pub struct Answer {
    /// The status, the headers and the complete body.
    pub response: http::Response<Bytes>,
    /// How long the answer took; a virtual clock moves forward by this time.
    pub latency: Duration,
}

/// Prints no query, header or body, because these name people.
impl std::fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { request, school: _, campus } = self;
        write!(f, "{} {} for {campus}, {} bytes", request.method(), request.uri().path(), request.body().len())
    }
}

/// Prints no header or body, because these name people.
impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { response, latency } = self;
        write!(f, "{} after {latency:?}, {} bytes", response.status().as_u16(), response.body().len())
    }
}

/// Why the answer did not arrive whole. CourseKey may or may not have acted on the request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TransportError {
    /// No connection could be made.
    #[error("connect to CourseKey: {0}")]
    Connect(String),
    /// The door may not dial the address of the name.
    #[error("rule address: {0} is not public ({why})", why = why_refused(*.0))]
    AddressRefused(std::net::IpAddr),
    /// The certificate of CourseKey's server is not to be believed. The text says what is wrong, and who mends it.
    #[error("connect to CourseKey: {0}")]
    Certificate(String),
    /// The answer, or its next bytes, did not come within this time.
    #[error("hear from CourseKey within {0:?}")]
    TimedOut(Duration),
    /// The connection ended inside the answer.
    #[error("read the whole answer: the connection ended early")]
    Cut,
    /// The answer has more bytes than this limit.
    #[error("read the answer: it is larger than {0} bytes")]
    TooLarge(usize),
    /// CourseKey's server breaks HTTP.
    #[error("read the answer: {0}")]
    Protocol(String),
}

fn why_refused(address: std::net::IpAddr) -> String {
    why_not_public(address).unwrap_or_else(|| "refused".to_owned())
}

/// Carries requests. Implementations apply every time-out themselves and never follow redirects.
#[async_trait]
pub trait Transport: Send + Sync {
    /// Sends the request and waits for the whole answer.
    async fn send(&self, outgoing: Outgoing) -> Result<Answer, TransportError>;
}
