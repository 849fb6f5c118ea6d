//! Deliveries of the host: each is taken once, and every further delivery of the same item gets the same receipt. A mark or
//! a row of the log is taken together with its line of the System Journal, or both are refused. Many operations are one
//! commit.

use async_trait::async_trait;
use serde_json::Value;

use super::keys::{key, number};
use super::stored::{StoredMail, StoredMark, Taken, read, write};
use super::{Book, BookError, Keeps, feed};
use crate::entries::Changes;
use crate::lines::{BasisLine, IssueLine, JournalLine, LogLine, letter, rfc3339};
use host::gegi::{
    Delivery, GegiUnavailable, JournalEntry, LogRow, MailSink, Message, Operation, Origin, Receipt, RecordSink,
    SetMark, VoidLogRow, WithdrawMark,
};

/// How many deliveries are remembered, the latest. A delivery is repeated only when the host came to its end between taking
/// a receipt and storing it, which concerns one batch.
const REMEMBERED: u64 = 2_000;

#[async_trait]
impl RecordSink for Book {
    async fn receive(&self, delivery: &Delivery<Operation>) -> Result<Receipt, GegiUnavailable> {
        let receipts = self.take_all(std::slice::from_ref(delivery)).await?;
        receipts.into_iter().next().ok_or_else(|| GegiUnavailable("take a delivery: no receipt".to_owned()))
    }

    async fn receive_all(&self, deliveries: &[Delivery<Operation>]) -> (Vec<Receipt>, Option<GegiUnavailable>) {
        match self.take_all(deliveries).await {
            Ok(receipts) => (receipts, None),
            Err(error) => (Vec::new(), Some(error.into())),
        }
    }
}

#[async_trait]
impl MailSink for Book {
    async fn send(&self, delivery: &Delivery<Message>) -> Result<Receipt, GegiUnavailable> {
        let place = key("mail", &[&number(delivery.sequence)]);
        let mail =
            StoredMail { id: delivery.id.clone(), at: self.clock.now().timestamp(), message: delivery.payload.clone() };
        let text = mail.text()?;
        let keep = |held: &Changes| {
            let held = held.values().flatten().next().and_then(|text| StoredMail::read(text).ok());
            let is_repeat = held.is_some_and(|held| held.id == delivery.id);
            (if is_repeat { Changes::new() } else { Changes::from([(place.clone(), Some(text.clone()))]) }, ())
        };
        self.change(std::slice::from_ref(&place), keep).await?;
        Ok(Receipt::Applied)
    }
}

impl Book {
    /// Takes operations in order, in one commit, and gives a receipt for each.
    async fn take_all(&self, deliveries: &[Delivery<Operation>]) -> Result<Vec<Receipt>, BookError> {
        let keys: Vec<String> = deliveries.iter().flat_map(needed).collect();
        self.change(&keys, |held| {
            let mut taking = Taking { held, changes: Changes::new(), keeps: self.keeps };
            match deliveries.iter().map(|delivery| taking.take(delivery)).collect() {
                Ok(receipts) => (taking.changes, Ok(receipts)),
                Err(error) => (Changes::new(), Err(error)),
            }
        })
        .await?
    }
}

/// The keys whose values decide what becomes of a delivery.
fn needed(delivery: &Delivery<Operation>) -> Vec<String> {
    let of_operation = match &delivery.payload {
        Operation::SetMark(set) => Some(key("mark", &[&set.class, &set.student])),
        Operation::WithdrawMark(withdrawn) => Some(key("mark", &[&withdrawn.class, &withdrawn.student])),
        Operation::PutLogRow(row) => Some(row_key(&row.attendance_record, row.visit)),
        Operation::VoidLogRow(row) => Some(row_key(&row.attendance_record, row.visit)),
        Operation::ResolveIssue(resolved) => Some(key("issue", &[&resolved.key])),
        Operation::OpenIssue(_) | Operation::Journal(_) => None,
    };
    of_operation.into_iter().chain([taken_key(delivery.sequence)]).collect()
}

fn taken_key(sequence: u64) -> String {
    key("taken", &[&number(sequence)])
}

/// The key that names the place of a row of the log.
pub(super) fn row_key(record: &str, visit: u32) -> String {
    key("row", &[record, &number(visit.into())])
}

/// The taking of a batch: what was held before it, and what it changes.
struct Taking<'a> {
    held: &'a Changes,
    changes: Changes,
    keeps: Keeps,
}

impl Taking<'_> {
    fn take(&mut self, delivery: &Delivery<Operation>) -> Result<Receipt, BookError> {
        let place = taken_key(delivery.sequence);
        if let Some(text) = self.get(&place) {
            let taken = Taken::read(text)?;
            // A host that was restored from a backup gives numbers a second time, to other items.
            if taken.id == delivery.id {
                return Ok(taken.receipt());
            }
        }
        let receipt = self.apply(&delivery.payload, delivery.sequence)?;
        self.put(place, Taken::new(&delivery.id, &receipt).text()?);
        self.remove(taken_key(delivery.sequence.saturating_sub(REMEMBERED)));
        if self.keeps == Keeps::Feed && receipt == Receipt::Applied {
            feed::add(&mut self.changes, delivery)?;
        }
        Ok(receipt)
    }

    fn apply(&mut self, operation: &Operation, sequence: u64) -> Result<Receipt, BookError> {
        let receipt = match operation {
            Operation::SetMark(set) => self.set_mark(set)?,
            Operation::WithdrawMark(withdrawn) => self.withdraw_mark(withdrawn)?,
            Operation::PutLogRow(row) => self.put_row(row)?,
            Operation::VoidLogRow(row) => self.void_row(row),
            Operation::OpenIssue(open) => {
                self.put(key("issue", &[&open.key]), write(&IssueLine::open(&open.issue, open.at), "issue")?);
                Receipt::Applied
            }
            Operation::ResolveIssue(resolved) => self.resolve(&resolved.key, resolved.at)?,
            Operation::Journal(_) => Receipt::Applied,
        };
        if let (Receipt::Applied, Some(entry)) = (&receipt, entry_of(operation)) {
            self.write_down(entry, sequence)?;
        }
        Ok(receipt)
    }

    /// Sets a mark. The operation is refused if the current mark is not the mark that the plugin saw: somebody has written
    /// another mark in between.
    fn set_mark(&mut self, set: &SetMark) -> Result<Receipt, BookError> {
        let place = key("mark", &[&set.class, &set.student]);
        let held = self.mark(&place)?;
        let held = held.as_ref().map(StoredMark::letter);
        if held != set.expected.map(letter) && held != Some(letter(set.mark)) {
            return Ok(Receipt::Refused(format!("the mark is {} by now", held.unwrap_or("none"))));
        }
        let basis = BasisLine::of_coursekey(&set.basis);
        let mark = StoredMark::new(&set.class, &set.student, set.mark, Origin::Coursekey, basis);
        self.put(place, mark.text()?);
        Ok(Receipt::Applied)
    }

    fn withdraw_mark(&mut self, withdrawn: &WithdrawMark) -> Result<Receipt, BookError> {
        let place = key("mark", &[&withdrawn.class, &withdrawn.student]);
        if self.mark(&place)?.is_some_and(|mark| mark.origin() != Origin::Coursekey) {
            return Ok(Receipt::Refused("the mark is GEGI's own by now".to_owned()));
        }
        self.remove(place);
        Ok(Receipt::Applied)
    }

    fn put_row(&mut self, row: &LogRow) -> Result<Receipt, BookError> {
        let index = row_key(&row.attendance_record, row.visit);
        self.remove_row(&index);
        let visit = number(row.visit.into());
        let place = key("log", &[&row.course, &row.class, &row.student, &row.attendance_record, &visit]);
        self.put(place.clone(), write(&LogLine::from(row), "row of the attendance log")?);
        self.put(index, place.into_bytes());
        Ok(Receipt::Applied)
    }

    fn void_row(&mut self, row: &VoidLogRow) -> Receipt {
        let index = row_key(&row.attendance_record, row.visit);
        self.remove_row(&index);
        self.remove(index);
        Receipt::Applied
    }

    /// Removes the row that an index names, if it names one.
    fn remove_row(&mut self, index: &str) {
        if let Some(place) = self.get(index).and_then(|place| String::from_utf8(place.to_vec()).ok()) {
            self.remove(place);
        }
    }

    fn resolve(&mut self, issue: &str, at: i64) -> Result<Receipt, BookError> {
        let place = key("issue", &[issue]);
        let held: Option<IssueLine> = self.get(&place).map(|text| read(text, "issue")).transpose()?;
        if let Some(open) = held.filter(|issue| issue.resolved_at.is_none()) {
            self.put(place, write(&IssueLine { resolved_at: Some(rfc3339(at)), ..open }, "issue")?);
        }
        Ok(Receipt::Applied)
    }

    /// Writes a line of the System Journal. The book keeps CourseKey's id of the record beside the line's own fields.
    fn write_down(&mut self, entry: &JournalEntry, sequence: u64) -> Result<(), BookError> {
        let mut line =
            serde_json::to_value(JournalLine::from(entry)).map_err(|_| BookError::Form("journal".to_owned()))?;
        if let (Value::Object(fields), Some(record)) = (&mut line, &entry.attendance_record) {
            fields.insert("record".to_owned(), record.clone().into());
        }
        let place = key("journal", &[&number(entry.at.max(0).unsigned_abs()), &number(sequence)]);
        self.put(place, write(&line, "journal")?);
        Ok(())
    }

    fn mark(&self, place: &str) -> Result<Option<StoredMark>, BookError> {
        self.get(place).map(StoredMark::read).transpose()
    }

    /// What a key holds after the changes so far.
    fn get(&self, key: &str) -> Option<&[u8]> {
        self.changes.get(key).or_else(|| self.held.get(key)).and_then(|value| value.as_deref())
    }

    fn put(&mut self, key: String, text: Vec<u8>) {
        self.changes.insert(key, Some(text));
    }

    fn remove(&mut self, key: String) {
        self.changes.insert(key, None);
    }
}

/// The line of the journal that an operation carries.
fn entry_of(operation: &Operation) -> Option<&JournalEntry> {
    match operation {
        Operation::SetMark(set) => Some(&set.journal),
        Operation::WithdrawMark(withdrawn) => Some(&withdrawn.journal),
        Operation::PutLogRow(row) => Some(&row.journal),
        Operation::VoidLogRow(row) => Some(&row.journal),
        Operation::Journal(entry) => Some(entry),
        Operation::OpenIssue(_) | Operation::ResolveIssue(_) => None,
    }
}
