//! A transport that records every request and its answer, and passes the request on to another transport.

use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use host::door::{Answer, Outgoing, Transport, TransportError};
use http::{Request, Response};

/// A request as it left the host, and its answer.
#[derive(Clone)]
pub(crate) struct Exchange {
    pub(crate) campus: String,
    pub(crate) request: Request<Bytes>,
    pub(crate) answer: Result<Response<Bytes>, TransportError>,
}

/// Records every exchange.
pub(crate) struct Recorder<T> {
    carrier: T,
    passed: Mutex<Vec<Exchange>>,
}

impl<T> Recorder<T> {
    pub(crate) fn new(carrier: T) -> Self {
        Self { carrier, passed: Mutex::default() }
    }

    /// Every recorded exchange, in the order of the answers.
    pub(crate) fn passed(&self) -> Vec<Exchange> {
        self.passed.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[async_trait]
impl<T: Transport> Transport for Recorder<T> {
    async fn send(&self, outgoing: Outgoing) -> Result<Answer, TransportError> {
        let answer = self.carrier.send(outgoing.clone()).await;
        let Outgoing { request, campus, .. } = outgoing;
        let noted = answer.as_ref().map(|answer| answer.response.clone()).map_err(Clone::clone);
        let exchange = Exchange { campus, request, answer: noted };
        self.passed.lock().unwrap_or_else(PoisonError::into_inner).push(exchange);
        answer
    }
}
