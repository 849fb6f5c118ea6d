//! HTTP over `wasi:http`: several requests in flight, each answer read whole. Not here: what a request or an answer
//! means (`coursekey`).
//!
//! WASI's resources are children of one another and trap when a parent is dropped first: pollable before stream, stream
//! before body, body before response. Every function here drops in that order.

use wasi::http::outgoing_handler::handle;
use wasi::http::types::{
    ErrorCode, Fields, FutureIncomingResponse, IncomingBody, IncomingResponse, Method as WireMethod, OutgoingBody,
    OutgoingRequest, RequestOptions, Scheme,
};
use wasi::io::streams::{OutputStream, StreamError};

use super::deadline::{Deadline, SECOND};
use super::host::now;
use crate::model::sorted::arrange;
use crate::world::network::{Exchange, IN_FLIGHT, Method, Reply, Request, Unheard};

/// The most bytes of an answer's body that one read asks for.
const CHUNK: usize = 64 * 1_024;
/// How long a connection may take to be made, in nanoseconds as WASI has them.
const CONNECT: u64 = 5 * SECOND;
/// How long CourseKey may take to begin its answer.
const FIRST_BYTE: u64 = 20 * SECOND;
/// How long CourseKey may pause within its answer.
const BETWEEN_BYTES: u64 = 5 * SECOND;
/// How long a whole answer may take once it began, pauses included: an answer of a byte every second is no answer.
const WHOLE_ANSWER: u64 = 30;

/// Sends the requests in order, at most [`IN_FLIGHT`] at a time, and hands over the answers as they arrive. When the time
/// is over no request is started, and those that are under way are given up.
pub(super) fn exchange(requests: &[Request], exchange: &mut dyn Exchange, end: Deadline) {
    let mut flying: Vec<(usize, FutureIncomingResponse)> = Vec::new();
    let mut waiting = requests.iter().enumerate();
    loop {
        while flying.len() < IN_FLIGHT
            && let Some((place, request)) = waiting.next()
        {
            if !end.is_over() && exchange.may_start(request, now()) {
                match start(request, end) {
                    Ok(future) => flying.push((place, future)),
                    Err(unheard) => exchange.take(place, Err(unheard)),
                }
            }
        }
        if flying.is_empty() {
            return;
        }
        let ready = ready(&flying, end);
        if ready.is_empty() {
            flying.drain(..).for_each(|(place, _)| exchange.take(place, Err(Unheard::TimedOut)));
        }
        for index in ready.into_iter().rev() {
            let (place, future) = flying.swap_remove(index);
            exchange.take(place, finish(&future, end));
        }
    }
}

/// The places, in `flying`, of the requests that were answered; empty: the time is over.
fn ready(flying: &[(usize, FutureIncomingResponse)], end: Deadline) -> Vec<usize> {
    let pollables: Vec<_> = flying.iter().map(|(_, future)| future.subscribe()).collect();
    let mut ready = end.wait(&pollables);
    arrange(&mut ready, Ord::cmp);
    ready
}

fn start(request: &Request, end: Deadline) -> Result<FutureIncomingResponse, Unheard> {
    let headers = Fields::new();
    let items = request.items.to_string();
    let lines =
        [("gegi-campus", request.address.campus.as_str()), ("gegi-items", &items), ("accept", "application/json")];
    let content = (!request.body.is_empty()).then_some(("content-type", "application/json"));
    for (name, value) in lines.into_iter().chain(content) {
        headers.append(name, value.as_bytes()).map_err(|_| Unheard::Unsendable)?;
    }
    let outgoing = OutgoingRequest::new(headers);
    let (scheme, authority, path) = split(&request.url).ok_or(Unheard::Unsendable)?;
    let method = match request.method {
        Method::Get => WireMethod::Get,
        Method::Put => WireMethod::Put,
    };
    let unsendable = |()| Unheard::Unsendable;
    outgoing.set_method(&method).map_err(unsendable)?;
    outgoing.set_scheme(Some(&scheme)).map_err(unsendable)?;
    outgoing.set_authority(Some(authority)).map_err(unsendable)?;
    outgoing.set_path_with_query(Some(path)).map_err(unsendable)?;
    let body = outgoing.body().map_err(unsendable)?;
    let future = handle(outgoing, Some(patience())).map_err(|error| unheard(&error))?;
    write(body, &request.body, end)?;
    Ok(future)
}

/// A host need not have time-outs of its own. A host that cannot set one of these says so and does without.
fn patience() -> RequestOptions {
    let options = RequestOptions::new();
    let _ = options.set_connect_timeout(Some(CONNECT));
    let _ = options.set_first_byte_timeout(Some(FIRST_BYTE));
    let _ = options.set_between_bytes_timeout(Some(BETWEEN_BYTES));
    options
}

fn split(url: &str) -> Option<(Scheme, &str, &str)> {
    let (scheme, rest) = url.split_once("://")?;
    let scheme = match scheme {
        "https" => Scheme::Https,
        "http" => Scheme::Http,
        _ => return None,
    };
    let slash = rest.find('/').unwrap_or(rest.len());
    let (authority, path) = rest.split_at(slash);
    Some((scheme, authority, path))
}

fn write(body: OutgoingBody, bytes: &[u8], end: Deadline) -> Result<(), Unheard> {
    let stream = body.write().map_err(|()| Unheard::Cut)?;
    let written = write_all(&stream, bytes, end);
    drop(stream);
    written?;
    OutgoingBody::finish(body, None).map_err(|error| unheard(&error))
}

fn write_all(stream: &OutputStream, bytes: &[u8], end: Deadline) -> Result<(), Unheard> {
    let mut rest = bytes;
    while !rest.is_empty() {
        if !end.wait_for(stream.subscribe()) {
            return Err(Unheard::TimedOut);
        }
        let Ok(room) = stream.check_write() else { return Ok(()) };
        let (first, later) = rest.split_at(rest.len().min(usize::try_from(room).unwrap_or(usize::MAX)));
        if stream.write(first).is_err() {
            // CourseKey does not want the rest of the body; its answer says why and is still read.
            return Ok(());
        }
        rest = later;
    }
    let flushed = stream.flush().is_err() || end.wait_for(stream.subscribe());
    if flushed { Ok(()) } else { Err(Unheard::TimedOut) }
}

fn finish(future: &FutureIncomingResponse, end: Deadline) -> Result<Reply, Unheard> {
    match future.get() {
        Some(Ok(Ok(response))) => read(response, end),
        Some(Ok(Err(error))) => Err(unheard(&error)),
        Some(Err(())) | None => Err(Unheard::Cut),
    }
}

fn read(response: IncomingResponse, end: Deadline) -> Result<Reply, Unheard> {
    let status = response.status();
    let headers = response.headers();
    let retry_after = headers.get("retry-after").pop().and_then(|value| String::from_utf8(value).ok());
    drop(headers);
    let body = response.consume().map_err(|()| Unheard::Cut)?;
    let bytes = read_body(&body, end);
    drop(body);
    drop(response);
    Ok(Reply { status, retry_after, body: bytes? })
}

fn read_body(body: &IncomingBody, end: Deadline) -> Result<Vec<u8>, Unheard> {
    let stream = body.stream().map_err(|()| Unheard::Cut)?;
    let end = end.or_within(WHOLE_ANSWER);
    let mut bytes = Vec::new();
    // What is there when the time is over is still read; only waiting for more ends.
    while end.wait_for(stream.subscribe()) {
        match stream.read(CHUNK as u64) {
            Ok(chunk) => bytes.extend(chunk),
            Err(StreamError::Closed) => return Ok(bytes),
            Err(StreamError::LastOperationFailed(_)) => return Err(Unheard::Cut),
        }
    }
    Err(Unheard::TimedOut)
}

fn unheard(error: &ErrorCode) -> Unheard {
    match error {
        ErrorCode::HttpRequestDenied => Unheard::Denied,
        ErrorCode::HttpRequestUriInvalid | ErrorCode::HttpRequestHeaderSize(_) => Unheard::Unsendable,
        ErrorCode::DnsTimeout
        | ErrorCode::ConnectionTimeout
        | ErrorCode::ConnectionReadTimeout
        | ErrorCode::ConnectionWriteTimeout
        | ErrorCode::HttpResponseTimeout => Unheard::TimedOut,
        ErrorCode::HttpResponseBodySize(_) => Unheard::TooLarge,
        ErrorCode::DnsError(_)
        | ErrorCode::DestinationUnavailable
        | ErrorCode::DestinationNotFound
        | ErrorCode::DestinationIpProhibited
        | ErrorCode::ConnectionRefused => Unheard::Unreachable,
        _ => Unheard::Cut,
    }
}
