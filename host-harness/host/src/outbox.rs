//! Hands over what was committed: in order, at least once, each item with its stable id. The caller decides when, the
//! receiver what becomes of an item. How items are kept until then is the store's business, in which words `form`'s.

pub(crate) mod form;

use crate::gegi::{Delivery, GegiUnavailable, MailSink, Receipt, RecordSink};
use crate::observer::{Observer, Step};
use crate::store::{Acknowledgement, DeliveryTurn, Lane, OutboxItem, SchoolGate, SchoolId, Store, StoreError};

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
        let DeliveryTurn { store, school, observer, .. } = &self.delivery_turn().await;
        Ok(DeliveryReport {
            records: deliver_lane(*store, school, &Sink::Records(records), *observer).await?,
            mails: deliver_lane(*store, school, &Sink::Mails(mails), *observer).await?,
        })
    }
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

    async fn hand_over(&self, item: &OutboxItem) -> Result<Receipt, Stop> {
        Ok(match self {
            Self::Records(sink) => sink.receive(&delivery(item, form::read_operation(item)?)).await?,
            Self::Mails(sink) => sink.send(&delivery(item, form::read_mail(item)?)).await?,
        })
    }
}

fn delivery<T>(item: &OutboxItem, payload: T) -> Delivery<T> {
    Delivery { sequence: item.sequence, id: item.id.clone(), payload }
}

async fn deliver_lane(
    store: &dyn Store,
    school: &SchoolId,
    sink: &Sink<'_>,
    observer: &dyn Observer,
) -> Result<LaneReport, StoreError> {
    let mut report = LaneReport::default();
    while report.stop.is_none() {
        let batch = store.outbox(school, sink.lane(), 0, BATCH).await?;
        if batch.is_empty() {
            break;
        }
        let mut acknowledgements = Vec::with_capacity(batch.len());
        for item in &batch {
            observer.step(Step::BeforeDelivery);
            let receipt = sink.hand_over(item).await;
            observer.step(Step::AfterDelivery);
            match receipt {
                Ok(receipt) => {
                    report.count(&receipt);
                    acknowledgements.push(Acknowledgement { sequence: item.sequence, receipt });
                }
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

impl DeliveryReport {
    /// Adds what a later delivery did.
    pub(crate) fn add(&mut self, later: Self) {
        self.records.add(later.records);
        self.mails.add(later.mails);
    }
}

impl LaneReport {
    fn count(&mut self, receipt: &Receipt) {
        match receipt {
            Receipt::Applied => self.applied += 1,
            Receipt::Refused(_) => self.refused += 1,
        }
    }

    /// Counts add up; whether something waits is what the later delivery says.
    fn add(&mut self, later: Self) {
        self.applied += later.applied;
        self.refused += later.refused;
        self.stop = later.stop;
    }
}
