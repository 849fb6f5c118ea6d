//! The status column of every course: `status.jsonl`.

use serde::Serialize;

use host::school::{CallFailure, CourseStatus, School, StatusPage, StatusQuery};

/// The most courses one call may ask for (the WIT says so).
const PAGE: u32 = 500;

/// A line of `status.jsonl`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StatusLine {
    /// The course.
    pub course: String,
    /// `disabled`, `scheduled`, `failed` or `synchronized`.
    pub status: &'static str,
    /// Why, for the tooltip.
    pub reason: Option<String>,
    /// Send to CourseKey cannot be switched off any more.
    pub locked: bool,
}

impl From<CourseStatus> for StatusLine {
    fn from(status: CourseStatus) -> Self {
        Self {
            course: status.course,
            status: status.status.word(),
            reason: status.reason,
            locked: status.option_locked,
        }
    }
}

/// Every course's status, by course.
///
/// # Errors
/// The component failed.
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
