//! `push-attendance`: makes the simulated CourseKey push attendance to a stored school.

use std::fs::File;
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use clap::Args;
use host::push::Push;
use host::school::PushOutcome;
use lab::run::{Rig, ToPush};
use serde::Serialize;

use super::show;
use super::stored::{Moment, Stored};

/// Lets the simulated CourseKey push attendance to a stored school, signed as its pushes are.
///
/// The same records pushed again at the same moment are the same push, which is taken once. What was taken is worked on by
/// the next tick.
#[derive(Args)]
pub(super) struct PushAttendance {
    #[command(flatten)]
    what: What,
    #[command(flatten)]
    stored: Stored,
    #[command(flatten)]
    moment: Moment,
    /// When the push is signed; more than five minutes away from the call it is refused [default: the moment of the call].
    #[arg(long, value_name = "INSTANT")]
    signed_at: Option<DateTime<Utc>>,
    /// Print a line of JSON for each push.
    #[arg(long)]
    json: bool,
}

/// What is pushed.
#[derive(Args)]
#[group(required = true, multiple = false)]
struct What {
    /// Attendance records in the form of attendance.jsonl.
    file: Option<PathBuf>,
    /// Records that the simulated CourseKey lists, as they are now.
    #[arg(long = "record", value_name = "ID")]
    records: Vec<String>,
    /// A body as it is to leave, `CAMPUS=FILE`: whatever the file holds, signed with the campus's key.
    #[arg(long, value_name = "CAMPUS=FILE", value_parser = campus_and_file)]
    body: Option<(String, PathBuf)>,
}

/// A push and its outcome, as programs read them.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct PushLine {
    campus: String,
    id: String,
    outcome: &'static str,
    taken: u32,
    repeated: u32,
}

impl PushAttendance {
    pub(super) async fn execute(self) -> anyhow::Result<()> {
        let rig = self.stored.open(&self.moment).await?;
        let pushes = self.what.pushes(&rig, self.signed_at.unwrap_or_else(|| rig.now())).await?;
        let (mut lines, mut refused) = (Vec::new(), None);
        for (campus, push) in pushes {
            let id = push.id.clone();
            match rig.school().attendance_received(&campus, push).await {
                Ok(outcome) => lines.push(PushLine::new(campus, id, &outcome)),
                Err(failure) => {
                    refused = Some(failure);
                    break;
                }
            }
        }
        rig.leave().await?;
        if self.json {
            lines.iter().try_for_each(show::json_line)?;
        } else if refused.is_none() || !lines.is_empty() {
            show::table(["Campus", "Push", "Outcome"], lines.into_iter().map(PushLine::into_row))?;
        }
        refused.map_or(Ok(()), |failure| Err(failure.into()))
    }
}

impl What {
    async fn pushes(&self, rig: &Rig, signed_at: DateTime<Utc>) -> anyhow::Result<Vec<(String, Push)>> {
        let pushes = match (&self.file, &self.body) {
            (Some(file), _) => rig.pushes(signed_at, ToPush::Lines(&mut BufReader::new(open(file)?))).await,
            (None, Some((campus, file))) => {
                let body = std::fs::read(file).map_err(|error| unreadable(file, &error))?;
                rig.pushes(signed_at, ToPush::Body { campus, body }).await
            }
            (None, None) => rig.pushes(signed_at, ToPush::Records(&self.records)).await,
        };
        Ok(pushes?)
    }
}

fn open(file: &Path) -> anyhow::Result<File> {
    File::open(file).map_err(|error| unreadable(file, &error))
}

fn unreadable(file: &Path, error: &io::Error) -> anyhow::Error {
    anyhow::anyhow!("read {}: {error}; name a file that can be read", file.display())
}

fn campus_and_file(text: &str) -> Result<(String, PathBuf), &'static str> {
    let (campus, file) = text.split_once('=').ok_or("name a campus and a file, such as main=body.json")?;
    Ok((campus.to_owned(), PathBuf::from(file)))
}

impl PushLine {
    fn new(campus: String, id: String, outcome: &PushOutcome) -> Self {
        let (outcome, taken, repeated) = match outcome {
            PushOutcome::Taken(records) => ("taken", records.taken, records.repeated),
            PushOutcome::Repeated => ("repeated", 0, 0),
        };
        Self { campus, id, outcome, taken, repeated }
    }

    fn into_row(self) -> [String; 3] {
        let outcome = match (self.outcome, self.taken) {
            ("taken", 1) => "1 record taken".to_owned(),
            ("taken", count) => format!("{count} records taken"),
            _ => "came before; nothing done".to_owned(),
        };
        [self.campus, self.id, outcome]
    }
}
