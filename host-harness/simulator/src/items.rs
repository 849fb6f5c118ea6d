//! The bodies of requests and answers: the items of a batch, their results, pages and problems, as
//! `coursekey.openapi.yaml` states them.
//!
//! Only shapes live here, not the rules (`rules`). No type has `Debug`, because items name people.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::codes::RejectionCode;

/// The body of every upsert.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Batch<T> {
    pub(super) items: Vec<T>,
}

/// A user as sent. The serialised form leaves out the password, which is checked and not kept.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct UserItem {
    pub(super) issued_id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) account_id: Option<String>,
    pub(super) first_name: String,
    pub(super) last_name: String,
    pub(super) email: String,
    pub(super) teacher: bool,
    #[serde(default, skip_serializing)]
    pub(super) initial_password: Option<String>,
    pub(super) revision: u64,
}

/// A course, as sent and as held.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Course {
    pub(super) external_id: String,
    pub(super) name: String,
    pub(super) title: String,
    pub(super) start_date: NaiveDate,
    pub(super) end_date: NaiveDate,
    pub(super) time_zone: String,
    pub(super) owner: String,
    pub(super) instructors: Vec<String>,
    pub(super) attendance_name: AttendanceName,
    pub(super) revision: u64,
}

/// How attendance of a course is kept.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum AttendanceName {
    #[serde(rename = "Class Schedule")]
    ClassSchedule,
    #[serde(rename = "Attendance Log")]
    AttendanceLog,
}

/// A session as sent: with its times, or removed.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", try_from = "RawSession")]
pub(super) struct SessionItem {
    pub(super) external_id: String,
    pub(super) course_id: String,
    #[serde(flatten)]
    pub(super) wish: SessionWish,
    pub(super) revision: u64,
}

/// The sender's wish for a session.
#[derive(Clone, Copy, Serialize)]
#[serde(untagged)]
pub(super) enum SessionWish {
    /// The session is to be held at these times.
    #[serde(rename_all = "camelCase")]
    Held { starts_at: DateTime<Utc>, ends_at: DateTime<Utc> },
    /// The session is to be removed.
    Gone { removed: bool },
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RawSession {
    external_id: String,
    course_id: String,
    starts_at: Option<DateTime<Utc>>,
    ends_at: Option<DateTime<Utc>>,
    removed: Option<bool>,
    revision: u64,
}

impl TryFrom<RawSession> for SessionItem {
    type Error = &'static str;

    fn try_from(raw: RawSession) -> Result<Self, Self::Error> {
        let wish = match (raw.starts_at, raw.ends_at, raw.removed) {
            (Some(starts_at), Some(ends_at), None) => SessionWish::Held { starts_at, ends_at },
            (None, None, Some(true)) => SessionWish::Gone { removed: true },
            _ => return Err("a session carries startsAt and endsAt, or removed: true"),
        };
        Ok(Self { external_id: raw.external_id, course_id: raw.course_id, wish, revision: raw.revision })
    }
}

/// An enrollment, as sent and as held.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Enrollment {
    pub(super) course_id: String,
    pub(super) user_id: String,
    pub(super) dropped: bool,
    pub(super) revision: u64,
}

/// An item's key, repeated in its result.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum ItemKey {
    #[serde(rename_all = "camelCase")]
    Issued { issued_id: String },
    #[serde(rename_all = "camelCase")]
    External { external_id: String },
    #[serde(rename_all = "camelCase")]
    Enrollment { course_id: String, user_id: String },
}

/// What CourseKey did with an item.
#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Outcome {
    Created,
    Updated,
    Unchanged,
    Rejected,
}

/// The result of one item.
#[derive(Serialize)]
pub(super) struct ItemResult {
    pub(super) key: ItemKey,
    pub(super) outcome: Outcome,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) error: Option<ItemError>,
}

/// Why an item was rejected.
#[derive(Serialize)]
pub(super) struct ItemError {
    pub(super) code: RejectionCode,
    pub(super) field: &'static str,
    pub(super) message: &'static str,
}

/// The answer to a batch.
#[derive(Serialize)]
pub(super) struct Results {
    pub(super) results: Vec<ItemResult>,
}

/// One page of a list.
#[derive(Serialize)]
pub(super) struct Page<T> {
    pub(super) items: Vec<T>,
    pub(super) next: Option<String>,
}
