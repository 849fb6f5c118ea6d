//! Reading requests: the school itself, its lists page by page, and attendance by cursor.

use std::collections::BTreeMap;
use std::ops::Bound::{Included, Unbounded};
use std::sync::Arc;

use bytes::Bytes;
use chrono::{DateTime, SecondsFormat, SubsecRound, Utc};
use http::Uri;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::Simulator;
use super::attendance::{AdjustmentKind, Position, Record, Visit};
use super::http::{Problem, json};
use super::items::{Enrollment, Page};
use super::kind::Kind;
use super::state::{School, after};

/// The most items of a page.
const MAX_PAGE: usize = 500;
/// The items of a page when the request names no limit.
const DEFAULT_PAGE: usize = 100;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NoQuery {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PageQuery {
    after: Option<String>,
    limit: Option<usize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UsersQuery {
    email: Option<String>,
    after: Option<String>,
    limit: Option<usize>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct AttendanceQuery {
    updated_since: DateTime<Utc>,
    after: Option<String>,
    limit: Option<usize>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SchoolBody<'a> {
    school_id: u64,
    time_zone: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AttendanceBody<'a> {
    records: Vec<RecordBody<'a>>,
    next: Option<String>,
    as_of: DateTime<Utc>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RecordBody<'a> {
    id: &'a str,
    version: u32,
    session_id: &'a str,
    user_id: &'a str,
    updated_at: DateTime<Utc>,
    visits: &'a [Visit],
    adjustment: Option<AdjustmentBody<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AdjustmentBody<'a> {
    kind: AdjustmentKind,
    by: &'a str,
    awarded_seconds: Option<u32>,
}

/// The answer to a GET of this kind. The caller has checked the school and its key.
pub(super) fn read(
    simulator: &mut Simulator,
    now: DateTime<Utc>,
    number: u64,
    kind: Kind,
    uri: &Uri,
) -> Result<Bytes, Problem> {
    let school = simulator.schools.get(&number).ok_or(Problem::NotFound)?;
    let (body, items) = match kind {
        Kind::Connection => {
            let NoQuery {} = query(uri)?;
            let body = SchoolBody { school_id: school.number, time_zone: &school.zone };
            (json(&body)?, 0)
        }
        Kind::Users => users(school, uri)?,
        Kind::Courses => {
            let (start, limit) = page_query(uri)?;
            page(after(&school.courses, &start), limit, |course| course.external_id.clone())?
        }
        Kind::Sessions => {
            let (start, limit) = page_query(uri)?;
            page(school.sessions.after(&start), limit, |session| session.external_id.clone())?
        }
        Kind::Enrollments => enrollments(school, uri)?,
        Kind::Attendance => attendance(simulator, now, number, uri)?,
    };
    simulator.counts.entry(kind).or_default().items += items as u64;
    Ok(body)
}

fn query<T: DeserializeOwned>(uri: &Uri) -> Result<T, Problem> {
    serde_urlencoded::from_str(uri.query().unwrap_or_default()).map_err(|_| Problem::NotUnderstood("query".to_owned()))
}

fn limit(asked: Option<usize>) -> Result<usize, Problem> {
    match asked.unwrap_or(DEFAULT_PAGE) {
        limit @ 1..=MAX_PAGE => Ok(limit),
        _ => Err(Problem::NotUnderstood(format!("limit: 1 to {MAX_PAGE}"))),
    }
}

fn page_query(uri: &Uri) -> Result<(String, usize), Problem> {
    let query: PageQuery = query(uri)?;
    Ok((query.after.unwrap_or_default(), limit(query.limit)?))
}

/// The first `limit` items as a body, and their number.
fn page<'a, T: Serialize + 'a>(
    items: impl Iterator<Item = &'a T>,
    limit: usize,
    cursor: fn(&T) -> String,
) -> Result<(Bytes, usize), Problem> {
    let (items, next) = cut(items, limit, cursor);
    let count = items.len();
    Ok((json(&Page { items, next })?, count))
}

/// The first `limit` items, and the last one's cursor if more follow.
fn cut<'a, T>(
    mut items: impl Iterator<Item = &'a T>,
    limit: usize,
    cursor: fn(&T) -> String,
) -> (Vec<&'a T>, Option<String>) {
    let taken: Vec<&T> = items.by_ref().take(limit).collect();
    let next = items.next().and_then(|_| taken.last().map(|last| cursor(last)));
    (taken, next)
}

fn users(school: &School, uri: &Uri) -> Result<(Bytes, usize), Problem> {
    let query: UsersQuery = query(uri)?;
    let start = query.after.unwrap_or_default();
    let limit = limit(query.limit)?;
    match query.email {
        None => page(school.accounts.after(&start), limit, |user| user.account_id.clone()),
        Some(email) => {
            let found = school.accounts.by_email(&email).filter(|user| user.account_id > start);
            page(found.into_iter(), limit, |user| user.account_id.clone())
        }
    }
}

fn enrollments(school: &School, uri: &Uri) -> Result<(Bytes, usize), Problem> {
    let (start, limit) = page_query(uri)?;
    let (course, user) = match start.as_str() {
        "" => ("", ""),
        cursor => parse_enrollment_cursor(cursor).ok_or_else(bad_cursor)?,
    };
    let rosters = school.enrollments.range::<str, _>((Included(course), Unbounded));
    let items = rosters.flat_map(|(id, roster)| after(roster, if id == course { user } else { "" }));
    page(items, limit, enrollment_cursor)
}

/// The cursor begins with the length of the first id, because an id may contain any character.
fn enrollment_cursor(enrollment: &Enrollment) -> String {
    let Enrollment { course_id, user_id, .. } = enrollment;
    format!("{}:{course_id}{user_id}", course_id.len())
}

fn parse_enrollment_cursor(cursor: &str) -> Option<(&str, &str)> {
    let (length, ids) = cursor.split_once(':')?;
    ids.split_at_checked(length.parse().ok()?)
}

fn attendance(simulator: &Simulator, now: DateTime<Utc>, number: u64, uri: &Uri) -> Result<(Bytes, usize), Problem> {
    let query: AttendanceQuery = query(uri)?;
    let after = match &query.after {
        None => None,
        Some(cursor) => Some(parse_record_cursor(cursor).ok_or_else(bad_cursor)?),
    };
    let own = simulator
        .attendance
        .since(query.updated_since, after)
        .filter(|record| school_of(record, &simulator.schools) == Some(number));
    let (records, next) = cut(own, limit(query.limit)?, record_cursor);
    let count = records.len();
    let records = records.into_iter().map(record_body).collect();
    // Records carry whole seconds or finer; the present second may still bring more records, so `as_of` is its
    // beginning.
    let body = AttendanceBody { records, next, as_of: now.trunc_subsecs(0) };
    Ok((json(&body)?, count))
}

/// The school of a record: the school that holds its session, else the school that held it once, else the school of its
/// user, else the first school.
pub(super) fn school_of(record: &Record, schools: &BTreeMap<u64, School>) -> Option<u64> {
    let holding = |holds: &dyn Fn(&School) -> bool| schools.values().find(|school| holds(school)).map(|s| s.number);
    record
        .school
        .or_else(|| holding(&|school| school.sessions.get(&record.session).is_some()))
        .or_else(|| holding(&|school| school.sessions.was_removed(&record.session)))
        .or_else(|| holding(&|school| school.accounts.by_issued_id(&record.user).is_some()))
        .or_else(|| schools.keys().next().copied())
}

pub(super) fn record_body(record: &Record) -> RecordBody<'_> {
    let adjustment = record.adjustment.as_ref().map(|adjustment| AdjustmentBody {
        kind: adjustment.kind,
        by: &adjustment.by,
        awarded_seconds: adjustment.awarded_seconds,
    });
    RecordBody {
        id: &record.id,
        version: record.version,
        session_id: &record.session,
        user_id: &record.user,
        updated_at: record.updated_at,
        visits: &record.visits,
        adjustment,
    }
}

fn record_cursor(record: &Record) -> String {
    let updated_at = record.updated_at.to_rfc3339_opts(SecondsFormat::AutoSi, true);
    format!("{updated_at}~{}~{}", record.version, record.id)
}

fn parse_record_cursor(cursor: &str) -> Option<Position> {
    let mut parts = cursor.splitn(3, '~');
    let updated_at = parts.next()?.parse().ok()?;
    let version = parts.next()?.parse().ok()?;
    Some((updated_at, Arc::from(parts.next()?), version))
}

fn bad_cursor() -> Problem {
    Problem::NotUnderstood("after: not a cursor of this list".to_owned())
}
