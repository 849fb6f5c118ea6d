//! Delivery: hands the items of a school's outboxes to GEGI, in order, at least once, each with its stable id. The
//! caller decides when to deliver, the receiver what becomes of an item. Not here: how items are stored until then
//! (`store`), and in which form (`form`).

pub(crate) mod form;

use std::time::Duration;

use crate::gegi::{Delivery, GegiUnavailable, MailSink, Receipt, RecordSink};
use crate::observer::Step;
use crate::store::{Acknowledgement, DeliveryTurn, Lane, OutboxItem, SchoolGate, StoreError};

/// Operations between two acknowledgements, each of which costs a synchronisation of the disk. After a crash at most
/// this many are delivered again.
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
        self.records.is_whole() && self.mails.is_whole()
    }
}

/// The result of a delivery for one lane.
#[derive(Debug, Default)]
pub struct LaneReport {
    /// The number of items that the receiver applied.
    pub applied: u64,
    /// The number of items that the receiver refused; [`Store::refused`](crate::store::Store::refused) has the reasons.
    pub refused: u64,
    /// The number of items that this version cannot read. They stay in the outbox, and the items after them are
    /// delivered; the version that wrote them, or a later one, delivers them too.
    pub unreadable: u64,
    /// Why the lane stopped before its end; none: everything that can be read was handed over. The item at which it
    /// stopped, and all items after it, stay for the next delivery.
    pub stop: Option<GegiUnavailable>,
}

impl LaneReport {
    /// Whether the outbox is empty.
    pub fn is_whole(&self) -> bool {
        self.stop.is_none() && self.unreadable == 0
    }
}

impl SchoolGate {
    /// Delivers both lanes, each beside the other.
    ///
    /// # Errors
    /// The store failed; items that were delivered and not acknowledged are delivered again, with the same ids.
    pub async fn deliver(&self, records: &dyn RecordSink, mails: &dyn MailSink) -> Result<DeliveryReport, StoreError> {
        let (records, mails) = tokio::join!(self.deliver_records(records), self.deliver_mails(mails));
        Ok(DeliveryReport { records: records?, mails: mails? })
    }

    /// Delivers the operations in the school's outbox, in order, until nothing is left or the receiver stops. Only one
    /// delivery of a lane runs at a time, or items would overtake each other.
    ///
    /// # Errors
    /// The store failed; items that were delivered and not acknowledged are delivered again, with the same ids.
    pub async fn deliver_records(&self, sink: &dyn RecordSink) -> Result<LaneReport, StoreError> {
        let turn = self.delivery_turn(Lane::Records).await;
        let mut report = LaneReport::default();
        let (mut after, mut batch) = (0, turn.batch());
        while report.stop.is_none() {
            let items = turn.store.outbox(turn.school, Lane::Records, after, batch).await?;
            let Some(last) = items.last() else { break };
            after = last.sequence;
            let readable = report.readable(&items, form::read_operation);
            turn.observer.step(Step::BeforeDelivery);
            let receiving = tokio::time::timeout(turn.patience, sink.receive_all(&readable));
            let (receipts, stop) = receiving.await.unwrap_or_else(|_| (Vec::new(), Some(silent(turn.patience))));
            turn.observer.step(Step::AfterDelivery);
            // A receiver that could not take so many in time gets one, and then more again.
            batch = if receipts.is_empty() && stop.is_some() { 1 } else { (batch * 2).min(BATCH) };
            report.stop = stop;
            report.acknowledge(&turn, &readable, receipts).await?;
        }
        turn.keep_batch(batch);
        Ok(report)
    }

    /// Delivers the mails in the school's outbox, in order, until nothing is left or the receiver stops. Each mail is
    /// acknowledged by itself, so that a crash repeats at most one.
    ///
    /// # Errors
    /// The store failed; a mail that was delivered and not acknowledged is delivered again, with the same id.
    pub async fn deliver_mails(&self, sink: &dyn MailSink) -> Result<LaneReport, StoreError> {
        let turn = self.delivery_turn(Lane::Mails).await;
        let mut report = LaneReport::default();
        let mut after = 0;
        loop {
            let items = turn.store.outbox(turn.school, Lane::Mails, after, BATCH).await?;
            let Some(last) = items.last() else { return Ok(report) };
            after = last.sequence;
            for mail in report.readable(&items, form::read_mail) {
                turn.observer.step(Step::BeforeDelivery);
                let sending = tokio::time::timeout(turn.patience, sink.send(&mail));
                let receipt = sending.await.unwrap_or_else(|_| Err(silent(turn.patience)));
                turn.observer.step(Step::AfterDelivery);
                match receipt {
                    Ok(receipt) => report.acknowledge(&turn, &[mail], vec![receipt]).await?,
                    Err(stop) => {
                        report.stop = Some(stop);
                        return Ok(report);
                    }
                }
            }
        }
    }
}

fn silent(patience: Duration) -> GegiUnavailable {
    GegiUnavailable(format!("no answer to a delivery within {patience:?}"))
}

impl LaneReport {
    /// The items that this version can read, each as it is delivered; the others are counted.
    fn readable<T>(
        &mut self,
        items: &[OutboxItem],
        read: impl Fn(&OutboxItem) -> Result<T, StoreError>,
    ) -> Vec<Delivery<T>> {
        let mut readable = Vec::with_capacity(items.len());
        for item in items {
            match read(item) {
                Ok(payload) => readable.push(Delivery { sequence: item.sequence, id: item.id.clone(), payload }),
                Err(error) => {
                    tracing::error!(%error, "an item of an outbox is left where it is");
                    self.unreadable += 1;
                }
            }
        }
        readable
    }

    /// Counts the receipts and takes their items out of the outbox.
    async fn acknowledge<T>(
        &mut self,
        turn: &DeliveryTurn<'_>,
        delivered: &[Delivery<T>],
        receipts: Vec<Receipt>,
    ) -> Result<(), StoreError> {
        if receipts.is_empty() {
            return Ok(());
        }
        for receipt in &receipts {
            self.count(receipt);
        }
        let acknowledgements = delivered.iter().zip(receipts);
        let acknowledgements: Vec<Acknowledgement> = acknowledgements
            .map(|(delivery, receipt)| Acknowledgement { sequence: delivery.sequence, receipt })
            .collect();
        turn.store.acknowledge(turn.school, turn.lane, &acknowledgements).await
    }
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

    /// Receipts add up; what stays in the outbox is what stayed after the later delivery.
    fn add(&mut self, later: Self) {
        self.applied += later.applied;
        self.refused += later.refused;
        self.unreadable = later.unreadable;
        self.stop = later.stop;
    }
}
