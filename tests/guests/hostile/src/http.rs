//! Requests that a plugin must not send, and answers that the guest never reads.

use std::collections::BTreeMap;

use wasi::http::outgoing_handler::handle;
use wasi::http::types::{
    Fields, FutureIncomingResponse, IncomingResponse, Method, OutgoingBody, OutgoingRequest, Scheme,
};

/// Sends the request `METHOD URL [body=BYTES] [headers=COUNT] [header-of=BYTES] [name=value]…`; returns its outcome and the answer's body.
pub(crate) fn send(words: &str) -> String {
    match exchange(words) {
        Ok(response) => format!("{} {}", response.status(), read(&response)),
        Err(refused) => refused,
    }
}

/// Sends the same request, but keeps the answer and never reads it.
pub(crate) fn hold(words: &str, held: &mut Vec<IncomingResponse>) -> String {
    match exchange(words) {
        Ok(response) => {
            let status = response.status().to_string();
            held.push(response);
            status
        }
        Err(refused) => refused,
    }
}

/// `burst COUNT REQUEST`: starts the same request so many times before it waits for the first answer; says how often
/// which outcome came.
pub(crate) fn burst(words: &str) -> String {
    let (count, request) = words.split_once(' ').unwrap_or((words, ""));
    let started: Vec<_> = (0..crate::number(count)).map(|_| start(request)).collect();
    let mut outcomes = BTreeMap::<String, usize>::new();
    for started in started {
        let outcome = match started.and_then(wait) {
            Ok(response) => response.status().to_string(),
            Err(refused) => refused,
        };
        *outcomes.entry(outcome).or_default() += 1;
    }
    outcomes.iter().map(|(outcome, count)| format!("{count} × {outcome}")).collect::<Vec<_>>().join(", ")
}

fn exchange(line: &str) -> Result<IncomingResponse, String> {
    wait(start(line)?)
}

fn wait(future: FutureIncomingResponse) -> Result<IncomingResponse, String> {
    future.subscribe().block();
    let answer = future.get().ok_or("no answer")?.map_err(|()| "taken twice")?;
    answer.map_err(|error| format!("{error:?}"))
}

fn start(line: &str) -> Result<FutureIncomingResponse, String> {
    let mut words = line.split(' ');
    let method = words.next().unwrap_or_default();
    let url = words.next().unwrap_or_default();
    let (scheme, rest) = url.split_once("://").unwrap_or(("https", url));
    let (authority, path) = rest.find('/').map_or((rest, "/"), |slash| rest.split_at(slash));
    let headers = Fields::new();
    let mut body_bytes = 0;
    for (name, value) in words.filter_map(|word| word.split_once('=')) {
        if name == "body" {
            body_bytes = value.parse().unwrap_or(0);
        } else if name == "header-of" {
            let bytes = vec![b'x'; value.parse().unwrap_or(0)];
            headers.append("user-agent", &bytes).map_err(|error| format!("header of {value}: {error:?}"))?;
        } else if name == "headers" {
            for count in 0..value.parse().unwrap_or(0) {
                let added = headers.append("accept", b"application/json");
                added.map_err(|error| format!("header {count}: {error:?}"))?;
            }
        } else {
            headers.append(name, value.as_bytes()).map_err(|error| format!("header {name}: {error:?}"))?;
        }
    }
    let request = OutgoingRequest::new(headers);
    request.set_method(&named(method)).map_err(|()| "method not set")?;
    request.set_scheme(Some(&if scheme == "http" { Scheme::Http } else { Scheme::Https })).map_err(|()| "scheme")?;
    request.set_authority(Some(authority)).map_err(|()| "authority not set")?;
    request.set_path_with_query(Some(path)).map_err(|()| "path not set")?;
    let body = request.body().map_err(|()| "no body")?;
    let future = handle(request, None).map_err(|error| format!("{error:?}"))?;
    write(body, body_bytes);
    Ok(future)
}

fn named(method: &str) -> Method {
    match method {
        "GET" => Method::Get,
        "PUT" => Method::Put,
        other => Method::Other(other.to_owned()),
    }
}

/// Writes as many bytes as the host takes.
fn write(body: OutgoingBody, mut bytes: usize) {
    let Ok(stream) = body.write() else { return };
    while bytes > 0 {
        let piece = bytes.min(4096);
        if stream.blocking_write_and_flush(&vec![b'x'; piece]).is_err() {
            return;
        }
        bytes -= piece;
    }
    drop(stream);
    let _ = OutgoingBody::finish(body, None);
}

fn read(response: &IncomingResponse) -> String {
    let mut text = String::new();
    let Ok(body) = response.consume() else {
        return text;
    };
    let Ok(stream) = body.stream() else {
        return text;
    };
    while let Ok(piece) = stream.blocking_read(64 * 1024) {
        text += &String::from_utf8_lossy(&piece);
    }
    text
}
