//! Notes the result after a tick worked on a course: the course's status, its issues, whether the course is followed,
//! and when the course is looked at next. Not here: the rules for each of these (`status`, `look`, `following`,
//! `look::next`).

use super::aborted;
use super::agenda::Agenda;
use super::campus::Campuses;
use super::guarding;
use super::moment::Moment;
use super::outgoing::Outgoing;
use crate::coursekey::items::kind;
use crate::coursekey::upsert::Fate;
use crate::following::{self, Following, SoFar, following};
use crate::look::Look;
use crate::look::next::{Left, is_long_over, look_at, settles_at};
use crate::memory::Rosters;
use crate::memory::entries::{Held, Since};
use crate::memory::followed::Followed;
use crate::memory::view::{self, CourseView};
use crate::model::course::{Course, HoursType};
use crate::model::ids::{CourseId, SchoolNumber};
use crate::model::issue::{Code, Issue, Subject};
use crate::model::sorted::SortedSet;
use crate::naming;
use crate::option::Resolved;
use crate::overview::overview;
use crate::unfit;
use crate::world::network::Kind;
use crate::world::{Reads, StorageError};

/// How carrying out a course's plan went in this tick.
#[derive(Debug, Clone, Default)]
pub(super) struct Attempt {
    /// Whether a request failed.
    pub(super) failed: bool,
    /// Whether an action was not sent although it could have been sent.
    pub(super) unsent: bool,
    /// Whether every action was sent as planned and CourseKey took all of them.
    pub(super) as_planned: bool,
}

impl Attempt {
    /// Notes the fate of one action.
    pub(super) fn hear(&mut self, fate: &Fate) {
        self.as_planned &= *fate == Fate::Accepted;
        match fate {
            Fate::Accepted | Fate::Rejected(_) => {}
            Fate::Failed(_) | Fate::Stopped(_) => self.failed = true,
            Fate::Unsent => self.unsent = true,
        }
    }
}

/// The issue about classes that keep their marks or rows after a change of Hours Type.
///
/// DOMAIN §4 "Hours Type changed in mid-course": "older classes keep theirs and one issue says so".
fn hours_type_changed(course: &Course, older: HoursType) -> Issue {
    let (before, keep) = match older {
        HoursType::ClassSchedule => ("Class Schedule", "marks"),
        HoursType::AttendanceLog => ("Attendance Log", "rows of the attendance log"),
    };
    let sentence = format!(
        "Hours Type of {} was {before} before; classes whose follow-up days were over keep their {keep}",
        naming::course(course)
    );
    let subject = Subject { course: Some(course.id.clone()), ..Subject::default() };
    Issue { code: Code::HoursTypeChanged, subject, sentence }
}

/// Notes the results of courses.
pub(super) struct Settling<'t> {
    pub(super) moment: Moment<'t>,
    pub(super) campuses: &'t mut Campuses,
    pub(super) rosters: &'t mut Rosters,
    pub(super) agenda: &'t mut Agenda,
    pub(super) followed: &'t mut Followed,
    pub(super) out: &'t mut Outgoing,
}

impl Settling<'_> {
    /// Notes the result of a course by a look after its plan was carried out. Answers the course if its attendance is
    /// to be read for the last time.
    pub(super) fn settle(
        &mut self,
        world: &mut impl Reads,
        id: &CourseId,
        look: &Look,
        attempt: &Attempt,
    ) -> Result<Option<(SchoolNumber, CourseId)>, StorageError> {
        let now = self.moment.now;
        let Some(held) = self.rosters.held(id).cloned() else {
            self.settle_unheld(world, id)?;
            return Ok(None);
        };
        if held.option == Resolved::Off && self.rosters.ledger(id).is_some_and(|ledger| !ledger.acknowledged()) {
            // The option was switched off between the lock and the first request, so that no request was ever made.
            self.rosters.ledgers.remove(id.as_str());
        }
        let page = self.rosters.pages.edit(id.as_str());
        page.troubles.clone_from(&look.troubles);
        page.set_aside = None;
        let closing = self.follow(&held);
        let mut needs: SortedSet<Kind> = look.plan.actions.iter().map(|action| kind(&action.write)).collect();
        needs.extend(self.is_followed(id).then_some(Kind::Attendance));
        self.rosters.pages.edit(id.as_str()).needs = needs;
        let older = self.rosters.page(id).and_then(|page| page.older_form);
        let issues: Vec<Issue> = look
            .issues
            .iter()
            .cloned()
            .chain(older.map(|of| hours_type_changed(&held.course, of)))
            .chain(aborted::issues(self.rosters, self.moment.settings, id))
            .collect();
        self.out.exchange_issues(world, &mut self.rosters.pages.edit(id.as_str()).issues, &issues)?;
        self.note_status(&held);
        guarding::recount(self.rosters, self.moment, id);
        let page = self.rosters.pages.edit(id.as_str());
        if page.hold_listed == page.holds.is_empty() {
            page.hold_listed = !page.holds.is_empty();
            self.agenda.list_hold(id, page.hold_listed);
        }
        let left = self.left(&held, look, attempt);
        if left == Left::Nothing && !self.is_followed(id) && is_long_over(&held.course, self.moment.settings, now) {
            self.agenda.over.insert(id.clone());
        }
        let look = look_at(&held.course, look, left, self.is_followed(id), self.moment.settings, now);
        self.agenda.again |= look.is_some_and(|at| at <= now);
        self.rosters.pages.edit(id.as_str()).look = look;
        self.date(id);
        Ok(closing)
    }

    /// Notes that nothing of a course is held. Its id may be one that cannot be taken, and then an issue says so.
    fn settle_unheld(&mut self, world: &mut impl Reads, id: &CourseId) -> Result<(), StorageError> {
        let page = self.rosters.pages.edit(id.as_str());
        page.look = None;
        self.agenda.date(id, page, self.moment.now);
        if unfit::is_name(id) {
            let issue = view::read_unfit(world, id)?.map(|course| course.issue());
            self.out.exchange_issues(world, &mut page.issues, issue.as_slice())?;
            if page.issues.is_empty() {
                self.rosters.pages.remove(id.as_str());
            }
        }
        Ok(())
    }

    /// Follows a course, or stops following it. Answers the course if its attendance is to be read for the last time.
    fn follow(&mut self, held: &Held) -> Option<(SchoolNumber, CourseId)> {
        let Moment { now, settings, .. } = self.moment;
        let id = &held.course.id;
        let ledger = self.rosters.ledger(id)?;
        let (school, started) = (ledger.school, ledger.started);
        let so_far = SoFar {
            followed: self.followed.has(school, id),
            ever: self.rosters.page(id).is_some_and(|page| page.judged_until.is_some()),
        };
        // The attendance of a School ID that no campus has any more is not read.
        let campus = settings.campus_of(school);
        let following = campus.map_or(Following::No, |_| following(&held.course, ledger, so_far, settings, now));
        if following == Following::LastTime {
            return Some((school, id.clone()));
        }
        let closely_until = following::until(&held.course, settings).filter(|_| following == Following::Yes);
        self.followed.set(school, id, closely_until);
        if let (Following::Yes, Some(campus), false) = (following, campus, so_far.followed) {
            // CourseKey cannot know a class that was over when the first send was started.
            self.rosters.pages.edit(id.as_str()).judged_until.get_or_insert(started);
            let from = following::from(&held.course).unwrap_or(now);
            self.campuses.read_from(&campus.id, from, self.moment.next_night());
        }
        None
    }

    fn note_status(&mut self, held: &Held) {
        let id = &held.course.id;
        let (page, ledger) = (self.rosters.page(id), self.rosters.ledger(id));
        let view = CourseView { held, page, ledger, campuses: self.campuses.states() };
        let verdict = overview(view, self.moment.settings, self.moment.now);
        let page = self.rosters.pages.edit(id.as_str());
        if page.since.as_ref().is_none_or(|since| since.status != verdict.status) {
            page.since = Some(Since { status: verdict.status, reason: verdict.reason, at: self.moment.now });
        } else if let Some(since) = &mut page.since {
            since.reason = verdict.reason;
        }
    }

    fn is_followed(&self, id: &CourseId) -> bool {
        self.rosters.ledger(id).is_some_and(|ledger| self.followed.has(ledger.school, id))
    }

    /// Dates a course anew, after classes of the course were taken to be judged.
    pub(super) fn date(&mut self, id: &CourseId) {
        let Moment { now, settings, .. } = self.moment;
        let judged_until = self.rosters.page(id).and_then(|page| page.judged_until);
        let course = self.rosters.held(id).map(|held| &held.course).filter(|_| self.is_followed(id));
        let settles = course.zip(judged_until).and_then(|(course, until)| settles_at(course, until, settings, now));
        let page = self.rosters.pages.edit(id.as_str());
        page.settles = settles;
        self.agenda.date(id, page, now);
    }

    /// Whether actions of the plan are left, and what keeps them from being sent.
    fn left(&self, held: &Held, look: &Look, attempt: &Attempt) -> Left {
        if look.plan.actions.is_empty() {
            return Left::Nothing;
        }
        let kinds = look.plan.actions.iter().map(|action| kind(&action.write)).chain([Kind::Connection]);
        let blocked = kinds.filter_map(|kind| self.campuses.not_before(&held.course.campus, kind)).max();
        match blocked {
            Some(at) => Left::Blocked(at),
            None if attempt.unsent && !attempt.failed => Left::Unsent,
            None => Left::Failed,
        }
    }
}
