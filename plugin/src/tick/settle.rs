//! What is written down of a course after a tick worked on it: its status, its issues, whether its attendance is followed,
//! and when it is looked at next.

use super::agenda::Agenda;
use super::campus::Campuses;
use super::moment::Moment;
use super::outgoing::Outgoing;
use crate::coursekey::items::kind;
use crate::coursekey::upsert::Fate;
use crate::following::{self, Following, SoFar, following};
use crate::ledger::CourseLedger;
use crate::look::Look;
use crate::look::next::{Attendance, Left, next};
use crate::memory::Rosters;
use crate::memory::entries::{Held, Since};
use crate::memory::followed::Followed;
use crate::memory::head::{Cursor, Pass};
use crate::memory::view::CourseView;
use crate::model::ids::{CourseId, SchoolNumber};
use crate::option::Resolved;
use crate::overview::overview;
use crate::settings::CampusSettings;
use crate::world::network::Kind;
use crate::world::{Reads, StorageError};

/// What became of a course's plan in this tick.
#[derive(Debug, Clone, Default)]
pub(super) struct Attempt {
    /// Why something failed, if something did.
    pub(super) failure: Option<String>,
    /// Something of it was not sent although it could have been.
    pub(super) unsent: bool,
    /// Everything was sent as it was planned, and CourseKey took all of it.
    pub(super) as_planned: bool,
}

impl Attempt {
    /// Takes in what became of one action.
    pub(super) fn hear(&mut self, fate: &Fate) {
        self.as_planned &= *fate == Fate::Accepted;
        match fate {
            Fate::Accepted | Fate::Rejected(_) => {}
            Fate::Failed(failure) | Fate::Stopped(failure) => self.failure = Some(failure.reason.clone()),
            Fate::Unsent => self.unsent = true,
        }
    }
}

/// Writes down what is left.
pub(super) struct Settling<'t> {
    pub(super) moment: Moment<'t>,
    pub(super) campuses: &'t mut Campuses,
    pub(super) rosters: &'t mut Rosters,
    pub(super) agenda: &'t mut Agenda,
    pub(super) followed: &'t mut Followed,
    pub(super) out: &'t mut Outgoing,
}

impl Settling<'_> {
    /// Settles a course by a look at what is left of it; the course again, if its attendance is to be read for the last time.
    pub(super) fn settle(
        &mut self,
        world: &mut impl Reads,
        id: &CourseId,
        look: &Look,
        attempt: &Attempt,
    ) -> Result<Option<(SchoolNumber, CourseId)>, StorageError> {
        let now = self.moment.now;
        let Some(held) = self.rosters.held(id).cloned() else {
            self.agenda.schedule(id, self.rosters.pages.edit(id.as_str()), None, now);
            return Ok(None);
        };
        if held.option == Resolved::Off && self.rosters.ledger(id).is_some_and(|ledger| !ledger.acknowledged()) {
            // It was switched off between the lock and the first request, which was therefore never made.
            self.rosters.ledgers.remove(id.as_str());
        }
        let page = self.rosters.pages.edit(id.as_str());
        page.troubles.clone_from(&look.troubles);
        match &attempt.failure {
            Some(reason) => {
                page.failed_ticks = page.failed_ticks.saturating_add(1);
                page.last_failure = Some(reason.clone());
            }
            None if look.plan.actions.is_empty() => {
                page.failed_ticks = 0;
                page.last_failure = None;
            }
            None => {}
        }
        let closing = self.follow(&held);
        self.out.exchange_issues(world, &mut self.rosters.pages.edit(id.as_str()).issues, &look.issues)?;
        self.note_status(&held);
        let due = self.next_look(&held, look, attempt);
        self.agenda.again |= due.is_some_and(|at| at <= now);
        self.agenda.schedule(id, self.rosters.pages.edit(id.as_str()), due, now);
        Ok(closing)
    }

    /// Follows a course's attendance, or does not any more; the course, if it is to be read for the last time.
    fn follow(&mut self, held: &Held) -> Option<(SchoolNumber, CourseId)> {
        let Moment { now, settings, .. } = self.moment;
        let id = &held.course.id;
        let ledger = self.rosters.ledger(id)?;
        let (school, started) = (ledger.school, ledger.started);
        let so_far = SoFar {
            followed: self.followed.has(school, id),
            ever: self.rosters.page(id).is_some_and(|page| page.judged_until.is_some()),
        };
        // A School ID that no campus has any more is not read.
        let campus = settings.campus_of(school);
        let following = campus.map_or(Following::No, |_| following(&held.course, ledger, so_far, settings, now));
        if following == Following::LastTime {
            return Some((school, id.clone()));
        }
        self.followed.set(school, id, following == Following::Yes);
        if let (Following::Yes, Some(campus)) = (following, campus) {
            // A class that was over when the first send began is none of which CourseKey could know.
            self.rosters.pages.edit(id.as_str()).judged_until.get_or_insert(started);
            self.begin_reading(held, campus);
        }
        None
    }

    /// What CourseKey holds from before the first class of a campus is not this integration's.
    fn begin_reading(&mut self, held: &Held, campus: &CampusSettings) {
        let night = self.moment.next_night();
        let state = self.campuses.state(&campus.id);
        if state.cursor == Cursor::default() {
            state.cursor.since = following::from(&held.course).unwrap_or(self.moment.now);
            state.pass = Some(Pass { begun: state.cursor.since, next: night, since: None });
        }
    }

    fn note_status(&mut self, held: &Held) {
        let id = &held.course.id;
        let (page, ledger) = (self.rosters.page(id), self.rosters.ledger(id));
        let stop = self.campuses.stopped(&held.course.campus);
        let view = CourseView { held, page, ledger, stop };
        let verdict = overview(view, self.moment.settings, self.moment.now);
        let page = self.rosters.pages.edit(id.as_str());
        if page.since.as_ref().is_none_or(|since| since.status != verdict.status) {
            page.since = Some(Since { status: verdict.status, reason: verdict.reason, at: self.moment.now });
        } else if let Some(since) = &mut page.since {
            since.reason = verdict.reason;
        }
    }

    fn next_look(&self, held: &Held, look: &Look, attempt: &Attempt) -> Option<crate::model::time::Instant> {
        let Moment { now, settings, .. } = self.moment;
        let id = &held.course.id;
        let page = self.rosters.page(id);
        let is_followed = |ledger: &CourseLedger| self.followed.has(ledger.school, id);
        let attendance = Attendance {
            followed: self.rosters.ledger(id).is_some_and(is_followed),
            judged_until: page.and_then(|page| page.judged_until),
            judge: page.and_then(|page| page.judge.values().min().copied()),
        };
        next(&held.course, look, self.left(held, look, attempt), attendance, settings, now)
    }

    /// What is left of the plan, and what keeps it.
    fn left(&self, held: &Held, look: &Look, attempt: &Attempt) -> Left {
        if look.plan.actions.is_empty() {
            return Left::Nothing;
        }
        let kinds = look.plan.actions.iter().map(|action| kind(&action.write)).chain([Kind::Connection]);
        let blocked = kinds.filter_map(|kind| self.campuses.not_before(&held.course.campus, kind)).max();
        match blocked {
            Some(at) => Left::Blocked(at),
            None if attempt.unsent && attempt.failure.is_none() => Left::Unsent,
            None => Left::Failed,
        }
    }
}
