//! `marks`: the attendance marks of a stored school, each with its reason.

use clap::Args;

use super::show;
use super::stored::Listing;

/// Shows the attendance marks a stored school's GEGI holds, and why each is what it is.
#[derive(Args)]
pub(super) struct Marks {
    #[command(flatten)]
    listing: Listing,
}

impl Marks {
    pub(super) fn execute(self) -> anyhow::Result<()> {
        let Listing { stored, of, json } = self.listing;
        let twin = stored.twin()?;
        if json {
            return Ok(twin.each_mark(|line| {
                if of.holds(&line.class, &line.student) { show::json_line(&line) } else { Ok(()) }
            })?);
        }
        show::marks(&twin, |line| of.holds(&line.class, &line.student))
    }
}
