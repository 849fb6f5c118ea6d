//! `marks`: the attendance marks of a stored school, each with its reason.

use clap::Args;
use mirror::lines::MarkLine;

use super::show;
use super::stored::Listing;

/// Shows the attendance marks a stored school's GEGI holds, and why each is what it is.
#[derive(Args)]
pub(super) struct Marks {
    #[command(flatten)]
    listing: Listing,
}

impl Marks {
    pub(super) async fn execute(self) -> anyhow::Result<()> {
        let Listing { stored, of, json } = self.listing;
        let book = stored.book().await?;
        if json {
            let take = |line: MarkLine| {
                if of.holds(&line.class, &line.student) { show::json_line(&line) } else { Ok(()) }
            };
            return Ok(book.each_mark(take).await?);
        }
        show::marks(&book, |line| of.holds(&line.class, &line.student)).await
    }
}
