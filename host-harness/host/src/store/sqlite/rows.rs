//! The SQL statements; each is prepared once per connection. Unsigned numbers are stored as SQLite's signed integers,
//! bit for bit.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{Unwritten, past};
use crate::gegi::Receipt;
use crate::store::{
    Acknowledgement, Breadcrumb, Change, Commit, Entry, FailedTicks, Lane, Load, OutboxItem, PushId, REFUSED_KEPT,
    Refusals, RefusedItem, SchoolId, Standing, TakenPush, entry_bytes,
};

/// No UTF-8 text contains this byte, so every key with a prefix lies below the prefix with this byte appended.
const ABOVE_ALL_TEXT: u8 = 0xFF;

pub(super) fn standing(connection: &Connection, school: &SchoolId) -> rusqlite::Result<Standing> {
    let sql = "SELECT commits, last_commit_at, keys, bytes, records, mails, mails_before_hour, note, note_times, fence,
                      failing_since, failing_ticks, failing_told, kept_from
               FROM standing WHERE school = ?1";
    let found = connection.prepare_cached(sql)?.query_row([school.as_str()], read_standing).optional()?;
    Ok(found.unwrap_or_default())
}

fn read_standing(row: &Row<'_>) -> rusqlite::Result<Standing> {
    let count = |column| row.get::<_, i64>(column).map(i64::cast_unsigned);
    let moment = |column| -> rusqlite::Result<Option<DateTime<Utc>>> {
        Ok(row.get::<_, Option<i64>>(column)?.and_then(|seconds| DateTime::from_timestamp(seconds, 0)))
    };
    let (times, ticks, told) = (row.get(8)?, row.get(11)?, row.get(12)?);
    Ok(Standing {
        commits: count(0)?,
        last_commit_at: moment(1)?,
        keys: count(2)?,
        bytes: count(3)?,
        records: count(4)?,
        mails: count(5)?,
        mails_before_hour: count(6)?,
        breadcrumb: row.get::<_, Option<String>>(7)?.map(|note| Breadcrumb { note, times }),
        failed_ticks: moment(10)?.map(|since| FailedTicks { since, ticks, told }),
        fence: count(9)?,
        kept_from: count(13)?,
    })
}

pub(super) fn put_standing(connection: &Connection, school: &SchoolId, standing: &Standing) -> rusqlite::Result<()> {
    let sql = "INSERT OR REPLACE INTO standing VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14,
               ?15)";
    connection.prepare_cached(sql)?.execute(params![
        school.as_str(),
        standing.commits.cast_signed(),
        standing.last_commit_at.map(|at| at.timestamp()),
        standing.keys.cast_signed(),
        standing.bytes.cast_signed(),
        standing.records.cast_signed(),
        standing.mails.cast_signed(),
        standing.mails_before_hour.cast_signed(),
        standing.breadcrumb.as_ref().map(|breadcrumb| &breadcrumb.note),
        standing.breadcrumb.as_ref().map_or(0, |breadcrumb| breadcrumb.times),
        standing.fence.cast_signed(),
        standing.failed_ticks.map(|failed| failed.since.timestamp()),
        standing.failed_ticks.map_or(0, |failed| failed.ticks),
        standing.failed_ticks.is_some_and(|failed| failed.told),
        standing.kept_from.cast_signed(),
    ])?;
    Ok(())
}

pub(super) fn get_many(
    connection: &Connection,
    school: &SchoolId,
    keys: &[String],
) -> rusqlite::Result<Vec<Option<Vec<u8>>>> {
    // Only a transaction shows several statements the same state; a single statement needs none.
    let _one_state = if keys.len() > 1 { Some(connection.unchecked_transaction()?) } else { None };
    let mut get = connection.prepare_cached("SELECT value FROM state WHERE school = ?1 AND key = ?2")?;
    keys.iter()
        .map(|key| get.query_row(params![school.as_str(), key.as_bytes()], |row| row.get(0)).optional())
        .collect()
}

pub(super) fn scan(
    connection: &Connection,
    school: &SchoolId,
    prefix: &str,
    after: Option<&str>,
    limit: usize,
) -> rusqlite::Result<Vec<Entry>> {
    let sql = "SELECT key, value FROM state WHERE school = ?1 AND key >= ?2 AND key < ?3 ORDER BY key LIMIT ?4";
    let (from, below) = bounds(prefix, after);
    let mut scan = connection.prepare_cached(sql)?;
    let entries =
        scan.query_map(params![school.as_str(), from, below, signed(limit)], |row| Ok((text(row, 0)?, row.get(1)?)))?;
    entries.collect()
}

/// The least key of a scan, and the key that all keys of the scan lie below.
pub(super) fn bounds(prefix: &str, after: Option<&str>) -> (Vec<u8>, Vec<u8>) {
    // The least text above `after` is `after` with a zero byte appended.
    let above = after.map(|after| [after.as_bytes(), &[0]].concat()).unwrap_or_default();
    (above.max(prefix.as_bytes().to_vec()), [prefix.as_bytes(), &[ABOVE_ALL_TEXT]].concat())
}

pub(super) fn commit(connection: &Connection, school: &SchoolId, commit: &Commit) -> Result<u64, Unwritten> {
    let mut standing = standing(connection, school)?;
    standing.count_commit(commit)?;
    let changes = past::give_way_to_others(connection, school, commit)?;
    past::keep(connection, school, &standing, &changes)?;
    change(connection, school, &changes, &mut standing)?;
    let mut insert = connection.prepare_cached("INSERT INTO outbox VALUES (?1, ?2, ?3, ?4, ?5)")?;
    for lane in Lane::ALL {
        for (payload, subject) in commit.payloads(lane) {
            let sequence = standing.next_sequence(lane).cast_signed();
            insert.execute(params![school.as_str(), number(lane), sequence, payload, subject])?;
        }
    }
    if let Some(push) = &commit.push {
        take_push(connection, school, push, commit.at)?;
    }
    if commit.clears_breadcrumb {
        standing.breadcrumb = None;
    }
    put_standing(connection, school, &standing)?;
    Ok(standing.commits)
}

fn change(
    connection: &Connection,
    school: &SchoolId,
    changes: &[Change],
    standing: &mut Standing,
) -> rusqlite::Result<()> {
    let size = "SELECT length(key) + length(value) FROM state WHERE school = ?1 AND key = ?2";
    let mut size = connection.prepare_cached(size)?;
    let put = "INSERT INTO state VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET value = excluded.value";
    let mut put = connection.prepare_cached(put)?;
    let mut delete = connection.prepare_cached("DELETE FROM state WHERE school = ?1 AND key = ?2")?;
    for change in changes {
        let place = params![school.as_str(), change.key.as_bytes()];
        let before = size.query_row(place, |row| row.get::<_, i64>(0)).optional()?.map(i64::cast_unsigned);
        match &change.value {
            Some(value) => put.execute(params![school.as_str(), change.key.as_bytes(), value])?,
            None => delete.execute(place)?,
        };
        standing.count_change(before, change.value.as_ref().map(|value| entry_bytes(&change.key, value)));
    }
    Ok(())
}

fn take_push(connection: &Connection, school: &SchoolId, push: &TakenPush, at: DateTime<Utc>) -> rusqlite::Result<()> {
    let forget = "DELETE FROM push WHERE school = ?1 AND taken_at < ?2";
    connection.prepare_cached(forget)?.execute(params![school.as_str(), push.forget_before.timestamp()])?;
    let keep = "INSERT OR REPLACE INTO push VALUES (?1, ?2, ?3)";
    connection.prepare_cached(keep)?.execute(params![school.as_str(), push.id.as_bytes(), at.timestamp()])?;
    Ok(())
}

pub(super) fn remove(connection: &Connection, school: &SchoolId) -> rusqlite::Result<()> {
    for table in ["state", "past", "outbox", "refused", "push", "standing"] {
        connection.execute(&format!("DELETE FROM {table} WHERE school = ?1"), [school.as_str()])?;
    }
    Ok(())
}

pub(super) fn has_push(connection: &Connection, school: &SchoolId, push: PushId) -> rusqlite::Result<bool> {
    let mut select = connection.prepare_cached("SELECT 1 FROM push WHERE school = ?1 AND id = ?2")?;
    select.exists(params![school.as_str(), push.as_bytes()])
}

pub(super) fn outbox(
    connection: &Connection,
    school: &SchoolId,
    lane: Lane,
    after: u64,
    limit: usize,
) -> rusqlite::Result<Vec<OutboxItem>> {
    let sql = "SELECT sequence, payload FROM outbox WHERE school = ?1 AND lane = ?2 AND sequence > ?3
               ORDER BY sequence LIMIT ?4";
    let mut select = connection.prepare_cached(sql)?;
    let place = params![school.as_str(), number(lane), after.cast_signed(), signed(limit)];
    select.query_map(place, |row| item(row, school, lane))?.collect()
}

/// Without being told SQLite goes through everything that waits, because the primary key has the order already.
pub(super) const OUTBOX_ABOUT: &str = "SELECT sequence, payload FROM outbox INDEXED BY outbox_by_subject
    WHERE school = ?1 AND lane = ?2 AND subject = ?3 AND sequence > ?4 ORDER BY sequence LIMIT ?5";

pub(super) fn outbox_about(
    connection: &Connection,
    school: &SchoolId,
    subject: &str,
    after: u64,
    limit: usize,
) -> rusqlite::Result<Vec<OutboxItem>> {
    let mut select = connection.prepare_cached(OUTBOX_ABOUT)?;
    let lane = Lane::Records;
    let place = params![school.as_str(), number(lane), subject, after.cast_signed(), signed(limit)];
    select.query_map(place, |row| item(row, school, lane))?.collect()
}

pub(super) fn refused(
    connection: &Connection,
    school: &SchoolId,
    lane: Lane,
    after: u64,
    limit: usize,
) -> rusqlite::Result<Vec<RefusedItem>> {
    let sql = "SELECT sequence, payload, reason FROM refused WHERE school = ?1 AND lane = ?2 AND sequence > ?3
               ORDER BY sequence LIMIT ?4";
    let mut select = connection.prepare_cached(sql)?;
    let place = params![school.as_str(), number(lane), after.cast_signed(), signed(limit)];
    let items =
        select.query_map(place, |row| Ok(RefusedItem { item: item(row, school, lane)?, reason: row.get(2)? }))?;
    items.collect()
}

pub(super) fn load(connection: &Connection, school: &SchoolId, lane: Lane) -> rusqlite::Result<Load> {
    let sql = "SELECT count(*), coalesce(sum(octet_length(payload)), 0) FROM outbox WHERE school = ?1 AND lane = ?2";
    let mut select = connection.prepare_cached(sql)?;
    select.query_row(params![school.as_str(), number(lane)], |row| {
        Ok(Load { items: row.get::<_, i64>(0)?.cast_unsigned(), bytes: row.get::<_, i64>(1)?.cast_unsigned() })
    })
}

pub(super) fn refusals(connection: &Connection, school: &SchoolId, lane: Lane) -> rusqlite::Result<Refusals> {
    let sql = "SELECT count(*), coalesce(max(sequence), 0) FROM refused WHERE school = ?1 AND lane = ?2";
    let mut select = connection.prepare_cached(sql)?;
    select.query_row(params![school.as_str(), number(lane)], |row| {
        Ok(Refusals { kept: row.get::<_, i64>(0)?.cast_unsigned(), latest: row.get::<_, i64>(1)?.cast_unsigned() })
    })
}

pub(super) fn acknowledge(
    connection: &Connection,
    school: &SchoolId,
    lane: Lane,
    acknowledgements: &[Acknowledgement],
) -> rusqlite::Result<()> {
    let keep = "INSERT INTO refused SELECT school, lane, sequence, payload, ?4 FROM outbox
                WHERE school = ?1 AND lane = ?2 AND sequence = ?3";
    let mut keep = connection.prepare_cached(keep)?;
    let delete = "DELETE FROM outbox WHERE school = ?1 AND lane = ?2 AND sequence = ?3";
    let mut delete = connection.prepare_cached(delete)?;
    for Acknowledgement { sequence, receipt } in acknowledgements {
        let sequence = sequence.cast_signed();
        if let Receipt::Refused(reason) = receipt {
            keep.execute(params![school.as_str(), number(lane), sequence, reason])?;
        }
        delete.execute(params![school.as_str(), number(lane), sequence])?;
    }
    let forget = "DELETE FROM refused WHERE school = ?1 AND lane = ?2 AND sequence <=
                  (SELECT sequence FROM refused WHERE school = ?1 AND lane = ?2 ORDER BY sequence DESC LIMIT 1 OFFSET ?3)";
    connection.prepare_cached(forget)?.execute(params![school.as_str(), number(lane), signed(REFUSED_KEPT)])?;
    Ok(())
}

fn item(row: &Row<'_>, school: &SchoolId, lane: Lane) -> rusqlite::Result<OutboxItem> {
    Ok(OutboxItem::new(school, lane, row.get::<_, i64>(0)?.cast_unsigned(), row.get(1)?))
}

/// A key, which is kept as bytes.
pub(super) fn text(row: &Row<'_>, column: usize) -> rusqlite::Result<String> {
    let bytes = row.get_ref(column)?.as_blob()?;
    Ok(std::str::from_utf8(bytes).map_err(|error| rusqlite::Error::Utf8Error(column, error))?.to_owned())
}

/// The number of a lane in the schema.
fn number(lane: Lane) -> i64 {
    match lane {
        Lane::Records => 0,
        Lane::Mails => 1,
    }
}

pub(super) fn signed(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
