//! Deliveries of the host: each record and mail is taken once, and every further delivery of the same item gets the
//! same receipt. A mark or a log row is taken together with its line of the System Journal, or both are refused.

use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension, params};

use super::{Twin, TwinError};
use host::gegi::{
    Delivery, GegiUnavailable, JournalEntry, LogRow, MailSink, Mark, Message, Operation, Origin, Receipt, RecordSink,
    SetMark, WithdrawMark,
};

#[async_trait]
impl RecordSink for Twin {
    async fn receive(&self, delivery: &Delivery<Operation>) -> Result<Receipt, GegiUnavailable> {
        Ok(self.once(&delivery.id, |connection| apply(connection, &delivery.payload))?)
    }
}

#[async_trait]
impl MailSink for Twin {
    async fn send(&self, delivery: &Delivery<Message>) -> Result<Receipt, GegiUnavailable> {
        let at = self.clock.now().timestamp();
        let receipt = self.once(&delivery.id, |connection| {
            let message = serde_json::to_string(&delivery.payload)?;
            let sql = "INSERT INTO mail (id, at, message) VALUES (?1, ?2, ?3)";
            connection.prepare_cached(sql)?.execute(params![delivery.id, at, message])?;
            Ok(Receipt::Applied)
        })?;
        Ok(receipt)
    }
}

impl Twin {
    /// Takes a delivery and notes its receipt in one transaction; a delivery that was taken before gets the noted
    /// receipt.
    fn once(
        &self,
        id: &str,
        act: impl FnOnce(&Connection) -> Result<Receipt, TwinError>,
    ) -> Result<Receipt, TwinError> {
        let connection = self.lock();
        let transaction = connection.unchecked_transaction()?;
        if let Some(receipt) = receipt_of(&transaction, id)? {
            return Ok(receipt);
        }
        let receipt = act(&transaction)?;
        remember(&transaction, id, &receipt)?;
        transaction.commit()?;
        Ok(receipt)
    }
}

/// The receipt that was given for a delivery; none: the delivery is new.
pub(super) fn receipt_of(connection: &Connection, id: &str) -> Result<Option<Receipt>, TwinError> {
    let mut statement = connection.prepare_cached("SELECT refused FROM delivered WHERE id = ?1")?;
    let refused: Option<Option<String>> = statement.query_row([id], |row| row.get(0)).optional()?;
    Ok(refused.map(|refused| refused.map_or(Receipt::Applied, Receipt::Refused)))
}

pub(super) fn remember(connection: &Connection, id: &str, receipt: &Receipt) -> Result<(), TwinError> {
    let refused = match receipt {
        Receipt::Applied => None,
        Receipt::Refused(reason) => Some(reason),
    };
    connection.prepare_cached("INSERT INTO delivered (id, refused) VALUES (?1, ?2)")?.execute(params![id, refused])?;
    Ok(())
}

/// Applies an operation. The caller has the delivery's transaction open, so an operation and its line of the journal
/// stand together or not at all.
fn apply(connection: &Connection, operation: &Operation) -> Result<Receipt, TwinError> {
    let receipt = match operation {
        Operation::SetMark(set) => set_mark(connection, set)?,
        Operation::WithdrawMark(withdrawn) => withdraw_mark(connection, withdrawn)?,
        Operation::PutLogRow(row) => put_row(connection, row)?,
        Operation::VoidLogRow(row) => {
            let sql = "DELETE FROM log_row WHERE record = ?1 AND visit = ?2";
            connection.prepare_cached(sql)?.execute(params![row.attendance_record, row.visit])?;
            Receipt::Applied
        }
        Operation::OpenIssue(open) => {
            let sql = "INSERT OR REPLACE INTO issue (key, first_seen, issue) VALUES (?1, ?2, ?3)";
            let text = serde_json::to_string(&open.issue)?;
            connection.prepare_cached(sql)?.execute(params![open.key, open.at, text])?;
            Receipt::Applied
        }
        Operation::ResolveIssue(resolved) => {
            let sql = "UPDATE issue SET resolved_at = ?2 WHERE key = ?1 AND resolved_at IS NULL";
            connection.prepare_cached(sql)?.execute(params![resolved.key, resolved.at])?;
            Receipt::Applied
        }
        Operation::Journal(_) => Receipt::Applied,
    };
    if let (Receipt::Applied, Some(entry)) = (&receipt, entry_of(operation)) {
        write_down(connection, entry)?;
    }
    Ok(receipt)
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

fn write_down(connection: &Connection, entry: &JournalEntry) -> Result<(), TwinError> {
    let sql = "INSERT INTO journal (at, what, course, class, person, old, new, by, record)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
    let JournalEntry { at, what, course, class, person, old, new, by, attendance_record } = entry;
    let line = params![at, what, course, class, person, old, new, by, attendance_record];
    connection.prepare_cached(sql)?.execute(line)?;
    Ok(())
}

fn put_row(connection: &Connection, row: &LogRow) -> Result<Receipt, TwinError> {
    let sql = "INSERT OR REPLACE INTO log_row (record, visit, course, class, student, checked_in, checked_out, minutes)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    let LogRow { course, class, student, attendance_record, visit, checked_in, checked_out, minutes, .. } = row;
    let values = params![attendance_record, visit, course, class, student, checked_in, checked_out, minutes];
    connection.prepare_cached(sql)?.execute(values)?;
    Ok(Receipt::Applied)
}

/// Sets a mark. The operation is refused if the current mark is not the mark that the plugin saw: somebody has
/// written another mark in between.
fn set_mark(connection: &Connection, set: &SetMark) -> Result<Receipt, TwinError> {
    let held = held_mark(connection, &set.class, &set.student)?.map(|(mark, _)| mark);
    if held != set.expected && held != Some(set.mark) {
        let held = held.map_or("none", letter);
        return Ok(Receipt::Refused(format!("the mark is {held} by now")));
    }
    let basis = serde_json::to_string(&set.basis)?;
    let sql = "INSERT OR REPLACE INTO mark (class, student, mark, origin, basis) VALUES (?1, ?2, ?3, 'coursekey', ?4)";
    connection.prepare_cached(sql)?.execute([&set.class, &set.student, letter(set.mark), &basis])?;
    Ok(Receipt::Applied)
}

fn withdraw_mark(connection: &Connection, withdrawn: &WithdrawMark) -> Result<Receipt, TwinError> {
    match held_mark(connection, &withdrawn.class, &withdrawn.student)? {
        Some((_, origin)) if origin != Origin::Coursekey => {
            Ok(Receipt::Refused("the mark is GEGI's own by now".to_owned()))
        }
        _ => {
            let sql = "DELETE FROM mark WHERE class = ?1 AND student = ?2";
            connection.prepare_cached(sql)?.execute([&withdrawn.class, &withdrawn.student])?;
            Ok(Receipt::Applied)
        }
    }
}

fn held_mark(connection: &Connection, class: &str, student: &str) -> Result<Option<(Mark, Origin)>, TwinError> {
    let sql = "SELECT mark, origin FROM mark WHERE class = ?1 AND student = ?2";
    let read = |row: &rusqlite::Row<'_>| Ok((mark_of(&row.get::<_, String>(0)?), origin_of(&row.get::<_, String>(1)?)));
    Ok(connection.prepare_cached(sql)?.query_row([class, student], read).optional()?)
}

/// The letter that GEGI shows for a mark.
pub(super) fn letter(mark: Mark) -> &'static str {
    match mark {
        Mark::Present => "P",
        Mark::Late => "L",
        Mark::Absent => "A",
    }
}

/// The mark of a letter that [`letter`] wrote.
pub(super) fn mark_of(letter: &str) -> Mark {
    match letter {
        "P" => Mark::Present,
        "L" => Mark::Late,
        _ => Mark::Absent,
    }
}

/// The word under which an origin is stored.
pub(super) fn origin_word(origin: Origin) -> &'static str {
    match origin {
        Origin::Hand => "hand",
        Origin::Preset => "preset",
        Origin::Coursekey => "coursekey",
    }
}

/// The origin of a word that [`origin_word`] wrote.
pub(super) fn origin_of(word: &str) -> Origin {
    match word {
        "coursekey" => Origin::Coursekey,
        "preset" => Origin::Preset,
        _ => Origin::Hand,
    }
}
