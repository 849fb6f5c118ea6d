//! Delivers what was committed: in order, at least once, each item with its stable id. When to deliver is decided by the
//! caller; what a receiver makes of an item by the receiver.

use serde::de::DeserializeOwned;

use super::{Acknowledgement, Lane, OutboxItem, Outcome, SchoolId, Step, Steps, Store, StoreError};
use crate::gegi::{Delivery, GegiUnavailable, MailSink, Receipt, RecordSink};

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

/// Delivers until both lanes are empty or stop. For one school only one delivery may run at a time, or items would
/// overtake each other; [`SchoolGate::deliver`](super::SchoolGate::deliver) sees to that.
///
/// # Errors
/// The store failed; what was delivered and not acknowledged is delivered again, with the same ids.
pub async fn deliver(
    store: &dyn Store,
    school: &SchoolId,
    records: &dyn RecordSink,
    mails: &dyn MailSink,
    steps: &Steps,
) -> Result<DeliveryReport, StoreError> {
    Ok(DeliveryReport {
        records: deliver_lane(store, school, &Sink::Records(records), steps).await?,
        mails: deliver_lane(store, school, &Sink::Mails(mails), steps).await?,
    })
}

enum Sink<'a> {
    Records(&'a dyn RecordSink),
    Mails(&'a dyn MailSink),
}

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
        if batch.is_empty() {
            break;
        }
        let mut acknowledgements = Vec::with_capacity(batch.len());
        for item in batch {
            let sequence = item.sequence;
            steps.cross(Step::BeforeDelivery);
            let receipt = sink.hand_over(item).await;
            steps.cross(Step::AfterDelivery);
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
