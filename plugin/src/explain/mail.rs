//! Why no mail about issues comes.

use super::obstacle::{Condition, Finding, Obstacle};
use crate::memory::head::Head;
use crate::memory::{HEAD, parts};
use crate::naming;
use crate::settings;
use crate::world::{Reads, StorageError};

/// Why the school gets no mail about issues.
pub(super) fn mail(world: &mut impl Reads) -> Result<Finding, StorageError> {
    let (settings, _) = settings::check(&world.settings()?);
    if !settings.enabled {
        return Ok(Finding::Missing(Obstacle::new(Condition::IntegrationOff, "the integration with CourseKey is off")));
    }
    let key = HEAD.to_owned();
    let stored = parts::get_many(world, std::slice::from_ref(&key))?.pop().flatten();
    let Some(head) = stored.map(|bytes| Head::read(&bytes)).transpose()? else {
        return Ok(Finding::Missing(Obstacle::new(Condition::NextTick, "no synchronization has been made yet")));
    };
    if !head.digest.waiting {
        return Ok(Finding::There("there is nothing to tell that was not told in a mail".to_owned()));
    }
    if settings.error_email.is_none() {
        let sentence = "there is something to tell, and no e-mail address to which it could go";
        return Ok(Finding::Missing(Obstacle::new(Condition::NoAddress, sentence)));
    }
    let not_before = head.digest.not_before.map(|at| at.min(world.now() + settings.digest_every));
    Ok(Finding::Missing(match not_before.filter(|at| *at > world.now()) {
        Some(at) => {
            let sentence = format!("the next mail leaves {} at the earliest", naming::moment(at, settings.zone()));
            Obstacle::new(Condition::MailNotYet, sentence).until(at)
        }
        None => Obstacle::new(Condition::NextTick, "the next synchronization that has no more work sends it"),
    }))
}
