//! Delivery: hands the items of a school's outboxes to GEGI, in order, at least once, each with its stable id. The
//! caller decides when to deliver, the receiver what becomes of an item. Not here: how items are stored until then
//! (`store`), and in which form (`form`).

pub(crate) mod form;

use crate::gegi::{Delivery, GegiUnavailable, MailSink, Receipt, RecordSink};
use crate::observer::{Observer, Step};
use crate::store::{Acknowledgement, DeliveryTurn, Lane, OutboxItem, SchoolGate, SchoolId, Store, StoreError};

/// Items between two acknowledgements, each of which costs a synchronisation of the disk. After a crash at most this
/// many items are delivered again.
const BATCH: usize = 256;

/// The result of a delivery.
#[derive(Debug, Default)]
pub struct DeliveryReport {
    /// The result for the lane of records.
    pub records: LaneReport,
    /// The result for the lane of mails.
    pub mails: LaneReport,
}

impl DeliveryReport {
    /// Whether both outboxes are empty.
    pub fn is_whole(&self) -> bool {
        self.records.stop.is_none() && self.mails.stop.is_none()
    }
}

/// The result of a delivery for one lane.
#[derive(Debug, Default)]
pub struct LaneReport {
    /// The number of items that the receiver applied.
    pub applied: u64,
    /// The number of items that the receiver refused; [`Store::refused`] has the reasons.
    pub refused: u64,
    /// Why items still wait; none: the outbox is empty.
    pub stop: Option<Stop>,
}

/// Why a lane stopped. The item at which it stopped, and all items after it, stay for the next delivery.
#[derive(Debug, thiserror::Error)]
pub enum Stop {
    /// The receiver could not take the item now.
    #[error(transparent)]
    Unavailable(#[from] GegiUnavailable),
    /// This version cannot read the item.
    #[error(transparent)]
    Unreadable(#[from] StoreError),
}

impl SchoolGate {
    /// Delivers the items of the school's outboxes until both outboxes are empty or stop. Only one delivery of a
    /// school runs at a time, or items would overtake each other.
    ///
    /// # Errors
    /// The store failed; items that were delivered and not acknowledged are delivered again, with the same ids.
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
    /// Adds the result of a later delivery.
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

    /// Counts add up; `stop` is that of the later delivery.
    fn add(&mut self, later: Self) {
        self.applied += later.applied;
        self.refused += later.refused;
        self.stop = later.stop;
    }
}
