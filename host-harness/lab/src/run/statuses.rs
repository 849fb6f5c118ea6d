//! The status column of every course: `status.jsonl`.

use serde::Serialize;

use host::school::{CallFailure, CourseStatus, School, StatusPage, StatusQuery};
use mirror::lines::rfc3339;

/// The most courses that one call may ask for (the WIT promises this number).
const PAGE: u32 = 500;

/// A line of `status.jsonl`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct StatusLine {
    /// The course.
    pub course: String,
    /// `disabled`, `scheduled`, `failed` or `synchronized`.
    pub status: &'static str,
    /// The reason of the status, for the tooltip.
    pub reason: Option<String>,
    /// Whether Send to CourseKey cannot be switched off any more.
    pub locked: bool,
    /// Up to when the course's attendance was read whole; none: it was never read.
    pub complete_until: Option<String>,
}

impl From<CourseStatus> for StatusLine {
    fn from(status: CourseStatus) -> Self {
        Self {
            course: status.course,
            status: status.status.word(),
            reason: status.reason,
            locked: status.option_locked,
            complete_until: status.complete_until.map(rfc3339),
        }
    }
}

/// The status of every course, ordered by course.
///
/// # Errors
/// The call failed.
pub async fn statuses_of(school: &School) -> Result<Vec<StatusLine>, CallFailure> {
    let mut lines: Vec<StatusLine> = Vec::new();
    loop {
        let after = lines.last().map(|line| line.course.clone());
        let page = school.statuses(StatusQuery::Page(StatusPage { after, limit: PAGE })).await?;
        let is_last = page.len() < PAGE as usize;
        lines.extend(page.into_iter().map(StatusLine::from));
        if is_last {
            return Ok(lines);
        }
    }
}
