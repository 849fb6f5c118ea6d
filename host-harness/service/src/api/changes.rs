//! The feed: what GEGI is to take, in order, and what GEGI says of it. A school that keeps its records here has every
//! operation in its feed once the book has taken it; one that keeps them in GEGI has them in its outbox, and the book takes
//! what GEGI acknowledges.

use std::collections::BTreeSet;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use host::gegi::{Delivery, Operation, Receipt, RecordSink};
use host::schedule::Wake;
use host::store::Acknowledgement;
use host::watchdog::Stage;
use http::StatusCode;
use mirror::book::FeedItem;
use mirror::operation::OperationLine;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::request::{Asked, Body, In, limit};
use crate::problem::Problem;
use crate::registry::Records;
use crate::schools::OpenSchool;
use crate::service::Service;

/// The longest time in seconds for which a reader may wait.
pub(super) const LONGEST_WAIT: u64 = 60;

/// How often a reader that waits looks again, for what another process committed.
const LOOKS_EVERY: Duration = Duration::from_secs(1);

/// The place in the feed.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Place {
    /// Operations with a greater sequence; 0 if it is missing.
    #[serde(default)]
    after: u64,
    /// At most so many operations, from 1 to 1,000; 100 if it is missing.
    limit: Option<usize>,
    /// Waits at most so many seconds for an operation, up to 60; 0 if it is missing.
    #[serde(default)]
    wait: u64,
}

/// An operation that GEGI is to take.
#[derive(Serialize, ToSchema)]
pub(super) struct Change {
    /// Ascending without repeats within the school.
    sequence: u64,
    /// The operation's id. GEGI takes an operation once, whatever sequence it comes under.
    id: String,
    /// An object with one key, the kind of the operation.
    #[schema(value_type = Object)]
    operation: Value,
}

/// A page of the feed.
#[derive(Serialize, ToSchema)]
pub(super) struct Feed {
    /// The operations, in order.
    items: Vec<Change>,
    /// The `after` of the next page: the last sequence of this one.
    next: u64,
}

/// What GEGI is to take. Waits for it if somebody asks so.
#[utoipa::path(get, path = "/v1/schools/{school}/changes", tag = "changes", params(("school" = String, Path), Place),
    responses((status = 200, description = "A page of the feed", body = Feed), (status = 404, description = "There is no such school", body = Problem)))]
pub(super) async fn list(
    State(service): State<Service>,
    In(id): In<String>,
    Asked(asked): Asked<Place>,
) -> Result<Json<Feed>, Problem> {
    let limit = limit(asked.limit)?;
    if asked.wait > LONGEST_WAIT {
        return Err(Problem::bad_request(format!("wait is out of range; write 0 to {LONGEST_WAIT}")));
    }
    let school = service.school(&id).await?;
    let watch = host::limits::Stopwatch::start();
    loop {
        // Registered before the look, so that nothing committed in between is missed.
        let committed = school.committed.notified();
        let items = waiting(&school, asked.after, limit).await?;
        let left = Duration::from_secs(asked.wait).saturating_sub(watch.elapsed());
        if !items.is_empty() || left.is_zero() || service.is_ending() {
            let next = items.last().map_or(asked.after, |item| item.sequence);
            return Ok(Json(Feed { items, next }));
        }
        let _ = tokio::time::timeout(left.min(LOOKS_EVERY), committed).await;
    }
}

/// What the book has taken and GEGI has not acknowledged, then what waits for GEGI in the outbox. A school whose records
/// moved from here to GEGI may have both.
async fn waiting(school: &OpenSchool, after: u64, limit: usize) -> Result<Vec<Change>, Problem> {
    let mut items: Vec<Change> = school.book.feed(after, limit).await?.into_iter().map(Change::from).collect();
    if school.registered.records == Records::Feed {
        let last = items.last().map_or(after, |item| item.sequence);
        let more = school.school.waiting_records(last, limit - items.len()).await?;
        items.extend(more.iter().map(Change::from));
    }
    Ok(items)
}

impl From<FeedItem> for Change {
    fn from(item: FeedItem) -> Self {
        let FeedItem { sequence, id, operation } = item;
        Self { sequence, id, operation }
    }
}

impl From<&Delivery<Operation>> for Change {
    fn from(delivery: &Delivery<Operation>) -> Self {
        let operation = serde_json::to_value(OperationLine::from(&delivery.payload)).unwrap_or_default();
        Self { sequence: delivery.sequence, id: delivery.id.clone(), operation }
    }
}

/// What GEGI says of operations.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Acknowledgements {
    items: Vec<Said>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Said {
    sequence: u64,
    outcome: Outcome,
    reason: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Outcome {
    Applied,
    Refused,
}

impl Said {
    fn receipt(&self) -> Receipt {
        match self.outcome {
            Outcome::Applied => Receipt::Applied,
            Outcome::Refused => {
                Receipt::Refused(self.reason.clone().unwrap_or_else(|| "GEGI gave no reason".to_owned()))
            }
        }
    }
}

/// Says what became of operations: GEGI holds them, or refused them. Saying it again changes nothing.
#[utoipa::path(post, path = "/v1/schools/{school}/changes/acknowledgements", tag = "changes", params(("school" = String, Path)),
    request_body(content = ref("#/components/schemas/Acknowledgements"), content_type = "application/json"),
    responses((status = 204, description = "The operations are out of the feed"), (status = 404, description = "There is no such school", body = Problem),
        (status = 422, description = "A value does not fit", body = Problem)))]
pub(super) async fn acknowledge(
    State(service): State<Service>,
    In(id): In<String>,
    body: Body,
) -> Result<StatusCode, Problem> {
    let school = service.school(&id).await?;
    let Acknowledgements { items } = body.checked(&service.schemas().bodies.acknowledgements)?;
    let taken = take(&school, &items).await?;
    for said in items.iter().filter(|said| said.outcome == Outcome::Refused && !taken.contains(&said.sequence)) {
        tracing::warn!(school = id, sequence = said.sequence, "GEGI refused an operation that the book has taken");
        service.repeating().failed(school.school.id(), Stage::Refusals, service.clock().now());
    }
    school.book.acknowledge(&items.iter().map(|said| said.sequence).collect::<Vec<_>>()).await?;
    if service.seen(&school).await?.last_error.is_some() {
        // No tick may have been made because too much waited for GEGI.
        service.wake(&school, Wake::Changed).await;
    }
    Ok(StatusCode::NO_CONTENT)
}

/// Lets the book take what GEGI applied of the operations that wait for GEGI in the outbox, then takes them out of it, and
/// says which. If the second step does not happen, GEGI is given the operations once more, with the same ids, and the book
/// takes none of them twice.
async fn take(school: &OpenSchool, items: &[Said]) -> Result<BTreeSet<u64>, Problem> {
    let mut acknowledgements = Vec::with_capacity(items.len());
    if school.registered.records == Records::Mirror {
        return Ok(BTreeSet::new());
    }
    for said in items {
        let waiting = school.school.waiting_records(said.sequence.saturating_sub(1), 1).await?;
        let Some(delivery) = waiting.into_iter().find(|delivery| delivery.sequence == said.sequence) else { continue };
        let mut receipt = said.receipt();
        if receipt == Receipt::Applied {
            let taken = school.book.receive(&delivery).await;
            receipt = taken.map_err(|error| Problem::unavailable(error.0))?;
        }
        acknowledgements.push(Acknowledgement { sequence: said.sequence, receipt });
    }
    school.school.acknowledge_records(&acknowledgements).await?;
    Ok(acknowledgements.into_iter().map(|taken| taken.sequence).collect())
}
