//! `explain` and `why-not`: what is behind a mark of a stored school, and why something is not there.

use clap::Args;
use host::school::ClassStudent;
use host::visible::visible;
use mirror::explain::{ExplanationForm, FindingForm, Missed, ObstacleForm};

use super::show;
use super::stored::{Moment, Stored};

/// Shows everything behind the mark, or the log rows, of a student in a class.
#[derive(Args)]
pub(super) struct Explain {
    /// The class.
    class: String,
    /// The student.
    student: String,
    #[command(flatten)]
    stored: Stored,
    #[command(flatten)]
    moment: Moment,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Says why something is not there: the first condition that fails, and its cure. With a class and a student it is a mark
/// or log rows, with a course and a student an enrolment, with a class alone a class at CourseKey, with nothing a mail
/// about issues.
#[derive(Args)]
pub(super) struct WhyNot {
    /// The class.
    #[arg(long, value_name = "ID")]
    class: Option<String>,
    /// The course.
    #[arg(long, value_name = "ID")]
    course: Option<String>,
    /// The student.
    #[arg(long, value_name = "ID")]
    student: Option<String>,
    #[command(flatten)]
    stored: Stored,
    #[command(flatten)]
    moment: Moment,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

impl WhyNot {
    pub(super) async fn execute(self) -> anyhow::Result<()> {
        let Self { class, course, student, stored, moment, json } = self;
        let Some(sought) = (Missed { class, course, student }).sought() else {
            anyhow::bail!("why-not: nobody knows what is missed; {}", Missed::REMEDY);
        };
        let rig = stored.open(&moment).await?;
        let finding = FindingForm::from(rig.school().why_not(sought).await?);
        if json {
            return show::json(&finding);
        }
        show::line(&visible(&finding.sentence))?;
        finding.missing.iter().try_for_each(obstacle)
    }
}

impl Explain {
    pub(super) async fn execute(self) -> anyhow::Result<()> {
        let rig = self.stored.open(&self.moment).await?;
        let Self { class, student, json, .. } = self;
        let Some(explanation) = rig.school().explain(ClassStudent { class, student }).await? else {
            anyhow::bail!(
                "explain: no course that GEGI told of has this class, or it is not judged; `why-not mark` says more"
            );
        };
        let of = ExplanationForm::from(explanation);
        if json {
            return show::json(&of);
        }
        show::title(&format!("{} in {}, {}", of.student_name, of.course_name, of.class_name))?;
        show::line(&visible(&of.sentence))?;
        of.missing.iter().try_for_each(obstacle)?;
        show::table(["What", "Value"], facts(&of))?;
        let visits = |version: &mirror::explain::VersionForm| {
            let visits = version.visits.iter();
            visits.map(|visit| format!("{} – {}", visit.r#in, visit.out.as_deref().unwrap_or("?"))).collect::<Vec<_>>()
        };
        show::table(
            ["Record", "Version", "Written", "Visits", "Adjustment", "Use"],
            of.versions.iter().map(|version| {
                let adjustment = version.adjustment.clone().unwrap_or_default();
                let (visits, of_use) = (visits(version).join("\n"), version.r#use.to_owned());
                [
                    version.id.clone(),
                    version.version.to_string(),
                    version.updated_at.clone(),
                    visits,
                    adjustment,
                    of_use,
                ]
            }),
        )?;
        of.issues.iter().try_for_each(|issue| show::line(&visible(issue)))
    }
}

fn obstacle(missing: &ObstacleForm) -> anyhow::Result<()> {
    let owner = missing.owner.as_ref().map(|owner| format!(" ({owner})")).unwrap_or_default();
    show::line(&format!("{}: {}{owner}", missing.condition, missing.remedy))
}

fn facts(of: &ExplanationForm) -> Vec<[String; 2]> {
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    let limits = &of.limits;
    let rows = [
        ("Mark in GEGI", text(of.mark)),
        ("written by", text(of.author)),
        ("next", text(of.next)),
        ("Rule", text(of.rule.as_deref())),
        ("Overruled mark set by hand", text(of.overruled)),
        ("Class starts", of.starts.clone()),
        ("Class ends", of.ends.clone()),
        ("Late until", limits.late_until.clone()),
        ("Early from", limits.early_from.clone()),
        ("Silence decides from", limits.settled_at.clone()),
        ("Adjustments count until", limits.follow_until.clone()),
        ("Attendance read up to", text(limits.read_until.as_deref())),
    ];
    rows.into_iter().filter(|(_, value)| !value.is_empty()).map(|(what, value)| [what.to_owned(), value]).collect()
}
