//! `tick`: runs ticks of a stored school until nothing is due.

use clap::Args;
use host::school::{Budget, RequestKind, TickReport};
use mirror::lines::rfc3339;
use serde::Serialize;

use super::show;
use super::stored::{Moment, Stored};

/// Lets a stored school do what is due, until there is no more to do.
#[derive(Args)]
pub(super) struct Tick {
    #[command(flatten)]
    stored: Stored,
    #[command(flatten)]
    moment: Moment,
    /// Items to send at the most in one call.
    #[arg(long, default_value_t = 1_000)]
    items: u32,
    /// Seconds one call may take.
    #[arg(long, default_value_t = 60)]
    seconds: u32,
    /// Print JSON instead of a table.
    #[arg(long)]
    json: bool,
}

/// The report of the ticks, as programs read it.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct TickLine {
    tallies: Vec<TallyLine>,
    marks_written: u32,
    log_rows_written: u32,
    issues_opened: u32,
    issues_resolved: u32,
    more_work: bool,
    next_due: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct TallyLine {
    kind: &'static str,
    requests: u32,
    items: u32,
    accepted: u32,
    rejected: u32,
    failed: u32,
    failed_requests: u32,
}

impl Tick {
    pub(super) async fn execute(self) -> anyhow::Result<()> {
        let rig = self.stored.open(&self.moment).await?;
        let budget = Budget { items: self.items, seconds: self.seconds };
        let turn = rig.school().turn(budget).await?;
        rig.leave().await?;
        let line = TickLine::from(turn.report);
        if self.json { show::json(&line) } else { show_table(&line) }
    }
}

fn show_table(line: &TickLine) -> anyhow::Result<()> {
    let counts = |tally: &TallyLine| {
        [tally.requests, tally.failed_requests, tally.items, tally.accepted, tally.rejected, tally.failed]
            .map(|count| count.to_string())
    };
    show::table(
        ["Kind", "Requests", "Without answer", "Items", "Accepted", "Rejected", "Failed"],
        line.tallies.iter().map(|tally| {
            let [requests, unanswered, items, accepted, rejected, failed] = counts(tally);
            [tally.kind.to_owned(), requests, unanswered, items, accepted, rejected, failed]
        }),
    )?;
    let due = line.next_due.as_deref().unwrap_or("when something changes");
    show::line(&format!(
        "{} marks, {} log rows, {} issues opened, {} resolved; next due: {due}",
        line.marks_written, line.log_rows_written, line.issues_opened, line.issues_resolved
    ))
}

impl From<TickReport> for TickLine {
    fn from(report: TickReport) -> Self {
        let tallies = report.tallies.into_iter().map(|tally| TallyLine {
            kind: kind_word(tally.kind),
            requests: tally.requests,
            items: tally.items,
            accepted: tally.accepted,
            rejected: tally.rejected,
            failed: tally.failed,
            failed_requests: tally.failed_requests,
        });
        Self {
            tallies: tallies.collect(),
            marks_written: report.marks_written,
            log_rows_written: report.log_rows_written,
            issues_opened: report.issues_opened,
            issues_resolved: report.issues_resolved,
            more_work: report.more_work,
            next_due: report.next_due.map(rfc3339),
        }
    }
}

fn kind_word(kind: RequestKind) -> &'static str {
    match kind {
        RequestKind::Connection => "connection",
        RequestKind::Users => "users",
        RequestKind::Courses => "courses",
        RequestKind::Sessions => "sessions",
        RequestKind::Enrollments => "enrollments",
        RequestKind::Attendance => "attendance",
    }
}
