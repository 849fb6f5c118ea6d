//! The simulator on a port of its own. Here faults happen for real: answers that never come, bodies that end too
//! soon.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::response::Response;
use bytes::Bytes;
use http_body::{Frame, SizeHint};
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::clock::{self, Clock};
use super::http::{MAX_BODY_BYTES, json_response, too_large_response};
use super::{Delivery, Simulator};

/// How long requests that are under way may take to end once the server closes.
const GRACE: std::time::Duration = std::time::Duration::from_secs(1);
/// How long the body of a request may take to come.
const WHOLE_BODY: std::time::Duration = std::time::Duration::from_secs(30);

#[derive(Clone)]
struct Shared {
    simulator: Arc<Mutex<Simulator>>,
    clock: Arc<Clock>,
    closing: watch::Receiver<bool>,
}

/// Serves until `shutdown` is ready; then requests that would never be answered are dropped.
///
/// # Errors
/// The listener failed.
pub async fn serve(
    listener: TcpListener,
    simulator: Arc<Mutex<Simulator>>,
    clock: Clock,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let (close, closing) = watch::channel(false);
    let mut closed = closing.clone();
    let shared = Shared { simulator, clock: Arc::new(clock), closing };
    let app = Router::new().fallback(answer).with_state(shared);
    let shutdown = async move {
        shutdown.await;
        close.send_replace(true);
    };
    let served = axum::serve(listener, app).with_graceful_shutdown(shutdown);
    let overdue = async {
        // A connection that sent half a request would keep the server open for ever.
        let _ = closed.wait_for(|closing| *closing).await;
        let _ = tokio::time::timeout(GRACE, std::future::pending::<()>()).await;
    };
    tokio::select! {
        served = served => served,
        () = overdue => Ok(()),
    }
}

async fn answer(State(mut shared): State<Shared>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let body = match tokio::time::timeout(WHOLE_BODY, to_bytes(body, MAX_BODY_BYTES)).await {
        Ok(Ok(body)) => body,
        Ok(Err(_)) => return too_large_response().map(Body::from),
        Err(_) => return too_slow_response(),
    };
    let request = http::Request::from_parts(head, body);
    if request.uri().path() == clock::PATH {
        let (status, body) = shared.clock.answer(&request);
        return json_response(status, body).map(Body::from);
    }
    let now = shared.clock.now();
    let handled = shared.simulator.lock().unwrap_or_else(PoisonError::into_inner).handle(now, &request);
    match handled.delivery {
        Delivery::Whole => handled.response.map(Body::from),
        Delivery::Cut => handled.response.map(|body| Body::new(CutBody::new(&body))),
        Delivery::Never => {
            // An error means that the server is gone, which ends the wait as well.
            let _ = shared.closing.wait_for(|closing| *closing).await;
            Response::new(Body::empty())
        }
    }
}

/// The answer to a request whose body does not come; the connection is closed.
fn too_slow_response() -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = http::StatusCode::REQUEST_TIMEOUT;
    response.headers_mut().insert(http::header::CONNECTION, http::HeaderValue::from_static("close"));
    response
}

/// A body that announces its length and fails half way, which makes the server close the connection.
struct CutBody {
    announced: u64,
    half: Option<Bytes>,
    flushed: bool,
}

impl CutBody {
    fn new(whole: &Bytes) -> Self {
        Self { announced: whole.len() as u64, half: Some(whole.slice(..whole.len() / 2)), flushed: false }
    }
}

impl http_body::Body for CutBody {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if let Some(half) = self.half.take() {
            return Poll::Ready(Some(Ok(Frame::data(half))));
        }
        if !self.flushed {
            // The body is once not ready, so that the server sends the first half before it learns of the end.
            self.flushed = true;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(Some(Err(std::io::Error::other("cut by a fault"))))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.announced)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::io::{Read, Write};
    use std::net::{SocketAddr, TcpStream};
    use std::time::Duration;

    use super::*;
    use crate::tests::{at, simulator};
    use crate::{Fault, FaultEffect, Kind};

    const GET: &str = "GET /v1/schools/1/users HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer key-1\r\n\r\n";

    /// Serves the simulator while `client` talks to it, then shuts down.
    fn serving(simulator: Arc<Mutex<Simulator>>, client: impl FnOnce(SocketAddr) + Send + 'static) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        runtime.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            let talk = tokio::task::spawn_blocking(move || client(address));
            let clock = Clock::new(Arc::new(|| at("08:00:00")), None, 1);
            serve(listener, simulator, clock, async move { talk.await.unwrap() }).await.unwrap();
        });
    }

    fn connect(address: SocketAddr) -> TcpStream {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        stream
    }

    /// Reads until the text ends with `end`, or the connection ends.
    fn read_until(stream: &mut TcpStream, end: &str) -> String {
        let mut text = String::new();
        let mut buffer = [0; 1024];
        while !text.ends_with(end) {
            let Ok(read @ 1..) = stream.read(&mut buffer) else {
                break;
            };
            text.push_str(&String::from_utf8_lossy(buffer.get(..read).unwrap()));
        }
        text
    }

    #[test]
    fn one_connection_carries_one_request_after_the_other() {
        serving(Arc::new(Mutex::new(simulator())), |address| {
            let mut stream = connect(address);
            for _ in 0..3 {
                stream.write_all(GET.as_bytes()).unwrap();
                let answer = read_until(&mut stream, "}");
                assert!(
                    answer.starts_with("HTTP/1.1 200 OK") && answer.ends_with(r#"{"items":[],"next":null}"#),
                    "{answer}"
                );
            }
        });
    }

    #[test]
    fn the_clock_is_read_at_a_path_of_its_own_and_without_a_key() {
        serving(Arc::new(Mutex::new(simulator())), |address| {
            let mut stream = connect(address);
            stream.write_all(b"GET /clock HTTP/1.1\r\nhost: localhost\r\n\r\n").unwrap();
            let answer = read_until(&mut stream, "}");
            assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.contains("T08:00:00Z"), "{answer}");
        });
    }

    #[test]
    fn a_cut_answer_ends_inside_its_body() {
        let mut simulator = simulator();
        simulator.order_fault(Fault { on: Kind::Users, effect: FaultEffect::Cut, times: 1 });
        serving(Arc::new(Mutex::new(simulator)), |address| {
            let mut stream = connect(address);
            stream.write_all(GET.as_bytes()).unwrap();
            let answer = read_until(&mut stream, "}");
            assert!(answer.contains("content-length: 24") && answer.ends_with(r#"{"items":[],"#), "{answer}");
        });
    }

    #[test]
    fn half_a_request_does_not_keep_the_server_from_closing() {
        let half_open = Arc::new(Mutex::new(None));
        let kept = half_open.clone();
        serving(Arc::new(Mutex::new(simulator())), move |address| {
            let mut stream = connect(address);
            stream
                .write_all(b"PUT /v1/schools/1/users HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9\r\n\r\n{")
                .unwrap();
            *kept.lock().unwrap() = Some(stream);
        });
        assert!(half_open.lock().unwrap().is_some(), "the client kept its end open");
    }

    #[test]
    fn an_answer_that_never_comes_does_not_keep_the_server_from_closing() {
        let mut simulator = simulator();
        simulator.order_fault(Fault { on: Kind::Users, effect: FaultEffect::LostAnswer, times: 1 });
        let simulator = Arc::new(Mutex::new(simulator));
        let taken = simulator.clone();
        serving(simulator, move |address| {
            let mut stream = connect(address);
            stream.write_all(GET.as_bytes()).unwrap();
            while taken.lock().unwrap().counts().is_empty() {
                std::thread::yield_now();
            }
        });
    }
}
