//! `resend`, `watch` and `check`: a course of a stored school is sent again; who attended last, and who was not seen; whether
//! the school's connections are right.

use clap::Args;
use host::school::{MOST_WATCHED, UNSEEN_DAYS};
use mirror::check::CheckedForm;
use mirror::watch::WatchedForm;

use super::show;
use super::stored::{Moment, Stored};

/// Has everything of a course sent to CourseKey once more by the next tick.
#[derive(Args)]
pub(super) struct Resend {
    /// The course [default: every course].
    course: Option<String>,
    /// Who asks for it, for the System Journal.
    #[arg(long, default_value = "the command line")]
    by: String,
    #[command(flatten)]
    stored: Stored,
    #[command(flatten)]
    moment: Moment,
}

/// Shows when each student attended last, and who was not seen for some days.
#[derive(Args)]
pub(super) struct Watch {
    /// Who attended no class of so many days is told of.
    #[arg(long, default_value_t = UNSEEN_DAYS)]
    days: u32,
    /// Show everybody, not only who was not seen.
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    stored: Stored,
    #[command(flatten)]
    moment: Moment,
    /// Print a line of JSON for each course, with everybody.
    #[arg(long)]
    json: bool,
}

/// Checks School Settings, and of each campus the key, the School ID and the time zone; nothing is changed.
#[derive(Args)]
pub(super) struct Check {
    #[command(flatten)]
    stored: Stored,
    #[command(flatten)]
    moment: Moment,
    /// Print a line of JSON for each finding.
    #[arg(long)]
    json: bool,
}

impl Check {
    pub(super) async fn execute(self) -> anyhow::Result<()> {
        let rig = self.stored.open(&self.moment).await?;
        let found: Vec<CheckedForm> = rig.school().check().await?.into_iter().map(CheckedForm::from).collect();
        if self.json {
            return Ok(found.iter().try_for_each(show::json_line)?);
        }
        let rows = found.into_iter().map(|one| {
            let verdict = if one.well { "well" } else { "wrong" };
            let text = |text: Option<String>| text.unwrap_or_default();
            [text(one.campus), verdict.to_owned(), one.sentence, text(one.owner), text(one.remedy)]
        });
        show::table(["Campus", "", "Found", "Who mends it", "What to do"], rows)
    }
}

impl Resend {
    pub(super) async fn execute(self) -> anyhow::Result<()> {
        let rig = self.stored.open(&self.moment).await?;
        let is_one = self.course.is_some();
        let courses = rig.school().resend(self.course, self.by).await?;
        if is_one && courses == 0 {
            anyhow::bail!("resend: CourseKey does not hold the course; `why-not` says what keeps it from being sent");
        }
        rig.leave().await?;
        show::line(&format!("the next tick sends again what CourseKey holds of {courses} courses"))
    }
}

impl Watch {
    pub(super) async fn execute(self) -> anyhow::Result<()> {
        let rig = self.stored.open(&self.moment).await?;
        let (mut after, mut courses) = (None, Vec::new());
        loop {
            let page = rig.school().watch(after, MOST_WATCHED, self.days).await?;
            courses.extend(page.courses.into_iter().map(WatchedForm::from));
            if page.next.is_none() {
                break;
            }
            after = page.next;
        }
        if self.json {
            courses.iter().try_for_each(show::json_line)?;
            return Ok(());
        }
        let rows = courses.iter().flat_map(|course| course.students.iter().map(move |student| (course, student)));
        let rows = rows.filter(|(_, student)| self.all || student.unseen).map(|(course, student)| {
            let last = student.last_attended.clone().unwrap_or_else(|| "never".to_owned());
            let unseen = if student.unseen { "yes" } else { "" };
            [course.name.clone(), student.student.clone(), student.name.clone(), last, unseen.to_owned()]
        });
        show::table(["Course", "Student", "Name", "Attended last", "Not seen"], rows)
    }
}
