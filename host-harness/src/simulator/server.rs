//! The simulator on a port of its own. Faults happen for real here: answers that never come, bodies that end too soon.

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

use super::http::MAX_BODY_BYTES;
use super::{Delivery, Simulator};

/// Tells a server the time; the host's clock, without this room knowing it.
pub type Now = Arc<dyn Fn() -> chrono::DateTime<chrono::Utc> + Send + Sync>;

#[derive(Clone)]
struct Shared {
    simulator: Arc<Mutex<Simulator>>,
    now: Now,
    closing: watch::Receiver<bool>,
}

/// Serves until `shutdown` is ready; requests that will never be answered are dropped then.
///
/// # Errors
/// The listener's.
pub async fn serve(
    listener: TcpListener,
    simulator: Arc<Mutex<Simulator>>,
    now: Now,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let (close, closing) = watch::channel(false);
    let shared = Shared {
        simulator,
        now,
        closing,
    };
    let app = Router::new().fallback(answer).with_state(shared);
    let shutdown = async move {
        shutdown.await;
        close.send_replace(true);
    };
    axum::serve(listener, app)
        .with_graceful_shutdown(shutdown)
        .await
}

async fn answer(State(mut shared): State<Shared>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    // One byte more than CourseKey takes is enough to be refused as too large.
    let Ok(body) = to_bytes(body, MAX_BODY_BYTES + 1).await else {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = http::StatusCode::PAYLOAD_TOO_LARGE;
        return response;
    };
    let now = (shared.now)();
    let request = http::Request::from_parts(head, body);
    let handled = shared
        .simulator
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .handle(now, &request);
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

/// A body that announces its length and fails half-way, which makes the server close the connection.
struct CutBody {
    announced: u64,
    half: Option<Bytes>,
    flushed: bool,
}

impl CutBody {
    fn new(whole: &Bytes) -> Self {
        Self {
            announced: whole.len() as u64,
            half: Some(whole.slice(..whole.len() / 2)),
            flushed: false,
        }
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
            // Not being ready once lets the server send the first half before it learns of the end.
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
