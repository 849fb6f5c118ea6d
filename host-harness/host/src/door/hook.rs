//! The only way out of the sandbox: takes a guest's request, collects its body, asks the gate, adds the credentials,
//! waits for the transport and hands the answer to the guest.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::{AUTHORIZATION, COOKIE, HeaderName, PROXY_AUTHORIZATION, SET_COOKIE};
use http_body::{Body, Frame, SizeHint};
use http_body_util::{BodyExt, Full};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tracing::Instrument as _;
use wasmtime_wasi_http::{
    DEFAULT_FORBIDDEN_HEADERS, Error, ForbiddenHeaderFilter, RequestOptions, WasiBody, WasiHttpHooks,
};

use super::credentials::{CredentialHeader, CredentialSource};
use super::denial::Denial;
use super::gate::{Grant, Pass};
use super::log::{RequestEntry, RequestLog};
use super::transport::{Answer, Outgoing, Transport, TransportError};
use crate::clock::Clock;
use crate::limits::HttpLimits;
use crate::meter::Meter;
use crate::observer::{Observer, Step};
use crate::store::SchoolId;

/// Everything of which the door of one school is made.
#[derive(Clone)]
pub(crate) struct DoorParts {
    pub(crate) school: SchoolId,
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) credentials: Arc<dyn CredentialSource>,
    pub(crate) header: CredentialHeader,
    pub(crate) log: Arc<dyn RequestLog>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) observer: Arc<dyn Observer>,
    pub(crate) limits: HttpLimits,
    pub(crate) meter: Arc<Meter>,
}

/// The door of one call.
pub(crate) struct Door {
    parts: DoorParts,
    /// The grant of the call. A call that may reach nothing has a denial instead, which answers each of its requests.
    grant: Result<Grant, Denial>,
    in_flight: Arc<Semaphore>,
    refusals: Arc<Refusals>,
}

/// Logs the requests that the door refuses, up to a limit for each call, so that a guest that tries for ever does not
/// fill the disk. The plugin tells people to look into the log, so each refusal is logged at the level that is on by
/// default.
struct Refusals {
    log: Arc<dyn RequestLog>,
    left: AtomicU32,
}

impl Refusals {
    fn write_down(&self, denial: &Denial) {
        if self.may_write() {
            tracing::warn!(%denial, "refused a request of the plugin");
            self.log.denied(denial);
        }
    }

    /// Logs a server that the transport did not speak to, although the gate had let the request through. The request log
    /// has an entry.
    fn write_down_server(&self, refused: &TransportError) {
        if !self.may_write() {
            return;
        }
        if let TransportError::AddressRefused(_) = refused {
            tracing::warn!(
                %refused,
                "refused a request of the plugin; correct the name in coursekey-url in School Settings or in DNS, or start \
                 the host with loopback-allowed = true if it is this machine"
            );
        } else {
            tracing::warn!(%refused, "refused a request of the plugin");
        }
    }

    fn may_write(&self) -> bool {
        let before = self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
        if before == Ok(1) {
            tracing::warn!("refusals of this call that come after the next one are not written down");
        }
        before.is_ok()
    }
}

impl Door {
    pub(crate) fn new(parts: DoorParts, grant: Result<Grant, Denial>) -> Self {
        let in_flight = Arc::new(Semaphore::new(parts.limits.in_flight));
        let (log, left) = (Arc::clone(&parts.log), AtomicU32::new(parts.limits.denials_logged));
        Self { parts, grant, in_flight, refusals: Arc::new(Refusals { log, left }) }
    }

    /// Lets a request through or refuses it. The request is not sent yet.
    fn admit(&self, request: http::request::Parts) -> Result<Departure, Denial> {
        let pass = self.grant.as_ref().map_err(Clone::clone)?.check(&request)?;
        let refused = || Denial::Credentials { campus: pass.campus.clone() };
        let key = self.parts.credentials.key(&pass.campus).ok_or_else(refused)?;
        let credentials = self.parts.header.value(&key).map_err(|_| refused())?;
        let entry = RequestEntry {
            at: self.parts.clock.now(),
            campus: pass.campus.clone(),
            method: request.method.to_string(),
            path: request.uri.path().to_owned(),
            kind: pass.kind.clone(),
            items: pass.items,
            status: None,
            took: Duration::ZERO,
        };
        Ok(Departure {
            request: outgoing(request, pass.clone(), &self.parts.header.name, credentials),
            campus: pass.campus,
            entry,
        })
    }
}

/// A request that the gate let through, before its body is collected.
struct Departure {
    request: http::Request<()>,
    campus: String,
    entry: RequestEntry,
}

fn outgoing(
    parts: http::request::Parts,
    pass: Pass,
    name: &HeaderName,
    credentials: http::HeaderValue,
) -> http::Request<()> {
    let mut request = http::Request::new(());
    *request.method_mut() = parts.method;
    *request.uri_mut() = parts.uri;
    *request.headers_mut() = pass.headers;
    request.headers_mut().insert(name.clone(), credentials);
    request
}

impl WasiHttpHooks for Door {
    fn is_forbidden_header(&mut self, name: &HeaderName) -> bool {
        (self.forbidden_header_filter())(name)
    }

    /// The guest may not set these headers and never sees them.
    fn forbidden_header_filter(&mut self) -> ForbiddenHeaderFilter {
        let credentials = self.parts.header.name.clone();
        Arc::new(move |name| {
            DEFAULT_FORBIDDEN_HEADERS.contains(name)
                || [AUTHORIZATION, PROXY_AUTHORIZATION, COOKIE, SET_COOKIE].contains(name)
                || *name == credentials
        })
    }

    fn set_host_header(&mut self) -> bool {
        false // The sender writes the host it dialled.
    }

    fn send_request(
        &mut self,
        request: http::Request<WasiBody>,
        _options: Option<RequestOptions>,
        _processed: Box<dyn Future<Output = Result<(), Error>> + Send>,
    ) -> Box<dyn Future<Output = Sent> + Send> {
        let (parts, body) = request.into_parts();
        let departure = match self.admit(parts) {
            Ok(departure) => departure,
            Err(denial) => {
                self.refusals.write_down(&denial);
                return Box::new(std::future::ready(Err(Error::HttpRequestDenied)));
            }
        };
        let Ok(permit) = Arc::clone(&self.in_flight).try_acquire_owned() else {
            return Box::new(std::future::ready(Err(Error::ConnectionLimitReached)));
        };
        let refusals = Arc::clone(&self.refusals);
        Box::new(exchange(self.parts.clone(), departure, body, permit, refusals).in_current_span())
    }
}

type Sent = Result<(http::Response<WasiBody>, Box<dyn Future<Output = Result<(), Error>> + Send>), Error>;

async fn exchange(
    parts: DoorParts,
    departure: Departure,
    body: WasiBody,
    permit: OwnedSemaphorePermit,
    refusals: Arc<Refusals>,
) -> Sent {
    let Departure { request, campus, entry } = departure;
    let body = collect(body, parts.limits.request_bytes).await?;
    if request.method() == http::Method::GET && !body.is_empty() {
        refusals.write_down(&Denial::Body);
        return Err(Error::HttpRequestDenied);
    }
    let started = entry.at;
    let mut logged = LoggedAtEnd { entry, log: Arc::clone(&parts.log) };
    parts.meter.sends();
    parts.observer.step(Step::BeforeRequest);
    let outgoing = Outgoing { request: request.map(|()| body), school: parts.school, campus };
    let sent = parts.transport.send(outgoing).await;
    parts.observer.step(Step::AfterRequest);
    logged.entry.took = took(&sent);
    parts.clock.passed(started, logged.entry.took);
    let response = sent.map_err(|error| wasi_error(&error, &refusals))?.response;
    logged.entry.status = Some(response.status().as_u16());
    check_size(&response, &parts.limits)?;
    let response = response.map(|bytes| {
        HeldBody { bytes: Full::new(bytes), _permit: permit }.map_err(|never| match never {}).boxed_unsync()
    });
    Ok((response, Box::new(std::future::ready(Ok(())))))
}

/// Writes the request's entry when the request is over, even if the guest gave the request up or was stopped.
struct LoggedAtEnd {
    entry: RequestEntry,
    log: Arc<dyn RequestLog>,
}

impl Drop for LoggedAtEnd {
    fn drop(&mut self) {
        self.log.record(self.entry.clone());
    }
}

async fn collect(mut body: WasiBody, limit_bytes: usize) -> Result<Bytes, Error> {
    let mut whole = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let Ok(piece) = frame?.into_data() else {
            continue;
        };
        if whole.len() + piece.len() > limit_bytes {
            return Err(Error::HttpRequestBodySize(u64::try_from(limit_bytes).ok()));
        }
        whole.extend_from_slice(&piece);
    }
    Ok(whole.freeze())
}

/// How long a request took, by its transport, which may simulate the time.
fn took(sent: &Result<Answer, TransportError>) -> Duration {
    match sent {
        Ok(answer) => answer.latency,
        Err(TransportError::TimedOut(waited)) => *waited,
        Err(_) => Duration::ZERO,
    }
}

/// Checks the size of an answer from any transport, before the guest's side allocates memory for the answer.
fn check_size(response: &http::Response<Bytes>, limits: &HttpLimits) -> Result<(), Error> {
    if response.body().len() > limits.response_bytes {
        return Err(Error::HttpResponseBodySize(u64::try_from(limits.response_bytes).ok()));
    }
    let header_bytes: usize =
        response.headers().iter().map(|(name, value)| name.as_str().len() + value.as_bytes().len()).sum();
    if header_bytes > limits.header_bytes {
        return Err(Error::HttpResponseHeaderSectionSize(u32::try_from(limits.header_bytes).ok()));
    }
    Ok(())
}

/// The error that the guest gets. The error does not say whether CourseKey acted on the request, and need not: every
/// request may be sent again.
fn wasi_error(error: &TransportError, refusals: &Refusals) -> Error {
    if let TransportError::AddressRefused(_) | TransportError::Certificate(_) = error {
        refusals.write_down_server(error);
    } else {
        tracing::debug!(%error, "a request of the plugin got no answer");
    }
    match error {
        TransportError::Connect(_) => Error::ConnectionRefused,
        // Nothing was sent, as if there were no server.
        TransportError::Certificate(_) => Error::DestinationUnavailable,
        TransportError::AddressRefused(_) => Error::DestinationIpProhibited,
        TransportError::TimedOut(_) => Error::HttpResponseTimeout,
        TransportError::Cut => Error::HttpResponseIncomplete,
        TransportError::TooLarge(limit) => Error::HttpResponseBodySize(u64::try_from(*limit).ok()),
        TransportError::Protocol(_) => Error::HttpProtocolError,
    }
}

/// The body of an answer that the guest still holds; its request counts as in flight until this value is dropped.
struct HeldBody {
    bytes: Full<Bytes>,
    _permit: OwnedSemaphorePermit,
}

impl Body for HeldBody {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        Pin::new(&mut self.bytes).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.bytes.size_hint()
    }
}
