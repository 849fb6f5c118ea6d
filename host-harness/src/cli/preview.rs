//! `preview`: what the next tick of a stored school would do.

use clap::Args;
use host::school::{CoursePage, CoursePreview, MOST_HOLDS, PreviewPage, PreviewQuery};
use mirror::preview::PreviewForm;

use super::show;
use super::stored::{Moment, Stored};

/// Shows what the next tick would send to CourseKey and what not, each with the reason. Nothing is sent.
#[derive(Args)]
pub(super) struct Preview {
    /// Only this course, whether it is due or not.
    #[arg(long, value_name = "ID")]
    course: Option<String>,
    #[command(flatten)]
    stored: Stored,
    #[command(flatten)]
    moment: Moment,
    /// Print JSON: one object for each page of a hundred courses.
    #[arg(long)]
    json: bool,
}

impl Preview {
    pub(super) async fn execute(self) -> anyhow::Result<()> {
        let rig = self.stored.open(&self.moment).await?;
        let (mut after, mut is_first) = (None, true);
        loop {
            let due = PreviewQuery::Due(CoursePage { after, limit: MOST_HOLDS });
            let query = self.course.clone().map_or(due, PreviewQuery::Course);
            let page = rig.school().preview(query).await?;
            let next = page.next.clone();
            if self.json {
                show::json_line(&PreviewForm::from(page))?;
            } else {
                if is_first {
                    counts(&page)?;
                }
                page.courses.iter().try_for_each(course)?;
            }
            if next.is_none() {
                return Ok(());
            }
            (after, is_first) = (next, false);
        }
    }
}

fn counts(page: &PreviewPage) -> anyhow::Result<()> {
    let rows = page
        .counts
        .iter()
        .map(|count| [count.act.word().to_owned(), count.kind.word().to_owned(), count.number.to_string()]);
    if page.counts.is_empty() {
        show::line("nothing would be sent")?;
    } else {
        show::table(["What", "Of what", "Number"], rows)?;
    }
    show::line(&format!("{} items would not be sent, {} of them held as a possible accident", page.waiting, page.held))
}

fn course(course: &CoursePreview) -> anyhow::Result<()> {
    show::title(&course.name)?;
    let first =
        course.first_send.then_some("it is sent for the first time: Send to CourseKey is locked, then it is sent");
    let notes = first.into_iter().chain(course.rest.as_deref()).chain(course.blocked.as_deref());
    notes.map(host::visible::visible).try_for_each(|note| show::line(&note))?;
    if course.planned.is_empty() && course.waiting.is_empty() {
        return Ok(());
    }
    let planned = course.planned.iter().map(|item| {
        let what = format!("{} {}", item.act.word(), item.kind.word());
        [what, item.id.clone(), item.name.clone(), item.reason.clone(), String::new()]
    });
    let waiting = course.waiting.iter().map(|item| {
        let what = format!("not sent: {}", item.kind.word());
        [what, item.id.clone(), item.name.clone(), item.reason.clone(), item.remedy.clone()]
    });
    show::table(["What", "Id", "Name", "Why", "What changes that"], planned.chain(waiting))
}
