//! `log`: the attendance log of a stored school.

use clap::Args;
use mirror::lines::LogLine;

use super::show;
use super::stored::Listing;

/// Shows the rows of a stored school's attendance log.
#[derive(Args)]
pub(super) struct Log {
    #[command(flatten)]
    listing: Listing,
}

impl Log {
    pub(super) async fn execute(self) -> anyhow::Result<()> {
        let Listing { stored, of, json } = self.listing;
        let book = stored.book().await?;
        if json {
            let take = |line: LogLine| {
                if of.holds(&line.class, &line.student) { show::json_line(&line) } else { Ok(()) }
            };
            return Ok(book.each_log_row(take).await?);
        }
        show::log_rows(&book, |line| of.holds(&line.class, &line.student)).await
    }
}
