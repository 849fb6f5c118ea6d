//! `holds`, `approve` and `discard`: what the guard holds of a stored school, and decisions about it.

use clap::Args;
use host::school::{Decided, Decision, DecisionOutcome, GuardedKind};
use host::visible::visible;
use lab::run::holds_of;
use mirror::holds::HoldLine;

use super::show;
use super::stored::{Moment, Stored};

/// Shows students and classes that would leave CourseKey at once, which looks like an accident.
#[derive(Args)]
pub(super) struct Holds {
    #[command(flatten)]
    stored: Stored,
    #[command(flatten)]
    moment: Moment,
    /// Print a line of JSON for each.
    #[arg(long)]
    json: bool,
}

/// A decision about what is held.
#[derive(Args)]
pub(super) struct Decide {
    /// The course.
    course: String,
    /// `students` or `classes`.
    kind: String,
    /// Only these students or classes [default: all that are held].
    rows: Vec<String>,
    /// The hash that `holds` showed [default: whatever is held].
    #[arg(long)]
    hash: Option<String>,
    /// Who decides, for the System Journal.
    #[arg(long, default_value = "the command line")]
    by: String,
    #[command(flatten)]
    stored: Stored,
    #[command(flatten)]
    moment: Moment,
}

impl Holds {
    pub(super) async fn execute(self) -> anyhow::Result<()> {
        let rig = self.stored.open(&self.moment).await?;
        let holds: Vec<HoldLine> = holds_of(rig.school()).await?.into_iter().map(HoldLine::from).collect();
        if self.json {
            holds.iter().try_for_each(show::json_line)?;
            return Ok(());
        }
        let rows = |hold: &HoldLine| {
            let rows = hold.rows.iter().map(|row| format!("{} {}", row.id, visible(&row.name)));
            rows.collect::<Vec<_>>().join("\n")
        };
        show::table(
            ["Course", "What", "Since", "Why", "Rows", "Hash"],
            holds.iter().map(|hold| {
                let (since, sentence) = (hold.since.clone(), hold.sentence.clone());
                [hold.course.clone(), hold.kind.to_owned(), since, sentence, rows(hold), hold.hash.clone()]
            }),
        )
    }
}

impl Decide {
    pub(super) async fn execute(self, verdict: Decided) -> anyhow::Result<()> {
        let kind = GuardedKind::of_word(&self.kind);
        let kind = kind.ok_or_else(|| anyhow::Error::msg("decide: the kind is `students` or `classes`; write one"))?;
        let rig = self.stored.open(&self.moment).await?;
        let holds = holds_of(rig.school()).await?;
        let held = holds.into_iter().find(|hold| hold.course == self.course && hold.kind == kind);
        let Some(hash) = held.map(|hold| self.hash.unwrap_or(hold.hash)) else {
            anyhow::bail!("decide: nothing of this kind is held of the course; `holds` shows what is");
        };
        let Self { course, rows, by, .. } = self;
        match rig.school().decide(Decision { course, kind, hash, verdict, rows, by }).await? {
            DecisionOutcome::Taken(rows) => {
                rig.leave().await?;
                show::line(&format!("{rows} decided; the next tick carries it out"))
            }
            DecisionOutcome::Changed | DecisionOutcome::NothingHeld => {
                anyhow::bail!("decide: something else is held than what was named; `holds` shows what is")
            }
        }
    }
}
