//! A stream of server-sent events for pages: tells whenever something of a school was committed, by whichever process.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::stream::{Stream, unfold};

use super::request::In;
use crate::problem::Problem;
use crate::schools::OpenSchool;
use crate::service::Service;

/// How often a stream looks for what other processes committed.
const LOOKS_EVERY: Duration = Duration::from_secs(2);
/// How often a stream says that it lives.
const KEEPS_ALIVE: Duration = Duration::from_secs(20);

/// Where a reader of the stream is.
struct Reader {
    service: Service,
    school: Arc<OpenSchool>,
    /// The commits of the school and of its book that the reader knows of; none: it has just come.
    known: Option<(u64, u64)>,
}

/// Tells of every change of the school for as long as somebody listens. Its data is no state: ask for what you show.
#[utoipa::path(get, path = "/v1/schools/{school}/events", tag = "schools", params(("school" = String, Path)),
    responses((status = 200, description = "A stream of the event `change`", content_type = "text/event-stream", body = String), (status = 404, description = "There is no such school", body = Problem)))]
pub(super) async fn follow(
    State(service): State<Service>,
    In(id): In<String>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>> + use<>>, Problem> {
    let school = service.school(&id).await?;
    let reader = Reader { service, school, known: None };
    let events = unfold(reader, |mut reader| async move {
        let event = reader.next().await?;
        Some((Ok(event), reader))
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(KEEPS_ALIVE)))
}

impl Reader {
    /// The next change; none: the service ends, or the storage failed, and the reader comes again.
    async fn next(&mut self) -> Option<Event> {
        let mut ending = self.service.ending();
        loop {
            if self.service.is_ending() {
                return None;
            }
            // Registered before the look, so that nothing committed in between is missed.
            let committed = self.school.committed.notified();
            let commits = self.school.school.standing().await.ok()?.commits;
            let now = (commits, self.school.book.commits().await.ok()?);
            let is_news = self.known.replace(now).is_some_and(|known| known != now);
            if is_news {
                return Some(Event::default().event("change").data(format!("{}.{}", now.0, now.1)));
            }
            tokio::select! {
                _ = tokio::time::timeout(LOOKS_EVERY, committed) => {}
                _ = ending.changed() => return None,
            }
        }
    }
}
