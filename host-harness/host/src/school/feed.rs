//! The lane of records for a GEGI that takes its operations by itself: what waits, and what GEGI says of it. Whoever uses
//! this delivers nothing of the lane.

use super::{CallFailure, School};
use crate::gegi::{Delivery, Operation};
use crate::outbox::form;
use crate::store::{Acknowledgement, Lane, OutboxItem, RefusedItem};

impl School {
    /// Operations that wait in the outbox, in order, with a sequence above `after`, at most `limit`. One that this version
    /// cannot read stays where it is, and those after it are handed out.
    ///
    /// # Errors
    /// The store failed.
    pub async fn waiting_records(&self, after: u64, limit: usize) -> Result<Vec<Delivery<Operation>>, CallFailure> {
        let (mut waiting, mut after) = (Vec::new(), after);
        while waiting.len() < limit {
            let left = limit - waiting.len();
            let items = self.host.config.store.outbox(&self.id, Lane::Records, after, left).await?;
            let Some(last) = items.last() else { break };
            after = last.sequence;
            let read = |item: &OutboxItem| {
                let payload = form::read_operation(item).ok()?;
                Some(Delivery { sequence: item.sequence, id: item.id.clone(), payload })
            };
            waiting.extend(items.iter().filter_map(read));
        }
        Ok(waiting)
    }

    /// Takes operations out of the outbox as GEGI says: it holds them, or refused them. An operation that does not wait
    /// changes nothing.
    ///
    /// # Errors
    /// The store failed; nothing was taken out.
    pub async fn acknowledge_records(&self, acknowledgements: &[Acknowledgement]) -> Result<(), CallFailure> {
        let _turn = self.gate.delivery_turn(Lane::Records).await;
        Ok(self.host.config.store.acknowledge(&self.id, Lane::Records, acknowledgements).await?)
    }

    /// Operations that GEGI refused, with a sequence above `after`, at most `limit`; the newest of them are kept.
    ///
    /// # Errors
    /// The store failed.
    pub async fn refused_records(&self, after: u64, limit: usize) -> Result<Vec<RefusedItem>, CallFailure> {
        Ok(self.host.config.store.refused(&self.id, Lane::Records, after, limit).await?)
    }
}
