//! Answers that no plugin can mean. The name of the lie is in the script; without one the answer is empty.

use crate::exports::gegi::coursekey::integration::*;
use crate::gegi::coursekey::types::Status;

pub(crate) fn report(lie: &str) -> Result<TickReport, CallError> {
    let mut report = TickReport {
        tallies: vec![],
        marks_written: 0,
        log_rows_written: 0,
        issues_opened: 0,
        issues_resolved: 0,
        more_work: false,
        next_due: None,
    };
    match lie {
        "marks" => report.marks_written = u32::MAX,
        "items" => report.tallies = vec![tally(u32::MAX)],
        "tallies" => report.tallies = vec![tally(1); 100_000],
        "twice" => report.tallies = vec![tally(1); 2],
        "next-due" => report.next_due = Some(i64::MAX),
        "text" => return Err(CallError::BadInput(no_text())),
        "enough" => report.more_work = true,
        _ => {}
    }
    Ok(report)
}

fn tally(items: u32) -> Tally {
    Tally { kind: RequestKind::Users, requests: 1, items, accepted: items, rejected: 0, failed: 0, failed_requests: 0 }
}

pub(crate) fn course_outcome() -> CourseOutcome {
    CourseOutcome {
        disposition: Disposition::Taken,
        send_to_coursekey: false,
        option_locked: None,
        option_refused: false,
        status: Status::Disabled,
        reason: None,
        issues: vec![],
    }
}

pub(crate) fn statuses(lie: &str, asked: &str) -> Vec<CourseStatus> {
    match lie {
        "unknown" => vec![status("course-of-nobody")],
        "twice" => vec![status(asked), status(asked)],
        "moment" => vec![CourseStatus { since: i64::MIN, ..status(asked) }],
        "text" => vec![CourseStatus { reason: Some(no_text()), ..status(asked) }],
        "much" => vec![CourseStatus { reason: Some("x".repeat(100_000_000)), ..status(asked) }],
        "many" => (0..10_000).map(|count| status(&format!("course-{count}"))).collect(),
        _ => vec![],
    }
}

fn status(course: &str) -> CourseStatus {
    CourseStatus {
        course: course.to_owned(),
        status: Status::Disabled,
        reason: None,
        since: 0,
        opens: None,
        closes: None,
        send_to_coursekey: false,
        option_locked: false,
        complete_until: None,
        issues: vec![],
    }
}

/// Bytes that are no text, where a text belongs.
fn no_text() -> String {
    unsafe { String::from_utf8_unchecked(vec![0xff, 0xfe]) }
}
