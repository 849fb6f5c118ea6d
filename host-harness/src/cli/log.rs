//! `log`: the attendance log of a stored school.

use clap::Args;

use super::show;
use super::stored::Listing;

/// Shows the rows of a stored school's attendance log.
#[derive(Args)]
pub(super) struct Log {
    #[command(flatten)]
    listing: Listing,
}

impl Log {
    pub(super) fn execute(self) -> anyhow::Result<()> {
        let Listing { stored, of, json } = self.listing;
        let twin = stored.twin()?;
        if json {
            return Ok(twin.each_log_row(|line| {
                if of.holds(&line.class, &line.student) { show::json_line(&line) } else { Ok(()) }
            })?);
        }
        show::log_rows(&twin, |line| of.holds(&line.class, &line.student))
    }
}
