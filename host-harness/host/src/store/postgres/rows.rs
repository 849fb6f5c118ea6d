//! The statements that read, and what stands in a row. Unsigned numbers are stored as PostgreSQL's signed integers, bit
//! for bit. The statements that write are functions of the database, in `v1.sql`.

use chrono::{DateTime, Utc};
use tokio_postgres::{Error, Row};

use crate::gegi::Receipt;
use crate::store::{
    Acknowledgement, Breadcrumb, Entry, FailedTicks, Lane, OutboxItem, RefusedItem, SchoolId, Standing, StoreError,
};

use super::failure::unreadable;

pub(super) const STANDING: &str =
    "SELECT commits, last_commit_at, keys, bytes, records, mails, mails_before_hour, note,
    note_times, failing_since, failing_ticks, failing_told, fence, kept_from
    FROM standing WHERE school = $1";

/// The standings of many schools; the first column is the school.
pub(super) const STANDINGS: &str = "SELECT school, commits, last_commit_at, keys, bytes, records, mails,
    mails_before_hour, note, note_times, failing_since, failing_ticks, failing_told, fence, kept_from
    FROM standing WHERE school = ANY ($1)";

pub(super) const GET_MANY: &str = "SELECT s.value
    FROM unnest($2::bytea[]) WITH ORDINALITY AS k (key, place)
    LEFT JOIN state s ON s.school = (SELECT id FROM standing WHERE school = $1) AND s.key = k.key
    ORDER BY k.place";

/// The first column says whether the state can still be read.
pub(super) const GET_MANY_AS_OF: &str = "SELECT coalesce(st.kept_from <= $3, true),
        CASE WHEN old.until IS NULL THEN s.value ELSE old.value END
    FROM unnest($2::bytea[]) WITH ORDINALITY AS k (key, place)
    LEFT JOIN standing st ON st.school = $1
    LEFT JOIN state s ON s.school = st.id AND s.key = k.key
    LEFT JOIN LATERAL (SELECT p.until, p.value FROM past p WHERE p.school = st.id AND p.key = k.key AND p.until > $3
        ORDER BY p.until LIMIT 1) AS old ON true
    ORDER BY k.place";

pub(super) const SCAN: &str = "SELECT key, value FROM state
    WHERE school = (SELECT id FROM standing WHERE school = $1) AND key >= $2 AND key < $3 ORDER BY key LIMIT $4";

/// The first column says whether the state can still be read. There is always a row; one without a key is no entry.
pub(super) const SCAN_AS_OF: &str = "WITH st AS (SELECT id, kept_from FROM standing WHERE school = $1),
    entry AS (
        SELECT key, value FROM (
            (SELECT s.key, s.value FROM state s
                WHERE s.school = (SELECT id FROM st) AND s.key >= $2 AND s.key < $3
                AND NOT EXISTS (SELECT FROM past p WHERE p.school = s.school AND p.key = s.key AND p.until > $5)
                ORDER BY s.key LIMIT $4)
            UNION ALL
            (SELECT DISTINCT ON (p.key) p.key, p.value FROM past p
                WHERE p.school = (SELECT id FROM st) AND p.key >= $2 AND p.key < $3 AND p.until > $5
                ORDER BY p.key, p.until)
        ) AS both_kinds WHERE value IS NOT NULL ORDER BY key LIMIT $4
    )
    SELECT coalesce((SELECT kept_from <= $5 FROM st), true), e.key, e.value
    FROM (SELECT) AS always LEFT JOIN entry e ON true ORDER BY e.key";

pub(super) const COMMIT: &str = "SELECT outcome, number FROM write_commit($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11,
    $12, $13, $14, $15, $16, $17)";

pub(super) const HAS_PUSH: &str = "SELECT EXISTS (SELECT FROM push
    WHERE school = (SELECT id FROM standing WHERE school = $1) AND id = $2)";

pub(super) const OUTBOX: &str = "SELECT sequence, payload FROM outbox
    WHERE school = (SELECT id FROM standing WHERE school = $1) AND lane = $2 AND sequence > $3
    ORDER BY sequence LIMIT $4";

pub(super) const OUTBOX_ABOUT: &str = "SELECT sequence, payload FROM outbox
    WHERE school = (SELECT id FROM standing WHERE school = $1) AND lane = 0 AND subject = $2 AND sequence > $3
    ORDER BY sequence LIMIT $4";

pub(super) const LOAD: &str = "SELECT count(*), coalesce(sum(octet_length(payload)), 0)::bigint FROM outbox
    WHERE school = (SELECT id FROM standing WHERE school = $1) AND lane = $2";

pub(super) const REFUSALS: &str = "SELECT count(*), coalesce(max(sequence), 0)::bigint FROM refused
    WHERE school = (SELECT id FROM standing WHERE school = $1) AND lane = $2";

pub(super) const REFUSED: &str = "SELECT sequence, payload, reason FROM refused
    WHERE school = (SELECT id FROM standing WHERE school = $1) AND lane = $2 AND sequence > $3
    ORDER BY sequence LIMIT $4";

/// No UTF-8 text contains this byte, so every key with a prefix lies below the prefix with this byte appended.
const ABOVE_ALL_TEXT: u8 = 0xFF;

/// The least key of a scan, and the key that all keys of the scan lie below.
pub(super) fn bounds(prefix: &str, after: Option<&str>) -> (Vec<u8>, Vec<u8>) {
    // The least text above `after` is `after` with a zero byte appended.
    let above = after.map(|after| [after.as_bytes(), &[0]].concat()).unwrap_or_default();
    (above.max(prefix.as_bytes().to_vec()), [prefix.as_bytes(), &[ABOVE_ALL_TEXT]].concat())
}

/// The standing that a row of [`STANDING`] holds, from a column on.
pub(super) fn standing(row: &Row, from: usize) -> Result<Standing, StoreError> {
    read_standing(row, from).map_err(|error| unreadable(&error))
}

fn read_standing(row: &Row, from: usize) -> Result<Standing, Error> {
    let count = |column: usize| row.try_get::<_, i64>(from + column).map(i64::cast_unsigned);
    let moment = |column: usize| -> Result<Option<DateTime<Utc>>, Error> {
        let seconds = row.try_get::<_, Option<i64>>(from + column)?;
        Ok(seconds.and_then(|seconds| DateTime::from_timestamp(seconds, 0)))
    };
    let few = |column: usize| count(column).map(|many| u32::try_from(many).unwrap_or(u32::MAX));
    let (times, ticks, told) = (few(8)?, few(10)?, row.try_get(from + 11)?);
    let note: Option<&[u8]> = row.try_get(from + 7)?;
    Ok(Standing {
        commits: count(0)?,
        last_commit_at: moment(1)?,
        keys: count(2)?,
        bytes: count(3)?,
        records: count(4)?,
        mails: count(5)?,
        mails_before_hour: count(6)?,
        breadcrumb: note.map(|note| Breadcrumb { note: String::from_utf8_lossy(note).into_owned(), times }),
        failed_ticks: moment(9)?.map(|since| FailedTicks { since, ticks, told }),
        fence: count(12)?,
        kept_from: count(13)?,
    })
}

pub(super) fn column<'a, T: tokio_postgres::types::FromSql<'a>>(row: &'a Row, column: usize) -> Result<T, StoreError> {
    row.try_get(column).map_err(|error| unreadable(&error))
}

/// Refuses a row whose first column says that the state cannot be read any more.
pub(super) fn check_kept(row: &Row) -> Result<(), StoreError> {
    if column(row, 0)? { Ok(()) } else { Err(StoreError::Overtaken) }
}

/// The entry whose key stands in this column and its value in the next one; none: the key is null.
pub(super) fn entry(row: &Row, at: usize) -> Result<Option<Entry>, StoreError> {
    let Some(key) = column::<Option<Vec<u8>>>(row, at)? else { return Ok(None) };
    let key = String::from_utf8(key).map_err(|_| StoreError::Corrupt)?;
    Ok(Some((key, column(row, at + 1)?)))
}

pub(super) fn item(row: &Row, school: &SchoolId, lane: Lane) -> Result<OutboxItem, StoreError> {
    let sequence: i64 = column(row, 0)?;
    Ok(OutboxItem::new(school, lane, sequence.cast_unsigned(), column(row, 1)?))
}

pub(super) fn refused(row: &Row, school: &SchoolId, lane: Lane) -> Result<RefusedItem, StoreError> {
    let reason: &[u8] = column(row, 2)?;
    Ok(RefusedItem { item: item(row, school, lane)?, reason: String::from_utf8_lossy(reason).into_owned() })
}

/// The sequences of acknowledgements, each with the reason of a refusal. Of several acknowledgements of one item the
/// first is final.
pub(super) fn receipts(acknowledgements: &[Acknowledgement]) -> (Vec<i64>, Vec<Option<&[u8]>>) {
    let mut receipts = std::collections::BTreeMap::new();
    for Acknowledgement { sequence, receipt } in acknowledgements {
        let reason = match receipt {
            Receipt::Applied => None,
            Receipt::Refused(reason) => Some(reason.as_bytes()),
        };
        receipts.entry(sequence.cast_signed()).or_insert(reason);
    }
    receipts.into_iter().unzip()
}

/// The number of a lane in the schema.
pub(super) fn number(lane: Lane) -> i16 {
    match lane {
        Lane::Records => 0,
        Lane::Mails => 1,
    }
}

pub(super) fn signed(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
