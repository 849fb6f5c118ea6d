//! Hands over what was committed: in order, at least once, each item with its stable id. The caller decides when, the
//! receiver what becomes of an item. An entry of the journal is not handed over if GEGI refused the operation that the
//! entry is about. How items are kept until then is the store's business.

use serde::de::DeserializeOwned;

use crate::gegi::{Delivery, GegiUnavailable, MailSink, Operation, Receipt, RecordSink};
use crate::store::{
    Acknowledgement, DeliveryTurn, Lane, OutboxItem, Outcome, SchoolGate, SchoolId, Step, Steps, Store, StoreError,
};

/// Items between two acknowledgements, which cost a synchronisation of the disk each. After a crash at most this many
/// are delivered again.
const BATCH: usize = 256;

/// What a delivery did.
#[derive(Debug, Default)]
pub struct DeliveryReport {
    /// With the records.
    pub records: LaneReport,
    /// With the mails.
    pub mails: LaneReport,
}

/// What a delivery did with one lane.
#[derive(Debug, Default)]
pub struct LaneReport {
    /// Items taken.
    pub applied: u64,
    /// Items refused; [`Store::refused`] has the reasons.
    pub refused: u64,
    /// Why items still wait; none: the outbox is empty.
    pub stop: Option<Stop>,
}

/// Why a lane stopped. The item, and everything after it, stays for the next delivery.
#[derive(Debug, thiserror::Error)]
pub enum Stop {
    /// The receiver could not take it now.
    #[error(transparent)]
    Unavailable(#[from] GegiUnavailable),
    /// This version cannot read it.
    #[error(transparent)]
    Unreadable(#[from] StoreError),
}

impl SchoolGate {
    /// Delivers what waits in the school's outboxes until both are empty or stop. Only one delivery of a school runs at a
    /// time, or items would overtake each other.
    ///
    /// # Errors
    /// The store failed; what was delivered and not acknowledged is delivered again, with the same ids.
    pub async fn deliver(&self, records: &dyn RecordSink, mails: &dyn MailSink) -> Result<DeliveryReport, StoreError> {
        let DeliveryTurn { store, school, steps, .. } = &self.delivery_turn().await;
        Ok(DeliveryReport {
            records: deliver_lane(*store, school, &Sink::Records(records), steps).await?,
            mails: deliver_lane(*store, school, &Sink::Mails(mails), steps).await?,
        })
    }
}

enum Sink<'a> {
    Records(&'a dyn RecordSink),
    Mails(&'a dyn MailSink),
}

/// What the journal is not told when GEGI refused what an entry tells of.
const ENTRY_OF_REFUSED: &str = "what the entry tells of was refused";

impl Sink<'_> {
    fn lane(&self) -> Lane {
        match self {
            Self::Records(_) => Lane::Records,
            Self::Mails(_) => Lane::Mails,
        }
    }

    async fn hand_over(&self, item: OutboxItem) -> Result<Receipt, Stop> {
        Ok(match self {
            Self::Records(sink) => sink.receive(&unpack(item, self.lane())?).await?,
            Self::Mails(sink) => sink.send(&unpack(item, self.lane())?).await?,
        })
    }
}

fn unpack<T: DeserializeOwned>(item: OutboxItem, lane: Lane) -> Result<Delivery<T>, StoreError> {
    let payload = item.read(lane)?;
    Ok(Delivery { sequence: item.sequence, id: item.id, payload })
}

async fn deliver_lane(
    store: &dyn Store,
    school: &SchoolId,
    sink: &Sink<'_>,
    steps: &Steps,
) -> Result<LaneReport, StoreError> {
    let mut report = LaneReport::default();
    while report.stop.is_none() {
        let batch = store.outbox(school, sink.lane(), 0, BATCH).await?;
        let Some(first) = batch.first() else { break };
        let mut refused = refused_before(store, school, sink.lane(), first.sequence).await?;
        let mut acknowledgements = Vec::with_capacity(batch.len());
        for item in batch {
            let sequence = item.sequence;
            steps.cross(Step::BeforeDelivery);
            let receipt = match &refused {
                Some(before) if tells_of(&item, before) => Ok(Receipt::Refused(ENTRY_OF_REFUSED.to_owned())),
                _ => sink.hand_over(item.clone()).await,
            };
            steps.cross(Step::AfterDelivery);
            refused = matches!(receipt, Ok(Receipt::Refused(_))).then_some(item);
            match receipt {
                Ok(receipt) => acknowledgements.push(report.count(sequence, receipt)),
                Err(stop) => {
                    report.stop = Some(stop);
                    break;
                }
            }
        }
        if !acknowledgements.is_empty() {
            store.acknowledge(school, sink.lane(), &acknowledgements).await?;
        }
    }
    Ok(report)
}

/// The item directly before one of the lane, if its receiver refused it: the two may lie in different deliveries.
async fn refused_before(
    store: &dyn Store,
    school: &SchoolId,
    lane: Lane,
    sequence: u64,
) -> Result<Option<OutboxItem>, StoreError> {
    let Some(before) = sequence.checked_sub(1).filter(|before| *before > 0) else { return Ok(None) };
    let refused = store.refused(school, lane, before - 1, 1).await?;
    Ok(refused.into_iter().map(|refused| refused.item).find(|item| item.sequence == before))
}

/// Whether an item is the journal's entry about the one directly before it. An item that cannot be read is none: handing it
/// over says so.
fn tells_of(item: &OutboxItem, before: &OutboxItem) -> bool {
    let read = |item: &OutboxItem| item.read::<Operation>(Lane::Records).ok();
    let (Some(Operation::Journal(entry)), Some(before)) = (read(item), read(before)) else { return false };
    let place = match &before {
        Operation::SetMark(set) => Some((&set.class, &set.student)),
        Operation::WithdrawMark(withdrawn) => Some((&withdrawn.class, &withdrawn.student)),
        Operation::PutLogRow(row) => Some((&row.class, &row.student)),
        Operation::VoidLogRow(_) => entry.class.as_ref().zip(entry.person.as_ref()),
        Operation::OpenIssue(_) | Operation::ResolveIssue(_) | Operation::Journal(_) => None,
    };
    place.is_some() && place == entry.class.as_ref().zip(entry.person.as_ref())
}

impl LaneReport {
    fn count(&mut self, sequence: u64, receipt: Receipt) -> Acknowledgement {
        let outcome = match receipt {
            Receipt::Applied => {
                self.applied += 1;
                Outcome::Applied
            }
            Receipt::Refused(reason) => {
                self.refused += 1;
                Outcome::Refused(reason)
            }
        };
        Acknowledgement { sequence, outcome }
    }
}
