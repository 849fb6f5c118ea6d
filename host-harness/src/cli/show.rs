//! The output for people and programs: tables on standard output, JSON for programs, errors on standard error.

use std::io::{self, Write};

use comfy_table::{ContentArrangement, Table, presets};
use host::gegi::Course;
use host::visible::visible;
use lab::run::{Accounting, Report, StatusLine};
use mirror::book::Book;
use mirror::lines::{IssueLine, LogLine, MarkLine};
use serde::Serialize;

/// Prints an error.
pub(super) fn error(error: &anyhow::Error) {
    // If even standard error is closed, nobody can read the error.
    let _ = writeln!(io::stderr(), "error: failed to {}", shown(&error.to_string()));
}

/// A text of several lines as people see it, line by line.
fn shown(text: &str) -> String {
    text.lines().map(visible).collect::<Vec<_>>().join("\n")
}

/// Says on standard error what takes long.
pub(super) fn progress(text: &str) {
    // A run does not end because nobody reads how far it is.
    let _ = writeln!(io::stderr(), "{}", shown(text));
}

/// Prints a line.
pub(super) fn line(text: &str) -> anyhow::Result<()> {
    Ok(writeln!(io::stdout(), "{text}")?)
}

/// Prints the heading of a table.
pub(super) fn title(text: &str) -> anyhow::Result<()> {
    line(&format!("\n{}", visible(text)))
}

/// Prints a value as JSON over several lines.
pub(super) fn json(value: &impl Serialize) -> anyhow::Result<()> {
    line(&serde_json::to_string_pretty(value)?)
}

/// Prints a value as one line of JSON.
pub(super) fn json_line(value: &impl Serialize) -> io::Result<()> {
    let mut out = io::stdout().lock();
    serde_json::to_writer(&mut out, value)?;
    out.write_all(b"\n")
}

/// Prints a table; a cell without a value stays empty.
pub(super) fn table<const N: usize>(
    header: [&str; N],
    rows: impl IntoIterator<Item = [String; N]>,
) -> anyhow::Result<()> {
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(header).add_rows(rows.into_iter().map(|row| row.map(|cell| visible(&cell))));
    line(&table.to_string())
}

/// Prints the status column, with the courses' titles where they are known.
pub(super) fn statuses(lines: &[StatusLine], courses: &[Course]) -> anyhow::Result<()> {
    let title = |id: &str| courses.iter().find(|course| course.id == id).map(|course| course.title.clone());
    table(
        ["Course", "Title", "Status", "Reason"],
        lines.iter().map(|line| {
            let reason = line.reason.clone().unwrap_or_default();
            [line.course.clone(), title(&line.course).unwrap_or_default(), capitalized(line.status), reason]
        }),
    )
}

/// Prints marks with their sentences.
pub(super) async fn marks(book: &Book, mut wanted: impl FnMut(&MarkLine) -> bool) -> anyhow::Result<()> {
    let mut rows = Vec::new();
    book.each_mark(|line| {
        if wanted(&line) {
            rows.push([line.class, line.student, line.mark, line.basis.sentence]);
        }
        Ok(())
    })
    .await?;
    table(["Class", "Student", "Mark", "Why"], rows)
}

/// Prints rows of the attendance log.
pub(super) async fn log_rows(book: &Book, mut wanted: impl FnMut(&LogLine) -> bool) -> anyhow::Result<()> {
    let mut rows = Vec::new();
    book.each_log_row(|line| {
        if wanted(&line) {
            let LogLine { class, student, visit, r#in, out, minutes, .. } = line;
            rows.push([class, student, visit.to_string(), r#in, out, minutes.to_string()]);
        }
        Ok(())
    })
    .await?;
    table(["Class", "Student", "Visit", "In", "Out", "Minutes"], rows)
}

/// Prints the number of requests to CourseKey, by kind.
pub(super) fn requests(report: &Report) -> anyhow::Result<()> {
    table(
        ["Kind", "Reading requests", "Writing requests", "Items written", "Requests without success"],
        report.requests.iter().map(|(kind, count)| {
            [
                kind.clone(),
                count.reads.to_string(),
                count.writes.to_string(),
                count.items.to_string(),
                count.failed.to_string(),
            ]
        }),
    )
}

/// Prints issues, open ones first.
pub(super) fn issues(mut issues: Vec<IssueLine>) -> anyhow::Result<()> {
    issues.sort_by_key(|issue| issue.resolved_at.is_some());
    table(
        ["Course or class", "Person", "Issue", "Who can fix it", "What to do", "Resolved"],
        issues.into_iter().map(|issue| {
            let place = issue.class.or(issue.course).unwrap_or_default();
            let person = issue.student.unwrap_or_default();
            [place, person, issue.sentence, issue.owner, issue.remedy, issue.resolved_at.unwrap_or_default()]
        }),
    )
}

/// Prints the report of a run.
pub(super) fn report(report: &Report) -> anyhow::Result<()> {
    line(&format!("{} from {} to {}", report.school, report.from, report.until))?;
    title("Courses by status")?;
    table(
        ["Status", "Courses"],
        report.statuses.iter().map(|(status, count)| [capitalized(status), count.to_string()]),
    )?;
    title("Requests to CourseKey")?;
    requests(report)?;
    if let Some(ratio) = report.writing_ratio {
        line(&format!(
            "{} writing requests; full batches would have been {} ({ratio:.3} times as many)",
            report.writing_requests, report.full_batches
        ))?;
    }
    for denial in &report.denials {
        line(&format!("refused at the door: {denial}"))?;
    }
    title("Written into GEGI")?;
    let by_rule = report.marks_by_rule.iter().map(|(rule, count)| [format!("  {rule}"), count.to_string()]);
    let marks = report.marks.iter().map(|(letter, count)| [format!("marks {letter}"), count.to_string()]);
    let marks = marks.chain(by_rule);
    let others = [
        ("rows of the attendance log", report.log_rows),
        ("lines of the System Journal", report.journal_lines),
        ("open issues", report.open_issues),
        ("resolved issues", report.resolved_issues),
        ("mails", report.mails),
    ];
    let others = others.map(|(what, count)| [what.to_owned(), count.to_string()]);
    table(["What", "Count"], marks.chain(others))?;
    if let Some(accounting) = &report.attendance {
        attendance(accounting)?;
    }
    let memory = report.measured.peak_memory_bytes.map_or_else(String::new, |bytes| format!(", {} MiB", bytes >> 20));
    line(&format!(
        "{} ticks, {} course changes; {:.1} s in calls, {:.1} s around them{memory}",
        report.calls.ticks, report.calls.course_changes, report.measured.guest_seconds, report.measured.host_seconds
    ))
}

/// Prints the account of CourseKey's records.
fn attendance(accounting: &Accounting) -> anyhow::Result<()> {
    title("What became of CourseKey's attendance records")?;
    let counts = [
        ("a mark says what the record says", accounting.by_mark),
        ("rows of the attendance log", accounting.by_log_rows),
        ("an open issue", accounting.by_issue),
        ("a mark that a person wrote", accounting.by_hand),
        ("the journal, about time that was taken back", accounting.by_journal),
        ("nothing: there is nothing to tell", accounting.saying_nothing),
        ("nothing yet: the class runs", accounting.waiting),
        ("nothing: the course is not synchronized", accounting.not_synchronized),
        ("nothing: written when the course was not followed any more", accounting.not_followed),
        ("nothing yet: attendance was not read since, as the status says", accounting.not_read),
        ("nothing: unaccounted, perhaps lost", accounting.unaccounted),
        ("all of them", accounting.records),
    ];
    table(["Told by", "Records"], counts.map(|(what, count)| [what.to_owned(), count.to_string()]))
}

/// The word with a capital letter, as GEGI's page shows it.
pub(super) fn capitalized(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
